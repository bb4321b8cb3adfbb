//! What a string of IAB's Global Privacy Platform says: its header names sections, one for each law, and all of them count.
//!
//! A section that is not known could hold a denial, so a string with one cannot be read, and neither can one in which a reserved
//! value stands. In the sections of the United States an opt-out of sale, sharing or targeted advertising denies marketing, and
//! the lack of one grants nothing. Absent on purpose: notices, agreements among advertisers, sensitive data that is not health,
//! and Canada's implied consent, which is none.

use super::bits::Bits;
use super::statement::{Said, Signals};
use super::tcf::{self, Layout, MAX_BYTES};

/// More sections than there are.
const MAX_SECTIONS: usize = 32;

/// Canada's first version, of which the express consents are read.
const CANADA: Layout = Layout { version: 1, before_purposes: 73, after_purposes: 24 };

/// A section of the United States: its id, its version, and its fields in their order, each of two bits and a letter:
///
/// - `o`: opted out of sale, sharing or targeted advertising; `1` denies marketing.
/// - `h`: consent to the use of what tells of health; `1` denies it, `2` grants it.
/// - `x`: opted out of the use of what tells of health; `1` denies it.
/// - `c`: consent for a known child; `1` denies both.
/// - `.`: not read.
type Section = (u16, u64, &'static str);

#[rustfmt::skip]
const UNITED_STATES: &[Section] = &[
    ( 7, 1, "......ooo..h.........cc...."),      // all states
    ( 7, 2, "......ooo..h.........h...ccc...."),
    ( 8, 1, "...oo.......x.cc...."),             // California
    ( 9, 1, "...oo..h.....c..."),                // Virginia
    (10, 1, "...oo..h....c..."),                 // Colorado
    (11, 1, "....oo....x...c..."),               // Utah
    (12, 1, "...oo..h.....ccc..."),              // Connecticut
    (13, 1, "...oo..h.....ccc...."),             // Florida
    (14, 1, "...oo..h.....ccc...."),             // Montana
    (15, 1, "...oo..h........ccc...."),          // Oregon
    (16, 1, "...oo..h.....c...."),               // Texas
    (17, 1, "...oo..h......ccccc...."),          // Delaware
    (18, 1, "....oo..x.....c..."),               // Iowa
    (19, 1, "...oo..h.....c...."),               // Nebraska
    (20, 1, "...oo..h.....ccc...."),             // New Hampshire
    (21, 1, "...oo..h.......ccccc...."),         // New Jersey
    (22, 1, "...oo..h.....c...."),               // Tennessee
    (23, 1, "...oo..h.....c...."),               // Minnesota
];

/// Reads a string; `None` if any part of it cannot be read.
pub(crate) fn read(text: &str) -> Option<Signals> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let mut parts = text.split('~');
    let ids = header(parts.next()?)?;
    let mut all = Signals::default();
    for id in ids {
        all = all.and(section(id, parts.next()?)?);
    }
    parts.next().is_none().then_some(all)
}

/// The ids of the sections, in order: a list of ranges, each by its distance from the one before.
fn header(text: &str) -> Option<Vec<u16>> {
    let mut bits = Bits::of(text)?;
    if bits.number(6)? != 3 || bits.number(6)? != 1 {
        return None;
    }
    let mut ids: Vec<u16> = Vec::new();
    let mut last = 0_u16;
    for _ in 0..bits.number(12)? {
        let is_range = bits.bit()?;
        let first = last.checked_add(bits.fibonacci()?)?;
        last = if is_range { first.checked_add(bits.fibonacci()?)? } else { first };
        if ids.len() + usize::from(last - first) >= MAX_SECTIONS {
            return None;
        }
        ids.extend(first..=last);
    }
    Some(ids)
}

fn section(id: u16, text: &str) -> Option<Signals> {
    match id {
        2 => tcf::read(text),
        5 => tcf::read_as(text, &CANADA),
        6 => us_privacy(text),
        _ => united_states(id, text),
    }
}

