//! Reads what `/metrics` says, and checks promise P5 on it.

use std::collections::BTreeMap;

use portcullis::telemetry::declared::{Definition, named};

/// Events accepted and not settled, of the gateway and of the Redis that it shares.
const PENDING: &str = "portcullis_outbox_pending_events";
/// Those of them that Redis could not take.
const IN_FILE: &str = "portcullis_outbox_file_events";

/// Every sample of one scrape.
#[derive(Debug, Clone)]
pub struct Metrics {
    text: String,
    samples: Vec<Sample>,
}

#[derive(Debug, Clone)]
struct Sample {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

impl Metrics {
    /// From the text format. Panics on a line that is none.
    pub fn parse(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let samples = lines.map(|line| sample(line).unwrap_or_else(|| panic!("not a sample: {line}"))).collect();
        Self { text: text.to_owned(), samples }
    }

    /// One scrape of many gateways that share a Redis. What is pending there is told by each of them and counted once; what waits in
    /// the file of one is told by that one alone.
    pub fn together(scrapes: &[Self]) -> Self {
        let shared = scrapes.iter().map(|one| one.pending().saturating_sub(one.in_file())).max().unwrap_or(0);
        let pending = shared + scrapes.iter().map(Self::in_file).sum::<u64>();
        let others = scrapes.iter().flat_map(|one| one.text.lines()).filter(|line| !line.starts_with(PENDING));
        let text: Vec<String> = others.map(str::to_owned).chain([format!("{PENDING} {pending}")]).collect();
        Self::parse(&text.join("\n"))
    }

    /// The text as it was scraped.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many series there are.
    pub fn series(&self) -> usize {
        self.samples.len()
    }

    /// How many series a metric has; a histogram has one for each bound, and three.
    pub fn series_of(&self, metric: &str) -> usize {
        self.samples.iter().filter(|sample| declared_of(&sample.name).is_some_and(|own| own.name == metric)).count()
    }

    /// Each value that a label has, with the name of the metric and that of the label.
    pub fn label_values(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.samples.iter().flat_map(|sample| {
            sample.labels.iter().map(|(label, value)| (sample.name.as_str(), label.as_str(), value.as_str()))
        })
    }

    /// What is not as it is declared: a metric, a label of one, or a word that is not in the closed list of its label.
    pub fn undeclared(&self) -> Vec<String> {
        self.samples.iter().filter_map(Sample::undeclared).collect()
    }

    /// The sum of a metric over all series that carry these labels. A metric without series is 0.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counters and gauges here are whole and small"
    )]
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> u64 {
        let carries = |sample: &&Sample| {
            sample.name == name && labels.iter().all(|(key, value)| sample.labels.get(*key).is_some_and(|has| has == value))
        };
        self.samples.iter().filter(carries).map(|sample| sample.value as u64).sum()
    }

    /// `portcullis_events_{what}_total`, over all series.
    pub fn events(&self, what: &str) -> u64 {
        self.sum(&format!("portcullis_events_{what}_total"), &[])
    }

    /// Events accepted and not settled.
    pub fn pending(&self) -> u64 {
        self.sum(PENDING, &[])
    }

    /// Those of them that wait in the file of the gateway and not in Redis.
    pub fn in_file(&self) -> u64 {
        self.sum(IN_FILE, &[])
    }

    /// Values removed from this field for this reason, over all sites.
    pub fn removed(&self, field: &str, reason: &str) -> u64 {
        self.sum("portcullis_fields_removed_total", &[("field", field), ("reason", reason)])
    }

    /// Promise P5, both halves: every event that came in, and every event that was kept, is accounted for.
    pub fn accounted(&self) -> Result<(), String> {
        let received = ["received"];
        let came_to = ["refused", "dropped", "duplicate", "turned_away", "accepted"];
        self.balance(&received, &came_to, 0)?;
        let kept = ["recovered", "accepted", "redriven"];
        let became = ["delivered", "quarantined", "expired", "purged", "withdrawn"];
        self.balance(&kept, &became, self.pending())
    }

    fn balance(&self, left: &[&str], right: &[&str], pending: u64) -> Result<(), String> {
        let total = |names: &[&str]| names.iter().map(|name| self.events(name)).sum::<u64>();
        if total(left) == total(right) + pending {
            return Ok(());
        }
        let list = |names: &[&str]| names.iter().map(|name| format!("{name} {}", self.events(name))).collect::<Vec<_>>();
        Err(format!(
            "not accounted for (P5): {} is not {} + pending {pending}",
            list(left).join(" + "),
            list(right).join(" + ")
        ))
    }
}

