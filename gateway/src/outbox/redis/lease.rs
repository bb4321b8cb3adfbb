//! Hands groups out: one call in the usual case.
//!
//! What the script cannot know is asked for first and the call repeated: the permission to have a suspect, which is one for the whole
//! outbox, and a look at groups that were condemned in hand. Leases that nobody got to know of, because the answer was lost or
//! nobody waited for it, are given back at the next look.

use std::sync::Arc;

use portcullis_filters::policy::{PolicyDigest, StoredPolicy};

use super::Redis;
use super::answer::Answer;
use super::bodies::MAX_BODY_BYTES;
use super::core::Core;
use super::head::Head;
use super::quarantine::Aside;
use super::scripts::{ASIDE, LEASE, RELEASE, SPREAD};
use crate::failpoint;
use crate::outbox::crash::SUSPECT_CRASHES;
use crate::outbox::lease::{FAR_MS, Keeper, LeaseId};
use crate::outbox::spread::SpreadRequest;
use crate::outbox::{Lease, LeaseRequest, Leased, OutboxError, QuarantineReason};
use crate::shared::{Call, Script};

/// So often the script may ask for something first.
const TRIES: usize = 8;

/// What the script does with a group that may have killed a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Suspects {
    Ask,
    Take,
    Skip,
}

impl Suspects {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Take => "take",
            Self::Skip => "skip",
        }
    }
}

/// Leases of a call that is under way. Dropped without having been handed on, they are lost, and come back at the next look.
struct UnderWay<'c> {
    core: &'c Core,
    dataset: &'c Arc<str>,
    serial: i64,
    is_handed_on: bool,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if !self.is_handed_on {
            self.core.lost(self.dataset, self.serial);
        }
    }
}

impl Redis {
    /// Leases due groups, oldest appended first (O2).
    pub(in crate::outbox) async fn lease(&self, request: LeaseRequest) -> Result<Leased, OutboxError> {
        self.hand_out(&LEASE, &request, 0, Suspects::Ask).await
    }

    /// Leases from elsewhere.
    pub(in crate::outbox) async fn lease_at(&self, request: SpreadRequest) -> Result<Leased, OutboxError> {
        self.hand_out(&SPREAD, &request.as_lease_request(), request.at_permille.min(1000), Suspects::Skip).await
    }

    /// Gives a lease back, if it still holds.
    pub(in crate::outbox) async fn release(&self, lease: Lease) -> Result<(), OutboxError> {
        let core = &self.core;
        let (_, now_ms) = core.now_ms();
        let call = core.of(&lease.dataset).call().with(&core.gateway).with(now_ms).with(lease.id.row).with(lease.id.serial);
        core.insist(&RELEASE, &call, core.patience).await?;
        failpoint::pass("after_release_before_reply");
        if lease.suspect {
            core.free_suspect(lease.id.serial).await;
        }
        core.gave_work(&lease.dataset);
        Ok(())
    }

    async fn hand_out(
        &self,
        script: &Script,
        request: &LeaseRequest,
        place: u64,
        mut suspects: Suspects,
    ) -> Result<Leased, OutboxError> {
        let core = &*self.core;
        let now_ms = core.told(request.now_ms);
        core.give_back_lost(&request.dataset).await?;
        let mut leased = Leased::default();
        let mut is_swept = false;
        for _ in 0..TRIES {
            let serial = core.next_serial();
            if suspects == Suspects::Take && !core.take_suspect(serial, now_ms, core.server_ms(request.until_ms)).await? {
                suspects = Suspects::Skip;
            }
            let call = self.call(request, serial, suspects, is_swept, place);
            let mut under_way = UnderWay { core, dataset: &request.dataset, serial, is_handed_on: false };
            let mut answer = core.ask(script, &call).await?;
            match answer.text()?.as_str() {
                "groups" => {
                    leased.more = answer.number::<u8>()? == 1;
                    let lacks = answer.number::<u8>()? == 1;
                    let strangers: u64 = answer.number()?;
                    if strangers > 0 {
                        tracing::error!(
                            entries = strangers,
                            "entries of the queue in Redis that no gateway made were taken out"
                        );
                    }
                    while !answer.is_over() {
                        self.take(&mut answer, request, serial, &mut leased).await?;
                    }
                    failpoint::pass("after_lease_before_reply");
                    if suspects == Suspects::Take && !leased.leases.iter().any(|lease| lease.suspect) {
                        core.free_suspect(serial).await;
                    }
                    under_way.is_handed_on = true;
                    if !leased.leases.is_empty() && !core.is_listed(&request.dataset) {
                        // It may have been lost from the list. If this fails the next lease does it.
                        drop(core.list(&request.dataset).await);
                    }
                    if lacks {
                        core.mend(&request.dataset, now_ms).await?;
                        leased.more = true;
                    }
                    return Ok(leased);
                }
                "suspect" => suspects = Suspects::Take,
                "sweep" => {
                    leased.purged += self.sweep(&request.dataset).await?;
                    is_swept = true;
                }
                _ => return Err(answer.strange()),
            }
            under_way.is_handed_on = true;
        }
        Ok(leased)
    }

