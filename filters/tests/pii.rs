//! What becomes of tokens and ids in which a detector finds a person (stage pii), as the event comes and when it was stored.

mod common;

use common::{FBP, event, json, lines, policy, report, run_with, text, with};
use portcullis_filters::pipeline::{Outcome, Readmission, readmit};
use portcullis_filters::policy::StoredPolicy;
use serde_json::json;

/// A policy that lets ids leave: of a shop, or of a health site.
fn keeps(on_signal: &str) -> String {
    let kept = [
        "user_data.fbc",
        "user_data.subscription_id",
        "user_data.fb_login_id",
        "custom_data.item_number",
        "custom_data.content_ids",
        "custom_data.contents",
        "custom_data.num_items",
        "custom_data.fb_content_id",
        "original_event_data.event_name",
        "original_event_data.event_id",
        "attribution_data.linkage_key",
    ];
    let lines: Vec<String> = kept.iter().map(|path| format!("{path} = \"keep\"")).collect();
    let fields = format!(
        "event_source_url = \"page\"\nuser_data.fbp = \"keep\"\ncustom_data.order_id = \"pseudonymize\"\n{}",
        lines.join("\n")
    );
    text(common::EVENTS, common::PAGES, &fields, "")
        .replace("\"drop_event\"\nambiguous", &format!("\"{on_signal}\"\nambiguous"))
}

fn shop() -> String {
    keeps("drop_goods")
}

fn pharmacy() -> String {
    keeps("drop_event")
}

/// An e-mail address in the form of a token, which no id has by chance.
const PERSON: &str = "jane.doe_at_example.com";

