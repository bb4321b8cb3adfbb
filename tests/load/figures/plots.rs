//! Which plots a report has, and what each shows.

use super::draw::{Axis, Curve, Panel, Plot, number};
use crate::arguments::Kind;
use crate::latency::Latency;
use crate::profile::{LargeBatches, ManySites, Sized, SlowMeta, Soak, Steady, WATCHED, Watched};
use crate::watch::Sample;

type Quantile = fn(&Latency) -> f64;

/// Latency over load.
pub(super) fn latency(steady: &Steady) -> Plot {
    let quantiles: [(&str, Quantile); 4] = [
        ("p50", |latency| latency.p50_ms),
        ("p90", |latency| latency.p90_ms),
        ("p99", |latency| latency.p99_ms),
        ("p99.9", |latency| latency.p999_ms),
    ];
    let curves = quantiles
        .map(|(name, quantile)| dotted(name, steady.loads.iter().map(|load| (load.percent, quantile(&load.latency)))));
    let x = Axis::linear(&format!("load, % of {} events/s", number(steady.capacity.round())), [100.0]);
    plot("Latency over load", vec![panel_log_y(x, "latency, ms", curves.into())])
}

/// CPU time an event over events a request.
pub(super) fn batches(large: &LargeBatches) -> Plot {
    #[expect(clippy::cast_precision_loss, reason = "a thousand at most")]
    let curves = beside_bare(&large.batches, |sized| sized.point.events as f64);
    let x = Axis::logarithmic("events a request", ends(&curves));
    plot("CPU time an event, as requests grow", vec![panel(x, "CPU time an event, µs", curves)])
}

/// CPU time an event over its size.
pub(super) fn sizes(large: &LargeBatches) -> Plot {
    #[expect(clippy::cast_precision_loss, reason = "fifty KiB at most")]
    let curves = beside_bare(&large.sizes, |sized| sized.event_bytes as f64 / 1024.0);
    let x = Axis::linear("size of an event, KiB", ends(&curves));
    plot("CPU time an event, as events grow", vec![panel(x, "CPU time an event, µs", curves)])
}

/// CPU time an event and memory over sites.
#[expect(clippy::cast_precision_loss, reason = "a thousand at most")]
pub(super) fn sites(many: &ManySites) -> Plot {
    let counts = || many.counts.iter().map(|one| (one.count as f64, one));
    let cpu = vec![dotted("CPU time", counts().map(|(sites, one)| (sites, one.spent.cpu_us_per_event)))];
    let memory = vec![dotted("at most", counts().map(|(sites, one)| (sites, one.peak_rss_mib)))];
    let x = || Axis::logarithmic("sites, each with a dataset of its own", counts().map(|(sites, _)| sites));
    let panels = vec![panel(x(), "CPU time an event, µs", cpu), panel(x(), "peak memory, MiB", memory)];
    plot("Cost as sites grow, at the same rate", panels)
}

/// What waits and memory, over time.
pub(super) fn slow(slow: &SlowMeta) -> Plot {
    let curves = |figure: fn(&Sample) -> f64| -> Vec<Curve> {
        let one = slow
            .cases
            .iter()
            .map(|case| curve(&case.meta, case.samples.iter().map(|sample| (sample.seconds, figure(sample)))));
        one.collect()
    };
    let (waiting, memory) = (curves(|sample| sample.pending), curves(|sample| sample.rss_mib));
    let x = || Axis::linear("time, s", ends(&waiting));
    let panels = vec![panel(x(), "events that wait", waiting.clone()), panel(x(), "memory, MiB", memory)];
    plot(&format!("Meta answers late, for {} s", number(slow.seconds)), panels)
}

/// Memory, open files and disk, over time.
pub(super) fn soak(soak: &Soak) -> Plot {
    let of = |Watched { name, unit, figure }: &Watched| {
        let curves = vec![curve(name, soak.samples.iter().map(|sample| (sample.seconds / 60.0, figure(sample))))];
        let y = if name == unit { (*name).to_owned() } else { format!("{name}, {unit}") };
        panel(Axis::linear("time, minutes", ends(&curves)), &y, curves)
    };
    let title = format!("{} minutes at {} events/s", number(soak.minutes), number(soak.rate));
    plot(&title, WATCHED.iter().map(of).collect())
}

fn beside_bare(all: &[Sized], at: fn(&Sized) -> f64) -> Vec<Curve> {
    let of = |kind: Kind, name: &str| {
        let its = all.iter().filter(|sized| sized.server == kind);
        dotted(name, its.map(|sized| (at(sized), sized.run.cpu_us_per_event)))
    };
    vec![of(Kind::Embedded, "gateway, delivery included"), of(Kind::Bare, "bare server, which only parses")]
}

fn plot(title: &str, panels: Vec<Panel>) -> Plot {
    Plot { title: title.to_owned(), panels }
}

fn panel(x: Axis, y: &str, curves: Vec<Curve>) -> Panel {
    let y = Axis::linear(y, curves.iter().flat_map(|curve| curve.points.iter().map(|(_, value)| *value)));
    Panel { x, y, curves }
}

fn panel_log_y(x: Axis, y: &str, curves: Vec<Curve>) -> Panel {
    let y = Axis::logarithmic(y, curves.iter().flat_map(|curve| curve.points.iter().map(|(_, value)| *value)));
    Panel { x, y, curves }
}

/// Where curves have points.
fn ends(curves: &[Curve]) -> Vec<f64> {
    curves.iter().flat_map(|curve| curve.points.iter().map(|(at, _)| *at)).collect()
}

fn curve(name: &str, points: impl Iterator<Item = (f64, f64)>) -> Curve {
    Curve { name: name.to_owned(), points: points.collect(), dotted: false }
}

fn dotted(name: &str, points: impl Iterator<Item = (f64, f64)>) -> Curve {
    Curve { dotted: true, ..curve(name, points) }
}
