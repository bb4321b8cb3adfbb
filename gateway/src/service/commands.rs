//! Does what comes through the control socket, one match over the closed list.

use super::reload::Reloads;
use crate::control::{Answer, Command};

/// What commands need.
#[derive(Debug, Clone)]
pub(super) struct Commands {
    pub(super) reloads: Reloads,
}

impl Commands {
    /// Does it, and says what came of it.
    pub(super) async fn obey(self, command: Command) -> Answer {
        match command {
            Command::Reload => self.reloads.answer().await,
        }
    }
}
