//! Why something that is shared through Redis did not happen.

use super::membership::Refusal;

/// What went wrong. No text of it holds a key's content or an argument: errors of the server are known by their code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SharedError {
    /// There is no connection, or it broke or fell silent while an answer was awaited: what was asked may have been done.
    #[error("Redis cannot be reached: {0}")]
    Away(String),
    /// Redis has no memory left for it. Nothing was done.
    #[error("Redis is full")]
    Full,
    /// Redis refused what was asked.
    #[error("Redis refused {what}: {code}")]
    Refused {
        /// What was asked.
        what: &'static str,
        /// The code of the error.
        code: String,
    },
    /// Redis, or how it is reached, is not what the configuration asks for. In words, with what to change.
    #[error("Redis does not suit: {0}")]
    Unfit(String),
    /// This gateway may not join the others.
    #[error(transparent)]
    Unjoined(#[from] Refusal),
    /// Redis answered what no script of ours answers.
    #[error("Redis answered {0} with something else than it should")]
    Strange(&'static str),
}

impl SharedError {
    /// Whether a person has to change the configuration before it can succeed.
    pub fn is_of_configuration(&self) -> bool {
        matches!(self, Self::Unjoined(_) | Self::Unfit(_))
    }
}
