//! The counters of one site, each looked up once.
//!
//! A purchase moves about ten series, and finding a series by its labels costs more than moving it. What a policy wants with a
//! field is fixed, so the place and the reason name a series of removals.

use std::sync::{Arc, OnceLock};

use portcullis_filters::report::{Change, Place, Reason, Report, SignalKind};
use portcullis_filters::schema::ROWS;
use prometheus::{Histogram, HistogramTimer, IntCounter};

use super::metrics::Metrics;

/// Parts of the request around the events that can be removed.
const ENVELOPE: &[&str] = &["test_event_code", "namespace_id", "upload_id", "partner_agent", "upload_tag", "upload_source"];

/// What stands in the label `field` of every site; the properties that its policy names come to it.
pub fn places() -> impl Iterator<Item = &'static str> {
    let fields = ROWS.iter().map(|row| row.field.path());
    fields.chain(["unknown"]).chain(ENVELOPE.iter().copied())
}

/// The counters of one site.
#[derive(Debug)]
pub struct SiteCounters {
    site: Arc<str>,
    metrics: Metrics,
    /// Paths of the properties that the site's policy names.
    properties: Box<[Arc<str>]>,
    received_by_graph: IntCounter,
    received_by_capi_gateway: IntCounter,
    refused: IntCounter,
    duplicate: IntCounter,
    turned_away: IntCounter,
    accepted: IntCounter,
    rate_limited: IntCounter,
    sanitize_seconds: Histogram,
    /// One a place, as [`SiteCounters::position`] has them.
    removed: Box<[Chain<Reason>]>,
    /// One a field.
    changed: Box<[Chain<Change>]>,
    signals: Box<[OnceLock<IntCounter>]>,
    /// One a law that the site's policy lists, in its order.
    jurisdictions: Box<[IntCounter]>,
}

/// The form of the endpoint that took a request, a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// As Meta's Graph API has it.
    Graph,
    /// As Meta's own gateway has it.
    CapiGateway,
}

impl Source {
    /// As it stands in labels.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Graph => "graph",
            Self::CapiGateway => "capi_gateway",
        }
    }
}

/// What became of the events of one request; counted in one go, so that the accounts of promise P5 hold at every moment and a
/// request that panicked has moved none of them.
#[derive(Debug, Default, Clone, Copy)]
pub struct Fates {
    /// Events decoded.
    pub received: u64,
    /// Events that are none.
    pub refused: u64,
    /// Events answered 503.
    pub turned_away: u64,
    /// Events that had come before.
    pub duplicate: u64,
    /// Events made durable.
    pub accepted: u64,
}

/// The counters of one place by reason, or of one field by change, in the order in which they were first moved. Nearly every place
/// has none and the others one: a table with room for all would be most of what a site takes in memory.
#[derive(Debug)]
struct Chain<K>(OnceLock<Box<Link<K>>>);

#[derive(Debug)]
struct Link<K> {
    key: K,
    counter: IntCounter,
    next: Chain<K>,
}

