//! Every metric as data: one table, in the way of an event.
//!
//! From it metrics are registered (`super::metrics`), the tables of `docs/metrics.md` are written, and the most series
//! that there can be are worked out (`bound`). A label names the closed list of its values, or the part of the configuration that
//! they come from; there is no third way, so that no request can make a series (promise P6).

pub mod bound;

mod dispatch;
mod filters;
mod ingest;
mod outbox;
mod persons;
mod process;
mod redis;

/// Metrics that are read together: a table of `docs/metrics.md`.
#[derive(Debug, Clone, Copy)]
pub struct Section {
    /// Its name in the marks around the table.
    pub name: &'static str,
    /// Its metrics.
    pub metrics: &'static [Definition],
}

/// The section of what is not ours to count.
pub(super) const LIBRARY: &str = "library";

/// All of them, in the way of an event.
pub const SECTIONS: &[Section] = &[
    Section { name: "ingest", metrics: ingest::METRICS },
    Section { name: "filters", metrics: filters::METRICS },
    Section { name: "persons", metrics: persons::METRICS },
    Section { name: "outbox", metrics: outbox::METRICS },
    Section { name: "redis", metrics: redis::METRICS },
    Section { name: "dispatch", metrics: dispatch::METRICS },
    Section { name: "process", metrics: process::METRICS },
    Section { name: LIBRARY, metrics: process::FROM_THE_LIBRARY },
];

/// One metric.
#[derive(Debug, Clone, Copy)]
pub struct Definition {
    /// As Prometheus knows it.
    pub name: &'static str,
    /// What is told of it at one moment.
    pub kind: Kind,
    /// What tells its series apart.
    pub labels: &'static [Label],
    /// What it says, in Markdown. The first sentence goes with it to Prometheus.
    pub meaning: &'static str,
    /// When somebody should look, in Markdown.
    pub worry: &'static str,
}

/// What kind of number a metric is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// Only grows, from 0 at the start of the process.
    Counter,
    /// Goes up and down.
    Gauge,
    /// A gauge that is 0 or 1.
    Switch,
    /// A gauge that is always 1; its labels tell.
    Info,
    /// Counts by size, up to each of these bounds.
    Histogram(&'static [f64]),
}

/// One label.
#[derive(Debug, Clone, Copy)]
pub struct Label {
    /// Its name.
    pub name: &'static str,
    /// What it can say.
    pub values: Values,
}

/// Where the values of a label come from. Never from a request.
#[derive(Debug, Clone, Copy)]
pub enum Values {
    /// The ids of the configuration's sites.
    Sites,
    /// The ids of the configuration's datasets, and of those whose events an outbox still holds.
    Datasets,
    /// The paths of the table of fields, `unknown`, the parameters of a request, and the properties that the site's policy names.
    Places,
    /// The names of the jurisdictions that the site's policy lists.
    Jurisdictions,
    /// One of these words.
    Words(fn() -> Vec<&'static str>),
    /// What goes with the labels before it: there is one for each, so it makes no further series.
    Follows,
    /// The same, and one of these words.
    FollowsWithin(fn() -> Vec<&'static str>),
}

const SITE: Label = Label { name: "site", values: Values::Sites };
const DATASET: Label = Label { name: "dataset", values: Values::Datasets };

/// For what takes from microseconds to half a minute.
const SECONDS: &[f64] = &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// For what takes microseconds an event.
const FAST_SECONDS: &[f64] =
    &[0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0];

const fn closed(name: &'static str, list: fn() -> Vec<&'static str>) -> Label {
    Label { name, values: Values::Words(list) }
}

const fn follows(name: &'static str) -> Label {
    Label { name, values: Values::Follows }
}

const fn follows_within(name: &'static str, list: fn() -> Vec<&'static str>) -> Label {
    Label { name, values: Values::FollowsWithin(list) }
}

/// All definitions.
pub fn all() -> impl Iterator<Item = &'static Definition> {
    SECTIONS.iter().flat_map(|section| section.metrics)
}

/// The one of this name.
pub fn named(name: &str) -> Option<&'static Definition> {
    all().find(|definition| definition.name == name)
}

/// The words that a label of a metric can say; none if it has no closed list.
pub fn words(metric: &str, label: &str) -> Vec<&'static str> {
    named(metric).and_then(|definition| definition.words(label)).unwrap_or_default()
}

impl Definition {
    /// The first sentence of the meaning, as plain text.
    pub fn help(&self) -> String {
        let first = self.meaning.split_once(". ").map_or(self.meaning, |(first, _)| first);
        format!("{}.", first.trim_end_matches('.').replace('`', ""))
    }

    /// Names of its labels.
    pub fn label_names(&self) -> Vec<&'static str> {
        self.labels.iter().map(|label| label.name).collect()
    }

    /// The words that a label can say, if it has a closed list.
    pub fn words(&self, label: &str) -> Option<Vec<&'static str>> {
        self.labels.iter().find(|own| own.name == label).and_then(|label| match label.values {
            Values::Words(list) | Values::FollowsWithin(list) => Some(list()),
            Values::Sites | Values::Datasets | Values::Places | Values::Jurisdictions | Values::Follows => None,
        })
    }
}
