//! What is refused, with the place and the rule, and what is dropped, with the reason.

mod common;

use common::{FBP, NOW, dropped, event, forwarded, purchase, refused, run, with, with_fields, with_sources};
use portcullis_filters::pipeline::Outcome;

/// A small event in which one piece is replaced.
fn but(from: &str, to: &str) -> String {
    let event = with("Purchase", FBP, r#""value":1,"currency":"EUR""#);
    assert!(event.contains(from), "{from}");
    event.replacen(from, to, 1)
}

#[test]
fn what_is_no_json_object_is_refused() {
    for raw in [
        "",
        "{",
        "}",
        "nope",
        "{\"a\":}",
        "{'a':1}",
        "{\"a\":1}x",
        "{\"a\":1}{}",
        "\"{",
        "{\"a\":\"\u{1}\"}",
        "NaN",
        "{\"a\":01}",
        "\u{feff}{}",
    ] {
        assert_eq!(refused("retail", raw), "event is not valid JSON", "{raw}");
    }
    for raw in ["[]", "7", "true", "null", "\"text\"", "\"\"", "\"[]\"", "\"\\\"{}\\\"\"", "[{}]"] {
        let told = refused("retail", raw);
        assert!(told == "event must be a JSON object" || told == "event is not valid JSON", "{raw}: {told}");
    }
    let good = purchase();
    for end in (0..good.len()).filter(|end| good.is_char_boundary(*end)) {
        assert!(matches!(run("retail", good.get(..end).unwrap()), Outcome::Refuse(_)), "cut at {end}");
    }
}

#[test]
fn bounds_are_kept_exactly() {
    let nested =
        |levels: usize| but(r#""value":1"#, &format!(r#""x":{}{},"value":1"#, "[".repeat(levels), "]".repeat(levels)));
    // The event and custom_data are two levels.
    assert!(matches!(run("retail", &nested(14)), Outcome::Forward(..)));
    assert_eq!(refused("retail", &nested(15)), "event nests more than 16 levels");
    let kept = |levels: usize| {
        but(r#""value":1"#, &format!(r#""content_ids":{}{},"value":1"#, "[".repeat(levels), "]".repeat(levels)))
    };
    assert!(matches!(run("retail", &kept(14)), Outcome::Forward(..)));
    assert_eq!(refused("retail", &kept(15)), "event nests more than 16 levels");
    let deep = |open: &str, close: &str| {
        but(r#""value":1"#, &format!(r#""value":{}1{}"#, open.repeat(100_000), close.repeat(100_000)))
    };
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        let told = refused("retail", &deep(open, close));
        assert!(told == "event nests more than 16 levels" || told == "event is not valid JSON", "{told}");
    }

    let string = |path: &str, length: usize| but(r#""value":1"#, &format!(r#""{path}":"{}","value":1"#, "x".repeat(length)));
    for (name, path) in
        [("content_name", "custom_data.content_name"), ("order_id", "custom_data.order_id"), ("x", "unknown")]
    {
        assert!(matches!(run("retail", &string(name, 8192)), Outcome::Forward(..)), "{name}");
        assert_eq!(refused("retail", &string(name, 8193)), format!("{path} has a string of more than 8192 bytes"));
    }
    let key = |length: usize| but(r#""value":1"#, &format!(r#""{}":1,"value":1"#, "x".repeat(length)));
    assert!(matches!(run("retail", &key(8192)), Outcome::Forward(..)));
    assert_eq!(refused("retail", &key(8193)), "unknown has a string of more than 8192 bytes");
    let digits = |length: usize| but(r#""value":1"#, &format!(r#""value":1{}"#, "0".repeat(length)));
    assert_eq!(refused("retail", &digits(8192)), "custom_data.value has a string of more than 8192 bytes");

    let list = |name: &str, element: &str, count: usize| {
        but(r#""value":1"#, &format!(r#""{name}":[{}],"value":1"#, vec![element; count].join(",")))
    };
    for (name, element) in [("content_ids", "\"a\""), ("contents", "{\"id\":\"a\"}")] {
        assert!(matches!(run("retail", &list(name, element, 512)), Outcome::Forward(..)));
        assert_eq!(refused("retail", &list(name, element, 513)), format!("custom_data.{name} has more than 512 elements"));
    }
    let amounts = "custom_data.value = \"keep\"\ncustom_data.currency = \"keep\"";
    let not_scanned = with_fields(amounts).replace("whole_event", "kept_fields");
    assert!(matches!(run(&not_scanned, &list("x", "1", 100_000)), Outcome::Forward(..)), "what is not kept may be long");
    // What is looked through may not: the event is good, and nobody knows what it tells.
    assert!(matches!(run("retail", &list("x", "1", 8192)), Outcome::Forward(..)));
    assert_eq!(dropped("retail", &list("x", "1", 8193)), "health work_limit");

    let keys = |count: usize| (0..count).map(|n| format!("\"k{n}\":1")).collect::<Vec<_>>().join(",");
    for odd in [|keys: String| format!("{keys},"), |keys: String| format!(r#""content_name":{{{keys}}},"#)] {
        let with_keys = |count| but(r#""value":1"#, &(odd(keys(count)) + r#""value":1"#));
        assert!(matches!(run("retail", &with_keys(4096)), Outcome::Forward(..)));
        assert_eq!(refused("retail", &with_keys(4097)), "unknown has more than 4096 unknown keys");
    }
}

#[test]
fn e7_a_key_that_comes_twice_is_refused_at_every_level() {
    for (from, to, path) in [
        (r#""event_id":"e-1""#, r#""event_id":"e-1","event_id":"e-2""#, "event"),
        (r#""event_id":"e-1""#, r#""event_id":"e-1","event\u005fid":"e-2""#, "event"),
        (r#""event_id":"e-1""#, r#""event_id":null,"event_id":"e-2""#, "event"),
        (r#""event_id":"e-1""#, r#""event_id":"e-1","user_data":{}"#, "event"),
        (r#""event_id":"e-1""#, r#""event_id":"e-1","custom_data":null"#, "event"),
        (r#""event_id":"e-1""#, r#""event_id":"e-1","x":1,"x":1"#, "event"),
        (r#""event_id":"e-1""#, r#""event_id":"e-1","x":{"y":[{"z":1,"z":2}]}"#, "unknown"),
        (FBP, r#""em":"a@b.example","em":"c@d.example""#, "user_data"),
        (FBP, r#""x":"a","y":1,"x":"b""#, "user_data"),
        (FBP, r#""em":{"a":1,"a":1}"#, "unknown"),
        (r#""value":1"#, r#""value":1,"value":2"#, "custom_data"),
        (r#""value":1"#, r#""value":{"a":1,"a":2}"#, "unknown"),
        (r#""value":1"#, r#""value":1,"contents":[{"id":"a","id":"b"}]"#, "custom_data.contents[]"),
        (r#""value":1"#, r#""value":1,"contents":[{"id":"a","x":1,"x":1}]"#, "custom_data.contents[]"),
    ] {
        assert_eq!(refused("retail", &but(from, to)), format!("{path} has a key twice"), "{to}");
    }
    let many = (0..4000).map(|n| format!("\"k{n}\":1,")).collect::<Vec<_>>().concat();
    assert!(matches!(run("retail", &but(r#""value":1"#, &format!(r#"{many}"value":1"#))), Outcome::Forward(..)));
    assert_eq!(
        refused("retail", &but(r#""value":1"#, &format!(r#"{many}"k17":1,"value":1"#))),
        "custom_data has a key twice"
    );
    assert_eq!(
        refused("retail", &but(r#""value":1"#, &format!(r#"{many}"k3999":1,"value":1"#))),
        "custom_data has a key twice"
    );
}

#[test]
fn what_every_event_must_have_is_asked_for() {
    for (from, to, told) in [
        (r#""event_name":"Purchase","#, "", "event_name is required"),
        (r#""event_name":"Purchase""#, r#""event_name":null"#, "event_name is required"),
        (r#""event_name":"Purchase""#, r#""event_name":"""#, "event_name has the wrong type"),
        (r#""event_name":"Purchase""#, r#""event_name":7"#, "event_name has the wrong type"),
        (r#""event_name":"Purchase""#, r#""event_name":["Purchase"]"#, "event_name has the wrong type"),
        (r#""event_time":1791000000,"#, "", "event_time is required"),
        ("1791000000", "null", "event_time is required"),
        ("1791000000", "true", "event_time has the wrong type"),
        ("1791000000", "1791000000.5", "event_time has the wrong type"),
        ("1791000000", "-1", "event_time has the wrong type"),
        ("1791000000", "\"now\"", "event_time has the wrong type"),
        ("1791000000", "\"\"", "event_time has the wrong type"),
        ("1791000000", "18446744073709551616", "event_time has the wrong type"),
        ("1791000000", "[1791000000]", "event_time has the wrong type"),
        (r#""action_source":"website","#, "", "action_source is required"),
        (r#""website""#, "null", "action_source is required"),
        (r#""website""#, "7", "action_source has the wrong type"),
        (r#""website""#, "{}", "action_source has the wrong type"),
        (r#""website""#, r#""clinic""#, "action_source is not one of the values that Meta documents"),
        (r#""website""#, r#""""#, "action_source is not one of the values that Meta documents"),
        (r#""website""#, r#""website ""#, "action_source is not one of the values that Meta documents"),
        (r#""user_data""#, r#""user_dota""#, "user_data is required"),
        (r#""value":1,"#, "", "custom_data.value is required"),
        (r#""value":1"#, r#""value":null"#, "custom_data.value is required"),
        (r#","currency":"EUR""#, "", "custom_data.currency is required"),
        (r#""custom_data""#, r#""costume_data""#, "custom_data.value is required"),
    ] {
        assert_eq!(refused("retail", &but(from, to)), told, "{to}");
    }
    let user_data = format!("{{{FBP}}}");
    for (value, told) in [
        ("null", "user_data is required"),
        ("7", "user_data has the wrong type"),
        ("[]", "user_data has the wrong type"),
        ("\"a\"", "user_data has the wrong type"),
        ("[{}]", "user_data has the wrong type"),
    ] {
        assert_eq!(refused("retail", &but(&user_data, value)), told, "{value}");
    }
    for source in ["email", "WEBSITE", "phone_call", "chat", "physical_store", "system_generated", "other"] {
        let out = forwarded("retail", &but("website", source));
        assert!(out.contains(&format!("\"action_source\":\"{}\"", source.to_lowercase())), "{source}");
    }
}

#[test]
fn a_time_must_be_one_that_meta_takes() {
    const DAY: u64 = 86_400;
    let at = |secs: u64| but("1791000000", &secs.to_string());
    let store = |secs: u64| at(secs).replace("website", "physical_store");
    for good in [NOW, NOW + 600, NOW - 7 * DAY] {
        assert!(forwarded("retail", &at(good)).contains(&format!("\"event_time\":{good},")));
        assert!(
            forwarded("retail", &at(good).replace(&good.to_string(), &format!("\"{good}\"")))
                .contains(&format!("\"event_time\":{good},"))
        );
    }
    assert!(forwarded("retail", &store(NOW - 62 * DAY)).contains("physical_store"));
    for (raw, rule) in [
        (at(NOW + 601), "is more than 10 minutes in the future"),
        (at(NOW * 1000), "must be in seconds; this looks like milliseconds"),
        (at(100_000_000_001), "must be in seconds; this looks like milliseconds"),
        (at(u64::try_from(i64::MAX).unwrap()), "must be in seconds; this looks like milliseconds"),
        (at(100_000_000_000), "is more than 10 minutes in the future"),
        (at(NOW - 7 * DAY - 1), "is more than 7 days old"),
        (at(0), "is more than 7 days old"),
        (store(NOW - 62 * DAY - 1), "is more than 62 days old"),
        (store(NOW + 601), "is more than 10 minutes in the future"),
    ] {
        assert_eq!(refused("retail", &raw), format!("event_time {rule}"));
    }
}

#[test]
fn a_refusal_holds_nothing_of_the_event() {
    for raw in [
        but("website", "canary"),
        but("1791000000", "\"canary\""),
        but(r#""event_id":"e-1""#, r#""canary":1,"canary":2"#),
        but(r#""event_id":"e-1""#, r#""x":{"canary":1,"canary":2}"#),
        but(r#""event_id":"e-1""#, &format!(r#""x":"{}""#, "canary".repeat(2000))),
        format!("{}canary", purchase()),
    ] {
        let Outcome::Refuse(refusal) = run("retail", &raw) else { panic!("not refused") };
        assert!(!format!("{refusal} {refusal:?} {} {}", refusal.path(), refusal.rule()).contains("canary"));
    }
}

#[test]
fn an_event_that_is_not_listed_is_dropped() {
    for name in [
        "MetforminRefill",
        "purchase",
        "PURCHASE",
        " Purchase",
        "Purchase ",
        "Purchase\\u0000",
        "Purchas\\u0435",
        "ViewContent2",
    ] {
        assert_eq!(dropped("retail", &but("Purchase", name)), "events event_not_allowed", "{name}");
    }
    assert_eq!(dropped("hospital@1", &but("Purchase", "Lead")), "events event_not_allowed");
}

#[test]
fn an_event_of_a_source_that_is_not_listed_is_dropped() {
    const NOT: &str = "events source_not_allowed";
    let of = |source: &str| event("").replace("website", source);
    // Without its address, which a counter has not, no class of pages could judge it.
    let pageless = |source: &str| of(source).replace(r#""event_source_url":"https://www.shop.example/","#, "");
    for source in ["email", "app", "phone_call", "chat", "physical_store", "system_generated", "business_messaging", "other"]
    {
        for policy in ["hospital@1", "pharmacy", &with_fields("")] {
            assert_eq!(dropped(policy, &of(source)), NOT, "{source}");
            assert_eq!(dropped(policy, &pageless(source)), NOT, "{source}");
        }
    }
    for source in ["app", "business_messaging", "APP"] {
        assert_eq!(dropped("retail", &of(source)), NOT, "{source}");
    }
    assert_eq!(dropped("pharmacy", &but("website", "physical_store")), NOT);
    // Only what is listed, whatever that is.
    let store = with_sources(&with_fields(""), &["physical_store"]);
    assert!(forwarded(&store, &pageless("physical_store")).contains("\"physical_store\""));
    assert_eq!(dropped(&store, &event("")), NOT);
    assert_eq!(dropped("retail", &of("app").replace("PageView", "Own")), "events event_not_allowed", "the name comes first");
    assert_eq!(refused("hospital@1", &of("ward")), "action_source is not one of the values that Meta documents");
}

#[test]
fn what_meta_requires_must_survive() {
    for (what, raw) in [
        ("a value of no form", but(r#""value":1"#, r#""value":"free""#)),
        ("a currency of no form", but(r#""EUR""#, r#""EURO""#)),
    ] {
        assert_eq!(dropped("retail", &raw), "guard missing_required", "{what}");
    }
    let no_url = with_fields("").replace("event_source_url = \"page\"\n", "");
    assert_eq!(dropped(&no_url, &event("")), "guard missing_required");
    let mailed = event("").replace("website", "email");
    assert!(forwarded(&with_sources(&no_url, &["email"]), &mailed).contains("email"));
    assert_eq!(
        dropped(&with_fields("custom_data.value = \"keep\""), &but("1791000000", "1791000000")),
        "guard missing_required"
    );
}

#[test]
fn too_little_about_the_person_drops_the_event() {
    let fields = "[fields.user_data]\nfbp = \"keep\"\nfn = \"hash\"\nln = \"hash\"\ndb = \"hash\"\nge = \"hash\"\nct = \"hash\"\nst = \"hash\"\nzp = \"hash\"\n\
        country = \"hash\"\nclient_user_agent = \"keep\"\nem = \"hash\"\nexternal_id = \"hash\"\nclient_ip_address = \"keep\"\n\
        gen = \"hash\"\nzip = \"hash\"";
    let policy = common::text(common::EVENTS, common::PAGES, &format!("event_source_url = \"page\"\n{fields}"), "");
    let value = |name: &&str| match *name {
        "fn" | "ln" => format!(r#""{name}":"jane""#),
        "db" => r#""db":"1990-01-02""#.to_owned(),
        "ge" => r#""ge":"f""#.to_owned(),
        "gen" => r#""gen":"f""#.to_owned(),
        "zip" => r#""zip":"94107""#.to_owned(),
        "ct" => r#""ct":"Berlin""#.to_owned(),
        "st" => r#""st":"CA""#.to_owned(),
        "zp" => r#""zp":"94107""#.to_owned(),
        "country" => r#""country":"us""#.to_owned(),
        "em" => r#""em":"jane@example.com""#.to_owned(),
        "client_ip_address" => r#""client_ip_address":"203.0.113.7""#.to_owned(),
        "client_user_agent" => {
            r#""client_user_agent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:125.0) Gecko/20100101 Firefox/125.0""#
                .to_owned()
        }
        _ => format!(r#""{name}":"x""#),
    };
    let raw = |names: &[&str]| with("PageView", &names.iter().map(value).collect::<Vec<_>>().join(","), "");
    for too_little in [
        &[][..],
        &["ct", "country", "st", "zp", "ge", "client_user_agent"],
        &["client_user_agent"],
        &["ge"],
        &["zp"],
        &["db", "client_user_agent"],
        &["db"],
        &["fn", "ge"],
        &["fn"],
        &["ln", "ge"],
        &["ln"],
        // Other names of two of them.
        &["gen", "zip", "client_user_agent"],
        &["fn", "gen"],
        &["ln", "gen"],
    ] {
        assert_eq!(dropped(&policy, &raw(too_little)), "guard insufficient_user_data", "{too_little:?}");
    }
    for enough in [
        &["db", "ct"][..],
        &["db", "ge"],
        &["fn", "ln"],
        &["fn", "zp"],
        &["fn", "client_user_agent"],
        &["ln", "client_user_agent"],
        &["db", "fn"],
        &["em"],
        &["external_id"],
        &["client_ip_address"],
    ] {
        assert!(matches!(run(&policy, &raw(enough)), Outcome::Forward(..)), "{enough:?}");
    }
    // What counts is what is left: a name that is not kept makes nobody known.
    assert_eq!(
        dropped("hospital@1", &event("").replace(FBP, r#""em":"jane@example.com","ph":"+1 415 555 0007""#)),
        "guard insufficient_user_data"
    );
    assert_eq!(
        dropped("retail", &event("").replace(FBP, r#""em":"nobody","fbp":"canary""#)),
        "guard insufficient_user_data"
    );
}
