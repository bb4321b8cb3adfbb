//! Whoever must not be sent is known by every form that a library gives an identifier, in every place where one can stand, and by
//! nothing that stands for others too.

mod common;

use std::collections::{BTreeSet, HashSet};

use portcullis_filters::normalize::parse_hex;
use portcullis_filters::pipeline::{Context, Outcome, sanitize};
use portcullis_filters::report::{DropReason, StageName};
use portcullis_filters::suppression::{Identifier, Kind, Suppressed, forms, is_stored_of, of_stored, pseudonyms};
use proptest::prelude::*;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

/// Those who must not be sent, in a set that forgets nothing.
#[derive(Debug, Default)]
struct Persons(HashSet<Identifier>);

impl Suppressed for Persons {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn holds(&self, identifier: &Identifier) -> bool {
        self.0.contains(identifier)
    }
}

/// Somebody, as `portcullis suppress add` keeps them.
fn person(kind: Kind, raw: &str) -> Persons {
    let forms = forms(kind, raw);
    assert!(!forms.is_empty(), "{raw} stands for nobody");
    let pseudonyms = pseudonyms(&common::key(), &forms);
    Persons(forms.into_iter().chain(pseudonyms).collect())
}

fn event(user_data: &str, rest: &str) -> String {
    format!(
        r#"{{"event_name":"Purchase","event_time":1791000000,"event_id":"e-1","action_source":"website","event_source_url":"https://www.shop.example/","user_data":{{"client_user_agent":"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0","zp":"94107","ct":"Oslo"{user_data}}},"custom_data":{{"value":1,"currency":"EUR"{rest}}}}}"#
    )
}

fn outcome(policy: &str, persons: &Persons, raw: &str) -> Outcome {
    let pseudonyms = common::key();
    let (dataset, now_secs, fresh_id) = (common::DATASET, common::NOW, common::FRESH);
    sanitize(
        &common::policy(policy),
        &Context { dataset, now_secs, fresh_id, pseudonyms: &pseudonyms, suppressed: persons },
        raw,
    )
}

fn is_caught(persons: &Persons, raw: &str) -> bool {
    match outcome("retail", persons, raw) {
        Outcome::Drop(StageName::Consent, reason, _) => {
            assert_eq!(reason, DropReason::Suppressed);
            true
        }
        // Some of them are too little for Meta without what does not count.
        Outcome::Forward(..) | Outcome::Drop(..) => false,
        Outcome::Refuse(refusal) => panic!("{refusal}"),
    }
}

#[derive(Deserialize)]
struct Vector {
    field: String,
    input: String,
    normalized: Option<String>,
    sha256: Option<String>,
    source: String,
}

#[test]
fn whichever_library_hashed_an_identifier_it_is_known() {
    let vectors: Vec<Vector> = serde_json::from_str(include_str!("fixtures/normalize_vectors.json")).unwrap();
    let (mut known, mut unknown) = (0, BTreeSet::new());
    for Vector { field, input, normalized, sha256, source } in &vectors {
        let kind = match field.as_str() {
            "em" => Kind::Email,
            "ph" => Kind::Phone,
            "external_id" => Kind::ExternalId,
            _ => continue,
        };
        let forms = forms(kind, input);
        // What a library sends: a digest, or the id in clear.
        let sent = sha256.as_ref().or(normalized.as_ref());
        let Some(sent) = sent else { continue };
        let is_known = match parse_hex(sent) {
            Some(digest) => forms.contains(&Identifier::from_digest(digest)),
            None => portcullis_filters::suppression::forms(kind, sent).iter().any(|form| forms.contains(form)),
        };
        if is_known {
            known += 1;
        } else {
            unknown.insert((field.as_str(), input.as_str(), normalized.as_deref().unwrap_or_default(), source.as_str()));
        }
    }
    // Numbers cut so short that they stand for many people, and what Meta takes as no digest.
    let short = |source| {
        [("+1６５０５５５１２１２", "1"), ("1-800-FLOWERS", "1800"), ("12345", "12345")]
            .map(|(input, normalized)| ("ph", input, normalized, source))
    };
    let md5 = |source| {
        ["d41d8cd98f00b204e9800998ecf8427e", "D41D8CD98F00B204E9800998ECF8427E"]
            .map(|input| ("em", input, "d41d8cd98f00b204e9800998ecf8427e", source))
    };
    let mut cannot: BTreeSet<_> = ["param-builder", "pixel-js"].into_iter().flat_map(short).collect();
    cannot.extend(["python-sdk", "node-sdk", "param-builder", "pixel-js"].into_iter().flat_map(md5));
    assert_eq!(unknown, cannot);
    assert_eq!(known, 218, "of the recorded values that a library sends");
}

