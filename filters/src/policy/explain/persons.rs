//! What a policy asks because of the person, in words: of everybody, of whom each jurisdiction protects, and of whom it is not
//! known which do.

use crate::consent::rules::{Jurisdiction, Require, Terms};
use crate::detect::Setting;
use crate::policy::document;
use crate::policy::narrow::Narrowed;
use crate::policy::{Policy, packs};

/// Whose events may leave.
#[derive(Debug)]
pub struct Persons {
    /// What is asked of everybody.
    pub everybody: Vec<String>,
    /// How it is known which jurisdictions apply, and what is asked of whom it is not known.
    pub residence: Vec<String>,
    /// What is asked besides of those whom a jurisdiction protects, in the order of the policy.
    pub jurisdictions: Vec<Protection>,
}

/// A jurisdiction that a policy lists.
#[derive(Debug)]
pub struct Protection {
    /// Its name, such as `US-WA`.
    pub name: String,
    /// The name of the law, of a pack.
    pub title: Option<String>,
    /// From which day on it applies.
    pub effective: String,
    /// Where it is written.
    pub citation: Option<String>,
    /// Why it asks what it asks.
    pub because: Option<String>,
    /// Whom it protects, by where they live or where the data is collected.
    pub regions: Vec<String>,
    /// What it asks.
    pub asks: Vec<String>,
}

pub(super) fn persons(policy: &Policy) -> Persons {
    let rules = policy.consent_rules();
    let written = policy.document.jurisdiction.iter();
    Persons {
        everybody: everybody(policy.document.consent.as_ref().is_some(), rules.terms),
        residence: residence(policy),
        jurisdictions: rules
            .jurisdictions
            .iter()
            .zip(written)
            .map(|(law, written)| protection(policy, law, written))
            .collect(),
    }
}

/// Whether nothing is asked of anybody: then whose events may leave is for the sender alone to know.
pub(super) fn asks_nothing(policy: &Policy) -> bool {
    let rules = policy.consent_rules();
    rules.terms.require == Require::Nothing && rules.jurisdictions.is_empty()
}

fn everybody(is_written: bool, terms: Terms) -> Vec<String> {
    let mut lines = vec![match terms.require {
        Require::Nothing if is_written => "consent is not asked for".to_owned(),
        Require::Nothing => "consent is not asked for: there is no [consent]".to_owned(),
        Require::OptOut => {
            "an event leaves unless somebody said no: in consent, in a TCF or GPP string, or by opt_out".to_owned()
        }
        Require::OptIn => format!("an event leaves only with {}; that nothing is said is none", consent(terms).0),
    }];
    lines.extend(conditions(terms));
    if !terms.honor_gpc {
        lines.push("Global Privacy Control is not looked at".to_owned());
    }
    lines.push(
        "an event whose sender says no to marketing or health, or says it so that it cannot be read, is dropped".to_owned(),
    );
    lines
}

/// What consent is asked for, and the verb that goes with it.
fn consent(terms: Terms) -> (&'static str, &'static str) {
    if terms.purposes.health {
        ("consent to marketing and consent to the use of health data", "are")
    } else {
        ("consent to marketing", "is")
    }
}

/// What is asked, part by part.
fn asked(terms: Terms) -> Vec<String> {
    let require = match terms.require {
        Require::Nothing => None,
        Require::OptOut => Some("nobody may have said no".to_owned()),
        Require::OptIn => {
            let (consent, are) = consent(terms);
            Some(format!("{consent} {are} asked for"))
        }
    };
    require.into_iter().chain(conditions(terms)).collect()
}

fn conditions(terms: Terms) -> Vec<String> {
    let mut lines = Vec::new();
    if terms.purposes.health && terms.require != Require::OptIn {
        lines.push("where consent is asked for, also one to the use of health data is".to_owned());
    }
    if terms.honor_gpc {
        lines.push("Global Privacy Control is a no".to_owned());
    }
    if let Some(secs) = terms.max_age_secs {
        lines.push(format!("a consent that is older than {} days, or has no time, counts as none", secs / 86_400));
    }
    lines
}

fn residence(policy: &Policy) -> Vec<String> {
    let rules = policy.consent_rules();
    if rules.jurisdictions.is_empty() {
        return vec!["where a person lives decides nothing: no [[jurisdiction]] is listed".to_owned()];
    }
    let address = if rules.reads_address { " and user_data.country with user_data.st, in clear or hashed," } else { "" };
    let mut lines = vec![
        format!("the sender's residence{address} tells where a person lives, and its collection where data was collected"),
        "each place that is told counts, and all that apply there are asked together".to_owned(),
    ];
    if !rules.collected_in.is_empty() {
        let places: Vec<String> = rules.collected_in.iter().map(ToString::to_string).collect();
        lines.push(format!("the site collects in {}, whoever the person is", places.join(", ")));
    }
    let laws = &rules.jurisdictions;
    let terms = laws.iter().fold(rules.terms, |terms, law| terms.strictest(law.terms));
    let mut strictest = asked(terms);
    strictest.extend(acts(laws.iter().any(|law| law.limits_data_use), laws.iter().any(|law| law.drops_health)));
    lines.push(format!("of whom no residence is known, all of these apply: {}", strictest.join("; ")));
    lines
}

fn acts(limits_data_use: bool, drops_health: bool) -> impl Iterator<Item = String> {
    let acts = [
        (limits_data_use, "events leave under Meta's Limited Data Use only"),
        (drops_health, "an event that speaks of health is dropped whole"),
    ];
    acts.into_iter().filter(|(is_done, _)| *is_done).map(|(_, text)| text.to_owned())
}

fn protection(policy: &Policy, law: &Jurisdiction, written: &document::Jurisdiction) -> Protection {
    let pack = packs::all().iter().find(|pack| written.pack.as_ref() == Some(&pack.written.name)).map(|pack| &pack.written);
    let of_pack = |text: fn(&packs::Written) -> &String| pack.map(text).cloned();
    Protection {
        name: law.id.to_string(),
        title: of_pack(|pack| &pack.title),
        effective: of_pack(|pack| &pack.effective).or_else(|| written.effective.clone()).unwrap_or_default(),
        citation: of_pack(|pack| &pack.citation).or_else(|| written.citation.clone()),
        because: of_pack(|pack| &pack.because).or_else(|| written.because.clone()),
        regions: law.regions.iter().map(ToString::to_string).collect(),
        asks: asks(policy, law, written),
    }
}

fn asks(policy: &Policy, law: &Jurisdiction, written: &document::Jurisdiction) -> Vec<String> {
    let mut asks = asked(law.terms);
    asks.extend(acts(law.limits_data_use, law.drops_health));
    if let Some(paths) = &written.remove {
        asks.push(format!("does not leave: {}", paths.join(", ")));
    }
    let Jurisdiction { limits_data_use, drops_health, remove, .. } = law;
    let narrows = *limits_data_use || *drops_health || *remove != Narrowed::default();
    if !narrows && policy.consent_rules().terms.ask_at_least(law.terms) {
        asks.push("all of this is asked of everybody already".to_owned());
    }
    asks
}

/// The built-in whose policy is of this kind and asks.
pub(super) fn variant(policy: &Policy) -> &'static str {
    match policy.setting() {
        Setting::Retail => "retail-consent@1",
        Setting::Health => "pharmacy-consent@1",
        Setting::Clinical => "hospital@2",
    }
}
