//! The set as the gateway has it: what survives, what refuses, and what a look says when the disk does not answer.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use zeroize::Zeroizing;

use super::*;

/// A folder with a store in it.
struct Bench {
    folder: tempfile::TempDir,
    key: Option<[u8; 32]>,
}

impl Bench {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), key: None }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("data/suppression.db")
    }

    fn key_path(&self) -> PathBuf {
        self.path().with_extension("key")
    }

    fn try_open(&self) -> Result<Suppressions, SuppressionError> {
        let key = match self.key {
            Some(key) => OwnKeySource::Given(Zeroizing::new(key)),
            None => OwnKeySource::Kept(self.key_path()),
        };
        let config = config::Suppression { store: Some(SuppressionStore { path: self.path(), key }) };
        Suppressions::open(
            &config,
            &Metrics::new().unwrap(),
            &Clock::set(1_791_000_000_000),
            &Chance::from_system().unwrap(),
        )
    }

    fn open(&self) -> Suppressions {
        self.try_open().unwrap()
    }

    /// A store with a thousand persons, closed.
    fn with_persons() -> Self {
        let bench = Self::new();
        let set = bench.open();
        set.add(&(0..1000).map(|number| set.mark_of(number)).collect::<Vec<_>>()).unwrap();
        drop(set);
        assert_eq!(fs::metadata(with_suffix(&bench.path(), "-wal")).map_or(0, |log| log.len()), 0, "all is in the file");
        bench
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    disk::with_suffix(path, suffix)
}

fn person(number: u64) -> Identifier {
    let mut digest = [0; 32];
    digest[..8].copy_from_slice(&number.to_be_bytes());
    Identifier::from_digest(digest)
}

impl Suppressions {
    fn mark_of(&self, number: u64) -> Mark {
        self.set().unwrap().marker.mark(&person(number))
    }
}

#[test]
fn who_is_added_is_suppressed_at_once_and_after_a_restart() {
    let bench = Bench::new();
    let set = bench.open();
    assert!(set.is_empty() && !set.holds(&person(1)) && !set.sweep_is_due());
    assert_eq!(set.add(&[set.mark_of(1), set.mark_of(2), set.mark_of(1)]).unwrap(), 2);
    assert!(!set.is_empty() && set.holds(&person(1)) && set.holds(&person(2)) && !set.holds(&person(3)));
    drop(set);
    let set = bench.open();
    assert_eq!(set.count(), 2);
    assert!(set.holds(&person(1)) && !set.holds(&person(3)));
}

#[test]
fn who_is_removed_may_be_sent_again_and_leaves_nothing_in_the_files() {
    let bench = Bench::new();
    let set = bench.open();
    let mark = set.mark_of(1);
    set.add(&[mark, set.mark_of(2)]).unwrap();
    let in_files = |mark: Mark| {
        let files = fs::read_dir(bench.path().parent().unwrap()).unwrap();
        files.filter_map(|file| fs::read(file.unwrap().path()).ok()).any(|bytes| {
            let wanted = mark.bytes();
            bytes.windows(wanted.len()).any(|window| window == wanted)
        })
    };
    assert!(in_files(mark));
    assert_eq!(set.remove(&[mark, set.mark_of(3)]).unwrap(), 1);
    assert!(!set.holds(&person(1)) && set.holds(&person(2)));
    assert!(!in_files(mark));
    assert!(!bench.open_after(set).holds(&person(1)));
}

impl Bench {
    fn open_after(&self, set: Suppressions) -> Suppressions {
        drop(set);
        self.open()
    }
}

#[test]
fn a14_an_addition_is_to_be_swept_until_that_is_noted_also_over_a_restart() {
    let bench = Bench::new();
    let set = bench.open();
    set.add(&[set.mark_of(1)]).unwrap();
    let first = set.generation();
    assert!(set.sweep_is_due());
    let set = bench.open_after(set);
    assert!(set.sweep_is_due() && set.generation() == first);
    // Somebody comes while it is swept.
    set.add(&[set.mark_of(2)]).unwrap();
    set.swept(first).unwrap();
    assert!(set.sweep_is_due() && set.generation() > first);
    set.swept(set.generation()).unwrap();
    assert!(!set.sweep_is_due());
    assert!(!bench.open_after(set).sweep_is_due());
}

