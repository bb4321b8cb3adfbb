//! The figures, as a table for people and as JSON for programs.

mod redis;

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, UNIX_EPOCH};

use serde::Serialize;

use crate::arguments::{Arguments, Fsync, Kind, Point};
use crate::cores::Cores;
use crate::figures::{processor, said_by};
use crate::mix::Mixed;
use crate::request::Template;
use crate::run::Run;
pub(crate) use redis::Comparison;

/// One run, and of what.
#[derive(Debug, Serialize)]
pub(crate) struct Measured {
    pub(crate) server: Kind,
    #[serde(flatten)]
    pub(crate) point: Point,
    #[serde(flatten)]
    pub(crate) run: Run,
}

/// Everything about a measurement.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    date: String,
    portcullis: &'static str,
    executable: String,
    optimized: bool,
    cargo: String,
    system: String,
    processor: String,
    cores: Cores,
    policy: String,
    appendfsync: Fsync,
    event_bytes: usize,
    seconds: f64,
    rounds: usize,
    load: &'static str,
    /// The medians of all rounds.
    points: Vec<Measured>,
    /// CPU time an event and events a second, each divided by that of the bare server; medians.
    ratios_to_bare: Vec<Ratio>,
    runs: Vec<Measured>,
    mixed: Vec<Mixed>,
    /// What is measured with Redis only.
    redis: Comparison,
}

/// A server beside the bare one.
#[derive(Debug, Serialize)]
struct Ratio {
    server: Kind,
    #[serde(flatten)]
    point: Point,
    cpu: f64,
    events_per_second: f64,
}

impl Report {
    /// A report without figures.
    pub(crate) fn new(arguments: &Arguments, gateway: &Path, cores: Cores) -> Self {
        let date = || httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(harness::now_secs()));
        let name = gateway.file_name().unwrap_or_default().to_string_lossy();
        Self {
            date: arguments.date.clone().unwrap_or_else(date),
            portcullis: portcullis::VERSION,
            executable: name.into_owned(),
            optimized: !cfg!(debug_assertions),
            cargo: said_by(Command::new(env!("CARGO")).arg("--version")),
            system: said_by(Command::new("uname").args(["-s", "-r", "-m"])),
            processor: processor(),
            cores,
            policy: arguments.policy.clone(),
            appendfsync: arguments.appendfsync,
            event_bytes: Template::new().event_bytes(),
            seconds: arguments.time().as_secs_f64(),
            rounds: arguments.rounds,
            load: "closed loop: a connection sends its next request when the last one is answered",
            points: Vec::new(),
            ratios_to_bare: Vec::new(),
            runs: Vec::new(),
            mixed: Vec::new(),
            redis: Comparison::default(),
        }
    }

    /// What is measured, where and how.
    pub(crate) fn head(&self) -> String {
        let Self { date, portcullis, cargo, system, processor, cores, policy, event_bytes, seconds, rounds, .. } = self;
        let warning = if self.optimized { "" } else { "\nNOT OPTIMIZED: these figures mean nothing; use --release" };
        format!(
            "portcullis {portcullis}, {date}\n{processor}, {system}, {cargo}\n{cores}\npolicy {policy}, events of {event_bytes} \
             bytes, {rounds} round(s) of {seconds} s, closed loop{warning}"
        )
    }

    pub(crate) fn add(&mut self, measured: Measured) {
        self.runs.push(measured);
        self.summarize();
    }

    pub(crate) fn add_mix(&mut self, mixed: Mixed) {
        self.mixed.push(mixed);
    }

    /// What is measured with Redis only.
    pub(crate) fn redis(&mut self) -> &mut Comparison {
        &mut self.redis
    }

    fn summarize(&mut self) {
        let mut keys: Vec<(Point, Kind)> = Vec::new();
        for measured in &self.runs {
            if !keys.contains(&(measured.point, measured.server)) {
                keys.push((measured.point, measured.server));
            }
        }
        let runs_of = |point: Point, server: Kind| -> Vec<&Run> {
            let of_both = |measured: &&Measured| measured.point == point && measured.server == server;
            self.runs.iter().filter(of_both).map(|measured| &measured.run).collect()
        };
        let points: Vec<Measured> = keys
            .into_iter()
            .map(|(point, server)| Measured { server, point, run: median_run(&runs_of(point, server)) })
            .collect();
        let ratio = |one: &Measured| {
            let bare = points.iter().find(|other| other.server == Kind::Bare && other.point == one.point)?;
            Some(Ratio {
                server: one.server,
                point: one.point,
                cpu: one.run.cpu_us_per_event / bare.run.cpu_us_per_event,
                events_per_second: one.run.events_per_second / bare.run.events_per_second,
            })
        };
        self.ratios_to_bare = points.iter().filter_map(ratio).collect();
        self.points = points;
    }

    /// The medians, as a table.
    pub(crate) fn table(&self) -> String {
        let mut text = String::from(
            "| events x connections | server | CPU us/event | x bare | events/s | p50 ms | p99 ms | peak RSS MiB | drain s | 503 | others % |\n\
             |---|---|---|---|---|---|---|---|---|---|---|\n",
        );
        for Measured { server, point, run } in &self.points {
            let ratio = self.ratios_to_bare.iter().find(|ratio| ratio.server == *server && ratio.point == *point);
            let ratio = ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{:.2}", ratio.cpu));
            writeln!(
                text,
                "| {point} | {server} | {:.2} | {ratio} | {:.0} | {:.2} | {:.2} | {:.0} | {:.1} | {} | {:.0} |",
                run.cpu_us_per_event,
                run.events_per_second,
                run.p50_ms,
                run.p99_ms,
                run.peak_rss_mib,
                run.drain_seconds,
                run.turned_away,
                run.others_percent
            )
            .expect("a string takes text");
        }
        for mixed in &self.mixed {
            writeln!(text, "{}", mixed_line(1, mixed)).expect("a string takes text");
        }
        text + &self.redis.table(&self.points)
    }

    pub(crate) fn json(&self) -> String {
        serde_json::to_string_pretty(self).expect("figures and texts can be written")
    }
}

