//! Kills as fast as the gateway starts again.

use harness::{Demand, Load, eventually};
use std::time::Duration;

use crate::fault::SetsAside;
use crate::judge::Allowed;
use crate::report::Line;
use crate::run::{Runs, caught, rest};
use crate::stage::{Needs, Stage};
use tokio::time::Instant;

impl Runs {
    /// So many cycles: a little load, `kill -9` at a random moment, a start on the same data.
    pub(crate) async fn kills(&mut self, kills: u32) -> Line {
        let (executable, mut chance) = (self.executable.clone(), self.chance.fork());
        let mut line = caught("kills", async move {
            let mut stage = Stage::start(&executable, Needs::default()).await;
            let demand = Demand { callers: 3, events: 2, per_second: None };
            let load = Load::following(&stage.addresses.subscribe(), "kills", demand);
            for _ in 0..kills {
                let enough = load.answered() + chance.below(12);
                eventually("the load is answered", Duration::from_secs(60), async || {
                    (load.answered() >= enough).then_some(())
                })
                .await;
                // Not a wait for something, but the random moment itself.
                let moment = Duration::from_micros(chance.below(40_000));
                Stage::go_on(moment, Instant::now() + moment).await;
                stage.kill().await;
            }
            let allowed = Allowed { sets_aside: SetsAside::Nothing, strikes: 0, deaths: true, whole_events: true };
            rest(stage, load, allowed).await
        })
        .await;
        line.note = Some(format!(
            "{} kills in {:.0} s, {:.2} s each; 0 lost, {} repeats, {} set aside as in hand at several deaths",
            line.figures.kills,
            line.seconds,
            line.seconds / f64::from(kills.max(1)),
            line.figures.repeats,
            line.figures.quarantined
        ))
        .filter(|_| line.problem.is_none());
        line
    }
}
