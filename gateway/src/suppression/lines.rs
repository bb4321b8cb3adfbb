//! What an import is made of, line by line: `email,value`, a SHA-256 alone, or what an export wrote.
//!
//! A line is bounded, and one that cannot be read is told by its number and the rule, never by what stands in it.

use std::io::{self, BufRead};

use portcullis_filters::normalize::parse_hex;
use portcullis_filters::suppression::{Identifier, Kind, forms};

use super::mark::{Fingerprint, Mark};

/// Longer lines hold no identifier.
const MAX_LINE_BYTES: usize = 4_096;
/// How an export begins, before the fingerprint of its key.
const EXPORT: &str = "# portcullis suppression 1, key ";
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The first line of an export.
pub fn export_head(key: &Fingerprint) -> String {
    format!("{EXPORT}{key}")
}

/// Which kind of identifier a word names.
fn kind(word: &str) -> Option<Kind> {
    match word {
        "email" => Some(Kind::Email),
        "phone" => Some(Kind::Phone),
        "external_id" => Some(Kind::ExternalId),
        "fbp" => Some(Kind::Fbp),
        _ => None,
    }
}

/// Every form of a person known by this text, or why it stands for nobody.
pub fn person(kind: Kind, text: &str) -> Result<Vec<Identifier>, &'static str> {
    let forms = forms(kind, text);
    if !forms.is_empty() {
        return Ok(forms);
    }
    Err(match kind {
        Kind::Email => "is no e-mail address",
        Kind::Phone => "is no telephone number; it has 7 digits at least",
        Kind::ExternalId => "is empty, or too long for an id",
        Kind::Fbp => "is no browser id of Meta's, which begins with fb.",
    })
}

/// The person known by a SHA-256.
pub fn digest(text: &str) -> Result<Identifier, &'static str> {
    parse_hex(text).map(Identifier::from_digest).ok_or("is no SHA-256 of 64 hex digits")
}

/// What a line holds.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    /// Nothing: it is empty or a comment.
    Nothing,
    /// The key under which the marks that follow were made.
    Key(Fingerprint),
    /// Forms of a person.
    Person(Vec<Identifier>),
    /// A mark of an export.
    Mark(Mark),
}

/// The lines of an import.
#[derive(Debug)]
pub struct Lines<R> {
    reader: R,
    number: u64,
    line: Vec<u8>,
    is_export: bool,
}

impl<R: BufRead> Lines<R> {
    /// From the beginning.
    pub fn of(reader: R) -> Self {
        Self { reader, number: 0, line: Vec::new(), is_export: false }
    }

    /// The next line with its number, from 1; or why it cannot be used.
    pub fn next_line(&mut self) -> io::Result<Option<(u64, Result<Line, &'static str>)>> {
        self.line.clear();
        let limit = MAX_LINE_BYTES as u64 + 1;
        if io::Read::take(&mut self.reader, limit).read_until(b'\n', &mut self.line)? == 0 {
            return Ok(None);
        }
        self.number += 1;
        if self.line.len() > MAX_LINE_BYTES && !self.line.ends_with(b"\n") {
            self.reader.skip_until(b'\n')?;
            return Ok(Some((self.number, Err("is too long"))));
        }
        let read = match std::str::from_utf8(&self.line) {
            Ok(text) => read(text, self.number == 1, self.is_export),
            Err(_) => Err("is not UTF-8"),
        };
        self.is_export |= matches!(read, Ok(Line::Key(_)));
        Ok(Some((self.number, read)))
    }
}

fn read(text: &str, is_first: bool, is_export: bool) -> Result<Line, &'static str> {
    let text = if is_first { text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text) } else { text }.trim();
    if let Some(key) = text.strip_prefix(EXPORT).filter(|_| is_first) {
        return Ok(Line::Key(Fingerprint::written(key)));
    }
    if text.is_empty() || text.starts_with('#') {
        return Ok(Line::Nothing);
    }
    if is_export {
        return Mark::parse(text).map(Line::Mark).ok_or("is no mark of an export, which has 32 hex digits");
    }
    match text.split_once(',') {
        None if Mark::parse(text).is_some() => Err("looks like a mark; an export begins with the line that names its key"),
        None => digest(text).map(|digest| Line::Person(vec![digest])),
        Some(("sha256", value)) => digest(unquoted(value)).map(|digest| Line::Person(vec![digest])),
        Some((word, value)) => {
            let kind = kind(word.trim()).ok_or("names no kind: email, phone, external_id, fbp or sha256")?;
            person(kind, unquoted(value)).map(Line::Person)
        }
    }
}

/// A value as spreadsheets write it, without its quotes.
fn unquoted(value: &str) -> &str {
    let value = value.trim();
    value.strip_prefix('"').and_then(|inside| inside.strip_suffix('"')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &[u8]) -> Vec<(u64, Result<Line, &'static str>)> {
        let mut lines = Lines::of(text);
        std::iter::from_fn(|| lines.next_line().unwrap()).collect()
    }

    #[test]
    fn each_kind_of_line_is_told() {
        let sha = "ab".repeat(32);
        let text = format!(
            "\u{feff}email,Ann@Example.com\r\n\n# a comment\nphone,\"+1 (650) 555-1212\"\n{sha}\nsha256,{sha}\nfbp,fb.1.1.1"
        );
        let lines = all(text.as_bytes());
        let person = |line: usize| match &lines[line].1 {
            Ok(Line::Person(forms)) => forms.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(person(0), forms(Kind::Email, "Ann@Example.com"));
        assert_eq!((&lines[1].1, &lines[2].1), (&Ok(Line::Nothing), &Ok(Line::Nothing)));
        assert_eq!(person(3), forms(Kind::Phone, "+1 (650) 555-1212"));
        assert_eq!((person(4), person(5)), (vec![digest(&sha).unwrap()], vec![digest(&sha).unwrap()]));
        assert_eq!(person(6), forms(Kind::Fbp, "fb.1.1.1"));
        assert_eq!(lines.last().unwrap().0, 7);
    }

    #[test]
    fn bad_lines_are_told_by_number_and_rule_and_never_by_what_they_hold() {
        let long = "x".repeat(MAX_LINE_BYTES * 3);
        let text = format!(
            "email,nobody\nname,Ann\nphone,12\nabcd\n{long}\nfbp,x\n{}\nexternal_id,\nemail,a@b.example\n",
            "ab".repeat(16)
        );
        let lines = all(text.as_bytes());
        let bad: Vec<u64> = lines.iter().filter(|(_, read)| read.is_err()).map(|(number, _)| *number).collect();
        assert_eq!(bad, [1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(lines.len(), 9);
        assert_eq!(all(b"email,\xff@b.example\n")[0].1, Err("is not UTF-8"));
    }

    #[test]
    fn an_export_names_its_key_and_then_holds_marks_alone() {
        let key = Fingerprint::written("ab");
        let mark = "0a".repeat(16);
        let lines = all(format!("{}\n{mark}\nemail,a@b.example\n", export_head(&key)).as_bytes());
        assert_eq!(lines[0].1, Ok(Line::Key(key)));
        assert_eq!(lines[1].1, Ok(Line::Mark(Mark::parse(&mark).unwrap())));
        assert!(lines[2].1.is_err(), "an export is not mended by hand");
    }
}
