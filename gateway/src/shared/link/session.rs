//! What was found at one connecting: the servers that have our keys, each reached once and found fit.
//!
//! A session never mends itself. What breaks one server of it breaks all of it, and the next one is made from nothing.

use std::sync::Arc;

use redis::{Cmd, FromRedisValue, Value};

use super::confirm::Confirm;
use super::dial::Dialer;
use super::layout::{Layout, tag};
use super::sentinel;
use super::server::Server;
use crate::clock::Clock;
use crate::config::{Node, Topology};
use crate::shared::survey::{self, Fitness};
use crate::shared::{Call, Keys, Script, SharedError};

/// What a difference of clocks must be to count: a measurement over the network is not better.
const LEAST_SKEW_MS: u64 = 100;

/// A connection to all servers that have our keys.
pub(super) struct Session {
    servers: Vec<Server>,
    /// For each server, if anything is to be waited for.
    confirms: Vec<Confirm>,
    layout: Option<Layout>,
    common: String,
    pub(super) fitness: Fitness,
    pub(super) skew_ms: i64,
}

impl Session {
    /// Connects as configured, and looks whether what is found is fit.
    pub(super) async fn open(dialer: &Arc<Dialer>, clock: &Clock) -> Result<Self, SharedError> {
        let (servers, layout) = match &dialer.0.topology {
            Topology::Single => (vec![reach(dialer).await?], None),
            Topology::Sentinel(name) => (vec![dialer.dial(&sentinel::primary(dialer, name).await?).await?], None),
            Topology::Cluster => cluster(dialer).await?,
        };
        let fitness = survey::survey(&servers, &dialer.0).await?;
        let mut confirms = Vec::new();
        if fitness.wait.is_some() {
            for server in &servers {
                confirms.push(Confirm::prepare(server).await?);
            }
        }
        let common = Keys::new(&dialer.0.prefix).common("synced");
        let session = Self { servers, confirms, layout, common, fitness, skew_ms: 0 };
        let skew_ms = session.measure(clock).await?;
        Ok(Self { skew_ms, ..session })
    }

    /// Runs a script on the server of its first key.
    pub(super) async fn call<T: FromRedisValue>(&self, script: &Script, call: &Call) -> Result<T, SharedError> {
        let key = call.keys.first().map_or(self.common.as_str(), String::as_str);
        let answer = self.server_of(key)?.call(script, call).await?;
        let confirm = self.place_of(key).and_then(|place| self.confirms.get(place));
        if let (true, Some(wait), Some(confirm)) = (script.is_durable, self.fitness.wait, confirm) {
            let mark = tag(key).map_or_else(|| self.common.clone(), |tag| format!("{{{tag}}}:synced"));
            confirm.wait(wait, &mark).await?;
        }
        Ok(answer)
    }

    /// Runs a command on the server of its key. All our keys, and nothing else that stands early in a command, begin with a brace.
    pub(super) async fn command<T: FromRedisValue>(&self, what: &'static str, command: &Cmd) -> Result<T, SharedError> {
        let key = command.args_iter().find_map(|argument| match argument {
            redis::Arg::Simple(bytes) if bytes.starts_with(b"{") => std::str::from_utf8(bytes).ok(),
            _ => None,
        });
        self.server_of(key.unwrap_or(&self.common))?.command(what, command).await
    }

    /// Runs a command on every server; fails where one of them does not do it.
    pub(super) async fn on_each<T: FromRedisValue>(&self, what: &'static str, command: &Cmd) -> Result<Vec<T>, SharedError> {
        let mut answers = Vec::with_capacity(self.servers.len());
        for server in &self.servers {
            answers.push(server.command(what, command).await?);
        }
        Ok(answers)
    }

    /// The server of the keys that belong to no dataset.
    pub(super) fn of_common_keys(&self) -> Result<&Server, SharedError> {
        self.server_of(&self.common)
    }

    /// Whether every server still answers and is the primary. How far its clock is ahead of ours.
    pub(super) async fn probe(&self, clock: &Clock) -> Result<i64, SharedError> {
        for server in &self.servers {
            survey::is_primary(server).await?;
        }
        self.measure(clock).await
    }

    /// Looks again whether the servers are fit.
    pub(super) async fn survey(&self, dialer: &Dialer) -> Result<Fitness, SharedError> {
        survey::survey(&self.servers, &dialer.0).await
    }

    fn server_of(&self, key: &str) -> Result<&Server, SharedError> {
        // A layout has every slot.
        let server = self.place_of(key).and_then(|place| self.servers.get(place));
        server.ok_or(SharedError::Strange("the layout of the cluster"))
    }

    fn place_of(&self, key: &str) -> Option<usize> {
        self.layout.as_ref().map_or(Some(0), |layout| layout.place_of(key))
    }

    async fn measure(&self, clock: &Clock) -> Result<i64, SharedError> {
        let before = clock.unix_ms();
        let (secs, micros): (u64, u64) = self.of_common_keys()?.command("the time", &redis::cmd("TIME")).await?;
        let ours = before.midpoint(clock.unix_ms());
        let theirs = secs.saturating_mul(1000).saturating_add(micros / 1000);
        let skew = theirs.abs_diff(ours);
        let skew_ms = if skew < LEAST_SKEW_MS { 0 } else { i64::try_from(skew).unwrap_or(i64::MAX) };
        Ok(if theirs < ours { -skew_ms } else { skew_ms })
    }
}

/// The one server.
async fn reach(dialer: &Arc<Dialer>) -> Result<Server, SharedError> {
    let node = dialer.0.nodes.first().ok_or_else(|| SharedError::Unfit("no server is named".to_owned()))?;
    dialer.dial(node).await
}

/// All primaries, as any of the named nodes knows them.
async fn cluster(dialer: &Arc<Dialer>) -> Result<(Vec<Server>, Option<Layout>), SharedError> {
    let mut why = SharedError::Unfit("no node is named".to_owned());
    for node in &dialer.0.nodes {
        match ask(dialer, node).await {
            Ok((layout, primaries)) => {
                let mut servers = Vec::with_capacity(primaries.len());
                for primary in &primaries {
                    servers.push(dialer.dial(primary).await?);
                }
                return Ok((servers, Some(layout)));
            }
            Err(error) => why = error,
        }
    }
    Err(why)
}

async fn ask(dialer: &Arc<Dialer>, node: &Node) -> Result<(Layout, Vec<Node>), SharedError> {
    let server = dialer.dial(node).await?;
    survey::is_in_cluster(&server).await?;
    let mut command = redis::cmd("CLUSTER");
    let answer: Vec<Vec<Value>> = server.command("the layout of the cluster", command.arg("SLOTS")).await?;
    Layout::read(answer, node)
}
