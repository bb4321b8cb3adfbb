//! What a server can lose of what it has said yes to.

/// How durable a server is, from the best to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Durability {
    /// It syncs before it answers: nothing is lost.
    Always,
    /// It syncs every second, and its sync is waited for: nothing is lost that was accepted.
    Waitaof,
    /// It syncs every second: a crash of its machine loses the last second or two.
    Everysec,
    /// It writes snapshots: a crash loses minutes.
    Rdb,
    /// It does not sync at all.
    None,
    /// It does not say.
    Unknown,
}

impl Durability {
    /// Its word in metrics and texts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Waitaof => "waitaof",
            Self::Everysec => "everysec",
            Self::Rdb => "rdb",
            Self::None => "none",
            Self::Unknown => "unknown",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p6_each_word_is_one_of_the_metric() {
        use Durability::{Always, Everysec, Rdb, Unknown, Waitaof};
        let words = crate::telemetry::declared::words("portcullis_durability_info", "mode");
        for durability in [Always, Waitaof, Everysec, Rdb, Durability::None, Unknown] {
            assert!(words.contains(&durability.as_str()), "{durability:?}");
        }
    }
}
