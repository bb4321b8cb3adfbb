//! Which values of each kind leave, in which form, and which are removed: every kind at its bounds.

mod common;

#[path = "kinds/numbers.rs"]
mod numbers;

use common::{FBP, check, forwarded, json, policy, report, run_with, with, with_fields, with_value};
use portcullis_filters::pipeline::Outcome;

/// A JSON string of so many of this letter.
fn letters(letter: &str, count: usize) -> String {
    format!("\"{}\"", letter.repeat(count))
}

/// Values of every JSON type that are no text.
const NO_TEXT: &[&str] = &["true", "{}", r#"{"a":"b"}"#, "[[]]", "1.5", "-1", "[1,2]"];

#[test]
fn a_token_has_at_most_80_plain_characters_and_no_digest() {
    let same = |text: &str| (text.to_owned(), text.to_owned());
    let good = [same(r#""a""#), same(r#""A.b_c:d-9""#), same(&letters("x", 80)), same(&letters("a", 31))];
    let good: Vec<(&str, &str)> = good.iter().map(|(a, b)| (a.as_str(), b.as_str())).chain([("42", r#""42""#)]).collect();
    let long = letters("x", 81);
    let digests: Vec<String> = [32, 40, 64, 128].map(|length| format!("\"x-{}\"", "a1".repeat(length / 2))).to_vec();
    let mut bad =
        vec![r#""""#, r#""a b""#, r#""jane@example.com""#, r#""a/b""#, r#""é""#, r#""a\n""#, r#""a\u0000""#, &long];
    bad.extend(digests.iter().map(String::as_str));
    bad.extend(NO_TEXT);
    for path in ["user_data.subscription_id", "custom_data.order_id", "custom_data.item_number"] {
        check(path, "\"keep\"", &good, &bad);
    }
}

#[test]
fn ids_of_goods_are_judged_one_by_one() {
    let (long, longer) = (letters("x", 64), letters("x", 65));
    let long_list = format!("[{long}]");
    check(
        "custom_data.content_ids",
        "\"keep\"",
        &[
            (r#""a""#, r#"["a"]"#),
            (r#"["a","b"]"#, r#"["a","b"]"#),
            (&long, &long_list),
            ("7", r#"["7"]"#),
            ("[7,8]", r#"["7","8"]"#),
        ],
        &[&longer, r#""a:b""#, r#""a b""#, r#"[["a"]]"#, "[null]", "{}", "true", "1.5"],
    );
    let policy = with_fields("custom_data.content_ids = \"keep\"");
    let raw = with_value("custom_data.content_ids", r#"["a","a b",null,["c"],{"d":1},7,-7,"e",1.5,true]"#);
    assert_eq!(json(&policy, &raw)["custom_data"]["content_ids"], serde_json::json!(["a", "7", "e"]));
    assert_eq!(report(&policy, &raw)[0], "allow custom_data.content_ids keep shape 7");
    let raw = with_value("custom_data.content_ids", "[]");
    assert!(!forwarded(&policy, &raw).contains("content_ids"), "an empty list goes");
}

#[test]
fn ids_that_meta_gave_out_are_digits() {
    let good = [(r#""123456789012345""#, r#""123456789012345""#), ("12345678901234567", r#""12345678901234567""#)];
    let bad = [
        r#""12345678901234""#,
        r#""123456789012345678""#,
        r#""1234567890 2345""#,
        r#""1234567890123４5""#,
        "-123456789012345",
    ];
    check("user_data.lead_id", "\"keep\"", &good, &bad);
    check(
        "user_data.fb_login_id",
        "\"keep\"",
        &[("0", r#""0""#), (r#""12345678901234567890""#, r#""12345678901234567890""#)],
        &[r#""123456789012345678901""#, r#""""#, "true"],
    );
}

#[test]
fn words_leave_as_the_table_writes_them() {
    check(
        "custom_data.content_type",
        "\"keep\"",
        &[(r#""product""#, r#""product""#), (r#""PRODUCT_Group""#, r#""product_group""#)],
        &[r#""lampshade""#, r#""""#, r#""product ""#, "1", "true", "[]", r#"["product","product"]"#],
    );
    check("custom_data.delivery_category", "\"keep\"", &[(r#""Curbside""#, r#""curbside""#)], &[r#""lamp""#, "{}"]);
}

#[test]
fn addresses_leave_whole() {
    check(
        "user_data.client_ip_address",
        "\"keep\"",
        &[
            (r#""203.0.113.7""#, r#""203.0.113.7""#),
            (r#"" 203.0.113.7 ""#, r#""203.0.113.7""#),
            (r#""203.0.113.7.AQICAQMC""#, r#""203.0.113.7""#),
            (r#""2001:DB8:0:0::1""#, r#""2001:db8::1""#),
        ],
        &[
            r#""203.0.113.0/24""#,
            r#""203.0.113""#,
            r#""fe80::1%eth0""#,
            r#""jane@example.com""#,
            r#""203.0.113.7, 10.0.0.1""#,
            "3405803783",
            "{}",
        ],
    );
}

#[test]
fn cookies_have_metas_form_and_lose_the_suffix() {
    let click = "IwAR0abcdefGHIJKLmnop";
    let fbc = format!("\"fb.1.1554763741205.{click}\"");
    let suffixed = format!("\"fb.1.1554763741205.{click}.AQICAQMC\"");
    let (longest, longer) =
        (format!("\"fb.1.1554763741205.aB3{}\"", "x".repeat(497)), format!("\"fb.1.1554763741205.aB3{}\"", "x".repeat(498)));
    check(
        "user_data.fbc",
        "\"keep\"",
        &[(&fbc, &fbc), (&suffixed, &fbc), (&longest, &longest)],
        &[
            r#""fb.1.1554763741205.AbCdEfGh""#,
            r#""fb.1.1554763741205.jane-doe-at-example-com""#,
            r#""fb.1.155476374120.IwAR0abcdefGHIJKLmnop""#,
            r#""fb.x.1554763741205.IwAR0abcdefGHIJKLmnop""#,
            r#""IwAR0abcdefGHIJKLmnop""#,
            &longer,
            "1",
            "{}",
        ],
    );
    check(
        "user_data.fbp",
        "\"keep\"",
        &[
            (r#""fb.1.1558571054389.1098115397""#, r#""fb.1.1558571054389.1098115397""#),
            (r#""fb.1.1558571054389.1098115397.Bg""#, r#""fb.1.1558571054389.1098115397""#),
            (r#""fb.0.1558571054389.12345""#, r#""fb.0.1558571054389.12345""#),
        ],
        &[
            r#""fb.1.1558571054389.1234""#,
            r#""fb.1.1558571054389.123456789012345678901""#,
            r#""fb.1.1558571054389.lampshade""#,
            "1",
        ],
    );
}

#[test]
fn user_agents_are_known_or_become_their_family() {
    let known = r#""Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36""#;
    let family = r#""Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36""#;
    let odd = known.replace("Safari/537.36", "Safari/537.36 LampShadeApp/jane.doe");
    check(
        "user_data.client_user_agent",
        "\"keep\"",
        &[(known, known), (&odd, family)],
        &[r#""UA""#, r#""Mozilla/5.0 (test)""#, r#""""#, "1", "{}"],
    );
    let policy = with_fields("user_data.client_user_agent = \"keep\"");
    assert_eq!(
        report(&policy, &with_value("user_data.client_user_agent", &odd)),
        ["event_source_url reduced", "user_data.client_user_agent rewritten"]
    );
}

#[test]
fn free_text_never_leaves() {
    for name in ["content_name", "content_category", "status", "search_string"] {
        let raw = with_value(&format!("custom_data.{name}"), r#""canary""#);
        for policy in ["retail", "pharmacy"] {
            let raw = raw.replace("shop.example/", "shop.example/cart");
            assert!(!forwarded(policy, &raw).contains("canary"), "{policy} {name}");
            assert!(report(policy, &raw).contains(&format!("allow custom_data.{name} none not_allowed 1")));
        }
    }
}

#[test]
fn e11_hashes_leave_as_lists_and_raw_values_never() {
    let jane = "8c87b489ce35cf2e2f39f80e282cb2e804932a56a213983eeeb428407d43b52d";
    let (upper, suffixed) = (format!("\"{}\"", jane.to_uppercase()), format!("\" {jane}.AQICAQMC\""));
    let list = format!("[\"{jane}\"]");
    let md5 = r#""9e26471d35a78862c17e467d87cddedf""#;
    let nothing = r#""e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855""#;
    check(
        "user_data.em",
        "\"hash\"",
        &[(r#"" Jane@Example.com""#, &list), (r#"["jane@example.com"]"#, &list), (&upper, &list), (&suffixed, &list)],
        &[r#""""#, r#""nobody""#, md5, nothing, "1", "true", "{}", r#"[["jane@example.com"]]"#, "[null]"],
    );
    let policy = with_fields("user_data.em = \"hash\"");
    let raw = with_value(
        "user_data.em",
        &format!(r#"["jane@example.com","nobody",{md5},{nothing},null,7,{{}},"jane@example.com"]"#),
    );
    assert_eq!(
        report(&policy, &raw),
        [
            "identity user_data.em hash not_normalizable 2",
            "identity user_data.em hash foreign_digest 1",
            "identity user_data.em hash digest_of_nothing 1",
            "identity user_data.em hash shape 2",
            "event_source_url reduced",
            "user_data.em hashed",
        ]
    );
    assert_eq!(json(&policy, &raw)["user_data"]["em"], serde_json::json!([jane, jane]));
}

#[test]
fn own_ids_become_keyed_digests() {
    let policy = with_fields(
        "custom_data.order_id = \"pseudonymize\"\ncustom_data.content_ids = \"pseudonymize\"\nuser_data.subscription_id = \"pseudonymize\"",
    );
    let raw = with(
        "PageView",
        &format!(r#"{FBP},"subscription_id":"canary-1""#),
        r#""order_id":"canary 1","content_ids":["canary-1",{},"canary-2"]"#,
    );
    let out = forwarded(&policy, &raw);
    assert!(!out.contains("canary"), "{out}");
    let out = json(&policy, &raw);
    assert!(out["custom_data"]["order_id"].is_string());
    assert_eq!(out["custom_data"]["content_ids"].as_array().map(Vec::len), Some(2));
    // The same id in two fields has two pseudonyms.
    assert_ne!(out["user_data"]["subscription_id"], out["custom_data"]["content_ids"][0]);
}

#[test]
fn an_article_without_an_id_goes_and_the_count_with_it() {
    let policy = with_fields("custom_data.contents = \"keep\"\ncustom_data.num_items = \"keep\"");
    let goods = |contents: &str| with("PageView", FBP, &format!(r#""num_items":3,"contents":{contents}"#));
    let whole = r#"[{"delivery_category":"IN_STORE","item_price":"1.50","quantity":"2","id":7}]"#;
    assert!(forwarded(&policy, &goods(whole)).ends_with(
        r#""custom_data":{"contents":[{"id":"7","quantity":2,"item_price":1.50,"delivery_category":"in_store"}],"num_items":3}}"#
    ));
    let cut = r#"[{"id":"a","quantity":-1,"item_price":"free","brand":"canary"},{"id":"a b"},{"quantity":1},{},null,7,"canary",[{"id":"b"}]]"#;
    assert!(forwarded(&policy, &goods(cut)).ends_with(r#""custom_data":{"contents":[{"id":"a"}]}}"#));
    assert_eq!(
        report(&policy, &goods(cut)),
        [
            "allow custom_data.num_items keep count_of_removed 1",
            "allow custom_data.contents[].quantity none shape 1",
            "allow custom_data.contents[].item_price none shape 1",
            "allow custom_data.contents[].brand none not_allowed 1",
            "allow custom_data.contents keep shape 7",
            "event_source_url reduced",
        ]
    );
    for odd in ["7", "\"a\"", "{\"id\":\"a\"}", "true"] {
        assert!(!forwarded(&policy, &goods(odd)).contains("custom_data"), "{odd}");
    }
    assert!(forwarded(&policy, &goods("[]")).contains("num_items"));
    // One value is counted once, also where it fits neither rule.
    let raw = goods("[{}]").replace("\"num_items\":3", "\"num_items\":\"three\"");
    let lines = report(&policy, &raw);
    assert_eq!(lines.iter().filter(|line| line.contains("num_items")).count(), 1, "{lines:?}");
}

#[test]
fn without_a_catalogue_goods_that_wait_for_one_stay() {
    let policy = with_fields(
        "custom_data.contents = \"catalog\"\ncustom_data.num_items = \"keep\"\ncustom_data.content_ids = \"catalog\"\ncustom_data.order_id = \"catalog\"",
    );
    let raw = with(
        "PageView",
        FBP,
        r#""order_id":"a","content_ids":["a","b"],"num_items":3,"contents":[{"id":"a"},{"id":"b"},{"id":"c"}]"#,
    );
    assert!(!forwarded(&policy, &raw).contains("custom_data"));
    assert_eq!(
        report(&policy, &raw),
        [
            "allow custom_data.order_id catalog not_in_catalog 1",
            "allow custom_data.content_ids catalog not_in_catalog 2",
            "allow custom_data.num_items keep count_of_removed 1",
            "allow custom_data.contents catalog not_in_catalog 3",
            "event_source_url reduced",
        ]
    );
}

#[test]
fn every_element_of_a_list_that_is_not_named_counts() {
    let raw = with(
        "PageView",
        &format!(r#"{FBP},"em":["a","b"]"#),
        r#""contents":[{"id":"a"},{"id":"b"},{"id":"c"}],"content_ids":["a","b"]"#,
    );
    assert_eq!(
        report(&with_fields(""), &raw),
        [
            "allow user_data.em none not_allowed 2",
            "allow custom_data.contents none not_allowed 3",
            "allow custom_data.content_ids none not_allowed 2",
            "event_source_url reduced",
        ]
    );
}

#[test]
fn a_signal_that_cannot_be_read_leaves_as_its_strictest_value() {
    let policy = policy(&with_fields(""));
    let leaves = |name: &str, value: &str| match run_with(&policy, &with_value(name, value)) {
        Outcome::Forward(event, _) => {
            let out: serde_json::Value = serde_json::from_str(event.as_str()).unwrap();
            out.get(name).map(ToString::to_string).unwrap_or_default()
        }
        other => panic!("{other:?}"),
    };
    let odd = ["\"yes\"", "2", "-1", "1.5", "{}", "[]", "[true]", "\"\"", "\"TRUE\"", "[false]"];
    for value in odd {
        assert_eq!(leaves("opt_out", value), "true", "{value}");
        assert_eq!(leaves("advertiser_tracking_enabled", value), "false", "{value}");
    }
    for (value, wanted) in [("true", "true"), ("false", "false"), ("0", "false"), ("\"1\"", "true"), ("null", "")] {
        assert_eq!(leaves("opt_out", value), wanted, "{value}");
        assert_eq!(leaves("advertiser_tracking_enabled", value), wanted, "{value}");
    }
    for (value, wanted) in [
        (r#"["LDU"]"#, r#"["LDU"]"#),
        (r#""ldu""#, r#"["LDU"]"#),
        ("[]", "[]"),
        (r#""""#, "[]"),
        ("null", ""),
        (r#"["LDU","AMO"]"#, r#"["LDU"]"#),
        (r#"["AMO"]"#, r#"["LDU"]"#),
        ("[[]]", r#"["LDU"]"#),
        ("[null]", r#"["LDU"]"#),
        ("[[\"LDU\"]]", r#"["LDU"]"#),
        ("{}", r#"["LDU"]"#),
        ("false", r#"["LDU"]"#),
        (r#""[]""#, r#"["LDU"]"#),
    ] {
        assert_eq!(leaves("data_processing_options", value), wanted, "{value}");
    }
    for (value, wanted) in [("0", "0"), ("1", "1"), ("\"1\"", "1"), ("2", "0"), ("\"US\"", "0"), ("{}", "0"), ("null", "")] {
        assert_eq!(leaves("data_processing_options_country", value), wanted, "{value}");
    }
    for (value, wanted) in [("0", "0"), ("1000", "1000"), ("1013", "1013"), ("999", "0"), ("1014", "0"), ("\"CA\"", "0")] {
        assert_eq!(leaves("data_processing_options_state", value), wanted, "{value}");
    }
}
