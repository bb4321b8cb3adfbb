//! The figures that are there with Redis only: what it costs beside a plain client, how much is read at once, two gateways.

use std::fmt::Write as _;

use serde::Serialize;

use super::{Measured, median};
use crate::backlog::Backlog;
use crate::pair::{BATCH, DELAY, IN_FLIGHT, Pair};
use crate::plain::Plain;
use crate::run::Run;
use crate::usage::Cost;

/// One of each in a round.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Comparison {
    plain: Vec<Plain>,
    backlogs: Vec<Backlog>,
    pairs: Vec<Pair>,
}

impl Comparison {
    /// Takes it, and gives its line.
    pub(crate) fn add_plain(&mut self, round: usize, plain: Plain) -> String {
        let line = format!("round {round}     plain redis-server {}", said_of(&plain));
        self.plain.push(plain);
        line
    }

    /// Takes it, and gives its line.
    pub(crate) fn add_backlog(&mut self, round: usize, backlog: Backlog) -> String {
        self.backlogs.push(backlog);
        format!("round {round}   backlog {}", said_of_backlog(&backlog))
    }

    /// Takes it, and gives its line.
    pub(crate) fn add_pair(&mut self, round: usize, pair: Pair) -> String {
        self.pairs.push(pair);
        format!("round {round}      pair {}", said_of_pair(&pair))
    }

    /// The medians, as text; nothing without Redis.
    pub(super) fn table(&self, points: &[Measured]) -> String {
        let mut text = String::new();
        let shared: Vec<(&Measured, Cost)> =
            points.iter().filter_map(|measured| Some((measured, measured.run.redis?))).collect();
        if shared.is_empty() {
            return text;
        }
        let of = |figure: fn(&Plain) -> f64| median(self.plain.iter().map(figure).collect(), f64::total_cmp);
        let (add, whole) = (of(|plain| plain.add_us_per_event), of(|plain| plain.whole_us_per_event));
        text.push_str(
            "\n| events x connections | redis-server CPU us/event | x plain XADD | x plain XADD, read, XACK, XDEL | \
             commands/event | events/entry | entries/read | events/read |\n|---|---|---|---|---|---|---|---|\n",
        );
        for (Measured { point, .. }, cost) in shared {
            let beside =
                |plain: f64| if plain > 0.0 { format!("{:.2}", cost.cpu_us_per_event / plain) } else { "-".to_owned() };
            writeln!(
                text,
                "| {point} | {:.2} | {} | {} | {:.2} | {:.1} | {:.1} | {:.0} |",
                cost.cpu_us_per_event,
                beside(add),
                beside(whole),
                cost.commands_per_event,
                cost.events_per_entry,
                cost.entries_per_read,
                cost.events_per_read
            )
            .expect("a string takes text");
        }
        if let Some(plain) = self.plain.first() {
            let plain = Plain { add_us_per_event: add, whole_us_per_event: whole, ..plain.clone() };
            writeln!(text, "plain: redis-server {}", said_of(&plain)).expect("a string takes text");
        }
        if let Some(cost) = median_cost_of(&self.backlogs.iter().map(|backlog| &backlog.cost).collect::<Vec<_>>()) {
            let bytes = median(self.backlogs.iter().map(|backlog| backlog.bytes_per_entry).collect(), f64::total_cmp);
            writeln!(text, "backlog: {}", said_of_backlog(&Backlog { cost, bytes_per_entry: bytes }))
                .expect("a string takes text");
        }
        if !self.pairs.is_empty() {
            let of = |figure: fn(&Pair) -> f64| median(self.pairs.iter().map(figure).collect(), f64::total_cmp);
            let pair = Pair { one: of(|pair| pair.one), two: of(|pair| pair.two), bound: of(|pair| pair.bound) };
            writeln!(text, "pair: {}", said_of_pair(&pair)).expect("a string takes text");
        }
        text
    }
}

fn said_of(plain: &Plain) -> String {
    let Plain { event_bytes, pipeline, add_us_per_event, whole_us_per_event, .. } = plain;
    format!(
        "{add_us_per_event:.2} us CPU/event for XADD, {whole_us_per_event:.2} with XREADGROUP, XACK and XDEL \
         ({event_bytes} bytes an entry, {pipeline} at a time)"
    )
}

fn said_of_backlog(backlog: &Backlog) -> String {
    format!(
        "of entries of one event: {:.0} entries at each read, redis-server {:.2} us CPU/event to hand out and settle, {:.0} bytes of \
         memory each",
        backlog.cost.entries_per_read, backlog.cost.cpu_us_per_event, backlog.bytes_per_entry
    )
}

fn said_of_pair(pair: &Pair) -> String {
    let Pair { one, two, bound } = pair;
    format!(
        "one gateway delivers {one:.0} events/s, two deliver {two:.0}: x {:.2} (Meta answers after {} ms, {IN_FLIGHT} requests of \
         {BATCH} events in flight each: {bound:.0} events/s at most)",
        two / one,
        DELAY.as_millis()
    )
}

/// The median of each figure, where there is a Redis.
pub(super) fn median_cost(runs: &[&Run]) -> Option<Cost> {
    median_cost_of(&runs.iter().filter_map(|run| run.redis.as_ref()).collect::<Vec<_>>())
}

fn median_cost_of(costs: &[&Cost]) -> Option<Cost> {
    let of = |figure: fn(&Cost) -> f64| median(costs.iter().map(|cost| figure(cost)).collect(), f64::total_cmp);
    (!costs.is_empty()).then(|| Cost {
        cpu_us_per_event: of(|cost| cost.cpu_us_per_event),
        commands_per_event: of(|cost| cost.commands_per_event),
        events_per_entry: of(|cost| cost.events_per_entry),
        entries_per_read: of(|cost| cost.entries_per_read),
        events_per_read: of(|cost| cost.events_per_read),
    })
}
