//! Every kind of the rows for journeys, property, vehicles, messengers and partners at its bounds, as in `kinds.rs`.

mod common;

use common::{FBP, check, forwarded, policy, report, run_with, with, with_fields, with_value};
use portcullis_filters::pipeline::Outcome;
use portcullis_filters::schema::{Kind, ROWS};

#[test]
fn ids_of_devices_are_uuids() {
    let idfa = r#""1E2DFA89-496A-47FD-9941-DF1FC4E6484A""#;
    let aaid = r#""38400000-8cf0-11bd-b23e-10b96e40000d""#;
    check(
        "user_data.madid",
        "\"keep\"",
        &[(idfa, idfa), (aaid, aaid)],
        &[
            r#""00000000-0000-0000-0000-000000000000""#,
            r#""384000008cf011bdb23e10b96e40000d""#,
            r#""38400000-8cf0-11bd-b23e-10b96e40000d ""#,
            r#""d41d8cd9-8f00-b204-e980-0998ecf8427e""#,
            r#""jane@example.com""#,
            r#""""#,
            "1",
            "{}",
        ],
    );
    check("app_data.vendor_id", "\"keep\"", &[(idfa, idfa)], &[r#""Jane's iPhone""#, "true"]);
}

#[test]
fn click_ids_of_messengers_have_the_grammar_of_the_cookie() {
    let click = r#""ARAkLkA8rmlFeiCktEJQ-QTwRiyYHAFDLMNDBH0CD3qpjd0HR4irJ6LEkR7JwFF4XvnO2E4Nx0""#;
    check(
        "user_data.ctwa_clid",
        "\"keep\"",
        &[(click, click)],
        &[r#""lampshade-500-for-jane-doe""#, r#""ARAkLkA8rmlFeiCktEJ""#, r#""ARAkLkA8rmlFeiCktEJQ.x""#, r#""""#, "7", "[]"],
    );
}

#[test]
fn yes_and_no_leave_as_true_and_false() {
    check(
        "app_data.consider_views",
        "\"keep\"",
        &[("true", "true"), ("false", "false"), ("1", "true"), ("0", "false"), (r#""1""#, "true"), (r#""false""#, "false")],
        &["2", "-1", r#""yes""#, r#""TRUE""#, "1.0", r#""""#, "[true]", "{}"],
    );
}

#[test]
fn days_exist_and_have_metas_forms() {
    let days = [r#""2026-10-03""#, r#""20261003""#, r#""2028-02-29""#, r#""2099-12-31""#];
    let good: Vec<(&str, &str)> = days.into_iter().map(|day| (day, day)).collect();
    let bad = [
        r#""2026-02-29""#,
        r#""2026-13-01""#,
        r#""1999-12-31""#,
        r#""2100-01-01""#,
        r#""20261301""#,
        r#""03/10/2026""#,
        r#""2026-10-03 ""#,
        r#""tomorrow""#,
        "20261003",
        "{}",
    ];
    check("custom_data.lease_start_date", "\"keep\"", &good, &[&bad[..], &[r#""2026-10-03T10:00""#]].concat());
    let times =
        [r#""2026-10-03T10:00""#, r#""2026-10-03T10:00Z""#, r#""2026-10-03T23:59:59+02:00""#, r#""2026-10-03T00:00-0730""#];
    let good: Vec<(&str, &str)> = good.into_iter().chain(times.map(|time| (time, time))).collect();
    let odd = [
        r#""2026-10-03T24:00""#,
        r#""2026-10-03T10:00:00.123Z""#,
        r#""2026-10-03T10:00+15:00""#,
        r#""20261003T10:00""#,
        r#""2026-10-03T""#,
        r#""2026-10-03 10:00""#,
        r#""2026-10-03T10:00Zcanary""#,
    ];
    check("custom_data.checkin_date", "\"keep\"", &good, &[&bad[..], &odd].concat());
}

#[test]
fn airports_and_countries_leave_as_codes() {
    check(
        "custom_data.origin_airport",
        "\"keep\"",
        &[(r#""SFO""#, r#""SFO""#), (r#""sfo""#, r#""SFO""#)],
        &[r#""SF""#, r#""SFO ""#, r#""San Francisco""#, r#""S1O""#, r#""""#, "7", "{}"],
    );
    check(
        "custom_data.country",
        "\"keep\"",
        &[(r#""US""#, r#""US""#), (r#""us""#, r#""US""#), (r#""United States""#, r#""US""#), (r#""DEU""#, r#""DE""#)],
        &[r#""XX""#, r#""Jane""#, r#""""#, "1", "{}"],
    );
    check(
        "custom_data.dma_code",
        "\"keep\"",
        &[(r#""807""#, r#""807""#), ("807", r#""807""#)],
        &[r#""80""#, r#""8070""#, r#""80a""#],
    );
}

#[test]
fn prices_are_an_amount_and_a_currency() {
    check(
        "custom_data.price",
        "\"keep\"",
        &[
            (r#""12.50 USD""#, r#""12.50 USD""#),
            (r#""18000 eur""#, r#""18000 EUR""#),
            (r#""99999999 USD""#, r#""99999999 USD""#),
        ],
        &[
            r#""100000000 USD""#,
            r#""4155550007 USD""#,
            r#""12.505 USD""#,
            r#""12.50""#,
            r#""USD 12.50""#,
            r#""12,50 EUR""#,
            "12.5",
            "{}",
        ],
    );
}

#[test]
fn ranges_leave_whole_or_not_at_all() {
    check(
        "custom_data.preferred_price_range",
        "\"keep\"",
        &[
            ("[10000,20000]", "[10000,20000]"),
            ("[1.50,99999999]", "[1.50,99999999]"),
            (r#"["100","200"]"#, "[100,200]"),
            ("[7]", "[7]"),
            ("7", "[7]"),
        ],
        &[
            "[2,1]",
            "[1,2,3]",
            "[1,100000000]",
            r#"[1,"canary"]"#,
            "[1,null]",
            "[[1,2]]",
            "[-1,2]",
            r#""[1,2]""#,
            "{}",
            "true",
        ],
    );
    check(
        "custom_data.preferred_star_ratings",
        "\"keep\"",
        &[("[3,5]", "[3,5]"), ("[1,2,3,4,5]", "[1,2,3,4,5]")],
        &["[1,6]", "[0,1,2,3,4,5]", "[5,4]"],
    );
}

#[test]
fn times_about_an_event_are_near_it() {
    const EVENT: u64 = 1_791_000_000;
    let at = |secs: u64| secs.to_string();
    for (path, days) in
        [("attribution_data.visit_time", 90), ("attribution_data.touchpoint_ts", 90), ("original_event_data.event_time", 62)]
    {
        let (same, oldest, newest) = (at(EVENT), at(EVENT - days * 86_400), at(EVENT + 600));
        let (older, newer) = (at(EVENT - days * 86_400 - 1), at(EVENT + 601));
        let text = format!("\"{same}\"");
        check(
            path,
            "\"keep\"",
            &[(&same, &same), (&oldest, &oldest), (&newest, &newest), (&text, &same)],
            &[&older, &newer, "4155550007", "1791000000000", "0", "-1", "1.5", "true", r#""now""#, "[1791000000]", "{}"],
        );
    }
}

#[test]
fn numbers_of_verticals_have_a_range() {
    for (path, most, more) in [
        ("custom_data.num_children", "99", "100"),
        ("custom_data.preferred_num_stops", "9", "10"),
        ("attribution_data.attr_window", "365", "366"),
        ("attribution_data.attribution_setting.inactivity_window_hours", "9999", "10000"),
        ("custom_data.hotel_score", "100", "101"),
        ("attribution_data.attribution_share", "1", "1.1"),
        ("custom_data.mileage.value", "9999999", "10000000"),
        ("custom_data._valueToSum", "99999999", "100000000"),
    ] {
        check(path, "\"keep\"", &[(most, most), ("0", "0")], &[more, "-1", "4155550007", "1e2", r#""""#, "true", "{}"]);
    }
}

#[test]
fn every_word_of_the_table_leaves_and_no_other() {
    for row in ROWS {
        let Kind::Word(words) = row.kind else { continue };
        if row.path == "action_source" || row.path.contains("[]") {
            continue;
        }
        let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
        let good: Vec<(&str, &str)> = quoted.iter().map(|word| (word.as_str(), word.as_str())).collect();
        check(row.path, "\"keep\"", &good, &[r#""canary""#, r#""""#, "1", "true", "{}"]);
        let upper = quoted.last().unwrap().to_uppercase();
        check(row.path, "\"keep\"", &[(&upper, quoted.last().unwrap())], &[]);
    }
}

#[test]
fn an_object_is_written_only_around_a_value_and_its_keys_in_order() {
    let policy = with_fields(
        "custom_data.mileage.unit = \"keep\"\ncustom_data.mileage.value = \"keep\"\ncustom_data.store_data.store_code = \"keep\"",
    );
    let raw = with(
        "PageView",
        FBP,
        r#""mileage":{"unit":"km","value":12,"x":1},"store_data":{"store_page_id":"1","store_code":"b 1"}"#,
    );
    assert!(forwarded(&policy, &raw).ends_with(r#""custom_data":{"mileage":{"value":12,"unit":"KM"}}}"#));
    assert_eq!(
        report(&policy, &raw),
        [
            "shape unknown none unknown_key 1",
            "allow custom_data.store_data.store_page_id none not_allowed 1",
            "allow custom_data.store_data.store_code keep shape 1",
            "event_source_url reduced",
        ]
    );
    for (value, lines) in [("7", 1), ("[]", 1), (r#""a""#, 1), ("null", 0), ("{}", 0)] {
        let raw = with("PageView", FBP, &format!(r#""store_data":{value}"#));
        assert!(!forwarded(&policy, &raw).contains("custom_data"), "{value}");
        let told = report(&policy, &raw);
        assert_eq!(
            told.iter().filter(|line| *line == "shape custom_data.store_data always shape 1").count(),
            lines,
            "{told:?}"
        );
    }
}

#[test]
fn what_is_denied_and_what_is_text_never_leaves() {
    let texts: Vec<&str> = ROWS
        .iter()
        .filter(|row| matches!(row.kind, Kind::FreeText | Kind::Denied(_)) && !row.path.contains("[]"))
        .map(|row| row.path)
        .collect();
    assert!(texts.len() > 30, "{texts:?}");
    for path in texts {
        for value in [r#""canary""#, r#"["canary"]"#, r#"{"canary":"canary"}"#, "7"] {
            let raw = with_value(path, value);
            let policy = policy(&with_fields(""));
            let Outcome::Forward(event, told) = run_with(&policy, &raw) else { panic!("{path} {value}") };
            assert!(!event.as_str().contains("canary"), "{path}");
            let line = format!("allow {path} none not_allowed 1");
            assert!(common::lines(&told).contains(&line), "{path} {value}");
        }
    }
}
