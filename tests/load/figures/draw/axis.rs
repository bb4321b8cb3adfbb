//! Axes: where they begin and end, where they have marks, and what stands at a mark.

use std::ops::Range;

use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};

/// An axis.
#[derive(Debug, Clone)]
pub(crate) struct Axis {
    /// What it shows, with the unit.
    pub(crate) name: String,
    is_logarithmic: bool,
    ends: (f64, f64),
    marks: Vec<f64>,
}

/// Marks that an axis has, about.
const MARKS: f64 = 6.0;

impl Axis {
    /// From 0 to a round number above all values.
    pub(crate) fn linear(name: &str, values: impl IntoIterator<Item = f64>) -> Self {
        let most = values.into_iter().fold(0.0, f64::max).max(f64::MIN_POSITIVE);
        let step = round_step(most / MARKS);
        let mut marks = vec![0.0];
        // As one step after the other, so that a mark is a round number.
        for mark in 1..=40 {
            let at = f64::from(mark) * step;
            marks.push(at);
            // What lies a little beyond the last mark is drawn there too.
            if at >= 0.99 * most {
                break;
            }
        }
        let end = marks.last().copied().unwrap_or(step);
        Self { name: name.to_owned(), is_logarithmic: false, ends: (0.0, end), marks }
    }

    /// From a power of ten below all values to one above.
    pub(crate) fn logarithmic(name: &str, values: impl IntoIterator<Item = f64>) -> Self {
        let logs: Vec<f64> = values.into_iter().filter(|value| *value > 0.0).map(f64::log10).collect();
        let low = logs.iter().copied().fold(f64::INFINITY, f64::min).min(9.0).floor();
        let high = logs.iter().copied().fold(low, f64::max).ceil().max(low + 1.0);
        let mut marks = vec![10_f64.powf(low)];
        while let Some(last) = marks.last().copied().filter(|last| last.log10() < high - 0.5) {
            marks.push(last * 10.0);
        }
        Self { name: name.to_owned(), is_logarithmic: true, ends: (10_f64.powf(low), 10_f64.powf(high)), marks }
    }

    /// A value on the scale.
    fn place(&self, value: f64) -> f64 {
        if self.is_logarithmic { value.max(self.ends.0).log10() } else { value }
    }
}

impl Ranged for Axis {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    #[expect(clippy::cast_possible_truncation, reason = "pixels")]
    fn map(&self, value: &f64, (first, last): (i32, i32)) -> i32 {
        let (low, high) = (self.place(self.ends.0), self.place(self.ends.1));
        let share = (self.place(*value) - low) / (high - low);
        first + (f64::from(last - first) * share).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        // Light points are lines without a number; there are none.
        if hint.weight().allow_light_points() { Vec::new() } else { self.marks.clone() }
    }

    fn range(&self) -> Range<f64> {
        self.ends.0..self.ends.1
    }
}

/// 1, 2 or 5 times a power of ten, at least this.
fn round_step(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * power).find(|step| *step >= least).unwrap_or(least)
}

/// A number as people write it: `12 000`, `7`, `0.25`.
pub(crate) fn number(value: f64) -> String {
    if value.abs() >= 9_999.5 {
        let digits = format!("{value:.0}");
        let (head, tail) = digits.split_at(digits.len() - 3);
        return format!("{} {tail}", thousands(head));
    }
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn thousands(digits: &str) -> String {
    match digits.len().checked_sub(3).filter(|rest| *rest > 0) {
        Some(rest) => {
            let (head, tail) = digits.split_at(rest);
            format!("{} {tail}", thousands(head))
        }
        None => digits.to_owned(),
    }
}
