//! Puts groups into the queue again whose entries a stranger took out of it (failure case C2): their heads and bodies are there.

use redis::Value;

use super::core::Core;
use super::scripts::{DatasetKeys, MEND};
use crate::outbox::OutboxError;

/// So many rows are looked at in one step.
const ROWS: usize = 256;

impl Core {
    /// Whether there are more groups than entries.
    pub(super) async fn lacks_entries(&self, keys: &DatasetKeys) -> Result<bool, OutboxError> {
        let count = |command: &str, name| redis::cmd(command).arg(keys.of(name)).to_owned();
        let heads: u64 = self.plain("the groups", &count("HLEN", "heads")).await?;
        let entries: u64 = self.plain("the queue", &count("XLEN", "queue")).await?;
        Ok(heads > entries)
    }

    /// Looks through all groups of a dataset. Rare: only where there are more heads than entries.
    pub(super) async fn mend(&self, dataset: &str, now_ms: u64) -> Result<(), OutboxError> {
        let keys = self.of(dataset);
        let (mut cursor, mut mended, mut strangers) = (0_u64, 0_u64, 0_u64);
        loop {
            let mut command = redis::cmd("HSCAN");
            command.arg(keys.of("heads")).arg(cursor).arg("COUNT").arg(ROWS);
            let (next, heads): (u64, Vec<(Vec<u8>, Value)>) = self.plain("the groups", &command).await?;
            if !heads.is_empty() {
                let mut call = keys.call().with(now_ms);
                for (row, _) in &heads {
                    call.push(&row[..]);
                }
                let mut answer = self.ask(&MEND, &call).await?;
                mended += answer.number::<u64>()?;
                strangers += answer.number::<u64>()?;
            }
            cursor = next;
            if cursor == 0 {
                break;
            }
        }
        if strangers > 0 {
            tracing::error!(groups = strangers, "groups in Redis that no gateway made were taken out");
        }
        if mended > 0 {
            tracing::error!(groups = mended, "groups that were missing from the queue in Redis were put in again");
            self.gave_work(&dataset.into());
        }
        Ok(())
    }
}
