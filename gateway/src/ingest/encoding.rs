//! How a body is written, by the headers of its request: its content type and its compression.
//!
//! What is not listed here is refused before the body is read. Absent on purpose: guessing a type from the body, texts in another
//! charset than UTF-8 (read wrongly, a name would hash to somebody else), and compressions of which one small body can cost much.

use std::borrow::Cow;

use axum::http::{HeaderMap, HeaderName, header};

use super::respond::Fault;

/// The longest boundary that RFC 2046 allows.
const MAX_BOUNDARY: usize = 70;
/// Parameters of a header; every client that we know sends two at most.
const MAX_PARAMETERS: usize = 8;

/// How the parameters of a request stand in its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Encoding {
    /// `application/json`
    Json,
    /// `application/x-www-form-urlencoded`
    Form,
    /// `multipart/form-data`
    Multipart {
        /// What stands between its parts.
        boundary: Box<str>,
    },
}

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    Gzip,
    /// With the frame of zlib, as the standard says, or without one, as some clients send it.
    Deflate,
}

impl Encoding {
    /// The encoding that the header `Content-Type` names.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Fault> {
        let text = only(headers, header::CONTENT_TYPE, Fault::UnknownContentType)?.unwrap_or_default();
        let (essence, rest) = text.split_at(text.find(';').unwrap_or(text.len()));
        let parameters = parameters(rest).ok_or(Fault::UnknownContentType)?;
        if !parameters.iter().filter(|(name, _)| name.eq_ignore_ascii_case("charset")).all(|(_, value)| is_utf8(value)) {
            return Err(Fault::UnknownContentType);
        }
        match essence.trim().to_ascii_lowercase().as_str() {
            "application/json" => Ok(Self::Json),
            "application/x-www-form-urlencoded" => Ok(Self::Form),
            "multipart/form-data" => {
                let mut boundaries = parameters.iter().filter(|(name, _)| name.eq_ignore_ascii_case("boundary"));
                match (boundaries.next(), boundaries.next()) {
                    (Some((_, boundary)), None) if is_boundary(boundary) => {
                        Ok(Self::Multipart { boundary: boundary.as_ref().into() })
                    }
                    _ => Err(Fault::BadBody("multipart/form-data needs one boundary of 1 to 70 characters in Content-Type")),
                }
            }
            _ => Err(Fault::UnknownContentType),
        }
    }
}

impl Compression {
    /// The compression that the header `Content-Encoding` names. Two, one over the other, are none that is taken.
    pub(super) fn of(headers: &HeaderMap) -> Result<Option<Self>, Fault> {
        let text = only(headers, header::CONTENT_ENCODING, Fault::UnknownCompression)?.unwrap_or_default();
        match text.trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Ok(None),
            "gzip" | "x-gzip" => Ok(Some(Self::Gzip)),
            "deflate" => Ok(Some(Self::Deflate)),
            _ => Err(Fault::UnknownCompression),
        }
    }
}

/// The value of a header that may come once, as a text; anything else is this fault.
fn only(headers: &HeaderMap, name: HeaderName, otherwise: Fault) -> Result<Option<&str>, Fault> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| otherwise),
        (Some(_), Some(_)) => Err(otherwise),
    }
}

fn is_utf8(charset: &str) -> bool {
    ["utf-8", "utf8", "us-ascii"].iter().any(|known| charset.eq_ignore_ascii_case(known))
}

fn is_boundary(text: &str) -> bool {
    let printable = text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    (1..=MAX_BOUNDARY).contains(&text.len()) && printable && !text.ends_with(' ')
}

/// Takes `; name=value; name="quoted value"` apart, the end of a header such as `Content-Type` or `Content-Disposition`. `None` if
/// the text is not of that form.
pub(super) fn parameters(text: &str) -> Option<Vec<(&str, Cow<'_, str>)>> {
    let mut parameters = Vec::new();
    let mut rest = text.trim();
    while let Some(after) = rest.strip_prefix(';') {
        rest = after.trim_start();
        if rest.is_empty() {
            break;
        }
        let (name, after) = rest.split_once('=')?;
        let (value, after) = if let Some(quoted) = after.strip_prefix('"') {
            unquote(quoted)?
        } else {
            let (value, after) = after.split_at(after.find(';').unwrap_or(after.len()));
            (Cow::Borrowed(value.trim_end()), after)
        };
        let is_token = |text: &str| !text.is_empty() && !text.contains([' ', '\t', '"', ';']);
        if !is_token(name) || parameters.len() == MAX_PARAMETERS {
            return None;
        }
        parameters.push((name, value));
        rest = after.trim_start();
    }
    rest.is_empty().then_some(parameters)
}