    fn call(&self, request: &LeaseRequest, serial: i64, suspects: Suspects, is_swept: bool, place: u64) -> Call {
        let core = &self.core;
        let latest_ms = core.server_ms(request.now_ms.saturating_add(FAR_MS));
        let call = core.of(&request.dataset).call().with(&core.gateway).with(core.server_ms(request.now_ms));
        let call = call.with(core.server_ms(request.until_ms)).with(serial).with(request.max_events).with(request.max_bytes);
        let call = call.with(suspects.as_str()).with(if is_swept { "swept" } else { "" }).with(latest_ms);
        let call = call.with(MAX_BODY_BYTES).with(place);
        core.key_ids.iter().fold(call, Call::with)
    }

    /// Takes one group out of the answer: a lease, or an entry of the quarantine if it cannot be read (O5).
    async fn take(
        &self,
        answer: &mut Answer,
        request: &LeaseRequest,
        serial: i64,
        leased: &mut Leased,
    ) -> Result<(), OutboxError> {
        let core = &*self.core;
        let row: i64 = answer.number()?;
        let head = answer.bytes().and_then(|text| Head::read(std::str::from_utf8(&text).ok()?));
        let stored = answer.bytes();
        let length = stored.as_ref().map_or(0, Vec::len);
        let Some((head, bodies)) = head.clone().and_then(|head| {
            let bodies = core.open_whole_group(&head, &request.dataset, stored?)?;
            Some((head, bodies))
        }) else {
            leased.quarantined += core.set_aside_unreadable(request, row, serial, head.as_ref(), length).await?;
            return Ok(());
        };
        let policy = core.policy(&request.dataset, head.policy).await?;
        leased.leases.push(Lease {
            id: LeaseId { keeper: Keeper::Redis, row, serial },
            site: head.site,
            dataset: Arc::clone(&request.dataset),
            envelope: head.envelope,
            policy,
            policy_digest: head.policy,
            bodies,
            count: head.events,
            received_ms: head.received_ms,
            oldest_event_secs: head.oldest_event_secs,
            attempts: head.attempts,
            suspect: head.crashes >= SUSPECT_CRASHES,
        });
        Ok(())
    }
}

impl Core {
    /// Gives back what was leased in calls that nobody got to know the answer of.
    pub(super) async fn give_back_lost(&self, dataset: &Arc<str>) -> Result<(), OutboxError> {
        let lost = self.take_lost(dataset);
        if lost.is_empty() {
            return Ok(());
        }
        let (_, now_ms) = self.now_ms();
        let mut call = self.of(dataset).call().with(&self.gateway).with(now_ms);
        for serial in &lost {
            call = call.with("*").with(*serial);
        }
        if let Err(error) = self.ask(&RELEASE, &call).await {
            for serial in lost {
                self.lost(dataset, serial);
            }
            return Err(error);
        }
        for serial in lost {
            self.free_suspect(serial).await;
        }
        self.gave_work(dataset);
        Ok(())
    }

    /// Sets a group aside as it rests; gives how many events it counted.
    async fn set_aside_unreadable(
        &self,
        request: &LeaseRequest,
        row: i64,
        serial: i64,
        head: Option<&Head>,
        length: usize,
    ) -> Result<u64, OutboxError> {
        let aside = match head {
            Some(head) => Aside {
                seat: head.seat,
                key_id: head.key_id.clone(),
                ..Aside::of(head, head.events, head.bytes, &QuarantineReason::Unreadable, request.now_ms)
            },
            None => Aside::unknown(length, request.now_ms),
        };
        let call = self.of(&request.dataset).call().with(&self.gateway).with(self.server_ms(request.now_ms));
        let call = call.with(row).with(serial).with(aside.text()).with("").with("");
        let mut answer = self.insist(&ASIDE, &call, self.patience).await?;
        tracing::error!(row, "a group in Redis cannot be read and went to quarantine");
        Ok(if answer.number::<u8>()? == 1 { aside.events as u64 } else { 0 })
    }

    /// The policy of a group. One whose text is gone is handed out as such: what to do about it is for the dispatcher to say.
    async fn policy(&self, dataset: &str, digest: PolicyDigest) -> Result<Arc<StoredPolicy>, OutboxError> {
        if let Some(policy) = self.read_policy(digest) {
            return Ok(policy);
        }
        let keys = self.of(dataset);
        let command = redis::cmd("HGET").arg(keys.of("policies")).arg(digest.to_string()).to_owned();
        let text: Option<Vec<u8>> = self.plain("a policy", &command).await?;
        let text = text.and_then(|text| String::from_utf8(text).ok());
        let policy = Arc::new(StoredPolicy::read(digest, text.as_deref()));
        if text.is_some() {
            self.keep_policy(Arc::clone(&policy));
        }
        Ok(policy)
    }
}
