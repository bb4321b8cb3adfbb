//! What a string of IAB Europe's Transparency and Consent Framework says, from version 2 on: consent to advertising, and when.
//!
//! Read is the fixed start of the core, up to the purposes: the cost is the same for every string, however it goes on. Marketing
//! is granted if the person consented to all that a conversion for advertising is, else denied. Absent on purpose: legitimate
//! interest, which is no consent; vendors and publisher restrictions, for Meta is not on the list of vendors; and health, of
//! which the framework knows nothing.

use super::bits::Bits;
use super::statement::{Said, Signals};

/// Longer strings are not read, of GPP neither.
pub(super) const MAX_BYTES: usize = 4096;
/// Storage on the device, selection of advertisements, a profile for them, selection by it, and the measurement of what they do.
const PURPOSES: [u32; 5] = [1, 2, 3, 4, 7];
/// The framework's second version is of 2019; what says that it is older is damaged.
const FIRST_SECS: u64 = 1_546_300_800;

/// Where a core has what, in bits.
pub(super) struct Layout {
    pub(super) version: u64,
    /// Between the two times and the purposes.
    pub(super) before_purposes: usize,
    /// Between the purposes and what has no fixed length.
    pub(super) after_purposes: usize,
}

/// The second version, and those that followed without a new number.
pub(super) const EUROPE: Layout = Layout { version: 2, before_purposes: 74, after_purposes: 54 };

/// Reads a string; `None` if it cannot be read.
pub(crate) fn read(text: &str) -> Option<Signals> {
    read_as(text, &EUROPE)
}

/// Reads a string of this layout.
pub(super) fn read_as(text: &str, layout: &Layout) -> Option<Signals> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let mut segments = text.split('.');
    let mut core = Bits::of(segments.next()?)?;
    // What follows says more of vendors; it has to be such a string all the same.
    if !segments.all(|segment| Bits::of(segment).is_some()) {
        return None;
    }
    if core.number(6)? != layout.version {
        return None;
    }
    let tenths_created = core.number(36)?;
    let tenths_updated = core.number(36)?;
    core.skip(layout.before_purposes)?;
    // The first purpose is the most significant bit.
    let purposes = core.number(24)?;
    core.skip(layout.after_purposes)?;
    let updated_secs = tenths_updated / 10;
    if updated_secs < FIRST_SECS || tenths_updated < tenths_created {
        return None;
    }
    let consented = PURPOSES.iter().all(|purpose| purposes >> (24 - purpose) & 1 == 1);
    Some(Signals {
        marketing: if consented { Said::Granted } else { Said::Denied },
        written_secs: Some(updated_secs),
        ..Signals::default()
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A core of these purposes, of this time.
    pub(in crate::consent) fn core(purposes: &[u32], secs: u64) -> String {
        let purposes: u64 = purposes.iter().map(|purpose| 1 << (24 - purpose)).sum();
        written(&[(2, 6), (secs * 10, 36), (secs * 10, 36), (0, 74), (purposes, 24), (0, 54)])
    }

    /// Numbers of so many bits, as text.
    pub(in crate::consent) fn written(numbers: &[(u64, u32)]) -> String {
        const CHARACTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let bit = |number: u64, at: u32| number.checked_shr(at).unwrap_or(0) & 1;
        let bits = numbers.iter().flat_map(|(number, width)| (0..*width).rev().map(move |at| bit(*number, at)));
        let bits: Vec<u64> = bits.collect();
        let character = |six: &[u64]| {
            let value = (0..6).fold(0, |value, at| 2 * value + six.get(at).copied().unwrap_or(0));
            char::from(CHARACTERS[usize::try_from(value).unwrap()])
        };
        bits.chunks(6).map(character).collect()
    }

    const SECS: u64 = 1_700_000_000;

    #[test]
    fn marketing_is_granted_by_all_that_advertising_needs_and_by_nothing_less() {
        let all = core(&[1, 2, 3, 4, 7], SECS);
        let signals = read(&all).unwrap();
        assert_eq!((signals.marketing, signals.written_secs), (Said::Granted, Some(SECS)));
        assert_eq!((signals.health, signals.gpc), (Said::Nothing, Said::Nothing));
        for missing in PURPOSES {
            let others: Vec<u32> = (1..=11).filter(|purpose| *purpose != missing).collect();
            assert_eq!(read(&core(&others, SECS)).unwrap().marketing, Said::Denied, "{missing}");
        }
        assert_eq!(read(&format!("{all}.IAAA.YAAA")).unwrap().marketing, Said::Granted);
    }

    #[test]
    fn what_is_cut_off_of_another_version_or_time_cannot_be_read() {
        let good = core(&[1, 2, 3, 4, 7], SECS);
        for end in 0..good.len() {
            assert!(read(good.get(..end).unwrap()).is_none(), "{end}");
        }
        assert!(read(&good.replacen('C', "B", 1)).is_none());
        assert!(read(&format!("{good}=")).is_none() && read(&format!("{good}.I/")).is_none());
        assert!(read(&core(&[1], 0)).is_none() && read(&core(&[1], FIRST_SECS - 1)).is_none());
        assert!(read(&format!("{good}.{}", "A".repeat(MAX_BYTES))).is_none());
    }
}
