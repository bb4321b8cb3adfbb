//! What Meta took is recorded for people who will ask, before it is settled: whatever happens in between, it is recorded at least
//! once. Costs nothing where nothing is recorded.

use super::Sink;
use super::batch::Parcel;
use super::lane::Lane;
use super::work::Work;
use crate::failpoint;
use crate::subject::{Batch, Record};

/// After so many events the task lets others run.
const YIELD_EVERY: usize = 64;

impl<S: Sink> Lane<S> {
    /// Records a parcel of which Meta took every event.
    pub(crate) async fn record(&self, parcel: &Parcel, work: &Work) {
        if !self.subjects.is_on() {
            return;
        }
        let (mut records, mut unread) = (Vec::with_capacity(parcel.entries.len()), 0);
        for (number, entry) in parcel.entries.iter().enumerate() {
            if number % YIELD_EVERY == YIELD_EVERY - 1 {
                tokio::task::yield_now().await;
            }
            let group = work.group_of(entry.place);
            let record = group.and_then(|group| Record::of(&group.lease().site, group.policy()?, &entry.event));
            match record {
                Some(record) => records.push(record),
                None => unread += 1,
            }
        }
        self.subjects.record(Batch { day: self.clock.unix_days(), dataset: self.dataset.clone(), records, unread }).await;
        failpoint::pass("after_recording_before_settle");
    }
}
