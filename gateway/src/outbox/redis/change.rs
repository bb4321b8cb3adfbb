//! What a command does with groups that it found: only if each is still as it was found, so that a lease or a settling in between
//! neither loses nor brings back anything. Each group changes in one step: entry, head, bodies, due time and totals.

use super::Redis;
use super::head::Head;
use super::look::{Dataset, Found};
use super::scripts::CHANGE;
use crate::outbox::OutboxError;
use crate::outbox::condemned::Condemned;

/// What stays of a group: its head, and its events as they rest.
#[derive(Debug)]
pub(super) struct Rest(pub(super) Box<Head>, pub(super) Vec<u8>);

/// What is to be done with a group.
#[derive(Debug)]
pub(super) enum Change {
    /// It goes for good.
    Remove,
    /// Less of it stays, or it is sealed anew.
    Rewrite(Rest),
    /// The same, and nothing is condemned of it any more.
    Sweep(Rest),
    /// That goes once nobody has it in hand.
    Condemn(Condemned),
}

/// How many events there were in what was changed.
pub(super) fn events_in(events: Vec<u64>, changed: Vec<bool>) -> u64 {
    events.into_iter().zip(changed).filter(|(_, changed)| *changed).map(|(events, _)| events).sum()
}

impl Redis {
    /// Changes groups. Of each whether it was still as it was found, and is changed.
    pub(super) async fn change(&self, dataset: &Dataset, changes: &[(Found, Change)]) -> Result<Vec<bool>, OutboxError> {
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        let mut call = dataset.keys.call_once(&self.core.token()).with(self.core.now_ms().1);
        for (found, change) in changes {
            let goes = found.goes.as_ref().map_or_else(|| b"-".to_vec(), |text| [b"=", &**text].concat());
            call.push(found.row);
            call.push(&found.text);
            call.push(u8::from(found.in_hand));
            call.push(goes);
            match change {
                Change::Remove => ["remove", "", ""].iter().for_each(|word| call.push(word)),
                Change::Rewrite(Rest(head, body)) | Change::Sweep(Rest(head, body)) => {
                    call.push(if matches!(change, Change::Sweep(_)) { "sweep" } else { "rewrite" });
                    call.push(head.text());
                    call.push(body);
                }
                Change::Condemn(condemned) => {
                    let text = condemned.text();
                    call.push(if text.is_some() { "condemn" } else { "spare" });
                    call.push(text.unwrap_or_default());
                    call.push("");
                }
            }
        }
        let done: String = self.core.link.insist(&CHANGE, &call, self.core.patience).await?;
        Ok(done.bytes().map(|digit| digit == b'1').collect())
    }
}