#[test]
fn whoever_is_known_by_a_library_s_digest_alone_is_caught_when_they_come_raw() {
    let vectors: Vec<Vector> = serde_json::from_str(include_str!("fixtures/normalize_vectors.json")).unwrap();
    let mut caught = 0;
    for Vector { field, input, normalized, sha256, .. } in &vectors {
        let is_of_a_person = matches!(field.as_str(), "em" | "ph" | "external_id");
        let Some(digest) = sha256.as_deref().filter(|_| is_of_a_person).and_then(parse_hex) else { continue };
        // Numbers cut so short that they stand for many people are looked for by nobody.
        if field == "ph" && normalized.as_ref().is_some_and(|number| number.chars().count() < 7) {
            continue;
        }
        // The author of that example added the country, to a number among words.
        let persons = Persons([Identifier::from_digest(digest)].into());
        let raw = event(&format!(r#","{field}":{}"#, serde_json::to_string(input).unwrap()), "");
        assert!(is_caught(&persons, &raw), "{field}: {input:?} as {normalized:?}");
        caught += 1;
    }
    assert_eq!(caught, 198);
}

proptest::proptest! {
    #[test]
    fn whoever_is_suppressed_by_a_text_is_caught_when_it_comes(
        email in "[ ]?[A-Za-z0-9._%+-]{1,12}@[A-Za-z0-9.-]{1,12}[.]?[a-z]{2,4}[ ]?",
        phone in "[+]?(00)?[0-9]{1,3}[ (]{0,2}0?[)]?[0-9 -]{7,12}",
        id in "[A-Za-z0-9 _äÖ-]{1,20}",
    ) {
        for (kind, field, text) in [(Kind::Email, "em", &email), (Kind::Phone, "ph", &phone), (Kind::ExternalId, "external_id", &id)] {
            let forms = forms(kind, text);
            let persons = Persons(forms.iter().copied().collect());
            let raw = event(&format!(r#","{field}":"{text}""#), "");
            proptest::prop_assert!(forms.is_empty() || is_caught(&persons, &raw), "{field}: {text:?}");
        }
    }
}

#[test]
fn one_person_has_one_number_however_it_is_written() {
    for (written, others) in [
        ("+1 (415) 555-0107", &["14155550107", "415-555-0107", "4155550107", "001 415 555 0107", "tel:+14155550107"][..]),
        ("(415) 555-0107", &["+14155550107", "14155550107", "415.555.0107"]),
        ("+44 (0)20 7946 0958", &["+442079460958", "020 7946 0958", "0044 20 7946 0958", "00442079460958"]),
        ("0049 30 901820", &["+4930901820", "030 901820", "4930901820"]),
        ("+971 50 123 4567", &["971501234567", "050 123 4567"]),
    ] {
        let persons = person(Kind::Phone, written);
        for other in others {
            assert!(is_caught(&persons, &event(&format!(r#","ph":"{other}""#), "")), "{written} as {other}");
        }
        assert!(!is_caught(&persons, &event(r#","ph":"+14155550108""#, "")), "{written}");
    }
}

fn digest_of(text: &str) -> String {
    common::hex(&Sha256::digest(text))
}

#[test]
fn a_person_is_caught_raw_or_hashed_in_every_place_where_one_can_stand() {
    let email = digest_of("jane@example.com");
    let upper = email.to_uppercase();
    let persons = person(Kind::Email, " Jane@Example.com");
    for caught in [
        r#""em":"jane@example.com""#.to_owned(),
        r#""em":["who@else.example"," JANE@example.com "]"#.to_owned(),
        r#""email":"jane@example.com""#.to_owned(),
        r#""em":"Jane <jane@example.com>""#.to_owned(),
        format!(r#""em":"{email}""#),
        format!(r#""em":"{upper}""#),
        format!(r#""em":["{email}.AQQCAQMC"]"#),
        format!(r#""em":"{email}.AQ""#),
        format!(r#""external_id":"{email}""#),
        format!(r#""ph":"{email}""#),
        format!(r#""fn":"{email}""#),
        format!(r#""subscription_id":"{email}""#),
        r#""external_id":"Jane@example.com""#.to_owned(),
        r#""external_id":["42","jane@example.com"]"#.to_owned(),
        r#""customer_email":"jane@example.com""#.to_owned(),
        format!(r#""em":{{"hashed":"{email}"}}"#),
        format!(r#""em":[["{email}"]]"#),
    ] {
        assert!(is_caught(&persons, &event(&format!(",{caught}"), "")), "{caught}");
    }
    for caught in [
        format!(r#""order_id":"{email}""#),
        format!(r#""note":["x","{email}"]"#),
        format!(r#""contents":[{{"id":"{email}","quantity":1}}]"#),
        r#""content_name":"jane@example.com""#.to_owned(),
    ] {
        assert!(is_caught(&persons, &event("", &format!(",{caught}"))), "{caught}");
    }
    for other in [r#""em":"june@example.com""#, r#""external_id":"jane""#, r#""em":"d41d8cd98f00b204e9800998ecf8427e""#] {
        assert!(!is_caught(&persons, &event(&format!(",{other}"), "")), "{other}");
    }
}

#[test]
fn a_browser_id_is_known_with_and_without_the_suffix() {
    let persons = person(Kind::Fbp, "fb.1.1558571054389.1098115397");
    for caught in
        ["fb.1.1558571054389.1098115397", "fb.1.1558571054389.1098115397.AQICAQMC", " fb.1.1558571054389.1098115397"]
    {
        assert!(is_caught(&persons, &event(&format!(r#","fbp":"{caught}""#), "")), "{caught}");
        assert!(is_caught(&persons, &event("", &format!(r#","cookie":"{caught}""#))), "{caught}");
    }
    assert!(!is_caught(&persons, &event(r#","fbp":"fb.1.1558571054389.1098115398""#, "")));
    assert!(forms(Kind::Fbp, "1098115397").is_empty());
}

#[test]
fn short_ids_count_in_their_own_field_alone() {
    let persons = person(Kind::ExternalId, "42");
    for caught in [r#""external_id":"42""#, r#""external_id":42"#, r#""external_id":["7"," 42 "]"#] {
        assert!(is_caught(&persons, &event(&format!(",{caught}"), "")), "{caught}");
    }
    for other in [r#","ph":"42""#, r#","anon_id":"42""#, r#","age":42"#] {
        assert!(!is_caught(&persons, &event(other, r#","order_id":"42","num_items":42,"note":"42""#)), "{other}");
    }
    let persons = person(Kind::ExternalId, "Member 0042");
    for caught in
        ["Member 0042", "member0042", "MEMBER 0042", " member 0042 ", &digest_of("member0042"), &digest_of("Member 0042")]
    {
        assert!(is_caught(&persons, &event(&format!(r#","external_id":"{caught}""#), "")), "{caught}");
    }
    for nothing in ["", " ", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"] {
        assert!(forms(Kind::ExternalId, nothing).is_empty() && forms(Kind::Email, nothing).is_empty());
    }
    assert!(forms(Kind::Phone, "12345").is_empty() && forms(Kind::Email, "jane").is_empty());
}

#[test]
fn whoever_is_suppressed_is_dropped_before_anything_else_is_looked_at_and_nobody_costs_nothing() {
    let raw = event(r#","em":"jane@example.com""#, r#","content_name":"metformin""#).replace("Purchase", "NoSuchEvent");
    assert!(is_caught(&person(Kind::Email, "jane@example.com"), &raw));
    let Outcome::Drop(stage, ..) = outcome("retail", &Persons::default(), &raw) else { panic!("it is not allowed") };
    assert_ne!(stage.as_str(), "consent");
}

#[test]
fn what_is_stored_is_known_by_digest_pseudonym_and_in_clear() {
    let policy = common::text(
        "allow = [\"Purchase\"]\nevent_id = \"token\"",
        common::PAGES,
        "event_source_url = \"page\"\n[fields.user_data]\nem = \"hash\"\nph = \"hash\"\nexternal_id = \"pseudonymize\"\nsubscription_id = \"pseudonymize\"\nanon_id = \"keep\"\nfbp = \"keep\"\nclient_user_agent = \"keep\"\n[fields.custom_data]\nvalue = \"keep\"\ncurrency = \"keep\"",
        "",
    );
    let raw = event(
        r#","em":["Jane@example.com","x@y.example"],"ph":"+1 415 555 0107","external_id":"Member 42","subscription_id":"sub-0042","anon_id":"anon-0042","fbp":"fb.1.1558571054389.1098115397.AQICAQMC""#,
        "",
    );
    let stored = common::forwarded(&policy, &raw);
    assert!(!stored.contains("ember") && !stored.contains("sub-0042"), "{stored}");
    for (kind, known_by) in [
        (Kind::Email, "jane@example.com"),
        (Kind::Email, "X@Y.example"),
        (Kind::Phone, "(415) 555-0107"),
        (Kind::ExternalId, "member42"),
        (Kind::ExternalId, "Member 42"),
        (Kind::ExternalId, "sub-0042"),
        (Kind::ExternalId, "anon-0042"),
        (Kind::Fbp, "fb.1.1558571054389.1098115397"),
    ] {
        assert!(is_stored_of(&stored, &person(kind, known_by)), "{known_by}");
        assert!(of_stored(&stored).iter().any(|found| person(kind, known_by).holds(found)), "{known_by}");
    }
    assert!(!is_stored_of(&stored, &person(Kind::Email, "june@example.com")));
    // What cannot be read is never sent, but what it holds is found.
    let (half, _) = stored.split_at(stored.len() - 5);
    assert!(is_stored_of(half, &person(Kind::Email, "jane@example.com")));
    assert!(of_stored("").is_empty() && of_stored("{}").is_empty());
}

/// What somebody, or a program of theirs, writes as an identifier.
fn written() -> impl Strategy<Value = String> {
    let email = "[ ]{0,2}(mailto:|Ann <)?[a-zA-Zé0-9.+_ -]{1,8}@[a-zA-Zö]{1,5}\\.(example|Com)[ .>]{0,2}";
    let phone = "[ +]{0,2}(00|\\(0\\)|0)?[1-9٠-٩][0-9 ()./ -]{6,14}(\\(0\\))?[0-9]{0,4}[x ]{0,1}";
    let id = "[ ]{0,1}[a-zA-Z0-9 é_@+-]{1,12}";
    prop_oneof![email, phone, id, "[a-fA-F0-9]{64}(\\.AQ|\\.AQEBAQAA)?", ".{1,20}"]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    /// Whoever asks by the digest that left of them, or by what they wrote, is known by the event as it came and as it rests.
    #[test]
    fn under_whatever_digest_somebody_leaves_under_it_they_are_caught(text in written(), at in 0_usize..3) {
        let field = ["em", "ph", "external_id"][at];
        let kind = [Kind::Email, Kind::Phone, Kind::ExternalId][at];
        let raw = event(&format!(r#","{field}":{}"#, serde_json::to_string(&text).unwrap()), "");
        let Outcome::Forward(left, _) = outcome("retail", &Persons::default(), &raw) else { return Ok(()) };
        let leaves: serde_json::Value = serde_json::from_str(left.as_str()).unwrap();
        let Some(digest) = leaves["user_data"][field].as_str().or(leaves["user_data"][field][0].as_str()) else { return Ok(()) };
        let by_digest = Persons([Identifier::from_digest(parse_hex(digest).unwrap())].into());
        prop_assert!(is_caught(&by_digest, &raw), "{raw} leaves as {digest}");
        let forms = forms(kind, &text);
        if !forms.is_empty() {
            let persons = Persons(forms.into_iter().collect());
            prop_assert!(is_caught(&persons, &raw), "{raw} as it came");
            prop_assert!(is_stored_of(left.as_str(), &persons), "{raw} as it rests");
        }
    }
}
