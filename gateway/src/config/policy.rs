//! Where a policy's text comes from: the executable, or a file.

use std::path::Path;

use portcullis_filters::document::{MAX_DOCUMENT_BYTES, nearest};
use portcullis_filters::policy::{BUILTINS, Policy};

use super::file;

/// Why there is no text.
#[derive(Debug, thiserror::Error)]
pub enum PolicyTextError {
    /// No built-in has this name.
    #[error(
        "there is no built-in policy of this name; there are {known}, and a file needs a `/` or `.toml` in its path{hint}"
    )]
    Unknown {
        /// Full names of the built-ins.
        known: String,
        /// What was probably meant, or nothing.
        hint: String,
    },
    /// The file cannot be read.
    #[error("{file} cannot be read: {reason}")]
    Unreadable {
        /// Its path.
        file: String,
        /// Why.
        reason: std::io::Error,
    },
}

/// Whether a policy is named by a path.
pub(super) fn is_file(name: &str) -> bool {
    name.contains('/') || Path::new(name).extension().is_some_and(|extension| extension == "toml")
}

/// The name by which errors call a policy, and its text: of a built-in such as `retail@1`, or of a file, relative to `base`.
pub fn policy_text(name: &str, base: &Path) -> Result<(String, String), PolicyTextError> {
    if is_file(name) {
        let path = base.join(name);
        let file = path.display().to_string();
        return match file::read_text(&path, MAX_DOCUMENT_BYTES) {
            Ok(text) => Ok((file, text)),
            Err(reason) => Err(PolicyTextError::Unreadable { file, reason }),
        };
    }
    let (full_name, text) = Policy::builtin(name).ok_or_else(|| unknown(name))?;
    Ok((full_name.to_owned(), text.to_owned()))
}

/// What was written is quoted only where it is a slip or two from a name that everybody may know: it could be anything.
fn unknown(name: &str) -> PolicyTextError {
    let known: Vec<&str> = BUILTINS.iter().map(|(name, _)| *name).collect();
    let newest = known.iter().filter_map(|name| name.split('@').next());
    let near = nearest(name, &newest.chain(known.iter().copied()).collect::<Vec<_>>());
    let hint = near.map_or_else(String::new, |near| format!("; `{name}`: did you mean `{near}`?"));
    PolicyTextError::Unknown { known: known.join(", "), hint }
}
