//! One `[[jurisdiction]]`, compiled: a pack, or a law that the policy writes itself.

use super::{Written, day, regions, terms};
use crate::consent::region::Region;
use crate::consent::rules::{Jurisdiction, Require, Terms};
use crate::detect::Setting;
use crate::document::nearest;
use crate::policy::FieldRules;
use crate::policy::compile::{Checked, compile_remove, wrong};
use crate::policy::document::{self, OnSignal};
use crate::policy::narrow::Narrowed;
use crate::policy::packs::{self, Asked, Pack};

/// Longest name of one that a policy writes.
const MAX_NAME: usize = 20;

/// The policy around it.
pub(super) struct Around<'p> {
    /// What is asked of every event.
    pub(super) terms: Terms,
    pub(super) setting: Setting,
    pub(super) on_signal: OnSignal,
    pub(super) fields: &'p FieldRules,
}

pub(super) fn compile(key: &str, written: &document::Jurisdiction, around: &Around<'_>) -> Checked<Jurisdiction> {
    match (&written.pack, &written.name) {
        (Some(pack), None) => {
            if let Some(other) = beside_pack(written) {
                return wrong(
                    format!("{key}.{other}"),
                    "stands beside a pack, which cannot be changed; remove it, or write it in a [[jurisdiction]] with a name of its own",
                );
            }
            of_pack(&format!("{key}.pack"), pack, around.setting)
        }
        (None, Some(name)) => own(key, name, written, around),
        (Some(_), Some(_)) => wrong(key, "has both pack and name; a pack stands alone"),
        (None, None) => wrong(key, "must name a pack, such as pack = \"US-WA\", or have a name and regions of its own"),
    }
}

/// What a pack asks of a policy of this setting.
pub(in crate::policy) fn asked_of(pack: &Pack, setting: Setting) -> &Asked {
    match setting {
        Setting::Retail => &pack.written.retail,
        Setting::Health | Setting::Clinical => &pack.written.health,
    }
}

fn of_pack(key: &str, name: &str, setting: Setting) -> Checked<Jurisdiction> {
    let Some(pack) = packs::all().iter().find(|pack| pack.written.name == name) else {
        let names: Vec<&str> = packs::all().iter().map(|pack| pack.written.name.as_str()).collect();
        let cure = match name {
            "EU" | "UK" => "; the European Union is in \"EEA\", and the United Kingdom is \"GB\"".to_owned(),
            _ => {
                match names.iter().find(|near| near.eq_ignore_ascii_case(name)).copied().or_else(|| nearest(name, &names)) {
                    Some(near) => format!("; did you mean \"{near}\"?"),
                    None => format!("; there are {}", names.join(", ")),
                }
            }
        };
        return wrong(key, format!("is no pack{cure}"));
    };
    let asked = asked_of(pack, setting);
    let written = Written {
        require: asked.require,
        purposes: asked.purposes.as_deref(),
        honor_gpc: asked.honor_gpc,
        max_age_days: asked.max_age_days,
    };
    Ok(Jurisdiction {
        id: pack.written.name.as_str().into(),
        regions: pack.regions.clone(),
        effective_secs: pack.effective_secs,
        terms: terms(key, &written)?,
        limits_data_use: asked.limited_data_use.unwrap_or_default(),
        drops_health: asked.drop_health.unwrap_or_default(),
        remove: Narrowed::default(),
    })
}

/// A key that stands beside `pack`.
fn beside_pack(written: &document::Jurisdiction) -> Option<&'static str> {
    let document::Jurisdiction {
        pack: _,
        name: _,
        regions,
        effective,
        citation,
        because,
        require,
        purposes,
        honor_gpc,
        max_age_days,
        limited_data_use,
        drop_health,
        remove,
    } = written;
    let keys = [
        ("regions", regions.is_some()),
        ("effective", effective.is_some()),
        ("citation", citation.is_some()),
        ("because", because.is_some()),
        ("require", require.is_some()),
        ("purposes", purposes.is_some()),
        ("honor_gpc", honor_gpc.is_some()),
        ("max_age_days", max_age_days.is_some()),
        ("limited_data_use", limited_data_use.is_some()),
        ("drop_health", drop_health.is_some()),
        ("remove", remove.is_some()),
    ];
    keys.into_iter().find(|(_, stands)| *stands).map(|(name, _)| name)
}

