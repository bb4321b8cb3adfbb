//! The decision by itself: which laws apply where, and which of several reasons is told.

use super::*;
use crate::consent::rules::Purposes;

const NOW: u64 = 1_791_000_100;

fn jurisdiction(id: &str, regions: &[&str]) -> Jurisdiction {
    Jurisdiction {
        id: id.into(),
        regions: regions.iter().map(|code| Region::parse(code).unwrap()).collect(),
        effective_secs: 0,
        terms: Terms::default(),
        limits_data_use: true,
        drops_health: false,
        remove: Narrowed::default(),
    }
}

fn rules() -> Rules {
    Rules {
        jurisdictions: Box::new([jurisdiction("WA", &["US-WA"]), jurisdiction("EU", &["FR", "DE"])]),
        ..Rules::default()
    }
}

fn told(code: &str) -> Told {
    Region::parse(code).map_or(Told::Unreadable, Told::Region)
}

fn known(statement: Statement) -> Known {
    Known { statement, opts_out: false, address: Address::default() }
}

/// The laws that apply, with the reason.
fn applied(rules: &Rules, statement: Statement) -> Vec<(String, Applies)> {
    let decision = decide(rules, &known(statement), NOW);
    decision.applied.iter().map(|(law, applies)| (law.id.to_string(), *applies)).collect()
}

fn lives(code: &str) -> Statement {
    Statement { residence: [told(code), Told::Nothing], ..Statement::default() }
}

#[test]
fn a_law_applies_where_the_person_lives_could_live_or_nobody_knows() {
    let wa = |applies| ("WA".to_owned(), applies);
    let eu = |applies| ("EU".to_owned(), applies);
    let rules = rules();
    for (statement, expected) in [
        (lives("US-WA"), vec![wa(Applies::There)]),
        (lives("US-TX"), vec![]),
        (lives("US"), vec![wa(Applies::CouldBeThere)]),
        (lives("FR"), vec![eu(Applies::There)]),
        (lives("FR-75"), vec![eu(Applies::There)]),
        (lives("?"), vec![wa(Applies::PlaceUnreadable), eu(Applies::PlaceUnreadable)]),
        (Statement::default(), vec![wa(Applies::ResidenceUnknown), eu(Applies::ResidenceUnknown)]),
        (Statement { residence: [told("US-TX"), told("FR")], ..Statement::default() }, vec![eu(Applies::There)]),
        (
            Statement { collection: [told("US-WA"), Told::Nothing], ..lives("FR") },
            vec![wa(Applies::CollectedThere), eu(Applies::There)],
        ),
        (
            Statement { collection: [Told::Nothing, told("?")], ..lives("US-WA") },
            vec![wa(Applies::There), eu(Applies::PlaceUnreadable)],
        ),
    ] {
        assert_eq!(applied(&rules, statement), expected, "{statement:?}");
    }
    let collected = Rules { collected_in: Box::new([Region::parse("US").unwrap()]), ..rules };
    assert_eq!(applied(&collected, lives("JP")), [wa(Applies::CouldBeThere)]);
}

#[test]
fn a_law_applies_from_its_day_on() {
    let mut rules = rules();
    rules.jurisdictions[0].effective_secs = NOW + 1;
    assert_eq!(applied(&rules, lives("US-WA")), []);
    rules.jurisdictions[0].effective_secs = NOW;
    assert_eq!(applied(&rules, lives("US-WA")).len(), 1);
}

#[test]
fn of_several_reasons_the_first_of_a_fixed_order_is_told() {
    let terms =
        Terms { require: Require::OptIn, purposes: Purposes { health: true }, honor_gpc: true, max_age_secs: Some(60) };
    let rules = Rules { terms, ..Rules::default() };
    let halt = |statement: Statement| decide(&rules, &known(statement), NOW).halt;
    let (yes, no) = (Said::Granted, Said::Denied);
    let good = Statement { marketing: yes, health: yes, given: Given::at(NOW), ..Statement::default() };
    assert_eq!(halt(good), None);
    assert_eq!(halt(Statement { given: Given::at(NOW - 61), ..good }), Some(DropReason::ConsentExpired));
    assert_eq!(halt(Statement { given: Given::Unsaid, ..good }), Some(DropReason::ConsentExpired));
    assert_eq!(halt(Statement { given: Given::at(NOW + 601), ..good }), Some(DropReason::ConsentExpired));
    assert_eq!(halt(Statement { given: Given::at(NOW).and(Given::at(NOW - 61)), ..good }), Some(DropReason::ConsentExpired));
    let silent = Statement { given: Given::Unsaid, health: Said::Nothing, ..good };
    assert_eq!(halt(silent), Some(DropReason::NoConsent));
    assert_eq!(halt(Statement { gpc: no, ..silent }), Some(DropReason::GlobalPrivacyControl));
    assert_eq!(halt(Statement { gpc: Said::Unreadable, ..good }), Some(DropReason::GlobalPrivacyControl));
    assert_eq!(halt(Statement { gpc: no, marketing: no, ..silent }), Some(DropReason::ConsentDenied));
    let opts_out = Known { opts_out: true, ..known(good) };
    assert_eq!(decide(&rules, &opts_out, NOW).halt, Some(DropReason::ConsentDenied));
}

#[test]
fn where_nothing_is_asked_a_denial_counts_all_the_same() {
    let rules = Rules::default();
    let halt = |statement: Statement| decide(&rules, &known(statement), NOW).halt;
    assert_eq!(halt(Statement { gpc: Said::Denied, ..Statement::default() }), None);
    for against in [Said::Denied, Said::Unreadable] {
        assert_eq!(halt(Statement { marketing: against, ..Statement::default() }), Some(DropReason::ConsentDenied));
        assert_eq!(halt(Statement { health: against, ..Statement::default() }), Some(DropReason::ConsentDenied));
    }
    assert_eq!(decide(&rules, &Known { opts_out: true, ..known(Statement::default()) }, NOW).halt, None);
}

#[test]
fn the_state_is_that_of_the_residence_where_it_is_known() {
    let rules = rules();
    for (residence, code) in [("US-TX", 1005), ("US-WA", 1000), ("US", 1000), ("?", 1000)] {
        assert_eq!(decide(&rules, &known(lives(residence)), NOW).state_code, code, "{residence}");
    }
    assert_eq!(decide(&rules, &known(Statement::default()), NOW).state_code, 1000);
    let unsure = Statement { residence: [told("US-TX"), told("?")], ..Statement::default() };
    assert_eq!(decide(&rules, &known(unsure), NOW).state_code, 1000);
}
