//! Groups that were purged while they were in hand, and that nobody has in hand any more: what was condemned of them goes before they
//! can be handed out again. A look for work calls it; where nothing is condemned it costs that nothing.

use super::Redis;
use super::bodies::Opened;
use super::change::{Change, events_in};
use super::look::{Dataset, Found, portions};
use crate::outbox::OutboxError;
use crate::outbox::condemned::{Condemned, without};

/// So much is looked through in one step.
const STEP_BYTES: usize = 1024 * 1024;
/// Rows that are condemned, a portion of them at a time.
const PORTION: usize = 256;

impl Redis {
    /// Purges what is condemned and in nobody's hand. Returns how many events went. A group whose key this gateway does not have is
    /// left to one that has it; one that changes meanwhile, to the next look.
    pub(super) async fn sweep(&self, dataset: &str) -> Result<u64, OutboxError> {
        let dataset = &self.dataset(dataset);
        let (mut cursor, mut events) = ("0".to_owned(), 0);
        loop {
            let mut command = redis::cmd("HSCAN");
            command.arg(dataset.keys.of("condemned")).arg(&cursor).arg("COUNT").arg(PORTION);
            let (next, pairs): (String, Vec<(Vec<u8>, redis::Value)>) =
                self.core.plain("a look at what is condemned", &command).await?;
            // What is no row was put there by a stranger, and is of no group.
            let row = |name: Vec<u8>| std::str::from_utf8(&name).ok()?.parse().ok();
            let rows: Vec<i64> = pairs.into_iter().filter_map(|(name, _)| row(name)).collect();
            events += self.sweep_rows(dataset, &rows).await?;
            if next == "0" {
                break;
            }
            cursor = next;
        }
        if events > 0 {
            self.rewrite_log_soon();
        }
        Ok(events)
    }

    async fn sweep_rows(&self, dataset: &Dataset, rows: &[i64]) -> Result<u64, OutboxError> {
        let mut free = self.look(dataset, rows).await?;
        free.retain(|group| !group.in_hand && group.goes.is_some());
        let (whole, parts): (Vec<Found>, Vec<Found>) =
            free.into_iter().partition(|group| group.condemned() == Condemned::Whole);
        let whole: Vec<_> = whole.into_iter().map(|group| (group, Change::Remove)).collect();
        let done = self.change(dataset, &whole).await?;
        let gone = whole.iter().zip(done).filter(|(_, done)| *done).filter_map(|((group, _), _)| group.head.as_ref());
        let mut events: u64 = gone.map(|head| head.events as u64).sum();
        for portion in portions(parts, STEP_BYTES) {
            events += self.sweep_parts(dataset, self.read(dataset, portion).await?).await?;
        }
        Ok(events)
    }

    async fn sweep_parts(&self, dataset: &Dataset, portion: Vec<(Found, Opened)>) -> Result<u64, OutboxError> {
        let (mut changes, mut counts) = (Vec::new(), Vec::new());
        for (found, opened) in portion {
            let condemned = found.condemned();
            let (change, gone) = match (&found.head, opened) {
                (_, Opened::Foreign | Opened::Changed) => continue,
                (Some(head), Opened::Text(bodies)) => match without(&bodies, |line| condemned.takes(line)) {
                    (_, 0) => (Change::Condemn(Condemned::Nothing), 0),
                    (stays, gone) if stays.is_empty() => (Change::Remove, gone),
                    (stays, gone) => (Change::Sweep(self.narrow(dataset, head, &stays, gone)?), gone),
                },
                // The next lease sets it aside.
                _ => (Change::Condemn(Condemned::Nothing), 0),
            };
            changes.push((found, change));
            counts.push(gone);
        }
        let done = self.change(dataset, &changes).await?;
        Ok(events_in(counts, done))
    }
}
