//! Meta's cookies: the browser id `_fbp` and the click id `_fbc`.

use std::borrow::Cow;

use crate::cut;
use crate::normalize::strip_suffix;

/// `fb.<0-9>.<13 digits>.<5 to 20 digits>`, without the parameter builder's suffix.
pub(crate) fn fbp(text: &str) -> Option<&str> {
    let text = strip_suffix(text);
    let random = payload(text)?;
    ((5..=20).contains(&random.len()) && random.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
}

/// `fb.<0-9>.<13 digits>.<click id>`, without the parameter builder's suffix. Case matters.
pub(crate) fn fbc(text: &str) -> Option<&str> {
    let text = strip_suffix(text);
    is_click_id(payload(text)?).then_some(text)
}

/// A click id without the cookie around it, in the grammar of the cookie's own.
pub(crate) fn click_id(text: &str) -> Option<&str> {
    is_click_id(text).then_some(text)
}

/// The cookie that Meta's browser library would set for a click id, at the time of the event.
pub(crate) fn fbc_from_fbclid(fbclid: &str, event_secs: u64) -> Option<Cow<'static, str>> {
    let fbclid = strip_suffix(fbclid);
    // Thirteen digits of milliseconds: true of every time from 2001 to 2286.
    let made = Cow::Owned(["fb.1.", itoa::Buffer::new().format(event_secs), "000.", fbclid].concat());
    fbc(&made).is_some().then_some(made)
}

/// What follows `fb.<index>.<milliseconds>.`
fn payload(text: &str) -> Option<&str> {
    let (index, rest) = cut::once(text.strip_prefix("fb.")?, b'.')?;
    let (milliseconds, payload) = cut::once(rest, b'.')?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    (index.len() == 1 && digits(index) && milliseconds.len() == 13 && digits(milliseconds)).then_some(payload)
}

/// 20 to 500 of `[A-Za-z0-9_-]`, with an upper case letter, a lower case letter and a digit: a word or a name is none.
fn is_click_id(text: &str) -> bool {
    const UPPER: u8 = 1;
    const LOWER: u8 = 2;
    const DIGIT: u8 = 4;
    const ODD: u8 = 8;
    let class = |byte: u8| match byte {
        b'A'..=b'Z' => UPPER,
        b'a'..=b'z' => LOWER,
        b'0'..=b'9' => DIGIT,
        b'_' | b'-' => 0,
        _ => ODD,
    };
    // Adding up over every byte, in a byte, lets the compiler look at sixteen at once.
    let classes = || text.bytes().fold(0, |classes, byte| classes | class(byte));
    (20..=500).contains(&text.len()) && classes() == UPPER | LOWER | DIGIT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_have_meta_s_form() {
        assert_eq!(fbp("fb.1.1558571054389.1098115397"), Some("fb.1.1558571054389.1098115397"));
        assert_eq!(fbp("fb.1.1795386256193.1691563092.AQICAQMC"), Some("fb.1.1795386256193.1691563092"));
        let click = "fb.1.1554763741205.IwAR0abcdefGHIJKLmnop";
        assert_eq!(fbc(click), Some(click));
        for bad in [
            "",
            "fb.1.1558571054389",
            "fb.12.1558571054389.1098115397",
            "fb.1.155857105438.1098115397",
            "fb.1.1558571054389.1",
            "fb.1.1558571054389.metformin",
        ] {
            assert_eq!(fbp(bad), None, "{bad}");
            assert_eq!(fbc(bad), None, "{bad}");
        }
        assert_eq!(fbc("fb.1.1554763741205.jane-doe-at-example-com"), None);
        assert_eq!(fbc("fb.1.1554763741205.AbCdEfGh"), None, "the short ones of the SDK samples");
    }

    #[test]
    fn a_click_id_becomes_the_cookie() {
        let made = fbc_from_fbclid("IwAR0abcdefGHIJKLmnopQRST", 1_791_000_000);
        assert_eq!(made.as_deref(), Some("fb.1.1791000000000.IwAR0abcdefGHIJKLmnopQRST"));
        assert_eq!(fbc_from_fbclid("metformin", 1_791_000_000), None);
        for good in [
            "IwAR0abcdefGHIJKLmno",
            "ARAkLkA8rmlFeiCktEJQ-QTwRiyYHAFDLMNDBH0CD3qpjd0HR4irJ6LEkR7JwFF4XvnO2E4Nx0-eM-GABDLOPaOdRMv-_zfUQ2a",
        ] {
            assert_eq!(click_id(good), Some(good));
        }
        for bad in ["IwAR0abcdefGHIJKLmn", "metformin-500-for-jane-doe", "IwAR0abcdefGHIJKLmnop.x", "iwar0abcdefghijklmnopq"]
        {
            assert_eq!(click_id(bad), None, "{bad}");
        }
    }
}
