//! What it costs to know who must not be sent: memory, the time to open the store, a look, and `sanitize` with nobody suppressed
//! beside `sanitize` with many.
//!
//! CPU time of the process, both in turn, the best of many short rounds, because machines are shared. The events are of as many
//! persons, none of whom is in the store, as most events are; the last line is of one who is.
//!
//! `cargo bench -p portcullis --bench suppression` takes 10 million entries; `-- --entries 1000000` another number.
#![expect(clippy::print_stdout, clippy::unwrap_used, clippy::cast_precision_loss, reason = "a program that prints")]

use std::hint::black_box;
use std::path::Path;

use cpu_time::ProcessTime;
use portcullis::chance::Chance;
use portcullis::clock::Clock;
use portcullis::config::{OwnKeySource, Suppression, SuppressionStore};
use portcullis::suppression::{Mark, Marker, Suppressions};
use portcullis::telemetry::metrics::Metrics;
use portcullis_filters::pipeline::{Context, Outcome, sanitize};
use portcullis_filters::policy::Policy;
use portcullis_filters::pseudonym::PseudonymKey;
use portcullis_filters::suppression::{Identifier, Kind, Nobody, Suppressed, forms};

const NOW_SECS: u64 = 1_791_000_100;
const KEY: [u8; 32] = [7; 32];
/// Entries that are added at once.
const PIECE: u64 = 1_000_000;
/// Events, each of a person of its own: together their looks do not fit a cache.
const EVENTS: usize = 2_000;
const ROUNDS: usize = 40;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let given = arguments.iter().position(|argument| argument == "--entries").and_then(|at| arguments.get(at + 1));
    let entries: u64 = given.map_or(10_000_000, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("suppression.db");

    if let Some(at) = arguments.iter().position(|argument| argument == "--fill") {
        return add(Path::new(arguments.get(at + 1).unwrap()), entries);
    }
    // By a process of its own, whose memory does not count here.
    let own = std::env::current_exe().unwrap();
    let number = entries.to_string();
    let mut filler = std::process::Command::new(own);
    let ended = filler.arg("--fill").arg(&path).args(["--entries", number.as_str()]).status().unwrap();
    assert!(ended.success());
    let before = resident_kib();
    let (opening, set) = timed(|| open(&path));
    let memory = resident_kib().saturating_sub(before);
    assert_eq!(set.count(), entries);
    println!("entries                      {entries}");
    println!("file, MiB                    {:.0}", std::fs::metadata(&path).unwrap().len() as f64 / 1_048_576.0);
    println!("opening, CPU s               {opening:.2}");
    println!("memory, MiB                  {:.1}", memory as f64 / 1024.0);
    println!("look, not held, ns           {:.0}", look(&set, entries..entries + 1_000_000));
    println!("look, held, ns               {:.0}", look(&set, 0..100_000));
    for policy in ["retail", "pharmacy"] {
        measure(policy, &set);
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let start = ProcessTime::now();
    let done = work();
    (start.elapsed().as_secs_f64(), done)
}

fn open(path: &Path) -> Suppressions {
    let store = SuppressionStore { path: path.to_owned(), key: OwnKeySource::Given(KEY.into()) };
    let (metrics, chance) = (Metrics::new().unwrap(), Chance::seeded(1));
    Suppressions::open(&Suppression { store: Some(store) }, &metrics, &Clock::system(), &chance).unwrap()
}

fn add(path: &Path, entries: u64) {
    let (set, marker) = (open(path), Marker::new(&KEY));
    for first in (0..entries).step_by(usize::try_from(PIECE).unwrap()) {
        let last = entries.min(first + PIECE);
        let marks: Vec<Mark> = (first..last).map(|number| marker.mark(&person(number))).collect();
        set.add(&marks).unwrap();
    }
}

fn person(number: u64) -> Identifier {
    let mut digest = [0; 32];
    for (byte, from) in digest.iter_mut().zip(number.to_le_bytes()) {
        *byte = from;
    }
    Identifier::from_digest(digest)
}

/// Nanoseconds of one look, for persons of these numbers.
fn look(set: &Suppressions, numbers: std::ops::Range<u64>) -> f64 {
    let count = (numbers.end - numbers.start) as f64;
    let (seconds, ()) = timed(|| {
        for number in numbers {
            black_box(set.holds(&person(number)));
        }
    });
    seconds * 1e9 / count
}

fn measure(policy_name: &str, set: &Suppressions) {
    let (file, text) = Policy::builtin(policy_name).unwrap();
    let policy = Policy::compile(text, file, &["shop.example.com".to_owned()]).unwrap();
    let key = PseudonymKey::new([7; 32]);
    let events: Vec<String> = (0..EVENTS).map(event).collect();
    let run = |suppressed: &dyn Suppressed| {
        let context = Context { dataset: "1234567890", now_secs: NOW_SECS, fresh_id: [9; 16], pseudonyms: &key, suppressed };
        let (seconds, ()) = timed(|| {
            for event in &events {
                assert!(matches!(black_box(sanitize(&policy, &context, event)), Outcome::Forward(..)));
            }
        });
        seconds * 1e6 / EVENTS as f64
    };
    let (mut none, mut many) = (f64::MAX, f64::MAX);
    for _ in 0..ROUNDS {
        none = none.min(run(&Nobody));
        many = many.min(run(set));
    }
    println!("sanitize, {policy_name:<9} us       {none:.2} with none, {many:.2} with all, ratio {:.2}", many / none);
    let marker = Marker::new(&KEY);
    let marks: Vec<Mark> = forms(Kind::Email, &address(0)).iter().map(|form| marker.mark(form)).collect();
    set.add(&marks).unwrap();
    let context = Context { dataset: "1", now_secs: NOW_SECS, fresh_id: [9; 16], pseudonyms: &key, suppressed: set };
    let dropped = event(0);
    let (seconds, ()) = timed(|| {
        for _ in 0..EVENTS {
            assert!(matches!(black_box(sanitize(&policy, &context, &dropped)), Outcome::Drop(..)));
        }
    });
    println!("  of one who is suppressed   {:.2}", seconds * 1e6 / EVENTS as f64);
    set.remove(&marks).unwrap();
}

fn address(number: usize) -> String {
    format!("person.{number}@example.com")
}

/// What a site sends of a person, unhashed.
fn event(number: usize) -> String {
    let body = include_str!("../../filters/tests/fixtures/purchase_1kb.json");
    let event = body.split_once("\"data\":[").unwrap().1.trim_end().strip_suffix("]}").unwrap();
    let person = format!("\"external_id\":[\"customer-{number}\"],\"em\":[\"{}\"]", address(number));
    event
        .replace("\"em\":[\"Jane.Doe+7@Example.com \"]", &person)
        .replace("555-0007", &format!("555-{number:04}"))
        .replace("00000007", &format!("{number:08}"))
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
