//! What stands under a key: in queries, forms, fragments, matrix parameters, headers, attributes and JSON, whole or cut off.
//!
//! No grammar is asked for. Wherever a name stands before `=` or `:`, what follows it, to its closing quote or to the next
//! separator, is its value; so JSON inside a query inside a log line needs no reader of its own. Values may lie inside values.

use std::ops::Range;

use memchr::memchr2_iter;

use super::Changed;

/// Names are no longer than this; what is longer is text.
pub(crate) const LONGEST_KEY: usize = 64;
/// `=` and `:` that a value may hold. It keeps all values together within a constant times the text.
const INNER_MARKS: usize = 4;

/// The pairs of one text, as places in it, in the order of their marks; keeps its buffer.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    pairs: Vec<Pair>,
}

#[derive(Debug)]
struct Pair {
    key: Range<usize>,
    value: Range<usize>,
}

impl Pairs {
    /// Finds the pairs of a text whose value reaches into a stretch of it, or that a change there can have made; none if it
    /// has no marks.
    pub(super) fn find(&mut self, marked: bool, text: &str, stretch: &Range<usize>) {
        self.pairs.clear();
        if !marked {
            return;
        }
        let bytes = text.as_bytes();
        // A value that reaches so far holds all marks between.
        let before = bytes.get(..stretch.start).unwrap_or_default();
        let is_mark = |byte: &u8| matches!(byte, b'=' | b':');
        let from = before.iter().enumerate().rev().filter(|(_, byte)| is_mark(byte)).take(INNER_MARKS + 1).last();
        let from = from.map_or(stretch.start, |(place, _)| place);
        let to = bytes.len().min(stretch.end.saturating_add(2 * LONGEST_KEY));
        let marks = memchr2_iter(b'=', b':', bytes.get(from..to).unwrap_or_default());
        self.pairs.extend(marks.filter_map(|mark| pair(bytes, from + mark)));
    }

    /// Keys and values that a change can have made: what is looked at to tell them touches it.
    pub(super) fn near<'t>(&self, changed: Changed, text: &'t str) -> impl Iterator<Item = (&'t str, &'t str)> {
        let near = self.pairs.iter().filter(move |pair| {
            let before = pair.key.end.saturating_sub(LONGEST_KEY + 1);
            changed.touches(&(before..pair.value.end + 1))
        });
        near.filter_map(|pair| Some((text.get(pair.key.clone())?, text.get(pair.value.clone())?)))
    }

    /// The key of the innermost value that holds a place.
    pub(super) fn key_at<'t>(&self, place: usize, text: &'t str) -> Option<&'t str> {
        let before = self.pairs.partition_point(|pair| pair.value.start <= place);
        // A value that holds the place has no more marks before it than a value may have.
        let near = self.pairs.get(..before)?.iter().rev().take(INNER_MARKS + 1);
        near.filter(|pair| pair.value.contains(&place)).find_map(|pair| text.get(pair.key.clone()))
    }
}

/// The pair of a mark.
fn pair(text: &[u8], mark: usize) -> Option<Pair> {
    let (before, [kind, after @ ..]) = text.split_at_checked(mark)? else { return None };
    // The scheme of an address is no key, and the padding of base64 follows none.
    if after.starts_with(b"//") || after.starts_with(b"=") || before.ends_with(b"=") {
        return None;
    }
    let key = key(before);
    // Times of day and ratios have no key.
    if !before.get(key.clone())?.iter().any(|byte| !matches!(byte, b'0'..=b'9' | b' ' | b'.' | b'-')) {
        return None;
    }
    let value = value(*kind, after);
    (!value.is_empty()).then(|| Pair { key, value: mark + 1 + value.start..mark + 1 + value.end })
}

/// The key that ends where a text ends: what stands in quotes, or the words since a piece of the text began if they are at
/// most three, or the last word.
fn key(before: &[u8]) -> Range<usize> {
    let end = before.trim_ascii_end();
    let name = trim_end(end, |byte| matches!(byte, b'"' | b'\'' | b'\\'));
    let near = name.get(name.len().saturating_sub(LONGEST_KEY)..).unwrap_or_default();
    let mut start = after_last(near, |byte| !is_name(byte));
    if name.len() < end.len() {
        start = after_last(near, |byte| matches!(byte, b'"' | b'\''));
    } else if near.get(..start).is_some_and(|before| before.ends_with(b" ")) {
        let piece = after_last(near, |byte| !is_name(byte) && byte != b' ');
        let words = near.get(piece..).unwrap_or_default().trim_ascii_start();
        if words.split(|&byte| byte == b' ').nth(3).is_none() {
            start = near.len() - words.len();
        }
    }
    name.len() - near.len() + start..name.len()
}

/// The value that begins where a text begins.
fn value(mark: u8, after: &[u8]) -> Range<usize> {
    let body = after.trim_ascii_start();
    let start = after.len() - body.len();
    let quoted = trim_start(body, |byte| byte == b'\\');
    let escapes = body.len() - quoted.len();
    match quoted.first() {
        None => 0..0,
        Some(&quote @ (b'"' | b'\'')) => {
            let (start, content) = (start + escapes + 1, quoted.get(1..).unwrap_or_default());
            let length = extent(content, |place, byte| {
                // A quote inside is escaped once more than the one that opened.
                byte == quote && escapes_before(content, place) == escapes
            });
            start..start + trim_end(content.get(..length).unwrap_or_default(), |byte| byte == b'\\').len()
        }
        Some(b'[') => start..start + extent(body, |_, byte| byte == b']'),
        // Members of an object are pairs themselves; what they say stands under the object's key too.
        Some(b'{') => start..start + extent(body, |_, byte| byte == b'}'),
        Some(_) => {
            let length = extent(body, |_, byte| match byte {
                b'&' | b';' | b'?' | b'#' | b'\n' => true,
                b',' | b'}' | b']' | b'|' => mark == b':',
                _ => false,
            });
            start..start + body.get(..length).unwrap_or_default().trim_ascii_end().len()
        }
    }
}

