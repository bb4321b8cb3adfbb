//! What `[health]` and `[pii]` do under a policy, and what no detector can find.

use super::kept;
use crate::detect::{Setting, lexicon};
use crate::normalize::hex;
use crate::policy::document::{Ambiguous, FieldAction, OnSignal, Scan};
use crate::policy::{EventIdForm, Policy, literals};
use crate::schema::{Field, Kind};

/// What the two tables come to, line by line.
pub(super) fn lines(policy: &Policy) -> Vec<String> {
    let health = &policy.document.health;
    let mut lines = vec![
        match health.scan {
            Scan::WholeEvent => "looks for health in the whole event, unknown keys and what never leaves included",
            Scan::KeptFields => "looks for health in the fields that leave, and nowhere else",
        }
        .to_owned(),
        match health.on_signal {
            OnSignal::DropEvent => "an event that speaks of health is dropped whole",
            OnSignal::DropGoods => {
                "an event that speaks of health loses its page's path and all of custom_data but value and currency, if \
                 something else was bought too; else, and if anything but custom_data says so, it is dropped whole"
            }
        }
        .to_owned(),
        match health.ambiguous {
            Ambiguous::Context => "words that also mean something else count beside words of health",
            Ambiguous::Always => "words that also mean something else always count",
        }
        .to_owned(),
        format!("lexicon {}, sha256 {}", lexicon::version(), String::from_utf8_lossy(&hex(&lexicon::digest()))),
    ];
    if !health.add_terms.is_empty() {
        lines.push(format!("terms that count as well: {}", health.add_terms.join(", ")));
    }
    for ignored in &health.ignore_terms {
        lines.push(format!("does not count: {}, because: {}", ignored.term, ignored.because));
    }
    lines.push(
        "detectors of persons look through tokens, ids and click ids; a hit removes the value, and an event_id is replaced by \
         its HMAC"
            .to_owned(),
    );
    lines
}

/// Likely misunderstandings.
pub(super) fn warned(policy: &Policy) -> Vec<String> {
    let mut warned = Vec::new();
    for host in &policy.hosts {
        if let Ok(Some(kind)) = literals::signal(policy.health_rules(), "", host) {
            warned.push(format!(
                "the host {host} itself speaks of health ({kind}), and every event tells that somebody was there; it is passed \
                 over in pages of this site"
            ));
        }
    }
    for (path, action) in &policy.document.fields.0 {
        if let FieldAction::KeepText { because } = action {
            warned.push(format!(
                "{path}: free text leaves, because: {because}; detectors look through it and find no plain name, and no health \
                 that is said in words of its own"
            ));
        }
    }
    if policy.document.health.scan == Scan::KeptFields {
        warned.push(
            "[health] scan = \"kept_fields\": what does not leave is not looked at, so an event leaves with its person whose \
             search terms or unknown keys speak of health"
                .to_owned(),
        );
    }
    warned
}

/// What no detector finds.
pub(super) fn known(policy: &Policy) -> Vec<String> {
    let mut known = vec![
        match policy.setting() {
            Setting::Retail => "a drug's name with a wrong letter is not recognised on a shop's policy, wherever it stands",
            Setting::Health | Setting::Clinical => {
                "a drug's name with a wrong letter is not recognised when it is in mixed case, such as mEtFoRmN"
            }
        }
        .to_owned(),
    ];
    let of_events = policy.events.event_id == EventIdForm::Token;
    if !of_events {
        known.push(format!(
            "{}: a UUID or ULID is random letters and digits; a number or a name that is filled up to that form, with a letter in \
             it, leaves as one",
            Field::EventId.path()
        ));
    }
    let ids = kept(policy, |kind| matches!(kind, Kind::EventId | Kind::Token | Kind::ContentId | Kind::Contents));
    let ids: Vec<&str> = of_events.then_some(Field::EventId.path()).into_iter().chain(ids).collect();
    if ids.is_empty() {
        return known;
    }
    let unseen = match policy.setting() {
        Setting::Retail => {
            "runs of digits, telephone and card numbers among them, plain names and addresses, and, in ids of goods, departments \
             of medicine are not recognised"
        }
        Setting::Health | Setting::Clinical => {
            "plain names, and numbers that are no telephone's or card's, are not recognised"
        }
    };
    known.push(format!(
        "{}: any id of the right form leaves in which no detector finds a person; in an id {unseen}, nor what only a key beside it \
         would tell, such as a day of birth",
        ids.join(", ")
    ));
    known
}
