//! Stored events against the policy of today.
#![expect(clippy::unwrap_used, clippy::string_slice, reason = "a test may fail loudly")]

mod common;

use common::{
    FBP, event, forwarded, lines, policy, policy_for, purchase, run_with, sdk_event, text, with, with_fields,
    with_fields_and, with_sources,
};
use portcullis_filters::pipeline::{Outcome, Readmission, readmit};
use portcullis_filters::policy::{Policy, PolicyDigest, StoredPolicy};

fn stored(policy: &Policy) -> StoredPolicy {
    StoredPolicy::read(policy.digest(), Some(policy.canonical()))
}

/// What becomes of an event that was sanitized under one policy and is sent under another.
fn across(then: &str, now: &str, raw: &str) -> String {
    tell(readmit(&policy(now), &stored(&policy(then)), common::DATASET, &forwarded(then, raw)))
}

fn tell(readmission: Readmission) -> String {
    match readmission {
        Readmission::Forward(event, report) => format!("{}\n{}", event.as_str(), lines(&report).join("\n")),
        Readmission::Withdraw(reason) => format!("withdrawn: {reason}"),
    }
}

/// A built-in with a higher version: another digest that decides the same.
fn raised(name: &str) -> String {
    let (_, text) = Policy::builtin(name).unwrap();
    text.replacen("version = 1", "version = 2", 1)
}

#[test]
fn the_same_policy_changes_nothing() {
    for raw in
        [purchase(), sdk_event("python_purchase"), sdk_event("node_limited_data_use"), sdk_event("python_request_context")]
    {
        for name in ["retail", "pharmacy", "hospital@1"] {
            let policy = policy(name);
            let Outcome::Forward(event, _) = run_with(&policy, &raw) else { continue };
            let again = readmit(&policy, &stored(&policy), "1", event.as_str());
            assert_eq!(tell(again), format!("{}\n", event.as_str()));
            // Nor does one that decides the same; here every value is read and judged again.
            assert_ne!(common::policy(&raised(name)).digest(), policy.digest());
            assert_eq!(across(name, &raised(name), &raw), format!("{}\n", event.as_str()));
            let Readmission::Forward(again, _) = readmit(&policy, &stored(&policy), "1", event.as_str()) else { panic!() };
            assert_eq!(again.event_time(), 1_791_000_000);
        }
    }
}

