//! Which span of which trace, and how a caller says that: W3C's `traceparent`, read strictly.
//!
//! Two ids of fixed length in hex leave no room for a text. Of a version to come the part is read that this one defines, as W3C
//! asks; what does not fit is as if it were not there.

use axum::http::HeaderMap;

/// The header.
const TRACEPARENT: &str = "traceparent";
/// A header of this version is exactly so long: `00-` and 32 digits, `-` and 16, `-` and 2.
const LENGTH: usize = 55;
/// The flag of a caller that keeps its part of the trace.
const SAMPLED: u8 = 1;

/// A span, named for all the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Context {
    /// The trace.
    pub(super) trace: [u8; 16],
    /// The span in it.
    pub(super) span: [u8; 8],
}

/// What a caller says of the span in which it called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Remote {
    /// That span.
    pub(super) context: Context,
    /// Whether the caller keeps it.
    pub(super) is_kept: bool,
}

impl Remote {
    /// What these headers say, if they say it once and well.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut found = headers.get_all(TRACEPARENT).iter();
        let (first, second) = (found.next()?, found.next());
        if second.is_some() { None } else { Self::read(first.as_bytes()) }
    }

    fn read(text: &[u8]) -> Option<Self> {
        let (known, rest) = text.split_at_checked(LENGTH)?;
        let mut parts = known.split(|byte| *byte == b'-');
        let [version] = digits::<1>(parts.next()?)?;
        let (trace, span) = (digits::<16>(parts.next()?)?, digits::<8>(parts.next()?)?);
        let [flags] = digits::<1>(parts.next()?)?;
        let may_go_on = rest.is_empty() || (version > 0 && rest.first() == Some(&b'-'));
        let is_named = trace.iter().any(|byte| *byte > 0) && span.iter().any(|byte| *byte > 0);
        let is_whole = parts.next().is_none() && version < u8::MAX && may_go_on && is_named;
        is_whole.then_some(Self { context: Context { trace, span }, is_kept: flags & SAMPLED > 0 })
    }
}

/// So many bytes in lower-case hex, and nothing else.
fn digits<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if text.len() != 2 * N {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        for digit in pair {
            let value = match digit {
                b'0'..=b'9' => digit - b'0',
                b'a'..=b'f' => digit - b'a' + 10,
                _ => return None,
            };
            *byte = *byte << 4 | value;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_traceparent_is_read_to_the_letter() {
        let read = Remote::read(GOOD.as_bytes()).unwrap();
        assert_eq!((read.context.trace[0], read.context.span[7], read.is_kept), (0x4b, 0xb7, true));
        assert!(!Remote::read(GOOD.replace("-01", "-00").as_bytes()).unwrap().is_kept);
        let newer = GOOD.replace("00-4", "01-4");
        assert!(Remote::read(newer.as_bytes()).is_some() && Remote::read(format!("{newer}-x").as_bytes()).is_some());
        for bad in [
            String::new(),
            GOOD.replacen('0', "", 1),
            format!("{GOOD}0"),
            format!("{GOOD}-x"),
            format!("{newer}x"),
            GOOD.to_uppercase(),
            GOOD.replace("00-4", "ff-4"),
            GOOD.replace('-', "_"),
            GOOD.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
            GOOD.replace("00f067aa0ba902b7", &"0".repeat(16)),
            GOOD.replace("00f067aa", "jane@exa"),
        ] {
            assert_eq!(Remote::read(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn two_traceparents_are_none() {
        let mut headers = HeaderMap::new();
        assert_eq!(Remote::of(&headers), None);
        headers.append(TRACEPARENT, GOOD.parse().unwrap());
        assert!(Remote::of(&headers).is_some());
        headers.append(TRACEPARENT, GOOD.parse().unwrap());
        assert_eq!(Remote::of(&headers), None);
    }
}
