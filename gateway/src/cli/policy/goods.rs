//! What a catalogue comes to, for people and for machines.

use std::fmt;

use portcullis_filters::policy::Goods;
use serde::Serialize;

/// A catalogue. Prints as one line.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct GoodsTold {
    pub(super) file: String,
    pub(in crate::cli) sha256: String,
    neutral: usize,
    sensitive: usize,
    prescription: usize,
    memory_bytes: usize,
    pub(super) unknown: &'static str,
}

impl From<Goods> for GoodsTold {
    fn from(goods: Goods) -> Self {
        Self {
            file: goods.file,
            sha256: goods.sha256,
            neutral: goods.counts.neutral,
            sensitive: goods.counts.sensitive,
            prescription: goods.counts.prescription,
            memory_bytes: goods.memory_bytes,
            unknown: goods.unknown,
        }
    }
}

impl fmt::Display for GoodsTold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, neutral, sensitive, prescription, .. } = self;
        let total = neutral + sensitive + prescription;
        write!(f, "{file}: {total} goods: {neutral} neutral, {sensitive} sensitive, {prescription} prescription; ")?;
        match self.memory_bytes.saturating_mul(10) >> 20 {
            0 => f.write_str("less than 0.1 MiB of memory"),
            tenths => write!(f, "{}.{} MiB of memory", tenths / 10, tenths % 10),
        }
    }
}

#[cfg(test)]
mod tests {
    use portcullis_filters::catalog::Counts;

    use super::*;

    #[test]
    fn memory_is_told_in_tenths() {
        let told = |memory_bytes| {
            let counts = Counts { neutral: 7, sensitive: 2, prescription: 1 };
            let goods = Goods { file: "a.csv".to_owned(), counts, sha256: String::new(), memory_bytes, unknown: "" };
            GoodsTold::from(goods).to_string()
        };
        let counts = "a.csv: 10 goods: 7 neutral, 2 sensitive, 1 prescription; ";
        assert_eq!(told(1000), format!("{counts}less than 0.1 MiB of memory"));
        assert_eq!(told(23 << 20 | 1 << 19), format!("{counts}23.5 MiB of memory"));
    }
}
