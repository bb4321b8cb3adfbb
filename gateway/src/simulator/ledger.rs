//! What the stand-in received: the last events, how often each id came, and totals that only grow.
//!
//! All of it is bounded by `keep` and `keep_ids`; what found no more room is counted as such, so that a test can tell "once" from "not
//! counted".

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde_json::Value;
use tokio::sync::watch;

use super::answer::Refusal;
use super::fields::custom_properties;
use super::request::Posted;

/// Datasets counted one by one; the rest is counted together under [`OTHERS`].
const MAX_DATASETS: usize = 1000;
const OTHERS: &str = "others";

/// Custom properties counted by name; the rest is counted together under [`OTHERS`].
const MAX_CUSTOM_PROPERTIES: usize = 1000;

/// Totals since the start.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Ledger {
    /// Requests to the events of any dataset, answered or not.
    pub requests: u64,
    /// Requests that were accepted whole.
    pub batches: u64,
    /// Events of these.
    pub events: u64,
    /// Requests that were refused, by `code` or `code/subcode`, scripted ones included.
    pub refused: BTreeMap<String, u64>,
    /// What the last refusal said: a place and a rule, never a value.
    pub last_refusal: Option<String>,
    /// Requests that met a scripted fault.
    pub faults: u64,
    /// Where the tokens of requests travelled.
    pub token_places: TokenPlaces,
    /// The same by dataset.
    pub datasets: BTreeMap<String, DatasetCounts>,
    /// Ids of events that are counted one by one.
    pub ids: u64,
    /// Events whose id found no room to be counted.
    pub ids_not_counted: u64,
    /// Events that are remembered.
    pub kept: u64,
    /// Keys of `custom_data` that Meta does not document, by name, with the events that had them.
    pub custom_properties: BTreeMap<String, u64>,
}

/// Totals of one dataset.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DatasetCounts {
    /// Requests that were accepted whole.
    pub batches: u64,
    /// Events of these.
    pub events: u64,
    /// Requests that were refused.
    pub refused: u64,
}

/// Requests with a good token, by where it was shown; one request may show it in several places.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct TokenPlaces {
    /// `Authorization: Bearer`.
    pub header: u64,
    /// The query `access_token`, which proxies log.
    pub query: u64,
    /// The member `access_token` of the body.
    pub body: u64,
}

