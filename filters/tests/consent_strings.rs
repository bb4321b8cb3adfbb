//! What is read in TCF and GPP strings, beside what IAB Tech Lab's own libraries read in the same ones.
//!
//! The vectors and what the libraries say of them are made by `tests/clients/consent_vectors.mjs`. Seen from outside: what
//! becomes of an event that brings the string, under policies of which each asks one thing.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

mod common;

use std::collections::BTreeMap;

use common::{DATASET, FBP, FRESH, NOW, key, policy, with_fields_and};
use portcullis_filters::pipeline::{Context, Outcome, sanitize};
use portcullis_filters::policy::Policy;
use portcullis_filters::suppression::Nobody;
use serde::Deserialize;

const DAY_SECS: u64 = 86_400;

#[derive(Deserialize)]
struct File<T> {
    vectors: Vec<Vector<T>>,
}

#[derive(Deserialize)]
struct Vector<T> {
    name: String,
    string: String,
    expected: Expected<T>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Expected<T> {
    Read(T),
    Unreadable(Unreadable),
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Unreadable {
    Unreadable,
}

#[derive(Deserialize)]
struct Tcf {
    purposes: Vec<u8>,
    last_updated_secs: u64,
    marketing: Said,
}

#[derive(Deserialize)]
struct Gpp {
    sections: serde_json::Map<String, serde_json::Value>,
    marketing: Said,
    health: Said,
    gpc: bool,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "snake_case")]
enum Said {
    Nothing,
    Granted,
    Denied,
}

fn tcf() -> Vec<Vector<Tcf>> {
    serde_json::from_str::<File<Tcf>>(include_str!("fixtures/consent/tcf.json")).unwrap().vectors
}

fn gpp() -> Vec<Vector<Gpp>> {
    serde_json::from_str::<File<Gpp>>(include_str!("fixtures/consent/gpp.json")).unwrap().vectors
}

fn asking(consent: &str) -> Policy {
    policy(&with_fields_and("", &format!("[consent]\n{consent}\n")))
}

/// What becomes of an event of this moment whose `consent` has these members: `forward`, or why it is dropped.
fn becomes(policy: &Policy, now_secs: u64, consent: &str) -> String {
    let raw = format!(
        r#"{{"event_name":"PageView","event_time":{now_secs},"event_id":"e-1","action_source":"website",
        "event_source_url":"https://www.shop.example/","user_data":{{{FBP}}},"consent":{{{consent}}}}}"#
    );
    let pseudonyms = key();
    let context = Context { dataset: DATASET, now_secs, fresh_id: FRESH, pseudonyms: &pseudonyms, suppressed: &Nobody };
    match sanitize(policy, &context, &raw) {
        Outcome::Forward(event, _) => {
            assert!(!event.as_str().contains("consent"), "{}", event.as_str());
            "forward".to_owned()
        }
        Outcome::Drop(_, reason, _) => reason.to_string(),
        Outcome::Refuse(refusal) => format!("refused: {refusal}"),
    }
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

#[test]
fn in_a_tcf_string_the_consent_to_purposes_is_read_as_the_library_reads_it() {
    let (none, opt_in) = (asking("require = \"none\""), asking("require = \"opt_in\""));
    let (mut granted, mut denied) = (0, 0);
    for Vector { name, string, expected } in tcf() {
        let Expected::Read(Tcf { purposes, marketing, .. }) = expected else { continue };
        let what = if marketing == Said::Granted { "forward" } else { "consent_denied" };
        for policy in [&none, &opt_in] {
            assert_eq!(becomes(policy, NOW, &format!(r#""tcf":{}"#, quoted(&string))), what, "{name}: {purposes:?}");
        }
        if marketing == Said::Granted { granted += 1 } else { denied += 1 }
    }
    assert!(granted > 50 && denied > 50, "{granted} granted, {denied} denied");
}

#[test]
fn a_tcf_string_is_as_old_as_the_library_says() {
    let policy = asking("require = \"opt_in\"\nmax_age_days = 1");
    let mut seen = 0;
    for Vector { name, string, expected } in tcf() {
        let Expected::Read(Tcf { last_updated_secs: written, marketing: Said::Granted, .. }) = expected else { continue };
        let consent = format!(r#""tcf":{}"#, quoted(&string));
        assert_eq!(becomes(&policy, written + DAY_SECS, &consent), "forward", "{name}");
        assert_eq!(becomes(&policy, written + DAY_SECS + 1, &consent), "consent_expired", "{name}");
        // What is said in so many words prevails.
        let timed = format!(r#"{consent},"time":{}"#, written + DAY_SECS);
        assert_eq!(becomes(&policy, written + 2 * DAY_SECS, &timed), "forward", "{name}");
        seen += 1;
    }
    assert!(seen > 50, "{seen}");
}

#[test]
fn in_a_gpp_string_every_section_is_read_as_the_library_reads_it() {
    let none = asking("require = \"none\"");
    let opt_out = asking("require = \"opt_out\"");
    let marketing_asked = asking("require = \"opt_in\"\nhonor_gpc = false");
    let both_asked = asking("require = \"opt_in\"\npurposes = [\"marketing\", \"health\"]\nhonor_gpc = false");
    let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
    for Vector { name, string, expected } in gpp() {
        let Expected::Read(Gpp { sections, marketing, health, gpc }) = expected else { continue };
        let gpp = format!(r#""gpp":{}"#, quoted(&string));
        let yes = format!(r#"{gpp},"marketing":"granted""#);
        let denied = marketing == Said::Denied || health == Said::Denied;
        let unless_denied = |what: &'static str| if denied { "consent_denied" } else { what };
        let sections: Vec<&String> = sections.keys().collect();
        for (policy, consent, what) in [
            (&none, &gpp, unless_denied("forward")),
            (&opt_out, &gpp, unless_denied(if gpc { "global_privacy_control" } else { "forward" })),
            (&marketing_asked, &gpp, unless_denied(if marketing == Said::Granted { "forward" } else { "no_consent" })),
            (&marketing_asked, &yes, unless_denied("forward")),
            (&both_asked, &yes, unless_denied(if health == Said::Granted { "forward" } else { "no_consent" })),
        ] {
            assert_eq!(becomes(policy, NOW, consent), what, "{name} {sections:?}: {string}");
            *outcomes.entry(what.to_owned()).or_default() += 1;
        }
    }
    for what in ["forward", "consent_denied", "global_privacy_control", "no_consent"] {
        assert!(outcomes.get(what).is_some_and(|count| *count > 10), "{what}: {outcomes:?}");
    }
}

#[test]
fn a_string_that_cannot_be_read_is_a_denial_whatever_is_asked() {
    let policies = ["none", "opt_out", "opt_in"].map(|require| asking(&format!("require = \"{require}\"")));
    let broken_tcf = tcf().into_iter().filter(|vector| matches!(vector.expected, Expected::Unreadable(_)));
    let broken_gpp = gpp().into_iter().filter(|vector| matches!(vector.expected, Expected::Unreadable(_)));
    let strings: Vec<_> = broken_tcf
        .map(|vector| ("tcf", vector.name, vector.string))
        .chain(broken_gpp.map(|vector| ("gpp", vector.name, vector.string)))
        .collect();
    assert!(strings.len() > 40, "{}", strings.len());
    for (key, name, string) in strings {
        for policy in &policies {
            let consent = format!(r#""{key}":{},"marketing":"granted","health":"granted""#, quoted(&string));
            assert_eq!(becomes(policy, NOW, &consent), "consent_denied", "{key}, {name}: {string}");
        }
    }
}
