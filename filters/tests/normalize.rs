//! What holds of normalisation for any input.

mod common;

use common::{dropped, forwarded, report, with, with_fields, with_value};
use portcullis_filters::normalize::{Normalizer, Unhashable, hex, parse_hex, strip_suffix};
use portcullis_filters::schema::{HashRule, Kind, ROWS};
use proptest::prelude::*;

const ALL: [Normalizer; 16] = [
    Normalizer::Email,
    Normalizer::Phone,
    Normalizer::Name,
    Normalizer::FirstFive,
    Normalizer::Initial,
    Normalizer::BirthDate,
    Normalizer::BirthDay,
    Normalizer::BirthMonth,
    Normalizer::BirthYear,
    Normalizer::Gender,
    Normalizer::City,
    Normalizer::State,
    Normalizer::Postcode,
    Normalizer::Country,
    Normalizer::ExternalId,
    Normalizer::AppUserId,
];
const OF_NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Text that comes near to what the rules look for, and text that does not.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "\\PC{0,40}",
        "[a-zA-Z0-9@. +()/-]{0,40}",
        "[A-Za-z.]{1,8}@[A-Za-z-]{1,8}\\.[A-Za-z]{1,4}",
        "[A-Za-zÀ-ÿ' .-]{1,10}",
        "[0-9]{1,4}",
        "[0-9]{1,4}[-/. ][0-9]{1,2}[-/. ][0-9]{1,4}",
        "[ΑΣσςΆA\u{301}\u{308}İ' ’-]{1,12}",
        "[0-9a-fA-F]{32,64}(\\.A[Qgw])?",
    ]
}

proptest! {
    #[test]
    fn normalising_twice_changes_nothing(text in text()) {
        for rule in ALL {
            if let Some(once) = rule.normalize(&text) {
                prop_assert!(!once.is_empty());
                let twice = rule.normalize(&once).map(std::borrow::Cow::into_owned);
                prop_assert_eq!(twice.as_deref(), Some(once.as_ref()), "{:?}", rule);
            }
        }
    }

    #[test]
    fn the_hash_of_nothing_never_leaves(text in text()) {
        for rule in ALL {
            if let Ok(digest) = rule.digest(&text) {
                let digits = hex(&digest);
                prop_assert_ne!(digits.as_slice(), OF_NOTHING.as_bytes());
            }
        }
    }

    #[test]
    fn a_digest_is_taken_as_it_is_by_every_rule(digest in any::<[u8; 32]>(), suffix in "(\\.AQ[EIMQUY][A-D][A-Za-z0-9_-]{4}|\\.A[Qgw]|\\.B[AQg])?") {
        let digits = String::from_utf8(hex(&digest).to_vec()).unwrap();
        prop_assert_eq!(parse_hex(&digits), Some(digest));
        prop_assert_eq!(parse_hex(&digits.to_uppercase()), Some(digest));
        for rule in ALL {
            prop_assert_eq!(rule.digest(&format!(" {digits}{suffix}\n")), Ok(digest));
            prop_assert_eq!(rule.digest(&format!("{}{suffix}", digits.to_uppercase())), Ok(digest));
        }
    }

    #[test]
    fn other_digests_are_refused_by_every_rule(digits in "[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-f]{96}|[0-9A-F]{128}|[0-9]{32}", suffix in "(\\.AQ)?") {
        for rule in ALL {
            prop_assert_eq!(rule.digest(&format!("{digits}{suffix}")), Err(Unhashable::ForeignDigest));
        }
    }

    #[test]
    fn a_suffix_is_taken_once_and_never_leaves_nothing(rest in "[a-z0-9.]{1,20}", suffix in "AQ[EIMQUY][A-D][A-Za-z0-9_-]{4}|A[Qgw]|B[AQg]") {
        let value = format!("{rest}.{suffix}");
        prop_assert_eq!(strip_suffix(&value), rest.as_str());
        let alone = format!(".{suffix}");
        prop_assert_eq!(strip_suffix(&alone), alone.as_str());
        prop_assert_eq!(strip_suffix(&suffix), suffix.as_str());
    }

    #[test]
    fn control_characters_and_long_values_give_nothing(text in "[a-z0-9]{1,20}", control in "[\u{0}-\u{8}\u{e}-\u{1f}\u{7f}-\u{84}\u{fffd}]") {
        let (controlled, long) = (format!("{text}{control}{text}"), text.repeat(513));
        for rule in ALL {
            prop_assert_eq!(rule.normalize(&controlled), None);
            prop_assert_eq!(rule.normalize(&long), None);
        }
    }
}

