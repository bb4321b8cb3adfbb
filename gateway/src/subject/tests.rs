//! The index as dispatch and commands meet it: what is told, what is forgotten, what a failure leaves, and what is never in the file.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::LazyLock;

use portcullis_filters::event::SanitizedEvent;
use portcullis_filters::pipeline::{Context, Outcome, sanitize};
use portcullis_filters::policy::Policy;
use portcullis_filters::pseudonym::PseudonymKey;
use portcullis_filters::suppression::{self, Identifier, Nobody};

use super::*;
use crate::suppression::Mark;

const DAY_SECS: u64 = 86_400;
/// A day in 2026.
const DAY: i64 = 20_700;

static POLICY: LazyLock<Arc<Policy>> = LazyLock::new(|| {
    let (name, text) = Policy::builtin("retail").unwrap();
    Arc::new(Policy::compile(text, name, &["www.shop.example".to_owned()]).unwrap())
});

/// A purchase by whoever has this address.
fn purchase(email: &str) -> SanitizedEvent {
    let now_secs = u64::try_from(DAY).unwrap() * DAY_SECS;
    let raw = format!(
        r#"{{"event_name":"Purchase","event_time":{now_secs},"event_id":"order-qz-7","action_source":"website","event_source_url":"https://www.shop.example/","user_data":{{"em":"{email}","client_user_agent":"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"}},"custom_data":{{"value":19.57,"currency":"EUR"}}}}"#
    );
    let pseudonyms = PseudonymKey::new([7; 32]);
    let context = Context { dataset: "1", now_secs, fresh_id: [1; 16], pseudonyms: &pseudonyms, suppressed: &Nobody };
    match sanitize(&POLICY, &context, &raw) {
        Outcome::Forward(event, _) => event,
        other => panic!("an ordinary purchase does not pass: {other:?}"),
    }
}

fn batch(day: i64, emails: &[&str]) -> Batch {
    let records = emails.iter().map(|email| Record::of(&"shop".into(), &POLICY, &purchase(email)).unwrap()).collect();
    Batch { day, dataset: "1".into(), records, unread: 0 }
}

struct Rig {
    folder: tempfile::TempDir,
    clock: Clock,
    metrics: Metrics,
}

