//! Where words begin and end, however they are written.

use super::*;

/// The words of a text, found again in it.
fn words(text: &str, split: Split) -> Vec<String> {
    let mut words = Words::default();
    words.read(text, split);
    let plain = |word: &Word| text.get(word.start..word.end).unwrap().replace(['\'', '’'], "").to_ascii_lowercase();
    for word in words.list() {
        assert_eq!(word.hash, hash_of(&plain(word)), "{text}");
    }
    words.list().iter().map(plain).collect()
}

#[test]
fn words_end_at_whatever_is_neither_letter_nor_digit() {
    assert_eq!(words("birth-control_pills/by.mail", Split::Camel), ["birth", "control", "pills", "by", "mail"]);
    assert_eq!(words(" , metformin é x", Split::Camel), ["metformin", "x"]);
    assert_eq!(words("", Split::Camel), [""; 0]);
}

#[test]
fn words_end_at_camel_case_and_where_letters_meet_digits() {
    assert_eq!(words("drugName", Split::Camel), ["drug", "name"]);
    assert_eq!(words("HIVTest2Kit", Split::Camel), ["hiv", "test", "2", "kit"]);
    assert_eq!(words("covid19 B12 iPhone", Split::Camel), ["covid", "19", "b", "12", "i", "phone"]);
    assert_eq!(words("HIV", Split::Camel), ["hiv"]);
}

#[test]
fn a_word_with_capitals_inside_can_be_read_whole() {
    assert_eq!(words("buPROPion HIVTest2", Split::Digits), ["bupropion", "hivtest", "2"]);
    let mut read = Words::default();
    read.read("buPROPion", Split::Camel);
    assert!(read.camel_stretch().is_some());
    read.read("Bupropion XL", Split::Camel);
    assert!(read.camel_stretch().is_none());
}

#[test]
fn apostrophes_inside_a_word_are_dropped() {
    assert_eq!(words("Crohn's 'flu' Crohn’s CROHN'S", Split::Camel), ["crohns", "flu", "crohns", "crohns"]);
    assert_eq!(words("dogs' toy", Split::Camel), ["dogs", "toy"]);
}

#[test]
fn a_plural_is_known_as_its_singular_too() {
    let mut words = Words::default();
    words.read("tablets als Tests", Split::Camel);
    let singulars: Vec<u64> = words.list().iter().map(|word| word.singular).collect();
    assert_eq!(singulars, [hash_of("tablet"), hash_of("als"), hash_of("test")]);
}

#[test]
fn words_of_a_random_id_are_marked_and_those_written_together_are_not() {
    let random = |text: &str| {
        let mut words = Words::default();
        words.read(text, Split::Camel);
        words.list().iter().any(|word| word.random)
    };
    for id in ["AbCdEfGh1jKlMnOp", "a1B2c3D4", "IwAR0xHiv9QzKLmn"] {
        assert!(random(id), "{id}");
    }
    for written in ["hasHIV", "HIVTest", "patientHIVStatus", "hpv16", "covid19", "metformin500mg", "viagra"] {
        assert!(!random(written), "{written}");
    }
}

#[test]
fn shapes_of_digests_and_codes_are_noticed() {
    let read = |text: &str| {
        let mut words = Words::default();
        words.read(text, Split::Camel);
        (words.long_runs().is_some(), words.has_code_shape())
    };
    assert_eq!(read(&"a".repeat(32)), (true, false));
    assert_eq!(read("0093-7214-01"), (false, true));
    assert_eq!(read("dx E11.9"), (false, true));
    assert_eq!(read("Autumn starter bundle 2"), (false, false));
}

proptest::proptest! {
    /// Words are read by eights where the text goes on for eight bytes, and by letters at its end.
    #[test]
    fn a_word_is_the_same_wherever_the_text_ends(text in "[a-zA-Z0-9' ’é_-]{0,40}") {
        for split in [Split::Camel, Split::Digits] {
            let (mut short, mut long) = (Words::default(), Words::default());
            short.read(&text, split);
            long.read(&format!("{text}        "), split);
            let told = |words: &Words| words.list().iter().map(|w| (w.hash, w.singular, w.start, w.end, w.random)).collect::<Vec<_>>();
            proptest::prop_assert_eq!(told(&short), told(&long));
        }
        words(&text, Split::Camel);
        words(&text, Split::Digits);
    }
}
