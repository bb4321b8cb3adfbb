//! An envelope comes from `sanitize_envelope`, or from what that has written.
use portcullis_filters::event::SanitizedEnvelope;

fn main() {
    let _: SanitizedEnvelope = String::from("{}").into();
    let _: Result<SanitizedEnvelope, _> = "{}".parse();
    let _ = serde_json::from_str::<SanitizedEnvelope>("{}");
}
