//! Writes what a command has to say. The one place that writes to standard output and standard error.
//!
//! A reader that goes away, as `head` does, ends the output and is no failure.

use std::fmt::Display;
use std::io::{self, ErrorKind, StderrLock, StdoutLock, Write};

use anyhow::Context as _;
use serde::Serialize;

use super::Failure;

/// Lines to a reader that may go away.
#[derive(Debug)]
pub struct Output<W> {
    reader: Option<W>,
}

impl Output<StdoutLock<'static>> {
    /// To standard output, which is held as long as this lives.
    pub fn standard() -> Self {
        Self::to(io::stdout().lock())
    }
}

impl Output<StderrLock<'static>> {
    /// To standard error, where standard output is taken by something else.
    pub fn error() -> Self {
        Self::to(io::stderr().lock())
    }
}

impl<W: Write> Output<W> {
    /// To this writer.
    pub fn to(writer: W) -> Self {
        Self { reader: Some(writer) }
    }

    /// Writes a line, unless the reader has gone.
    pub fn line(&mut self, text: impl Display) -> io::Result<()> {
        let Some(writer) = &mut self.reader else { return Ok(()) };
        match writeln!(writer, "{text}").and_then(|()| writer.flush()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.reader = None;
                Ok(())
            }
            done => done,
        }
    }
}

/// One JSON object on standard output.
pub(super) fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(value).context("the answer cannot be written as JSON")?;
    Ok(Output::standard().line(text)?)
}

/// A number of things in words, of which more than one end in s.
pub(super) fn many(number: u64, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}

/// Says on standard error why a command failed, with the causes.
pub(super) fn complain(error: &anyhow::Error) {
    // If standard error is gone too, the exit code has to do.
    drop(writeln!(io::stderr().lock(), "error: {error:#}"));
}

/// Says on standard error what who looks at the output should know.
pub(super) fn remark(text: &str) {
    // If standard error is gone, nobody looks.
    drop(writeln!(io::stderr().lock(), "warning: {text}"));
}

/// Says on standard error where the process panicked, and nothing else: the message could hold a piece of an event.
pub(super) fn panicked(place: Option<&std::panic::Location<'_>>) {
    let place = place.map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    drop(writeln!(io::stderr().lock(), "panic at {place}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Gone(ErrorKind);

    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_are_written_as_they_come() {
        let mut text = Vec::new();
        let mut output = Output::to(&mut text);
        output.line("one").unwrap();
        output.line(2).unwrap();
        assert_eq!(text, b"one\n2\n");
    }

    #[test]
    fn a_reader_that_went_away_is_no_failure_and_a_full_disk_is_one() {
        let mut output = Output::to(Gone(ErrorKind::BrokenPipe));
        output.line("one").unwrap();
        output.line("two").unwrap();
        assert!(Output::to(Gone(ErrorKind::StorageFull)).line("one").is_err());
    }
}
