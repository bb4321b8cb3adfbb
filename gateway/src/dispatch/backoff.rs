//! How long to wait after failures: exponential, with full jitter, so that gateways that failed together do not come back
//! together.

use std::time::Duration;

use crate::chance::Chance;
use crate::clock::millis;

/// The schedule of one gate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Backoff {
    min: Duration,
    max: Duration,
}

impl Backoff {
    /// `min` is the longest first wait, `max` the longest of all.
    pub(crate) fn new(min: Duration, max: Duration) -> Self {
        Self { min, max: max.max(min) }
    }

    /// The wait after this many failures before the one that just happened. Drawn evenly from half of the first wait (so that
    /// an unlucky draw does not hammer) up to a ceiling that doubles with every failure.
    pub(crate) fn wait(&self, failures: u32, chance: &Chance) -> Duration {
        let floor = self.min / 2;
        floor.saturating_add(draw(self.ceiling(failures).saturating_sub(floor), chance))
    }

    /// A little more than what was asked for, so that many do not come back in the same instant.
    pub(crate) fn spread(&self, chance: &Chance) -> Duration {
        draw(self.min, chance)
    }

    fn ceiling(&self, failures: u32) -> Duration {
        self.min.saturating_mul(2_u32.saturating_pow(failures)).min(self.max)
    }
}

fn draw(up_to: Duration, chance: &Chance) -> Duration {
    let bound = millis(up_to).saturating_add(1);
    Duration::from_millis(chance.below(bound))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn b3_waits_stay_in_bounds_and_their_ceiling_never_falls(
            min_ms in 1_u64..10_000, more_ms in 0_u64..10_000_000, failures in 0_u32..200, seed in any::<u64>(),
        ) {
            let min = Duration::from_millis(min_ms);
            let max = min + Duration::from_millis(more_ms);
            let backoff = Backoff::new(min, max);
            let wait = backoff.wait(failures, &Chance::seeded(seed));
            prop_assert!(wait >= min / 2 && wait <= backoff.ceiling(failures));
            prop_assert!(backoff.ceiling(failures) <= backoff.ceiling(failures + 1));
            prop_assert!(backoff.ceiling(failures + 1) <= max);
            prop_assert_eq!(backoff.ceiling(0), min);
            prop_assert!(backoff.spread(&Chance::seeded(seed)) <= min);
        }

        #[test]
        fn b3_a_success_starts_the_schedule_anew(failures in 1_usize..20, seed in any::<u64>()) {
            use crate::dispatch::gate::{Cause, Gate, Pass};
            let min = Duration::from_millis(100);
            let metric = crate::telemetry::metrics::Metrics::new().unwrap().gate_closed;
            let gate = Gate::new("d".into(), Backoff::new(min, Duration::from_secs(3600)), Chance::seeded(seed), metric);
            let mut now = 0;
            let mut ceiling = 100;
            for _ in 0..failures {
                let (Pass::Open(ticket) | Pass::Probe(ticket)) = gate.look(now) else { panic!("closed past its time") };
                let until = gate.failed(ticket, Cause::Unreachable, None, now);
                prop_assert!(until - now >= 50 && until - now <= ceiling);
                ceiling = (ceiling * 2).min(3_600_000);
                now = until;
            }
            let Pass::Probe(ticket) = gate.look(now) else { panic!("no probe") };
            prop_assert!(gate.passed(ticket));
            let Pass::Open(ticket) = gate.look(now) else { panic!("not open") };
            prop_assert!(gate.failed(ticket, Cause::Unreachable, None, now) - now <= 100);
        }
    }

    #[test]
    fn b3_waits_are_spread_over_the_whole_range() {
        let backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(64));
        let chance = Chance::seeded(7);
        let waits: Vec<u64> = (0..1000).map(|_| backoff.wait(6, &chance).as_secs()).collect();
        for quarter in [0..16, 16..32, 32..48, 48..65] {
            let hits = waits.iter().filter(|wait| quarter.contains(*wait)).count();
            assert!(hits > 150, "{hits} of 1000 in {quarter:?}");
        }
    }
}
