//! Leaks that were found by hostile events, each under a name of its own.

mod common;

use common::{FBP, HOSTS, dropped, hex, json, report, text, view, with};
use portcullis_filters::policy::Policy;
use sha2::{Digest as _, Sha256};

/// An event of a shop with these members in `user_data`.
fn event(user_data: &str) -> String {
    format!(
        r#"{{"event_name":"PageView","event_time":1791000000,"event_id":"e-1","action_source":"website","event_source_url":"https://www.shop.example/","user_data":{{{FBP},{user_data}}}}}"#
    )
}

/// 64 hexadecimal digits were taken as a SHA-256 whatever they said.
#[test]
fn a_text_in_64_hexadecimal_digits_is_no_digest() {
    for text in [
        "Dr. Jane Doe, 31 March, 10:30 am",
        "\0J\0a\0n\0e\0 \0D\0o\0e\0,\0 \x004\x007\0 \0 \0!\0!",
        "Müller, Jörg, Köln, Größe 1",
    ] {
        let digits = hex(text.as_bytes());
        assert_eq!(digits.len(), 64, "{text}");
        let left =
            json("retail@1", &event(&format!(r#""em":"{digits}","ln":["{digits}"],"ct":"{}""#, digits.to_uppercase())));
        assert!(!left["user_data"].to_string().contains(&digits), "{text}: {left}");
    }
}

/// The hash of a word that has an everyday sense too left as somebody's name: in a hash no everyday word stands beside it.
#[test]
fn the_hash_of_a_word_that_speaks_of_health_alone_is_no_name() {
    for word in ["depression", "Hospice", "knee replacement", "cancer"] {
        let left = json("retail@1", &event(&format!(r#""fn":"{word}","ct":"Portland""#)));
        assert_eq!(left["user_data"]["fn"], serde_json::Value::Null, "{word}: {left}");
        assert_ne!(left["user_data"]["ct"], serde_json::Value::Null);
    }
}

/// Lists of suggestions mark the letters that were typed, and sites send the text of the list's line as HTML.
#[test]
fn a_term_with_the_typed_letters_marked_is_a_signal() {
    for line in ["<b>met</b>formin 500 mg", "<em class='hit'>Depr</em>ession", "&lt;mark&gt;her&lt;/mark&gt;pes"] {
        for policy in ["retail@1", "pharmacy@1"] {
            let raw = with("PageView", FBP, &format!(r#""innerHTML":"{line}""#));
            let raw = raw.replace("shop.example/", "shop.example/shop");
            assert_eq!(dropped(policy, &raw), "health health_signal", "{policy}: {line}");
        }
    }
}

/// What people type into a search: terms of few letters without their space.
#[test]
fn short_terms_without_their_space_are_signals() {
    for words in ["planb", "PlanB", "hivtest", "epipen", "exlax"] {
        let raw = view(&format!("https://www.shop.example/search?q={words}"));
        assert_eq!(dropped("pharmacy@1", &raw), "health health_signal", "{words}");
    }
}

/// Names of fields in forms are small letters without a border.
#[test]
fn a_term_glued_into_the_name_of_a_form_field_is_a_signal() {
    for name in ["isdiabetic", "hasherpes", "diabetesstatus"] {
        let raw = with("PageView", FBP, &format!(r#""{name}":true"#)).replace("shop.example/", "shop.example/shop");
        assert_eq!(dropped("pharmacy@1", &raw), "health health_signal", "{name}");
    }
}

/// What the policy with these lines is told, where it was compiled before.
fn told(then: &str, now: &str) -> String {
    let fields = "custom_data.tier = { one_of = [\"gold\"] }\ncustom_data.visits = { integer = [0, 999999] }";
    let events = "allow = [\"PageView\", \"Lead\"]\nevent_id = \"opaque\"\nprefixes = [\"order-\"]";
    let pages =
        "default = \"origin\"\nno_url = \"origin\"\nclass = [{ name = \"x\", match = [\"/x/**\"], send_as = \"/store\" }]";
    let shop = text(events, pages, &format!("user_data.fbp = \"keep\"\n{fields}"), "")
        .replace("\"drop_event\"\nambiguous", "\"drop_goods\"\nambiguous");
    let hosts: Vec<String> = HOSTS.iter().map(ToString::to_string).collect();
    assert!(Policy::compile(&shop, "test.toml", &hosts).is_ok());
    let changed = shop.replacen(then, now, 1);
    assert_ne!(changed, shop);
    Policy::compile(&changed, "test.toml", &hosts).map_or_else(|error| error.to_string(), |_| "compiled".to_owned())
}

/// On a shop's policy these need company in an event; what a policy writes leaves alone.
#[test]
fn a_policy_cannot_write_what_is_a_hint_in_an_event() {
    for (then, now, place) in [
        ("\"gold\"", "\"oncology\"", "fields.custom_data.tier: speaks of health (specialty)"),
        ("\"Lead\"", "\"BookCardiology\"", "events.allow#2: speaks of health (specialty)"),
        ("\"/store\"", "\"/services/dermatology\"", "pages.class#1.send_as: speaks of health (specialty)"),
        ("\"/store\"", "\"/rx\"", "pages.class#1.send_as: has a word by which"),
        ("\"/store\"", "\"/a/pharmacy/b\"", "pages.class#1.send_as: has a word by which"),
        ("\"order-\"", "\"rx-\"", "events.prefixes#1: has a word by which"),
        ("\"order-\"", "\"refill-\"", "events.prefixes#1: has a word by which"),
    ] {
        let told = told(then, now);
        assert!(told.contains(place), "{now}: {told}");
    }
}

/// The name of a property says what its words and numbers are.
#[test]
fn a_property_is_judged_with_its_name() {
    for (then, now, place) in [
        ("tier = { one_of = [\"gold\"]", "dx = { one_of = [\"F32.1\"]", "custom_data.dx: speaks of health (code)"),
        (
            "tier = { one_of = [\"gold\"]",
            "zip = { one_of = [\"45202\"]",
            "custom_data.zip: looks like personal data (street_address)",
        ),
        ("visits = {", "zip_code = {", "custom_data.zip_code: looks like personal data (street_address)"),
        ("visits = {", "birth_year = {", "custom_data.birth_year: looks like personal data (intake)"),
        ("visits = {", "cpt = {", "custom_data.cpt: speaks of health (code)"),
    ] {
        let told = told(then, now);
        assert!(told.contains(place), "{now}: {told}");
    }
    for (then, now) in
        [("tier = { one_of = [\"gold\"]", "gender = { one_of = [\"women\"]"), ("visits", "step"), ("visits", "condition")]
    {
        assert_eq!(told(then, now), "compiled", "{now}");
    }
}

/// `self harm` in hexadecimal digits was passed over as the country CD, which is what its letters spell.
#[test]
fn a_country_with_digits_is_looked_through() {
    let event = event(r#""em":"jane@example.com""#);
    let country = |text: &str| event.replacen('{', &format!(r#"{{"custom_data":{{"country":"{text}"}},"#), 1);
    assert_eq!(dropped("pharmacy@1", &country(&hex(b"Self Harm"))), "health health_signal");
    for text in ["CD", "Democratic Republic of the Congo", "united states"] {
        assert!(json("pharmacy@1", &country(text))["event_name"].is_string(), "{text}");
    }
}

/// The quotes and backslashes of JSON in JSON were taken as letters of the code that they stand around, so no key told it.
#[test]
fn a_code_under_a_telling_key_is_one_through_json_in_json() {
    for text in [
        r#"{\"hcpcs\":\"\\\"J1962\\\"\"}"#,
        r#"{\"ndc\":\"\\\"00093721401\\\"\"}"#,
        r#"{\"dx\":\"{\\\"note\\\":\\\"E119\\\"}\"}"#,
        r#"{\"hcpcs\":{\"v\":\"J1962\"}}"#,
    ] {
        for policy in ["retail@1", "pharmacy@1"] {
            let raw = with("PageView", FBP, &format!(r#""x":"{text}""#)).replace("shop.example/", "shop.example/shop");
            assert_eq!(dropped(policy, &raw), "health health_signal", "{policy}: {text}");
        }
    }
}

/// To a shop a department of medicine alone is no signal, so its digest left as somebody's name. Nobody is called so.
#[test]
fn the_digest_of_a_department_is_removed_and_keeps_no_event_from_leaving() {
    let oncology = hex(&Sha256::digest("oncology"));
    let members = format!(r#""fn":"Oncology","ln":["Smith","{oncology}"],"external_id":"{oncology}""#);
    let left = json("retail@1", &event(&members));
    for field in ["fn", "external_id"] {
        assert_eq!(left["user_data"][field], serde_json::Value::Null, "{field}: {left}");
    }
    assert_eq!(left["user_data"]["ln"].as_array().map(Vec::len), Some(1), "{left}");
    let told = report("retail@1", &event(&members));
    for line in ["health user_data.fn hash health_signal 1", "identity user_data.external_id hash health_digest 1"] {
        assert!(told.contains(&line.to_owned()), "{told:?}");
    }
    // To a health site it is a signal, as the department itself is.
    let raw = view("https://www.shop.example/shop").replace("\"e-1\",", &format!("\"e-1\",\"x\":\"{oncology}\","));
    assert_eq!(dropped("pharmacy@1", &raw), "health health_signal");
}

/// A department beside other words was hashed with them, or left as part of an event's id or of a cookie.
#[test]
fn a_department_leaves_in_no_hash_no_cookie_and_no_event_id() {
    for (name, value) in [("ct", "dermatology clinic"), ("ln", "Smith Oncology"), ("external_id", "urgent-care-17")] {
        let left = json("retail@1", &event(&format!(r#""{name}":"{value}""#)));
        assert_eq!(
            (&left["event_id"], &left["user_data"][name]),
            (&"e-1".into(), &serde_json::Value::Null),
            "{name}: {left}"
        );
    }
    let fbc = "fb.1.1790990000123.IwAR0abcdefGHIJKL-oncology-mnopQRST";
    let left = json("retail@1", &event(&format!(r#""em":"jane@example.com","fbc":"{fbc}""#)));
    assert_eq!(left["user_data"]["fbc"], serde_json::Value::Null, "{left}");
    let page =
        event(r#""em":"jane@example.com""#).replace(".example/", ".example/?fbclid=IwAR0abcdefGHIJKL-oncology-mnopQRST");
    assert_eq!(json("retail@1", &page)["user_data"]["fbc"], serde_json::Value::Null);
    let left = json("retail@1", &event(r#""em":"jane@example.com""#).replace("\"e-1\"", "\"oncology-2026-17\""));
    assert_eq!(left["event_id"].as_str().map(str::len), Some(64), "{left}");
}

/// Node writes a buffer as a list of its bytes, of which each was looked at as a number.
#[test]
fn a_term_in_a_list_of_bytes_is_a_signal() {
    let bytes = |text: &str| text.bytes().map(|byte| byte.to_string()).collect::<Vec<_>>().join(",");
    for text in ["metformin", "refill for metformin", "bWV0Zm9ybWlu"] {
        let raw = with("PageView", FBP, &format!(r#""blob":{{"type":"Buffer","data":[{}]}}"#, bytes(text)));
        for policy in ["retail@1", "pharmacy@1"] {
            let raw = raw.replace("shop.example/", "shop.example/shop");
            assert_eq!(dropped(policy, &raw), "health health_signal", "{policy}: {text}");
        }
    }
    for numbers in ["36,38,40,42,44", "255,216,255,224,0,16", "1,2,3", &bytes("lampshade")] {
        assert!(json("retail@1", &with("PageView", FBP, &format!(r#""sizes":[{numbers}]"#)))["event_name"].is_string());
    }
}
