//! The terms of health, compiled once for all policies.
//!
//! `files` has the lists, `terms` what each term is and when it counts, `phrases` finds terms in words, `misspelled` the names
//! of drugs with one wrong letter, `digests` the hashes of terms, and `keys` what a key says of its value.
//!
//! What a policy adds and leaves out is no part of it: that is in the rules of `health`.

use std::sync::LazyLock;

mod files;

mod bitmap;
mod phrases;
mod terms;

mod digests;
mod keys;
mod misspelled;

#[cfg(test)]
pub(crate) mod tests;

pub(crate) use digests::Digests;
pub(crate) use keys::{CodeKind, KeyMeaning, Keys, Telling};
pub(crate) use misspelled::Misspellings;
pub(crate) use phrases::{Found, Phrases, PhrasesBuilder};
pub(crate) use terms::{Term, Terms, Weight, nearest as nearest_term};

/// Everything that is compiled from the files.
pub(crate) struct Lexicon {
    pub(crate) terms: Terms,
    pub(crate) keys: Keys,
    pub(crate) misspellings: Misspellings,
    icd10_categories: Vec<&'static str>,
}

/// Made at its first use, which a policy is.
static LEXICON: LazyLock<Lexicon> = LazyLock::new(Lexicon::compile);
/// Made when a text first has something like a digest: hashing every term takes longer than all the rest.
static DIGESTS: LazyLock<Digests> = LazyLock::new(|| Digests::of(terms::telling_alone()));
static DIGESTS_OF_SPECIALTIES: LazyLock<Digests> = LazyLock::new(|| Digests::of(terms::specialties()));

/// The lexicon.
pub(crate) fn lexicon() -> &'static Lexicon {
    &LEXICON
}

/// The number of the lexicon's files; it is raised with every change of them.
pub(crate) fn version() -> &'static str {
    files::VERSION.trim()
}

/// SHA-256 over the lexicon's files, for the digest of a policy.
pub(crate) fn digest() -> [u8; 32] {
    static DIGEST: LazyLock<[u8; 32]> = LazyLock::new(files::digest);
    *DIGEST
}

/// Whether a SHA-256 is that of a term: no field's value leaves as such a hash, nor is it made. Terms that are also names of
/// persons or places, and those with an everyday meaning, do not count: they are hashed as somebody's name every day.
pub(crate) fn is_health_digest(digest: &[u8; 32]) -> bool {
    DIGESTS.has(digest) || DIGESTS_OF_SPECIALTIES.has(digest)
}

/// The digests of terms that count under every policy.
pub(crate) fn digests() -> &'static Digests {
    &DIGESTS
}

/// The digests of departments and clinicians.
pub(crate) fn digests_of_specialties() -> &'static Digests {
    &DIGESTS_OF_SPECIALTIES
}

impl Lexicon {
    fn compile() -> Self {
        Self {
            terms: Terms::compile(),
            keys: Keys::compile(),
            misspellings: Misspellings::compile(),
            icd10_categories: files::entries(files::ICD10_CATEGORIES).collect(),
        }
    }

    /// Whether ICD-10-CM has a category of these three characters, in small letters.
    pub(crate) fn has_icd10_category(&self, category: &str) -> bool {
        self.icd10_categories.binary_search(&category).is_ok()
    }
}
