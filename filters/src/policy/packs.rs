//! Packs: laws as data, `filters/jurisdictions/*.toml`, each with its citation and the day from which on it applies.
//!
//! They are read as policies are, and compiled into the program; a test reads every one. A pack that could not be read would be no
//! pack, and a policy that names it is refused. What they leave to a policy: which fields leave, since a pack knows of no policy.

use std::sync::LazyLock;

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::document::Purpose;
use super::persons::day;
use crate::consent::region::Region;
use crate::consent::rules::Require;
use crate::normalize::hex;

/// Name and text of each, in the order in which they are told.
const FILES: [(&str, &str); 9] = [
    ("US-WA", include_str!("../../jurisdictions/us-wa.toml")),
    ("US-NV", include_str!("../../jurisdictions/us-nv.toml")),
    ("US-CT", include_str!("../../jurisdictions/us-ct.toml")),
    ("US-VA", include_str!("../../jurisdictions/us-va.toml")),
    ("US-CA", include_str!("../../jurisdictions/us-ca.toml")),
    ("US-LDU", include_str!("../../jurisdictions/us-ldu.toml")),
    ("EEA", include_str!("../../jurisdictions/eea.toml")),
    ("GB", include_str!("../../jurisdictions/gb.toml")),
    ("CH", include_str!("../../jurisdictions/ch.toml")),
];

static PACKS: LazyLock<Vec<Pack>> =
    LazyLock::new(|| FILES.iter().filter_map(|(name, text)| read(name, text).ok()).collect());

/// A law as a file has it.
#[derive(Debug)]
pub(super) struct Pack {
    pub(super) written: Written,
    pub(super) regions: Box<[Region]>,
    pub(super) effective_secs: u64,
    /// SHA-256 of the file, as hex.
    pub(super) sha256: String,
    /// Meta's code of each state under Limited Data Use.
    codes: Vec<(Region, u16)>,
}

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    pub(super) name: String,
    /// Raised with every change.
    pub(super) version: u32,
    pub(super) title: String,
    pub(super) citation: String,
    pub(super) effective: String,
    pub(super) because: String,
    regions: Vec<String>,
    /// What it asks of a shop's policy.
    pub(super) retail: Asked,
    /// What it asks of the policy of a pharmacy, a hospital or whoever else drops what speaks of health.
    pub(super) health: Asked,
    #[serde(default)]
    state: Vec<State>,
}

/// What a law asks.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Asked {
    pub(super) require: Option<Require>,
    pub(super) purposes: Option<Vec<Purpose>>,
    pub(super) honor_gpc: Option<bool>,
    pub(super) max_age_days: Option<u32>,
    pub(super) limited_data_use: Option<bool>,
    pub(super) drop_health: Option<bool>,
}

/// A state for which Meta has a code.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    region: String,
    code: u16,
    /// When the state's own law came into force, and when Meta's code did where that is known: for who reviews the file.
    law: String,
    #[serde(default)]
    meta: Option<String>,
}

/// All of them.
pub(super) fn all() -> &'static [Pack] {
    &PACKS
}

/// Meta's code of this state for Limited Data Use; none for a place that has none.
pub(crate) fn limited_data_use_code(region: Region) -> Option<u16> {
    codes().find(|(state, _)| *state == region).map(|(_, code)| code)
}

/// Every state that has a code.
pub(super) fn codes() -> impl Iterator<Item = (Region, u16)> {
    PACKS.iter().flat_map(|pack| &pack.codes).copied()
}

fn read(name: &str, text: &str) -> Result<Pack, String> {
    let written: Written = crate::document::read(text, name).map_err(|error| error.to_string())?;
    let region = |code: &String| Region::parse(code).ok_or_else(|| format!("{name}: {code} is no region"));
    let is_day = |text: &String| day::secs(text).ok_or_else(|| format!("{name}: {text} is no day"));
    let mut codes = Vec::with_capacity(written.state.len());
    for state in &written.state {
        is_day(&state.law)?;
        state.meta.as_ref().map(is_day).transpose()?;
        codes.push((region(&state.region)?, state.code));
    }
    Ok(Pack {
        regions: written.regions.iter().map(region).collect::<Result<_, _>>()?,
        effective_secs: is_day(&written.effective)?,
        sha256: String::from_utf8_lossy(&hex(&Sha256::digest(text).into())).into_owned(),
        written,
        codes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::closed_form;
    use crate::event::Value;
    use crate::schema::Restriction;

    #[test]
    fn every_file_is_read_and_has_the_name_by_which_it_is_known() {
        for (name, text) in FILES {
            let pack = read(name, text).unwrap();
            assert_eq!(pack.written.name, name);
            assert!(pack.written.version >= 1 && !pack.regions.is_empty());
            assert!(!pack.written.citation.is_empty() && pack.effective_secs > 0, "{name}");
        }
        assert_eq!(all().len(), FILES.len());
    }

    #[test]
    fn the_readme_tells_of_every_pack_with_its_day() {
        let readme = include_str!("../../jurisdictions/README.md");
        for pack in all() {
            let row = format!("| `{}` | {} |", pack.written.name, pack.written.effective);
            assert!(readme.contains(&row), "{row}");
        }
    }

    #[test]
    fn each_state_of_limited_data_use_has_metas_code_and_no_other_place_has_one() {
        let listed = all().iter().find(|pack| pack.written.name == "US-LDU").unwrap();
        for state in &listed.regions {
            let code = limited_data_use_code(*state).unwrap();
            let taken = closed_form::restriction(Restriction::LimitedDataUseState, &Value::Whole(code.into()));
            assert_eq!(taken, Ok(code.to_string().as_str()), "{state}");
        }
        let mut codes: Vec<u16> = codes().map(|(_, code)| code).collect();
        codes.sort_unstable();
        assert_eq!(codes, (1000..=1013).collect::<Vec<u16>>(), "one each, all of them");
        for none in ["US-WA", "US-NV", "US-VA", "US-OH", "US", "FR", "CA"] {
            assert_eq!(limited_data_use_code(Region::parse(none).unwrap()), None, "{none}");
        }
        for (state, code) in [("US-CA", 1000), ("us-tx", 1005), ("US-RI", 1013)] {
            assert_eq!(limited_data_use_code(Region::parse(state).unwrap()), Some(code));
        }
    }

    #[test]
    fn who_lives_in_a_region_of_the_union_with_a_code_of_its_own_is_protected_by_its_law() {
        let union = all().iter().find(|pack| pack.written.name == "EEA").unwrap();
        for place in ["GF", "GP", "MF", "MQ", "RE", "YT", "AX", "FR-RE", "PT-20", "ES-CN"] {
            let place = Region::parse(place).unwrap();
            assert!(union.regions.iter().any(|region| region.holds(place)), "{place}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_no_pack() {
        let (_, text) = FILES[0];
        for (from, to, wanted) in [
            ("regions   = [\"US-WA\"]", "regions = [\"Washington\"]", "x: Washington is no region"),
            ("2024-03-31", "2024-02-30", "x: 2024-02-30 is no day"),
            (
                "drop_health = true",
                "drop_helth = true",
                "x: [retail] line 12: unknown key `drop_helth`; did you mean `drop_health`?",
            ),
        ] {
            assert_eq!(read("x", &text.replacen(from, to, 1)).unwrap_err(), wanted);
        }
    }
}
