//! Every normalisation that was recorded from Meta's documentation and its four official libraries, against ours.
//!
//! We agree with a line, in the normalised value and in the SHA-256, or `DECISIONS` says what we give for that input,
//! whom we follow and why. A decision that is missing, that nothing needs, or that names a library which does
//! otherwise, is a failure.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its fixture fails")]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use portcullis_filters::normalize::{Normalizer, hex, strip_suffix};
use serde::Deserialize;

use self::decisions::{DECISIONS, Follows};

#[path = "normalize_vectors/decisions.rs"]
mod decisions;

const CURRENCY: &str = "custom_data.currency";

/// One line of the fixture. `normalized` is null where the library refuses the value, `sha256` where it does not hash.
#[derive(Debug, Deserialize)]
struct Vector {
    field: String,
    input: String,
    normalized: Option<String>,
    sha256: Option<String>,
    source: String,
    #[serde(rename = "note")]
    _note: String,
}

/// What we give: the normalised value and its digest, or for a digest its digits twice, as the fixture has it.
#[derive(Debug, Default, PartialEq)]
struct Ours {
    normalized: Option<String>,
    sha256: Option<String>,
}

fn vectors() -> Vec<Vector> {
    serde_json::from_str(include_str!("fixtures/normalize_vectors.json")).unwrap()
}

fn normalizer(field: &str) -> Normalizer {
    match field {
        "em" => Normalizer::Email,
        "ph" => Normalizer::Phone,
        "fn" | "ln" => Normalizer::Name,
        "db" => Normalizer::BirthDate,
        "ge" => Normalizer::Gender,
        "ct" => Normalizer::City,
        "st" => Normalizer::State,
        "zp" => Normalizer::Postcode,
        "country" => Normalizer::Country,
        "f5first" | "f5last" => Normalizer::FirstFive,
        "fi" => Normalizer::Initial,
        "dobd" => Normalizer::BirthDay,
        "dobm" => Normalizer::BirthMonth,
        "doby" => Normalizer::BirthYear,
        "external_id" => Normalizer::ExternalId,
        "app_user_id" => Normalizer::AppUserId,
        other => panic!("the fixture has a field that no normaliser is for: {other}"),
    }
}

fn ours(field: &str, input: &str) -> Ours {
    // The one recorded field that is never hashed: its closed form is what leaves.
    if field == CURRENCY {
        return Ours { normalized: leaves_in_clear(field, input), sha256: None };
    }
    let rule = normalizer(field);
    let Ok(digest) = rule.digest(input) else { return Ours::default() };
    let sha256 = String::from_utf8(hex(&digest).to_vec()).unwrap();
    let is_digest = strip_suffix(input.trim()).eq_ignore_ascii_case(&sha256);
    let normalized = if is_digest { sha256.clone() } else { rule.normalize(input).unwrap().into_owned() };
    Ours { normalized: Some(normalized), sha256: Some(sha256) }
}

/// What leaves of a value that a policy keeps.
fn leaves_in_clear(path: &str, input: &str) -> Option<String> {
    let raw = common::with_value(path, &serde_json::to_string(input).unwrap());
    let left = common::json(&common::with_fields(&format!("{path} = \"keep\"")), &raw);
    left.pointer(&format!("/{}", path.replace('.', "/"))).map(|value| value.as_str().unwrap().to_owned())
}

#[test]
fn e12_every_recorded_value_is_ours_or_a_written_decision() {
    let mut decisions = BTreeMap::new();
    for decision in DECISIONS {
        let key = (decision.field, decision.input);
        assert!(decisions.insert(key, decision).is_none(), "two decisions on {key:?}");
        assert!(decision.why.len() > 10, "a decision on {key:?} without a reason");
    }
    let mut needed = BTreeSet::new();
    let mut missing = BTreeSet::new();
    let vectors = vectors();
    assert_eq!(vectors.len(), 1150, "lines of the fixture were lost");
    for vector in &vectors {
        let ours = ours(&vector.field, &vector.input);
        if ours.normalized == vector.normalized && ours.sha256 == vector.sha256 {
            continue;
        }
        match decisions.get(&(vector.field.as_str(), vector.input.as_str())) {
            Some(decision) => {
                needed.insert((decision.field, decision.input));
                assert_eq!(
                    ours.normalized.as_deref(),
                    decision.ours,
                    "{}: not what was decided on {:?}",
                    vector.field,
                    vector.input
                );
            }
            None => {
                missing.insert(format!("{:?}", (&vector.field, &vector.input, &ours.normalized)));
            }
        }
    }
    assert!(missing.is_empty(), "disagreements without a decision:\n{}", missing.into_iter().collect::<Vec<_>>().join("\n"));
    let unused: Vec<_> = decisions.keys().filter(|key| !needed.contains(*key)).collect();
    assert!(unused.is_empty(), "decisions that nothing needs: {unused:?}");
}

#[test]
fn a_decision_that_follows_a_library_gives_what_the_library_gives() {
    let vectors = vectors();
    for decision in DECISIONS {
        let source = match decision.follows {
            Follows::Python => "python-sdk",
            Follows::Node => "node-sdk",
            Follows::ParamBuilder => "param-builder",
            Follows::Rule => continue,
        };
        let found = vectors
            .iter()
            .find(|v| (v.field.as_str(), v.input.as_str(), v.source.as_str()) == (decision.field, decision.input, source));
        let found = found.unwrap_or_else(|| panic!("{source} has no line for {} {:?}", decision.field, decision.input));
        assert_eq!(found.normalized.as_deref(), decision.ours, "{source} on {} {:?}", decision.field, decision.input);
    }
}

#[test]
fn the_documentation_is_followed_but_for_the_country_code_it_adds() {
    for vector in vectors().iter().filter(|vector| vector.source == "meta-docs") {
        let ours = ours(&vector.field, &vector.input);
        if vector.field == "ph" {
            // The example adds a 1 that the input does not have, and its input begins with words.
            assert_eq!(ours, Ours::default());
            assert_eq!(Normalizer::Phone.normalize("(650)555-1212").as_deref(), Some("6505551212"));
            assert_eq!(Normalizer::Phone.normalize("+1 (650)555-1212").as_deref(), vector.normalized.as_deref());
        } else {
            assert_eq!(
                (ours.normalized, ours.sha256),
                (vector.normalized.clone(), vector.sha256.clone()),
                "{}",
                vector.input
            );
        }
    }
}
