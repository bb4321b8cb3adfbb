//! Takes the answer of a script apart, one value after the other.

use redis::Value;

use crate::outbox::OutboxError;

/// What of an answer was not taken yet.
#[derive(Debug)]
pub(super) struct Answer {
    what: &'static str,
    values: std::vec::IntoIter<Value>,
}

impl Answer {
    /// Of a script with this name.
    pub(super) fn new(what: &'static str, values: Vec<Value>) -> Self {
        Self { what, values: values.into_iter() }
    }

    pub(super) fn is_over(&self) -> bool {
        self.values.len() == 0
    }

    /// The next value; nothing where it is nil, or where there is none.
    pub(super) fn bytes(&mut self) -> Option<Vec<u8>> {
        match self.values.next()? {
            Value::BulkString(bytes) => Some(bytes),
            Value::SimpleString(text) => Some(text.into_bytes()),
            Value::Int(number) => Some(number.to_string().into_bytes()),
            _ => None,
        }
    }

    pub(super) fn text(&mut self) -> Result<String, OutboxError> {
        self.bytes().and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(|| self.strange())
    }

    pub(super) fn number<N: std::str::FromStr>(&mut self) -> Result<N, OutboxError> {
        self.text()?.parse().map_err(|_| self.strange())
    }

    /// The error for what no script of ours answers.
    pub(super) fn strange(&self) -> OutboxError {
        crate::shared::SharedError::Strange(self.what).into()
    }
}
