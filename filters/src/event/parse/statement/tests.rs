//! What is said of the person is read wherever it stands, and what cannot be read counts against sharing.

use super::*;
use crate::consent::region::Region;
use crate::event::RawEvent;
use crate::policy::Properties;
use crate::refusal::Refusal;

fn event(members: &str) -> String {
    format!("{{{members}}}")
}

fn said(members: &str) -> Statement {
    *RawEvent::parse(&event(members)).unwrap().statement()
}

fn consent(members: &str) -> Statement {
    said(&format!(r#""consent":{{{members}}}"#))
}

fn refusal(members: &str) -> Refusal {
    RawEvent::parse(&event(members)).unwrap_err()
}

fn place(code: &str) -> Told {
    Told::Region(Region::parse(code).unwrap())
}

#[test]
fn consent_is_read_by_its_words() {
    let all = consent(r#""marketing":"granted","health":"denied","gpc":true,"source":"banner","time":1790000000"#);
    assert_eq!((all.marketing, all.health, all.gpc), (Said::Granted, Said::Denied, Said::Denied));
    assert_eq!(all.given, Given::at(1_790_000_000));
    for nothing in ["", r#""consent":null"#, r#""consent":{}"#, r#""consent":{"marketing":null,"gpc":null,"time":null}"#] {
        assert_eq!(said(nothing), Statement::default(), "{nothing}");
    }
    for (written, means) in [
        ("1", Said::Denied),
        (r#""1""#, Said::Denied),
        ("0", Said::Granted),
        ("false", Said::Granted),
        ("2", Said::Unreadable),
        (r#""true""#, Said::Unreadable),
        ("[1]", Said::Unreadable),
    ] {
        assert_eq!(consent(&format!(r#""gpc":{written}"#)).gpc, means, "{written}");
    }
}

#[test]
fn what_is_misspelled_or_unreadable_counts_against_sharing() {
    for wrong in [
        r#""marketing":"Granted""#,
        r#""marketing":true"#,
        r#""marketing":["granted"]"#,
        r#""marketing":{"granted":true}"#,
        r#""marketing":"""#,
        r#""marketting":"denied""#,
        r#""marketing":"granted","ad_storage":"denied""#,
        r#""tcf":"x""#,
        r#""tcf":7"#,
        r#""gpp":"DBABMA""#,
        r#""gpp":{}"#,
    ] {
        assert_eq!(consent(wrong).marketing, Said::Unreadable, "{wrong}");
    }
    for wrong in [r#""health":"yes""#, r#""gpp":"x""#] {
        assert_eq!(consent(wrong).health, Said::Unreadable, "{wrong}");
    }
    assert_eq!(consent(r#""tcf":"x""#).health, Said::Nothing, "that framework knows nothing of health");
    for wrong in [r#""granted""#, "true", "[]", "7", r#"[{"marketing":"granted"}]"#] {
        let statement = said(&format!(r#""consent":{wrong}"#));
        assert_eq!((statement.marketing, statement.health), (Said::Unreadable, Said::Unreadable), "{wrong}");
    }
}

#[test]
fn a_time_is_whole_seconds_and_comes_before_that_of_a_framework() {
    const TCF: &str = "CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA";
    let Given::At { first_secs, .. } = consent(&format!(r#""tcf":"{TCF}""#)).given else { panic!("it has a time") };
    assert!((1_600_000_000..1_800_000_000).contains(&first_secs), "{first_secs}");
    assert_eq!(consent(&format!(r#""tcf":"{TCF}","time":"1790000000""#)).given, Given::at(1_790_000_000));
    for wrong in ["-1", "1.5", r#""yesterday""#, "1790000000000", "true", "{}"] {
        let with_tcf = format!(r#""time":{wrong},"tcf":"{TCF}""#);
        assert_eq!(consent(&with_tcf).given, Given::Unreadable, "{wrong}");
    }
}

#[test]
fn both_places_count_and_the_stricter_prevails() {
    let both = said(
        r#""consent":{"marketing":"granted","time":1790000000},"residence":{"country":"US","region":"TX"},
        "custom_data":{"consent":{"marketing":"denied","time":1780000000},"residence":{"country":"fr"},"collection":{"country":"XX"}}"#,
    );
    assert_eq!(both.marketing, Said::Denied);
    assert_eq!(both.given, Given::At { first_secs: 1_780_000_000, last_secs: 1_790_000_000 });
    assert_eq!(both.residence, [place("US-TX"), place("FR")]);
    assert_eq!(both.collection, [Told::Nothing, Told::Unreadable]);
    // Elsewhere they are unknown keys.
    let elsewhere = event(r#""app_data":{"consent":{"marketing":"denied"}}"#);
    let parsed = RawEvent::parse(&elsewhere).unwrap();
    assert_eq!((parsed.statement(), parsed.unknown_keys()), (&Statement::default(), 1));
}

#[test]
fn a_place_is_an_object_with_a_country() {
    for unreadable in [r#""US""#, "[]", "{}", r#"{"region":"US-WA"}"#, r#"{"country":7}"#, r#"{"Country":"US"}"#] {
        let statement = said(&format!(r#""residence":{unreadable}"#));
        assert_eq!(statement.residence, [Told::Unreadable, Told::Nothing], "{unreadable}");
    }
    assert_eq!(said(r#""residence":{"country":"US","region":"Wash."}"#).residence[0], place("US"));
    assert_eq!(said(r#""residence":{"country":"US","region":7}"#).residence[0], place("US"));
    assert_eq!(said(r#""residence":null"#).residence[0], Told::Nothing);
}

#[test]
fn a_key_that_comes_twice_is_refused_and_depth_and_lengths_are_bounded() {
    for (path, twice) in [
        ("event", r#""consent":{},"consent":{}"#),
        ("consent", r#""consent":{"marketing":"granted","marketing":"denied"}"#),
        ("consent", r#""consent":{"x":1,"x":2}"#),
        ("residence", r#""residence":{"country":"US","country":"FR"}"#),
        ("custom_data", r#""custom_data":{"collection":null,"collection":null}"#),
    ] {
        assert_eq!(refusal(twice), Refusal::new(path, Rule::DuplicateKey), "{twice}");
    }
    let long = "x".repeat(9000);
    assert_eq!(refusal(&format!(r#""consent":{{"tcf":"{long}"}}"#)), Refusal::new("consent", Rule::StringTooLong));
    let deep = format!(r#""consent":{{"x":{}1{}}}"#, "[".repeat(20), "]".repeat(20));
    assert_eq!(refusal(&deep), Refusal::new("event", Rule::TooDeep));
}

#[test]
fn nothing_of_it_is_an_unknown_key_but_what_is_one_and_free_words_are_strays() {
    let text = event(
        r#""consent":{"marketing":"granted","source":"hiv banner","tcf":"diabetes","other":"asthma","time":"last week"},
        "residence":{"country":"US","region":"ward of oncology"}"#,
    );
    let parsed = RawEvent::parse_with(&text, Properties::NONE, true).unwrap();
    assert_eq!(parsed.unknown_keys(), 1);
    let strays: Vec<(String, String)> =
        parsed.strays().iter().map(|stray| (stray.key.to_owned(), stray.text.into_owned())).collect();
    let expected = [
        ("source", "hiv banner"),
        ("other", "asthma"),
        ("time", "last week"),
        ("country", "US"),
        ("region", "ward of oncology"),
    ];
    assert_eq!(strays, expected.map(|(key, text)| (key.to_owned(), text.to_owned())));
}

#[test]
fn a_denial_that_went_astray_is_read_all_the_same() {
    for astray in [
        r#""Consent":{"marketing":"denied"}"#,
        r#""CONSENT":{"marketing":"denied"}"#,
        r#""custom_data":{"Consent":{"marketing":"denied"}}"#,
        r#""user_data":{"consent":{"marketing":"denied"}}"#,
        r#""user_data":{"consent":"denied"}"#,
        r#""consent":{"marketing":"granted"},"user_data":{"consent":{"marketing":"denied"}}"#,
        r#""consent":"{\"marketing\":\"denied\"}""#,
        r#""consent":[{"marketing":"denied"}]"#,
        r#""custom_data":"{\"consent\":{\"marketing\":\"denied\"}}""#,
        r#""custom_data":"{\"Consent\":1}""#,
    ] {
        assert!(said(astray).marketing.is_against(), "{astray}");
    }
    assert_eq!(said(r#""Residence":{"country":"fr"}"#).residence[0], place("FR"));
    for nothing in [r#""user_data":{"consent":null}"#, r#""custom_data":"x""#, r#""custom_data":[]"#] {
        assert_eq!(said(nothing), Statement::default(), "{nothing}");
    }
    let twice = refusal(r#""consent":{},"Consent":{"marketing":"denied"}"#);
    assert_eq!(twice, Refusal::new("event", Rule::DuplicateKey));
}
