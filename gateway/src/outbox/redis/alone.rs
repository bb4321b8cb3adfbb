//! One command at a time goes over everything that is kept, whichever gateway was asked: by a key that holds for a time, so that
//! nobody waits for ever for a gateway that died.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;

use super::Redis;
use super::scripts::ALONE;
use crate::clock::millis;
use crate::outbox::OutboxError;
use crate::shared::Call;

/// How long a turn holds that is not held on to; far longer than a step takes.
const HOLDS: Duration = Duration::from_secs(30);
/// How often it is asked whether it is free.
const ASK: Duration = Duration::from_millis(100);
/// So often at most: ten minutes.
const ASKED_AT_MOST: u32 = 6_000;

/// The turn of one command, until [`Alone::end`]. Dropped before that, it ends by itself.
#[derive(Debug)]
pub(super) struct Alone {
    redis: Redis,
    token: String,
    /// Within this gateway the turns are in the order in which they were asked for.
    _here: OwnedMutexGuard<()>,
}

impl Redis {
    /// Waits for the turn.
    pub(super) async fn alone(&self) -> Result<Alone, OutboxError> {
        let here = Arc::clone(&self.core.long_work).lock_owned().await;
        let alone = Alone { redis: self.clone(), token: self.core.token(), _here: here };
        for _ in 0..ASKED_AT_MOST {
            if alone.ask(HOLDS).await? {
                return Ok(alone);
            }
            tokio::time::sleep(ASK).await;
        }
        Err(OutboxError::Failed("another command has been going over the outbox for ten minutes; try it later".to_owned()))
    }
}

impl Alone {
    /// Before every step: fails if another command has had its turn meanwhile.
    pub(super) async fn hold(&self) -> Result<(), OutboxError> {
        if self.ask(HOLDS).await? {
            return Ok(());
        }
        Err(OutboxError::Failed("it took so long that another command came between; run it again".to_owned()))
    }

    /// Lets others.
    pub(super) async fn end(self) {
        // If this fails, the turn ends by itself.
        drop(self.ask(Duration::ZERO).await);
    }

    async fn ask(&self, holds: Duration) -> Result<bool, OutboxError> {
        let call = Call::on([self.redis.core.keys.common("long_work")]).with(&self.token).with(millis(holds));
        Ok(self.redis.core.link.insist(&ALONE, &call, self.redis.core.patience).await?)
    }
}
