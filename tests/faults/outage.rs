//! Meta away for long, and back: memory, how fast the backlog drains, and whether new events wait behind it.

use std::time::Duration;

use harness::{Demand, Load, Mode, eventually};
use tokio::time::Instant;

use crate::arguments;
use crate::fault::SetsAside;
use crate::judge::{Allowed, judge};
use crate::report::Line;
use crate::run::{Runs, caught};
use crate::stage::{Needs, Stage};

/// A backlog is gone when no more is pending than comes in within this time.
const RESIDUE: Duration = Duration::from_secs(2);
/// Longest wait for it.
const DRAIN: Duration = Duration::from_secs(1800);

impl Runs {
    /// So many minutes at so many events a second.
    #[expect(clippy::cast_precision_loss, reason = "counts of an hour")]
    pub(crate) async fn outage(&mut self, minutes: f64, rate: u32) -> Line {
        let executable = self.executable.clone();
        let (told, mut note) = tokio::sync::oneshot::channel();
        let mut line = caught("outage", async move {
            let time = arguments::minutes(minutes);
            // Those of the outage, and of a drain of ten minutes, with as many again in reserve.
            let ids = (time.as_secs() + 600) * u64::from(rate) * 2;
            let needs = Needs { many_ids: Some(ids), ..Needs::default() };
            let mut stage = Stage::start(&executable, needs).await;
            let demand = Demand { callers: 8, events: 20, per_second: Some(rate) };
            stage.proxy.set(Mode::Refuse);
            let began = Instant::now();
            let load = Load::following(&stage.addresses.subscribe(), "outage", demand);
            Stage::go_on(Duration::MAX, began + time).await;
            let outage = load.finish().await;
            let came_in = outage.issued() as f64 / began.elapsed().as_secs_f64();

            let pending = stage.gateway.metrics().await.pending();
            let back = Instant::now();
            stage.proxy.set(Mode::Pass);
            let load = Load::following(&stage.addresses.subscribe(), "after", demand);
            let residue = u64::from(rate) * RESIDUE.as_secs();
            eventually("the backlog drains", DRAIN, async || {
                (stage.gateway.metrics().await.pending() <= residue).then_some(())
            })
            .await;
            let drained = back.elapsed().as_secs_f64();
            let delivered = stage.gateway.metrics().await.events("delivered") as f64;
            let after = load.finish().await;
            let delays = after.delays_ms(&stage.meta.arrivals().await);
            let delay = |percent: usize| delays.get((delays.len() * percent / 100).min(delays.len().saturating_sub(1)));
            let peak = stage.gateway.process().peak_kib() / 1024;
            told.send(format!(
                "{:.0} events/s came in for {minutes} min, {pending} waited; RSS at most {peak} MiB; drained in {drained:.1} s at \
                 {:.0} events/s, {:.1} times as fast; new events meanwhile took {:?} / {:?} / {:?} ms (median, 99th percentile, most)",
                came_in,
                delivered / drained,
                delivered / drained / came_in,
                delay(50).copied().unwrap_or(0),
                delay(99).copied().unwrap_or(0),
                delays.last().copied().unwrap_or(0),
            ))
            .unwrap_or_default();
            let mut oracle = outage;
            oracle.merge(after);
            let allowed = Allowed { sets_aside: SetsAside::Nothing, strikes: 1, deaths: false, whole_events: false };
            judge(stage, oracle, 0, allowed).await
        })
        .await;
        line.note = note.try_recv().ok();
        line
    }
}
