//! Nor by its constructor, which is the guard's.
use portcullis_filters::event::SanitizedEvent;

fn main() {
    let _ = SanitizedEvent::new(String::from("{}"), 0);
}
