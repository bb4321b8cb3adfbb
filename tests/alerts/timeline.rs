//! Hours and days made of real scrapes: the input of `promtool test rules`.
//!
//! What a gateway told before and after a piece of real time is taken for what each ten minutes bring: counters go on by their
//! difference, gauges stay as they were told last. Two things run with the time of the line, since they are times: the age of
//! what waits, and moments that a gateway names. Nothing else is made up. Buckets are left out, as no alert reads them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use harness::{Metrics, now_secs, promtool};

use crate::root;

/// A step of the line, in seconds: of scrapes and of evaluations alike, as a smaller one would only cost time.
const STEP_SECS: u64 = 600;
/// Steps of an hour.
pub(crate) const HOUR: usize = 6;
/// Steps of a day.
pub(crate) const DAY: usize = 24 * HOUR;

/// What a gateway told before and after a piece of real time.
pub(crate) struct Told<'a> {
    pub(crate) instance: &'a str,
    pub(crate) before: &'a Metrics,
    pub(crate) after: &'a Metrics,
}

/// Gateways over hours and days, and which alerts must fire when.
#[derive(Default)]
pub(crate) struct Timeline {
    steps: usize,
    /// By name and labels as they stand in Prometheus.
    series: BTreeMap<String, Vec<Option<f64>>>,
    /// Where counters stand.
    counts: BTreeMap<String, f64>,
    checks: Vec<Check>,
}

struct Check {
    at_step: usize,
    fire: Vec<String>,
    may_fire: Vec<String>,
}

