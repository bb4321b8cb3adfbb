//! The key of pseudonyms cannot be shown, copied or read.
use portcullis_filters::pseudonym::PseudonymKey;

fn shown(key: &PseudonymKey) -> String {
    key.to_string()
}

fn copied(key: &PseudonymKey) -> PseudonymKey {
    key.clone()
}

fn read(key: &PseudonymKey) {
    let _ = &key.keyed;
}

fn main() {}
