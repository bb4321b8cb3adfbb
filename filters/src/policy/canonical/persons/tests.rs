//! That what is said to have been asked was asked: against the terms of every place, one by one.

use proptest::prelude::*;

use super::*;
use crate::consent::rules::{Purposes, Require};

/// Countries, parts of one, and a country without parts that a policy names.
const PLACES: [&str; 5] = ["US", "US-WA", "US-CA", "FR", "CH"];
const FIELDS: [&str; 2] = ["user_data.em", "user_data.ph"];

fn region(code: &str) -> Region {
    Region::parse(code).unwrap()
}

fn terms() -> impl Strategy<Value = Terms> {
    let require = prop_oneof![Just(Require::Nothing), Just(Require::OptOut), Just(Require::OptIn)];
    (require, any::<bool>(), any::<bool>(), proptest::option::of(1..4_u64)).prop_map(
        |(require, health, honor_gpc, max_age_secs)| Terms {
            require,
            purposes: Purposes { health },
            honor_gpc,
            max_age_secs,
        },
    )
}

fn places(least: usize) -> impl Strategy<Value = Vec<Region>> {
    proptest::sample::subsequence(PLACES.to_vec(), least..3).prop_map(|codes| codes.into_iter().map(region).collect())
}

fn law() -> impl Strategy<Value = JurisdictionText> {
    let remove = proptest::sample::subsequence(FIELDS.to_vec(), 0..=2);
    (places(1), 0..3_u64, terms(), any::<bool>(), any::<bool>(), remove).prop_map(
        |(regions, effective_secs, terms, limits_data_use, drops_health, remove)| JurisdictionText {
            name: "one".to_owned(),
            pack: None,
            regions,
            effective_secs,
            terms,
            limits_data_use,
            drops_health,
            remove: remove.into_iter().map(str::to_owned).collect(),
        },
    )
}

fn texts() -> impl Strategy<Value = PersonsText> {
    (terms(), any::<bool>(), places(0), any::<bool>(), proptest::collection::vec(law(), 0..3)).prop_map(
        |(terms, reads_address, collected_in, drops_health, jurisdictions)| PersonsText {
            terms,
            reads_address,
            collected_in,
            drops_health,
            jurisdictions,
            codes: BTreeMap::new(),
        },
    )
}

/// A copy, by the way in which one is stored.
fn copy(text: &PersonsText) -> PersonsText {
    serde_json::from_str(&serde_json::to_string(text).unwrap()).unwrap()
}

/// What both ask.
fn strictest(one: &PersonsText, other: &PersonsText) -> PersonsText {
    let mut both = copy(one);
    both.terms = one.terms.strictest(other.terms);
    both.drops_health |= other.drops_health;
    both.jurisdictions.extend(copy(other).jurisdictions);
    both
}

/// What is asked of an event, the way it was placed and when it was looked at being known.
#[derive(Debug, PartialEq)]
struct Asked {
    terms: Terms,
    limits_data_use: bool,
    drops_health: bool,
    remove: BTreeSet<String>,
}

impl Asked {
    /// `residence` is what the sender says, `address` what the address says; neither: it is not known.
    fn of(text: &PersonsText, residence: Option<Region>, address: Option<Region>, now: u64) -> Self {
        let address = address.filter(|_| text.reads_address);
        let told: Vec<Region> = residence.into_iter().chain(address).collect();
        let applies = |law: &&JurisdictionText| {
            let at = |place: &Region| law.regions.iter().any(|region| region.could_be(*place));
            law.effective_secs <= now && (told.is_empty() || told.iter().chain(&text.collected_in).any(at))
        };
        let laws: Vec<&JurisdictionText> = text.jurisdictions.iter().filter(applies).collect();
        Self {
            terms: laws.iter().fold(text.terms, |terms, law| terms.strictest(law.terms)),
            limits_data_use: laws.iter().any(|law| law.limits_data_use),
            drops_health: text.drops_health || laws.iter().any(|law| law.drops_health),
            remove: laws.iter().flat_map(|law| law.remove.clone()).collect(),
        }
    }

    /// Whether what passed these passes `other`, which may ask less.
    fn is_at_least(&self, other: &Self) -> bool {
        self.terms.ask_at_least(other.terms)
            && self.limits_data_use >= other.limits_data_use
            && self.remove.is_superset(&other.remove)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_asked_as_much_asked_as_much_of_everybody_everywhere(then in texts(), today in texts(), is_near in any::<bool>()) {
        // Of two that were drawn apart one hardly ever asks as much; of these one often does.
        let then = if is_near { strictest(&then, &today) } else { then };
        if !then.asked_as_much(&today, |_| true) {
            return Ok(());
        }
        let told = PLACES.iter().map(|code| Some(region(code))).chain([None]);
        for (residence, address) in told.clone().flat_map(|residence| told.clone().map(move |address| (residence, address))) {
            for now in 0..3 {
                let asked_then = Asked::of(&then, residence, address, now);
                let asked_today = Asked::of(&today, residence, address, now);
                prop_assert!(
                    asked_then.is_at_least(&asked_today),
                    "{residence:?} {address:?} at {now}: {asked_then:?}, today {asked_today:?}"
                );
                // What `[health]` of today itself does is decided again from what is stored.
                let by_law = today.jurisdictions.iter().any(|law| law.drops_health) && asked_today.drops_health;
                prop_assert!(!by_law || today.drops_health || asked_then.drops_health);
            }
        }
    }

    #[test]
    fn the_strictest_of_two_asks_as_much_as_the_first(one in texts(), other in texts()) {
        let both = strictest(&one, &other);
        prop_assert!(both.asked_as_much(&one, |_| true), "{both:?} {one:?}");
        prop_assert!(one.asked_as_much(&copy(&one), |_| true));
        prop_assert!(one.asked_as_much(&PersonsText::default(), |_| true), "nothing is asked today");
    }

    #[test]
    fn whoever_asks_more_of_anybody_did_not_ask_as_much_before(today in texts(), more in terms()) {
        let raised = PersonsText { terms: today.terms.strictest(more), ..copy(&today) };
        prop_assert_eq!(today.asked_as_much(&raised, |_| true), raised.terms == today.terms);
    }
}

#[test]
fn a_field_that_could_not_leave_then_was_taken_away_then() {
    let law = |remove: &[&str]| JurisdictionText {
        name: "one".to_owned(),
        pack: None,
        regions: vec![region("US-WA")],
        effective_secs: 0,
        terms: Terms::default(),
        limits_data_use: false,
        drops_health: false,
        remove: remove.iter().map(|path| (*path).to_owned()).collect(),
    };
    let then = PersonsText { jurisdictions: vec![law(&[])], ..PersonsText::default() };
    let today = PersonsText { jurisdictions: vec![law(&["user_data.ph"])], ..PersonsText::default() };
    assert!(!then.asked_as_much(&today, |_| true));
    assert!(then.asked_as_much(&today, |path| path != "user_data.ph"));
}
