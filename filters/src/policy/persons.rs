//! What a policy asks because of the person, compiled: `[consent]`, `[residence]` and every `[[jurisdiction]]`.
//!
//! Left to others: what an event says of its person, and what the rules make of it, `consent`. A line that would do nothing is an
//! error, because its author believes that it does something.

pub(super) mod day;
mod jurisdiction;
mod regions;

use super::FieldRules;
use super::compile::{Checked, wrong};
use super::document::{Consent, Document, Purpose, Residence, ResidenceSource};
use crate::consent::region::Region;
use crate::consent::rules::{Jurisdiction, Purposes, Require, Rules, Terms};
use crate::detect::Setting;

/// Most jurisdictions of one policy. Their names are labels of metrics, and each is looked at for every event.
const MAX_JURISDICTIONS: usize = 32;
/// Ten years.
const MAX_AGE_DAYS: u32 = 3650;

pub(super) fn compile(document: &Document, setting: Setting, fields: &FieldRules) -> Checked<Rules> {
    let terms = match &document.consent {
        None => Terms::default(),
        Some(consent) => terms("consent", &Written::from(consent))?,
    };
    let written = &document.jurisdiction;
    if written.len() > MAX_JURISDICTIONS {
        return wrong("jurisdiction", format!("has {} entries; {MAX_JURISDICTIONS} is the most", written.len()));
    }
    let around = jurisdiction::Around { terms, setting, on_signal: document.health.on_signal, fields };
    let mut jurisdictions: Vec<Jurisdiction> = Vec::with_capacity(written.len());
    for (at, written) in written.iter().enumerate() {
        let key = format!("jurisdiction#{}", at + 1);
        let compiled = jurisdiction::compile(&key, written, &around)?;
        if jurisdictions.iter().any(|other| other.id == compiled.id) {
            let name = if written.pack.is_some() { "pack" } else { "name" };
            return wrong(format!("{key}.{name}"), "is listed twice; remove one of the two");
        }
        jurisdictions.push(compiled);
    }
    if let Some(consent) = &document.consent {
        check_asked(consent, &jurisdictions)?;
    }
    let (reads_address, collected_in) = match &document.residence {
        None => (false, Box::default()),
        Some(residence) => compile_residence(residence, &jurisdictions)?,
    };
    Ok(Rules { terms, reads_address, collected_in, jurisdictions: jurisdictions.into() })
}

/// The keys that `[consent]`, a pack and a jurisdiction have in common.
struct Written<'w> {
    require: Option<Require>,
    purposes: Option<&'w [Purpose]>,
    honor_gpc: Option<bool>,
    max_age_days: Option<u32>,
}

impl<'w> From<&'w Consent> for Written<'w> {
    fn from(consent: &'w Consent) -> Self {
        Self {
            require: Some(consent.require),
            purposes: consent.purposes.as_deref(),
            honor_gpc: consent.honor_gpc,
            max_age_days: consent.max_age_days,
        }
    }
}

fn terms(key: &str, written: &Written<'_>) -> Checked<Terms> {
    let purposes = written.purposes.unwrap_or(&[Purpose::Marketing]);
    let count = |wanted: Purpose| purposes.iter().filter(|purpose| **purpose == wanted).count();
    if count(Purpose::Marketing) == 0 {
        return wrong(
            format!("{key}.purposes"),
            "must name \"marketing\": that Meta learns of an event is marketing, also of one that speaks of health",
        );
    }
    if count(Purpose::Marketing) > 1 || count(Purpose::Health) > 1 {
        return wrong(format!("{key}.purposes"), "names a purpose twice; remove one of the two");
    }
    if written.max_age_days.is_some_and(|days| !(1..=MAX_AGE_DAYS).contains(&days)) {
        return wrong(
            format!("{key}.max_age_days"),
            format!("must be from 1 to {MAX_AGE_DAYS}; without this line consent does not age"),
        );
    }
    let require = written.require.unwrap_or_default();
    Ok(Terms {
        require,
        purposes: Purposes { health: count(Purpose::Health) > 0 },
        honor_gpc: written.honor_gpc.unwrap_or(require != Require::Nothing),
        max_age_secs: written.max_age_days.map(|days| u64::from(days) * 86_400),
    })
}

/// What only `opt_in` looks at must stand beside one, here or in a jurisdiction.
fn check_asked(consent: &Consent, jurisdictions: &[Jurisdiction]) -> Checked<()> {
    let asks = |require: Require| require == Require::OptIn;
    if asks(consent.require) || jurisdictions.iter().any(|jurisdiction| asks(jurisdiction.terms.require)) {
        return Ok(());
    }
    let names_health = consent.purposes.as_ref().is_some_and(|purposes| purposes.contains(&Purpose::Health));
    if names_health || (consent.purposes.is_some() && consent.require == Require::Nothing) {
        return wrong(
            "consent.purposes",
            "asks for nothing where nothing is opt_in; write require = \"opt_in\", or remove this line",
        );
    }
    if consent.max_age_days.is_some() {
        return wrong(
            "consent.max_age_days",
            "does nothing where no consent is asked for; write require = \"opt_in\", or remove this line",
        );
    }
    Ok(())
}

fn compile_residence(residence: &Residence, jurisdictions: &[Jurisdiction]) -> Checked<(bool, Box<[Region]>)> {
    if jurisdictions.is_empty() {
        return wrong("residence", "does nothing without a [[jurisdiction]]; list one, or remove this table");
    }
    let count = |wanted: ResidenceSource| residence.read.iter().filter(|source| **source == wanted).count();
    if count(ResidenceSource::Residence) == 0 {
        return wrong(
            "residence.read",
            "must name \"residence\": what a sender says of it always counts, and without it every event would be of a residence \
             that is not known",
        );
    }
    if count(ResidenceSource::Residence) > 1 || count(ResidenceSource::Address) > 1 {
        return wrong("residence.read", "names a source twice; remove one of the two");
    }
    let collected_in = regions::compile("residence.collected_in", &residence.collected_in)?;
    for (at, place) in collected_in.iter().enumerate() {
        if !jurisdictions.iter().any(|jurisdiction| jurisdiction.regions.iter().any(|region| region.could_be(*place))) {
            return wrong(
                format!("residence.collected_in#{}", at + 1),
                "is in the regions of no [[jurisdiction]], so it would do nothing; list the one that is meant, or remove it",
            );
        }
    }
    Ok((count(ResidenceSource::Address) > 0, collected_in))
}