#[test]
fn the_empty_hash_is_told_apart() {
    for value in [OF_NOTHING.to_owned(), OF_NOTHING.to_uppercase(), format!(" {OF_NOTHING}.AQ ")] {
        for rule in ALL {
            assert_eq!(rule.digest(&value), Err(Unhashable::DigestOfNothing));
        }
    }
}

#[test]
fn the_empty_hash_counts_as_absent_in_every_field_that_is_hashed() {
    let mut fields = 0;
    for row in ROWS.iter().filter(|row| matches!(row.kind, Kind::Hashed(_))) {
        let actions: &[&str] = if row.hash == HashRule::Must { &["hash"] } else { &["hash", "pseudonymize"] };
        for action in actions {
            let policy = with_fields(&format!("{} = \"{action}\"", row.path));
            let removed = format!("identity {} {action} digest_of_nothing 1", row.path);
            for digest in [OF_NOTHING.to_owned(), OF_NOTHING.to_uppercase(), format!(" {OF_NOTHING}.AQQCAQMC")] {
                let raw = with_value(row.path, &format!("\"{digest}\""));
                let key = format!("\"{}\":", row.name);
                assert!(!forwarded(&policy, &raw).contains(&key), "{} {digest}", row.path);
                assert_eq!(report(&policy, &raw).iter().filter(|line| **line == removed).count(), 1, "{}", row.path);
            }
            if row.many {
                let genuine = "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f";
                let left = forwarded(&policy, &with_value(row.path, &format!("[\"{OF_NOTHING}\",\"{genuine}\"]")));
                let alone = forwarded(&policy, &with_value(row.path, &format!("[\"{genuine}\"]")));
                assert_eq!(left, alone, "{}: of a list only the other digest leaves", row.path);
            }
        }
        fields += 1;
    }
    assert!(fields >= 11, "the table lost its hashed fields");
    let nobody = with("PageView", &format!("\"em\":\"{OF_NOTHING}\""), "");
    assert_eq!(dropped(&with_fields("user_data.em = \"hash\""), &nobody), "guard insufficient_user_data");
}

#[test]
fn an_address_that_ends_like_a_suffix_keeps_its_end() {
    assert_eq!(Normalizer::Email.digest("anna@shop.BA"), Normalizer::Email.digest("anna@shop.ba"));
    assert_ne!(Normalizer::ExternalId.digest("customer.AQ"), Normalizer::ExternalId.digest("customer"));
}

#[test]
fn nothing_is_guessed_from_an_empty_or_blank_value() {
    for value in ["", " ", "\t\n", "\u{a0}", "-", "'", "\u{301}"] {
        for rule in ALL.into_iter().filter(|&rule| !matches!(rule, Normalizer::ExternalId | Normalizer::AppUserId)) {
            assert_eq!(rule.digest(value), Err(Unhashable::NotNormalizable), "{rule:?} {value:?}");
        }
    }
}

#[test]
fn values_that_differ_only_in_form_get_one_hash() {
    let same = [
        (Normalizer::Name, "Vale\u{301}ry", "VALÉRY"),
        (Normalizer::Name, "A-\u{301}", "Á"),
        (Normalizer::Email, "Ju\u{308}rgen@example.com", "jürgen@example.com"),
        (Normalizer::State, "Que\u{301}bec", "QC"),
        (Normalizer::Postcode, "94035 1234", "94035-1234"),
        (Normalizer::Postcode, "９４０３５", "94035"),
        (Normalizer::Phone, "\u{202a}+1 (650) 555‑1212\u{202c}", "16505551212"),
        (Normalizer::Country, "The United States", "usa"),
        (Normalizer::FirstFive, "CHRISTOPHER", "chris"),
        (Normalizer::FirstFive, "Vale\u{301}ry", "VALÉR"),
        (Normalizer::FirstFive, "Anna Marie", "anna"),
        (Normalizer::Initial, "E\u{301}mile", "é"),
        (Normalizer::BirthDay, "5", "05"),
        (Normalizer::BirthMonth, " 2 ", "02"),
        (Normalizer::AppUserId, "USER 1", "user 1"),
        (Normalizer::AppUserId, "A\u{308}-1", "ä-1"),
        (Normalizer::BirthDate, "3.4.1990", "1990-04-03"),
        (Normalizer::BirthDate, "1990-04-03 00:00:00", "19900403"),
    ];
    for (rule, left, right) in same {
        assert_eq!(rule.digest(left), rule.digest(right), "{left:?} {right:?}");
        assert!(rule.digest(left).is_ok(), "{left:?}");
    }
}