impl SiteCounters {
    /// Brings the counters of the accounts into being, so that one that never moved reads as 0. `properties` and `jurisdictions`
    /// are those that the site's policy names.
    pub fn new<'p>(
        site: &Arc<str>,
        properties: impl IntoIterator<Item = Arc<str>>,
        jurisdictions: impl IntoIterator<Item = &'p str>,
        metrics: &Metrics,
    ) -> Self {
        let properties: Box<[Arc<str>]> = properties.into_iter().collect();
        let law = |id: &str| metrics.jurisdiction_events.with_label_values(&[site.as_ref(), id]);
        let received = |source: Source| metrics.events_received.with_label_values(&[site.as_ref(), source.as_str()]);
        Self {
            site: Arc::clone(site),
            metrics: metrics.clone(),
            received_by_graph: received(Source::Graph),
            received_by_capi_gateway: received(Source::CapiGateway),
            refused: metrics.events_refused.with_label_values(&[site]),
            duplicate: metrics.events_duplicate.with_label_values(&[site]),
            turned_away: metrics.events_turned_away.with_label_values(&[site]),
            accepted: metrics.events_accepted.with_label_values(&[site]),
            rate_limited: metrics.requests_rate_limited.with_label_values(&[site]),
            sanitize_seconds: metrics.sanitize_seconds.with_label_values(&[site]),
            removed: empty(ROWS.len() + 1 + ENVELOPE.len() + properties.len()),
            changed: empty(ROWS.len()),
            signals: empty(SignalKind::ALL.len()),
            jurisdictions: jurisdictions.into_iter().map(law).collect(),
            properties,
        }
    }

    /// Counts the events of a request.
    pub fn count(&self, source: Source, fates: Fates) {
        let received = match source {
            Source::Graph => &self.received_by_graph,
            Source::CapiGateway => &self.received_by_capi_gateway,
        };
        received.inc_by(fates.received);
        self.refused.inc_by(fates.refused);
        self.turned_away.inc_by(fates.turned_away);
        self.duplicate.inc_by(fates.duplicate);
        self.accepted.inc_by(fates.accepted);
    }

    /// Counts a request past the rate limit.
    pub fn count_rate_limited(&self) {
        self.rate_limited.inc();
    }

    /// Starts to time how long the events of a request take through the filters.
    pub fn time_filters(&self) -> HistogramTimer {
        self.sanitize_seconds.start_timer()
    }

    /// Counts events that were dropped at one stage for one reason.
    pub fn count_dropped(&self, stage: &str, reason: &str, events: u64) {
        self.metrics.events_dropped.with_label_values(&[&self.site, stage, reason]).inc_by(events);
    }

    /// Counts what was taken from an event, what made it speak of health, and which laws applied to its person.
    pub fn count_report(&self, report: &Report) {
        for removal in report.removals() {
            let chain = self.position(&removal.place).and_then(|place| self.removed.get(place));
            let labels = [&self.site, removal.place.as_str(), removal.action.as_str(), removal.reason.as_str()];
            let find = || self.metrics.fields_removed.with_label_values(&labels);
            let count = u64::from(removal.count);
            // A place that is not known here is counted all the same.
            chain.map_or_else(|| find().inc_by(count), |chain| chain.counter(removal.reason, find).inc_by(count));
        }
        for (field, change) in report.changes() {
            let find = || self.metrics.fields_changed.with_label_values(&[&self.site, field.path(), change.as_str()]);
            let chain = self.changed.get(*field as usize);
            chain.map_or_else(|| find().inc(), |chain| chain.counter(*change, find).inc());
        }
        for (_, kind) in report.signals() {
            let find = || self.metrics.health_signals.with_label_values(&[&self.site, kind.as_str()]);
            self.signals.get(*kind as usize).map_or_else(|| find().inc(), |slot| slot.get_or_init(find).inc());
        }
        for law in report.jurisdictions().filter_map(|position| self.jurisdictions.get(position)) {
            law.inc();
        }
    }

    /// The position of a place among all places, if it is one that is known here.
    fn position(&self, place: &Place) -> Option<usize> {
        match place {
            Place::Field(field) => Some(*field as usize),
            Place::Unknown => Some(ROWS.len()),
            Place::Envelope(name) => ENVELOPE.iter().position(|known| known == name).map(|at| ROWS.len() + 1 + at),
            Place::Property(path) => {
                let at = self.properties.iter().position(|known| known == path)?;
                Some(ROWS.len() + 1 + ENVELOPE.len() + at)
            }
        }
    }
}

fn empty<T: Default>(count: usize) -> Box<[T]> {
    std::iter::repeat_with(T::default).take(count).collect()
}

impl<K: Copy + PartialEq> Chain<K> {
    /// The counter of this key, looked up if this is the first time that it moves.
    fn counter(&self, key: K, find: impl Fn() -> IntCounter) -> &IntCounter {
        let mut chain = self;
        loop {
            // Of two threads that come at once one makes the link; the other takes it if the key is its own, or goes on.
            let link = chain.0.get_or_init(|| Box::new(Link { key, counter: find(), next: Self::default() }));
            if link.key == key {
                return &link.counter;
            }
            chain = &link.next;
        }
    }
}

