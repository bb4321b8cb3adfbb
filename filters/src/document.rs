//! Reads a TOML document (a policy, a configuration) into a type, and says what is wrong with it.
//!
//! An error names file, key, line, reason and the nearest valid word, and never a value: somebody writes a token where only
//! its name belongs, and the error lands in a log. That holds by construction, not by editing texts afterwards: `problem`
//! is handed a value by serde and has no way to print it. Keys are quoted only when they look like keys.

mod problem;
mod reader;

use serde::de::DeserializeOwned;

pub use problem::Problem;

/// The longest document that is read. A policy with a thousand page classes needs a tenth of it.
pub const MAX_DOCUMENT_BYTES: usize = 1024 * 1024;

/// Why a document was not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {message}")]
pub struct DocumentError {
    file: String,
    message: String,
}

/// Reads `text`; `file` is named in errors. Never quotes a value of the document, which could be a secret.
pub fn read<T: DeserializeOwned>(text: &str, file: &str) -> Result<T, DocumentError> {
    let fail = |message| DocumentError { file: file.to_owned(), message };
    if text.len() > MAX_DOCUMENT_BYTES {
        return Err(fail(format!("is larger than {MAX_DOCUMENT_BYTES} bytes")));
    }
    reader::read(text).map_err(|problem| fail(problem.located(text)))
}

/// The word of `words` that was probably meant by `word`.
pub fn nearest<'w>(word: &str, words: &[&'w str]) -> Option<&'w str> {
    let word = word.to_lowercase().replace('-', "_");
    // A typo is a slip or two, more in a longer word; a further word would be a guess that misleads.
    let slips = 1 + word.chars().count() / 4;
    let distance = |candidate: &str| strsim::damerau_levenshtein(&word, &candidate.to_lowercase());
    words
        .iter()
        .map(|candidate| (distance(candidate), *candidate))
        .filter(|(far, _)| *far <= slips)
        .min()
        .map(|(_, near)| near)
}

#[cfg(test)]
mod tests;
