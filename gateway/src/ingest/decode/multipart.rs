//! `multipart/form-data` (RFC 7578): the PHP, Java and Ruby SDKs and `curl -F` write it.
//!
//! Strict, because two readers that disagree on where a part ends would be two readers of different events: the body begins with
//! its boundary, every line ends in CR and LF, each part has one name, the last boundary is there and nothing follows it. Nothing
//! is copied. Absent on purpose: nested parts, transfer encodings, and the texts of other charsets.

use std::borrow::Cow;

use memchr::memmem::{self, Finder};

use super::{Collector, Decoded, NOT_UTF8, Parameter};
use crate::ingest::encoding::parameters;
use crate::ingest::respond::Fault;

/// Bytes of the headers of one part.
const MAX_HEAD_BYTES: usize = 4096;
/// Headers of one part. Clients send one to four.
const MAX_HEADERS: usize = 8;

const NO_MULTIPART: Fault = Fault::BadBody("the body is not multipart/form-data with the boundary of Content-Type");
const UNFINISHED: Fault = Fault::BadBody("the body ends before its last boundary");
const BAD_PART: Fault = Fault::BadBody("a part of the body has no proper headers with one name");

/// What comes behind a boundary.
enum Behind<'b> {
    /// A part, from its headers on.
    Part(&'b [u8]),
    /// The end of the body.
    End,
}

pub(super) fn multipart<'b>(boundary: &str, bytes: &'b [u8]) -> Result<Decoded<'b>, Fault> {
    let border = format!("\r\n--{boundary}");
    let borders = Finder::new(border.as_bytes());
    let mut collector = Collector::default();
    // No line stands before the first boundary, but some clients end one there.
    let first = border.trim_start().as_bytes();
    let mut rest = bytes.strip_prefix(b"\r\n").unwrap_or(bytes).strip_prefix(first).ok_or(NO_MULTIPART)?;
    while let Behind::Part(part) = behind_border(rest)? {
        let (head, content) = split_head(part)?;
        if borders.find(head).is_some() {
            return Err(BAD_PART);
        }
        let end = borders.find(content).ok_or(UNFINISHED)?;
        let (value, after) = content.split_at_checked(end).ok_or(UNFINISHED)?;
        take(&mut collector, head, value)?;
        rest = after.get(border.len()..).ok_or(UNFINISHED)?;
    }
    Ok(collector.decoded)
}

fn behind_border(rest: &[u8]) -> Result<Behind<'_>, Fault> {
    let (rest, is_last) = match rest.strip_prefix(b"--") {
        Some(rest) => (rest, true),
        None => (rest, false),
    };
    let padding = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let rest = rest.get(padding..).unwrap_or_default();
    match (is_last, rest.strip_prefix(b"\r\n")) {
        (true, Some([])) => Ok(Behind::End),
        (true, None) if rest.is_empty() => Ok(Behind::End),
        (false, Some(part)) => Ok(Behind::Part(part)),
        (false, None) if rest.is_empty() => Err(UNFINISHED),
        _ => Err(NO_MULTIPART),
    }
}

/// The headers of a part, with the empty line that ends them, and its content.
fn split_head(part: &[u8]) -> Result<(&[u8], &[u8]), Fault> {
    let window = part.get(..MAX_HEAD_BYTES).unwrap_or(part);
    let end = memmem::find(window, b"\r\n\r\n").ok_or(if window.len() < MAX_HEAD_BYTES { UNFINISHED } else { BAD_PART })?;
    part.split_at_checked(end + 4).ok_or(BAD_PART)
}

fn take<'b>(collector: &mut Collector<'b>, head: &'b [u8], value: &'b [u8]) -> Result<(), Fault> {
    let (name, is_file) = name_of(head)?;
    match collector.name(name)? {
        // `data` may come as a file, which changes nothing. For any other parameter a file is none that we know.
        Some(parameter) if !is_file || parameter == Parameter::Data => {
            let text = std::str::from_utf8(value).map_err(|_| NOT_UTF8)?;
            collector.put(parameter, Cow::Borrowed(text));
        }
        _ => collector.unknown(),
    }
    Ok(())
}

/// The name of a part, and whether it came as a file.
fn name_of(head: &[u8]) -> Result<(Cow<'_, str>, bool), Fault> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let Ok(httparse::Status::Complete((_, headers))) = httparse::parse_headers(head, &mut headers) else {
        return Err(BAD_PART);
    };
    let mut dispositions = headers.iter().filter(|header| header.name.eq_ignore_ascii_case("content-disposition"));
    let (Some(disposition), None) = (dispositions.next(), dispositions.next()) else { return Err(BAD_PART) };
    let text = std::str::from_utf8(disposition.value).map_err(|_| NOT_UTF8)?;
    let (form_data, rest) = text.split_once(';').ok_or(BAD_PART)?;
    let rest = text.get(text.len() - rest.len() - 1..).filter(|_| form_data.trim().eq_ignore_ascii_case("form-data"));
    let mut name = None;
    let mut is_file = false;
    for (parameter, value) in rest.and_then(parameters).ok_or(BAD_PART)? {
        match parameter.to_ascii_lowercase().as_str() {
            "name" if name.is_some() => return Err(BAD_PART),
            "name" => name = Some(value),
            "filename" | "filename*" => is_file = true,
            _ => {}
        }
    }
    name.map(|name| (name, is_file)).ok_or(BAD_PART)
}