fn own(key: &str, name: &str, written: &document::Jurisdiction, around: &Around<'_>) -> Checked<Jurisdiction> {
    check_name(&format!("{key}.name"), name)?;
    let regions = match written.regions.as_deref() {
        Some(codes @ [_, ..]) => regions::compile(&format!("{key}.regions"), codes)?,
        Some([]) | None => {
            return wrong(format!("{key}.regions"), "must list whom it protects, such as [\"US-WA\"] or [\"FR\", \"DE\"]");
        }
    };
    let because = [&written.citation, &written.because];
    if !because.into_iter().flatten().any(|text| !text.trim().is_empty()) {
        return wrong(key, "must say by which law, citation = \"…\", or else why, because = \"…\"");
    }
    let Some(effective_secs) = written.effective.as_deref().and_then(day::secs) else {
        return wrong(format!("{key}.effective"), "must be the day from which on it applies, such as \"2024-03-31\"");
    };
    let terms = own_terms(key, written, around)?;
    let limits_data_use = written.limited_data_use.unwrap_or_default();
    if limits_data_use && !regions.iter().all(|region| is_american(*region)) {
        return wrong(
            format!("{key}.limited_data_use"),
            "is for regions of the United States: Meta limits the use of no other's data",
        );
    }
    let drops_health = written.drop_health.unwrap_or_default();
    if drops_health && around.on_signal == OnSignal::DropEvent {
        return wrong(
            format!("{key}.drop_health"),
            "does nothing: health.on_signal = \"drop_event\" drops every event that speaks of health; remove it",
        );
    }
    let remove = match &written.remove {
        None => Narrowed::default(),
        Some(paths) => compile_remove(&format!("{key}.remove"), paths, around.fields)?,
    };
    let asks_more = !around.terms.ask_at_least(terms);
    if !(asks_more || limits_data_use || drops_health || written.remove.is_some()) {
        return wrong(
            key,
            "narrows nothing that [consent] does not ask of every event; say what it asks for, such as require = \"opt_in\", \
             limited_data_use = true or remove = [\"user_data.ph\"], or remove it",
        );
    }
    Ok(Jurisdiction { id: name.into(), regions, effective_secs, terms, limits_data_use, drops_health, remove })
}

/// It is a label of metrics, and no pack may seem to be in force that is not.
fn check_name(key: &str, name: &str) -> Checked<()> {
    if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return wrong(key, format!("must be 1 to {MAX_NAME} letters, digits and -"));
    }
    if packs::all().iter().any(|pack| pack.written.name.eq_ignore_ascii_case(name)) {
        return wrong(
            key,
            format!("is the name of a pack; write pack = \"{}\" alone, or choose another name", name.to_uppercase()),
        );
    }
    Ok(())
}

fn own_terms(key: &str, written: &document::Jurisdiction, around: &Around<'_>) -> Checked<Terms> {
    let wider = [
        ("require", written.require == Some(Require::Nothing)),
        ("honor_gpc", written.honor_gpc == Some(false)),
        ("limited_data_use", written.limited_data_use == Some(false)),
        ("drop_health", written.drop_health == Some(false)),
    ];
    if let Some((name, _)) = wider.into_iter().find(|(_, stands)| *stands) {
        return wrong(
            format!("{key}.{name}"),
            "asks for nothing, and a jurisdiction can only ask for more; remove this line",
        );
    }
    let common = Written {
        require: written.require,
        purposes: written.purposes.as_deref(),
        honor_gpc: written.honor_gpc,
        max_age_days: written.max_age_days,
    };
    let terms = terms(key, &common)?;
    if around.terms.strictest(terms).require != Require::OptIn {
        let idle = [("purposes", written.purposes.is_some()), ("max_age_days", written.max_age_days.is_some())];
        if let Some((name, _)) = idle.into_iter().find(|(_, stands)| *stands) {
            return wrong(
                format!("{key}.{name}"),
                "does nothing where no consent is asked for; write require = \"opt_in\" beside it, or remove this line",
            );
        }
    }
    Ok(terms)
}

fn is_american(region: Region) -> bool {
    Region::new("US", None).is_some_and(|states| states.holds(region))
}
