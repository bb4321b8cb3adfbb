//! Quoted-printable, as mail writes it: `=6D=65t`, and lines broken by `=`.

use super::bytes;

/// Appends the text with its escapes resolved, once; tells how many there were. `=20` alone is no escape: queries have it.
pub(super) fn resolve(text: &str, resolved: &mut String) -> usize {
    let mut raw = Vec::with_capacity(text.len());
    let (mut escapes, mut joined) = (0, 0);
    let mut rest = text.as_bytes();
    let mut adjacent = false;
    while let Some((&first, after)) = rest.split_first() {
        if first == b'='
            && let Some((byte, left)) = bytes::hex_byte(after)
        {
            joined += usize::from(adjacent);
            escapes += 1;
            raw.push(byte);
            rest = left;
            adjacent = true;
            continue;
        }
        adjacent = false;
        if first == b'='
            && let Some(left) = after.strip_prefix(b"\r\n").or_else(|| after.strip_prefix(b"\n"))
        {
            rest = left;
            escapes += 1;
            joined += 1;
            continue;
        }
        raw.push(first);
        rest = after;
    }
    if joined == 0 {
        return 0;
    }
    bytes::push_text(&raw, resolved);
    escapes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(text: &str) -> (String, usize) {
        let mut out = String::new();
        let escapes = resolve(text, &mut out);
        (out, escapes)
    }

    #[test]
    fn escapes_and_broken_lines_are_resolved() {
        assert_eq!(resolved("=6D=65t=66ormin"), ("metformin".into(), 3));
        assert_eq!(resolved("depresi=C3=B3n met=\r\nformin"), ("depresión metformin".into(), 3));
    }

    #[test]
    fn queries_are_none() {
        assert_eq!(resolved("?id=12345&page=20&color=ab"), (String::new(), 0));
    }
}
