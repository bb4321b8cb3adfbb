//! What the writer thread can be asked, each with the way back for the answer.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::failure::Failure;
use super::purge::{PurgeStep, PurgeStepDone};
use super::redrive::{RedriveStep, RedriveStepDone};
use super::reseal::{ResealStep, Resealed};
use super::store::Store;
use super::{purge, redrive, reseal};
use crate::outbox::part::{PartRequest, Parted};
use crate::outbox::spread::SpreadRequest;
use crate::outbox::{
    Append, Depth, Lease, LeaseRequest, Leased, OutboxError, PendingByDataset, Receipt, Settled, Settlement,
};

/// The way back to whoever asked.
pub(super) type Reply<T> = oneshot::Sender<Result<T, OutboxError>>;

/// One question to the writer.
#[derive(Debug)]
pub(super) enum Ask {
    /// Keep events; merged with all others that wait.
    Append(Asked<Append, Receipt>),
    /// Change what is kept.
    Write(Write),
    /// Look, outside of a transaction.
    Read(Read),
    /// Finish what was asked before, then let go of the file.
    Close(oneshot::Sender<()>),
}

/// A question whose answer must wait for the commit.
#[derive(Debug)]
pub(super) struct Asked<I, O> {
    pub(super) input: I,
    /// Set while the transaction runs; sent once it is committed.
    pub(super) result: Option<Result<O, OutboxError>>,
    reply: Reply<O>,
}

impl<I, O> Asked<I, O> {
    pub(super) fn new(input: I, reply: Reply<O>) -> Self {
        Self { input, result: None, reply }
    }

    /// Sends the result, or the failure of the commit. Returns the result if nobody waits for it any more.
    pub(super) fn answer(self, failure: Option<&Failure>) -> Option<O> {
        let result = match (failure, self.result) {
            (Some(failure), _) => Err(failure.error()),
            (None, Some(result)) => result,
            (None, None) => Err(OutboxError::Failed("the writer did not come to it".to_owned())),
        };
        self.reply.send(result).err().and_then(Result::ok)
    }
}

/// A change other than an append.
#[derive(Debug)]
pub(super) enum Write {
    Lease(Asked<LeaseRequest, Leased>),
    Settle(Asked<(Lease, Vec<Settlement>), Settled>),
    // What is boxed is rare, and large beside what comes all the time.
    SettlePart(Box<Asked<PartRequest, Parted>>),
    Release(Asked<Lease, ()>),
    LeaseAt(Asked<SpreadRequest, Leased>),
    Purge(Box<Asked<PurgeStep, PurgeStepDone>>),
    Redrive(Box<Asked<RedriveStep, RedriveStepDone>>),
    Reseal(Asked<ResealStep, Resealed>),
}

impl Write {
    /// The failpoint between its commit and its answer.
    pub(super) fn failpoint(&self) -> &'static str {
        match self {
            Self::Lease(_) | Self::LeaseAt(_) => "after_lease_before_reply",
            Self::Settle(_) => "after_settle_before_reply",
            Self::SettlePart(_) => "after_split_before_reply",
            Self::Release(_) => "after_release_before_reply",
            Self::Purge(_) => "after_purge_step",
            Self::Redrive(_) => "after_redrive_step",
            Self::Reseal(_) => "after_rekey_step",
        }
    }

    /// Does it as a part of the running transaction.
    pub(super) fn execute(&mut self, store: &mut Store) -> rusqlite::Result<()> {
        fn part<I, O>(
            asked: &mut Asked<I, O>,
            store: &mut Store,
            work: impl FnOnce(&mut Store, &I) -> rusqlite::Result<O>,
        ) -> rusqlite::Result<()> {
            let done = store.part(|store| work(store, &asked.input))?;
            asked.result = Some(done.map_err(|failure| failure.error()));
            Ok(())
        }
        match self {
            Self::Lease(asked) => part(asked, store, Store::lease),
            Self::Settle(asked) => part(asked, store, |store, (lease, settlements)| store.settle(lease, settlements)),
            Self::SettlePart(asked) => part(asked, store, Store::settle_part),
            Self::Release(asked) => part(asked, store, Store::release),
            Self::LeaseAt(asked) => part(asked, store, Store::lease_at),
            Self::Purge(asked) => part(asked, store, Store::purge),
            Self::Redrive(asked) => part(asked, store, Store::redrive),
            Self::Reseal(asked) => part(asked, store, Store::reseal),
        }
    }

    /// Whether, once committed, there is work that was not there before.
    pub(super) fn gives_work(&self) -> bool {
        match self {
            Self::Settle(asked) => {
                matches!(&asked.result, Some(Ok(settled)) if settled.retried > 0 || asked.input.0.suspect)
            }
            // What stays of a part is in hand, but another suspect may have waited for it.
            Self::SettlePart(asked) => asked.input.lease.suspect,
            Self::Release(_) | Self::Redrive(_) => true,
            Self::Lease(_) | Self::LeaseAt(_) | Self::Purge(_) | Self::Reseal(_) => false,
        }
    }

    /// What it writes to the log at most, beside what every commit does.
    pub(super) fn log_bytes(&self) -> u64 {
        match self {
            Self::Purge(_) => purge::STEP_BYTES as u64,
            // Deleted in one place and written in another.
            Self::Redrive(_) => 2 * redrive::STEP_BYTES as u64,
            Self::Reseal(_) => reseal::STEP_BYTES as u64,
            Self::Lease(_) | Self::Settle(_) | Self::SettlePart(_) | Self::Release(_) | Self::LeaseAt(_) => 0,
        }
    }

    /// Whether something that was purged in hand is gone now, of which nothing may be left in the log.
    pub(super) fn purges(&self) -> bool {
        match self {
            Self::Lease(Asked { result, .. }) | Self::LeaseAt(Asked { result, .. }) => {
                matches!(result, Some(Ok(leased)) if leased.purged > 0)
            }
            Self::Settle(asked) => matches!(&asked.result, Some(Ok(settled)) if settled.purged > 0),
            // A part leaves in hand what is condemned; a purge by command empties the log at its end.
            Self::SettlePart(_) | Self::Release(_) | Self::Purge(_) | Self::Redrive(_) | Self::Reseal(_) => false,
        }
    }

    /// Answers. Returns leases that were made for somebody who has gone.
    pub(super) fn answer(self, failure: Option<&Failure>) -> Vec<Lease> {
        match self {
            Self::Lease(asked) => return asked.answer(failure).map(|leased| leased.leases).unwrap_or_default(),
            Self::LeaseAt(asked) => return asked.answer(failure).map(|leased| leased.leases).unwrap_or_default(),
            Self::SettlePart(asked) => return asked.answer(failure).and_then(|parted| parted.rest).into_iter().collect(),
            Self::Settle(asked) => drop(asked.answer(failure)),
            Self::Release(asked) => drop(asked.answer(failure)),
            Self::Purge(asked) => drop(asked.answer(failure)),
            Self::Redrive(asked) => drop(asked.answer(failure)),
            Self::Reseal(asked) => drop(asked.answer(failure)),
        }
        Vec::new()
    }
}

/// A look that changes nothing that counts.
#[derive(Debug)]
pub(super) enum Read {
    Depth(Reply<Depth>),
    PendingByDataset(Reply<PendingByDataset>),
    NextDue {
        dataset: Arc<str>,
        now_ms: u64,
        reply: Reply<Option<u64>>,
    },
    /// Empties the log, so that nothing of what was purged is left in it.
    Truncate(Reply<()>),
    /// Finds out whether there is room again.
    Probe,
}
