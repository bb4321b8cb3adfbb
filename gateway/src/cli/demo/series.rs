//! What moved between two readings of `/metrics`.

use std::collections::BTreeMap;

/// The value of every series, by its text: name and labels.
#[derive(Debug, Clone, Default)]
pub(super) struct Series(BTreeMap<String, f64>);

impl Series {
    /// Reads Prometheus's text form.
    pub(super) fn read(text: &str) -> Self {
        let series = text.lines().filter(|line| !line.starts_with('#'));
        Self(
            series
                .filter_map(|line| line.rsplit_once(' '))
                .filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?)))
                .collect(),
        )
    }

    /// Series of this metric that grew, with their labels and by how much.
    pub(super) fn grown<'s>(&'s self, before: &'s Self, metric: &'s str) -> impl Iterator<Item = (Labels<'s>, f64)> {
        self.0.iter().filter_map(move |(series, value)| {
            let labels = series.strip_prefix(metric)?.strip_prefix('{')?.strip_suffix('}')?;
            let grown = value - before.0.get(series).unwrap_or(&0.0);
            (grown > 0.0).then_some((Labels(labels), grown))
        })
    }

    /// Every counter of ours that grew, as it stands in the text.
    pub(super) fn counters_grown<'s>(&'s self, before: &'s Self) -> impl Iterator<Item = (&'s str, f64)> {
        self.0.iter().filter_map(move |(series, value)| {
            let is_counter = series.split('{').next().is_some_and(|name| name.ends_with("_total"));
            (is_counter && value > before.0.get(series).unwrap_or(&0.0)).then_some((series.as_str(), *value))
        })
    }

    /// A gauge or counter without labels.
    pub(super) fn value(&self, name: &str) -> f64 {
        self.0.get(name).copied().unwrap_or(0.0)
    }
}

/// The labels of a series, as they stand between the braces. Our values hold no quotes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Labels<'s>(&'s str);

impl<'s> Labels<'s> {
    /// The value of a label, or nothing.
    pub(super) fn get(self, name: &str) -> &'s str {
        let pairs = self.0.split("\",").filter_map(|pair| pair.split_once("=\""));
        pairs.into_iter().find(|(label, _)| *label == name).map_or("", |(_, value)| value.trim_end_matches('"'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_grew_is_found_with_its_labels() {
        let before = Series::read("# HELP a b\na_total{site=\"s\",field=\"user_data.em\"} 1\ng 4\n");
        let after = Series::read(
            "a_total{site=\"s\",field=\"user_data.em\"} 3\na_total{site=\"s\",field=\"x\"} 1\nb_total{c=\"d\"} 0\ng 5\n",
        );
        let grown: Vec<_> =
            after.grown(&before, "a_total").map(|(labels, by)| (labels.get("field"), labels.get("site"), by)).collect();
        assert_eq!(grown, [("user_data.em", "s", 2.0), ("x", "s", 1.0)]);
        assert_eq!(after.counters_grown(&before).count(), 2);
        assert!((after.value("g") - 5.0).abs() < f64::EPSILON);
    }
}
