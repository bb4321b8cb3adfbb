//! Profiles: kinds of load that tell more than one point does. All but `soak` begin with what the gateway can do at most, by which
//! their rates are chosen, so that figures of different machines can be laid side by side.
//!
//! Each ends with the accounts of everything that was owed: what was answered so was accepted, delivered, and arrived, in number; where
//! Meta is slow and in the soak also by the id of each event, once and no more. No speed is judged.

mod burst;
mod large_batches;
mod many_sites;
mod slow_meta;
mod soak;
mod steady;

pub(crate) use burst::Burst;
pub(crate) use large_batches::{LargeBatches, Sized};
pub(crate) use many_sites::ManySites;
pub(crate) use slow_meta::SlowMeta;
pub(crate) use soak::{Soak, WATCHED, Watched};
pub(crate) use steady::Steady;

use crate::arguments::{Kind, Point, Profile};
use crate::run::Bench;

/// Figures of profiles that were run.
#[derive(Debug)]
pub(crate) enum Measured {
    Steady(Steady),
    Burst(Burst),
    ManySites(ManySites),
    LargeBatches(LargeBatches),
    SlowMeta(SlowMeta),
    Soak(Soak),
}

impl Bench {
    /// How it is called by who keeps a rate: as by many servers of a shop, an event each.
    fn point(&self) -> Point {
        Point { events: 1, connections: self.connections }
    }

    /// Events a second that the gateway takes at most when it is called in this way.
    pub(crate) async fn capacity(&self) -> f64 {
        let run = self.run(Kind::Embedded, self.point()).await;
        let capacity = run.events_per_second.max(1.0);
        tell(&format!("capacity: {capacity:.0} events/s, others {:.0} %", run.others_percent));
        capacity
    }

    /// Runs one. `capacity` is of this machine.
    pub(crate) async fn profile(&self, profile: Profile, capacity: f64) -> Measured {
        match profile {
            Profile::Steady => Measured::Steady(self.steady(capacity).await),
            Profile::Burst => Measured::Burst(self.burst(capacity).await),
            Profile::ManySites => Measured::ManySites(self.many_sites(capacity).await),
            Profile::LargeBatches => Measured::LargeBatches(self.large_batches().await),
            Profile::SlowMeta => Measured::SlowMeta(self.slow_meta(capacity).await),
            Profile::Soak => Measured::Soak(self.soak().await),
        }
    }
}

/// What is under way, for who waits.
#[expect(clippy::print_stdout, reason = "a program that prints its results")]
pub(crate) fn tell(line: &str) {
    println!("{line}");
}