#[test]
fn a_stricter_policy_takes_away_and_says_so() {
    let raw =
        with("PageView", &format!(r#"{FBP},"em":["jane@example.com","j@example.com"]"#), r#""value":1.5,"order_id":"o-1""#);
    let then = with_fields("user_data.em = \"hash\"\ncustom_data.value = \"keep\"\ncustom_data.order_id = \"keep\"");
    let now = with_fields("custom_data.value = \"keep\"");
    let told = across(&then, &now, &raw);
    let (left, report) = told.split_once('\n').unwrap();
    assert_eq!(left, forwarded(&now, &raw), "what is left is what today's policy would have let out");
    assert_eq!(report, "guard user_data.em none not_allowed 2\nguard custom_data.order_id none not_allowed 1");
}

#[test]
fn a_field_that_is_handled_in_another_way_today_is_removed_and_not_hashed_again() {
    let raw = with("PageView", &format!(r#"{FBP},"external_id":"7""#), r#""value":1.5,"order_id":"o-1""#);
    let then =
        with_fields("user_data.external_id = \"hash\"\ncustom_data.value = \"keep\"\ncustom_data.order_id = \"keep\"");
    let now = with_fields(
        "user_data.external_id = \"pseudonymize\"\ncustom_data.value = { round_to = 1 }\ncustom_data.order_id = \"pseudonymize\"",
    );
    let told = across(&then, &now, &raw);
    assert!(!told.contains("custom_data\":{"), "{told}");
    assert!(told.ends_with(
        "\nguard user_data.external_id pseudonymize policy_changed 1\nguard custom_data.value round_to policy_changed 1\nguard custom_data.order_id pseudonymize policy_changed 1"
    ), "{told}");
    // Another step is another way, even where the stored number would fit.
    let five = with_fields("custom_data.value = { round_to = 5 }");
    let tens = with_fields("custom_data.value = { round_to = 10 }");
    let raw = with("PageView", FBP, r#""value":20"#);
    assert!(across(&five, &tens, &raw).contains("policy_changed"));
    // A field that was not kept then has no stored value that could be trusted.
    let body = forwarded(&then, &with("PageView", FBP, r#""order_id":"o-1""#));
    let told = tell(readmit(&policy(&then), &stored(&policy(&with_fields(""))), "1", &body));
    assert!(told.ends_with("guard custom_data.order_id keep policy_changed 1"), "{told}");
}

#[test]
fn goods_that_were_kept_and_wait_for_a_catalogue_today_go_with_their_count() {
    let raw = with("PageView", FBP, r#""num_items":2,"contents":[{"id":"a"},{"id":"b"}],"content_ids":["a"]"#);
    let then =
        with_fields("custom_data.contents = \"keep\"\ncustom_data.num_items = \"keep\"\ncustom_data.content_ids = \"keep\"");
    let now = with_fields(
        "custom_data.contents = \"catalog\"\ncustom_data.num_items = \"keep\"\ncustom_data.content_ids = \"catalog\"",
    );
    let told = across(&then, &now, &raw);
    assert!(!told.contains("custom_data\":{"), "{told}");
    assert!(told.contains("\nguard custom_data.contents catalog policy_changed 2"), "{told}");
    assert!(told.contains("\nguard custom_data.num_items keep count_of_removed 1"), "{told}");
}

#[test]
fn an_event_whose_name_is_not_allowed_any_more_is_withdrawn() {
    assert_eq!(across("retail", "hospital@1", &purchase()), "withdrawn: event_not_allowed");
    let rules = |allow: &str| {
        text(
            &format!("{allow}\nevent_id = \"token\""),
            common::PAGES,
            "event_source_url = \"page\"\nuser_data.fbp = \"keep\"",
            "",
        )
    };
    let (then, now) = (rules("allow = [\"Lead\"]"), rules("allow = [\"PageView\"]\nrename = { Lead = \"PageView\" }"));
    assert_eq!(across(&then, &now, &with("Lead", FBP, "")), "withdrawn: event_not_allowed", "nothing is renamed again");
}

#[test]
fn an_event_whose_source_is_not_listed_any_more_is_withdrawn() {
    const GONE: &str = "withdrawn: source_not_allowed";
    let sold = |source: &str| with("Purchase", FBP, r#""value":1,"currency":"EUR""#).replace("website", source);
    for source in ["email", "phone_call", "chat", "physical_store", "system_generated", "other"] {
        assert_eq!(across("retail", "pharmacy", &sold(source)), GONE, "{source}");
    }
    let listing = |sources: &[&str]| with_sources(&with_fields(""), sources);
    let (both, store, site) = (listing(&["website", "physical_store"]), listing(&["physical_store"]), with_fields(""));
    let (view, counter) = (event(""), event("").replace("website", "physical_store"));
    assert_eq!(across(&both, &site, &counter), GONE);
    assert_eq!(across(&both, &store, &view), GONE);
    for (today, raw) in [(&site, &view), (&store, &counter)] {
        assert_eq!(across(&both, today, raw), format!("{}\n", forwarded(&both, raw)), "what is still listed leaves");
    }
    // Under the same policy nothing is decided again, but bytes that it did not let out are none of its own.
    let edited =
        forwarded("pharmacy", &event("").replace("example/", "example/p/1")).replace("\"website\"", "\"physical_store\"");
    let now = policy("pharmacy");
    assert_eq!(tell(readmit(&now, &stored(&now), "1", &edited)), "withdrawn: unreadable_event");
}

#[test]
fn a_url_that_is_not_ours_any_more_is_removed() {
    let (then, now) = (policy_for("retail", &["www.shop.example"]), policy_for("retail", &["new.example"]));
    let Outcome::Forward(kept, _) = run_with(&then, &event("")) else { panic!() };
    assert_eq!(tell(readmit(&now, &stored(&then), "1", kept.as_str())), "withdrawn: missing_required");
    let Outcome::Forward(kept, _) = run_with(&then, &event("").replace("website", "email")) else { panic!() };
    let told = tell(readmit(&now, &stored(&then), "1", kept.as_str()));
    assert!(!told.contains("https://"), "{told}");
    assert!(told.ends_with("guard event_source_url page shape 1"), "{told}");
    let path = |path: &str| {
        text(
            common::EVENTS,
            &format!(
                "default = \"drop_event\"\nno_url = \"drop_event\"\nclass = [{{ name = \"all\", match = [\"/**\"], send_as = \"{path}\" }}]"
            ),
            "event_source_url = \"page\"\nuser_data.fbp = \"keep\"",
            "",
        )
    };
    assert_eq!(across(&path("/old"), &path("/new"), &event("")), "withdrawn: missing_required");
}

#[test]
fn rules_that_narrow_are_applied_to_what_is_stored() {
    let raw = with("PageView", &format!(r#"{FBP},"em":"jane@example.com""#), "");
    let then = with_fields("user_data.em = \"hash\"");
    for (when, gone) in [
        ("event = \"PageView\"", true),
        ("event = \"Lead\"", false),
        ("dataset = \"1234567890\"", true),
        ("dataset = \"9\"", false),
        ("action_source = \"website\"", true),
        ("action_source = \"app\"", false),
    ] {
        let now = with_fields_and(
            "user_data.em = \"hash\"",
            &format!("[[narrow]]\nwhen = {{ {when} }}\nremove = [\"user_data.em\"]"),
        );
        let now = with_sources(&now, &["website", "app"]);
        let told = across(&then, &now, &raw);
        assert_eq!(!told.contains("\"em\""), gone, "{when}: {told}");
        assert_eq!(told.ends_with("\nguard user_data.em hash narrowed 1"), gone, "{when}: {told}");
    }
}

/// A shop of two kinds of pages, one of which a rule is about.
fn two_pages(cart: &str, fields: &str, extra: &str) -> String {
    let class = |name: &str, pattern: &str, sent: &str| {
        format!("{{ name = \"{name}\", match = [\"{pattern}\"], send_as = \"{sent}\" }}")
    };
    let pages = format!(
        "default = \"origin\"\nno_url = \"origin\"\nclass = [{}, {}]",
        class("goods", "/p/**", "/store"),
        class("cart", "/cart/**", cart)
    );
    let fields = format!("{fields}\nuser_data.em = \"hash\"\nuser_data.fbp = \"keep\"");
    let events = "allow = [\"PageView\"]\nsources = [\"website\", \"other\"]\nevent_id = \"token\"";
    text(events, &pages, &fields, extra)
}

#[test]
fn a_rule_about_a_page_counts_wherever_a_stored_event_could_be_of_it() {
    const URL: &str = "event_source_url = \"page\"";
    let raw = |source: &str, url: &str| {
        with("PageView", &format!(r#"{FBP},"em":"jane@example.com""#), "")
            .replace("\"website\"", &format!("\"{source}\""))
            .replace("https://www.shop.example/", url)
    };
    let rule = "[[narrow]]\nwhen = { page = \"cart\" }\nremove = [\"user_data.em\"]";
    let today = two_pages("/cart", URL, rule);
    let gone = |then: &str, raw: &str| !across(then, &today, raw).contains("\"em\"");
    let (store, cart) = ("https://www.shop.example/p/1", "https://www.shop.example/cart/1");
    // The same classes: the path tells.
    let then = two_pages("/cart", URL, "");
    assert!(gone(&then, &raw("website", cart)));
    assert!(!gone(&then, &raw("website", store)));
    // But not "/", which is what a page of any class leaves with if its host is not the site's.
    assert!(gone(&then, &raw("website", "https://pay.example/cart/1")));
    // Nor a path that the classes of then gave.
    assert!(gone(&two_pages("/store", URL, ""), &raw("website", cart)));
    assert!(gone(&two_pages("/basket", URL, ""), &raw("other", cart)));
    // Nor no URL at all.
    assert!(gone(&two_pages("/cart", "", ""), &raw("other", cart)));
    // A rule that has seen the page itself has taken what it takes.
    let raised = |text: &str| text.replacen("version = 1", "version = 2", 1);
    assert_ne!(raised(&today), today);
    assert!(across(&today, &raised(&today), &raw("website", "https://www.shop.example/")).contains("\"em\""));
}

#[test]
fn a_policy_that_cannot_be_read_withdraws() {
    let (then, now) = (policy("pharmacy"), policy("retail"));
    let body = forwarded("pharmacy", &purchase());
    let tampered = then.canonical().replacen("pseudonymize", "keep", 1);
    assert_ne!(tampered, then.canonical());
    for canonical in [None, Some(""), Some("{}"), Some(tampered.as_str()), Some(now.canonical()), Some("not JSON")] {
        let stored = StoredPolicy::read(then.digest(), canonical);
        assert_eq!(tell(readmit(&now, &stored, "1", &body)), "withdrawn: unreadable_policy", "{canonical:?}");
    }
    let forged = StoredPolicy::read(PolicyDigest::from_bytes([0; 32]), Some(then.canonical()));
    assert_eq!(tell(readmit(&now, &forged, "1", &body)), "withdrawn: unreadable_policy");
    let stored = StoredPolicy::read(now.digest(), None);
    let kept = forwarded("retail", &purchase());
    assert_eq!(tell(readmit(&now, &stored, "1", &kept)), format!("{kept}\n"), "the same policy needs no text");
}

#[test]
fn bytes_that_we_did_not_write_are_withdrawn_even_under_the_same_policy() {
    let now = policy("retail");
    let good = forwarded("retail", &purchase());
    for bad in [
        String::new(),
        "{".to_owned(),
        "null".to_owned(),
        good.clone() + " ",
        good.clone() + "\n",
        good.replacen(':', ": ", 1),
        good.replacen("event_time", "event_tine", 1),
        good.replacen("\"em\":[\"", "\"em\":[\"jane@example.com\",\"", 1),
        good.replacen("\"zp\"", "\"zq\"", 1),
        good.replacen("\"USD\"", "\"usd\"", 1),
        good.replacen("\"ct\":", "\"ge\":[],\"ct\":", 1),
        good.replacen("\"Purchase\"", "\"Metformin\"", 1),
        good.replacen("https://shop.example.com/", "https://evil.example/", 1),
        good.replacen("\"website\"", "\"websitf\"", 1),
        r#"{"event_name":"PageView","event_time":1791000000,"user_data":{"em":"jane@example.com"}}"#.to_owned(),
        r#"{"event_name":"PageView","event_time":1791000000,anything"#.to_owned(),
    ] {
        assert_eq!(tell(readmit(&now, &stored(&now), "1", &bad)), "withdrawn: unreadable_event", "{bad}");
    }
    // A rounded amount has no digit that rounding would not have left; an empty list is one that the policy can let out.
    let now = policy(&with_fields("custom_data.value = { round_to = 5 }"));
    let good = forwarded(&with_fields("custom_data.value = { round_to = 5 }"), &with("PageView", FBP, r#""value":107.3"#));
    for bad in ["105.00004155550007", "105.0", "105,\"contents\":[]", "105,\"content_ids\":[]", "106"] {
        let bad = good.replacen("\"value\":105", &format!("\"value\":{bad}"), 1);
        assert_ne!(bad, good);
        assert_eq!(tell(readmit(&now, &stored(&now), "1", &bad)), "withdrawn: unreadable_event", "{bad}");
    }
    let none = forwarded(&with_fields(""), &event(r#""data_processing_options":[]"#));
    let now = policy(&with_fields(""));
    assert_eq!(tell(readmit(&now, &stored(&now), "1", &none)), format!("{none}\n"));
    let (now, good) = (policy("retail"), forwarded("retail", &purchase()));
    let end = good.len() - 1;
    assert_eq!(tell(readmit(&now, &stored(&now), "1", &good[..end])), "withdrawn: unreadable_event");
}

#[test]
fn damaged_bytes_never_leave_under_a_new_policy_and_never_without_what_meta_requires() {
    let (then, now) = (policy("retail"), policy(&raised("retail")));
    let good = forwarded("retail", &purchase());
    let judge = |body: &str| tell(readmit(&now, &stored(&then), "1", body));
    for (bad, reason) in [
        (String::new(), "unreadable_event"),
        (good.replace('}', ""), "unreadable_event"),
        (good.replacen("\"event_name\":\"Purchase\"", "\"event_nane\":\"Purchase\"", 1), "event_not_allowed"),
        (good.replacen("event_time", "event_tine", 1), "missing_required"),
        (good.replacen("1791000000", "\"x\"", 1), "missing_required"),
        (good.replacen("\"event_id\"", "\"event_ie\"", 1), "missing_required"),
        (good.replacen("\"website\"", "\"websitf\"", 1), "source_not_allowed"),
        (good.replacen("\"action_source\"", "\"action_place\"", 1), "source_not_allowed"),
        (good.replacen("\"event_source_url\"", "\"event_source_urm\"", 1), "missing_required"),
        (good.replacen("\"user_data\":{", "\"user_dota\":{", 1), "insufficient_user_data"),
        (good.replacen("SKU-10007", "lampshade 500", 1), "guard_failed"),
        (good.replacen("SKU-10007", "metformin-500", 1), "health_signal"),
    ] {
        assert_eq!(judge(&bad), format!("withdrawn: {reason}"), "{bad}");
    }
    let told = judge(&good.replacen("\"em\":[\"", "\"em\":[\"jane@example.com\",\"", 1));
    assert!(!told.contains("jane") && told.ends_with("guard user_data.em hash shape 2"), "{told}");
    for at in 0..good.len() {
        let _: String = judge(&good[..at]);
    }
}

#[test]
fn an_id_that_has_not_todays_form_does_not_leave_and_its_event_not_without_one() {
    // Without its id a repeat could not be recognised, and nothing is hashed again.
    let (_, retail) = Policy::builtin("retail").unwrap();
    let opaque = retail.replace("event_id = \"token\"", "event_id = \"opaque\"");
    assert_eq!(across("retail", &opaque, &event("")), "withdrawn: missing_required");
    let uuid = event("").replace("e-1", "7f3c9a52-1b2e-4f7d-9c66-5f0a4d1be2c1");
    assert!(across("retail", &opaque, &uuid).starts_with("{\"event_name\""));
    let digest = event("").replace("e-1", "jane@example.com");
    assert!(across("retail", &opaque, &digest).starts_with("{\"event_name\""), "our own digest stays");
}

#[test]
fn limited_data_use_stays_in_force_where_the_address_by_which_meta_would_place_it_does_not_leave_any_more() {
    let raw = |place: &str| {
        let address = r#","client_ip_address":"203.0.113.7""#;
        with("PageView", &format!("{FBP}{address}"), "").replacen(
            r#""user_data""#,
            &format!(r#""data_processing_options":["LDU"]{place},"user_data""#),
            1,
        )
    };
    let (then, now) = (with_fields("user_data.client_ip_address = \"keep\""), with_fields(""));
    let placed = |then: &str, now: &str, place: &str| {
        let told = across(then, now, &raw(place));
        let leaves: serde_json::Value = serde_json::from_str(told.lines().next().unwrap()).unwrap();
        let of = |key: &str| leaves.get(key).map(ToString::to_string).unwrap_or_default();
        [of("data_processing_options"), of("data_processing_options_country"), of("data_processing_options_state")]
    };
    assert_eq!(placed(&then, &now, ""), [r#"["LDU"]"#, "1", "1000"]);
    let own = r#","data_processing_options_country":1,"data_processing_options_state":1005"#;
    assert_eq!(placed(&then, &now, own), [r#"["LDU"]"#, "1", "1005"]);
    let kept = then.replacen("[fields]", "[fields] # changed", 1);
    let more = with_fields("user_data.client_ip_address = \"keep\"\nuser_data.em = \"hash\"");
    assert_eq!(placed(&more, &kept, ""), [r#"["LDU"]"#, "0", "0"], "the address leaves");
}
