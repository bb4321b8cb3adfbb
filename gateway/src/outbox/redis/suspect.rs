//! The one suspect that may be in hand over the whole outbox, so that the next death has one culprit (`outbox/crash.rs`).
//!
//! A key of its own, as datasets lie on different nodes. It holds until the lease of the suspect ends, whatever becomes of its holder.

use super::core::Core;
use super::scripts::SUSPECT;
use crate::outbox::OutboxError;
use crate::shared::Call;

impl Core {
    /// Whether this lease may have a suspect, until that time of the server.
    pub(super) async fn take_suspect(&self, serial: i64, now_ms: u64, until_ms: u64) -> Result<bool, OutboxError> {
        let call = self.suspect("take", &serial.to_string()).with(now_ms).with(until_ms);
        Ok(self.ask(&SUSPECT, &call).await?.number::<u8>()? == 1)
    }

    /// The lease has another serial from now on.
    pub(super) async fn move_suspect(&self, serial: i64, to: i64, until_ms: u64) {
        let call = self.suspect("move", &serial.to_string()).with(to).with(until_ms);
        self.or_until_it_ends(&call).await;
    }

    /// The lease is over.
    pub(super) async fn free_suspect(&self, serial: i64) {
        self.or_until_it_ends(&self.suspect("free", &serial.to_string())).await;
    }

    /// A gateway is dead.
    pub(super) async fn free_suspect_of(&self, gateway: &str) {
        let call = Call::on([self.keys.common("suspect")]).with("free").with(gateway).with("");
        self.or_until_it_ends(&call).await;
    }

    /// When the lease of the suspect in hand ends, in the server's time; 0 if there is none.
    pub(super) async fn suspect_in_hand_until(&self) -> Result<u64, OutboxError> {
        let command = redis::cmd("GET").arg(self.keys.common("suspect")).to_owned();
        let text: Option<String> = self.plain("the suspect", &command).await?;
        Ok(text.and_then(|text| text.split(' ').next()?.parse().ok()).unwrap_or(0))
    }

    fn suspect(&self, what: &'static str, serial: &str) -> Call {
        Call::on([self.keys.common("suspect")]).with(what).with(&self.gateway).with(serial)
    }

    async fn or_until_it_ends(&self, call: &Call) {
        if let Err(error) = self.insist(&SUSPECT, call, self.patience).await {
            tracing::debug!(%error, "others of its kind wait until the lease of a suspect would have ended");
        }
    }
}
