//! Nor from a text.
use portcullis_filters::event::SanitizedEvent;

fn main() {
    let _: SanitizedEvent = String::from("{}").into();
    let _: Result<SanitizedEvent, _> = "{}".parse();
}
