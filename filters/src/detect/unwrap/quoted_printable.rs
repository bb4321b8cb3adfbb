//! Quoted-printable, as mail writes it: `=6D=65t`, and lines broken by `=`.

use memchr::memchr_iter;

use super::bytes;

/// Appends the text with its escapes resolved, once; tells how many there were. A text has escapes only if two stand together or
/// a line is broken: a single `=20` is the value of a parameter.
pub(super) fn resolve(text: &str, resolved: &mut String) -> usize {
    let bytes = text.as_bytes();
    let escape_at = |place: usize| bytes.get(place..)?.strip_prefix(b"=").and_then(bytes::hex_byte);
    let broken_at =
        |place: usize| bytes.get(place + 1..).is_some_and(|after| after.starts_with(b"\n") || after.starts_with(b"\r\n"));
    let is_mail = |place: usize| broken_at(place) || escape_at(place).is_some() && escape_at(place + 3).is_some();
    if !memchr_iter(b'=', bytes).any(is_mail) {
        return 0;
    }
    let mut escapes = 0;
    let mut raw = Vec::with_capacity(text.len());
    let mut rest = bytes;
    while let Some((&first, after)) = rest.split_first() {
        let line = after.strip_prefix(b"\r\n").or_else(|| after.strip_prefix(b"\n"));
        rest = match (bytes::hex_byte(after), line) {
            (Some((byte, left)), _) if first == b'=' => {
                escapes += 1;
                raw.push(byte);
                left
            }
            (None, Some(left)) if first == b'=' => {
                escapes += 1;
                left
            }
            _ => {
                raw.push(first);
                after
            }
        };
    }
    bytes::push_text(&raw, resolved);
    escapes
}

#[cfg(test)]
mod tests {
    use super::super::tests::resolved;
    use super::*;

    #[test]
    fn escapes_and_broken_lines_are_resolved() {
        assert_eq!(resolved(resolve, "=6D=65t=66ormin"), ("metformin".into(), 3));
        assert_eq!(resolved(resolve, "depresi=C3=B3n met=\r\nformin"), ("depresión metformin".into(), 3));
    }

    #[test]
    fn queries_are_none() {
        assert_eq!(resolved(resolve, "?id=12345&page=20&color=ab"), (String::new(), 0));
    }
}
