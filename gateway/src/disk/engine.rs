//! What the engine, SQLite, says of an error.

use rusqlite::Error;

/// The engine's word for an error. Its longer text is left out: it may quote what was stored.
pub(crate) fn describe(error: &Error) -> String {
    match error.sqlite_error() {
        Some(code) => format!("SQLite: {} ({})", rusqlite::ffi::code_to_str(code.extended_code), code.extended_code),
        None => "SQLite: a value of an unexpected type".to_owned(),
    }
}
