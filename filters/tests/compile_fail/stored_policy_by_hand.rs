//! What stored events were sanitized under is read from the text that its digest covers, or is unreadable.
use portcullis_filters::policy::StoredPolicy;

fn main() {
    let _: StoredPolicy = Default::default();
}

fn opened(stored: &mut StoredPolicy) {
    stored.known = None;
}
