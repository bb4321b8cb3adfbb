//! The report in Markdown: for each profile what was done, a plot, a table, and the command that measures it again.

use std::fmt::Write as _;

use super::draw::number;
use super::{Figures, Made, Section};
use crate::arguments::Kind;
use crate::latency::Latency;
use crate::profile::{Burst, LargeBatches, ManySites, Sized, SlowMeta, Soak, Steady};
use crate::watch::{Sample, peak};

const METHOD: &str = "\
Each server runs in a process and on a core of its own; callers, and the stand-in for Meta, share another. The gateway has its \
defaults, its outbox in a file that is synced before a caller is answered, and the policy above; nothing is switched off. CPU time is \
that of its whole process, delivery included, as the system accounts it. `load` ends with an error unless everything that was owed \
arrived: what was answered was accepted, what was accepted was delivered, and as many events arrived at the stand-in; in *slow Meta* \
and in the soak the stand-in knows each event by its id, and saw it once.

*Capacity* is what 64 callers get answered who each send an event, wait for the answer and send the next (a closed loop). Where a rate is \
kept, each request is due at a moment and its latency counts from that moment, so that a server that stalls cannot hide it \
(coordinated omission); a tenth of a millisecond of each latency is the clock of the callers. *Others* is what other processes took of \
the core of the server: the more, the less a figure is worth.
";

impl Figures {
    /// The whole report.
    pub(super) fn page(&self) -> String {
        let mut text =
            String::from("# Load\n\nWritten by `load`, with the plots, from `figures.json`; not edited by hand.\n");
        let mut known: Vec<&Made> = Vec::new();
        for made in self.made() {
            if !known.iter().any(|one| one.is_like(made)) {
                text += &machine(made);
                known.push(made);
            }
        }
        text += "\n## How it was measured\n\n";
        text += METHOD;
        for part in [
            self.steady.as_ref().map(|section| part(section, steady)),
            self.large_batches.as_ref().map(|section| part(section, large_batches)),
            self.many_sites.as_ref().map(|section| part(section, many_sites)),
            self.burst.as_ref().map(|section| part(section, burst)),
            self.slow_meta.as_ref().map(|section| part(section, slow_meta)),
            self.soak.as_ref().map(|section| part(section, soak)),
        ] {
            text += &part.unwrap_or_default();
        }
        text
    }

    fn made(&self) -> impl Iterator<Item = &Made> {
        let Self { steady, burst, many_sites, large_batches, slow_meta, soak } = self;
        let all = [
            steady.as_ref().map(|section| &section.made),
            large_batches.as_ref().map(|section| &section.made),
            many_sites.as_ref().map(|section| &section.made),
            burst.as_ref().map(|section| &section.made),
            slow_meta.as_ref().map(|section| &section.made),
            soak.as_ref().map(|section| &section.made),
        ];
        all.into_iter().flatten()
    }
}

fn machine(made: &Made) -> String {
    let Made { gateway, cargo, system, processor, memory_gib, cores, policy, .. } = made;
    format!("\n{gateway}, {cargo}; {processor}, {memory_gib} GiB, {system}; {cores}; policy `{policy}`.\n")
}

fn part<T>(section: &Section<T>, of: fn(&T) -> String) -> String {
    let Section { made, figures } = section;
    let warning = if made.optimized { "" } else { "\nNOT OPTIMIZED: these figures mean nothing; use --release.\n" };
    format!("{}{warning}\n{}:\n\n```sh\n{}\n```\n", of(figures), made.date, made.command)
}

fn steady(steady: &Steady) -> String {
    let rows = steady.loads.iter().map(|load| {
        let Latency { p50_ms, p90_ms, p99_ms, p999_ms, .. } = load.latency;
        vec![
            number(load.percent),
            whole(load.rate),
            whole(load.answered_per_second),
            fine(p50_ms),
            fine(p90_ms),
            fine(p99_ms),
            fine(p999_ms),
            fine(load.spent.cpu_us_per_event),
            load.turned_away.to_string(),
            whole(load.spent.others_percent),
        ]
    });
    format!(
        "\n## Latency over load\n\nCapacity: {} events/s. One event a request, {} connections.\n\n![Latency over load](latency.svg)\n\n{}",
        whole(steady.capacity),
        steady.connections,
        table(
            &["load %", "due/s", "answered/s", "p50 ms", "p90 ms", "p99 ms", "p99.9 ms", "CPU µs/event", "503", "others %"],
            rows
        )
    )
}

fn large_batches(large: &LargeBatches) -> String {
    let head = |first| {
        [
            first,
            "gateway, CPU µs/event",
            "bare",
            "ratio",
            "events/s",
            "p50 ms",
            "p99 ms",
            "peak so far MiB",
            "503",
            "others %",
        ]
    };
    let batches = beside_bare(&large.batches, |sized| sized.point.events);
    let sizes = beside_bare(&large.sizes, |sized| sized.event_bytes);
    let of_batches = large.batches.first().map_or(0, |sized| sized.event_bytes);
    let connections = |all: &[Sized]| all.first().map_or(0, |sized| sized.point.connections);
    let events = large.sizes.first().map_or(0, |sized| sized.point.events);
    format!(
        "\n## CPU time an event, as requests and events grow\n\nIn a closed loop, beside a server of the same HTTP library and allocator \
         that parses the events, answers, and does nothing else.\n\nEvents of {of_batches} bytes, {} connections:\n\n![CPU time an event, as \
         requests grow](batches.svg)\n\n{}\n{events} events a request, {} connections; an event grows by goods, which the policy looks \
         through:\n\n![CPU time an event, as events grow](sizes.svg)\n\n{}",
        connections(&large.batches),
        table(&head("events a request"), batches),
        connections(&large.sizes),
        table(&head("bytes an event"), sizes)
    )
}

