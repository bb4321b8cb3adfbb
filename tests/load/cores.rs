//! Which process runs on which core.
//!
//! A child takes over the cores of the thread that starts it, so that thread steps onto the child's core to start it, and back.

use std::fmt;
use std::future::Future;

use anyhow::Context as _;
use rustix::param::clock_ticks_per_second;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use serde::Serialize;

/// The cores of a measurement, by their numbers.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Cores {
    server_under_test: usize,
    callers: usize,
    meta: usize,
    redis: usize,
}

impl Cores {
    /// Shares the cores of this process out. The server under test has one to itself if there are two, and the stand-in for Meta
    /// shares that of the callers unless there are three; Redis has that of the stand-in unless there are four.
    pub(crate) fn of_this_process() -> anyhow::Result<Self> {
        let set = sched_getaffinity(None).context("the cores of this process cannot be told")?;
        let cores: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|core| set.is_set(*core)).collect();
        let nth = |wanted: usize| cores.get(wanted).or(cores.last()).copied().unwrap_or_default();
        let callers = nth(0);
        let meta = if cores.len() > 2 { nth(2) } else { callers };
        Ok(Self { server_under_test: nth(1), callers, meta, redis: if cores.len() > 3 { nth(3) } else { meta } })
    }

    /// Starts the server under test.
    pub(crate) async fn for_server<T>(self, start: impl Future<Output = T>) -> T {
        self.starting_on(self.server_under_test, start).await
    }

    /// What the system accounts to everything on the core of the server under test, in seconds: what the hypervisor took is in it.
    pub(crate) fn busy_secs(self) -> f64 {
        let stat = std::fs::read_to_string("/proc/stat").unwrap_or_default();
        let name = format!("cpu{} ", self.server_under_test);
        let ticks = stat.lines().find_map(|line| line.strip_prefix(&name)).unwrap_or_default().split(' ');
        // user nice system idle iowait irq softirq steal
        let busy = ticks.take(8).enumerate().filter(|(column, _)| !matches!(column, 3 | 4));
        busy.filter_map(|(_, ticks)| ticks.parse::<f64>().ok()).sum::<f64>() / ticks_per_second()
    }

    /// Starts the stand-in for Meta.
    pub(crate) async fn for_meta<T>(self, start: impl Future<Output = T>) -> T {
        self.starting_on(self.meta, start).await
    }

    /// Starts Redis.
    pub(crate) async fn for_redis<T>(self, start: impl Future<Output = T>) -> T {
        self.starting_on(self.redis, start).await
    }

    async fn starting_on<T>(self, core: usize, start: impl Future<Output = T>) -> T {
        step_onto(core);
        let started = start.await;
        step_onto(self.callers);
        started
    }
}

/// The unit in which the system accounts time.
#[expect(clippy::cast_precision_loss, reason = "a hundred or a thousand")]
pub(crate) fn ticks_per_second() -> f64 {
    clock_ticks_per_second() as f64
}

fn step_onto(core: usize) {
    let mut set = CpuSet::new();
    set.set(core);
    sched_setaffinity(None, &set).expect("a core of this process can be chosen");
}

impl fmt::Display for Cores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { server_under_test, callers, meta, redis } = self;
        write!(
            f,
            "server under test on core {server_under_test}, callers on core {callers}, stand-in for Meta on core {meta}, Redis on core \
             {redis}"
        )
    }
}
