//! The catalogue of goods: what is a catalogue, and what leaves under one.

mod common;

#[path = "catalog/files.rs"]
mod files;

use common::{FBP, lines, policy_with_catalog, run_with, with, with_fields_and};
use portcullis_filters::pipeline::{Outcome, readmit};
use portcullis_filters::policy::{Policy, StoredPolicy};

const CATALOG: &str = include_str!("fixtures/catalog.csv");
const FIELDS: &str =
    "custom_data.contents = \"catalog\"\ncustom_data.content_ids = \"catalog\"\ncustom_data.num_items = \"keep\"";
const KEPT: &str = "custom_data.contents = \"keep\"\ncustom_data.content_ids = \"keep\"\ncustom_data.num_items = \"keep\"";

/// A policy with these fields, this word for unknown goods, and the example of a catalogue.
fn policy(fields: &str, unknown: &str) -> Policy {
    policy_with_catalog(&text(fields, unknown), CATALOG)
}

fn text(fields: &str, unknown: &str) -> String {
    with_fields_and(fields, &format!("[catalog]\nfile = \"catalog.csv\"\nunknown = \"{unknown}\""))
}

/// An event that names these goods, as JSON lists of ids, in both places.
fn event(ids: &[&str]) -> String {
    let items: Vec<String> = ids.iter().map(|id| format!("{{\"id\":{id:?},\"quantity\":1}}")).collect();
    with(
        "ViewContent",
        FBP,
        &format!("\"content_ids\":{ids:?},\"contents\":[{}],\"num_items\":{}", items.join(","), ids.len()),
    )
}

/// The body that leaves, or stage and reason of a drop; then what was removed.
fn told(outcome: Outcome) -> (String, Vec<String>) {
    match outcome {
        Outcome::Forward(event, report) => (event.as_str().to_owned(), lines(&report)),
        Outcome::Drop(stage, reason, report) => (format!("{stage} {reason}"), lines(&report)),
        Outcome::Refuse(refusal) => panic!("{refusal}"),
    }
}

fn removed(lines: &[String]) -> Vec<&str> {
    lines.iter().map(String::as_str).filter(|line| line.contains("custom_data")).collect()
}

