//! What is fuzzed of the gateway: the one place that looks into a caller's bytes. Apart from the other targets, so that these build
//! without the gateway.

#![expect(clippy::expect_used, reason = "what fails here fails the run")]

use portcullis::ingest::fuzz::events_of;

/// A request's body; the first byte chooses how it is written.
pub(crate) fn decode(bytes: &[u8]) {
    let Some((encoding, body)) = bytes.split_first() else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    if let Some(events) = runtime.block_on(events_of(*encoding, body)) {
        assert!((1..=1000).contains(&events));
    }
}
