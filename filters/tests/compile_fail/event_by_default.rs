//! Nor out of nothing.
use portcullis_filters::event::SanitizedEvent;

fn main() {
    let _: SanitizedEvent = Default::default();
}
