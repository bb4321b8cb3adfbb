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
        word(rules, || format!("events.prefixes#{}", at + 1), prefix)?;
    }
    for (at, class) in document.pages.class.iter().enumerate() {
        if let Some(path) = &class.send_as {
            word(rules, || format!("pages.class#{}.send_as", at + 1), path)?;
        }
    }
    for (path, action) in &document.fields.0 {
        let FieldAction::Written(form) = action else { continue };
        let key = || format!("fields.{path}");
        // Of a field of the table this is Meta's own name, which tells no more than the field.
        if let Some(name) = path.strip_prefix(property::SECTION).filter(|_| crate::schema::Field::from_path(path).is_none())
        {
            // A property that holds: `diagnosis` tells of health by any value.
            look(rules, key, name, "true")?;
        }
        if let WrittenForm::OneOf(words) = form {
            for listed in words.iter() {
                word(rules, key, listed)?;
            }
        }
    }
    Ok(())
}

fn word(rules: &HealthRules, key: impl Fn() -> String, text: &str) -> Checked<()> {
    look(rules, key, "", text)
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
    match personal::literal(if name.is_empty() { text } else { name }) {
        Some(reason) => wrong(key(), format!("looks like personal data ({reason}); choose another word")),
        None => Ok(()),
    }
}

/// What a text that a policy or a configuration writes speaks of.
pub(super) fn signal(rules: &HealthRules, name: &str, text: &str) -> Result<Option<SignalKind>, WorkLimit> {
    let mut work = Work::for_event(name.len() + text.len());
    match HealthScan::new(rules).text(name, text, Role::Text, &mut work)? {
        Sight::Signal(kind) => Ok(Some(kind)),
        Sight::Hint(_) | Sight::Nothing => Ok(None),
    }
}