/// A row for each load: the gateway, and what the bare server took for the same.
fn beside_bare(all: &[Sized], first: fn(&Sized) -> usize) -> Vec<Vec<String>> {
    let of = |kind: Kind| all.iter().filter(move |sized| sized.server == kind);
    let row = |(gateway, bare): (&Sized, &Sized)| {
        let (run, least) = (&gateway.run, bare.run.cpu_us_per_event);
        vec![
            first(gateway).to_string(),
            fine(run.cpu_us_per_event),
            fine(least),
            fine(run.cpu_us_per_event / least),
            whole(run.events_per_second),
            fine(run.p50_ms),
            fine(run.p99_ms),
            whole(run.peak_rss_mib),
            run.turned_away.to_string(),
            whole(run.others_percent),
        ]
    };
    of(Kind::Embedded).zip(of(Kind::Bare)).map(row).collect()
}

fn many_sites(many: &ManySites) -> String {
    let rows = many.counts.iter().map(|one| {
        vec![
            one.count.to_string(),
            fine(one.spent.cpu_us_per_event),
            fine(one.events_per_delivery),
            fine(one.latency.p50_ms),
            fine(one.latency.p99_ms),
            whole(one.start_rss_mib),
            whole(one.peak_rss_mib),
            fine(one.start_seconds),
            one.turned_away.to_string(),
            whole(one.spent.others_percent),
        ]
    });
    format!(
        "\n## Cost as sites grow\n\n{} events/s in all, shared by so many sites, each with a key, a policy and a dataset. Each dataset has \
         requests to Meta of its own, so the more there are, the fewer events a request holds.\n\n![Cost as sites grow](sites.svg)\n\n{}",
        whole(many.rate),
        table(
            &[
                "sites",
                "CPU µs/event",
                "events a request to Meta",
                "p50 ms",
                "p99 ms",
                "MiB at start",
                "peak MiB",
                "start s",
                "503",
                "others %"
            ],
            rows
        )
    )
}

fn burst(burst: &Burst) -> String {
    format!(
        "\n## A burst\n\nAt first {} events/s, a fifth of capacity, with a p99 of {} ms. Then ten times as much, {} events/s, for {} s: twice as \
         much as can be answered meanwhile.\n\n{}",
        whole(burst.before_rate),
        fine(burst.before.p99_ms),
        whole(burst.rate),
        fine(burst.seconds),
        table(
            &["events", "p50 ms", "p99 ms", "all answered after s", "all delivered after s", "503", "peak MiB"],
            [vec![
                burst.events.to_string(),
                whole(burst.during.p50_ms),
                whole(burst.during.p99_ms),
                fine(burst.answered_after_seconds),
                fine(burst.drained_after_seconds),
                burst.turned_away.to_string(),
                whole(burst.peak_rss_mib),
            ]]
        )
    )
}

fn slow_meta(slow: &SlowMeta) -> String {
    let rows = slow.cases.iter().map(|case| {
        let most = |figure: fn(&Sample) -> f64| whole(peak(&case.samples, figure));
        vec![
            case.meta.clone(),
            fine(case.latency.p50_ms),
            fine(case.latency.p99_ms),
            case.turned_away.to_string(),
            most(|sample| sample.pending),
            most(|sample| sample.rss_mib),
            most(|sample| sample.disk_mib),
            fine(case.drain_seconds),
        ]
    });
    format!(
        "\n## Slow Meta\n\n{} events/s, a quarter of capacity, for {} s; then Meta answers at once again. The disk holds 16 MiB of reserve \
         from the start.\n\n![Slow Meta](slow.svg)\n\n{}",
        whole(slow.rate),
        number(slow.seconds),
        table(
            &[
                "Meta answers",
                "p50 ms",
                "p99 ms",
                "503",
                "most that waited",
                "most memory MiB",
                "most disk MiB",
                "caught up after s"
            ],
            rows
        )
    )
}

fn soak(soak: &Soak) -> String {
    let verdicts = soak.verdicts().iter().fold(String::new(), |text, line| text + "- " + line + "\n");
    let Soak { minutes, rate, events, latency, spent, turned_away, .. } = soak;
    format!(
        "\n## A soak\n\n{} minutes at {} events/s, {events} events: p50 {} ms, p99 {} ms, p99.9 {} ms, {} µs of CPU an event, {turned_away} \
         times 503, others {} %. A line through the second half, with twice its standard error:\n\n{verdicts}\n![The soak](soak.svg)\n",
        number(*minutes),
        whole(*rate),
        fine(latency.p50_ms),
        fine(latency.p99_ms),
        fine(latency.p999_ms),
        fine(spent.cpu_us_per_event),
        whole(spent.others_percent),
    )
}

fn whole(value: f64) -> String {
    number(value.round())
}

fn fine(value: f64) -> String {
    if value < 100.0 { format!("{value:.2}") } else { whole(value) }
}

fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut text = format!("| {} |\n|{}\n", head.join(" | "), "---:|".repeat(head.len()));
    for row in rows {
        writeln!(text, "| {} |", row.join(" | ")).expect("a string takes text");
    }
    text
}
