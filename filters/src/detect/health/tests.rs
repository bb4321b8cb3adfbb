//! What is a signal, a hint or nothing, by setting, key and role.

use sha2::{Digest, Sha256};

use super::super::Setting;
use super::super::lexicon::is_health_digest;
use super::super::lexicon::tests::hex;
use super::*;

const EVERY: [Setting; 3] = [Setting::Retail, Setting::Health, Setting::Clinical];

fn rules(setting: Setting) -> HealthRules {
    HealthRules::new(setting, &[], &[]).unwrap()
}

fn sight_at(rules: &HealthRules, key: &str, text: &str, role: Role) -> Sight {
    HealthScan::new(rules).text(key, text, role, &mut Work::for_event(text.len())).unwrap()
}

fn sight(setting: Setting, key: &str, text: &str) -> Sight {
    sight_at(&rules(setting), key, text, Role::Text)
}

fn is_signal(setting: Setting, key: &str, text: &str) -> bool {
    matches!(sight(setting, key, text), Sight::Signal(_))
}

#[test]
fn terms_are_signals_in_every_setting() {
    for setting in EVERY {
        assert_eq!(sight(setting, "", "Metformin"), Sight::Signal(SignalKind::Drug));
        assert_eq!(sight(setting, "", "/type-2-diabetes"), Sight::Signal(SignalKind::Condition));
        assert_eq!(sight(setting, "", "prueba de embarazo"), Sight::Signal(SignalKind::Procedure));
    }
}

#[test]
fn a_word_with_odd_capitals_is_part_of_a_term_and_tells_what_one_means() {
    for setting in EVERY {
        for text in ["birth conTrol", "birth conTrols?id=aBcDeFgH", "birTh control", "acne mediCation"] {
            assert!(is_signal(setting, "", text), "{setting:?}: {text}");
        }
    }
    assert_eq!(sight(Setting::Retail, "", "birth conTrolled"), Sight::Nothing);
}

#[test]
fn terms_are_whole_words_however_written() {
    for text in [
        "buPROPion",
        "METFORMIN",
        "metformin500mg",
        "take_metformin_daily",
        "Crohn's disease",
        "birthcontrol",
        "BirthControl",
        "type2diabetes",
    ] {
        assert!(is_signal(Setting::Retail, "", text), "{text}");
    }
    for text in ["hearty", "unmetformined", "labrador", "", "Autumn starter bundle"] {
        assert_eq!(sight(Setting::Retail, "", text), Sight::Nothing, "{text}");
    }
}

#[test]
fn an_ambiguous_term_counts_by_its_context_and_on_a_hospitals_site_always() {
    for (text, retail, clinical) in [
        ("cold brew coffee", false, true),
        ("cold and flu medicine", true, true),
        ("cancer necklace", false, true),
        ("android phone", false, true),
        ("bone broth", false, false),
    ] {
        assert_eq!(is_signal(Setting::Retail, "", text), retail, "{text}");
        assert_eq!(is_signal(Setting::Health, "", text), retail, "{text}");
        assert_eq!(is_signal(Setting::Clinical, "", text), clinical, "{text}");
    }
    assert_eq!(sight_at(&rules(Setting::Clinical), "", "Linux; Android 14; cold", Role::UserAgent), Sight::Nothing);
}

#[test]
fn what_a_layer_changes_is_read_with_its_neighbours_and_with_any_word_that_gives_it_a_sense() {
    let far = "a=lamp&".repeat(40);
    for (text, is_term) in [
        (format!("?{far}q=birth%20control&{far}"), true),
        (format!("?{far}q=birth c%6fntrol&{far}"), true),
        (format!("?{far}q=b%69rth control&{far}"), true),
        (format!("?{far}q=bu%50ROPion&{far}"), true),
        // The word that gives the sense is far from what is changed, or far from the term.
        (format!("?q=gum&{far}with=n%69cotine"), true),
        (format!("?with=nicotine&{far}q=g%75m"), true),
        (format!("?q=gum&{far}with=m%69nt"), false),
        (format!("?q=gum&with=nicotine&{far}bubbl%65"), true),
        (format!("?bubble&{far}q=g%75m"), false),
    ] {
        assert_eq!(is_signal(Setting::Retail, "", &text), is_term, "{text}");
    }
    let long = "one two three four five six seven eight nine ten";
    let rules = HealthRules::new(Setting::Retail, &[long.to_owned()], &[]).unwrap();
    let sight = sight_at(&rules, "", &long.replace(" ten", "%20ten"), Role::Text);
    assert_eq!(sight, Sight::Signal(SignalKind::AddedTerm));
}

