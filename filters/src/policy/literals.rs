//! What a policy itself would send, or stands beside what it sends, must pass the detectors: a word that speaks of health is no
//! less telling for being listed.

use super::compile::{Checked, wrong};
use super::document::{Document, FieldAction};
use super::property;
use super::written::WrittenForm;
use crate::detect::health::{HealthRules, HealthScan, Role, Sight};
use crate::detect::{Work, WorkLimit, personal};
use crate::report::SignalKind;

/// Meta's standard events for websites. Their names say what a visitor did, not what for.
const STANDARD_EVENTS: &[&str] = &[
    "AddPaymentInfo",
    "AddToCart",
    "AddToWishlist",
    "AppendAttribution",
    "CompleteRegistration",
    "Contact",
    "CustomizeProduct",
    "Donate",
    "FindLocation",
    "InitiateCheckout",
    "Lead",
    "PageView",
    "Purchase",
    "Schedule",
    "Search",
    "StartTrial",
    "SubmitApplication",
    "Subscribe",
    "ViewContent",
];

/// An age, a year of birth, a postcode, a member's number: what a number under a telling name could be.
const PERSONS_NUMBERS: [i64; 4] = [42, 1980, 45_202, 402_113];

/// Looks through every literal of a policy.
pub(super) fn check(document: &Document, rules: &HealthRules) -> Checked<()> {
    let events = &document.events;
    for (at, name) in events.allow.iter().enumerate().filter(|(_, name)| !STANDARD_EVENTS.contains(&name.as_str())) {
        word(rules, || format!("events.allow#{}", at + 1), name)?;
    }
    for own in events.rename.keys() {
        word(rules, || format!("events.rename.{own}"), own)?;
    }
    for (at, prefix) in events.prefixes.iter().enumerate() {
        place(rules, || format!("events.prefixes#{}", at + 1), prefix)?;
    }
    for (at, class) in document.pages.class.iter().enumerate() {
        if let Some(path) = &class.send_as {
            place(rules, || format!("pages.class#{}.send_as", at + 1), path)?;
        }
    }
    for (path, action) in &document.fields.0 {
        let FieldAction::Written(form) = action else { continue };
        let key = || format!("fields.{path}");
        // Of a field of the table this is Meta's own name, which tells no more than the field.
        let is_own = crate::schema::Field::from_path(path).is_none();
        let name = path.strip_prefix(property::SECTION).filter(|_| is_own).unwrap_or_default();
        if !name.is_empty() {
            // A property that holds: `diagnosis` tells of health by any value.
            look(rules, key, name, "true")?;
        }
        match form {
            WrittenForm::OneOf(words) => {
                for listed in words.iter() {
                    look(rules, key, name, listed)?;
                }
            }
            WrittenForm::Integer(range) => {
                for number in PERSONS_NUMBERS.into_iter().filter(|number| range.holds(*number)) {
                    look(rules, key, name, &number.to_string())?;
                }
            }
        }
    }
    Ok(())
}

fn word(rules: &HealthRules, key: impl Fn() -> String, text: &str) -> Checked<()> {
    look(rules, key, "", text)
}

/// A path and a prefix say in which part of a site something was done: their words are telling as keys are, `/rx` like `rx=1`.
fn place(rules: &HealthRules, key: impl Fn() -> String, text: &str) -> Checked<()> {
    word(rules, &key, text)?;
    let names = text.split(['/', '.', ':']).map(|name| name.trim_matches(['-', '_'])).filter(|name| !name.is_empty());
    for name in names {
        if !matches!(sight(rules, name, "true"), Ok(Sight::Nothing)) {
            return wrong(key(), "has a word by which sites of health name their parts; choose another");
        }
    }
    Ok(())
}

fn look(rules: &HealthRules, key: impl Fn() -> String, name: &str, text: &str) -> Checked<()> {
    match signal(rules, name, text) {
        Ok(None) => {}
        Ok(Some(SignalKind::TellingKey)) => {
            return wrong(key(), "is a key that events about care have; choose another name");
        }
        Ok(Some(kind)) => {
            return wrong(
                key(),
                format!(
                    "speaks of health ({kind}); choose another word, or list the term in health.ignore_terms and say there \
                     because of what it does not"
                ),
            );
        }
        Err(WorkLimit) => return wrong(key(), "is wrapped more deeply than is looked; write it plainly"),
    }
    let found = personal::literal(text)
        .or_else(|| personal::literal(name))
        .or_else(|| personal::by_key(rules.setting(), name, text));
    match found {
        Some(reason) => wrong(key(), format!("looks like personal data ({reason}); choose another word")),
        None => Ok(()),
    }
}

/// What a text that a policy or a configuration writes speaks of. It leaves with every event, so what would need company in one
/// event needs none; only a key that shops have, too, is as good as any.
pub(super) fn signal(rules: &HealthRules, name: &str, text: &str) -> Result<Option<SignalKind>, WorkLimit> {
    Ok(match sight(rules, name, text)? {
        Sight::Nothing | Sight::Hint(SignalKind::TellingKey) => None,
        Sight::Signal(kind) | Sight::Hint(kind) => Some(kind),
    })
}

fn sight(rules: &HealthRules, name: &str, text: &str) -> Result<Sight, WorkLimit> {
    let mut work = Work::for_event(name.len() + text.len());
    HealthScan::new(rules).text(name, text, Role::Text, &mut work)
}
