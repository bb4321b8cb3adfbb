//! The tables of `docs/metrics.md`, made from the declarations.

use std::fmt::Write as _;

use portcullis::telemetry::declared::bound::{Extent, most_series};
use portcullis::telemetry::declared::{Definition, Kind, SECTIONS, all};

/// Every table with its name: one for each section, and that of the bound.
pub(crate) fn tables() -> Vec<(&'static str, String)> {
    let sections = SECTIONS.iter().map(|section| (section.name, section_table(section.metrics)));
    sections.chain([("series", series_table())]).collect()
}

fn section_table(metrics: &[Definition]) -> String {
    let mut table = "| name | type | labels | meaning | when to worry |\n|---|---|---|---|---|\n".to_owned();
    for Definition { name, kind, labels, meaning, worry } in metrics {
        let labels: Vec<String> = labels.iter().map(|label| format!("`{}`", label.name)).collect();
        let kind = kind_in_words(*kind);
        writeln!(table, "| `{name}` | {kind} | {} | {meaning} | {worry} |", labels.join(", ")).unwrap();
    }
    table
}

fn kind_in_words(kind: Kind) -> &'static str {
    match kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Switch => "gauge, 0 or 1",
        Kind::Info => "gauge, 1",
        Kind::Histogram(_) => "histogram",
    }
}

/// The bound is a sum of products, so what each part adds can be told apart.
fn series_table() -> String {
    let none = Extent::default();
    let rows = [
        ("each site", Extent { sites: 1, ..none }),
        ("each property that its policy names", Extent { properties: 1, ..none }),
        ("each jurisdiction that it lists", Extent { jurisdictions: 1, ..none }),
        ("each dataset", Extent { datasets: 1, ..none }),
    ];
    let fixed = most_series(none);
    let mut table = "| for | at most so many series | most of them |\n|---|---|---|\n".to_owned();
    writeln!(table, "| the process | {fixed} | {} |", largest(none, None)).unwrap();
    for (what, extent) in rows {
        writeln!(table, "| {what} | {} | {} |", most_series(extent) - fixed, largest(extent, Some(none))).unwrap();
    }
    table
}

/// The metric that adds the most, and how many.
fn largest(extent: Extent, beside: Option<Extent>) -> String {
    let adds = |metric: &Definition| metric.most_series(extent) - beside.map_or(0, |beside| metric.most_series(beside));
    let largest = all().max_by_key(|metric| adds(metric)).unwrap();
    format!("`{}`: {}", largest.name, adds(largest))
}
