//! What is told of events, as text and as JSON.

use super::*;
use crate::config::{Catalogs, PolicyText};

const AT: u64 = 1_791_000_100;
const LEAVES: &str = r#"{"event_name":"Lead","event_time":1791000000,"event_id":"e-17","action_source":"website","event_source_url":"https://www.shop.example/qzshoes?q=jane","user_data":{"em":"qzjane@shop.example","fbp":"fb.1.1558571054389.1098115397"},"custom_data":{"value":7,"qzkey":"qzvalue","contents":[{"id":"qzsku"}]}}"#;
const DROPPED: &str = r#"{"event_name":"qzSecretName","event_time":1791000000,"action_source":"website","user_data":{}}"#;
const REFUSED: &str = r#"{"event_name":"Lead","event_time":1,"action_source":"website","user_data":{"em":"qzjane"}}"#;

fn told(text: &str, arguments: &Arguments, json: bool) -> String {
    let hosts = ["www.shop.example".to_owned()];
    let policy = PolicyText::find("retail@1", Path::new("")).unwrap().compile(&hosts, &mut Catalogs::default()).unwrap();
    let key = PseudonymKey::new([7; 32]);
    let context = || Context { dataset: "", now_secs: AT, fresh_id: [9; 16], pseudonyms: &key, suppressed: &Nobody };
    let events = input::events(text).unwrap();
    let traces: Vec<(&str, Trace)> = events.iter().map(|raw| (raw.get(), trace(&policy, &context(), raw.get()))).collect();
    let mut output = Vec::new();
    tell(arguments, &Telling { policy: &policy, hosts: &hosts, json }, &traces, &mut Output::to(&mut output)).unwrap();
    String::from_utf8(output).unwrap() + &body(&traces)
}

fn arguments(show_values: bool) -> Arguments {
    Arguments { event: None, dataset: String::new(), at: None, pseudonym_key: None, show_values, out: None }
}

#[test]
fn every_event_of_a_body_is_told_with_its_number_and_none_of_its_values() {
    let text = told(&format!(r#"{{"data":[{LEAVES},{DROPPED},{REFUSED}]}}"#), &arguments(false), false);
    for part in [
        "policy   retail@1\n",
        "for      the hosts www.shop.example and no dataset\n",
        "pseudonyms are not those of the gateway\n",
        "\nevent 1 of 3: forwarded\n  name     Lead, which the policy lists\n  consent  marketing: not said, health: not said, gpc: not said, time: not said\n  asked    nothing\n  person   may leave\n  FIELD",
        "\nevent 2 of 3: dropped by the stage events: event_not_allowed\n  consent  ",
        "\nevent 3 of 3: refused: event_time is more than 7 days old\n",
    ] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    let row = |field: &str| -> Vec<&str> {
        let line = text.lines().find(|line| line.split_whitespace().next() == Some(field));
        line.unwrap_or_else(|| panic!("{field} is not in\n{text}")).split_whitespace().collect()
    };
    assert_eq!(row("user_data.em"), ["user_data.em", "identifier", "identity", "hash", "hashed", "-", "1"]);
    assert_eq!(row("event_source_url"), ["event_source_url", "health", "pages", "page", "reduced", "-", "1"]);
    assert_eq!(row("unknown"), ["unknown", "-", "shape", "none", "removed", "unknown_key", "1"]);
    let (table, body) = text.split_once("{\"data\":").unwrap();
    for value in ["qz", "e-17", "qzshoes", "jane", "1098115397"] {
        assert!(!table.contains(value), "{value} is in\n{table}");
    }
    assert!(body.contains("\"event_name\":\"Lead\"") && !body.contains("qzjane"), "{body}");
}

#[test]
fn machines_are_told_the_same() {
    let text = told(&format!("[{LEAVES},{DROPPED}]"), &arguments(false), true);
    for part in [
        r#""throw_away_key":true,"events":[{"number":1,"outcome":"forwarded","event_name":"Lead","consent":{"marketing":"not said","#,
        r#"{"field":"user_data.em","class":"identifier","stage":"identity","action":"hash","became":"hashed","count":1}"#,
        r#"{"field":"unknown","stage":"shape","action":"none","became":"removed","reason":"unknown_key","count":1}"#,
        r#"{"number":2,"outcome":"dropped","stage":"events","reason":"event_not_allowed","consent":{"#,
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    let (told, _) = text.split_once('\n').unwrap();
    assert!(!told.contains("\"values\"") && !told.contains("qz"), "{told}");
}

#[test]
fn values_are_shown_to_who_asks_and_unknown_keys_to_nobody() {
    for raw in [LEAVES.to_owned(), serde_json::to_string(LEAVES).unwrap()] {
        let text = told(&format!("[{raw}]"), &arguments(true), false);
        for part in [
            "  user_data.em\n    came    \"qzjane@shop.example\"\n    leaves  [\"",
            "  event_source_url\n    came    \"https://www.shop.example/qzshoes?q=jane\"\n    leaves  \"https://www.shop.example/\"\n",
        ] {
            assert!(text.contains(part), "{part:?} is not in\n{text}");
        }
        assert!(!text.contains("qzkey") && !text.contains("qzvalue"), "{text}");
    }
    let json = told(&format!("[{LEAVES}]"), &arguments(true), true);
    assert!(json.contains(r#"{"field":"user_data.em","came":"qzjane@shop.example","leaves":[""#), "{json}");
}
