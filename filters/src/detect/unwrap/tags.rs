//! Tags of HTML inside a word: lists of suggestions mark what was typed, `<b>met</b>formin`.
//!
//! Left out: tags between words, which hide nothing, and those that begin a line or a cell, where two words meet.

use memchr::memchr;

/// Longer tags are none.
const LONGEST: usize = 256;
/// Elements inside a line: the letters around their tags are one word, as around a comment.
const INLINE: [&[u8]; 20] = [
    b"a", b"abbr", b"b", b"bdi", b"big", b"code", b"em", b"font", b"hl", b"i", b"ins", b"mark", b"s", b"small", b"span",
    b"strong", b"sub", b"sup", b"u", b"wbr",
];

/// Appends the text without tags inside words; tells how many there were. Without any, nothing is appended.
pub(super) fn resolve(text: &str, resolved: &mut String) -> usize {
    if memchr(b'<', text.as_bytes()).is_none() {
        return 0;
    }
    let mut inside = 0;
    let mut rest = text;
    while let Some((before, tag)) = rest.split_once('<') {
        resolved.push_str(before);
        if let Some(behind) = inline(tag) {
            let goes_on = behind.starts_with(|next: char| next.is_alphanumeric() || next == '<');
            inside += usize::from(goes_on && resolved.ends_with(char::is_alphanumeric));
            rest = behind;
        } else {
            resolved.push('<');
            rest = tag;
        }
    }
    if inside > 0 {
        resolved.push_str(rest);
    } else {
        resolved.clear();
    }
    inside
}

/// What stands behind the tag of an inline element, of which the `<` was taken.
fn inline(tag: &str) -> Option<&str> {
    let bytes = tag.as_bytes();
    if bytes.starts_with(b"!--") {
        let near = bytes.get(..bytes.len().min(LONGEST))?;
        let end = near.windows(3).position(|end| end == b"-->")?;
        return tag.get(end + 3..);
    }
    let name = bytes.strip_prefix(b"/").unwrap_or(bytes);
    let length = name.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let name = name.get(..length)?;
    if !INLINE.iter().any(|inline| inline.eq_ignore_ascii_case(name)) {
        return None;
    }
    let end = bytes.iter().take(LONGEST).position(|byte| matches!(byte, b'>' | b'<'))?;
    tag.get(end..)?.strip_prefix('>')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(text: &str) -> (String, usize) {
        let mut out = String::new();
        let tags = resolve(text, &mut out);
        (out, tags)
    }

    #[test]
    fn tags_inside_a_word_go() {
        assert_eq!(resolved("<b>met</b>formin"), ("metformin".into(), 1));
        assert_eq!(resolved(r#"<li>Met<mark class="hit">for</mark>min <em>5</em>"#), ("<li>Metformin 5".into(), 2));
        assert_eq!(resolved("met<!-- 3 -->for<wbr/>min</B><i>e"), ("metformine".into(), 4));
    }

    #[test]
    fn other_tags_and_what_is_none_stay() {
        for text in
            ["<b>one</b> <i>two</i>", "<li>birth</li><li>control</li>", "a<c and d>e", "1 < 2 > 0", "<", "x<b", "a<!--b"]
        {
            assert_eq!(resolved(text), (String::new(), 0), "{text}");
        }
    }
}
