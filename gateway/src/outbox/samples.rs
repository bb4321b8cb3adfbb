//! Events for the tests of this folder, made the only way there is: by the filter.

use std::sync::{Arc, LazyLock};

use portcullis_filters::event::{SanitizedEnvelope, SanitizedEvent};
use portcullis_filters::pipeline::{Context, Outcome, sanitize};
use portcullis_filters::policy::Policy;
use portcullis_filters::pseudonym::PseudonymKey;
use portcullis_filters::suppression::{Identifier, Kind, Nobody, Suppressed, forms};

use super::{Append, Lease};

/// The policy of every sample.
pub(crate) static RETAIL: LazyLock<Arc<Policy>> = LazyLock::new(|| {
    let (name, text) = Policy::builtin("retail").unwrap();
    Arc::new(Policy::compile(text, name, &["www.shop.example".to_owned()]).unwrap())
});

/// The address of whoever an event is of: of three persons, the one that the last character of its id says.
pub(crate) fn person(id: &str) -> String {
    format!("person-{}@shop.example", id.bytes().last().unwrap_or_default() % 3)
}

/// The persons of the events with these ids, who must not be sent.
#[derive(Debug)]
pub(crate) struct Persons(Vec<Identifier>);

impl Persons {
    /// They.
    pub(crate) fn of(ids: &[&str]) -> Arc<dyn Suppressed> {
        Arc::new(Self(ids.iter().flat_map(|id| forms(Kind::Email, &person(id))).collect()))
    }
}

impl Suppressed for Persons {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn holds(&self, identifier: &Identifier) -> bool {
        self.0.contains(identifier)
    }
}

/// An ordinary purchase with this event id.
pub(crate) fn event(id: &str) -> SanitizedEvent {
    let (now_secs, who) = (1_800_000_000, person(id));
    let raw = format!(
        r#"{{"event_name":"Purchase","event_time":{now_secs},"event_id":"{id}","action_source":"website","event_source_url":"https://www.shop.example/checkout","user_data":{{"em":"{who}","client_user_agent":"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}},"custom_data":{{"value":29.9,"currency":"EUR"}}}}"#
    );
    let pseudonyms = PseudonymKey::new([7; 32]);
    let context = Context { dataset: "1", now_secs, fresh_id: [1; 16], pseudonyms: &pseudonyms, suppressed: &Nobody };
    match sanitize(&RETAIL, &context, &raw) {
        Outcome::Forward(event, _) => event,
        other => panic!("the sample must pass: {other:?}"),
    }
}

/// One request with these event ids.
pub(crate) fn append(site: &str, dataset: &str, ids: &[&str], received_ms: u64) -> Append {
    Append {
        site: site.into(),
        dataset: dataset.into(),
        envelope: SanitizedEnvelope::default(),
        policy: Arc::clone(&RETAIL),
        events: ids.iter().map(|id| event(id)).collect(),
        received_ms,
    }
}

/// The event ids of a lease, in order.
pub(crate) fn ids(lease: &Lease) -> Vec<String> {
    lease.events().map(id).collect()
}

/// The event id of a stored event.
pub(crate) fn id(body: &str) -> String {
    let (_, rest) = body.split_once(r#""event_id":""#).unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}
