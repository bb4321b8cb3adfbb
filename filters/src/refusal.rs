//! Why something is not an event. The caller is told, so the words say what to mend; they never hold a value or the name of an
//! unknown key.

use std::fmt;

/// A place and the rule that it breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    path: &'static str,
    rule: Rule,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    NotJson,
    NotAnObject,
    TooDeep,
    StringTooLong,
    ListTooLong,
    DuplicateKey,
    TooManyKeys,
    Missing,
    WrongType,
    NotAWord,
    Milliseconds,
    InTheFuture,
    TooOld,
    TooOldForStore,
}

impl Refusal {
    pub(crate) const fn new(path: &'static str, rule: Rule) -> Self {
        Self { path, rule }
    }

    /// The path of the field, or `event`, `unknown` or a section where no single field is meant.
    pub fn path(&self) -> &'static str {
        self.path
    }

    /// The rule, as a phrase that follows the path.
    pub fn rule(&self) -> &'static str {
        match self.rule {
            Rule::NotJson => "is not valid JSON",
            Rule::NotAnObject => "must be a JSON object",
            Rule::TooDeep => "nests more than 16 levels",
            Rule::StringTooLong => "has a string of more than 8192 bytes",
            Rule::ListTooLong => "has more than 512 elements",
            Rule::DuplicateKey => "has a key twice",
            Rule::TooManyKeys => "has more than 4096 unknown keys",
            Rule::Missing => "is required",
            Rule::WrongType => "has the wrong type",
            Rule::NotAWord => "is not one of the values that Meta documents",
            Rule::Milliseconds => "must be in seconds; this looks like milliseconds",
            Rule::InTheFuture => "is more than 10 minutes in the future",
            Rule::TooOld => "is more than 7 days old",
            Rule::TooOldForStore => "is more than 62 days old",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.path, self.rule())
    }
}