impl Rig {
    fn new() -> Self {
        let clock = Clock::set(u64::try_from(DAY).unwrap() * DAY_SECS * 1000);
        Self { folder: tempfile::tempdir().unwrap(), clock, metrics: Metrics::new().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("subjects.db")
    }

    fn config(&self, retention_days: u32) -> SubjectAccess {
        let key = OwnKeySource::Kept(self.folder.path().join("subjects.key"));
        let index = Some(SubjectIndex { path: self.path(), key });
        SubjectAccess { retention_days, max_rows: 10_000, index }
    }

    fn open(&self, retention_days: u32) -> Subjects {
        Subjects::open(&self.config(retention_days), &self.metrics, &self.clock, &Chance::seeded(1)).unwrap()
    }

    fn command(&self, task: SubjectTask, email: &str) -> SubjectCommand {
        let marker = marker(&self.config(30)).unwrap();
        let forms = suppression::forms(suppression::Kind::Email, email);
        let marks: Vec<Mark> = forms.iter().map(|form: &Identifier| marker.mark(form)).collect();
        SubjectCommand { key: marker.fingerprint().clone(), task, marks }
    }

    /// What is told of whoever has this address: day and events.
    async fn told(&self, subjects: &Subjects, email: &str) -> (Page, BTreeMap<i64, u64>) {
        let SubjectDone::Told(page) = subjects.obey(self.command(SubjectTask::Report(0), email)).await.unwrap() else {
            panic!("something else was told");
        };
        let days = page.rows.iter().map(|(day, _, events)| (*day, *events)).collect();
        (page, days)
    }

    /// Whether these bytes are anywhere in the files of the index.
    fn holds(&self, bytes: &[u8]) -> bool {
        let files =
            std::fs::read_dir(self.folder.path()).unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
        files.into_iter().any(|file| file.windows(bytes.len()).any(|window| window == bytes))
    }

    fn failures(&self, reason: &str) -> u64 {
        self.metrics.subject_index_failures.with_label_values(&[reason]).get()
    }
}

#[tokio::test]
async fn what_was_sent_is_told_to_whom_it_is_about_and_to_nobody_else() {
    let rig = Rig::new();
    let subjects = rig.open(30);
    subjects.record(batch(DAY, &["jane@example.com", "john@example.com", " JANE@Example.com"])).await;
    subjects.record(batch(DAY + 1, &["jane@example.com"])).await;
    let (page, days) = rig.told(&subjects, "Jane@example.com").await;
    assert_eq!(days, BTreeMap::from([(DAY, 2), (DAY + 1, 1)]));
    let [kind] = &page.kinds.into_values().collect::<Vec<_>>()[..] else { panic!("one kind") };
    assert_eq!((kind.site.as_str(), kind.dataset.as_str(), kind.event.as_str()), ("shop", "1", "Purchase"));
    assert_eq!((kind.policy.name.as_str(), &kind.policy.digest), ("retail", &POLICY.digest().to_string()));
    assert!(kind.fields.iter().any(|path| path == "user_data.em") && !kind.fields.iter().any(|path| path == "user_data.ph"));
    assert_eq!(rig.told(&subjects, "john@example.com").await.1, BTreeMap::from([(DAY, 1)]));
    assert!(rig.told(&subjects, "joan@example.com").await.1.is_empty());
    assert_eq!(rig.metrics.subject_index_rows.get(), 3);
    subjects.close().await;
    let mode = std::fs::metadata(rig.path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn p2_no_value_no_id_and_no_digest_of_one_is_in_the_file() {
    let rig = Rig::new();
    let subjects = rig.open(30);
    let event = purchase("jane@example.com");
    subjects.record(batch(DAY, &["jane@example.com"])).await;
    let digest = *suppression::forms(suppression::Kind::Email, "jane@example.com")[0].digest();
    let hex = portcullis_filters::normalize::hex(&digest);
    assert!(event.as_str().contains(std::str::from_utf8(&hex).unwrap()), "it left");
    for word in [&digest[..], &digest[..16], &hex, b"jane", b"19.57", b"order-qz-7", b"www.shop.example", b"Firefox"] {
        assert!(!rig.holds(word), "{}", String::from_utf8_lossy(word));
    }
    assert!(rig.holds(b"user_data.em"), "the search finds what is there");
    subjects.close().await;
}

#[tokio::test]
async fn who_is_forgotten_leaves_nothing_behind() {
    let rig = Rig::new();
    let subjects = rig.open(30);
    subjects.record(batch(DAY, &["jane@example.com", "john@example.com"])).await;
    let mark = rig.command(SubjectTask::Forget, "jane@example.com").marks[0];
    assert!(rig.holds(&mark.bytes()));
    let forgotten = subjects.obey(rig.command(SubjectTask::Forget, "jane@example.com")).await.unwrap();
    assert_eq!(forgotten, SubjectDone::Forgotten(1));
    assert!(!rig.holds(&mark.bytes()), "neither in the file nor in its log");
    assert!(rig.told(&subjects, "jane@example.com").await.1.is_empty());
    assert_eq!(rig.told(&subjects, "john@example.com").await.1.len(), 1);
    subjects.close().await;
}

#[tokio::test]
async fn what_is_older_than_its_time_is_deleted_at_the_start() {
    let rig = Rig::new();
    let subjects = rig.open(30);
    subjects.record(batch(DAY, &["jane@example.com"])).await;
    subjects.record(batch(DAY + 1, &["jane@example.com"])).await;
    subjects.close().await;
    rig.clock.advance(Duration::from_secs(31 * DAY_SECS));
    let subjects = rig.open(30);
    // A command is taken once a step of the sweep is done, and this one has a single step.
    let (page, days) = rig.told(&subjects, "jane@example.com").await;
    let (page, days) = if days.len() == 2 { rig.told(&subjects, "jane@example.com").await } else { (page, days) };
    assert_eq!((page.since_day, days), (DAY + 1, BTreeMap::from([(DAY + 1, 1)])));
    subjects.close().await;
}

#[tokio::test]
async fn off_by_default_makes_no_file_and_switched_off_deletes_it() {
    let rig = Rig::new();
    let subjects = rig.open(0);
    subjects.record(batch(DAY, &["jane@example.com"])).await;
    subjects.close().await;
    assert_eq!(std::fs::read_dir(rig.folder.path()).unwrap().count(), 0);
    let subjects = rig.open(30);
    subjects.record(batch(DAY, &["jane@example.com"])).await;
    subjects.close().await;
    let question = rig.command(SubjectTask::Report(0), "jane@example.com");
    let subjects = rig.open(0);
    assert!(!subjects.is_on());
    assert!(matches!(subjects.obey(question).await, Err(SubjectError::Off)));
    // The thread ends once it has deleted all there was.
    let thread = subjects.0.clone().unwrap().thread.lock().unwrap().take().unwrap();
    thread.join().unwrap();
    assert!(!rig.path().exists(), "nothing is kept any more");
    subjects.close().await;
}

#[tokio::test]
async fn an_index_whose_key_is_gone_or_another_one_is_not_opened() {
    let rig = Rig::new();
    let subjects = rig.open(30);
    subjects.record(batch(DAY, &["jane@example.com"])).await;
    subjects.close().await;
    let key = rig.folder.path().join("subjects.key");
    let text = std::fs::read(&key).unwrap();
    std::fs::remove_file(&key).unwrap();
    let open = || Subjects::open(&rig.config(30), &rig.metrics, &rig.clock, &Chance::seeded(9)).unwrap_err();
    let error = open().to_string();
    assert!(error.contains("subjects.key") && error.contains("subject_access.key"), "{error}");
    std::fs::write(&key, "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=").unwrap();
    assert!(matches!(open(), SubjectError::OtherKey { .. }));
    std::fs::write(&key, text).unwrap();
    assert_eq!(rig.told(&rig.open(30), "jane@example.com").await.1.len(), 1);
}

#[tokio::test]
async fn what_is_no_index_is_refused_and_left_as_it_is() {
    let rig = Rig::new();
    for text in
        ["somebody's notes, which are long enough to be no header of anything at all, as one has a hundred bytes", "x"]
    {
        std::fs::write(rig.path(), text).unwrap();
        let error = Subjects::open(&rig.config(30), &rig.metrics, &rig.clock, &Chance::seeded(1)).unwrap_err();
        assert!(matches!(error, SubjectError::NotAnIndex { .. }), "{error}");
        assert_eq!(std::fs::read_to_string(rig.path()).unwrap(), text);
    }
}

#[tokio::test]
async fn past_the_cap_the_oldest_day_goes_first_and_the_report_says_since_when_it_is_whole() {
    let rig = Rig::new();
    let mut index = Index::open(&rig.path(), 4, DAY).unwrap();
    let marker = Marker::new(&[1; 32]);
    let mut count = |day, emails: &[&str]| index.count(vec![batch(day, emails)], &BTreeMap::new(), &marker);
    count(DAY, &["a@example.com", "b@example.com"]).unwrap();
    count(DAY + 1, &["a@example.com", "b@example.com"]).unwrap();
    count(DAY + 2, &["a@example.com"]).unwrap();
    assert!(count(DAY + 2, &["b@example.com", "c@example.com", "d@example.com", "e@example.com"]).is_err(), "all of today");
    let marks: Vec<Mark> = ["a@example.com", "b@example.com"]
        .iter()
        .flat_map(|email| suppression::forms(suppression::Kind::Email, email))
        .map(|form| marker.mark(&form))
        .collect();
    let page = index.told(&marks, 0).unwrap();
    let events: u64 = page.rows.iter().map(|(.., events)| events).sum();
    assert_eq!((index.rows(), events, page.since_day), (4, 4, DAY + 1));
}

#[tokio::test]
async fn what_could_not_be_recorded_is_counted_shown_and_told_and_sending_goes_on() {
    let rig = Rig::new();
    let subjects = rig.open(30);
    let handle = subjects.0.clone().unwrap();
    handle.shared.missed(&batch(DAY, &["jane@example.com", "john@example.com"]));
    assert_eq!(rig.failures("queue_full"), 2);
    assert!(subjects.trouble().unwrap().contains("not recorded"));
    subjects.record(batch(DAY, &["jane@example.com"])).await;
    assert_eq!(subjects.trouble(), None, "it is recorded again");
    let (page, days) = rig.told(&subjects, "jane@example.com").await;
    assert_eq!(days, BTreeMap::from([(DAY, 1)]));
    assert_eq!(page.gaps, [Gap { day: DAY, dataset: "1".to_owned(), events: 2 }]);
    subjects.close().await;
    subjects.record(batch(DAY, &["jane@example.com"])).await;
    assert_eq!(rig.failures("queue_full"), 3, "after its end nothing is recorded, and that is counted");
}

#[tokio::test]
async fn a_question_under_another_key_or_too_long_is_refused() {
    let rig = Rig::new();
    let subjects = rig.open(30);
    let mut foreign = rig.command(SubjectTask::Report(0), "jane@example.com");
    foreign.key = Marker::new(&[9; 32]).fingerprint().clone();
    assert!(matches!(subjects.obey(foreign).await, Err(SubjectError::ForeignMarks)));
    let mut long = rig.command(SubjectTask::Report(0), "jane@example.com");
    long.marks = vec![long.marks[0]; MOST_MARKS + 1];
    assert!(matches!(subjects.obey(long).await, Err(SubjectError::TooMany { .. })));
    subjects.close().await;
}

#[test]
fn a_long_story_is_told_in_pages() {
    let rig = Rig::new();
    let mut index = Index::open(&rig.path(), 100_000, DAY).unwrap();
    let marker = Marker::new(&[1; 32]);
    let days = 12_000;
    let batches: Vec<Batch> = (0..days).map(|day| batch(day, &["a@example.com"])).collect();
    index.count(batches, &BTreeMap::new(), &marker).unwrap();
    let marks: Vec<Mark> =
        suppression::forms(suppression::Kind::Email, "a@example.com").iter().map(|form| marker.mark(form)).collect();
    let (mut told, mut from, mut pages) = (0, Some(i64::MIN), 0);
    while let Some(day) = from {
        let page = index.told(&marks, day).unwrap();
        assert!(serde_json::to_vec(&page).unwrap().len() < 1024 * 1024);
        told += page.rows.len();
        from = page.next_day;
        pages += 1;
    }
    assert_eq!((told, pages > 1), (12_000, true));
}
