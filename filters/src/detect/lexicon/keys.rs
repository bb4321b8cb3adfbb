//! What a key says of its value, before anyone looks at that.

use std::collections::BTreeMap;

use super::super::words::{Word, hash_of};
use super::files::{self, entries};
use super::phrases::{Phrases, PhrasesBuilder};

/// A key of several words counts as one word, too, if that has so many letters: `rxnumber`.
const SHORTEST_GLUED: usize = 6;
/// Words that may stand behind a key without changing what it says: `diagnosis_code`.
const TAILS: [u64; 10] = [
    hash_of("code"),
    hash_of("name"),
    hash_of("id"),
    hash_of("text"),
    hash_of("value"),
    hash_of("list"),
    hash_of("no"),
    hash_of("number"),
    hash_of("description"),
    hash_of("other"),
];

/// Words that may stand before a key without changing what it says: `cd[provider]`, `custom_data.provider`.
const LEADS: [u64; 8] = [
    hash_of("cd"),
    hash_of("custom"),
    hash_of("data"),
    hash_of("user"),
    hash_of("event"),
    hash_of("properties"),
    hash_of("form"),
    hash_of("field"),
];

/// The keys that the lexicon knows.
pub(crate) struct Keys {
    phrases: Phrases,
    meanings: Vec<KeyMeaning>,
}

/// What a key says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct KeyMeaning {
    /// Only events about care have it.
    pub(crate) telling: Option<Telling>,
    codes: u8,
}

/// How sure it is that only events about care have a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Telling {
    /// Shops have it for other things.
    Weak,
    /// Shops do not have it.
    Strong,
}

/// Codes that are numbers like any other unless a key says what they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CodeKind {
    /// A drug's package, by the FDA's directory.
    Ndc,
    /// A diagnosis, by ICD-10-CM.
    Icd,
    /// A procedure or a supply, by HCPCS or CPT.
    Hcpcs,
    /// A prescription.
    Rx,
    /// A clinical notion, by SNOMED CT.
    Snomed,
    /// A test, by LOINC.
    Loinc,
}

impl CodeKind {
    const ALL: [(&'static str, Self); 7] = [
        ("ndc", Self::Ndc),
        ("icd", Self::Icd),
        ("hcpcs", Self::Hcpcs),
        ("cpt", Self::Hcpcs),
        ("rx", Self::Rx),
        ("snomed", Self::Snomed),
        ("loinc", Self::Loinc),
    ];

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl KeyMeaning {
    /// Whether it makes bare codes of some kind codes.
    pub(crate) fn names_any(self) -> bool {
        self.codes != 0
    }

    /// Whether it makes a bare code of this kind a code.
    pub(crate) fn names(self, kind: CodeKind) -> bool {
        self.codes & kind.bit() != 0
    }
}

impl Keys {
    pub(super) fn compile() -> Self {
        let mut meanings: BTreeMap<&str, KeyMeaning> = BTreeMap::new();
        for line in entries(files::TELLING_KEYS) {
            let [key, strength] = files::columns(line);
            let telling = if strength == "strong" { Telling::Strong } else { Telling::Weak };
            meanings.entry(key).or_default().telling = Some(telling);
        }
        for line in entries(files::CONTEXT_KEYS) {
            let [kind, key] = files::columns(line);
            // The other kinds are of persons, and sought by their detectors.
            for (_, kind) in CodeKind::ALL.iter().filter(|(name, _)| *name == kind) {
                meanings.entry(key).or_default().codes |= kind.bit();
            }
        }
        let mut phrases = PhrasesBuilder::default();
        for (number, key) in (0..).zip(meanings.keys()) {
            phrases.add(key, number);
        }
        for (number, key) in (0..).zip(meanings.keys()) {
            phrases.add_glued(key, number, SHORTEST_GLUED);
        }
        Self { phrases: phrases.build(), meanings: meanings.into_values().collect() }
    }

    /// What a key of these words says: `cd[primaryDiagnosisCode2]` ends with `diagnosis` and is about the same.
    pub(crate) fn meaning(&self, words: &[Word]) -> KeyMeaning {
        let mut words = words;
        loop {
            let meaning = self.of_an_ending(words);
            match words.split_last() {
                Some((last, shorter)) if meaning == KeyMeaning::default() && (last.number || TAILS.contains(&last.hash)) => {
                    words = shorter;
                }
                _ => return meaning,
            }
        }
    }

    /// What the longest ending says that is a key of the lexicon. A weak key must be all of it: an `item_condition` is another.
    fn of_an_ending(&self, words: &[Word]) -> KeyMeaning {
        let mut only_leads = true;
        let mut ending = words;
        while let Some((first, shorter)) = ending.split_first() {
            if self.phrases.begin_with(first)
                && let Some(number) = self.phrases.exactly(ending)
                && let Some(meaning) = self.meanings.get(usize::from(number))
                && (only_leads || meaning.telling != Some(Telling::Weak))
            {
                return *meaning;
            }
            only_leads &= LEADS.contains(&first.hash);
            ending = shorter;
        }
        KeyMeaning::default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::words::{Split, Words};
    use super::super::lexicon;
    use super::*;

    fn meaning(key: &str) -> KeyMeaning {
        let mut words = Words::default();
        words.read(key, Split::Camel);
        lexicon().keys.meaning(words.list())
    }

    #[test]
    fn keys_count_however_they_are_written_and_wrapped() {
        for key in
            ["diagnosis", "Diagnosis", "cd[diagnosis]", "primaryDiagnosis", "diagnosis_code", "diagnosis2", "user.diagnosis"]
        {
            assert_eq!(meaning(key).telling, Some(Telling::Strong), "{key}");
        }
        for key in ["rxNumber", "rx_number", "RX-Number", "rxnumber", "drugName", "visitType", "visittype"] {
            assert_eq!(meaning(key).telling, Some(Telling::Strong), "{key}");
        }
    }

    #[test]
    fn keys_of_shops_say_nothing_or_little() {
        for key in
            ["", "q", "search", "quantity", "message", "size", "drugstore", "diagnosis_of_engine", "utm_source", "sku"]
        {
            assert_eq!(meaning(key), KeyMeaning::default(), "{key}");
        }
        for key in ["item_condition", "payment_provider"] {
            assert_eq!(meaning(key), KeyMeaning::default(), "{key}");
        }
        for key in ["condition", "provider", "cd[provider]", "custom_data.provider_2"] {
            assert_eq!(meaning(key).telling, Some(Telling::Weak), "{key}");
        }
    }

    #[test]
    fn keys_say_what_code_their_value_is() {
        assert!(meaning("ndc").names(CodeKind::Ndc));
        assert!(meaning("product_ndc_code").names(CodeKind::Ndc));
        assert!(meaning("icd10").names(CodeKind::Icd) || meaning("icd").names(CodeKind::Icd));
        assert!(!meaning("ndc").names(CodeKind::Icd));
    }
}
