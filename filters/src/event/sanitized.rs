//! An event as it may leave.

/// An event that has passed every stage. Only `sanitize` and `readmit` make one: its fields are private, and there is no
/// `Deserialize`, `Default`, `Clone`, `From` or `&mut` way in. Its `Debug` prints a length: nothing of an event stands in a log.
#[derive(PartialEq, Eq)]
pub struct SanitizedEvent {
    body: String,
    event_time: u64,
}

impl SanitizedEvent {
    /// `body` is what the guard has checked.
    pub(crate) fn new(body: String, event_time: u64) -> Self {
        Self { body, event_time }
    }

    /// The JSON object as it is stored and sent. One line: no line break stands in it.
    pub fn as_str(&self) -> &str {
        &self.body
    }

    /// When it happened, in seconds since 1970.
    pub fn event_time(&self) -> u64 {
        self.event_time
    }
}

impl std::fmt::Debug for SanitizedEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SanitizedEvent({} bytes)", self.body.len())
    }
}
