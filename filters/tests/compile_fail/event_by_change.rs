//! What has passed the guard stays as it is.
use portcullis_filters::event::SanitizedEvent;

fn change(event: &mut SanitizedEvent) {
    event.body = String::from("{}").into_boxed_str();
}

fn main() {}