#[test]
fn a_filter_that_is_full_is_replaced_and_forgets_nobody() {
    let bench = Bench::new();
    let set = bench.open();
    for piece in 0..6 {
        let marks: Vec<Mark> = (piece * 3_000..(piece + 1) * 3_000).map(|number| set.mark_of(number)).collect();
        assert_eq!(set.add(&marks).unwrap(), 3_000);
        assert!((0..(piece + 1) * 3_000).all(|number| set.holds(&person(number))), "after piece {piece}");
    }
    assert!(set.set().unwrap().filter.load().has_room_for(18_000));
    assert_eq!(set.count(), 18_000);
}

#[test]
fn readers_look_while_others_are_added() {
    let bench = Bench::new();
    let set = bench.open();
    set.add(&[set.mark_of(0)]).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..2_000 {
                    assert!(set.look(&person(0)).unwrap());
                    assert!(!set.look(&person(1_000_000)).unwrap());
                }
            });
        }
        for number in 1..200 {
            set.add(&[set.mark_of(number)]).unwrap();
            assert!(set.look(&person(number)).unwrap(), "in force when it returns");
        }
    });
}

#[test]
fn files_and_folder_are_their_owners_alone_and_there_is_one_owner() {
    let bench = Bench::new();
    let set = bench.open();
    set.add(&[set.mark_of(1)]).unwrap();
    for file in fs::read_dir(bench.path().parent().unwrap()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.path());
    }
    let mode = fs::metadata(bench.path().parent().unwrap()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    assert!(matches!(bench.try_open(), Err(SuppressionError::Owned { .. })));
    drop(set);
    bench.open();
}

#[test]
fn a_store_whose_key_is_missing_or_another_refuses_and_one_without_anybody_takes_a_new_one() {
    let mut bench = Bench::with_persons();
    let aside = bench.folder.path().join("aside");
    fs::rename(bench.key_path(), &aside).unwrap();
    let error = bench.try_open().unwrap_err();
    assert!(
        matches!(&error, SuppressionError::Key(_))
            && error.to_string().contains("suppression.key")
            && error.is_of_configuration()
    );
    assert!(!bench.key_path().exists(), "no key is made for it");
    bench.key = Some([7; 32]);
    let error = bench.try_open().unwrap_err();
    assert!(matches!(error, SuppressionError::OtherKey { .. }) && error.is_of_configuration());
    bench.key = None;
    fs::write(bench.key_path(), "AAAA").unwrap();
    assert!(matches!(bench.try_open().unwrap_err(), SuppressionError::Key(_)));
    fs::rename(&aside, bench.key_path()).unwrap();
    assert!(bench.open().holds(&person(999)));

    let empty = Bench::new();
    empty.open();
    fs::remove_file(empty.key_path()).unwrap();
    empty.open();
    let given = Bench { key: Some([7; 32]), ..empty };
    let set = given.open();
    set.add(&[set.mark_of(1)]).unwrap();
    assert!(set.holds(&person(1)));
}

#[test]
fn a_store_that_is_damaged_torn_foreign_or_gone_refuses_and_is_left_as_it_is() {
    let bench = Bench::with_persons();
    let whole = fs::read(bench.path()).unwrap();
    let at = whole.windows(16).position(|window| window == bench_mark(&bench)).unwrap();
    let changed = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = whole.clone();
        change(&mut bytes);
        bytes
    };
    for (name, bytes) in [
        ("empty", Vec::new()),
        ("of something else", b"something else, and long enough to be looked at".repeat(100)),
        ("torn", whole[..whole.len() / 2].to_vec()),
        ("one bit of a mark", changed(&|bytes| bytes[at + 3] ^= 1)),
        ("a page of zeros", changed(&|bytes| bytes[4096 * 3..4096 * 4].fill(0))),
        ("another format", changed(&|bytes| bytes[63] = 9)),
        ("another application", changed(&|bytes| bytes[71] ^= 1)),
    ] {
        fs::write(bench.path(), &bytes).unwrap();
        let error = bench.try_open().expect_err(name);
        assert!(error.is_of_configuration(), "{name}: {error}");
        assert!(error.to_string().contains("suppression.db"), "{name}: {error}");
        assert!(fs::read(bench.path()).unwrap() == bytes, "{name}: it was changed");
    }
    fs::remove_file(bench.path()).unwrap();
    let error = bench.try_open().unwrap_err();
    assert!(matches!(error, SuppressionError::StoreMissing { .. }) && !bench.path().exists(), "{error}");
    fs::write(bench.path(), &whole).unwrap();
    assert!(bench.open().holds(&person(999)));
}

fn bench_mark(bench: &Bench) -> [u8; 16] {
    let key = kept_key::read(&bench.key_path(), KEY).unwrap();
    Marker::new(&key).mark(&person(5)).bytes()
}

