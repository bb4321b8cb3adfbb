//! A start on a large backlog: how long until it accepts, and what it takes of memory.

use std::time::Duration;

use harness::{Demand, Load, Mode, Signal, eventually};
use tokio::time::Instant;

use crate::fault::SetsAside;
use crate::judge::{Allowed, judge};
use crate::report::Line;
use crate::run::{Runs, caught};
use crate::stage::{Needs, Stage};

/// How long filling may take.
const FILL: Duration = Duration::from_secs(1800);

impl Runs {
    /// Fills it with so many events while Meta is away, stops, and starts again.
    pub(crate) async fn backlog(&mut self, events: u64) -> Line {
        let executable = self.executable.clone();
        let (told, mut note) = tokio::sync::oneshot::channel();
        let mut line = caught("backlog", async move {
            let needs = Needs { many_ids: Some(events * 2), ..Needs::default() };
            let mut stage = Stage::start(&executable, needs).await;
            stage.proxy.set(Mode::Refuse);
            let demand = Demand { callers: 8, events: 100, per_second: None };
            let load = Load::following(&stage.addresses.subscribe(), "backlog", demand);
            eventually("it is filled", FILL, async || (load.answered() * demand.events >= events).then_some(())).await;
            let oracle = load.finish().await;
            stage.gateway.stop(Signal::Terminate).await;

            let began = Instant::now();
            assert!(stage.gateway.try_restart().await, "it does not start");
            let ready = began.elapsed();
            let at_start = stage.gateway.process().peak_kib() / 1024;
            let recovered = stage.gateway.metrics().await.events("recovered");
            let back = Instant::now();
            stage.proxy.set(Mode::Pass);
            stage.gateway.drained().await;
            let drained = back.elapsed().as_secs_f64();
            let peak = stage.gateway.process().peak_kib() / 1024;
            told.send(format!(
                "{recovered} events waited; ready {:.2} s after the start, RSS {at_start} MiB then and {peak} MiB at most; \
                 drained in {drained:.1} s",
                ready.as_secs_f64()
            ))
            .unwrap_or_default();
            let allowed = Allowed { sets_aside: SetsAside::Nothing, strikes: 1, deaths: false, whole_events: false };
            judge(stage, oracle, 0, allowed).await
        })
        .await;
        line.note = note.try_recv().ok();
        line
    }
}