#[test]
fn a_token_that_names_a_person_does_not_leave_and_one_that_does_not_leaves() {
    for policy in [shop(), pharmacy()] {
        for (path, member) in [
            ("user_data.subscription_id", r#""user_data":{FBP,"subscription_id":"{}"}"#),
            ("custom_data.item_number", r#""custom_data":{"item_number":"{}"}"#),
            ("custom_data.content_ids", r#""custom_data":{"content_ids":["{}"]}"#),
            ("custom_data.fb_content_id", r#""custom_data":{"fb_content_id":"{}"}"#),
            ("attribution_data.linkage_key", r#""attribution_data":{"linkage_key":"{}"}"#),
        ] {
            let raw = |word: &str| {
                let member = member.replace("FBP", FBP).replace("{}", word);
                if member.starts_with("\"user_data\"") {
                    event("").replace(&format!("\"user_data\":{{{FBP}}}"), &member)
                } else {
                    event(&member)
                }
            };
            let pointer = format!("/{}", path.replace('.', "/"));
            assert_eq!(json(&policy, &raw(PERSON)).pointer(&pointer), None, "{path}");
            let told = report(&policy, &raw(PERSON));
            assert!(told.contains(&format!("pii {path} keep email 1")), "{path}: {told:?}");
            assert!(json(&policy, &raw("lamp-7.b")).pointer(&pointer).is_some(), "{path}");
        }
    }
}

#[test]
fn of_a_list_the_element_goes_and_of_goods_the_article_with_the_count() {
    let raw = with(
        "PageView",
        FBP,
        &format!(
            r#""num_items":3,"content_ids":["lamp","{PERSON}","shade"],"contents":[{{"id":"lamp","quantity":1}},{{"id":"{PERSON}","quantity":2}}]"#
        ),
    );
    let left = json(&shop(), &raw);
    assert_eq!(left["custom_data"]["content_ids"], json!(["lamp", "shade"]));
    assert_eq!(left["custom_data"]["contents"], json!([{ "id": "lamp", "quantity": 1 }]));
    assert!(left["custom_data"].get("num_items").is_none());
    let told = report(&shop(), &raw);
    for line in [
        "pii custom_data.content_ids keep email 1",
        "pii custom_data.contents keep email 1",
        "pii custom_data.num_items keep count_of_removed 1",
    ] {
        assert!(told.contains(&line.to_owned()), "{line}: {told:?}");
    }
    // An empty list goes, and with it the object around it.
    let only = with("PageView", FBP, &format!(r#""content_ids":["{PERSON}"],"contents":[{{"id":"{PERSON}"}}]"#));
    assert!(json(&shop(), &only).get("custom_data").is_none());
}

#[test]
fn an_id_of_an_event_that_names_a_person_is_replaced_by_its_digest() {
    for policy in [shop(), pharmacy()] {
        let raw = event(r#""original_event_data":{"event_name":"Purchase","event_id":"{}"}"#);
        let both = |id: &str| json(&policy, &raw.replace("e-1", id).replace("{}", id));
        let (jane, again, other) = (both(PERSON), both(PERSON), both("mary.doe_at_example.com"));
        let id = jane["event_id"].as_str().unwrap();
        assert!(id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
        assert_eq!(jane["event_id"], again["event_id"]);
        assert_ne!(jane["event_id"], other["event_id"]);
        assert_eq!(jane["event_id"], jane["original_event_data"]["event_id"], "Meta can join the two");
        let told = report(&policy, &raw.replace("e-1", PERSON).replace("{}", PERSON));
        for line in ["event_id rewritten", "original_event_data.event_id rewritten"] {
            assert!(told.contains(&line.to_owned()), "{told:?}");
        }
        assert_eq!(both("order-17")["event_id"], "order-17");
    }
}

#[test]
fn ids_of_a_shop_may_look_like_numbers_and_those_of_a_health_site_may_not() {
    // A card's number, which one in fifty random ids of sixteen digits is too.
    for id in ["4111111111111111", "4111-1111-1111-1111"] {
        let raw = event(&format!(r#""custom_data":{{"item_number":"{id}"}}"#)).replace("e-1", id);
        let left = json(&shop(), &raw);
        assert_eq!((left["event_id"].as_str(), left["custom_data"]["item_number"].as_str()), (Some(id), Some(id)));
        let left = json(&pharmacy(), &raw);
        assert_eq!(left["event_id"].as_str().map(str::len), Some(64));
        assert!(left.get("custom_data").is_none(), "{left}");
    }
}

#[test]
fn random_ids_leave_as_they_came_under_every_setting() {
    for policy in [shop(), pharmacy(), pharmacy().replace("\"context\"", "\"always\"")] {
        for id in
            ["09090909-0909-4909-8909-090909090909", "7f3c9a52-1b2e-4f7d-9c66-5f0a4d1be2c1", "01JD2XKQ8N5Z3W9V7R4T6Y1M0P"]
        {
            let left = json(&policy, &event(&format!(r#""custom_data":{{"item_number":"{id}"}}"#)).replace("e-1", id));
            assert_eq!((left["event_id"].as_str(), left["custom_data"]["item_number"].as_str()), (Some(id), Some(id)));
        }
    }
}

#[test]
fn a_card_in_the_form_of_a_ulid_is_found() {
    // Found by the suite of hostile events: every character of it is one that a ULID can have.
    let id = "01JD2XKQ8N4111111111111111";
    let left = json(&pharmacy().replace("\"token\"", "\"opaque\""), &event("").replace("e-1", id));
    assert_eq!(left["event_id"].as_str().map(str::len), Some(64));
}

#[test]
fn what_an_id_holds_wrapped_is_found() {
    // base64url of jane.doe@example.com
    let id = "amFuZS5kb2VAZXhhbXBsZS5jb20";
    for policy in [shop(), pharmacy()] {
        let left = json(&policy, &event(&format!(r#""custom_data":{{"item_number":"{id}"}}"#)).replace("e-1", id));
        assert_eq!(left["event_id"].as_str().map(str::len), Some(64));
        assert!(left.get("custom_data").is_none(), "{left}");
        // A click id of Meta's form that holds it.
        let cookie = format!("fb.1.1791000000000.{id}A1");
        let left = json(&policy, &with("PageView", &format!(r#"{FBP},"fbc":"{cookie}""#), ""));
        assert!(left["user_data"].get("fbc").is_none(), "{left}");
    }
}

#[test]
fn a_stored_id_in_which_a_detector_of_today_finds_a_person_is_removed() {
    let raw = event(r#""custom_data":{"item_number":"4111-1111-1111-1111","content_ids":["lamp","4111111111111111"]}"#);
    let (then, now) = (policy(&shop()), policy(&pharmacy()));
    let Outcome::Forward(stored, _) = run_with(&then, &raw) else { panic!() };
    let known = StoredPolicy::read(then.digest(), Some(then.canonical()));
    let Readmission::Forward(event, report) = readmit(&now, &known, common::DATASET, stored.as_str()) else { panic!() };
    let left: serde_json::Value = serde_json::from_str(event.as_str()).unwrap();
    assert_eq!(left["custom_data"], json!({ "content_ids": ["lamp"] }));
    assert_eq!(lines(&report), ["pii custom_data.content_ids keep payment 1", "pii custom_data.item_number keep payment 1"]);
    // Again, nothing more goes.
    let known = StoredPolicy::read(then.digest(), Some(then.canonical()));
    let Readmission::Forward(again, report) = readmit(&now, &known, common::DATASET, event.as_str()) else { panic!() };
    assert_eq!((again.as_str(), report.removals().len()), (event.as_str(), 0));
    // The id of an event cannot be replaced any more, and Meta takes none without.
    let Outcome::Forward(stored, _) = run_with(&then, &raw.replace("e-1", "4111111111111111")) else { panic!() };
    let withdrawn = readmit(&now, &known, common::DATASET, stored.as_str());
    assert!(matches!(withdrawn, Readmission::Withdraw(reason) if reason.as_str() == "missing_required"));
}

#[test]
fn free_text_leaves_only_where_the_policy_says_why_and_only_if_no_detector_hits() {
    let kept = common::with_fields(
        "custom_data.content_name = { keep_text = true, because = \"names of our lamps\" }\ncustom_data.preferred_neighborhoods = { because = \"a list of ours\", keep_text = true }",
    );
    let name = |value: &str| with("PageView", FBP, &format!(r#""content_name":{value}"#));
    for (value, leaves) in
        [(r#""Reading lamp, 40 cm – brass""#, "Reading lamp, 40 cm – brass"), (r#"" Lampe à huile ""#, "Lampe à huile")]
    {
        assert_eq!(json(&kept, &name(value))["custom_data"]["content_name"], leaves);
    }
    let long = format!("\"{}\"", "ab ".repeat(70));
    for value in [r#""a \"lamp\"""#, r#""a\\b""#, r#""a\nb""#, r#""""#, "7", "{}", "true", &long] {
        assert!(json(&kept, &name(value)).get("custom_data").is_none(), "{value}");
    }
    for (value, reason) in [
        (r#""for jane.doe@example.com""#, "email"),
        (r#""call +1 (415) 555-2671""#, "phone"),
        (r#""card 4111 1111 1111 1111""#, "payment"),
        (r#""Dr. Jane Doe""#, "person_name"),
    ] {
        let told = report(&kept, &name(value));
        assert!(told.contains(&format!("pii custom_data.content_name keep_text {reason} 1")), "{value}: {told:?}");
    }
    assert_eq!(common::dropped(&kept, &name(r#""Metformin 500""#)), "health health_signal");
    // A list goes element by element.
    let list = with("PageView", FBP, r#""preferred_neighborhoods":["lamps","jane.doe@example.com","brass"]"#);
    assert_eq!(json(&kept, &list)["custom_data"]["preferred_neighborhoods"], json!(["lamps", "brass"]));
    // Stored text stays as it is, until a policy no longer lets it out.
    let (then, raw) = (policy(&kept), name(r#""Reading lamp""#));
    let Outcome::Forward(stored, _) = run_with(&then, &raw) else { panic!() };
    for (now, left) in [
        (kept.replace("version = 1", "version = 2"), true),
        (common::with_fields("custom_data.content_name = { one_of = [\"Reading lamp\"] }"), false),
    ] {
        let known = StoredPolicy::read(then.digest(), Some(then.canonical()));
        let Readmission::Forward(event, _) = readmit(&policy(&now), &known, common::DATASET, stored.as_str()) else {
            panic!()
        };
        assert_eq!(event.as_str().contains("Reading lamp"), left);
    }
    let open: String = policy(&kept).explain().channels.into_iter().map(|channel| channel.text + "\n").collect();
    assert!(open.contains("custom_data.content_name: free text leaves, because: names of our lamps"), "{open}");
}