impl Sample {
    fn undeclared(&self) -> Option<String> {
        let Some(definition) = declared_of(&self.name) else { return Some(format!("{} is not declared", self.name)) };
        let mut labels: Vec<&str> = definition.label_names();
        labels.sort_unstable();
        let own = self.labels.keys().map(String::as_str).filter(|name| *name != "le");
        if !own.eq(labels.iter().copied()) {
            return Some(format!("{} has other labels than {labels:?}: {:?}", self.name, self.labels));
        }
        let is_foreign =
            |(label, value): &(&str, &String)| definition.words(label).is_some_and(|words| !words.contains(&value.as_str()));
        let foreign = labels.iter().filter_map(|label| Some((*label, self.labels.get(*label)?))).find(is_foreign);
        foreign.map(|(label, value)| format!("{}: {label} says {value}, which is not in its list", self.name))
    }
}

/// The metric that a series is of, if it is declared: those of a histogram have endings.
pub fn declared_of(series: &str) -> Option<&'static Definition> {
    let bare = || ["_bucket", "_sum", "_count"].iter().find_map(|ending| series.strip_suffix(ending));
    named(series).or_else(|| named(bare()?))
}

/// `name{label="value",…} 1` or `name 1`.
fn sample(line: &str) -> Option<Sample> {
    let (series, value) = line.rsplit_once(' ')?;
    let value = value.parse().ok()?;
    let Some((name, labels)) = series.split_once('{') else {
        return Some(Sample { name: series.to_owned(), labels: BTreeMap::new(), value });
    };
    Some(Sample { name: name.to_owned(), labels: pairs(labels.strip_suffix('}')?)?, value })
}

/// Label values may hold escaped quotes, commas and braces, so this goes by characters.
fn pairs(mut text: &str) -> Option<BTreeMap<String, String>> {
    let mut pairs = BTreeMap::new();
    while !text.is_empty() {
        let (name, rest) = text.split_once("=\"")?;
        let (mut value, mut escaped, mut end) = (String::new(), false, None);
        for (at, character) in rest.char_indices() {
            match (escaped, character) {
                (false, '\\') => {
                    escaped = true;
                    continue;
                }
                (false, '"') => {
                    end = Some(at);
                    break;
                }
                (true, 'n') => value.push('\n'),
                (_, other) => value.push(other),
            }
            escaped = false;
        }
        pairs.insert(name.trim_start_matches(',').to_owned(), value);
        text = rest.get(end? + 1..)?;
    }
    Some(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRAPE: &str = r#"
# HELP portcullis_events_received_total Events decoded from requests.
# TYPE portcullis_events_received_total counter
portcullis_events_received_total{site="shop",source="graph"} 10
portcullis_events_received_total{site="clinic",source="graph"} 2
portcullis_events_refused_total{site="shop"} 1
portcullis_events_dropped_total{site="shop",stage="pages",reason="page"} 3
portcullis_events_accepted_total{site="shop"} 8
portcullis_events_delivered_total{dataset="1"} 5
portcullis_outbox_pending_events 3
portcullis_policy_info{site="a \"b\", {c}",policy="x\\y"} 1
portcullis_request_seconds_sum{route="events"} 0.0123
"#;

    #[test]
    fn samples_are_summed_over_the_series_that_carry_the_labels() {
        let metrics = Metrics::parse(SCRAPE);
        assert_eq!(metrics.events("received"), 12);
        assert_eq!(metrics.sum("portcullis_events_received_total", &[("site", "shop")]), 10);
        assert_eq!(metrics.sum("portcullis_no_such_metric", &[]), 0);
        assert_eq!(metrics.sum("portcullis_policy_info", &[("site", "a \"b\", {c}"), ("policy", "x\\y")]), 1);
        assert_eq!(metrics.series(), 9);
    }

    #[test]
    fn accounting_holds_when_both_sides_agree() {
        assert_eq!(Metrics::parse(SCRAPE).accounted(), Ok(()));
    }

    #[test]
    fn what_gateways_share_is_counted_once() {
        let of =
            |pending: u64, in_file: u64| Metrics::parse(&format!("{PENDING} {pending}\n{IN_FILE} {in_file}\nx_total 2\n"));
        let together = Metrics::together(&[of(10, 0), of(13, 3), of(12, 2)]);
        assert_eq!((together.pending(), together.in_file(), together.sum("x_total", &[])), (15, 5, 6));
    }

    #[test]
    fn an_event_lost_on_the_way_in_is_noticed() {
        let why =
            Metrics::parse(&SCRAPE.replace("refused_total{site=\"shop\"} 1", "refused_total{site=\"shop\"} 0")).accounted();
        assert!(why.unwrap_err().contains("received 12 is not refused 0 + dropped 3"));
    }

    #[test]
    fn an_event_lost_on_the_way_out_is_noticed() {
        let why = Metrics::parse(&SCRAPE.replace("pending_events 3", "pending_events 2")).accounted();
        assert!(why.unwrap_err().ends_with("pending 2"));
    }
}
