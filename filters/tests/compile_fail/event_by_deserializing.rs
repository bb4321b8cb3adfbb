//! Nor from JSON.
use portcullis_filters::event::SanitizedEvent;

fn main() {
    let _ = serde_json::from_str::<SanitizedEvent>("{}");
}
