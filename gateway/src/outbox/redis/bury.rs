//! What becomes of the groups that a gateway had in hand when it died (contract O3, failure case B14), and of its name.
//!
//! Any gateway may do it, and several at once: each group is taken out of the dead one's hand by one script, which looks whether it is
//! still there. What it had is walked with a cursor, so that those at the front hold up nobody (C11), and its name goes last, once
//! it has nothing (C3). Left to others: to know that it is dead (`shared`).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Redis;
use super::core::Core;
use super::head::Head;
use super::quarantine::Aside;
use super::scripts::{ASIDE, BURY, LEAVE, PENDING};
use crate::failpoint;
use crate::outbox::crash::{Half, Verdict, halves, judge};
use crate::outbox::{EventsByDataset, OutboxError, QuarantineReason};

/// So many of its groups are looked at in one step.
const PAGE: usize = 100;

/// A group in the dead gateway's hand.
#[derive(Debug)]
struct Left {
    row: i64,
    serial: String,
    is_condemned: bool,
    head: Option<Head>,
}

impl Redis {
    /// Ends every lease of a gateway that is dead. Gives the events by dataset that were set aside because processes die of them.
    pub async fn bury(&self, gateway: &str) -> Result<EventsByDataset, OutboxError> {
        let core = &*self.core;
        let datasets = core.datasets().await?;
        let mut in_hand = 0;
        for dataset in &datasets {
            let first = core.left(dataset, gateway, None).await?;
            in_hand += first.iter().filter(|left| !left.is_condemned).count();
            if in_hand > 1 {
                break;
            }
        }
        let mut set_aside: BTreeMap<Arc<str>, u64> = BTreeMap::new();
        for dataset in &datasets {
            let events = core.bury_in(dataset, gateway, in_hand == 1).await?;
            if events > 0 {
                set_aside.insert(Arc::clone(dataset), events);
            }
            self.sweep(dataset).await?;
        }
        core.free_suspect_of(gateway).await;
        for dataset in &datasets {
            core.forget(dataset, gateway).await?;
            core.gave_work(dataset);
        }
        Ok(set_aside.into_iter().collect())
    }

    /// Forgets our own name where we have nothing in hand, for a stop. What we have stays, and is taken once its leases end.
    pub async fn leave(&self) -> Result<(), OutboxError> {
        for dataset in self.core.datasets().await? {
            self.core.forget(&dataset, &self.core.gateway).await?;
        }
        Ok(())
    }
}

impl Core {
    async fn forget(&self, dataset: &str, gateway: &str) -> Result<(), OutboxError> {
        let call = self.of(dataset).call().with(gateway);
        self.insist(&LEAVE, &call, self.patience).await.map(drop)
    }

    /// The next of its groups in one dataset.
    async fn left(&self, dataset: &str, gateway: &str, after: Option<i64>) -> Result<Vec<Left>, OutboxError> {
        let call = self.of(dataset).call().with(gateway);
        let call = match after {
            Some(row) => call.with(row),
            None => call.with(""),
        };
        let mut answer = self.insist(&PENDING, &call.with(PAGE), self.patience).await?;
        let mut left = Vec::new();
        while !answer.is_over() {
            let (row, serial, is_condemned) = (answer.number()?, answer.text()?, answer.number::<u8>()? == 1);
            let head = answer.bytes().and_then(|text| Head::read(std::str::from_utf8(&text).ok()?));
            left.push(Left { row, serial, is_condemned, head });
        }
        Ok(left)
    }

    /// Gives how many events were set aside.
    async fn bury_in(&self, dataset: &Arc<str>, gateway: &str, alone: bool) -> Result<u64, OutboxError> {
        let mut set_aside = 0;
        let mut after = None;
        loop {
            let page = self.left(dataset, gateway, after).await?;
            let Some(last) = page.last() else { return Ok(set_aside) };
            after = Some(last.row);
            let mut back = self.of(dataset).call().with(gateway).with("back");
            for left in page {
                let verdict = match &left.head {
                    Some(head) if !left.is_condemned => judge(head.crashes, head.events, alone),
                    _ => Verdict::Back,
                };
                let done = match (verdict, &left.head) {
                    (Verdict::Split, Some(head)) => self.split(dataset, gateway, &left, head).await?,
                    (Verdict::Aside, Some(head)) => {
                        let events = self.set_aside_as_culprit(dataset, gateway, &left, head).await?;
                        set_aside += events.unwrap_or(0);
                        events.is_some()
                    }
                    _ => false,
                };
                if !done {
                    back.push(left.row);
                    back.push(&left.serial);
                }
            }
            failpoint::pass("before_burying_a_page");
            self.insist(&BURY, &back, self.patience).await?;
        }
    }

    /// Makes two groups of one. One that cannot be read is left whole; the next lease finds out and sets it aside.
    async fn split(&self, dataset: &Arc<str>, gateway: &str, left: &Left, head: &Head) -> Result<bool, OutboxError> {
        let Some(bodies) = self.read_group(dataset, left.row, head).await? else { return Ok(false) };
        let Some(parts) = halves(&bodies, head.events) else { return Ok(false) };
        let mut call = self.of(dataset).call().with(gateway).with("split").with(left.row).with(&left.serial);
        for Half { bodies, events } in parts {
            let crashes = head.crashes.saturating_add(1);
            let mut head = Head { events, bytes: bodies.len(), crashes, ..head.clone() };
            let body = self.seal_group(&mut head, dataset, bodies)?;
            call.push(head.text());
            call.push(&body[..]);
        }
        // Asked once: a second call would find the first half no longer in that hand.
        Ok(self.ask(&BURY, &call).await?.number::<u64>()? == 1)
    }

    /// Gives how many events; nothing if they cannot be read, or somebody else was faster.
    async fn set_aside_as_culprit(
        &self,
        dataset: &Arc<str>,
        gateway: &str,
        left: &Left,
        head: &Head,
    ) -> Result<Option<u64>, OutboxError> {
        let Some(bodies) = self.read_group(dataset, left.row, head).await? else { return Ok(None) };
        let reason = QuarantineReason::AbortsProcess;
        let mut aside = Aside::of(head, head.events, bodies.len(), &reason, self.clock.unix_ms());
        let (body, _) = self.seal_aside(&mut aside, dataset, &bodies, reason.message())?;
        // At no time at all its lease has ended.
        let call = self.of(dataset).call().with(gateway).with(-1).with(left.row).with(&left.serial);
        let mut answer = self.ask(&ASIDE, &call.with(aside.text()).with(1).with(&body[..])).await?;
        Ok((answer.number::<u8>()? == 1).then_some(head.events as u64))
    }
}
