//! Reads a TOML document into a type, with errors that name file, key, line and the nearest valid word. (skeleton)
use serde::de::DeserializeOwned;
/// Why a document was not read.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {message}")]
pub struct DocumentError {
    file: String,
    message: String,
}
/// Reads `text`; `file` is named in errors. Never quotes a value of the document, which could be a secret.
pub fn read<T: DeserializeOwned>(text: &str, file: &str) -> Result<T, DocumentError> {
    toml::from_str(text).map_err(|e| DocumentError { file: file.into(), message: e.message().into() })
}
/// The word of the list that is nearest to this one, if one is near.
pub fn nearest<'w>(word: &str, words: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    words
        .into_iter()
        .map(|w| (strsim::damerau_levenshtein(word, w), w))
        .filter(|(d, w)| *d <= w.len() / 3 + 1)
        .min()
        .map(|(_, w)| w)
}
