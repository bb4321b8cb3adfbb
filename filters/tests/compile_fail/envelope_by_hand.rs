//! An envelope cannot be made by naming its fields.
use portcullis_filters::event::SanitizedEnvelope;

fn main() {
    let _ = SanitizedEnvelope { json: todo!() };
}