/// One run, on one line.
pub(crate) fn line(round: usize, server: Kind, point: Point, run: &Run) -> String {
    let Run { cpu_us_per_event, events_per_second, p50_ms, p99_ms, peak_rss_mib, .. } = run;
    format!(
        "round {round} {point:>9} {server:<9} {cpu_us_per_event:>7.2} us CPU/event {events_per_second:>8.0} events/s \
         p50 {p50_ms:>8.2} ms  p99 {p99_ms:>8.2} ms  {peak_rss_mib:>5.0} MiB  drain {:.1} s  503 {}  broken {}  others {:.0} %",
        run.drain_seconds, run.turned_away, run.broken, run.others_percent
    )
}

/// Small requests without and with large ones, on one line.
pub(crate) fn mixed_line(round: usize, mixed: &Mixed) -> String {
    let Mixed { server, alone_p50_ms, alone_p99_ms, beside_p50_ms, beside_p99_ms, large_per_second } = mixed;
    format!(
        "round {round}       mix {server:<9} p99 of small requests {alone_p99_ms:.2} ms alone, {beside_p99_ms:.2} ms beside \
         {large_per_second:.1} large ones/s: x {:.2} (p50 {alone_p50_ms:.2} and {beside_p50_ms:.2} ms)",
        beside_p99_ms / alone_p99_ms
    )
}

/// The median of each figure.
fn median_run(runs: &[&Run]) -> Run {
    let of = |figure: fn(&Run) -> f64| median(runs.iter().map(|run| figure(run)).collect(), f64::total_cmp);
    let count = |figure: fn(&Run) -> u64| median(runs.iter().map(|run| figure(run)).collect(), u64::cmp);
    Run {
        cpu_us_per_event: of(|run| run.cpu_us_per_event),
        others_percent: of(|run| run.others_percent),
        events_per_second: of(|run| run.events_per_second),
        p50_ms: of(|run| run.p50_ms),
        p99_ms: of(|run| run.p99_ms),
        peak_rss_mib: of(|run| run.peak_rss_mib),
        drain_seconds: of(|run| run.drain_seconds),
        turned_away: count(|run| run.turned_away),
        broken: count(|run| run.broken),
        events: count(|run| run.events),
        redis: redis::median_cost(runs),
    }
}

/// The middle one; of two, the lower.
fn median<T: Copy + Default>(mut values: Vec<T>, order: fn(&T, &T) -> std::cmp::Ordering) -> T {
    values.sort_by(order);
    values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or_default()
}
