//! The files of the lexicon, as they were when the program was built, and how a line is read.

use sha2::{Digest, Sha256};

use crate::report::SignalKind;

/// Files of terms, one a line, and what their terms are.
pub(super) const TERMS: [(SignalKind, &str); 5] = [
    (SignalKind::Drug, include_str!("../../../lexicon/drugs.txt")),
    (SignalKind::Condition, include_str!("../../../lexicon/conditions.txt")),
    (SignalKind::Procedure, include_str!("../../../lexicon/procedures.txt")),
    (SignalKind::Topic, include_str!("../../../lexicon/topics.txt")),
    (SignalKind::Specialty, include_str!("../../../lexicon/specialties.txt")),
];
/// `term | kind | beside | not beside`
pub(super) const AMBIGUOUS: &str = include_str!("../../../lexicon/ambiguous.txt");
/// `term | kind`
pub(super) const SPANISH: &str = include_str!("../../../lexicon/spanish.txt");
/// Terms that are also surnames, given names or places.
pub(super) const EPONYMS: &str = include_str!("../../../lexicon/eponyms.txt");
/// Everyday words that are one letter from a drug's name.
pub(super) const LOOKALIKES: &str = include_str!("../../../lexicon/lookalikes.txt");
/// `key | strong or weak`
pub(super) const TELLING_KEYS: &str = include_str!("../../../lexicon/telling_keys.txt");
/// `kind of code | key`
pub(super) const CONTEXT_KEYS: &str = include_str!("../../../lexicon/context_keys.txt");
/// Three-character categories.
pub(super) const ICD10_CATEGORIES: &str = include_str!("../../../lexicon/icd10_categories.txt");
/// A number that is raised with every change of the others.
pub(super) const VERSION: &str = include_str!("../../../lexicon/version.txt");

/// What is not a comment.
pub(super) fn entries(file: &'static str) -> impl Iterator<Item = &'static str> {
    file.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// The columns of a line; those that it does not have are empty.
pub(super) fn columns<const N: usize>(line: &'static str) -> [&'static str; N] {
    let mut columns = line.split('|').map(str::trim);
    std::array::from_fn(|_| columns.next().unwrap_or_default())
}

/// What a term is, by the word of a file; none for `none`.
pub(super) fn kind(word: &str) -> Option<SignalKind> {
    SignalKind::ALL.iter().copied().find(|kind| kind.as_str() == word)
}

/// SHA-256 over all that decides what counts.
pub(super) fn digest() -> [u8; 32] {
    let mut hasher = Sha256::new();
    let files = TERMS.iter().map(|(_, file)| *file);
    let others = [AMBIGUOUS, SPANISH, EPONYMS, LOOKALIKES, TELLING_KEYS, CONTEXT_KEYS, ICD10_CATEGORIES, VERSION];
    for file in files.chain(others) {
        // The length keeps a line that moves from one file to the next from going unnoticed.
        hasher.update(u64::try_from(file.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(file);
    }
    hasher.finalize().into()
}
