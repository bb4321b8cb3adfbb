//! What Meta requires of each kind of event, checked on what is left of it, and the event that another adds to.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

mod common;

use common::{FBP, forwarded, json, policy, report, run_with, text, with_fields, with_sources};
use portcullis_filters::pipeline::Outcome;
use portcullis_filters::schema::Field;

/// A policy that keeps whatever these tests need.
fn wide() -> String {
    let keep = [
        "messaging_channel",
        "user_data.page_id",
        "user_data.page_scoped_user_id",
        "user_data.ctwa_clid",
        "user_data.ig_account_id",
        "user_data.ig_sid",
        "user_data.whatsapp_business_account_id",
        "user_data.instagram_business_account_id",
        "custom_data.event_source",
        "custom_data.value",
        "custom_data.currency",
        "original_event_data.event_name",
        "original_event_data.event_id",
        "original_event_data.event_time",
    ];
    let lines: Vec<String> = keep.iter().map(|path| format!("{path} = \"keep\"")).collect();
    text(
        "allow = [\"PageView\", \"Purchase\", \"Lead\", \"AppendAttribution\"]\nsources = [\"website\", \"email\", \"phone_call\", \"chat\", \"system_generated\", \"business_messaging\", \"other\"]\nrename = { OrderPlaced = \"Purchase\" }\nevent_id = \"token\"",
        common::PAGES,
        &format!(
            "event_source_url = \"page\"\nuser_data.fbp = \"keep\"\n{}\ncustom_data.order_id = \"pseudonymize\"\noriginal_event_data.order_id = \"pseudonymize\"\ncustom_data.lead_event_source = {{ one_of = [\"Salesforce\"] }}",
            lines.join("\n")
        ),
        "",
    )
}

fn event(name: &str, source: &str, user_data: &str, members: &str) -> String {
    format!(
        r#"{{"event_name":"{name}","event_time":1791000000,"event_id":"e-1","action_source":"{source}","user_data":{{{FBP}{user_data}}}{members}}}"#
    )
}

/// What was missing, or nothing if it leaves.
fn missing(raw: &str) -> Option<&'static str> {
    match run_with(&policy(&wide()), raw) {
        Outcome::Forward(..) => None,
        Outcome::Drop(stage, reason, report) => {
            assert_eq!((stage.as_str(), reason.as_str()), ("guard", "missing_required"));
            Some(report.missing().unwrap().path())
        }
        Outcome::Refuse(refusal) => panic!("{refusal}\n{raw}"),
    }
}

