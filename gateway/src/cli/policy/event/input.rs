//! Reads the events that are to be explained: one, a list of them, or the JSON body of a request.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::STANDARD;

/// What the gateway takes by default, and some more.
const MAX_BYTES: u64 = 16 * 1024 * 1024;
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Why there are no events.
#[derive(Debug, thiserror::Error)]
pub(super) enum InputError {
    /// It cannot be read.
    #[error("{file} cannot be read: {reason}")]
    Unreadable {
        /// Its name.
        file: String,
        /// Why.
        reason: io::Error,
    },
    /// It is no JSON.
    #[error("line {line}, column {column}: is not JSON; give an event, a list of events, or a body {{\"data\": [...]}}")]
    NotJson {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// It is JSON and holds none.
    #[error("holds no event; give an event, a list of events, or a body {{\"data\": [...]}}")]
    NoEvent,
}

/// A body, of which only the events count here.
#[derive(Deserialize)]
struct Body<'b> {
    #[serde(borrow)]
    data: Option<&'b RawValue>,
}

/// How errors call a file.
pub(super) fn name(file: &Path) -> String {
    if file.as_os_str() == STANDARD { "standard input".to_owned() } else { file.display().to_string() }
}

/// The text of a file, or what comes by standard input.
pub(super) fn read(file: &Path) -> Result<String, anyhow::Error> {
    let mut text = String::new();
    let read = if file.as_os_str() == STANDARD {
        io::stdin().lock().take(MAX_BYTES + 1).read_to_string(&mut text)
    } else {
        File::open(file).and_then(|file| file.take(MAX_BYTES + 1).read_to_string(&mut text))
    };
    let read = read.and_then(|bytes| {
        let fits = u64::try_from(bytes).is_ok_and(|bytes| bytes <= MAX_BYTES);
        if fits { Ok(()) } else { Err(io::Error::other(format!("larger than {MAX_BYTES} bytes"))) }
    });
    read.map_err(|reason| InputError::Unreadable { file: name(file), reason })?;
    Ok(text)
}

/// The events in a text.
pub(super) fn events(text: &str) -> Result<Vec<Box<RawValue>>, InputError> {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let whole: &RawValue = serde_json::from_str(text).map_err(not_json)?;
    // A text can hold a list, as it does in forms, or an event, as Python's SDK sends it.
    let events = match whole.get().as_bytes().first() {
        Some(b'{') => match serde_json::from_str::<Body<'_>>(whole.get()) {
            Ok(Body { data: Some(data) }) => list(data)?,
            // An event has no `data`; what else is wrong with it, the filter says.
            Ok(Body { data: None }) | Err(_) => vec![whole.to_owned()],
        },
        Some(b'[') => list(whole)?,
        Some(b'"') => return events(&inner(whole)?),
        _ => return Err(InputError::NoEvent),
    };
    if events.is_empty() { Err(InputError::NoEvent) } else { Ok(events) }
}

/// The elements of a list, also of one in a text.
fn list(data: &RawValue) -> Result<Vec<Box<RawValue>>, InputError> {
    if data.get().starts_with('"') {
        let inner = inner(data)?;
        return serde_json::from_str(&inner).map_err(|_| InputError::NoEvent);
    }
    serde_json::from_str(data.get()).map_err(|_| InputError::NoEvent)
}

fn inner(text: &RawValue) -> Result<String, InputError> {
    serde_json::from_str(text.get()).map_err(not_json)
}

#[expect(clippy::needless_pass_by_value, reason = "an error is mapped by value")]
fn not_json(error: serde_json::Error) -> InputError {
    InputError::NotJson { line: error.line(), column: error.column() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_event_a_list_and_a_body_are_told_apart() {
        let read =
            |text: &str| -> Vec<String> { events(text).unwrap().iter().map(|event| event.get().to_owned()).collect() };
        let event = r#"{"event_name":"Lead"}"#;
        assert_eq!(read(event), [event]);
        assert_eq!(read(&format!("\u{feff} {event}\n")), [event]);
        assert_eq!(read(&format!("[{event},{event}]")), [event, event]);
        assert_eq!(read(&format!(r#"{{"access_token":"t","data":[{event}, 7]}}"#)), [event, "7"]);
        let quoted = serde_json::to_string(event).unwrap();
        assert_eq!(read(&quoted), [event]);
        assert_eq!(read(&format!(r#"{{"data":[{quoted}]}}"#)), [quoted.as_str()]);
        let list = serde_json::to_string(&format!("[{event}]")).unwrap();
        assert_eq!(read(&format!(r#"{{"data":{list}}}"#)), [event]);
        // One that has a key twice is an event for the filter to refuse.
        assert_eq!(read(r#"{"data":1,"data":2}"#).len(), 1);
    }

    #[test]
    fn what_holds_no_event_is_told_by_its_place() {
        let told = |text: &str| events(text).unwrap_err().to_string();
        assert!(told("{\n\"secret\": }").starts_with("line 2, column 11: is not JSON"), "{}", told("{\n\"secret\": }"));
        for nothing in ["", "7", "null", "[]", r#"{"data":[]}"#, r#"{"data":"secret"}"#, r#"{"data":7}"#, r#""secret""#] {
            let told = told(nothing);
            assert!(told.contains("give an event") && !told.contains("secret"), "{nothing}: {told}");
        }
    }
}
