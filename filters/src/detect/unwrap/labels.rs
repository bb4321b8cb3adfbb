//! Labels of host names that IDNA writes in ASCII, `xn--…`.

use memchr::memmem;

use super::stretches::Take;
use crate::detect::WorkLimit;

/// A host name is no longer than this. Its labels are not held to the 63 letters of the DNS: browsers write longer ones too.
const LONGEST: usize = 253;

/// Shows the letters that labels stand for.
#[expect(clippy::needless_bitwise_bool, reason = "without a branch a byte, as most texts have none of these")]
pub(super) fn each(text: &str, take: &mut Take<'_>) -> Result<(), WorkLimit> {
    let next = text.as_bytes().get(1..).unwrap_or_default();
    // Hardly any text has it.
    if !text.bytes().zip(next).fold(false, |any, (byte, next)| any | (byte == b'-') & (*next == b'-')) {
        return Ok(());
    }
    for hyphens in memmem::find_iter(text.as_bytes(), "--") {
        let Some((before, after)) = text.split_at_checked(hyphens) else { continue };
        if !before.as_bytes().last_chunk::<2>().is_some_and(|prefix| prefix.eq_ignore_ascii_case(b"xn")) {
            continue;
        }
        let after = after.get(2..).unwrap_or_default();
        let end = after.bytes().take(LONGEST + 1).take_while(|&byte| byte.is_ascii_alphanumeric() || byte == b'-').count();
        let label = after.get(..end).filter(|label| label.len() <= LONGEST);
        if let Some(letters) = label.and_then(|label| idna::punycode::decode_to_string(&label.to_ascii_lowercase()))
            && !letters.is_empty()
        {
            take(hyphens - 2, &letters)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::tests::held;
    use super::*;

    #[test]
    fn labels_become_the_letters_they_stand_for() {
        assert_eq!(held(each, "https://www.xn--caf-dma.example/a"), ["café"]);
        assert_eq!(held(each, "XN--DEPRESIN-13A.XN--80ACHGM7D.example"), ["depresión", "диабет"]);
    }

    /// Found by hostile events: a digest with Cyrillic letters in it takes more than 63.
    #[test]
    fn a_label_may_be_longer_than_the_dns_has_them() {
        let letters = "5c3e9b5d4a1f42d4".repeat(4).replace('a', "а").replace('c', "с").replace('e', "е");
        let label = idna::punycode::encode_str(&letters).unwrap();
        assert!(label.len() > 63);
        assert_eq!(held(each, &format!("https://xn--{label}.example/")), [letters]);
    }

    #[test]
    fn what_is_no_label_stays() {
        assert_eq!(held(each, &format!("a--b xn-- xn--- xn--\u{e9} --caf-dma xn--{}", "a".repeat(254))), [""; 0]);
    }
}