#[test]
fn events_of_messengers_need_the_ids_of_their_messenger() {
    let page = r#","page_id":"1","page_scoped_user_id":"2""#;
    let click = r#","ctwa_clid":"ARAkLkA8rmlFeiCktEJQ-QTwRiyYHAFDLM""#;
    let message =
        |channel: &str, ids: &str| event("Lead", "business_messaging", ids, &format!(r#","messaging_channel":"{channel}""#));
    assert_eq!(missing(&event("Lead", "business_messaging", page, "")), Some("messaging_channel"));
    assert_eq!(missing(&message("telegram", page)), Some("messaging_channel"));
    for (channel, ids, gone) in [
        ("messenger", page.to_owned(), None),
        ("messenger", r#","page_id":"1""#.to_owned(), Some("user_data.page_scoped_user_id")),
        ("messenger", r#","page_scoped_user_id":"1""#.to_owned(), Some("user_data.page_id")),
        ("messenger", r#","page_id":"one","page_scoped_user_id":"2""#.to_owned(), Some("user_data.page_id")),
        ("whatsapp", format!(r#","page_id":"1"{click}"#), None),
        ("whatsapp", format!(r#","whatsapp_business_account_id":"1"{click}"#), None),
        ("whatsapp", click.to_owned(), Some("user_data.page_id")),
        ("whatsapp", page.to_owned(), Some("user_data.ctwa_clid")),
        ("instagram", r#","ig_account_id":"1","ig_sid":"2""#.to_owned(), None),
        ("instagram", r#","instagram_business_account_id":"1","ig_sid":"2""#.to_owned(), None),
        ("instagram", r#","ig_sid":"2""#.to_owned(), Some("user_data.ig_account_id")),
        ("instagram", r#","ig_account_id":"1""#.to_owned(), Some("user_data.ig_sid")),
        ("instagram", page.to_owned(), Some("user_data.ig_account_id")),
    ] {
        assert_eq!(missing(&message(channel, &ids)), gone, "{channel} {ids}");
    }
    // A channel on an event of another source asks for nothing.
    assert_eq!(missing(&event("Lead", "chat", "", r#","messaging_channel":"whatsapp""#)), None);
    // What the policy does not keep does not count.
    for name in ["retail", "pharmacy", "hospital@1"] {
        assert!(!matches!(common::run(name, &message("messenger", page)), Outcome::Forward(..)), "{name}");
    }
}

#[test]
fn what_became_of_a_lead_needs_the_name_of_the_system() {
    let lead = |source: &str, custom_data: &str| event("Lead", source, "", &format!(r#","custom_data":{{{custom_data}}}"#));
    let crm = r#""event_source":"crm","lead_event_source":"Some System""#;
    // It is free text: of what the policy does not list nothing leaves, and without it the event must not.
    assert_eq!(missing(&lead("system_generated", crm)), Some("custom_data.lead_event_source"));
    let known = crm.replace("Some System", "salesforce");
    assert!(forwarded(&wide(), &lead("system_generated", &known)).contains(r#""lead_event_source":"Salesforce""#));
    assert_eq!(missing(&lead("other", crm)), None);
    assert_eq!(missing(&lead("system_generated", r#""lead_event_source":"Some System""#)), None);
}

#[test]
fn purchases_and_websites_need_what_they_came_with() {
    let purchase = r#","custom_data":{"value":1,"currency":"EUR"}"#;
    assert_eq!(missing(&event("Purchase", "email", "", purchase)), None);
    assert_eq!(missing(&event("OrderPlaced", "email", "", &purchase.replace("EUR", "XXX"))), Some("custom_data.currency"));
    assert_eq!(missing(&event("Purchase", "email", "", &purchase.replace('1', "\"much\""))), Some("custom_data.value"));
    let without = wide().replace("event_source_url = \"page\"", "");
    let Outcome::Drop(_, _, report) = run_with(&policy(&without), &event("PageView", "website", "", "")) else { panic!() };
    assert_eq!(report.missing().map(Field::path), Some("event_source_url"));
    assert!(matches!(run_with(&policy(&without), &event("PageView", "phone_call", "", "")), Outcome::Forward(..)));
}

/// An event that adds to the one with these members.
fn append(original: &str) -> String {
    event("AppendAttribution", "other", "", &format!(r#","original_event_data":{{{original}}}"#))
}

#[test]
fn an_event_that_adds_to_another_says_to_which() {
    let name = r#""event_name":"Purchase""#;
    assert_eq!(missing(&append(&format!(r#"{name},"event_id":"e-0""#))), None);
    assert_eq!(missing(&append(&format!(r#"{name},"order_id":"o-1""#))), None);
    assert_eq!(missing(&append(name)), Some("original_event_data.event_id"));
    assert_eq!(missing(&append(r#""event_id":"e-0""#)), Some("original_event_data.event_name"));
    assert_eq!(missing(&append(r#""event_name":"Lampshade","event_id":"e-0""#)), Some("original_event_data.event_name"));
    assert_eq!(missing(&event("AppendAttribution", "other", "", "")), Some("original_event_data.event_name"));
}

#[test]
fn the_event_that_is_added_to_leaves_as_it_left_before() {
    let before = json(
        &wide(),
        &event("OrderPlaced", "other", "", r#","custom_data":{"value":1,"currency":"EUR","order_id":"order 7"}"#)
            .replace("e-1", "jane@example.com"),
    );
    let after =
        append(r#""event_name":"OrderPlaced","event_id":"jane@example.com","order_id":"order 7","event_time":1790990000"#);
    assert_eq!(
        report(&wide(), &after),
        [
            "original_event_data.event_name rewritten",
            "original_event_data.event_id rewritten",
            "original_event_data.order_id pseudonymized"
        ]
    );
    let after = json(&wide(), &after);
    let original = &after["original_event_data"];
    assert_eq!(original["event_name"], before["event_name"]);
    assert_eq!(original["event_id"], before["event_id"]);
    assert_eq!(original["event_time"], 1_790_990_000);
    assert_ne!(original["event_id"], after["event_id"]);
    assert_eq!(original["order_id"].as_str().map(str::len), Some(64));
    assert_eq!(original["order_id"], before["custom_data"]["order_id"]);
    // An id that may leave stays; nothing stands in for one that did not come.
    let kept = json(&wide(), &append(r#""event_name":"Purchase","event_id":"e-0""#));
    assert_eq!(kept["original_event_data"], serde_json::json!({ "event_name": "Purchase", "event_id": "e-0" }));
    for odd in ["{}", "true", r#""""#] {
        let raw = append(&format!(r#""event_name":"Purchase","order_id":"o-1","event_id":{odd}"#));
        assert!(!forwarded(&wide(), &raw).contains("\"original_event_data\":{\"event_name\":\"Purchase\",\"event_id\""));
    }
    let without = with_sources(&with_fields(""), &["other"]);
    let view = append(r#""event_name":"Purchase""#).replace("AppendAttribution", "PageView");
    assert!(!forwarded(&without, &view).contains("original"));
}
