//! Decides whether a server is fit, and what is waited for at each append.

use super::Durability;
use super::findings::{Findings, Fsync};
use crate::config::Redis;

/// What is waited for before an append counts as durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::shared) struct Wait {
    /// The server's own disk.
    pub(in crate::shared) disk: bool,
    /// So many replicas.
    pub(in crate::shared) replicas: u32,
}

/// A server that may be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::shared) struct Fitness {
    /// How durable it is; of a cluster, the worst of its primaries.
    pub(in crate::shared) durability: Durability,
    /// What is waited for, if anything.
    pub(in crate::shared) wait: Option<Wait>,
    /// What is allowed but should be known, with what to change.
    pub(in crate::shared) warnings: Vec<String>,
}

/// What it comes to, or why it is refused.
pub(super) fn judge(all: &[Findings], config: &Redis) -> Result<Fitness, String> {
    let mut warnings = Vec::new();
    let mut durability = Durability::Always;
    for findings in all {
        if !findings.log_is_written {
            return Err("it cannot write its log of changes to its disk; look there".to_owned());
        }
        if findings.replicas < config.replicas {
            return Err(format!(
                "{} replicas follow it, and redis.replicas wants {}; mend the replicas, or lower that",
                findings.replicas, config.replicas
            ));
        }
        let (found, loss) = durability_of(findings, config.require_durable);
        durability = durability.max(found);
        weigh(loss, config, &mut warnings)?;
        weigh(eviction(findings), config, &mut warnings)?;
        if findings.replicas > 0 && config.replicas == 0 {
            add(
                &mut warnings,
                "has replicas, and a failover to one of them can lose the last accepted events; set redis.replicas = 1",
            );
        }
    }
    let wait = Wait { disk: durability == Durability::Waitaof, replicas: config.replicas };
    Ok(Fitness { durability, wait: (wait.disk || wait.replicas > 0).then_some(wait), warnings })
}

/// What can be lost is refused or, if that was asked for, told.
fn weigh(loss: Option<String>, config: &Redis, warnings: &mut Vec<String>) -> Result<(), String> {
    match loss {
        Some(loss) if config.require_durable => Err(format!("{loss}; redis.require_durable = false takes it nevertheless")),
        Some(loss) => {
            add(warnings, &loss);
            Ok(())
        }
        None => Ok(()),
    }
}

/// Primaries of a cluster are mostly alike.
fn add(warnings: &mut Vec<String>, warning: &str) {
    if !warnings.iter().any(|known| known == warning) {
        warnings.push(warning.to_owned());
    }
}

/// How durable it is, and what to change if that is not enough.
fn durability_of(findings: &Findings, waits: bool) -> (Durability, Option<String>) {
    let lossy = |durability, loss: &str| (durability, Some(loss.to_owned()));
    match findings.log {
        Some(_) if findings.replays == Some(false) => lossy(
            Durability::None,
            "forgets all events at a restart, as its default user may not do again what stands in its log (redis/redis#14541); give \
             that user, who stays switched off, every right: user default off ~* &* +@all",
        ),
        Some(_) if findings.replays.is_none() => lossy(
            Durability::Unknown,
            "does not tell whether a restart keeps events, as ACL DRYRUN is not allowed to our user; allow +acl|dryrun",
        ),
        Some(Fsync::Always) => (Durability::Always, None),
        Some(Fsync::AlwaysButForRewrites) if !(waits && findings.has_waitaof) => lossy(
            Durability::Everysec,
            "does not sync while it rewrites its log, so a crash then loses accepted events; set no-appendfsync-on-rewrite no",
        ),
        Some(Fsync::Everysec | Fsync::AlwaysButForRewrites) if waits && findings.has_waitaof => (Durability::Waitaof, None),
        Some(Fsync::Everysec | Fsync::AlwaysButForRewrites) => lossy(
            Durability::Everysec,
            "syncs every second, so a crash loses the last accepted events; set appendfsync always, or use Redis 7.2 or newer, or \
             Valkey, where the sync can be waited for",
        ),
        Some(Fsync::No) => lossy(
            Durability::None,
            "leaves it to the system when to sync, so a crash loses accepted events; set appendfsync always",
        ),
        Some(Fsync::Unknown) => lossy(
            Durability::Unknown,
            "does not tell how often it syncs, as CONFIG GET is not allowed to our user; allow +config|get",
        ),
        None if findings.snapshots => lossy(
            Durability::Rdb,
            "keeps snapshots alone, so a crash loses what came after the last; set appendonly yes and appendfsync always",
        ),
        None => lossy(Durability::None, "keeps nothing on its disk; set appendonly yes and appendfsync always"),
    }
}

