//! In what order runs come, and how much of the time each gets.

use std::time::Duration;

use tokio::time::Instant;

use crate::arguments::Arguments;
use crate::fault::{ALL, Fault};
use crate::report::Report;
use crate::run::Runs;

/// A fault alone gets no more than this, and a mix neither: it is judged, and another one begins.
const LONGEST_ALONE: Duration = Duration::from_secs(15);
const LONGEST_MIX: Duration = Duration::from_secs(60);
/// What starting and judging take of a run, roughly.
const AROUND: Duration = Duration::from_secs(2);
/// A run that is shorter says little.
const SHORTEST: Duration = Duration::from_secs(1);
const SHORTEST_MIX: Duration = Duration::from_secs(10);

/// Each fault alone, then mixes until the time is over; or the chosen faults alone.
pub(crate) async fn all(runs: &mut Runs, arguments: &Arguments, report: &mut Report) {
    let end = Instant::now() + arguments.time();
    let chosen = !arguments.faults.is_empty();
    let mut faults: Vec<&'static Fault> = if chosen { arguments.faults.clone() } else { ALL.iter().collect() };
    faults.retain(|fault| runs.failpoints || !fault.act.needs_failpoints());
    // Half of the time for faults alone, if there is another half.
    let share = arguments.time() / if chosen { 1 } else { 2 } / u32::try_from(faults.len().max(1)).unwrap_or(u32::MAX);
    let longest = if chosen { LONGEST_MIX } else { LONGEST_ALONE };
    let time = share.saturating_sub(AROUND).clamp(SHORTEST, longest);
    for fault in &faults {
        report.add(runs.alone(fault, time, arguments.rate).await);
    }
    // At least one mix, however long the faults alone have taken.
    let mut owed = !chosen;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left <= AROUND + SHORTEST && !owed {
            return;
        }
        let time = left.saturating_sub(AROUND).min(LONGEST_MIX);
        if chosen {
            for fault in &faults {
                report.add(runs.alone(fault, time.min(share), arguments.rate).await);
            }
        } else {
            report.add(runs.mixed(time.max(SHORTEST_MIX), arguments.rate).await);
        }
        owed = false;
    }
}