impl Timeline {
    /// So many steps in which each of these gateways is scraped, and no other is there.
    pub(crate) fn goes_on(&mut self, steps: usize, gateways: &[Told<'_>]) {
        self.goes_on_without(steps, gateways, &[]);
    }

    /// The same, while those others cannot be scraped.
    pub(crate) fn goes_on_without(&mut self, steps: usize, gateways: &[Told<'_>], gone: &[&str]) {
        let began_secs = self.secs();
        for _ in 0..steps {
            let mut present: BTreeMap<String, f64> = gone.iter().map(|instance| (series("up", instance), 0.0)).collect();
            for told in gateways {
                present.insert(series("up", told.instance), 1.0);
                let before = samples(told.before.text());
                let waits = told.after.pending() > 0;
                for (name, value) in samples(told.after.text()) {
                    let key = series(&name, told.instance);
                    let shown = match Kind::of(&name) {
                        Kind::Left => continue,
                        Kind::Counter => {
                            let began = before.get(&name).copied().unwrap_or(0.0);
                            assert!(value >= began, "{name} fell: say that the gateway was restarted");
                            let stands = self.counts.entry(key.clone()).or_insert(began);
                            *stands += value - began;
                            *stands
                        }
                        Kind::Age if waits => {
                            let last = self.series.get(&key).and_then(|values| *values.last()?).unwrap_or(0.0);
                            value.max(last + whole(STEP_SECS))
                        }
                        Kind::Moment => value - whole(now_secs()) + whole(began_secs),
                        Kind::Gauge | Kind::Age => value,
                    };
                    present.insert(key, shown);
                }
            }
            self.push(&present);
        }
    }

    /// This gateway was started anew: its counters begin again.
    pub(crate) fn restarted(&mut self, instance: &str) {
        let label = format!("instance=\"{instance}\"");
        self.counts.retain(|key, _| !key.contains(&label));
    }

    /// At this moment these alerts must fire. Those may, as they follow; no other may.
    pub(crate) fn must_fire(&mut self, alerts: &[&str], may_fire: &[&str]) {
        let owned = |alerts: &[&str]| alerts.iter().map(|alert| (*alert).to_owned()).collect();
        self.checks.push(Check { at_step: self.steps - 1, fire: owned(alerts), may_fire: owned(may_fire) });
    }

    /// At this moment no alert may fire.
    pub(crate) fn must_be_silent(&mut self) {
        self.must_fire(&[], &[]);
    }

    /// Has promtool travel along the line and compare.
    pub(crate) async fn judge(&self) {
        assert!(!self.checks.is_empty(), "nothing was asked");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("line.yaml");
        std::fs::write(&file, self.written()).unwrap();
        let (content, said) = promtool(&["test", "rules", &file.display().to_string()], "").await;
        assert!(content, "{said}");
    }

    fn secs(&self) -> u64 {
        u64::try_from(self.steps).unwrap() * STEP_SECS
    }

    fn push(&mut self, present: &BTreeMap<String, f64>) {
        for key in present.keys() {
            self.series.entry(key.clone()).or_insert_with(|| vec![None; self.steps]);
        }
        for (key, values) in &mut self.series {
            values.push(present.get(key).copied());
        }
        // A counter that is not there any more begins again if it comes back.
        self.counts.retain(|key, _| present.contains_key(key));
        self.steps += 1;
    }

    fn written(&self) -> String {
        let rules = root().join("deploy/prometheus/alerts.yaml").canonicalize().unwrap();
        let mut text = format!(
            "rule_files: ['{}']\nevaluation_interval: {STEP_SECS}s\n\
             group_eval_order: [portcullis_rates, portcullis_process, portcullis_outbox, portcullis_delivery, portcullis_filter, portcullis_redis]\n\
             tests:\n  - interval: {STEP_SECS}s\n    input_series:\n",
            rules.display()
        );
        for (key, values) in &self.series {
            writeln!(text, "      - {{ series: '{}', values: '{}' }}", key.replace('\'', "''"), runs(values)).unwrap();
        }
        text.push_str("    promql_expr_test:\n");
        for check in &self.checks {
            let may = check.may_fire.join("|");
            let at_secs = u64::try_from(check.at_step).unwrap() * STEP_SECS;
            let expression = format!("group by (alertname) (ALERTS{{alertstate=\"firing\", alertname!~\"{may}\"}})");
            writeln!(text, "      - expr: '{expression}'\n        eval_time: {at_secs}s\n        exp_samples:").unwrap();
            for alert in &check.fire {
                writeln!(text, "          - {{ labels: '{{alertname=\"{alert}\"}}', value: 1 }}").unwrap();
            }
        }
        text
    }
}

/// How a metric goes on.
enum Kind {
    Counter,
    Gauge,
    /// The age of something that waits.
    Age,
    /// A moment, in seconds since 1970.
    Moment,
    Left,
}

impl Kind {
    fn of(sample: &str) -> Self {
        let name = sample.split('{').next().unwrap_or_default();
        match name {
            "portcullis_outbox_oldest_seconds" => Self::Age,
            _ if name.ends_with("_bucket") => Self::Left,
            _ if name.ends_with("_timestamp_seconds") || name.ends_with("_time_seconds") => Self::Moment,
            _ if ["_total", "_count", "_sum"].iter().any(|end| name.ends_with(end)) => Self::Counter,
            _ => Self::Gauge,
        }
    }
}

/// Each sample of a scrape, by name and labels.
fn samples(text: &str) -> BTreeMap<String, f64> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.rsplit_once(' ').unwrap()).map(|(name, value)| (name.to_owned(), value.parse().unwrap())).collect()
}

/// With the labels that Prometheus adds.
fn series(sample: &str, instance: &str) -> String {
    let (name, labels) = sample.split_once('{').unwrap_or((sample, "}"));
    let comma = if labels == "}" { "" } else { "," };
    format!("{name}{{job=\"portcullis\",instance=\"{instance}\"{comma}{labels}")
}

/// In promtool's notation: `2x3` is a value four times.
fn runs(values: &[Option<f64>]) -> String {
    let mut text = String::new();
    for run in values.chunk_by(|one, other| one == other) {
        let more = run.len() - 1;
        match run.first().copied().flatten() {
            None => write!(text, "_x{} ", run.len()).unwrap(),
            Some(value) if more == 0 => write!(text, "{value} ").unwrap(),
            Some(value) => write!(text, "{value}x{more} ").unwrap(),
        }
    }
    text
}

#[expect(clippy::cast_precision_loss, reason = "seconds are far below what a float holds exactly")]
fn whole(secs: u64) -> f64 {
    secs as f64
}