#[test]
fn neutral_goods_leave_with_their_count() {
    let (body, lines) = told(run_with(&policy(FIELDS, "remove"), &event(&["SKU-4471", "GIFT.CARD_50"])));
    assert!(body.contains(r#""content_ids":["SKU-4471","GIFT.CARD_50"]"#), "{body}");
    assert!(body.contains(r#""contents":[{"id":"SKU-4471","quantity":1},{"id":"GIFT.CARD_50","quantity":1}]"#), "{body}");
    assert!(body.contains(r#""num_items":2"#), "{body}");
    assert_eq!(removed(&lines), [""; 0]);
}

#[test]
fn goods_that_are_not_listed_go_by_element_and_the_count_with_them() {
    let (body, lines) = told(run_with(&policy(FIELDS, "remove"), &event(&["SKU-4471", "SKU-9", "sku-4471"])));
    assert!(body.contains(r#""content_ids":["SKU-4471"],"contents":[{"id":"SKU-4471","quantity":1}]}"#), "{body}");
    assert_eq!(
        removed(&lines),
        [
            "allow custom_data.content_ids catalog not_in_catalog 2",
            "allow custom_data.contents catalog not_in_catalog 2",
            "allow custom_data.num_items keep count_of_removed 1",
        ]
    );
    // A list of which nothing is left goes, and so does the count where only ids came.
    let ids = with("ViewContent", FBP, r#""content_ids":["SKU-9"],"num_items":1"#);
    let (body, _) = told(run_with(&policy(FIELDS, "remove"), &ids));
    assert!(!body.contains("custom_data"), "{body}");
}

#[test]
fn goods_that_are_not_listed_leave_or_drop_the_event_as_the_policy_says() {
    let goods = event(&["SKU-4471", "SKU-9"]);
    let (body, lines) = told(run_with(&policy(FIELDS, "neutral"), &goods));
    assert!(body.contains(r#""content_ids":["SKU-4471","SKU-9"]"#) && body.contains("num_items"), "{body}");
    assert_eq!(removed(&lines), [""; 0]);
    // Also where the policy keeps none of them: it wants to know what every event is about.
    for fields in [FIELDS, KEPT, ""] {
        assert_eq!(told(run_with(&policy(fields, "drop_event"), &goods)).0, "allow unknown_goods", "{fields}");
    }
    for listed in [event(&["SKU-4471"]), with("ViewContent", FBP, "")] {
        assert!(told(run_with(&policy(FIELDS, "drop_event"), &listed)).0.starts_with('{'), "{listed}");
    }
    for odd in [r#""content_ids":[{}]"#, r#""contents":[{"quantity":1}]"#, r#""contents":[7]"#, r#""fb_content_id":"SKU 1""#]
    {
        let raw = with("ViewContent", FBP, odd);
        assert_eq!(told(run_with(&policy(FIELDS, "drop_event"), &raw)).0, "allow unknown_goods", "{odd}");
    }
}

#[test]
fn no_id_of_sensitive_goods_leaves_whatever_the_policy_says() {
    for fields in [FIELDS, KEPT] {
        for unknown in ["remove", "neutral", "drop_event"] {
            let (body, _) = told(run_with(&policy(fields, unknown), &event(&["SKU-4471", "PREG-TEST-2", "RX-METF-500"])));
            for id in ["PREG-TEST-2", "RX-METF-500", "num_items"] {
                assert!(!body.contains(id), "{fields} {unknown}: {body}");
            }
        }
    }
}

/// The id of a sensitive article said what was bought wherever it stood but in a list of goods.
#[test]
fn an_id_of_sensitive_goods_is_a_signal_in_a_page_an_event_id_and_an_unknown_key() {
    let (policy, shop) =
        (policy(FIELDS, "remove"), text(FIELDS, "remove").replace("drop_event\"\nambiguous", "drop_goods\"\nambiguous"));
    let shop = policy_with_catalog(&shop, CATALOG);
    let page = |path: &str| event(&["SKU-4471"]).replace("shop.example/", &format!("shop.example/{path}"));
    let own = |member: &str| event(&["SKU-4471"]).replacen('{', &format!("{{{member},"), 1);
    for raw in [
        page("p/PREG-TEST-2"),
        page("p/PREG-TEST-2.html"),
        page("p?sku=RX-METF-500&size=2"),
        page("cart#/item/NIC-PATCH-21"),
        event(&["SKU-4471"]).replace("\"e-1\"", "\"PREG-TEST-2\""),
        own(r#""sku":"PREG-TEST-2""#),
        own(r#""cart":[{"items":["SKU-4471","HIV-HOME-1"]}]"#),
        own(r#""note":"{\"sku\":\"48-1170\"}""#),
        own(r#""referrer_url":"https://partner.example/p/PREG-TEST-2""#),
    ] {
        for policy in [&policy, &shop] {
            assert_eq!(told(run_with(policy, &raw)).0, "health health_signal", "{raw}");
        }
    }
    for raw in [
        page("p/SKU-4471"),
        page("p/PREG-TEST-22"),
        page("p/preg-test-2"),
        own(r#""sku":"A-48-1170""#),
        own(r#""sku":"SKU-4471""#),
        event(&["SKU-4471"]).replace("\"e-1\"", "\"order-17\""),
    ] {
        assert!(told(run_with(&policy, &raw)).0.starts_with('{'), "{raw}");
    }
}

#[test]
fn a_year_a_size_or_a_postcode_is_no_id_of_goods_outside_their_lists() {
    let catalog =
        "id,class\n2026,sensitive\n97205,sensitive\nXL-42,sensitive\n100451,sensitive\nPILLS,sensitive\nB12,prescription\n";
    let policy = policy_with_catalog(&text(FIELDS, "neutral"), catalog);
    let view = |note: &str| told(run_with(&policy, &with("ViewContent", FBP, &format!("\"note\":{note}")))).0;
    for harmless in ["2026", "97205", "\"97205\"", "\"in 2026\"", "\"PILLS\"", "\"B12\"", "\"100452\"", "1004510"] {
        assert!(view(harmless).starts_with('{'), "{harmless}");
    }
    for named in ["\"XL-42\"", "100451", "\"100451\"", "[\"blue\",\"XL-42\"]"] {
        assert_eq!(view(named), "health health_signal", "{named}");
    }
}

#[test]
fn an_id_given_as_a_number_is_its_digits() {
    let policy = policy_with_catalog(&text(FIELDS, "remove"), "id,class\n4471,neutral\n04472,neutral\n");
    let raw = with("ViewContent", FBP, r#""content_ids":[4471,4472,"04472"]"#);
    let (body, lines) = told(run_with(&policy, &raw));
    assert!(body.contains(r#""content_ids":["4471","04472"]"#), "{body}");
    assert_eq!(removed(&lines), ["allow custom_data.content_ids catalog not_in_catalog 1"]);
}

#[test]
fn ids_that_are_none_of_goods_can_wait_for_the_catalogue_too() {
    let fields = "custom_data.order_id = \"catalog\"\ncustom_data.suggested_hotels = \"catalog\"";
    let raw = with("ViewContent", FBP, r#""order_id":"SKU-4471","suggested_hotels":["SKU-4472","a:b","HOTEL-1"]"#);
    let (body, lines) = told(run_with(&policy(fields, "remove"), &raw));
    assert!(body.contains(r#""order_id":"SKU-4471","suggested_hotels":["SKU-4472"]"#), "{body}");
    assert_eq!(
        removed(&lines),
        [
            "allow custom_data.suggested_hotels catalog shape 1",
            "allow custom_data.suggested_hotels catalog not_in_catalog 1"
        ]
    );
}

#[test]
fn stored_goods_are_looked_up_again_when_the_catalogue_changed() {
    let across = |then: &Policy, now: &Policy, raw: &str| {
        let body = told(run_with(then, raw)).0;
        let stored = StoredPolicy::read(then.digest(), Some(then.canonical()));
        match readmit(now, &stored, common::DATASET, &body) {
            portcullis_filters::pipeline::Readmission::Forward(event, report) => (event.as_str().to_owned(), lines(&report)),
            portcullis_filters::pipeline::Readmission::Withdraw(reason) => (reason.to_string(), Vec::new()),
        }
    };
    let raw = event(&["SKU-4471", "SKU-4472"]);
    for fields in [FIELDS, KEPT] {
        let changed = CATALOG.replace("SKU-4472,neutral", "SKU-4472,sensitive");
        let now = policy_with_catalog(&text(fields, "remove"), &changed);
        let (body, lines) = across(&policy(fields, "remove"), &now, &raw);
        assert!(body.contains(r#""content_ids":["SKU-4471"],"contents":[{"id":"SKU-4471","quantity":1}]"#), "{body}");
        let reasons: Vec<&str> = lines.iter().filter_map(|line| line.rsplit(' ').nth(1)).collect();
        assert_eq!(reasons, ["sensitive_goods", "sensitive_goods", "count_of_removed"], "{lines:?}");
    }
    // Whatever became of the word for unknown goods: an event that was accepted is not dropped for it, its goods go.
    let gone = CATALOG.replace("SKU-4472,neutral\n", "");
    for unknown in ["remove", "drop_event"] {
        let now = policy_with_catalog(&text(FIELDS, unknown), &gone);
        let (body, lines) = across(&policy(FIELDS, "remove"), &now, &raw);
        assert!(body.contains(r#""content_ids":["SKU-4471"]"#) && !body.contains("num_items"), "{body}");
        assert!(lines.iter().any(|line| line == "guard custom_data.contents catalog not_in_catalog 1"), "{lines:?}");
    }
    let same = across(&policy(FIELDS, "remove"), &policy(FIELDS, "neutral"), &raw);
    assert_eq!((same.0, same.1.len()), (told(run_with(&policy(FIELDS, "remove"), &raw)).0, 0));
}

#[test]
fn the_digest_covers_the_file_and_not_its_place() {
    let digest = |text: &str, csv: &str| policy_with_catalog(text, csv).digest();
    let here = text(FIELDS, "remove");
    let base = digest(&here, CATALOG);
    assert_eq!(base, digest(&here.replace("catalog.csv", "goods/of-today.csv"), CATALOG));
    assert_ne!(base, digest(&here, &CATALOG.replace("RX-SERT-50,prescription\n", "")));
    assert_ne!(base, digest(&here, &CATALOG.replace("SKU-4471,neutral", "SKU-4471,sensitive")));
    assert_ne!(base, digest(&text(FIELDS, "neutral"), CATALOG));
    assert_ne!(base, common::policy(&with_fields_and(FIELDS, "")).digest());
}

#[test]
fn explain_says_which_goods_leave_and_which_of_them_nobody_looked_at() {
    let told = |policy: &Policy| {
        let explanation = policy.explain();
        let lines = explanation.leaves().filter(|line| line.path.contains("content"));
        let lines = lines.map(|line| format!("{} {} {}\n", line.path, line.action, line.form));
        let channels = explanation.channels.iter().map(|channel| format!("{:?} {}\n", channel.standing, channel.text));
        lines.chain(channels).collect::<Vec<_>>().concat()
    };
    let ids = "custom_data.content_ids catalog 1 to 64 of A-Z a-z 0-9 . _ -, where the catalogue calls it neutral";
    let unlisted =
        "Known custom_data.content_ids, custom_data.contents: ids of goods that the catalogue does not list leave";
    let no_catalog = "there is no catalogue of sensitive goods";
    for (policy, unknown, unlisted_leave) in [
        (policy(FIELDS, "remove"), "\n", false),
        (policy(FIELDS, "neutral"), " or does not list it\n", true),
        (policy(FIELDS, "drop_event"), "\n", false),
    ] {
        let told = told(&policy);
        assert!(told.contains(&format!("{ids}{unknown}")), "{told}");
        assert_eq!(told.contains(unlisted), unlisted_leave, "{told}");
        assert!(!told.contains(no_catalog) && told.contains("contents[].item_price: an exact price"), "{told}");
    }
    for (policy, unlisted_leave) in [(policy(KEPT, "remove"), true), (policy(KEPT, "drop_event"), false)] {
        let told = told(&policy);
        assert!(told.contains("where the catalogue does not call it sensitive or a prescription"), "{told}");
        assert_eq!(told.contains(unlisted), unlisted_leave, "{told}");
        assert!(!told.contains(no_catalog), "{told}");
    }
    let without = told(&common::policy(&with_fields_and(KEPT, "")));
    assert!(without.contains(no_catalog) && !without.contains("does not list"), "{without}");
    let all_neutral = told(&policy_with_catalog(&text(FIELDS, "remove"), "id,class\nA,neutral\n"));
    assert!(all_neutral.contains("Warned the catalogue calls every article neutral"), "{all_neutral}");
    let goods = policy(FIELDS, "remove").explain().catalog.expect("a catalogue");
    assert_eq!((goods.file.as_str(), goods.unknown), ("catalog.csv", "are removed from fields with the action catalog"));
}

#[test]
fn a_policy_says_what_its_catalogue_comes_to() {
    let catalog = policy(FIELDS, "remove");
    let catalog = catalog.catalog().expect("a catalogue");
    let counts = catalog.counts();
    assert_eq!((counts.neutral, counts.sensitive, counts.prescription, counts.total()), (4, 4, 2, 10));
    assert_eq!(catalog.sha256().len(), 64);
    assert!(catalog.memory_bytes() < 4096, "{}", catalog.memory_bytes());
    assert!(!format!("{catalog:?}").contains("PREG"));
}