fn eviction(findings: &Findings) -> Option<String> {
    (findings.eviction != "noeviction").then(|| {
        "deletes what it likes when its memory is full, accepted events too; set maxmemory-policy noeviction".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::testing;

    fn sound() -> Findings {
        Findings {
            log: Some(Fsync::Always),
            replays: Some(true),
            snapshots: false,
            log_is_written: true,
            has_waitaof: false,
            eviction: "noeviction".to_owned(),
            replicas: 0,
        }
    }

    fn config(require_durable: bool, replicas: u32) -> Redis {
        Redis { require_durable, replicas, ..testing::config(1) }
    }

    #[test]
    fn c8_each_mode_of_persistence_has_its_word_and_its_cure() {
        for (log, snapshots, has_waitaof, durability, cure) in [
            (Some(Fsync::Always), false, false, Durability::Always, None),
            (Some(Fsync::AlwaysButForRewrites), false, false, Durability::Everysec, Some("no-appendfsync-on-rewrite no")),
            (Some(Fsync::Everysec), false, false, Durability::Everysec, Some("appendfsync always")),
            (Some(Fsync::No), false, true, Durability::None, Some("appendfsync always")),
            (Some(Fsync::Unknown), false, true, Durability::Unknown, Some("+config|get")),
            (None, true, true, Durability::Rdb, Some("appendonly yes")),
            (None, false, true, Durability::None, Some("appendonly yes")),
        ] {
            let findings = Findings { log, snapshots, has_waitaof, ..sound() };
            let lenient = judge(std::slice::from_ref(&findings), &config(false, 0)).unwrap();
            assert_eq!((lenient.durability, lenient.wait), (durability, None), "{findings:?}");
            assert_eq!(lenient.warnings.len(), usize::from(cure.is_some()), "{lenient:?}");
            match (cure, judge(&[findings], &config(true, 0))) {
                (None, fit) => assert!(fit.unwrap().warnings.is_empty()),
                (Some(cure), refused) => {
                    let refused = refused.unwrap_err();
                    assert!(refused.contains(cure) && refused.contains("redis.require_durable = false"), "{refused}");
                }
            }
        }
    }

    #[test]
    fn c8_where_the_sync_can_be_waited_for_it_is_unless_loss_is_taken() {
        for log in [Fsync::Everysec, Fsync::AlwaysButForRewrites] {
            let findings = Findings { log: Some(log), has_waitaof: true, ..sound() };
            let fit = judge(std::slice::from_ref(&findings), &config(true, 0)).unwrap();
            assert_eq!((fit.durability, fit.wait), (Durability::Waitaof, Some(Wait { disk: true, replicas: 0 })));
            let lenient = judge(&[findings], &config(false, 0)).unwrap();
            assert_eq!((lenient.durability, lenient.wait), (Durability::Everysec, None));
        }
    }

    #[test]
    fn c8_a_log_that_is_not_taken_back_at_a_restart_is_none() {
        for (replays, durability, cure) in
            [(Some(false), Durability::None, "user default off ~* &* +@all"), (None, Durability::Unknown, "+acl|dryrun")]
        {
            let findings = Findings { replays, ..sound() };
            let refused = judge(std::slice::from_ref(&findings), &config(true, 0)).unwrap_err();
            assert!(refused.contains(cure), "{refused}");
            assert_eq!(judge(&[findings], &config(false, 0)).unwrap().durability, durability);
        }
    }

    #[test]
    fn c6_a_policy_of_eviction_is_refused_or_warned_of() {
        for policy in ["allkeys-lru", "volatile-ttl", ""] {
            let findings = Findings { eviction: policy.to_owned(), ..sound() };
            let refused = judge(std::slice::from_ref(&findings), &config(true, 0)).unwrap_err();
            assert!(refused.contains("maxmemory-policy noeviction"), "{refused}");
            assert_eq!(judge(&[findings], &config(false, 0)).unwrap().warnings.len(), 1);
        }
    }

    #[test]
    fn the_worst_primary_of_a_cluster_counts() {
        let poor = Findings { log: None, ..sound() };
        assert!(judge(&[sound(), poor.clone()], &config(true, 0)).is_err());
        let fit = judge(&[sound(), poor.clone(), poor], &config(false, 0)).unwrap();
        assert_eq!((fit.durability, fit.warnings.len()), (Durability::None, 1), "said once");
    }

    #[test]
    fn replicas_that_are_missing_refuse_and_those_that_are_not_waited_for_are_warned_of() {
        let followed = Findings { replicas: 1, ..sound() };
        assert!(judge(&[sound()], &config(false, 1)).unwrap_err().contains("redis.replicas wants 1"));
        let fit = judge(std::slice::from_ref(&followed), &config(true, 1)).unwrap();
        assert_eq!(fit.wait, Some(Wait { disk: false, replicas: 1 }));
        assert!(judge(&[followed], &config(true, 0)).unwrap().warnings[0].contains("set redis.replicas = 1"));
    }

    #[test]
    fn a_log_that_cannot_be_written_is_refused_in_any_case() {
        let broken = Findings { log_is_written: false, ..sound() };
        assert!(judge(&[broken], &config(false, 0)).unwrap_err().contains("cannot write its log"));
    }
}
