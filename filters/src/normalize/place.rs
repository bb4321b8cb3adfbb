//! `ct` and `st`: lower case, no punctuation, no spaces; a state of the US or a province of Canada as its two letters.
//!
//! City: parameter builder and pixel keep only a to z and digits (`zrich`, nothing for Москва); the SDKs keep every
//! letter and drop digits, and are followed, as the documentation allows UTF-8 and a digit in a city is a postcode that
//! slipped in. The SDKs leave apostrophes and commas; the documented rule takes them out. State: parameter builder and
//! pixel know the names but cut all others to two letters (Bayern `ba`, Punjab `pu`); their names are followed and the
//! cut is not: it makes a wrong state.

use std::borrow::Cow;

use super::letters::squeeze;

pub(super) fn normalize_city(value: &str) -> Option<Cow<'_, str>> {
    squeeze::<false>(value)
}

pub(super) fn normalize_state(value: &str) -> Option<Cow<'_, str>> {
    let state = squeeze::<false>(value)?;
    // The shortest name has four letters: "iowa".
    if state.len() < 4 {
        return Some(state);
    }
    match STATES.binary_search_by_key(&state.as_ref(), |&(name, _)| name) {
        Ok(at) => STATES.get(at).map(|&(_, code)| Cow::Borrowed(code)),
        Err(_) => Some(state),
    }
}

/// Names of US states and territories and of Canadian provinces as they are after squeezing, in order, with their
/// postal codes.
#[rustfmt::skip]
pub(crate) static STATES: &[(&str, &str)] = &[
    ("alabama", "al"), ("alaska", "ak"), ("alberta", "ab"), ("americansamoa", "as"), ("arizona", "az"),
    ("arkansas", "ar"), ("britishcolumbia", "bc"), ("california", "ca"), ("colorado", "co"), ("connecticut", "ct"),
    ("delaware", "de"), ("districtofcolumbia", "dc"), ("florida", "fl"), ("georgia", "ga"), ("guam", "gu"),
    ("hawaii", "hi"), ("idaho", "id"), ("illinois", "il"), ("indiana", "in"), ("iowa", "ia"), ("kansas", "ks"),
    ("kentucky", "ky"), ("louisiana", "la"), ("maine", "me"), ("manitoba", "mb"), ("maryland", "md"),
    ("massachusetts", "ma"), ("michigan", "mi"), ("minnesota", "mn"), ("mississippi", "ms"), ("missouri", "mo"),
    ("montana", "mt"), ("nebraska", "ne"), ("nevada", "nv"), ("newbrunswick", "nb"), ("newfoundland", "nl"),
    ("newfoundlandandlabrador", "nl"), ("newhampshire", "nh"), ("newjersey", "nj"), ("newmexico", "nm"),
    ("newyork", "ny"), ("newyorkstate", "ny"), ("northcarolina", "nc"), ("northdakota", "nd"),
    ("northernmarianaislands", "mp"), ("northwestterritories", "nt"), ("novascotia", "ns"), ("nunavut", "nu"),
    ("ohio", "oh"), ("oklahoma", "ok"), ("ontario", "on"), ("oregon", "or"), ("pennsylvania", "pa"),
    ("princeedwardisland", "pe"), ("puertorico", "pr"), ("quebec", "qc"), ("québec", "qc"), ("rhodeisland", "ri"),
    ("saskatchewan", "sk"), ("southcarolina", "sc"), ("southdakota", "sd"), ("tennessee", "tn"), ("texas", "tx"),
    ("usvirginislands", "vi"), ("utah", "ut"), ("vermont", "vt"), ("virginia", "va"), ("washington", "wa"),
    ("washingtondc", "dc"), ("washingtonstate", "wa"), ("westvirginia", "wv"), ("wisconsin", "wi"), ("wyoming", "wy"),
    ("yukon", "yt"), ("yukonterritory", "yt"),
];

#[cfg(test)]
mod tests {
    use super::{STATES, normalize_state};

    #[test]
    fn every_name_of_a_state_leads_to_its_code() {
        assert!(STATES.is_sorted());
        for (name, code) in STATES {
            assert_eq!(normalize_state(name).as_deref(), Some(*code), "{name}");
        }
    }
}