impl<K> Default for Chain<K> {
    fn default() -> Self {
        Self(OnceLock::new())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use portcullis_filters::event::{EnvelopeText, sanitize_envelope};
    use portcullis_filters::pipeline::{Context, Outcome, sanitize};
    use portcullis_filters::policy::Policy;
    use portcullis_filters::pseudonym::PseudonymKey;
    use portcullis_filters::suppression::Nobody;

    use super::*;

    #[test]
    fn what_was_removed_around_the_events_is_counted_by_name() {
        let metrics = Metrics::new().unwrap();
        let counters = SiteCounters::new(&"shop".into(), [], [], &metrics);
        let text = EnvelopeText {
            test_event_code: Some("TEST1"),
            denied: vec!["partner_agent"],
            unknown: 3,
            ..EnvelopeText::default()
        };
        for _ in 0..2 {
            counters.count_report(&sanitize_envelope(&text, false).1);
        }
        let page = metrics.render().unwrap();
        for line in [
            r#"portcullis_fields_removed_total{action="always",field="test_event_code",reason="test_events_off",site="shop"} 2"#,
            r#"portcullis_fields_removed_total{action="always",field="partner_agent",reason="not_allowed",site="shop"} 2"#,
            r#"portcullis_fields_removed_total{action="none",field="unknown",reason="unknown_key",site="shop"} 6"#,
        ] {
            assert!(page.contains(line), "{page}");
        }
    }

    #[test]
    fn every_place_has_a_slot_of_its_own() {
        let places = ROWS.iter().map(|row| Place::Field(row.field)).chain([Place::Unknown]);
        let places = places.chain(ENVELOPE.iter().map(|name| Place::Envelope(name)));
        let properties: [Arc<str>; 2] = ["custom_data.tier".into(), "custom_data.visits".into()];
        let places: Vec<Place> = places.chain(properties.iter().cloned().map(Place::Property)).collect();
        let counters = SiteCounters::new(&"shop".into(), properties, [], &Metrics::new().unwrap());
        let slots: Vec<Option<usize>> = places.iter().map(|place| counters.position(place)).collect();
        assert_eq!(slots, (0..places.len()).map(Some).collect::<Vec<_>>());
        assert_eq!(counters.removed.len(), places.len());
        assert_eq!(counters.position(&Place::Property("custom_data.gone".into())), None);
    }

    #[test]
    fn each_key_of_a_chain_has_one_counter_whoever_asks_for_it_first() {
        let chain = Chain::default();
        let metrics = Metrics::new().unwrap();
        let sites = ["a", "b", "c", "d"];
        let looked_up = AtomicUsize::new(0);
        let counter = |key: usize| {
            chain.counter(key, || {
                looked_up.fetch_add(1, Ordering::Relaxed);
                metrics.events_refused.with_label_values(&[sites[key]])
            })
        };
        std::thread::scope(|scope| {
            for first in 0..4 {
                let counter = &counter;
                scope.spawn(move || (0..400).for_each(|n| counter((first + n) % 4).inc()));
            }
        });
        assert_eq!([0, 1, 2, 3].map(|key| counter(key).get()), [400; 4]);
        assert_eq!(looked_up.into_inner(), 4, "a key has one link, so a chain cannot grow beyond its keys");
    }

    #[test]
    fn what_was_removed_of_a_property_is_counted_by_the_path_of_the_policy() {
        let metrics = Metrics::new().unwrap();
        let policy = Policy::compile(
            "name = 'shop'\nversion = 1\n[events]\nallow = ['Lead']\nevent_id = 'token'\n[pages]\ndefault = 'origin'\n\
             no_url = 'origin'\n[fields.custom_data]\ntier = { one_of = ['gold'] }\n[health]\nscan = 'whole_event'\n\
             on_signal = 'drop_event'\nambiguous = 'context'\n[pii]\non_match = 'drop_field'\n",
            "shop.toml",
            &["www.shop.example".to_owned()],
        )
        .unwrap();
        let counters = SiteCounters::new(&"shop".into(), policy.property_paths().cloned(), [], &metrics);
        let pseudonyms = PseudonymKey::new([7; 32]);
        let context = Context {
            dataset: "1",
            now_secs: 1_791_000_100,
            fresh_id: [9; 16],
            pseudonyms: &pseudonyms,
            suppressed: &Nobody,
        };
        let event = r#"{"event_name":"Lead","event_time":1791000000,"action_source":"website","user_data":{},
            "custom_data":{"tier":"platinum"}}"#;
        let Outcome::Drop(_, _, report) = sanitize(&policy, &context, event) else { panic!("nobody is named") };
        counters.count_report(&report);
        counters.count_report(&report);
        let page = metrics.render().unwrap();
        let line =
            r#"portcullis_fields_removed_total{action="one_of",field="custom_data.tier",reason="shape",site="shop"} 2"#;
        assert!(page.contains(line), "{page}");
        assert!(!page.contains("platinum"), "{page}");
    }

    #[test]
    fn events_are_counted_by_the_laws_that_applied_to_their_persons() {
        let metrics = Metrics::new().unwrap();
        let (_, retail) = Policy::builtin("retail@1").unwrap();
        let laws = "[[jurisdiction]]\npack = 'EEA'\n[[jurisdiction]]\npack = 'US-WA'\n";
        let policy = Policy::compile(&format!("{retail}\n{laws}"), "shop.toml", &["www.shop.example".to_owned()]).unwrap();
        let counters = SiteCounters::new(&"shop".into(), [], policy.jurisdictions(), &metrics);
        let pseudonyms = PseudonymKey::new([7; 32]);
        let count = |residence: &str| {
            let context = Context {
                dataset: "1",
                now_secs: 1_791_000_100,
                fresh_id: [9; 16],
                pseudonyms: &pseudonyms,
                suppressed: &Nobody,
            };
            let event = format!(
                r#"{{"event_name":"Lead","event_time":1791000000,"action_source":"website",
                "user_data":{{"em":"jane@shop.example"}},"residence":{residence}}}"#
            );
            match sanitize(&policy, &context, &event) {
                Outcome::Forward(_, report) | Outcome::Drop(_, _, report) => counters.count_report(&report),
                Outcome::Refuse(refusal) => panic!("{refusal}"),
            }
        };
        for residence in ["null", r#"{"country":"FR"}"#, r#"{"country":"JP"}"#] {
            count(residence);
        }
        let page = metrics.render().unwrap();
        for line in [
            r#"portcullis_jurisdiction_events_total{jurisdiction="EEA",site="shop"} 2"#,
            r#"portcullis_jurisdiction_events_total{jurisdiction="US-WA",site="shop"} 1"#,
        ] {
            assert!(page.contains(line), "{page}");
        }
    }
}