/// The United States' older string, of four characters: a version, whether there was a notice, whether the person opted out of
/// sale, and whether an agreement among advertisers covers it.
fn us_privacy(text: &str) -> Option<Signals> {
    let [b'1', rest @ ..] = text.as_bytes() else { return None };
    let [_, sale, _] = rest else { return None };
    let is_known = rest.iter().all(|flag| matches!(flag, b'Y' | b'N' | b'-'));
    let marketing = if *sale == b'Y' { Said::Denied } else { Said::Nothing };
    is_known.then_some(Signals { marketing, ..Signals::default() })
}

fn united_states(id: u16, text: &str) -> Option<Signals> {
    let mut segments = text.split('.');
    let mut core = Bits::of(segments.next()?)?;
    let version = core.number(6)?;
    let (.., fields) = UNITED_STATES.iter().find(|(known, of, _)| *known == id && *of == version)?;
    let mut signals = Signals::default();
    for field in fields.bytes() {
        signals = signals.and(signal(field, core.number(2)?)?);
    }
    let mut gpc = Said::Nothing;
    for segment in segments {
        let mut bits = Bits::of(segment)?;
        // The only other segment that there is, and once.
        if bits.number(2)? != 1 || gpc != Said::Nothing {
            return None;
        }
        gpc = if bits.bit()? { Said::Denied } else { Said::Granted };
    }
    Some(Signals { gpc, ..signals })
}

/// What one field says; `None` for the value that is reserved.
fn signal(field: u8, value: u64) -> Option<Signals> {
    let nothing = Signals::default();
    let signal = match (field, value) {
        (b'o', 1) => Signals { marketing: Said::Denied, ..nothing },
        (b'h' | b'x', 1) => Signals { health: Said::Denied, ..nothing },
        (b'h', 2) => Signals { health: Said::Granted, ..nothing },
        (b'c', 1) => Signals { marketing: Said::Denied, health: Said::Denied, ..nothing },
        (b'.', _) | (_, 0 | 2) => nothing,
        _ => return None,
    };
    Some(signal)
}

#[cfg(test)]
mod tests {
    use super::super::tcf::tests::{core, written};
    use super::*;

    /// A string of one section.
    fn of(id: u64, section: &str) -> String {
        let fibonacci = [0, 0b11, 0b011, 0b0011, 0b1011, 0b00011, 0b10011, 0b01011];
        let widths = [0, 2, 3, 4, 4, 5, 5, 5];
        // A range of one is written as one id at its distance from nothing; larger ids by a range from the first on.
        assert!(id < 8, "larger ids have more bits");
        let at = usize::try_from(id).unwrap();
        format!("{}~{section}", written(&[(3, 6), (1, 6), (1, 12), (0, 1), (fibonacci[at], widths[at])]))
    }

    /// A section of these two-bit fields.
    fn fields(version: u64, values: &str) -> String {
        let mut numbers = vec![(version, 6)];
        numbers.extend(values.bytes().map(|digit| (u64::from(digit - b'0'), 2)));
        written(&numbers)
    }

    #[test]
    fn an_opt_out_denies_and_the_lack_of_one_grants_nothing() {
        let says = |section: &str| united_states(8, section).unwrap();
        assert_eq!(says(&fields(1, "11122000000000000100")).marketing, Said::Nothing);
        for opted_out in ["11112000000000000100", "11121000000000000100"] {
            assert_eq!(says(&fields(1, opted_out)).marketing, Said::Denied);
        }
        assert_eq!(says(&fields(1, "11122000000010000100")).health, Said::Denied);
        assert_eq!(says(&fields(1, "11122000000020000100")).health, Said::Nothing, "no opt-out is no consent");
        let child = says(&fields(1, "11122000000000100100"));
        assert_eq!((child.marketing, child.health), (Said::Denied, Said::Denied));
    }

    #[test]
    fn consent_to_the_use_of_health_grants_it_and_its_lack_denies_it() {
        for (value, health) in [("0", Said::Nothing), ("1", Said::Denied), ("2", Said::Granted)] {
            let virginia = fields(1, &format!("1112200{value}000000000"));
            assert_eq!(united_states(9, &virginia).unwrap().health, health, "{value}");
        }
    }

