//! Says what became of leases: one call for all of a dataset, whose answer is the same however often it is asked for (O4).
//!
//! It is insisted on for some seconds, as a settling that is lost is a repeat at Meta. What a purge found in hand is known to Redis
//! alone: where something else is condemned than was thought, the events are parted anew and settled then.

use std::sync::Arc;
use std::time::Duration;

use super::Redis;
use super::core::Core;
use super::head::{Head, PLAIN};
use super::quarantine::Aside;
use super::scripts::SETTLE;
use crate::failpoint;
use crate::outbox::condemned::Condemned;
use crate::outbox::part::{PartRequest, Parted};
use crate::outbox::settlement::Division;
use crate::outbox::{Lease, OutboxError, Settled, Settlement, is_whole};
use crate::shared::Call;

/// For so long a settling is asked for again while Redis is away, if leases hold that long. A stop waits for it.
const SETTLE_PATIENCE: Duration = Duration::from_secs(10);

/// At most so many leases in one call.
const MAX_LEASES: usize = 256;

/// A lease to be settled.
#[derive(Debug)]
struct Settling<'l> {
    lease: &'l Lease,
    settlements: &'l [Settlement],
    /// Until when what stays is leased anew, and under which serial.
    again: Option<(u64, i64)>,
    /// What is thought to be condemned.
    condemned: Condemned,
}

impl Redis {
    /// Settles leases, each whole or not at all.
    pub(in crate::outbox) async fn settle_all(
        &self,
        leases: Vec<(Lease, Vec<Settlement>)>,
    ) -> Vec<Result<Settled, OutboxError>> {
        let mut answers: Vec<_> =
            leases.iter().map(|(lease, settlements)| is_whole(lease, settlements).map(|()| Settled::default())).collect();
        let mut open: Vec<(usize, Settling<'_>)> = Vec::new();
        for (number, ((lease, settlements), answer)) in leases.iter().zip(&answers).enumerate() {
            if answer.is_ok() {
                open.push((number, Settling { lease, settlements, again: None, condemned: Condemned::Nothing }));
            }
        }
        // Those of one dataset together.
        open.sort_by(|(_, a), (_, b)| a.lease.dataset.cmp(&b.lease.dataset));
        let of_one = |(_, a): &(usize, Settling<'_>), (_, b): &(usize, Settling<'_>)| a.lease.dataset == b.lease.dataset;
        for portion in open.chunk_by_mut(of_one).flat_map(|of_dataset| of_dataset.chunks_mut(MAX_LEASES)) {
            let (numbers, settlings): (Vec<_>, Vec<_>) =
                portion.iter_mut().map(|(number, settling)| (*number, settling)).unzip();
            let settled = self.core.settle(settlings).await;
            for (place, number) in numbers.into_iter().enumerate() {
                if let Some(answer) = answers.get_mut(number) {
                    *answer = match &settled {
                        Ok(settled) => Ok(settled.get(place).copied().unwrap_or_default()),
                        Err(error) => Err(error.clone()),
                    };
                }
            }
        }
        if answers.iter().flatten().any(|settled| settled.purged > 0) {
            self.rewrite_log_soon();
        }
        for (lease, _) in leases.iter().filter(|(lease, _)| lease.suspect) {
            self.core.free_suspect(lease.id.serial).await;
            self.core.gave_work(&lease.dataset);
        }
        answers
    }

    /// Settles what is decided and leases the rest anew, in one step.
    pub(in crate::outbox) async fn settle_part(&self, request: PartRequest) -> Result<Parted, OutboxError> {
        let (core, lease) = (&*self.core, &request.lease);
        let serial = core.next_serial();
        let again = Some((core.server_ms(request.until_ms), serial));
        let mut settling = Settling { lease, settlements: &request.settlements, again, condemned: Condemned::Nothing };
        let settled = core.settle(vec![&mut settling]).await?.pop().unwrap_or_default();
        failpoint::pass("after_split_before_reply");
        let stays = settled.retried > 0;
        if lease.suspect {
            if stays {
                core.move_suspect(lease.id.serial, serial, core.server_ms(request.until_ms)).await;
            } else {
                core.free_suspect(lease.id.serial).await;
            }
            core.gave_work(&lease.dataset);
        }
        Ok(Parted { settled, rest: stays.then(|| request.rest(serial)) })
    }
}

impl Core {
    /// Settles leases of one dataset.
    async fn settle(&self, mut settlings: Vec<&mut Settling<'_>>) -> Result<Vec<Settled>, OutboxError> {
        let mut done = vec![Settled::default(); settlings.len()];
        let mut open: Vec<usize> = (0..settlings.len()).collect();
        let Some(dataset) = settlings.first().map(|settling| Arc::clone(&settling.lease.dataset)) else { return Ok(done) };
        let mut gave_work = false;
        while !open.is_empty() {
            let (_, now_ms) = self.now_ms();
            let mut call = self.of(&dataset).call_once(&self.token()).with(&self.gateway).with(now_ms).with(open.len());
            let mut divided = Vec::with_capacity(open.len());
            for number in &open {
                let Some(settling) = settlings.get(*number) else { continue };
                divided.push(self.push(&mut call, settling)?);
            }
            let mut answer = self.insist(&SETTLE, &call, SETTLE_PATIENCE).await?;
            let mut still_open = Vec::new();
            for (number, settled) in open.into_iter().zip(divided) {
                match (answer.text()?.as_str(), settlings.get_mut(number), done.get_mut(number)) {
                    ("1", _, Some(done)) => {
                        gave_work |= settled.retried > 0;
                        *done = settled;
                    }
                    ("0", ..) => {}
                    (changed, Some(settling), _) => {
                        settling.condemned = Condemned::read(changed.strip_prefix('+'));
                        still_open.push(number);
                    }
                    _ => return Err(answer.strange()),
                }
            }
            open = still_open;
        }
        failpoint::pass("after_settle_before_reply");
        if gave_work {
            self.gave_work(&dataset);
        }
        Ok(done)
    }

