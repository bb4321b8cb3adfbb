//! What Redis says of itself: its CPU time, and how often each command ran, those of scripts included. And the server that is asked.

use std::collections::BTreeMap;

use harness::{DATASET, Redis, RedisSetup};
use redis::{Value, from_redis_value_ref};
use serde::{Deserialize, Serialize};

use crate::arguments::Fsync;
use crate::run::Bench;

/// The command that adds an entry, and the one that stands in every read that hands out entries for the first time.
const ADDS: &str = "xadd";
const READS: &str = "xgroup|setid";

impl Bench {
    /// Starts one afresh. It does not rewrite its file, as that is work for what came before.
    pub(crate) async fn start_redis(&self) -> Redis {
        let setup = RedisSetup::new().set("auto-aof-rewrite-percentage", "0");
        let setup = match self.appendfsync {
            Fsync::Always => setup,
            Fsync::Everysec => setup.everysec(),
        };
        self.cores.for_redis(setup.start()).await
    }
}

/// What a server has used since its start.
#[derive(Debug, Default)]
pub(crate) struct Usage {
    /// CPU time of the whole process, in microseconds.
    pub(crate) cpu_us: f64,
    /// Memory in use, in bytes.
    pub(crate) memory: f64,
    calls: BTreeMap<String, u64>,
    /// Entries of the outbox that were never handed out.
    waiting: u64,
}

/// What events cost it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Cost {
    /// CPU time of the server.
    pub(crate) cpu_us_per_event: f64,
    /// Commands, those that scripts run included.
    pub(crate) commands_per_event: f64,
    /// Events in each entry that was added; 0 if none was.
    pub(crate) events_per_entry: f64,
    /// Entries that were handed out by each read that found new ones.
    pub(crate) entries_per_read: f64,
    /// Events in them.
    pub(crate) events_per_read: f64,
}

impl Usage {
    /// Of this server.
    pub(crate) async fn of(redis: &Redis) -> Self {
        let text: String = redis.ask(&["INFO", "everything"]).await;
        let mut usage = Self::default();
        for (name, value) in text.lines().filter_map(|line| line.split_once(':')) {
            if let Some(command) = name.strip_prefix("cmdstat_") {
                let calls = value.strip_prefix("calls=").and_then(|rest| rest.split(',').next());
                usage
                    .calls
                    .insert(command.to_owned(), calls.and_then(|calls| calls.parse().ok()).expect("a count of calls"));
            } else if matches!(name, "used_cpu_sys" | "used_cpu_user") {
                usage.cpu_us += 1e6 * value.trim().parse::<f64>().expect("seconds");
            } else if name == "used_memory" {
                usage.memory = value.trim().parse().expect("bytes");
            }
        }
        let queue = format!("{{portcullis:{DATASET}}}:queue");
        let length: u64 = redis.ask(&["XLEN", &queue]).await;
        // Nobody has it before the first event came, nor in a Redis without a gateway.
        let pending: Vec<Value> = redis.try_ask(&["XPENDING", &queue, "gateways"]).await.unwrap_or_default();
        usage.waiting = length - pending.first().map_or(0, |count| from_redis_value_ref(count).expect("a count"));
        assert!(usage.cpu_us > 0.0 && usage.memory > 0.0, "Redis tells what it uses");
        usage
    }

    /// What so many events cost since then.
    #[expect(clippy::cast_precision_loss, reason = "counts of a few seconds")]
    pub(crate) fn since(&self, before: &Self, events: u64) -> Cost {
        let ratio = |count: u64, of: u64| if of == 0 { 0.0 } else { count as f64 / of as f64 };
        let calls = |command: &str| self.calls(command) - before.calls(command);
        let commands = self.calls.values().sum::<u64>() - before.calls.values().sum::<u64>();
        Cost {
            cpu_us_per_event: (self.cpu_us - before.cpu_us) / events as f64,
            commands_per_event: ratio(commands, events),
            events_per_entry: ratio(events, calls(ADDS)),
            entries_per_read: ratio(before.waiting + calls(ADDS) - self.waiting, calls(READS)),
            events_per_read: ratio(events, calls(READS)),
        }
    }

    fn calls(&self, command: &str) -> u64 {
        self.calls.get(command).copied().unwrap_or_default()
    }
}