    #[test]
    fn every_section_denies_in_each_of_its_fields_and_reads_no_reserved_value() {
        for (id, version, layout) in UNITED_STATES {
            let quiet = "0".repeat(layout.len());
            assert_eq!(united_states(*id, &fields(*version, &quiet)), Some(Signals::default()));
            assert!(united_states(*id, &fields(version + 7, &quiet)).is_none());
            for (at, field) in layout.bytes().enumerate() {
                let with = |value: &str| {
                    let mut values = quiet.clone();
                    values.replace_range(at..=at, value);
                    united_states(*id, &fields(*version, &values))
                };
                let (marketing, health) = match field {
                    b'o' => (Said::Denied, Said::Nothing),
                    b'h' | b'x' => (Said::Nothing, Said::Denied),
                    b'c' => (Said::Denied, Said::Denied),
                    _ => (Said::Nothing, Said::Nothing),
                };
                let said = with("1").unwrap();
                assert_eq!((said.marketing, said.health), (marketing, health), "{id}: field {at}");
                assert_eq!(with("3").is_none(), field != b'.', "{id}: field {at}");
                assert_ne!(with("2").unwrap().marketing, Said::Granted);
            }
            let cut = fields(*version, &"0".repeat(layout.len() - 4));
            assert!(united_states(*id, &cut).is_none(), "{id}");
        }
    }

    #[test]
    fn global_privacy_control_is_read_where_it_stands() {
        let national = fields(1, &"0".repeat(27));
        assert_eq!(united_states(7, &national).unwrap().gpc, Said::Nothing);
        assert_eq!(united_states(7, &format!("{national}.{}", written(&[(1, 2), (1, 1)]))).unwrap().gpc, Said::Denied);
        assert_eq!(united_states(7, &format!("{national}.{}", written(&[(1, 2), (0, 1)]))).unwrap().gpc, Said::Granted);
        assert!(united_states(7, &format!("{national}.{}", written(&[(2, 2), (1, 1)]))).is_none());
        assert!(united_states(7, &format!("{national}.")).is_none());
    }

    #[test]
    fn all_sections_count_and_each_has_to_be_there_and_be_known() {
        let tcf = core(&[1, 2, 3, 4, 7], 1_700_000_000);
        let granted = read(&of(2, &tcf)).unwrap();
        assert_eq!((granted.marketing, granted.written_secs), (Said::Granted, Some(1_700_000_000)));
        assert_eq!(read(&of(6, "1YYN")).unwrap().marketing, Said::Denied);
        assert_eq!(read(&of(6, "1YNN")).unwrap().marketing, Said::Nothing);
        // Two sections: the ids 2 and 6, the second by its distance from the first.
        let both = written(&[(3, 6), (1, 6), (2, 12), (0, 1), (0b011, 3), (0, 1), (0b1011, 4)]);
        assert_eq!(read(&format!("{both}~{tcf}~1YYN")).unwrap().marketing, Said::Denied);
        assert_eq!(read(&format!("{both}~{tcf}~1---")).unwrap().marketing, Said::Granted);
        for wrong in [
            String::new(),
            "DBAA~".to_owned(),
            format!("{both}~{tcf}"),
            format!("{both}~{tcf}~1YNN~1YNN"),
            of(1, &tcf),
            of(3, &tcf),
            of(4, "A"),
            of(6, "2YNN"),
            of(6, "1YN"),
            of(6, "1yNN"),
            tcf.clone(),
            format!("{}~{}", of(2, &tcf), "A".repeat(MAX_BYTES)),
        ] {
            assert!(read(&wrong).is_none(), "{wrong}");
        }
        assert_eq!(read("DBAA"), Some(Signals::default()));
    }

    #[test]
    fn a_header_that_names_more_than_there_is_costs_nothing() {
        // Ranges without an end, and numbers beyond what sixteen bits hold.
        assert!(
            read(&format!(
                "{}~",
                written(&[(3, 6), (1, 6), (4095, 12), (1, 1), (0b11, 2), (0b0000_0000_0000_0000_0011, 20)])
            ))
            .is_none()
        );
        assert!(read(&format!("DBP_{}", "_".repeat(4000))).is_none());
        assert!(read(&format!("DBAB{}", "q".repeat(4000))).is_none());
    }
}
