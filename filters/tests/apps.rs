//! Events of apps: the sixteen places of `extinfo`, and the two restrictions that leave without a line.

mod common;

use common::{FBP, check, dropped, forwarded, json, report, with_fields, with_sources};

const PHONE: &str = r#"["a2","com.example.shop","771","7.7.1","13","SM-G991B","en_US","PST","","1080","2400","2.75","8","128","64","America/Los_Angeles"]"#;

/// An event of an app with these members of `app_data`.
fn app(members: &str) -> String {
    format!(
        r#"{{"event_name":"Purchase","event_time":1791000000,"event_id":"e-1","action_source":"app","user_data":{{{FBP}}},"custom_data":{{"value":1,"currency":"EUR"}},"app_data":{{{members}}}}}"#
    )
}

fn policy() -> String {
    let text = with_fields("app_data.extinfo = \"keep\"\ncustom_data.value = \"keep\"\ncustom_data.currency = \"keep\"");
    with_sources(&text, &["app"])
}

#[test]
fn extinfo_leaves_place_by_place() {
    let emptied = PHONE.replace("SM-G991B", "").replace("PST", "");
    check("app_data.extinfo", "\"keep\"", &[(PHONE, PHONE), (&emptied, &emptied)], &[]);
    check(
        "app_data.extinfo",
        "\"keep\"",
        &[],
        &[
            &PHONE.replace("\"a2\"", "\"a3\""),
            &PHONE.replace("\"a2\",", ""),
            &PHONE.replace("\"a2\"", "\"a2\",\"a2\""),
            r#"["a2"]"#,
            r#""a2""#,
            "[[]]",
            "{}",
            "7",
        ],
    );
    let canary = r#"["i2","canary","canary","canary","canary","canary","canary","canary","canary","canary","canary","canary","canary","canary","canary","canary"]"#;
    let raw = app(&format!(r#""advertiser_tracking_enabled":0,"application_tracking_enabled":1,"extinfo":{canary}"#));
    assert!(forwarded(&policy(), &raw).ends_with(&format!(
        r#""app_data":{{"advertiser_tracking_enabled":false,"application_tracking_enabled":true,"extinfo":["i2"{}]}}}}"#,
        ",\"\"".repeat(15)
    )));
    assert_eq!(report(&policy(), &raw), ["allow app_data.extinfo keep shape 15"]);
}

#[test]
fn numbers_and_nulls_in_extinfo_become_texts() {
    // Python's SDK sends null for what was not set.
    let raw = r#"["i2","com.example.shop",null,null,"17.4","iPhone14,2","en_US",null,"Carrier",390,844,3.0,6,256,null,"Mars/Olympus"]"#;
    let raw = app(&format!(r#""advertiser_tracking_enabled":true,"application_tracking_enabled":true,"extinfo":{raw}"#));
    assert_eq!(
        json(&policy(), &raw)["app_data"]["extinfo"],
        serde_json::json!([
            "i2",
            "com.example.shop",
            "",
            "",
            "17.4",
            "iPhone14,2",
            "en_US",
            "",
            "",
            "390",
            "844",
            "3.0",
            "6",
            "256",
            "",
            ""
        ])
    );
    assert_eq!(report(&policy(), &raw), ["allow app_data.extinfo keep shape 2"]);
}

#[test]
fn restrictions_of_apps_leave_without_a_line_and_only_where_they_came() {
    let policy = with_fields("");
    let website = |app_data: &str| common::event(&format!(r#""app_data":{app_data}"#));
    for (came, leaves) in
        [("true", "true"), ("1", "true"), ("\"0\"", "false"), ("false", "false"), ("\"yes\"", "false"), ("{}", "false")]
    {
        for name in ["advertiser_tracking_enabled", "application_tracking_enabled"] {
            let raw = website(&format!(r#"{{"{name}":{came},"consider_views":true}}"#));
            assert!(forwarded(&policy, &raw).ends_with(&format!(r#""app_data":{{"{name}":{leaves}}}}}"#)), "{name} {came}");
        }
    }
    for app_data in ["null", "{}", r#"{"consider_views":true}"#, "7", r#"{"advertiser_tracking_enabled":null}"#] {
        assert!(!forwarded(&policy, &website(app_data)).contains("app_data"), "{app_data}");
    }
    // The event's own spelling makes no object.
    let raw = common::event(r#""advertiser_tracking_enabled":true"#);
    assert!(!forwarded(&policy, &raw).contains("app_data"));
}

#[test]
fn an_event_of_an_app_needs_its_app_data() {
    let all = [
        r#""advertiser_tracking_enabled":true"#,
        r#""application_tracking_enabled":true"#,
        &format!(r#""extinfo":{PHONE}"#),
    ];
    assert!(forwarded(&policy(), &app(&all.join(","))).contains("extinfo"));
    for gone in 0..all.len() {
        let rest: Vec<&str> = all.iter().enumerate().filter(|(at, _)| *at != gone).map(|(_, member)| *member).collect();
        assert_eq!(dropped(&policy(), &app(&rest.join(","))), "guard missing_required", "{rest:?}");
    }
    // What is not kept does not count.
    let without = with_fields("custom_data.value = \"keep\"\ncustom_data.currency = \"keep\"");
    assert_eq!(dropped(&with_sources(&without, &["app"]), &app(&all.join(","))), "guard missing_required");
    // A policy that lists no apps does not get so far.
    for text in [without.as_str(), "retail", "pharmacy"] {
        assert_eq!(dropped(text, &app(&all.join(","))), "events source_not_allowed");
    }
}
