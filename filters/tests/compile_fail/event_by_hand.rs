//! A sanitized event cannot be made by naming its fields.
use portcullis_filters::event::SanitizedEvent;

fn main() {
    let _ = SanitizedEvent { body: todo!(), event_time: todo!() };
}