/// Bytes up to the one that ends a value, or to one mark too many.
fn extent(text: &[u8], ends: impl Fn(usize, u8) -> bool) -> usize {
    let mut marks = 0;
    let mut told = text.iter().enumerate().filter(|(_, byte)| kind(**byte) & (MARK | ENDS) != 0);
    let end = told.find(|(place, byte)| {
        marks += usize::from(kind(**byte) & MARK != 0);
        marks > INNER_MARKS || ends(*place, **byte)
    });
    end.map_or(text.len(), |(place, _)| place)
}

/// How many backslashes stand before a place.
fn escapes_before(text: &[u8], place: usize) -> usize {
    let before = text.get(..place).unwrap_or_default();
    before.len() - trim_end(before, |byte| byte == b'\\').len()
}

fn is_name(byte: u8) -> bool {
    kind(byte) & NAME != 0
}

/// Names have it.
const NAME: u8 = 1;
/// It stands between a key and its value.
const MARK: u8 = 1 << 1;
/// It ends values, or some of them.
const ENDS: u8 = 1 << 2;

/// A table, because every byte of most texts is asked.
static KINDS: [u8; 256] = kinds();

#[expect(clippy::indexing_slicing, reason = "a byte is below 256")]
fn kind(byte: u8) -> u8 {
    KINDS[usize::from(byte)]
}

#[expect(clippy::indexing_slicing, reason = "runs when the program is compiled")]
const fn kinds() -> [u8; 256] {
    let mut kinds = [0; 256];
    let mut byte: u8 = 0;
    loop {
        kinds[byte as usize] = match byte {
            b'[' | b'_' | b'-' | b'.' | b'$' | b'@' | b'%' | 0x80.. => NAME,
            b']' => NAME | ENDS,
            b'=' | b':' => MARK,
            b'&' | b';' | b'?' | b'#' | b'\n' | b',' | b'}' | b'|' | b'"' | b'\'' => ENDS,
            _ if byte.is_ascii_alphanumeric() => NAME,
            _ => 0,
        };
        if byte == u8::MAX {
            break kinds;
        }
        byte += 1;
    }
}

fn after_last(text: &[u8], found: impl Fn(u8) -> bool) -> usize {
    text.iter().rposition(|&byte| found(byte)).map_or(0, |place| place + 1)
}

fn trim_end(text: &[u8], drop: impl Fn(u8) -> bool) -> &[u8] {
    let end = after_last(text, |byte| !drop(byte));
    text.get(..end).unwrap_or_default()
}

fn trim_start(text: &[u8], drop: impl Fn(u8) -> bool) -> &[u8] {
    let start = text.iter().position(|&byte| !drop(byte)).unwrap_or(text.len());
    text.get(start..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(&str, &str)> {
        let mut pairs = Pairs::default();
        pairs.find(true, text, &(0..text.len()));
        pairs.near(Changed::ALL, text).collect()
    }

    #[test]
    fn queries_forms_fragments_and_matrix_parameters_are_pairs() {
        assert_eq!(
            found("https://shop.example/rx;form=tablet/x;n=2?drug=plan b&cd[Drug Name]=x#!/visit?type=new;a=1"),
            [("form", "tablet/x"), ("n", "2"), ("drug", "plan b"), ("cd[Drug Name]", "x"), ("type", "new"), ("a", "1")]
        );
    }

    #[test]
    fn json_is_pairs_however_deep_escaped_or_cut_off() {
        assert_eq!(
            found(r#"{"drug":"plan b","n":{"rxNumber":1234567,"old":true},"list":["a","b"],"cut": "dep"#),
            [
                ("drug", "plan b"),
                ("n", r#"{"rxNumber":1234567,"old":true"#),
                ("rxNumber", "1234567"),
                ("old", "true"),
                ("list", r#"["a","b""#),
                ("cut", "dep")
            ]
        );
        assert_eq!(found(r#"{\"a b\":\"c \\\"d\\\" e\"}"#), [("a b", r#"c \\\"d\\\" e"#)]);
        assert_eq!(found("{'drug': 'x', 'n': None}"), [("drug", "x"), ("n", "None")]);
    }

    #[test]
    fn headers_attributes_and_sentences_are_pairs() {
        assert_eq!(
            found("Reason for visit: low mood, tired; Drug Name: x"),
            [("Reason for visit", "low mood"), ("Drug Name", "x")]
        );
        assert_eq!(found(r#"<a data-drug="x" href='y'>"#), [("a data-drug", "x"), ("href", "y")]);
        assert_eq!(found("she takes every day drug=x"), [("drug", "x")]);
    }

    #[test]
    fn schemes_times_padding_and_empty_values_are_none() {
        assert_eq!(found("https://a.example/ 12:30:00 Zm9v== a=&b=#"), []);
    }

    #[test]
    fn values_together_stay_within_a_constant_times_the_text() {
        for unit in ["a:", "a=", "a:[", "a:\"", "a:'b:\"", "a=\\\"", "\"a\":", "a: b=c "] {
            let text = unit.repeat(2000);
            let together: usize = found(&text).iter().map(|(key, value)| key.len() + value.len()).sum();
            assert!(together <= 8 * text.len(), "{unit}: {together} of {}", text.len());
        }
    }
}
