//! Reads a catalogue's file, piece by piece. An error names the line and the rule; what stands in the line it does not repeat.

use csv_core::ReadRecordResult;
use sha2::{Digest as _, Sha256};

use super::{Added, Catalog, Class, Counts, Lengths, Rows};
use crate::closed_form;

/// Most rows, and with [`MAX_BYTES`] what bounds the memory that a catalogue takes.
const MAX_ROWS: usize = 2_000_000;
/// Most bytes of a file.
const MAX_BYTES: usize = 128 * 1024 * 1024;
/// Longest row: an id of 64 characters and the longest class, with room for a row that is wrong and should be told as such.
const MAX_ROW_BYTES: usize = 256;
/// Columns that are looked at: a third one is one too many.
const MAX_COLUMNS: usize = 3;
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Why a file is no catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CatalogError {
    /// It begins otherwise.
    #[error("line 1: must be the header `id,class`, with a comma between the two")]
    Header,
    /// Some program wrote it in another encoding.
    #[error("line {line}: is not UTF-8; save the file as CSV in UTF-8")]
    NotUtf8 {
        /// From 1.
        line: u64,
    },
    /// A column is missing, or one too many.
    #[error("line {line}: must have two columns, the id and its class")]
    Columns {
        /// From 1.
        line: u64,
    },
    /// Longer than any row can be.
    #[error("line {line}: is longer than {MAX_ROW_BYTES} bytes; a closing quote may be missing")]
    TooLong {
        /// From 1.
        line: u64,
    },
    /// There is no id.
    #[error("line {line}: the id is empty")]
    EmptyId {
        /// From 1.
        line: u64,
    },
    /// No id of this form leaves.
    #[error("line {line}: the id must be 1 to 64 of A-Z a-z 0-9 . _ - and must not hold what could be a digest")]
    Id {
        /// From 1.
        line: u64,
    },
    /// An unknown word.
    #[error("line {line}: the class must be neutral, sensitive or prescription, in lower case")]
    Class {
        /// From 1.
        line: u64,
    },
    /// Two rows contradict each other.
    #[error("line {line}: an earlier line gives the same id another class; remove one of the two")]
    Contradiction {
        /// Of the second one, from 1.
        line: u64,
    },
    /// Nothing stands below the header.
    #[error("has no row")]
    Empty,
    /// Too many.
    #[error("has more than {MAX_ROWS} rows; list the goods that are advertised")]
    TooManyRows,
    /// Too large.
    #[error("has more than {MAX_BYTES} bytes")]
    TooLarge,
}

/// Takes a file piece by piece, as large as they come.
pub struct CatalogReader {
    most_rows: usize,
    csv: csv_core::Reader,
    row: RowBuffer,
    /// Whether the byte that was read last ended its line.
    at_line_end: bool,
    has_header: bool,
    bytes: usize,
    sha256: Sha256,
    rows: Rows,
    counts: Counts,
    telling_lengths: Lengths,
}

/// The columns of the row that is being read.
struct RowBuffer {
    text: [u8; MAX_ROW_BYTES],
    text_len: usize,
    ends: [usize; MAX_COLUMNS],
    columns: usize,
}

impl Default for CatalogReader {
    fn default() -> Self {
        Self {
            most_rows: MAX_ROWS,
            csv: csv_core::Reader::new(),
            row: RowBuffer { text: [0; MAX_ROW_BYTES], text_len: 0, ends: [0; MAX_COLUMNS], columns: 0 },
            at_line_end: false,
            has_header: false,
            bytes: 0,
            sha256: Sha256::new(),
            rows: Rows::default(),
            counts: Counts::default(),
            telling_lengths: Lengths::default(),
        }
    }
}

impl CatalogReader {
    /// Takes the next bytes of the file.
    pub fn read(&mut self, bytes: &[u8]) -> Result<(), CatalogError> {
        self.bytes = self.bytes.saturating_add(bytes.len());
        if self.bytes > MAX_BYTES {
            return Err(CatalogError::TooLarge);
        }
        self.sha256.update(bytes);
        let mut rest = bytes;
        while !rest.is_empty() {
            rest = self.step(rest)?;
        }
        Ok(())
    }

