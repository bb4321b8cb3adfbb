//! Nor copied, nor looked into from outside.
use portcullis_filters::event::RawEvent;

fn copied<'a>(event: &RawEvent<'a>) -> RawEvent<'a> {
    event.clone()
}

fn opened(event: &RawEvent<'_>) {
    let _ = &event.slots;
    let _ = event.iter();
}

fn main() {}
