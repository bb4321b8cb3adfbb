//! What a policy asks because of the person, as its digest covers it, and whether a stored one asked as much as that of today.
//!
//! A stored event does not tell whose it is: consent and residence were looked at and forgotten. So it goes on only where every
//! event that passed the policy of then would pass that of today, wherever its person lives. Where that is not certain, it is not
//! taken for so.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::consent::region::Region;
use crate::consent::rules::{Jurisdiction, Rules, Terms};
use crate::policy::document::{Document, OnSignal};
use crate::policy::packs;

/// The three tables, with the whole content of the packs.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(in crate::policy) struct PersonsText {
    terms: Terms,
    reads_address: bool,
    collected_in: Vec<Region>,
    /// Whether `[health]` drops whatever speaks of health, so that no jurisdiction has to.
    drops_health: bool,
    jurisdictions: Vec<JurisdictionText>,
    /// Meta's codes, where a jurisdiction writes them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    codes: BTreeMap<String, u16>,
}

/// One of them.
#[derive(Debug, Serialize, Deserialize)]
struct JurisdictionText {
    name: String,
    /// Version and SHA-256 of its pack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pack: Option<(u32, String)>,
    regions: Vec<Region>,
    effective_secs: u64,
    terms: Terms,
    limits_data_use: bool,
    drops_health: bool,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    remove: BTreeSet<String>,
}

impl PersonsText {
    /// What the digest covers; nothing where nothing is asked, so that tables without effect are no other policy.
    pub(in crate::policy) fn of(document: &Document, rules: &Rules) -> Option<Self> {
        let Rules { terms, reads_address, collected_in, jurisdictions } = rules;
        if *terms == Terms::default() && jurisdictions.is_empty() {
            return None;
        }
        let written = document.jurisdiction.iter().map(|written| written.remove.as_deref().unwrap_or_default());
        let limits = jurisdictions.iter().any(|jurisdiction| jurisdiction.limits_data_use);
        let codes = packs::codes().filter(|_| limits).map(|(region, code)| (region.to_string(), code));
        Some(Self {
            terms: *terms,
            reads_address: *reads_address,
            collected_in: collected_in.to_vec(),
            drops_health: document.health.on_signal == OnSignal::DropEvent,
            jurisdictions: jurisdictions.iter().zip(written).map(JurisdictionText::of).collect(),
            codes: codes.collect(),
        })
    }

    /// Whether every event that passed these would pass those of today too. `left` says whether a field could leave then.
    pub(super) fn asked_as_much(&self, today: &Self, left: impl Fn(&str) -> bool) -> bool {
        if !self.terms.ask_at_least(today.terms) {
            return false;
        }
        // Where places are told by other means, other jurisdictions may apply to an event than did.
        let is_placed_alike = self.reads_address == today.reads_address
            && today.collected_in.iter().all(|place| self.collected_in.contains(place));
        today.jurisdictions.iter().all(|law| {
            let asked = |place: Option<Region>| self.asked_at(place, law, &left);
            asked(None) || (is_placed_alike && law.regions.iter().all(|region| asked(Some(*region))))
        })
    }

    /// Whether these asked of everybody at a place, or of everybody at all, what a jurisdiction of today asks.
    fn asked_at(&self, place: Option<Region>, today: &JurisdictionText, left: impl Fn(&str) -> bool) -> bool {
        let applied = |law: &&JurisdictionText| {
            law.effective_secs <= today.effective_secs
                && place.is_some_and(|place| law.regions.iter().any(|region| region.holds(place)))
        };
        let applied: Vec<&JurisdictionText> = self.jurisdictions.iter().filter(applied).collect();
        let terms = applied.iter().fold(self.terms, |terms, law| terms.strictest(law.terms));
        let removed = |path: &String| !left(path) || applied.iter().any(|law| law.remove.contains(path));
        terms.ask_at_least(today.terms)
            && (!today.limits_data_use || applied.iter().any(|law| law.limits_data_use))
            && (!today.drops_health || self.drops_health || applied.iter().any(|law| law.drops_health))
            && today.remove.iter().all(removed)
    }
}

impl JurisdictionText {
    fn of((compiled, remove): (&Jurisdiction, &[String])) -> Self {
        let Jurisdiction { id, regions, effective_secs, terms, limits_data_use, drops_health, remove: _ } = compiled;
        let pack = packs::all().iter().find(|pack| pack.written.name == **id);
        Self {
            name: id.to_string(),
            pack: pack.map(|pack| (pack.written.version, pack.sha256.clone())),
            regions: regions.to_vec(),
            effective_secs: *effective_secs,
            terms: *terms,
            limits_data_use: *limits_data_use,
            drops_health: *drops_health,
            remove: remove.iter().cloned().collect(),
        }
    }
}

#[cfg(test)]
mod tests;