#[test]
fn what_is_normal_already_is_not_copied() {
    let normal = [
        (Normalizer::Email, "anna@example.com"),
        (Normalizer::Phone, "16505551212"),
        (Normalizer::Name, "valéry"),
        (Normalizer::FirstFive, "chris"),
        (Normalizer::FirstFive, "christopher"),
        (Normalizer::Initial, "m"),
        (Normalizer::BirthDate, "19970216"),
        (Normalizer::BirthDay, "05"),
        (Normalizer::BirthMonth, "12"),
        (Normalizer::BirthYear, "1997"),
        (Normalizer::City, "münchen"),
        (Normalizer::State, "ca"),
        (Normalizer::Postcode, "94035"),
        (Normalizer::Country, "us"),
        (Normalizer::ExternalId, "customer-7"),
        (Normalizer::AppUserId, "user 7"),
    ];
    for (rule, value) in normal {
        assert!(matches!(rule.normalize(value), Some(std::borrow::Cow::Borrowed(_))), "{value}");
    }
}

#[test]
fn parts_of_a_birth_date_that_cannot_be_are_refused() {
    for (rule, values) in [
        (Normalizer::BirthDay, ["0", "00", "32", "99", "005", "x", "-1", "1.5", "٥"]),
        (Normalizer::BirthMonth, ["0", "00", "13", "99", "002", "x", "-1", "Feb", "٢"]),
        (Normalizer::BirthYear, ["97", "0000", "1899", "2100", "19970", "01997", "x", "-997", "١٩٩٧"]),
    ] {
        for value in values {
            assert_eq!(rule.digest(value), Err(Unhashable::NotNormalizable), "{rule:?} {value:?}");
        }
    }
    for (rule, first, last) in
        [(Normalizer::BirthDay, "1", "31"), (Normalizer::BirthMonth, "1", "12"), (Normalizer::BirthYear, "1900", "2099")]
    {
        assert!(rule.digest(first).is_ok() && rule.digest(last).is_ok(), "{rule:?}");
    }
}

#[test]
fn a_start_that_is_no_letter_is_no_initial() {
    for value in ["'s-Hertogenbosch", "-", "(Bob)", "\u{301}e", "😀"] {
        assert_eq!(Normalizer::Initial.digest(value), Err(Unhashable::NotNormalizable), "{value}");
    }
    assert_eq!(Normalizer::FirstFive.normalize("'s-Hertogenbosch").as_deref(), Some("'s-he"));
    assert_eq!(Normalizer::FirstFive.digest("....."), Err(Unhashable::NotNormalizable));
}

#[test]
fn tables_that_are_searched_by_halving_are_in_order() {
    for (name, code) in [
        ("afghanistan", "af"),
        ("Zimbabwe", "zw"),
        ("Åland Islands", "ax"),
        ("Curaçao", "cw"),
        ("zwe", "zw"),
        ("ABW", "aw"),
        ("AD", "ad"),
        ("ZW", "zw"),
    ] {
        assert_eq!(Normalizer::Country.normalize(name).as_deref(), Some(code));
    }
    for (name, code) in [("Alabama", "al"), ("Yukon", "yt"), ("Wyoming", "wy"), ("North Dakota", "nd"), ("QUÉBEC", "qc")] {
        assert_eq!(Normalizer::State.normalize(name).as_deref(), Some(code));
    }
}
