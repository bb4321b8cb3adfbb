//! Brings what this gateway knows into a log that does not have it: after Redis was emptied, and when a gateway comes that kept its
//! set alone before. All of it is appended as additions, so that where two disagree a person is rather kept back.
//!
//! Of gateways that stood at one place of a lost log one is enough, as they hold the same. The others wait for it, and go
//! themselves if it dies.

use std::sync::LazyLock;
use std::time::Duration;

use tokio::time::Instant;

use super::entry::{Entry, MOST};
use super::{Appended, Log, Position, blocking};
use crate::shared::{Call, Link, Script};
use crate::suppression::{SuppressTask, SuppressionError};

static CLAIM: LazyLock<Script> = LazyLock::new(|| Script::new("a claim of the suppression log", include_str!("claim.lua")));

/// For how long a gateway claims the work at a time: each entry renews it.
const CLAIM_MS: u64 = 15_000;
/// How long another one is waited for at most. Ten million marks take a part of it.
const WAIT: Duration = Duration::from_secs(300);
const LOOK: Duration = Duration::from_millis(200);

/// What is known of who writes the log again.
#[derive(Debug, PartialEq, Eq)]
enum Claim {
    Whole,
    Claimed,
    Yours,
}

impl Log {
    /// Sees to it that the log holds everybody whom this gateway holds, of which it knew up to `former` in another log. `last` is
    /// the last entry as far as is known.
    pub(super) async fn bring(&self, link: &Link, former: Position, last: Position) -> Result<(), SuppressionError> {
        // Gateways that never stood in a log have each a set of their own.
        let is_shared = former != Position::START;
        if is_shared && !self.is_ours(link, former).await? {
            return Ok(());
        }
        let last = self.append_all(link, former, last).await?;
        if is_shared {
            self.claim(link, former, "whole", Some(last)).await?;
        }
        Ok(())
    }

    /// Whether this gateway has to write the log again. If another one does, waits until it has.
    async fn is_ours(&self, link: &Link, former: Position) -> Result<bool, SuppressionError> {
        let until = Instant::now() + WAIT;
        loop {
            match self.claim(link, former, &CLAIM_MS.to_string(), None).await? {
                Claim::Yours => return Ok(true),
                Claim::Whole => return Ok(false),
                Claim::Claimed if Instant::now() > until => return Err(self.busy()),
                Claim::Claimed => tokio::time::sleep(LOOK).await,
            }
        }
    }

    async fn append_all(&self, link: &Link, former: Position, mut last: Position) -> Result<Position, SuppressionError> {
        let (set, marker) = (self.set(), self.set().marker()?);
        let (mut brought, mut after) = (0_u64, None);
        loop {
            let marks = blocking(set, move |set| set.marks_after(after, MOST)).await?;
            if marks.is_empty() {
                break;
            }
            after = marks.last().copied();
            brought += marks.len() as u64;
            let (task, day) = (SuppressTask::Add, set.today()?);
            let mut entry = Entry { position: last.next(self.chance()), task, day, marks };
            // Others may append meanwhile.
            loop {
                match self.append(link, last, &entry, &marker).await? {
                    Appended::Done => break,
                    Appended::Behind(now) => {
                        last = now;
                        entry.position = last.next(self.chance());
                    }
                }
            }
            last = entry.position;
            if former != Position::START {
                self.claim(link, former, &CLAIM_MS.to_string(), None).await?;
            }
        }
        set.must_hold(brought)?;
        tracing::warn!(marks = brought, "what this gateway knows of suppressed persons was written into the log in Redis");
        Ok(last)
    }

    async fn claim(
        &self,
        link: &Link,
        former: Position,
        what: &str,
        last: Option<Position>,
    ) -> Result<Claim, SuppressionError> {
        let last = last.map(|last| last.to_string()).unwrap_or_default();
        let call = Call::on([self.name(), self.bases()]).with(former.to_string()).with(self.caller()).with(what).with(last);
        let answer: String = link.call(&CLAIM, &call).await?;
        match answer.as_str() {
            "whole" => Ok(Claim::Whole),
            "claimed" => Ok(Claim::Claimed),
            "yours" => Ok(Claim::Yours),
            _ => Err(super::strange()),
        }
    }
}