    /// The catalogue, once the file is at its end.
    pub fn finish(mut self) -> Result<Catalog, CatalogError> {
        // No bytes are how the parser is told that there are no more; a last line without a line end is a row too.
        self.step(&[])?;
        if !self.has_header {
            return Err(CatalogError::Header);
        }
        if self.counts.total() == 0 {
            return Err(CatalogError::Empty);
        }
        self.rows.shrink();
        let Self { rows, counts, telling_lengths, .. } = self;
        Ok(Catalog { rows, counts, telling_lengths, digest: self.sha256.finalize().into() })
    }

    /// Reads to the end of the row, or of the bytes, and returns the bytes that are left.
    fn step<'b>(&mut self, bytes: &'b [u8]) -> Result<&'b [u8], CatalogError> {
        let (text, ends) = self.row.free();
        let (result, read, written, ended) = self.csv.read_record(bytes, text, ends);
        self.row.text_len += written;
        self.row.columns += ended;
        let (taken, rest) = bytes.split_at_checked(read).unwrap_or((bytes, &[]));
        if let Some(last) = taken.last() {
            self.at_line_end = *last == b'\n';
        }
        match result {
            ReadRecordResult::InputEmpty | ReadRecordResult::End => {}
            ReadRecordResult::OutputFull => return Err(CatalogError::TooLong { line: self.line() }),
            ReadRecordResult::OutputEndsFull => return Err(CatalogError::Columns { line: self.line() }),
            ReadRecordResult::Record => {
                self.take_row()?;
                self.row.text_len = 0;
                self.row.columns = 0;
            }
        }
        Ok(rest)
    }

    /// The line of the row that was read last: the parser counts line ends, and has read that of this row or not.
    fn line(&self) -> u64 {
        self.csv.line() - u64::from(self.at_line_end)
    }

    fn take_row(&mut self) -> Result<(), CatalogError> {
        let line = self.line();
        if std::str::from_utf8(self.row.text()).is_err() {
            return Err(CatalogError::NotUtf8 { line });
        }
        let columns = self.row.two_columns();
        if !self.has_header {
            let (id, class) = columns.ok_or(CatalogError::Header)?;
            let id = id.strip_prefix(BYTE_ORDER_MARK).unwrap_or(id);
            self.has_header = id == b"id" && class == b"class";
            return if self.has_header { Ok(()) } else { Err(CatalogError::Header) };
        }
        let (id, class) = columns.ok_or(CatalogError::Columns { line })?;
        if id.is_empty() {
            return Err(CatalogError::EmptyId { line });
        }
        if std::str::from_utf8(id).ok().and_then(closed_form::content_id).is_none() {
            return Err(CatalogError::Id { line });
        }
        let class = Class::of_word(class).ok_or(CatalogError::Class { line })?;
        if class.is_signal() {
            self.telling_lengths.include(id.len());
        }
        match self.rows.add(id, class) {
            Some(Added::New) => self.counts.count(class),
            Some(Added::Known(known)) if known == class => {}
            Some(Added::Known(_)) => return Err(CatalogError::Contradiction { line }),
            None => return Err(CatalogError::TooLarge),
        }
        if self.counts.total() > self.most_rows { Err(CatalogError::TooManyRows) } else { Ok(()) }
    }
}

impl std::fmt::Debug for CatalogReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CatalogReader({:?})", self.counts)
    }
}

impl RowBuffer {
    /// Where the parser may go on writing.
    fn free(&mut self) -> (&mut [u8], &mut [usize]) {
        let text = self.text.get_mut(self.text_len..).unwrap_or_default();
        (text, self.ends.get_mut(self.columns..).unwrap_or_default())
    }

    fn text(&self) -> &[u8] {
        self.text.get(..self.text_len).unwrap_or_default()
    }

    /// Both columns, of a row that has two.
    fn two_columns(&self) -> Option<(&[u8], &[u8])> {
        let [first, second] = *self.ends.get(..self.columns)? else { return None };
        Some((self.text.get(..first)?, self.text.get(first..second)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_row_too_many_is_an_error_and_a_row_that_comes_twice_is_one() {
        let read = |csv: &[u8]| {
            let mut reader = CatalogReader { most_rows: 2, ..CatalogReader::default() };
            reader.read(csv)?;
            reader.finish().map(|catalog| catalog.counts().total())
        };
        assert_eq!(read(b"id,class\nA,neutral\nB,neutral\nA,neutral"), Ok(2));
        assert_eq!(read(b"id,class\nA,neutral\nB,neutral\nC,neutral"), Err(CatalogError::TooManyRows));
    }
}