#[test]
fn a_store_of_the_first_format_is_looked_into_as_it_is_and_brought_to_that_of_today_once_it_was_read_whole() {
    let bench = Bench::with_persons();
    let by_hand = |text: &str| rusqlite::Connection::open(bench.path()).unwrap().execute_batch(text).unwrap();
    by_hand("DROP TABLE log; PRAGMA user_version = 1; PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE;");
    let store = SuppressionStore { path: bench.path(), key: OwnKeySource::Kept(bench.key_path()) };
    assert_eq!(Look::into(&store).unwrap().count(), 1000);
    let old = fs::read(bench.path()).unwrap();
    let mut damaged = old.clone();
    let at = old.windows(16).position(|window| window == bench_mark(&bench)).unwrap();
    damaged[at + 3] ^= 1;
    fs::write(bench.path(), &damaged).unwrap();
    bench.try_open().unwrap_err();
    let version = || fs::read(bench.path()).unwrap()[63];
    assert_eq!(version(), 1, "what is damaged stays what it was");
    fs::write(bench.path(), &old).unwrap();
    let set = bench.open_after(bench.open());
    assert!(set.holds(&person(999)) && set.count() == 1000 && version() == 2);
    assert_eq!(set.add(&[set.mark_of(5_000)]).unwrap(), 1);
    drop(set);
    by_hand("DELETE FROM log");
    assert!(matches!(bench.try_open(), Err(SuppressionError::Damaged { .. })));
}

#[test]
fn what_a_crash_left_aside_while_the_file_was_made_does_not_hinder() {
    let bench = Bench::new();
    fs::create_dir(bench.path().parent().unwrap()).unwrap();
    fs::write(with_suffix(&bench.path(), ".new"), "torn").unwrap();
    bench.open();
    assert!(!with_suffix(&bench.path(), ".new").exists());
}

#[test]
fn a_look_that_fails_counts_as_suppressed_is_counted_and_shows() {
    let bench = Bench::with_persons();
    let set = bench.open();
    // The pages of the tree become unreadable behind the readers' back, as on a disk that dies.
    let whole = fs::read(bench.path()).unwrap();
    let mut broken = whole.clone();
    broken[4096..].fill(0xff);
    fs::write(bench.path(), &broken).unwrap();
    assert!(set.look(&person(5)).is_err() && set.holds(&person(5)));
    assert!(!set.holds(&person(1_000_000)), "the filter knows that one is not held");
    assert_eq!(set.failed_looks(), 2);
    assert!(set.trouble().unwrap().contains("cannot be read"));
    fs::write(bench.path(), &whole).unwrap();
    // A change has the readers read anew.
    set.add(&[set.mark_of(5_000)]).unwrap();
    assert!(set.look(&person(5)).unwrap());
    assert_eq!(set.trouble(), None);
}

#[test]
fn a_store_that_was_moved_away_while_in_use_takes_nobody() {
    let bench = Bench::with_persons();
    let set = bench.open();
    fs::rename(bench.path(), bench.folder.path().join("aside")).unwrap();
    let error = set.add(&[set.mark_of(5_000)]).unwrap_err();
    assert!(matches!(error, SuppressionError::Moved { .. }));
    assert!(set.holds(&person(5)), "who was suppressed stays so");
}

#[test]
fn marks_of_another_key_are_refused_and_without_a_store_so_is_everything() {
    let bench = Bench::new();
    let set = bench.open();
    let key = set.set().unwrap().marker.fingerprint().clone();
    let command = |key, task| SuppressCommand { key, task, marks: vec![set.mark_of(1)] };
    assert_eq!(set.obey(&command(key.clone(), SuppressTask::Add)).unwrap().changed, 1);
    assert_eq!(set.obey(&command(key.clone(), SuppressTask::Add)).unwrap().changed, 0);
    let foreign = Marker::new(&[1; 32]).fingerprint().clone();
    let error = set.obey(&command(foreign, SuppressTask::Remove)).unwrap_err();
    assert!(matches!(error, SuppressionError::ForeignMarks { .. }) && set.holds(&person(1)));
    assert_eq!(set.obey(&command(key.clone(), SuppressTask::Remove)).unwrap().changed, 1);

    let none = Suppressions::without_store();
    assert!(none.is_empty() && !none.holds(&person(1)) && !none.sweep_is_due() && none.trouble().is_none());
    assert!(matches!(none.obey(&command(key, SuppressTask::Add)), Err(SuppressionError::NoStore)));
}
