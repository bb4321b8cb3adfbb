//! What becomes of events under each built-in policy that asks for consent, place by place: for every jurisdiction that comes with
//! the program, for places without one, and for what is not known of a place. Recorded, for people to read.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

mod common;

use std::fmt::Write as _;

use common::{FBP, NOW, hex, run};
use portcullis_filters::pipeline::Outcome;
use sha2::{Digest as _, Sha256};

/// A place in each jurisdiction, and some in none.
const PLACES: &[&str] =
    &["US-WA", "US-NV", "US-CT", "US-VA", "US-CA", "US-CO", "US-TX", "US-ID", "US", "FR", "GB", "CH", "JP", "not known"];

/// One thing that tells of health, and one that does not.
const GOODS_OF_HEALTH: &str =
    r#","contents":[{"id":"SKU-1","quantity":1,"title":"Table lamp"},{"id":"SKU-2","quantity":1,"title":"Pregnancy test"}]"#;

const GRANTED: &str = r#""marketing":"granted","health":"granted""#;

/// What is sent of a person who lives at a place: `consent`'s members, and how the place is told.
struct Case {
    name: &'static str,
    consent: &'static str,
    told: Told,
    goods_of_health: bool,
}

#[derive(Clone, Copy)]
enum Told {
    /// `residence`
    Residence,
    /// Country and state as an SDK hashes them, in `user_data`.
    HashedAddress,
    /// The person lives in Japan; the data was collected there.
    Collection,
}

const fn case(name: &'static str, consent: &'static str, told: Told) -> Case {
    Case { name, consent, told, goods_of_health: false }
}

const CASES: &[Case] = &[
    case("granted", GRANTED, Told::Residence),
    case("granted, a year ago and more", r#""marketing":"granted","health":"granted","time":1740000000"#, Told::Residence),
    case("granted for marketing alone", r#""marketing":"granted""#, Told::Residence),
    case("nothing said", "", Told::Residence),
    case("nothing said, the place by a hashed address", "", Told::HashedAddress),
    case("nothing said, collected there of somebody in Japan", "", Told::Collection),
    case("denied", r#""marketing":"denied""#, Told::Residence),
    case("health denied", r#""marketing":"granted","health":"denied""#, Told::Residence),
    case("granted, Global Privacy Control on", r#""marketing":"granted","health":"granted","gpc":true"#, Told::Residence),
    Case {
        name: "granted, one of two goods tells of health",
        consent: GRANTED,
        told: Told::Residence,
        goods_of_health: true,
    },
];

fn place(code: &str) -> String {
    match code.split_once('-') {
        Some((country, region)) => format!(r#"{{"country":"{country}","region":"{region}"}}"#),
        None => format!(r#"{{"country":"{code}"}}"#),
    }
}

fn hashed(code: &str) -> String {
    let digest = |code: &str| hex(&Sha256::digest(code.to_lowercase()));
    match code.split_once('-') {
        Some((country, state)) => format!(r#""country":"{}","st":"{}","#, digest(country), digest(state)),
        None => format!(r#""country":"{}","#, digest(code)),
    }
}

/// A purchase, or a look at the home page where no more may leave.
fn event(policy: &str, code: &str, case: &Case) -> String {
    let is_known = code != "not known";
    let (mut user_data, mut said) = (format!(r#"{FBP},"client_user_agent":"Mozilla/5.0 (Windows NT 10.0)""#), String::new());
    match case.told {
        Told::Residence if is_known => said = format!(r#","residence":{}"#, place(code)),
        Told::HashedAddress if is_known => user_data = hashed(code) + &user_data,
        Told::Collection if is_known => said = format!(r#","residence":{},"collection":{}"#, place("JP"), place(code)),
        _ => {}
    }
    if !case.consent.is_empty() {
        let time = if case.consent.contains("time") { String::new() } else { format!(r#","time":{NOW}"#) };
        write!(said, r#","consent":{{{}{time}}}"#, case.consent).unwrap();
    }
    let goods = if case.goods_of_health { GOODS_OF_HEALTH } else { "" };
    let (name, custom_data) = if policy.starts_with("hospital") {
        ("PageView", String::new())
    } else {
        ("Purchase", format!(r#""value":18.4,"currency":"USD"{goods}"#))
    };
    format!(
        r#"{{"event_name":"{name}","event_time":1791000000,"event_id":"order-7b0f4c1a-9d2e-4f63-8a55-0c1d2e3f4a5b",
        "action_source":"website","event_source_url":"https://www.shop.example/","user_data":{{{user_data}}},
        "custom_data":{{{custom_data}}}{said}}}"#
    )
}

/// What became of it, in a word, and of what leaves the bytes.
fn came_to(policy: &str, code: &str, case: &Case) -> (String, Option<String>) {
    match run(policy, &event(policy, code, case)) {
        Outcome::Drop(stage, reason, _) => (format!("dropped by {stage}: {reason}"), None),
        Outcome::Refuse(refusal) => (format!("refused: {refusal}"), None),
        Outcome::Forward(event, _) => {
            let bytes = event.as_str().to_owned();
            let json: serde_json::Value = serde_json::from_str(&bytes).unwrap();
            let word = match json.get("data_processing_options_state") {
                None => "leaves".to_owned(),
                Some(state) => format!("leaves, data use limited ({state})"),
            };
            (word, Some(bytes))
        }
    }
}

fn story(policy: &str) -> String {
    let mut story = String::new();
    let mut leaves: Vec<(String, String)> = Vec::new();
    for code in PLACES {
        writeln!(story, "## {code}").unwrap();
        for case in CASES {
            let is_of_shops = case.goods_of_health && policy.starts_with("hospital");
            let is_of_places = *code == "not known" && !matches!(case.told, Told::Residence);
            if is_of_shops || is_of_places {
                continue;
            }
            let (word, bytes) = came_to(policy, code, case);
            writeln!(story, "{:<54}{word}", case.name).unwrap();
            // The bytes of each way to leave once; that they are the same everywhere is what makes the words enough.
            if let Some(bytes) = bytes.filter(|_| !case.goods_of_health && !matches!(case.told, Told::HashedAddress)) {
                match leaves.iter().find(|(known, _)| *known == word) {
                    Some((_, known)) => assert_eq!(bytes, *known, "{code}: {}", case.name),
                    None => leaves.push((word, bytes)),
                }
            }
        }
        story.push('\n');
    }
    for (word, bytes) in leaves {
        writeln!(story, "## {word}\n{bytes}\n").unwrap();
    }
    story
}

#[test]
fn retail_consent_lets_go_of_whom() {
    insta::assert_snapshot!(story("retail-consent@1"));
}

#[test]
fn pharmacy_consent_lets_go_of_whom() {
    insta::assert_snapshot!(story("pharmacy-consent@1"));
}

#[test]
fn hospital_lets_go_of_whom() {
    insta::assert_snapshot!(story("hospital@2"));
}
