//! Lists of phrases that must and must not count, as a shop and its customers write them.

use super::super::{Setting, Work};
use super::{HealthRules, HealthScan, Role, Sight};

const ORDINARY: &str = include_str!("../../../tests/fixtures/ordinary_phrases.txt");
const TELLING: &str = include_str!("../../../tests/fixtures/telling_phrases.txt");

fn phrases(file: &'static str) -> impl Iterator<Item = &'static str> {
    file.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// The phrases that are a signal by themselves, and those that are not.
fn sorted(file: &'static str, setting: Setting) -> (Vec<&'static str>, Vec<&'static str>) {
    let rules = HealthRules::new(setting, &[], &[]).unwrap();
    phrases(file).partition(|text| {
        let sight = HealthScan::new(&rules).text("", text, Role::Text, &mut Work::for_event(text.len())).unwrap();
        matches!(sight, Sight::Signal(_))
    })
}

#[test]
fn ordinary_phrases_are_no_signals() {
    // On a pharmacy's site, three numbers in the shape of a drug's are one, whatever they are called.
    for (setting, expected) in [(Setting::Retail, &[][..]), (Setting::Health, &["SKU 0781-1506-10"])] {
        let (signals, others) = sorted(ORDINARY, setting);
        assert!(others.len() > 300);
        assert_eq!(signals, expected, "{setting:?}");
    }
}

#[test]
fn telling_phrases_are_signals_in_every_setting() {
    for setting in [Setting::Retail, Setting::Health, Setting::Clinical] {
        let (signals, others) = sorted(TELLING, setting);
        assert!(signals.len() > 300);
        assert_eq!(others, [""; 0], "{setting:?}");
    }
}

/// The phrase with a capital inside each word.
fn with_capitals_inside(phrase: &str) -> String {
    let middle = |word: &str| {
        let (before, behind) = word.split_at(word.len() / 2);
        let (first, rest) = behind.split_at(behind.len().min(1));
        format!("{before}{}{rest}", first.to_uppercase())
    };
    phrase.split(' ').map(middle).collect::<Vec<_>>().join(" ")
}

#[test]
fn telling_phrases_are_signals_whatever_letters_are_capital() {
    let is_plain = |phrase: &&str| phrase.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b' ');
    for setting in [Setting::Retail, Setting::Health, Setting::Clinical] {
        let rules = HealthRules::new(setting, &[], &[]).unwrap();
        let mut plain = 0;
        for phrase in phrases(TELLING).filter(is_plain) {
            let text = with_capitals_inside(phrase);
            let sight = HealthScan::new(&rules).text("", &text, Role::Text, &mut Work::for_event(text.len())).unwrap();
            assert!(matches!(sight, Sight::Signal(_)), "{setting:?}: {text}");
            plain += 1;
        }
        assert!(plain > 100, "{plain}");
    }
}
