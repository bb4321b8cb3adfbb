//! What the grammar does not explain of a user agent, for the health scan.

use super::products::Product;
use super::{MAX_BYTES, comment, next_piece, read, within};

/// Shows each stretch of a user agent that is made of no known pieces, as long as it goes, so that words which belong together
/// stay together. Of a comment that is not known those are its unknown parts.
pub(crate) fn unexplained<E>(value: &str, mut see: impl FnMut(&str) -> Result<(), E>) -> Result<(), E> {
    let value = value.trim();
    if super::is_closed(value) {
        return Ok(());
    }
    if value.len() > MAX_BYTES {
        return see(value);
    }
    let mut run = Run { text: value, start: None };
    let mut after = Product::Plain;
    let mut at = if value.starts_with("Mozilla/5.0 ") { "Mozilla/5.0 ".len() } else { 0 };
    while let Some(rest) = value.get(at..).filter(|rest| !rest.is_empty()) {
        // A bracket that nothing closes: all that follows is one piece.
        let piece = next_piece(rest).map_or(rest, |(piece, _)| piece);
        let known = piece.is_empty() || read(piece, after).inspect(|product| after = *product).is_some();
        if known {
            run.end(at, &mut see)?;
        } else {
            after = Product::Plain;
            match within(piece, '(', ')') {
                Some(inner) => {
                    run.end(at, &mut see)?;
                    parts(inner, &mut see)?;
                }
                None => run.go_on(at),
            }
        }
        at += piece.len() + usize::from(value.get(at + piece.len()..).is_some_and(|tail| tail.starts_with(' ')));
    }
    run.end(value.len(), &mut see)
}

/// The unknown parts of a comment.
fn parts<E>(inner: &str, see: &mut impl FnMut(&str) -> Result<(), E>) -> Result<(), E> {
    let mut run = Run { text: inner, start: None };
    let mut at = 0;
    for part in inner.split(';') {
        if comment::is_known(part.trim(), true) {
            run.end(at, see)?;
        } else {
            run.go_on(at);
        }
        at += part.len() + 1;
    }
    run.end(inner.len(), see)
}

/// Neighbouring pieces that are not known.
struct Run<'t> {
    text: &'t str,
    start: Option<usize>,
}

impl Run<'_> {
    fn go_on(&mut self, at: usize) {
        self.start.get_or_insert(at);
    }

    fn end<E>(&mut self, at: usize, see: &mut impl FnMut(&str) -> Result<(), E>) -> Result<(), E> {
        match self.start.take().and_then(|start| self.text.get(start..at)) {
            Some(text) => see(text.trim_matches([' ', ';'])),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::unexplained;

    fn seen(value: &str) -> Vec<String> {
        let mut seen = Vec::new();
        let Ok(()) = unexplained(value, |text| {
            seen.push(text.to_owned());
            Ok::<_, Infallible>(())
        });
        seen
    }

    #[test]
    fn what_the_grammar_knows_is_not_shown_and_the_rest_is_whole() {
        let known = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)";
        assert_eq!(seen(known), Vec::<String>::new());
        assert_eq!(seen(&format!("{known} Plan B/2.1 birth control")), ["Plan B/2.1 birth control"]);
        assert_eq!(seen("Mozilla/5.0 (Linux; birth control; clinic; Android 14) Chrome/1.0"), ["birth control; clinic"]);
        assert_eq!(seen("okhttp/4.9.3"), ["okhttp/4.9.3"]);
        assert_eq!(seen("my app (Linux; Android 14) hiv test"), ["my app", "hiv test"]);
        assert_eq!(seen("Mozilla/5.0 (hiv test"), ["(hiv test"]);
        assert_eq!(seen("jane's phone  [hiv"), ["jane's phone", "[hiv"]);
        assert_eq!(seen(""), Vec::<String>::new());
        assert_eq!(seen(&"é ".repeat(400)).len(), 1);
    }
}
