//! Soak: a modest rate for an hour. Does anything grow: memory, open files, the disk?

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::tell;
use crate::callers::Callers;
use crate::latency::Latency;
use crate::meter::{Meter, Spent};
use crate::pace::Step;
use crate::request::Template;
use crate::run::Bench;
use crate::trend::Trend;
use crate::watch::Sample;

/// How often it is looked at, at most.
const LOOK: Duration = Duration::from_secs(10);
/// Looks at least, however short it is.
const LOOKS: u32 = 20;

/// What an hour showed.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Soak {
    pub(crate) minutes: f64,
    /// Events a second.
    pub(crate) rate: f64,
    pub(crate) events: u64,
    pub(crate) latency: Latency,
    pub(crate) spent: Spent,
    /// Requests answered 503.
    pub(crate) turned_away: u64,
    pub(crate) broken: u64,
    pub(crate) samples: Vec<Sample>,
}

/// A figure that must not grow.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) figure: fn(&Sample) -> f64,
}

pub(crate) const WATCHED: [Watched; 3] = [
    Watched { name: "memory", unit: "MiB", figure: |sample| sample.rss_mib },
    Watched { name: "open files", unit: "open files", figure: |sample| sample.descriptors },
    Watched { name: "disk", unit: "MiB", figure: |sample| sample.disk_mib },
];

impl Soak {
    /// One line for each figure: by how much it rises in an hour, and whether that is growth.
    pub(crate) fn verdicts(&self) -> Vec<String> {
        let verdict = |Watched { name, unit, figure }: &Watched| match Trend::of(&self.samples, *figure) {
            Some(trend) => {
                let word = if trend.grows() { "GROWTH" } else { "no growth" };
                let Trend { per_hour, error } = trend;
                format!("{name}: {word}, {per_hour:+.2} {unit} an hour, ± {:.2}", 2.0 * error)
            }
            None => format!("{name}: too few looks to tell"),
        };
        WATCHED.iter().map(verdict).collect()
    }
}

impl Bench {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of an hour")]
    pub(super) async fn soak(&self) -> Soak {
        let (rate, time) = (self.soak.rate, self.soak.time);
        let most = rate * time.as_secs_f64() + 1000.0;
        let meta = self.strict_meta_for(most as u64).await;
        let setup = self.setup(&meta);
        let mut server = self.start_gateway(meta, setup).await;
        let watch = server.watch(LOOK.min(time / LOOKS));
        let mut callers = Callers::connect(server.address(), self.point(), &Template::new()).await;
        let meter = Meter::start(&mut server, self.cores);
        let look = |sample: &Sample| {
            let Sample { seconds, rss_mib, descriptors, disk_mib, pending } = sample;
            tell(&format!(
                "{seconds:>7.1} s {rss_mib:.2} MiB {descriptors} files {disk_mib:.2} MiB on disk {pending} waiting"
            ));
        };
        let (kept, samples) = watch.during(callers.keep(&[Step { rate, time }]), look).await;
        let counts = kept.into_iter().next().expect("one step").counts;
        server.drained(counts.events).await;
        server.each_arrived_once().await;
        let spent = meter.read(&mut server, counts.events);
        drop(callers);
        server.finish().await;
        let soak = Soak {
            minutes: time.as_secs_f64() / 60.0,
            rate,
            events: counts.events,
            latency: Latency::of(&counts.latency),
            spent,
            turned_away: counts.turned_away,
            broken: counts.broken,
            samples,
        };
        soak.verdicts().iter().for_each(|line| tell(line));
        soak
    }
}
