//! Looks whether a server is one that events may be given to.
//!
//! It asks what the server says of itself, and `judge` decides. Whoever is asked for what its access control list forbids is not
//! believed to be durable: what is not known is said. In a cluster every primary is looked at, and the worst of them counts.

mod durability;
mod findings;
mod judge;

use std::collections::HashMap;

use redis::InfoDict;

pub use durability::Durability;
pub(super) use judge::{Fitness, Wait};

use self::findings::{Findings, LEAST_VERSION};
use super::link::Server;
use super::{Keys, SharedError};
use crate::config::{Redis, Topology};

/// Looks at all of them.
pub(super) async fn survey(servers: &[Server], config: &Redis) -> Result<Fitness, SharedError> {
    let mut all = Vec::with_capacity(servers.len());
    for server in servers {
        all.push(look(server, config).await?);
    }
    judge::judge(&all, config).map_err(SharedError::Unfit)
}

async fn look(server: &Server, config: &Redis) -> Result<Findings, SharedError> {
    let info = info(server, None).await?;
    is_up(&info)?;
    if Findings::version(&info) < LEAST_VERSION {
        // Before anything is asked that older ones do not know.
        return Err(SharedError::Unfit("it is older than 7.0; Redis 7.0 or newer, or Valkey, is needed".to_owned()));
    }
    if config.topology != Topology::Cluster && info.get::<u8>("cluster_enabled") == Some(1) {
        return Err(SharedError::Unfit("it is a node of a cluster; set redis.topology = \"cluster\"".to_owned()));
    }
    let mut command = redis::cmd("CONFIG");
    command.arg("GET").arg(&["appendfsync", "no-appendfsync-on-rewrite", "save"]);
    let settings: Option<HashMap<String, String>> = match server.command("its settings", &command).await {
        Ok(settings) => Some(settings),
        // Forbidden, or not there, as at some who run servers for others.
        Err(SharedError::Refused { .. }) => None,
        Err(error) => return Err(error),
    };
    Ok(Findings { replays: replays(server, config).await?, ..Findings::read(&info, settings.as_ref()) })
}

/// Whether a restart takes back from the log what scripts did, if that is known. It stands there as transactions, and before what
/// redis/redis#14541 mended they are checked against the rights of the default user, who may have none, and are dropped.
async fn replays(server: &Server, config: &Redis) -> Result<Option<bool>, SharedError> {
    if config.username.as_deref().is_none_or(|name| name == "default") {
        return Ok(Some(true));
    }
    let mut command = redis::cmd("ACL");
    command.arg(&["DRYRUN", "default", "HSET", &Keys::new(&config.prefix).common("outbox"), "field", "value"]);
    match server.command::<String>("what its default user may do", &command).await {
        Ok(answer) => Ok(Some(answer == "OK")),
        Err(SharedError::Refused { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether it is the primary, and has its data.
pub(super) async fn is_primary(server: &Server) -> Result<(), SharedError> {
    is_up(&info(server, Some("replication")).await?)
}

/// What is another one after each start of a server.
pub(super) async fn run_of(server: &Server) -> Result<String, SharedError> {
    info(server, Some("server")).await?.get("run_id").ok_or(SharedError::Strange("what it says of itself"))
}

/// Whether it is of a cluster that is complete.
pub(super) async fn is_in_cluster(server: &Server) -> Result<(), SharedError> {
    if info(server, Some("cluster")).await?.get::<u8>("cluster_enabled") != Some(1) {
        let reason = "it is no node of a cluster; set redis.topology = \"single\" or \"sentinel\"";
        return Err(SharedError::Unfit(reason.to_owned()));
    }
    let mut command = redis::cmd("CLUSTER");
    let info: InfoDict = server.command("the state of the cluster", command.arg("INFO")).await?;
    match info.get::<String>("cluster_state").as_deref() {
        Some("ok") => Ok(()),
        _ => Err(SharedError::Away("its cluster is not complete".to_owned())),
    }
}

async fn info(server: &Server, section: Option<&str>) -> Result<InfoDict, SharedError> {
    let mut command = redis::cmd("INFO");
    match server.command("what it says of itself", command.arg(section)).await {
        Err(SharedError::Refused { code, .. }) if code.starts_with("NOPERM") => {
            let reason = "its access control list does not allow INFO to our user, so nothing is known of it; allow +info";
            Err(SharedError::Unfit(reason.to_owned()))
        }
        answer => answer,
    }
}

/// A replica and a server that is loading answer as well, but not what is asked of the primary.
fn is_up(info: &InfoDict) -> Result<(), SharedError> {
    let away = |reason: &str| Err(SharedError::Away(reason.to_owned()));
    match info.get::<String>("role").as_deref() {
        Some("master") if info.get::<u8>("loading") == Some(1) => away("it is loading its data"),
        Some("master") => Ok(()),
        _ => away("it is a replica, or waits to become one; its address has to lead to the primary"),
    }
}
