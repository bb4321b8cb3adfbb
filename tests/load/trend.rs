//! Whether a figure grows: a line through the second half of its samples, as what fills up at the start is no growth.

use crate::watch::Sample;

/// The line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Trend {
    /// By how much it rises in an hour.
    pub(crate) per_hour: f64,
    /// The standard error of that.
    pub(crate) error: f64,
}

/// How much is no growth, in an hour.
const ALLOWED: f64 = 1.0;

impl Trend {
    /// By least squares. Nothing where there are fewer than three samples in the second half.
    #[expect(clippy::cast_precision_loss, reason = "hundreds of samples")]
    pub(crate) fn of(samples: &[Sample], figure: fn(&Sample) -> f64) -> Option<Self> {
        let half = samples.get(samples.len() / 2..)?;
        if half.len() < 3 {
            return None;
        }
        let points: Vec<(f64, f64)> = half.iter().map(|sample| (sample.seconds / 3600.0, figure(sample))).collect();
        let count = points.len() as f64;
        let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
        let (middle, level) = (mean(|point| point.0), mean(|point| point.1));
        let spread: f64 = points.iter().map(|(at, _)| (at - middle).powi(2)).sum();
        let common: f64 = points.iter().map(|(at, value)| (at - middle) * (value - level)).sum();
        let per_hour = common / spread;
        let off = |(at, value): &(f64, f64)| (value - level - per_hour * (at - middle)).powi(2);
        let error = (points.iter().map(off).sum::<f64>() / (count - 2.0) / spread).sqrt();
        Some(Self { per_hour, error })
    }

    /// Whether it rises by more than chance explains, and by more than a MiB, or a file, in an hour.
    pub(crate) fn grows(self) -> bool {
        self.per_hour - 2.0 * self.error > ALLOWED
    }
}
