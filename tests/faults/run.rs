//! One run: a fresh stage, a load, faults that come and go for a time, then rest and judgement.
//!
//! Whatever fails in it is a panic of the harness, which is caught here and becomes a line of the table.

use std::time::Duration;

use harness::{Chance, Demand, Executable, Load, eventually};
use tokio::task::{JoinError, LocalSet};
use tokio::time::Instant;

use crate::fault::{ALL, Act, Fault, SetsAside};
use crate::judge::{Allowed, Figures, judge};
use crate::report::Line;
use crate::stage::{Needs, Stage};

/// What runs have in common.
#[derive(Debug)]
pub(crate) struct Runs {
    pub(crate) executable: Executable,
    pub(crate) chance: Chance,
    /// Whether the executable can be made to fail from the inside.
    pub(crate) failpoints: bool,
}

impl Runs {
    pub(crate) async fn new(executable: Executable, chance: Chance) -> Self {
        let failpoints = executable.has_failpoints().await;
        Self { executable, chance, failpoints }
    }

    /// A fault alone, again and again.
    pub(crate) async fn alone(&mut self, fault: &'static Fault, time: Duration, rate: u32) -> Line {
        let (executable, mut chance) = (self.executable.clone(), self.chance.fork());
        let needs = Needs::of(fault.act);
        caught(fault.name, async move {
            let mut stage = Stage::start(&executable, needs).await;
            let load = Load::following(&stage.addresses.subscribe(), fault.name, demand(rate, needs));
            answers_again(&load).await;
            let end = Instant::now() + time;
            let mut strikes = 0;
            while strikes == 0 || Instant::now() < end {
                stage.strike(fault.act, &load, &mut chance).await;
                strikes += 1;
                Stage::go_on(Duration::from_millis(200 + chance.below(1300)), end).await;
                stage.relieve(fault.act).await;
                answers_again(&load).await;
                Stage::go_on(Duration::from_millis(50 + chance.below(500)), end).await;
            }
            let allowed = Allowed { sets_aside: fault.sets_aside, strikes, deaths: fault.act.kills(), whole_events: true };
            rest(stage, load, allowed).await
        })
        .await
    }

    /// Faults at random, often two at once, and kills among them.
    pub(crate) async fn mixed(&mut self, time: Duration, rate: u32) -> Line {
        let needs = Needs { everything_on: self.chance.one_in(2), ..Needs::default() };
        let (executable, mut chance) = (self.executable.clone(), self.chance.fork());
        let failpoints = self.failpoints;
        caught(if needs.everything_on { "mixed, all on" } else { "mixed" }, async move {
            let mut stage = Stage::start(&executable, needs).await;
            let load = Load::following(&stage.addresses.subscribe(), "mixed", demand(rate, needs));
            let fit = |fault: &&Fault| {
                fault.act.mixes()
                    && (failpoints || !fault.act.needs_failpoints())
                    && !matches!(fault.sets_aside, SetsAside::AtMost(_))
            };
            let faults: Vec<&'static Fault> = ALL.iter().filter(fit).collect();
            answers_again(&load).await;
            let end = Instant::now() + time;
            while Instant::now() < end {
                let [first, second] = [chance.pick(&faults), chance.pick(&faults)];
                stage.strike(first.act, &load, &mut chance).await;
                Stage::go_on(Duration::from_millis(chance.below(400)), end).await;
                if chance.one_in(2) {
                    stage.strike(second.act, &load, &mut chance).await;
                    Stage::go_on(Duration::from_millis(chance.below(800)), end).await;
                    stage.relieve(second.act).await;
                }
                if chance.one_in(3) {
                    stage.strike(Act::Kill, &load, &mut chance).await;
                    Stage::go_on(Duration::from_millis(chance.below(400)), end).await;
                }
                stage.relieve(first.act).await;
                answers_again(&load).await;
                Stage::go_on(Duration::from_millis(chance.below(300)), end).await;
            }
            let allowed = Allowed { sets_aside: SetsAside::Poison, strikes: 0, deaths: true, whole_events: true };
            rest(stage, load, allowed).await
        })
        .await
    }
}

/// Small requests, and more of them than the outbox takes where it is to become full.
fn demand(rate: u32, needs: Needs) -> Demand {
    Demand { callers: 4, events: 5, per_second: (!needs.small_outbox).then_some(rate) }
}

/// The first answer of a process takes its time in a debug build, and a strike before it would strike nothing.
async fn answers_again(load: &Load) {
    let before = load.answered();
    eventually("callers are answered", Duration::from_secs(60), async || (load.answered() > before).then_some(())).await;
}

/// Everything is well again; what was promised must come.
pub(crate) async fn rest(stage: Stage, load: Load, allowed: Allowed) -> Figures {
    let turned_away = load.turned_away();
    let oracle = load.finish().await;
    assert!(oracle.owed() > 0, "nothing was answered 2xx");
    judge(stage, oracle, turned_away, allowed).await
}

/// Runs it, and makes a line of whatever became of it.
pub(crate) async fn caught(name: &str, run: impl Future<Output = Figures> + 'static) -> Line {
    let started = Instant::now();
    let local = LocalSet::new();
    let ended = local.run_until(local.spawn_local(run)).await;
    let seconds = started.elapsed().as_secs_f64();
    let (figures, problem) = match ended {
        Ok(figures) => (figures, None),
        Err(error) => (Figures::default(), Some(reason(error))),
    };
    let line = Line { name: name.to_owned(), seconds, figures, problem, note: None };
    line.print();
    line
}

fn reason(error: JoinError) -> String {
    let panic = match error.try_into_panic() {
        Ok(panic) => panic,
        Err(error) => return error.to_string(),
    };
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_else(|| "a panic".to_owned())
}
