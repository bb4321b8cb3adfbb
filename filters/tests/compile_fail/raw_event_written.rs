//! A raw event can be written nowhere.
use portcullis_filters::event::RawEvent;

fn serialized(event: &RawEvent<'_>) -> String {
    serde_json::to_string(event).unwrap()
}

fn displayed(event: &RawEvent<'_>) -> String {
    event.to_string()
}

fn main() {}