    /// Adds one lease to a call. Returns what is settled if it still holds.
    fn push(&self, call: &mut Call, settling: &Settling<'_>) -> Result<Settled, OutboxError> {
        let Settling { lease, settlements, again, condemned } = settling;
        let division = Division::new(lease.events(), settlements, condemned, again.is_some());
        let stays = division.settled.retried + division.settled.purged > 0;
        call.push(lease.id.row);
        call.push(lease.id.serial);
        if division.aside.is_empty() && (!stays || again.is_some()) {
            call.push("*");
        } else {
            call.push(condemned.text().map_or_else(|| "-".to_owned(), |text| format!("+{text}")));
        }
        if division.settled.retried == 0 {
            call.push("");
        } else {
            self.push_what_stays(call, lease, &division, *again)?;
        }
        call.push(division.aside.len());
        let (now_ms, _) = self.now_ms();
        for (body, reason) in &division.aside {
            let mut aside = Aside::of(&head_of(lease, 1, body.len()), 1, body.len(), reason, now_ms);
            let (body, message) = self.seal_aside(&mut aside, &lease.dataset, body, reason.message())?;
            call.push(aside.text());
            call.push(&body[..]);
            call.push(message);
        }
        Ok(division.settled)
    }

    fn push_what_stays(
        &self,
        call: &mut Call,
        lease: &Lease,
        division: &Division<'_>,
        again: Option<(u64, i64)>,
    ) -> Result<(), OutboxError> {
        if let Some((until_ms, serial)) = again {
            call.push(until_ms);
            call.push(serial);
        } else {
            call.push(self.server_ms(division.due_ms));
            call.push("");
        }
        call.push(division.settled.retried);
        call.push(division.survivors.len());
        call.push(u8::from(division.attempted));
        if division.survivors.len() == lease.bodies.len() {
            for _ in 0..3 {
                call.push("");
            }
            return Ok(());
        }
        let mut head = head_of(lease, lease.count(), division.survivors.len());
        let body = self.seal_group(&mut head, &lease.dataset, &division.survivors)?;
        call.push(head.seat);
        call.push(head.key_id.as_deref().unwrap_or(PLAIN));
        call.push(&body[..]);
        Ok(())
    }
}

/// What of a head can be told from a lease.
fn head_of(lease: &Lease, events: usize, bytes: usize) -> Head {
    Head {
        site: Arc::clone(&lease.site),
        policy: lease.policy_digest,
        events,
        bytes,
        received_ms: lease.received_ms,
        oldest_event_secs: lease.oldest_event_secs,
        seat: 0,
        key_id: None,
        attempts: lease.attempts,
        crashes: 0,
        envelope: lease.envelope.clone(),
    }
}
