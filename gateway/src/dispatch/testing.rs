//! What the tests of the dispatcher share.

use std::sync::{Arc, LazyLock};

use portcullis_filters::event::SanitizedEvent;
use portcullis_filters::pipeline::{Context, Outcome, sanitize};
use portcullis_filters::policy::Policy;
use portcullis_filters::pseudonym::PseudonymKey;
use portcullis_filters::suppression::Nobody;

/// The time of the tests, in seconds since 1970.
pub(crate) const NOW_SECS: u64 = 1_790_000_000;

static POLICY: LazyLock<Arc<Policy>> = LazyLock::new(|| {
    let (name, text) = Policy::builtin("retail").unwrap();
    Arc::new(Policy::compile(text, name, &["www.shop.example".to_owned()]).unwrap())
});

/// The policy of the tests' site.
pub(crate) fn policy() -> Arc<Policy> {
    POLICY.clone()
}

/// An ordinary purchase, as the filter lets it leave.
pub(crate) fn sanitized(number: usize) -> SanitizedEvent {
    sanitized_at(number, NOW_SECS, "website")
}

/// The same at a time and of a source.
pub(crate) fn sanitized_at(number: usize, event_time: u64, action_source: &str) -> SanitizedEvent {
    sanitized_as(number, event_time, action_source, "jane@example.com")
}

/// An ordinary purchase of somebody.
pub(crate) fn sanitized_of(number: usize, email: &str) -> SanitizedEvent {
    sanitized_as(number, NOW_SECS, "website", email)
}

fn sanitized_as(number: usize, event_time: u64, action_source: &str, email: &str) -> SanitizedEvent {
    let raw = format!(
        r#"{{"event_name":"Purchase","event_time":{event_time},"event_id":"order-{number:05}","action_source":"{action_source}","event_source_url":"https://www.shop.example/","user_data":{{"em":"{email}","client_user_agent":"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"}},"custom_data":{{"value":19.5,"currency":"EUR"}}}}"#
    );
    let pseudonyms = PseudonymKey::new([7; 32]);
    let context = Context {
        dataset: "1234567890123456",
        now_secs: event_time,
        fresh_id: [1; 16],
        pseudonyms: &pseudonyms,
        suppressed: &Nobody,
    };
    match sanitize(&policy(), &context, &raw) {
        Outcome::Forward(event, _) => event,
        other => panic!("an ordinary purchase does not pass: {other:?}"),
    }
}
