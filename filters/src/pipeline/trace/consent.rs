//! The decision on the person, with what it was made of.
//!
//! Every word is of a closed list. Of places, only those are named that a law of the policy or Meta's table of states names; any
//! other is elsewhere. Of the time when consent was given, and of the strings of frameworks, nothing is told but what they came to.

use serde::Serialize;

use crate::closed_form;
use crate::consent::decision::{Decision, Known, decide};
use crate::consent::region::Region;
use crate::consent::rules::{Require, Rules, Terms};
use crate::consent::statement::{Given, Said, Told};
use crate::event::{Leaving, Outgoing, RawEvent};
use crate::policy::{Policy, limited_data_use_code};
use crate::schema::Field;

/// The decision on the person of one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConsentTrace {
    /// Of marketing: `granted`, `denied`, `not said` or `cannot be read`.
    pub marketing: &'static str,
    /// Of the use of what tells of health, in the same words.
    pub health: &'static str,
    /// Global Privacy Control: `on`, `off`, `not said` or `cannot be read`.
    pub gpc: &'static str,
    /// When consent was given: `said`, `not said` or `cannot be read`.
    pub time: &'static str,
    /// Whether CAPI's `opt_out` is set.
    pub opt_out: bool,
    /// The places that count.
    pub places: Vec<PlaceTrace>,
    /// The laws of the policy that apply, by their names, and why.
    pub jurisdictions: Vec<JurisdictionTrace>,
    /// What was asked, of the policy and of all of them.
    pub asked: Asked,
    /// Whether the event goes whole if it speaks of health, because of a law.
    pub drops_health: bool,
    /// Limited Data Use, if the event leaves under it.
    pub limited_data_use: Option<LimitedDataUse>,
    /// `may leave`, or why the event does not.
    pub outcome: &'static str,
}

/// A place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlaceTrace {
    /// Its code, `elsewhere` or `cannot be read`.
    pub region: String,
    /// Who says so, of what.
    pub source: &'static str,
}

/// A law that applies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JurisdictionTrace {
    /// Its name.
    pub id: String,
    /// Why it applies.
    pub because: &'static str,
}

/// What was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// `none`, `opt_out` or `opt_in`.
    pub require: &'static str,
    /// What for.
    pub purposes: &'static [&'static str],
    /// Whether Global Privacy Control is a denial.
    pub honor_gpc: bool,
    /// How old consent may be.
    pub max_age_days: Option<u64>,
}

/// Limited Data Use, as it leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LimitedDataUse {
    /// Who asks for it: `law` or `sender`.
    pub asked_by: &'static str,
    /// Meta's number of the country.
    pub country: String,
    /// Meta's number of the state.
    pub state: String,
}

impl ConsentTrace {
    /// Of an event, and of what it became.
    pub(super) fn of(policy: &Policy, event: &RawEvent<'_>, out: Option<&Outgoing<'_>>, now_secs: u64) -> Self {
        let rules = policy.consent_rules();
        let known = Known::of(event, rules);
        let decision = decide(rules, &known, now_secs);
        let said = &known.statement;
        Self {
            marketing: word(said.marketing, ["granted", "denied"]),
            health: word(said.health, ["granted", "denied"]),
            gpc: word(said.gpc, ["off", "on"]),
            time: match said.given {
                Given::Unsaid => "not said",
                Given::Unreadable => "cannot be read",
                Given::At { .. } => "said",
            },
            opt_out: known.opts_out,
            places: places(rules, &known),
            jurisdictions: decision
                .applied
                .iter()
                .map(|(law, applies)| JurisdictionTrace { id: law.id.to_string(), because: applies.as_str() })
                .collect(),
            asked: asked(&decision.terms),
            drops_health: decision.drops_health,
            limited_data_use: out.and_then(|out| limited_data_use(out, &decision)),
            outcome: decision.halt.map_or("may leave", |reason| reason.as_str()),
        }
    }
}

fn word(said: Said, [granted, denied]: [&'static str; 2]) -> &'static str {
    match said {
        Said::Nothing => "not said",
        Said::Granted => granted,
        Said::Denied => denied,
        Said::Unreadable => "cannot be read",
    }
}

fn asked(terms: &Terms) -> Asked {
    Asked {
        require: match terms.require {
            Require::Nothing => "none",
            Require::OptOut => "opt_out",
            Require::OptIn => "opt_in",
        },
        purposes: if terms.purposes.health { &["marketing", "health"] } else { &["marketing"] },
        honor_gpc: terms.honor_gpc,
        max_age_days: terms.max_age_secs.map(|secs| secs / 86_400),
    }
}

fn places(rules: &Rules, known: &Known) -> Vec<PlaceTrace> {
    let told = |places: [Told; 2], source: &'static str| {
        let region = |place: Told| match place {
            Told::Nothing => None,
            Told::Unreadable => Some("cannot be read".to_owned()),
            Told::Region(region) => Some(name(rules, region)),
        };
        places.into_iter().filter_map(region).map(move |region| PlaceTrace { region, source })
    };
    let residences = told(known.statement.residence, "residence, told by the sender");
    let collections = told(known.statement.collection, "collected there, told by the sender");
    let address = known.address.regions().map(|region| name(rules, region));
    let unreadable = known.address.is_unreadable.then(|| "cannot be read".to_owned());
    let address = address.chain(unreadable).map(|region| PlaceTrace { region, source: "residence, by the address" });
    let site = rules
        .collected_in
        .iter()
        .map(|region| PlaceTrace { region: region.to_string(), source: "collected there, by the policy" });
    residences.chain(address).chain(collections).chain(site).collect()
}

/// The code of a place, as far as a law of the policy or Meta's table names it.
fn name(rules: &Rules, place: Region) -> String {
    let listed = || rules.jurisdictions.iter().flat_map(|law| law.regions.iter().copied());
    if limited_data_use_code(place).is_some() || listed().any(|region| place.holds(region)) {
        return place.to_string();
    }
    // A part of a country that is listed as a whole is told as the country.
    listed().find(|region| region.holds(place)).map_or_else(|| "elsewhere".to_owned(), |region| region.to_string())
}

fn limited_data_use(out: &Outgoing<'_>, decision: &Decision<'_>) -> Option<LimitedDataUse> {
    let literal = |field: Field| match out.get(field) {
        Some(Leaving::Literal(text)) => Some(text.to_string()),
        _ => None,
    };
    literal(Field::DataProcessingOptions).filter(|options| options == closed_form::LDU)?;
    Some(LimitedDataUse {
        asked_by: if decision.limits_data_use { "law" } else { "sender" },
        country: literal(Field::DataProcessingOptionsCountry)?,
        state: literal(Field::DataProcessingOptionsState)?,
    })
}
