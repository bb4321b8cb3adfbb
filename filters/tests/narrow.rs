//! `[[narrow]]`: each condition, several together, and that what is taken away is truly gone.

mod common;

use common::{DATASET, FBP, event, forwarded, json, report, text};
use portcullis_filters::policy::Policy;

const FIELDS: &str = "event_source_url = \"page\"\nreferrer_url = \"page\"\n\
    [fields.user_data]\nfbp = \"keep\"\nfbc = \"keep\"\nem = \"hash\"\nexternal_id = \"pseudonymize\"\nclient_ip_address = \"keep\"\n\
    [fields.custom_data]\nvalue = { round_to = 1 }\norder_id = \"keep\"\ncontents = \"keep\"\ncontent_ids = \"keep\"";

fn narrowed(rules: &str) -> String {
    text(
        "allow = [\"PageView\", \"Lead\"]\nsources = [\"website\", \"email\", \"other\"]\nrename = { Own = \"Lead\" }\nevent_id = \"token\"",
        "default = \"origin\"\nno_url = \"origin\"\nclass = [{ name = \"goods\", match = [\"/p/**\"], send_as = \"/goods\" }]",
        FIELDS,
        rules,
    )
}

fn raw(name: &str, path: &str, source: &str) -> String {
    event(
        r#""referrer_url":"https://www.shop.example/p/1","custom_data":{"value":7.7,"order_id":"o-1","content_ids":["a","b"],"contents":[{"id":"a"}]}"#,
    )
    .replace("PageView", name)
    .replace("https://www.shop.example/\"", &format!("https://www.shop.example{path}?fbclid=IwAR0abcdefGHIJKLmnopQRST\""))
    .replace("website", source)
    .replace(FBP, &format!(r#"{FBP},"em":"jane@example.com","external_id":"7","client_ip_address":"203.0.113.7""#))
}

#[test]
fn every_condition_must_hold() {
    let taken = |when: &str, raw: &str| {
        let policy = narrowed(&format!("[[narrow]]\nwhen = {{ {when} }}\nremove = [\"custom_data.order_id\"]"));
        let gone = json(&policy, raw)["custom_data"].get("order_id").is_none();
        let line = "allow custom_data.order_id keep narrowed 1".to_owned();
        assert_eq!(report(&policy, raw).contains(&line), gone, "what is reported is what is done");
        gone
    };
    let (lead, view) = (raw("Lead", "/p/1", "website"), raw("PageView", "/p/1", "website"));
    for (when, lead_loses, view_loses) in [
        ("", true, true),
        ("event = \"Lead\"", true, false),
        ("event = \"PageView\"", false, true),
        ("page = \"goods\"", true, true),
        ("action_source = \"website\"", true, true),
        ("action_source = \"email\"", false, false),
        (&format!("dataset = \"{DATASET}\""), true, true),
        ("dataset = \"1\"", false, false),
        ("event = \"Lead\", page = \"goods\"", true, false),
        (&format!("event = \"Lead\", page = \"goods\", action_source = \"website\", dataset = \"{DATASET}\""), true, false),
        ("event = \"Lead\", page = \"goods\", action_source = \"website\", dataset = \"1\"", false, false),
        ("event = \"Lead\", action_source = \"other\"", false, false),
    ] {
        assert_eq!(taken(when, &lead), lead_loses, "{when}");
        assert_eq!(taken(when, &view), view_loses, "{when}");
    }
    assert!(taken("event = \"Lead\"", &raw("Own", "/", "website")), "the name under which it leaves counts");
    assert!(!taken("page = \"goods\"", &raw("Lead", "/x", "website")));
    assert!(taken("page = \"goods\"", &raw("Lead", "/de/P/1", "website")));
    assert!(taken("action_source = \"email\"", &raw("Lead", "/", "EMAIL")));
}

#[test]
fn what_is_taken_away_is_gone_whatever_its_action() {
    let event = raw("Lead", "/p/1", "email");
    let before = forwarded(&narrowed(""), &event);
    for path in [
        "event_source_url",
        "referrer_url",
        "user_data.fbp",
        "user_data.fbc",
        "user_data.em",
        "user_data.external_id",
        "user_data.client_ip_address",
        "custom_data.value",
        "custom_data.order_id",
        "custom_data.content_ids",
        "custom_data.contents",
    ] {
        let policy = narrowed(&format!("[[narrow]]\nwhen = {{ event = \"Lead\" }}\nremove = [\"{path}\"]"));
        let pointer = format!("/{}", path.replace('.', "/"));
        let out = json(&policy, &event);
        assert!(
            serde_json::from_str::<serde_json::Value>(&before).unwrap().pointer(&pointer).is_some(),
            "{path} leaves otherwise"
        );
        assert!(out.pointer(&pointer).is_none(), "{path} is still in {out}");
        let lines = report(&policy, &event);
        if path != "user_data.fbc" {
            assert_eq!(
                lines.iter().filter(|line| line.contains(&format!(" {path} ")) && line.contains(" narrowed ")).count(),
                1,
                "{lines:?}"
            );
        }
        assert!(
            !lines.iter().any(|line| line.starts_with(&format!("{path} "))),
            "a change is reported of {path}: {lines:?}"
        );
    }
}

#[test]
fn a_website_event_whose_page_is_taken_away_does_not_leave() {
    let policy = narrowed("[[narrow]]\nwhen = { page = \"goods\" }\nremove = [\"event_source_url\"]");
    assert_eq!(common::dropped(&policy, &raw("Lead", "/p/1", "website")), "guard missing_required");
    assert!(forwarded(&policy, &raw("Lead", "/", "website")).contains("\"event_source_url\":\"https://www.shop.example/\""));
}

#[test]
fn rules_add_up() {
    let rules = "[[narrow]]\nwhen = { event = \"Lead\" }\nremove = [\"user_data.em\", \"custom_data.value\"]\n\
        [[narrow]]\nwhen = { page = \"goods\" }\nremove = [\"custom_data.order_id\"]";
    let out = forwarded(&narrowed(rules), &raw("Lead", "/p/1", "website"));
    assert!(!out.contains("\"em\"") && !out.contains("\"value\"") && !out.contains("\"order_id\""), "{out}");
    let out = forwarded(&narrowed(rules), &raw("PageView", "/", "website"));
    assert!(out.contains("\"em\"") && out.contains("\"value\"") && out.contains("\"order_id\""), "{out}");
}

#[test]
fn a_rule_that_could_never_hold_is_refused() {
    let text = text(
        "allow = [\"PageView\"]\nevent_id = \"token\"",
        "default = \"origin\"\nno_url = \"origin\"\nclass = [{ name = \"patient\", match = [\"/rx/**\"], action = \"drop_event\" }]",
        FIELDS,
        "[[narrow]]\nwhen = { page = \"patient\" }\nremove = [\"user_data.em\"]",
    );
    let error = Policy::compile(&text, "test.toml", &[]).unwrap_err().to_string();
    assert_eq!(
        error,
        "test.toml: narrow#1.when.page: is a class that drops its events, so the rule would do nothing; remove it"
    );
}