/// The text up to the closing quote, and what comes after it. A backslash counts only before a quote or another one: browsers of
/// old wrote paths with single ones.
fn unquote(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let mut escaped = false;
    let end = text.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })?;
    let (value, rest) = (text.get(..end)?, text.get(end + 1..)?);
    if !value.contains('\\') {
        return Some((Cow::Borrowed(value), rest));
    }
    let mut plain = String::with_capacity(value.len());
    let mut characters = value.chars().peekable();
    while let Some(character) = characters.next() {
        let escaped = (character == '\\').then(|| characters.next_if(|next| matches!(next, '"' | '\\'))).flatten();
        plain.push(escaped.unwrap_or(character));
    }
    Some((Cow::Owned(plain), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(list: &[(HeaderName, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in list {
            headers.append(name, value.parse().unwrap());
        }
        headers
    }

    fn content_type(text: &str) -> Result<Encoding, Fault> {
        Encoding::of(&headers(&[(header::CONTENT_TYPE, text)]))
    }

    fn multipart(boundary: &str) -> Encoding {
        Encoding::Multipart { boundary: boundary.into() }
    }

    #[test]
    fn a_content_type_is_taken_in_any_case_and_with_its_charset() {
        for json in [
            "application/json",
            "Application/JSON",
            "application/json; charset=utf-8",
            "application/json;charset=UTF-8",
            "application/json ; charset=\"utf-8\" ;",
            "application/json; charset=us-ascii; odata=verbose",
        ] {
            assert_eq!(content_type(json), Ok(Encoding::Json), "{json}");
        }
        assert_eq!(content_type("application/x-www-form-urlencoded; charset=UTF-8"), Ok(Encoding::Form));
    }

    #[test]
    fn a_boundary_is_taken_as_clients_write_it() {
        let dashes = "-".repeat(26);
        assert_eq!(
            content_type(&format!("multipart/form-data; boundary={dashes}-8123")),
            Ok(multipart(&format!("{dashes}-8123")))
        );
        assert_eq!(content_type("multipart/form-data;boundary=\"a b:c\""), Ok(multipart("a b:c")));
        assert_eq!(content_type(r#"multipart/form-data; charset=utf-8; Boundary="a\"\\b\c" "#), Ok(multipart(r#"a"\b\c"#)));
        assert_eq!(content_type("multipart/form-data; boundary=----=_Part_0_1.2"), Ok(multipart("----=_Part_0_1.2")));
    }

    #[test]
    fn other_types_charsets_and_boundaries_are_refused() {
        for unknown in [
            "",
            "text/plain",
            "text/plain;charset=UTF-8",
            "application/jsonp",
            "application/json; charset=iso-8859-1",
            "application/json; charset=utf-8; charset=utf-16",
            "application/json; charset",
            "application/json; a=\"open",
            "application/json, text/plain",
            "multipart/mixed; boundary=a",
        ] {
            assert_eq!(content_type(unknown), Err(Fault::UnknownContentType), "{unknown}");
        }
        let long = format!("multipart/form-data; boundary={}", "x".repeat(71));
        for bad in
            ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=a; boundary=b", &long]
        {
            assert!(matches!(content_type(bad), Err(Fault::BadBody(_))), "{bad}");
        }
        assert_eq!(Encoding::of(&HeaderMap::new()), Err(Fault::UnknownContentType));
        let twice = headers(&[(header::CONTENT_TYPE, "application/json"), (header::CONTENT_TYPE, "text/plain")]);
        assert_eq!(Encoding::of(&twice), Err(Fault::UnknownContentType));
    }

    #[test]
    fn one_compression_is_taken_and_no_other() {
        let of = |text: &str| Compression::of(&headers(&[(header::CONTENT_ENCODING, text)]));
        assert_eq!(Compression::of(&HeaderMap::new()), Ok(None));
        assert_eq!((of("identity"), of("")), (Ok(None), Ok(None)));
        assert_eq!((of("gzip"), of("GZIP"), of("x-gzip")), (Ok(Some(Compression::Gzip)), of("gzip"), of("gzip")));
        assert_eq!(of("deflate"), Ok(Some(Compression::Deflate)));
        for unknown in ["br", "zstd", "compress", "gzip, gzip", "deflate, gzip", "identity, gzip", "*"] {
            assert_eq!(of(unknown), Err(Fault::UnknownCompression), "{unknown}");
        }
        let twice = headers(&[(header::CONTENT_ENCODING, "gzip"), (header::CONTENT_ENCODING, "gzip")]);
        assert_eq!(Compression::of(&twice), Err(Fault::UnknownCompression));
    }
}
