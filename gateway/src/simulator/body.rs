//! The body of an answer: whole, or the first half of one whose connection then breaks.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use super::line::Cut;

/// What is sent of an answer.
#[derive(Debug)]
pub(super) struct AnswerBody {
    /// Not sent yet.
    rest: Bytes,
    /// How long the headers say that it is.
    announced: u64,
    /// What is cut once all of `rest` is on its way.
    cut: Option<Cut>,
}

impl AnswerBody {
    pub(super) fn whole(bytes: Bytes) -> Self {
        Self { announced: bytes.len() as u64, rest: bytes, cut: None }
    }

    /// The same answer, of which only the first half arrives.
    pub(super) fn halved(self, cut: Cut) -> Self {
        let half = self.rest.len() / 2;
        Self { rest: self.rest.slice(..half), cut: Some(cut), ..self }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let rest = std::mem::take(&mut self.rest);
        match &self.cut {
            _ if !rest.is_empty() => Poll::Ready(Some(Ok(Frame::data(rest)))),
            // Nobody wakes this up: what was given so far is written, and then there is no connection any more.
            Some(cut) => {
                cut.once_written();
                Poll::Pending
            }
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.cut.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.announced)
    }
}