#[test]
fn names_that_are_also_terms_say_nothing_in_name_fields() {
    let rules = rules(Setting::Clinical);
    assert_eq!(sight_at(&rules, "", "Hodgkins", Role::Name), Sight::Nothing);
    assert_eq!(sight_at(&rules, "", "Cold", Role::Name), Sight::Nothing);
    assert_eq!(sight_at(&rules, "", "metformin", Role::Name), Sight::Signal(SignalKind::Drug));
}

#[test]
fn telling_keys_count_unless_their_value_says_no() {
    assert_eq!(sight(Setting::Retail, "drugName", "whatever"), Sight::Signal(SignalKind::TellingKey));
    for no in ["", "false", "null", "0", "no", "None"] {
        assert_eq!(sight(Setting::Retail, "drugName", no), Sight::Nothing, "{no}");
    }
    assert_eq!(sight(Setting::Retail, "provider", "x"), Sight::Hint(SignalKind::TellingKey));
    assert_eq!(sight(Setting::Health, "provider", "x"), Sight::Signal(SignalKind::TellingKey));
}

#[test]
fn a_term_in_a_key_counts_unless_its_value_denies_it() {
    assert_eq!(sight(Setting::Retail, "hasAsthma", "true"), Sight::Signal(SignalKind::Condition));
    assert_eq!(sight(Setting::Retail, "hasAsthma", ""), Sight::Signal(SignalKind::Condition));
    assert_eq!(sight(Setting::Retail, "hasAsthma", "false"), Sight::Nothing);
    assert_eq!(sight(Setting::Retail, "", "{\"hasAsthma\":false}"), Sight::Nothing);
    assert_eq!(sight(Setting::Retail, "", "{\"hasAsthma\":true}"), Sight::Signal(SignalKind::Condition));
}

#[test]
fn a_term_that_is_glued_into_a_key_counts_unless_its_value_denies_it() {
    for key in ["isdiabetic", "hasasthma", "diabetesstatus", "takesmetformin", "mydepression"] {
        assert_eq!(sight(Setting::Retail, key, "false"), Sight::Nothing, "{key}");
        assert!(is_signal(Setting::Retail, key, "1"), "{key}");
    }
    for key in ["issue", "island", "isbn", "hastings", "mytheresa", "history", "listtype", "contenttype", "hash"] {
        assert_eq!(sight(Setting::Health, key, "1"), Sight::Nothing, "{key}");
    }
}

#[test]
fn hints_need_company_on_a_shops_site() {
    let rules = rules(Setting::Retail);
    let mut scan = HealthScan::new(&rules);
    let mut work = Work::for_event(100);
    let mut look = |key: &str, text: &str| {
        let sight = scan.text(key, text, Role::Text, &mut work).unwrap();
        (sight, scan.finish())
    };
    let hint = Sight::Hint(SignalKind::Specialty);
    assert_eq!(look("", "cardiology"), (hint, None));
    assert_eq!(look("", "our cardiology"), (hint, None), "the same one again");
    assert_eq!(look("", "gloves"), (Sight::Nothing, None));
    assert_eq!(look("provider", "x"), (Sight::Hint(SignalKind::TellingKey), Some(SignalKind::Specialty)));
    assert_eq!(sight(Setting::Health, "", "cardiology"), Sight::Signal(SignalKind::Specialty));
}

#[test]
fn names_of_drugs_with_one_wrong_letter_count_on_sites_of_health() {
    for text in ["metformn", "metforminn", "metfornin", "metfromin", "buprenorphin", "Atorvastatine 20"] {
        assert_eq!(sight(Setting::Health, "", text), Sight::Signal(SignalKind::Drug), "{text}");
        assert_eq!(sight(Setting::Retail, "", text), Sight::Nothing, "{text}");
    }
    for text in ["metfrmn", "metaphor", "Autumn starter bundle", "unlimited refunds"] {
        assert_eq!(sight(Setting::Health, "", text), Sight::Nothing, "{text}");
    }
}

#[test]
fn digests_of_terms_count_as_the_terms() {
    let hex = |text: &str| hex(&Sha256::digest(text));
    for text in [hex("metformin"), hex("metformin").to_uppercase(), format!("h={}.AQ", hex("birth control"))] {
        assert_eq!(sight(Setting::Retail, "", &text), Sight::Signal(SignalKind::Digest), "{text}");
    }
    assert_eq!(sight(Setting::Retail, "", &hex("jane@example.com")), Sight::Nothing);
    for name in ["smith", "heather", "hodgkins", "md", "concerta"] {
        assert!(!is_health_digest(&Sha256::digest(name).into()), "{name}");
    }
    assert!(is_health_digest(&Sha256::digest("metformin").into()));
}

