//! Asks sentinels where the primary is.
//!
//! They are asked in turn until one knows. What it says is not believed but checked by whoever connects: a sentinel that was cut off
//! names the primary of yesterday.

use std::sync::Arc;

use super::dial::{Dialer, Login};
use crate::config::Node;
use crate::shared::SharedError;

/// Where the primary of this name is.
pub(super) async fn primary(dialer: &Arc<Dialer>, name: &str) -> Result<Node, SharedError> {
    let mut why = SharedError::Unfit("no sentinel is named".to_owned());
    for node in &dialer.0.nodes {
        match ask(dialer, node, name).await {
            Ok(Some((host, port))) => return Ok(Node { host, port }),
            Ok(None) => {
                why = SharedError::Unfit(
                    "a sentinel knows no primary of the name in redis.sentinel_primary; correct that".to_owned(),
                );
            }
            Err(SharedError::Refused { code, .. }) if code == "ERR" => {
                why = SharedError::Unfit("it is no sentinel; set redis.topology = \"single\" or \"cluster\"".to_owned());
            }
            Err(SharedError::Away(reason)) => why = SharedError::Away(format!("no sentinel answers: {reason}")),
            Err(error) => why = error,
        }
    }
    Err(why)
}

/// Asked without a password first: most sentinels have none, and would get that of the primary for nothing.
async fn ask(dialer: &Arc<Dialer>, node: &Node, name: &str) -> Result<Option<(String, u16)>, SharedError> {
    let mut command = redis::cmd("SENTINEL");
    command.arg("GET-MASTER-ADDR-BY-NAME").arg(name);
    let what = "the address of the primary";
    match dialer.dial_as(node, Login::Nobody).await?.command(what, &command).await {
        Err(SharedError::Unfit(_)) if dialer.0.password.is_some() => dialer.dial(node).await?.command(what, &command).await,
        answer => answer,
    }
}
