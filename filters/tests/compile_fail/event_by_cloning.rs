//! What was sent once cannot be sent again from a copy.
use portcullis_filters::event::SanitizedEvent;

fn twice(event: &SanitizedEvent) -> SanitizedEvent {
    event.clone()
}

fn main() {}
