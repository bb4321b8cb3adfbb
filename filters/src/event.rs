//! skeleton
/// An event that passed. Only `sanitize` and `readmit` make one.
#[derive(Debug, PartialEq, Eq)]
pub struct SanitizedEvent {
    pub(crate) body: Box<str>,
    pub(crate) event_time: u64,
}
impl SanitizedEvent {
    /// The JSON object as it is stored and sent; one line.
    pub fn as_str(&self) -> &str {
        &self.body
    }
    /// Seconds since 1970.
    pub fn event_time(&self) -> u64 {
        self.event_time
    }
}
/// The parts of a request around its events that may leave.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct SanitizedEnvelope {
    pub(crate) json: Box<str>,
}
impl SanitizedEnvelope {
    /// A canonical JSON object without spaces: `{}` or e.g. `{"test_event_code":"TEST1"}`.
    pub fn as_str(&self) -> &str {
        if self.json.is_empty() { "{}" } else { &self.json }
    }
}