#[test]
fn codes_count_under_keys_that_name_them() {
    for (key, code) in [
        ("ndc", "0093-7214-01"),
        ("ndc", "00093721401"),
        ("productNdc", "300937214014"),
        ("dx", "E11.9"),
        ("icd10", "b20"),
        ("cpt", "99213"),
        ("hcpcs", "J1885"),
        ("rx", "1234567"),
        ("snomed", "44054006"),
        ("loinc", "4548-4"),
    ] {
        assert!(is_signal(Setting::Retail, key, code), "{key}={code}");
    }
}

#[test]
fn codes_count_alone_only_where_their_shape_is_enough() {
    for (text, retail, health) in [
        ("0093-7214-01", false, true),
        ("E11.9", false, true),
        ("dx is f32.1, mild", false, true),
        ("E27", false, false),
        ("C13 power cord", false, false),
        ("H11 bulb", false, false),
        ("2024-10-12", false, false),
        ("415-555-0134", false, false),
        ("SKU-0093-7214-01", false, false),
        ("1-0093-7214-01", false, false),
        ("b20.jpg", false, false),
        ("Rx# 1234567", true, true),
        ("rx1234567", true, true),
        ("RX 6800 XT", false, false),
        ("rx100", false, false),
    ] {
        assert_eq!(is_signal(Setting::Retail, "", text), retail, "{text}");
        assert_eq!(is_signal(Setting::Health, "", text), health, "{text}");
    }
}

#[test]
fn a_dose_is_a_hint_on_sites_of_health() {
    assert_eq!(sight(Setting::Health, "", "500 mg softgels"), Sight::Hint(SignalKind::Drug));
    assert_eq!(sight(Setting::Health, "", "500mg extra large soft caplet"), Sight::Hint(SignalKind::Drug));
    assert_eq!(sight(Setting::Health, "", "500 ml bottle"), Sight::Nothing);
    assert_eq!(sight(Setting::Retail, "", "500 mg softgels"), Sight::Nothing);
}

#[test]
fn short_terms_in_random_ids_say_nothing() {
    for id in ["IwAR0xHiv9QzKLmnUTI8aB", "fb.1.1700000000000.AbHIVdEfGh1jKlMnOpqRsT"] {
        assert_eq!(sight(Setting::Clinical, "", id), Sight::Nothing, "{id}");
    }
    for text in ["hiv", "hasHIV", "HIVTest", "hpv16", "patientHIVStatus"] {
        assert!(is_signal(Setting::Retail, "", text), "{text}");
    }
}

#[test]
fn a_policy_adds_terms_and_leaves_some_out() {
    let owned = |term: &str| vec![term.to_owned()];
    let added = HealthRules::new(Setting::Retail, &owned("Moon-Drops"), &[]).unwrap();
    for text in ["moon drops", "moondrops", "/MoonDrops"] {
        assert_eq!(sight_at(&added, "", text, Role::Text), Sight::Signal(SignalKind::AddedTerm), "{text}");
    }
    let ignored = HealthRules::new(Setting::Retail, &[], &owned("metformin")).unwrap();
    assert_eq!(sight_at(&ignored, "", "metformin", Role::Text), Sight::Nothing);
    assert_eq!(sight_at(&ignored, "", "metformin and lisinopril", Role::Text), Sight::Signal(SignalKind::Drug));
}

proptest::proptest! {
    #[test]
    fn no_text_panics_or_costs_more_than_its_length_allows(
        key in "[a-zA-Z_]{0,12}",
        text in "(cold|heart|Metformin|rx|E11|[ -~]|é|’|\\PC){0,200}",
    ) {
        for setting in EVERY {
            let rules = rules(setting);
            let mut work = Work::for_event(text.len());
            let sight = HealthScan::new(&rules).text(&key, &text, Role::Text, &mut work);
            proptest::prop_assert!(sight.is_ok() || text.contains(['%', '&', '\\', '=']), "{:?}", sight);
        }
    }
}

#[test]
fn a_text_of_nothing_but_ambiguous_terms_is_paid_for() {
    let text = "cold heart skin iron sugar ".repeat(300);
    let rules = rules(Setting::Retail);
    let mut work = Work::for_event(0);
    let sight = HealthScan::new(&rules).text("", &text, Role::Text, &mut work);
    assert!(matches!(sight, Err(WorkLimit) | Ok(Sight::Signal(_))), "{sight:?}");
}
