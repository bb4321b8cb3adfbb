//! What it costs to record what was delivered: to make records of events, to have them counted and synced, and the disk that a row
//! takes.
//!
//! CPU time of the process, all threads, over batches of 1000 events, each of a person of its own that is known by four ids: the worst
//! there is. The disk decides how long a batch waits besides.
//!
//! `cargo bench -p portcullis --bench subjects` records 100 000 events; `-- --events 1000000` another number.
#![expect(clippy::print_stdout, clippy::unwrap_used, clippy::cast_precision_loss, reason = "a program that prints")]

use std::sync::Arc;

use cpu_time::ProcessTime;
use portcullis::chance::Chance;
use portcullis::clock::Clock;
use portcullis::config::{OwnKeySource, SubjectAccess, SubjectIndex};
use portcullis::subject::{Batch, Record, Subjects};
use portcullis::telemetry::metrics::Metrics;
use portcullis_filters::event::SanitizedEvent;
use portcullis_filters::pipeline::{Context, Outcome, sanitize};
use portcullis_filters::policy::Policy;
use portcullis_filters::pseudonym::PseudonymKey;
use portcullis_filters::suppression::Nobody;

const NOW_SECS: u64 = 1_791_000_100;
const BATCH: usize = 1_000;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let given = arguments.iter().position(|argument| argument == "--events").and_then(|at| arguments.get(at + 1));
    let events: usize = given.map_or(100_000, |text| text.parse().unwrap());
    let policy = policy();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("subjects.db");
    let key = OwnKeySource::Kept(path.with_extension("key"));
    let config =
        SubjectAccess { retention_days: 30, max_rows: 1_000_000_000, index: Some(SubjectIndex { path: path.clone(), key }) };
    let (metrics, chance) = (Metrics::new().unwrap(), Chance::from_system().unwrap());
    let subjects = Subjects::open(&config, &metrics, &Clock::set(NOW_SECS * 1000), &chance).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let site: Arc<str> = "shop".into();
    let (mut made, mut recorded) = (0.0, 0.0);
    for batch in 0..events.div_ceil(BATCH) {
        let sent: Vec<SanitizedEvent> = (0..BATCH).map(|number| event(&policy, batch * BATCH + number)).collect();
        let started = ProcessTime::now();
        let records: Vec<Record> = sent.iter().map(|event| Record::of(&site, &policy, event).unwrap()).collect();
        made += started.elapsed().as_secs_f64();
        let started = ProcessTime::now();
        runtime.block_on(subjects.record(Batch { day: 20_729, dataset: "1".into(), records, unread: 0 }));
        recorded += started.elapsed().as_secs_f64();
    }
    runtime.block_on(subjects.close());
    let of_event = |secs: f64| secs * 1e6 / (events.div_ceil(BATCH) * BATCH) as f64;
    let rows = metrics.subject_index_rows.get();
    let bytes = std::fs::metadata(&path).unwrap().len();
    println!("events                       {events}, of which not in time or not at all: {}", failures(&metrics));
    println!("making a record, CPU us      {:.2}", of_event(made));
    println!("recording it, CPU us         {:.2}", of_event(recorded));
    println!("rows                         {rows}");
    println!("disk of a row, bytes         {:.0}", bytes as f64 / rows as f64);
}

fn failures(metrics: &Metrics) -> u64 {
    ["late", "queue_full", "rows_full", "unreadable", "write"]
        .iter()
        .map(|reason| metrics.subject_index_failures.with_label_values(&[reason]).get())
        .sum()
}

fn policy() -> Arc<Policy> {
    let (name, text) = Policy::builtin("retail").unwrap();
    Arc::new(Policy::compile(text, name, &["www.shop.example".to_owned()]).unwrap())
}

fn event(policy: &Policy, number: usize) -> SanitizedEvent {
    let raw = format!(
        r#"{{"event_name":"Purchase","event_time":{NOW_SECS},"event_id":"order-{number}","action_source":"website","event_source_url":"https://www.shop.example/","user_data":{{"em":"person{number}@example.com","ph":"+1202{:07}","external_id":"member-{number}","fbp":"fb.1.1558571054389.{}","fn":"jane","client_user_agent":"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"}},"custom_data":{{"value":19.5,"currency":"EUR","contents":[{{"id":"SKU-1","quantity":1}}]}}}}"#,
        2_000_000 + number,
        1_000_000_000 + number,
    );
    let pseudonyms = PseudonymKey::new([7; 32]);
    let context =
        Context { dataset: "1", now_secs: NOW_SECS, fresh_id: [1; 16], pseudonyms: &pseudonyms, suppressed: &Nobody };
    match sanitize(policy, &context, &raw) {
        Outcome::Forward(event, _) => event,
        other => panic!("an ordinary purchase does not pass: {other:?}"),
    }
}
