//! Slows one dataset while Meta says that its limits are nearly used.
//!
//! From 75 per cent on there is a pause after each request: a second for each per cent above 74, and a minute from 95 per cent on.
//! A later answer that shows less ends the pause. The gate is what happens when a limit is reached all the same.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use prometheus::IntGauge;

use crate::clock::millis;

/// From this on there are pauses.
const SLOW_FROM: u8 = 75;
/// From this on they are long.
const STOP_FROM: u8 = 95;
/// The long pause.
const LONG: Duration = Duration::from_secs(60);
/// The longest that many requests in a row can add up to; also, a clock that was set back holds nobody for longer.
const MOST: Duration = Duration::from_secs(300);

/// The pace of one dataset.
#[derive(Debug)]
pub(crate) struct Pace {
    metric: IntGauge,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    percent: u8,
    next_ms: u64,
}

impl Pace {
    /// No pauses; `metric` shows the last usage.
    pub(crate) fn new(metric: IntGauge) -> Self {
        Self { metric, state: Mutex::default() }
    }

    /// A request is about to be sent.
    pub(crate) fn sent(&self, now_ms: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let next_ms = state.next_ms.max(now_ms).saturating_add(millis(pause(state.percent)));
        state.next_ms = next_ms.min(now_ms.saturating_add(millis(MOST)));
    }

    /// An answer showed this usage.
    pub(crate) fn note(&self, percent: u8, now_ms: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let longest = now_ms.saturating_add(millis(pause(percent)));
        state.next_ms = if percent < state.percent { state.next_ms.min(longest) } else { state.next_ms.max(longest) };
        state.percent = percent;
        self.metric.set(i64::from(percent));
    }

    /// Until when no request may be sent, if one may not now.
    pub(crate) fn pauses_until(&self, now_ms: u64) -> Option<u64> {
        let next_ms = self.state.lock().unwrap_or_else(PoisonError::into_inner).next_ms;
        (next_ms > now_ms && next_ms <= now_ms.saturating_add(millis(MOST))).then_some(next_ms)
    }
}

fn pause(percent: u8) -> Duration {
    if percent >= STOP_FROM { LONG } else { Duration::from_secs(percent.saturating_sub(SLOW_FROM - 1).into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace() -> Pace {
        Pace::new(crate::telemetry::metrics::Metrics::new().unwrap().usage_percent.with_label_values(&["d"]))
    }

    #[test]
    fn pauses_grow_with_usage_and_end_when_it_falls() {
        let pace = pace();
        for (percent, pause) in
            [(0, None), (74, None), (75, Some(1_000)), (94, Some(20_000)), (95, Some(60_000)), (100, Some(60_000))]
        {
            pace.note(percent, 0);
            assert_eq!(pace.pauses_until(0), pause, "{percent}");
        }
        pace.note(80, 0);
        assert_eq!(pace.pauses_until(0), Some(6_000));
        pace.note(10, 0);
        assert_eq!(pace.pauses_until(0), None);
        assert_eq!(pace.metric.get(), 10);
    }

    #[test]
    fn every_request_is_paid_for_up_to_a_bound() {
        let pace = pace();
        pace.note(84, 0);
        pace.sent(10_000);
        pace.sent(10_000);
        assert_eq!(pace.pauses_until(10_000), Some(30_000));
        for _ in 0..100 {
            pace.sent(10_000);
        }
        assert_eq!(pace.pauses_until(10_000), Some(310_000));
        // A clock that was set back holds nobody.
        assert_eq!(pace.pauses_until(0), None);
    }
}