/// A handle on what was received; all clones see the same.
#[derive(Debug, Clone)]
pub struct Received(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    keep: usize,
    keep_ids: usize,
    books: Mutex<Books>,
    total_events: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Books {
    ledger: Ledger,
    kept: VecDeque<Kept>,
    /// By dataset, name and id.
    ids: BTreeMap<(Arc<str>, String, String), Seen>,
}

/// How often an id came, and when it first did.
#[derive(Debug, Clone, Copy)]
struct Seen {
    times: u64,
    first_ms: u64,
}

#[derive(Debug, Clone)]
struct Kept {
    order: u64,
    arrived_ms: u64,
    dataset: Arc<str>,
    envelope: Arc<str>,
    event: Arc<str>,
}

impl Received {
    pub(super) fn new(keep: usize, keep_ids: usize) -> Self {
        Self(Arc::new(Shared { keep, keep_ids, books: Mutex::default(), total_events: watch::Sender::new(0) }))
    }

    /// The events that are remembered, oldest first, each as one line of JSON:
    /// `{"order":…,"arrived_ms":…,"dataset":"…","envelope":{…},"event":{…}}`.
    pub fn events(&self) -> Vec<String> {
        // Copied as handles under the lock and written outside, so that a long list holds nobody up.
        let kept = self.books().kept.clone();
        kept.iter().map(Kept::line).collect()
    }

    /// How often each id came, as lines `dataset, name, id, count, milliseconds since 1970 when it first came` separated by tabs.
    /// A tab or line end inside is written as JSON would write it.
    pub fn ids(&self) -> String {
        let mut lines = String::new();
        for ((dataset, name, id), Seen { times, first_ms }) in &self.books().ids {
            // Writing to a string cannot fail.
            _ = writeln!(lines, "{dataset}\t{}\t{}\t{times}\t{first_ms}", on_one_line(name), on_one_line(id));
        }
        lines
    }

    /// The totals of this moment.
    pub fn ledger(&self) -> Ledger {
        let books = self.books();
        Ledger { ids: as_u64(books.ids.len()), kept: as_u64(books.kept.len()), ..books.ledger.clone() }
    }

    /// Waits until so many events were accepted since the start. The caller sets the deadline.
    pub async fn wait_for(&self, events: u64) {
        let mut total = self.0.total_events.subscribe();
        // It cannot end before: the sender lives as long as this handle.
        _ = total.wait_for(|total| *total >= events).await;
    }

    /// Forgets events and ids; the totals stay.
    pub fn forget(&self) {
        let mut books = self.books();
        books.kept.clear();
        books.ids.clear();
    }

    pub(super) fn count_request(&self) {
        self.books().ledger.requests += 1;
    }

    pub(super) fn count_fault(&self) {
        self.books().ledger.faults += 1;
    }

    pub(super) fn count_tokens(&self, places: TokenPlaces) {
        let total = &mut self.books().ledger.token_places;
        total.header += places.header;
        total.query += places.query;
        total.body += places.body;
    }

    pub(super) fn count_refusal(&self, dataset: &str, refusal: &Refusal) {
        let ledger = &mut self.books().ledger;
        // Codes come from our tables and from the operator's scripts, so their number is bounded.
        *ledger.refused.entry(refusal.label()).or_default() += 1;
        ledger.last_refusal = Some(refusal.message.clone());
        ledger.dataset(dataset).refused += 1;
    }

    /// Counts a batch of which nothing else is known.
    pub(super) fn count_batch(&self, dataset: &str, events: usize) {
        let ledger = &mut self.books().ledger;
        ledger.count_batch(dataset, as_u64(events));
        ledger.events += as_u64(events);
        self.0.total_events.send_replace(ledger.events);
    }

    /// Takes down a batch that was accepted.
    pub(super) fn take_down(&self, dataset: &Arc<str>, posted: Posted, arrived_ms: u64) {
        let envelope: Arc<str> = Value::Object(posted.envelope).to_string().into();
        let mut books = self.books();
        let books = &mut *books;
        books.ledger.count_batch(dataset, as_u64(posted.events.len()));
        for event in posted.events {
            for name in custom_properties(&event.value) {
                books.ledger.count_custom_property(name);
            }
            let text = |key: &str| event.value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            let key = (Arc::clone(dataset), text("event_name"), text("event_id"));
            let has_room = books.ids.len() < self.0.keep_ids;
            match books.ids.get_mut(&key) {
                Some(seen) => seen.times += 1,
                None if has_room => {
                    books.ids.insert(key, Seen { times: 1, first_ms: arrived_ms });
                }
                None => books.ledger.ids_not_counted += 1,
            }
            let (dataset, envelope) = (Arc::clone(dataset), Arc::clone(&envelope));
            books.kept.push_back(Kept {
                order: books.ledger.events,
                arrived_ms,
                dataset,
                envelope,
                event: event.text.into(),
            });
            books.ledger.events += 1;
        }
        while books.kept.len() > self.0.keep {
            books.kept.pop_front();
        }
        self.0.total_events.send_replace(books.ledger.events);
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        // A panic under the lock can only lose a count, and no test that panics passes.
        self.0.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ledger {
    /// Its events are counted in all as they are taken down, because the order of each is its number.
    fn count_batch(&mut self, dataset: &str, events: u64) {
        self.batches += 1;
        let counts = self.dataset(dataset);
        counts.batches += 1;
        counts.events += events;
    }

    fn dataset(&mut self, dataset: &str) -> &mut DatasetCounts {
        let has_room = self.datasets.len() < MAX_DATASETS || self.datasets.contains_key(dataset);
        self.datasets.entry(if has_room { dataset } else { OTHERS }.to_owned()).or_default()
    }

    fn count_custom_property(&mut self, name: &str) {
        let names = &mut self.custom_properties;
        let has_room = names.len() < MAX_CUSTOM_PROPERTIES || names.contains_key(name);
        *names.entry(if has_room { name } else { OTHERS }.to_owned()).or_default() += 1;
    }
}

impl Kept {
    fn line(&self) -> String {
        let Self { order, arrived_ms, dataset, envelope, event } = self;
        // A dataset is digits only, and envelope and event are JSON already.
        format!(
            r#"{{"order":{order},"arrived_ms":{arrived_ms},"dataset":"{dataset}","envelope":{envelope},"event":{event}}}"#
        )
    }
}

fn on_one_line(text: &str) -> String {
    text.replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r")
}

fn as_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::request::PostedEvent;

    fn batch(ids: &[&str]) -> Posted {
        let event = |id: &&str| {
            let value = serde_json::json!({"event_name": "Lead", "event_id": id});
            PostedEvent { text: value.to_string(), value: value.as_object().unwrap().clone() }
        };
        Posted { events: ids.iter().map(event).collect(), ..Posted::default() }
    }

    fn take_down(received: &Received, ids: &[&str]) {
        received.take_down(&Arc::from("1"), batch(ids), 7);
    }

    #[test]
    fn the_last_events_are_kept_in_order() {
        let received = Received::new(2, 2);
        take_down(&received, &["a", "b"]);
        take_down(&received, &["c"]);
        let lines = received.events();
        assert_eq!(lines.len(), 2);
        let line = r#"{"order":2,"arrived_ms":7,"dataset":"1","envelope":{},"event":{"event_id":"c","event_name":"Lead"}}"#;
        assert_eq!(lines[1], line);
        let ledger = received.ledger();
        assert_eq!((ledger.batches, ledger.events, ledger.kept), (2, 3, 2));
    }

    #[test]
    fn repeats_are_counted_and_ids_are_bounded() {
        let received = Received::new(2, 2);
        take_down(&received, &["a", "b\tc", "d", "a", "d"]);
        assert_eq!(received.ids(), "1\tLead\ta\t2\t7\n1\tLead\tb\\tc\t1\t7\n");
        assert_eq!((received.ledger().ids, received.ledger().ids_not_counted), (2, 2));
    }

    #[test]
    fn forgetting_keeps_the_totals() {
        let received = Received::new(10, 10);
        take_down(&received, &["a"]);
        received.forget();
        assert_eq!((received.events().len(), received.ids().as_str(), received.ledger().events), (0, "", 1));
        take_down(&received, &["b"]);
        assert!(received.events()[0].starts_with(r#"{"order":1,"#));
    }

    #[test]
    fn custom_properties_are_counted_by_name_and_what_meta_documents_is_none() {
        let received = Received::new(1, 1);
        let value = serde_json::json!({"event_name": "Lead", "custom_data": {
            "value": 1, "coupon": "SPRING", "mileage": {"value": 1}, "fb_currency": "USD", "fb_coupon": "SPRING",
        }});
        let event = || PostedEvent { text: value.to_string(), value: value.as_object().unwrap().clone() };
        received.take_down(&Arc::from("1"), Posted { events: vec![event(), event()], ..Posted::default() }, 7);
        let counted = BTreeMap::from([("coupon".to_owned(), 2), ("fb_coupon".to_owned(), 2)]);
        assert_eq!(received.ledger().custom_properties, counted);
    }

    #[test]
    fn refusals_are_counted_by_code_and_dataset() {
        let received = Received::new(1, 1);
        received.count_refusal("1", &Refusal::parameter_with(33, ""));
        received.count_refusal("2", &Refusal::token());
        received.count_refusal("2", &Refusal::token());
        let ledger = received.ledger();
        assert_eq!(ledger.refused, BTreeMap::from([("100/33".to_owned(), 1), ("190".to_owned(), 2)]));
        assert_eq!((ledger.datasets["1"].refused, ledger.datasets["2"].refused), (1, 2));
        assert_eq!(ledger.last_refusal, Some(Refusal::token().message));
    }

    #[test]
    fn datasets_past_the_bound_are_counted_together() {
        let received = Received::new(1, 1);
        for dataset in 0..MAX_DATASETS + 5 {
            received.count_refusal(&dataset.to_string(), &Refusal::token());
        }
        assert_eq!(received.ledger().datasets[OTHERS].refused, 5);
    }
}
