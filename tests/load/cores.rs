//! Which process runs on which core.
//!
//! A child takes over the cores of the thread that starts it, so that thread steps onto the child's core to start it, and back.

use std::fmt;
use std::future::Future;

use anyhow::Context as _;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use serde::Serialize;

/// The cores of a measurement, by their numbers.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Cores {
    server_under_test: usize,
    callers: usize,
    meta: usize,
}

impl Cores {
    /// Shares the cores of this process out. The server under test has one to itself if there are two, and the stand-in for Meta
    /// shares that of the callers unless there are three.
    pub(crate) fn of_this_process() -> anyhow::Result<Self> {
        let set = sched_getaffinity(None).context("the cores of this process cannot be told")?;
        let cores: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|core| set.is_set(*core)).collect();
        let nth = |wanted: usize| cores.get(wanted).or(cores.last()).copied().unwrap_or_default();
        let callers = nth(0);
        Ok(Self { server_under_test: nth(1), callers, meta: if cores.len() > 2 { nth(2) } else { callers } })
    }

    /// Starts the server under test.
    pub(crate) async fn for_server<T>(self, start: impl Future<Output = T>) -> T {
        self.starting_on(self.server_under_test, start).await
    }

    /// Starts the stand-in for Meta.
    pub(crate) async fn for_meta<T>(self, start: impl Future<Output = T>) -> T {
        self.starting_on(self.meta, start).await
    }

    async fn starting_on<T>(self, core: usize, start: impl Future<Output = T>) -> T {
        step_onto(core);
        let started = start.await;
        step_onto(self.callers);
        started
    }
}

fn step_onto(core: usize) {
    let mut set = CpuSet::new();
    set.set(core);
    sched_setaffinity(None, &set).expect("a core of this process can be chosen");
}

impl fmt::Display for Cores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { server_under_test, callers, meta } = self;
        write!(
            f,
            "server under test on core {server_under_test}, callers on core {callers}, stand-in for Meta on core {meta}"
        )
    }
}
