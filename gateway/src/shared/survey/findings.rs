//! What a server says of itself, read.

use std::collections::HashMap;

use redis::InfoDict;

/// Older ones lose deleted entries of a pending list, and do not know the commands that are used.
pub(super) const LEAST_VERSION: (u32, u32) = (7, 0);
/// From here on there is `WAITAOF`.
const WAITAOF_VERSION: (u32, u32) = (7, 2);

/// When what was written reaches the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fsync {
    /// Before the answer.
    Always,
    /// Before the answer, but not while the file is rewritten.
    AlwaysButForRewrites,
    /// Every second.
    Everysec,
    /// When the system likes.
    No,
    /// Not known.
    Unknown,
}

/// What was found at a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Findings {
    /// When its log of changes reaches the disk; nothing without one.
    pub(super) log: Option<Fsync>,
    /// Whether what scripts did is taken back from that log at a restart, if that is known.
    pub(super) replays: Option<bool>,
    /// Whether it writes snapshots; taken to be so where it is not known.
    pub(super) snapshots: bool,
    /// Whether the last write of its log succeeded.
    pub(super) log_is_written: bool,
    /// Whether the sync can be waited for.
    pub(super) has_waitaof: bool,
    /// What it does when its memory is full.
    pub(super) eviction: String,
    /// Replicas that follow it.
    pub(super) replicas: u32,
}

impl Findings {
    /// Valkey calls itself 7.2 here, whatever its own version: that is what it is compatible with.
    pub(super) fn version(info: &InfoDict) -> (u32, u32) {
        let text = info.get::<String>("redis_version").unwrap_or_default();
        let mut numbers = text.split('.').map(|part| part.parse().unwrap_or(0));
        (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
    }

    pub(super) fn read(info: &InfoDict, settings: Option<&HashMap<String, String>>) -> Self {
        let text = |key: &str| info.get::<String>(key).unwrap_or_default();
        let setting = |key: &str| settings.and_then(|settings| settings.get(key)).map(String::as_str);
        let sync = match (setting("appendfsync"), setting("no-appendfsync-on-rewrite")) {
            (Some("always"), Some("no")) => Fsync::Always,
            (Some("always"), _) => Fsync::AlwaysButForRewrites,
            (Some("everysec"), _) => Fsync::Everysec,
            (Some("no"), _) => Fsync::No,
            _ => Fsync::Unknown,
        };
        Self {
            log: (text("aof_enabled") == "1").then_some(sync),
            replays: None,
            snapshots: setting("save") != Some(""),
            log_is_written: text("aof_last_write_status") != "err",
            has_waitaof: Self::version(info) >= WAITAOF_VERSION,
            eviction: text("maxmemory_policy"),
            replicas: replicas(info),
        }
    }
}

/// `slave0:ip=…,port=…,state=online,…`, one line for each.
fn replicas(info: &InfoDict) -> u32 {
    let online = |index: &u32| {
        let line = info.get::<String>(&format!("slave{index}")).unwrap_or_default();
        line.split(',').any(|part| part == "state=online")
    };
    let count = info.get::<u32>("connected_slaves").unwrap_or(0);
    u32::try_from((0..count).filter(online).count()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(text: &str) -> InfoDict {
        InfoDict::new(text)
    }

    fn settings(appendfsync: &str, on_rewrite: &str, save: &str) -> HashMap<String, String> {
        let pairs = [("appendfsync", appendfsync), ("no-appendfsync-on-rewrite", on_rewrite), ("save", save)];
        pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn versions_of_redis_and_valkey_are_read() {
        assert_eq!(Findings::version(&info("redis_version:7.0.15\r\n")), (7, 0));
        let valkey = info("redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.0\r\n");
        assert_eq!(Findings::version(&valkey), (7, 2));
        assert!(Findings::read(&valkey, None).has_waitaof);
        assert!(Findings::version(&info("redis_version:6.2.6\r\n")) < LEAST_VERSION);
        assert!(Findings::version(&info("")) < LEAST_VERSION, "who does not say is too old");
    }

    #[test]
    fn when_it_syncs_is_read_from_its_settings_and_not_guessed_without_them() {
        let on =
            info("redis_version:7.0.15\r\naof_enabled:1\r\naof_last_write_status:ok\r\nmaxmemory_policy:noeviction\r\n");
        for (appendfsync, on_rewrite, sync) in [
            ("always", "no", Fsync::Always),
            ("always", "yes", Fsync::AlwaysButForRewrites),
            ("everysec", "no", Fsync::Everysec),
            ("no", "no", Fsync::No),
            ("sometimes", "no", Fsync::Unknown),
        ] {
            assert_eq!(Findings::read(&on, Some(&settings(appendfsync, on_rewrite, ""))).log, Some(sync));
        }
        let unknown = Findings::read(&on, None);
        assert_eq!((unknown.log, unknown.snapshots, unknown.eviction.as_str()), (Some(Fsync::Unknown), true, "noeviction"));
        let off = Findings::read(&info("aof_enabled:0\r\n"), Some(&settings("always", "no", "3600 1")));
        assert_eq!((off.log, off.snapshots), (None, true));
    }

    #[test]
    fn replicas_count_when_they_follow() {
        let two = "connected_slaves:2\r\nslave0:ip=a,port=1,state=online,offset=1,lag=0\r\nslave1:ip=b,port=1,state=wait_bgsave\r\n";
        assert_eq!(replicas(&info(two)), 1);
        assert_eq!(replicas(&info("connected_slaves:0\r\n")), 0);
    }
}
