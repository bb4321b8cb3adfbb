//! Which spans are kept, how they hang together, and what stands in them.

use std::sync::Arc;

use axum::http::HeaderMap;
use prometheus::IntCounter;
use tokio::sync::mpsc;

use super::span::{Key, Name, Record, Value};
use super::{Arrival, Span, Tracer};
use crate::chance::Chance;
use crate::clock::Clock;

fn tracer(kept_permille: u64) -> (Tracer, mpsc::Receiver<Record>, IntCounter) {
    #[expect(clippy::disallowed_methods, reason = "a counter of this test alone")]
    let dropped = IntCounter::new("dropped", "Spans.").unwrap();
    let (tracer, ended) = Tracer::new(kept_permille, dropped.clone(), Clock::set(1_791_000_000_000), Chance::seeded(1));
    (tracer, ended, dropped)
}

fn headers(flags: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("traceparent", format!("00-{}-{}-{flags}", "ab".repeat(16), "cd".repeat(8)).parse().unwrap());
    headers
}

fn begin(arrival: Arrival) -> Span {
    arrival.begin("graph", &Arc::from("shop"), &Arc::from("1"))
}

#[test]
fn spans_hang_together_and_a_batch_names_the_appends_that_it_came_from() {
    let (tracer, mut ended, _) = tracer(1000);
    let request = begin(tracer.arrival(&headers("01")));
    let mut append = request.child(Name::Append);
    append.count(Key::Events, 2);
    append.stored("{\"an\":\"event\"}");
    drop(append);
    drop(request);
    let append = ended.try_recv().unwrap();
    let request = ended.try_recv().unwrap();
    assert_eq!((request.name, append.name), (Name::Request, Name::Append));
    assert_eq!((request.context.trace, request.parent), ([0xab; 16], Some([0xcd; 8])));
    assert_eq!((append.context.trace, append.parent), ([0xab; 16], Some(request.context.span)));
    assert_eq!(append.values, [(Key::Events, Value::Number(2))]);
    assert!(request.start_ns >= 1_791_000_000_000_000_000 && request.end_ns >= append.end_ns);

    drop(tracer.batch(&Arc::from("1"), ["{\"other\":1}", "{\"an\":\"event\"}"].into_iter()));
    let batch = ended.try_recv().unwrap();
    assert_eq!(batch.links, [append.context]);
    assert!(
        batch.parent.is_none() && batch.context.trace != [0xab; 16],
        "a batch has many origins, so it is of none of them"
    );
}

#[test]
fn a_batch_names_a_bounded_number_of_appends() {
    let (tracer, mut ended, _) = tracer(1000);
    let events: Vec<String> = (0..100).map(|number| format!("{{\"number\":{number}}}")).collect();
    for event in &events {
        begin(tracer.arrival(&HeaderMap::new())).stored(event);
    }
    drop(tracer.batch(&Arc::from("1"), events.iter().map(String::as_str)));
    let batch = std::iter::from_fn(|| ended.try_recv().ok()).last().unwrap();
    assert_eq!((batch.links.len(), batch.more_links), (32, 68));
}

#[test]
fn a_share_of_the_traces_is_kept_and_a_caller_can_only_say_no() {
    for (kept_permille, kept) in [(0, 0..=0), (1000, 1000..=1000), (100, 60..=140)] {
        let (tracer, mut ended, _) = tracer(kept_permille);
        for _ in 0..1000 {
            drop(begin(tracer.arrival(&HeaderMap::new())));
        }
        let found = std::iter::from_fn(|| ended.try_recv().ok()).count();
        assert!(kept.contains(&found), "{found} of 1000 at {kept_permille}");
    }
    let (all, mut ended, _) = tracer(1000);
    drop(begin(all.arrival(&headers("00"))));
    assert!(ended.try_recv().is_err(), "the caller does not keep it");
    let (none, mut ended, _) = tracer(0);
    drop(begin(none.arrival(&headers("01"))));
    assert!(ended.try_recv().is_err(), "that the caller keeps it is no reason");
}

#[test]
fn p6_no_id_that_a_caller_may_choose_puts_more_of_its_traces_in() {
    for id in ["{:016x}0000000000000000", "0000000000000000{:016x}"] {
        let (tracer, mut ended, _) = tracer(100);
        for number in 1..=1000 {
            let id = id.replace("{:016x}", &format!("{number:016x}"));
            let mut headers = HeaderMap::new();
            headers.insert("traceparent", format!("00-{id}-{}-01", "cd".repeat(8)).parse().unwrap());
            drop(begin(tracer.arrival(&headers)));
        }
        let found = std::iter::from_fn(|| ended.try_recv().ok()).count();
        assert!((30..=200).contains(&found), "{found} of 1000");
    }
}

#[test]
fn p6_spans_that_nobody_takes_are_counted_and_gone() {
    let (tracer, mut ended, dropped) = tracer(1000);
    for _ in 0..3000 {
        drop(begin(tracer.arrival(&HeaderMap::new())));
    }
    let waiting = std::iter::from_fn(|| ended.try_recv().ok()).count();
    assert_eq!(waiting as u64 + dropped.get(), 3000);
    assert_eq!(waiting, 2048);
}

#[test]
fn without_a_collector_there_is_no_span() {
    let tracer = Tracer::off();
    let mut span = begin(tracer.arrival(&headers("01")));
    span.count(Key::Events, 1);
    span.child(Name::Append).stored("{}");
    assert!(format!("{span:?}{:?}", tracer.batch(&Arc::from("1"), ["{}"].into_iter())).contains("Span(None)Span(None)"));
}
