//! Numbers and currencies: which leave, and in which digits.

use crate::common::{check, report, with_fields, with_value};

#[test]
fn currencies_are_of_iso_4217_and_in_upper_case() {
    check(
        "custom_data.currency",
        "\"keep\"",
        &[(r#""usd""#, r#""USD""#), (r#"" Eur ""#, r#""EUR""#)],
        &[r#""XXX""#, r#""XTS""#, r#""US""#, r#""dollars""#, r#""""#, "840", "false"],
    );
}

#[test]
fn counts_are_whole_and_bounded() {
    check(
        "custom_data.num_items",
        "\"keep\"",
        &[("0", "0"), ("9999", "9999"), (r#""7""#, "7"), (r#""007""#, "7")],
        &[
            "10000",
            "-1",
            "1.5",
            "2.0",
            "1e2",
            r#""""#,
            r#""-1""#,
            r#""1 ""#,
            r#""4155550007""#,
            "18446744073709551616",
            "true",
            "[1]",
        ],
    );
}

#[test]
fn amounts_are_bounded_and_keep_their_digits() {
    for path in ["custom_data.value", "custom_data.net_revenue", "custom_data.predicted_ltv"] {
        check(
            path,
            "\"keep\"",
            &[
                ("0", "0"),
                ("29.90", "29.90"),
                (r#""142.52""#, "142.52"),
                ("99999999", "99999999"),
                ("99999999.0000", "99999999.0000"),
                ("434.99999999999994", "435"),
                ("0.12345", "0.1234"),
                ("0.12355", "0.1236"),
            ],
            &[
                "100000000",
                "99999999.0001",
                "99999999.99999",
                "-1",
                "-0",
                "1e3",
                "1E-3",
                r#""1e3""#,
                r#""""#,
                r#"" 1""#,
                r#""01""#,
                r#""1,50""#,
                r#""1.""#,
                r#"".5""#,
                r#""NaN""#,
                "true",
                "[1]",
                "{}",
                r#"{"a":[1]}"#,
                "4155550007",
                r#""$5""#,
            ],
        );
    }
}

#[test]
fn rounding_leaves_a_multiple_or_nothing() {
    let path = "custom_data.value";
    check(
        path,
        "{ round_to = 5 }",
        &[("107.97", "110"), ("102.5", "100"), ("107.5", "110"), ("0", "0"), (r#""7""#, "5")],
        &["true", "-5", "1e2"],
    );
    check(path, "{ round_to = 0.25 }", &[("1.10", "1"), ("1.13", "1.25"), ("1.125", "1"), ("1.375", "1.5")], &[]);
    check(path, "{ round_to = 0.0003 }", &[("0.0004", "0.0003")], &[]);
    check(path, "{ round_to = 0.57 }", &[("1", "1.14")], &[]);
    // The next multiple is above the bound: the amount goes, and not the event as if the filter had a defect.
    check(path, "{ round_to = 10 }", &[("99999994", "99999990")], &["99999999"]);
    assert_eq!(
        report(&with_fields("custom_data.value = { round_to = 5 }"), &with_value(path, "110")),
        ["event_source_url reduced"]
    );
    assert_eq!(
        report(&with_fields("custom_data.value = { round_to = 5 }"), &with_value(path, "111")),
        ["event_source_url reduced", "custom_data.value rounded"]
    );
}
