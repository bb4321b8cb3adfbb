//! A strict stand-in for Meta's endpoint: `portcullis meta-simulator`, for the demonstration, for tests and for trying out.
//!
//! Promises: what Meta documents as wrong is refused, the whole request at once, with Meta's code; what was received is kept,
//! counted and shown under `/_simulator/`; scripted faults let it fail as Meta and the network between do. It listens on
//! loopback only. It may use `serde_json::Value`, which nothing on an event's way may: it stands for Meta at the far end of that
//! way. Left to others: sending, and deciding what may leave. Absent on purpose: TLS, multipart bodies, deduplication (repeats are
//! counted, not dropped) and answers that echo a value.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::chance::Chance;
use crate::clock::Clock;

mod line;

mod endpoint;
mod faults;
mod request;
mod strict;
mod tokens;

mod check;
mod fields;
mod form;
mod rules;

mod answer;
mod body;
mod control;
mod ledger;
mod record;

pub use ledger::{DatasetCounts, Ledger, Received, TokenPlaces};

/// Connections held at once; more wait in the listener's queue.
const MAX_CONNECTIONS: usize = 1024;

/// How long to wait before the next try when a connection could not be accepted, mostly for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What the stand-in is started with.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where it listens; loopback only. Port 0 takes any free port.
    pub listen: SocketAddr,
    /// Tokens that it takes, for one dataset or for all. None at all: any token will do, but one must be shown.
    pub tokens: Vec<(Option<String>, SecretString)>,
    /// How many received events it remembers.
    pub keep: usize,
    /// How many ids of events it remembers.
    pub keep_ids: usize,
    /// A file to which the body of each request is appended as a line.
    pub record: Option<PathBuf>,
    /// Counts events and checks nothing of them, so that a measurement of load is not one of the stand-in.
    pub count_only: bool,
}

/// Why the stand-in cannot run.
#[derive(Debug, thiserror::Error)]
pub enum SimulatorError {
    /// It has no protection of its own, so it is never reachable from another machine.
    #[error("the simulator listens on loopback only, not on {0}")]
    NotLoopback(SocketAddr),
    /// The address is taken, or may not be used.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The file for `record` cannot be written.
    #[error("cannot open {path} to record requests")]
    Record {
        /// The file asked for.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A stand-in that listens; callers that connect before [`Simulator::serve`] wait in the listener's queue.
#[derive(Debug)]
pub struct Simulator {
    listener: TcpListener,
    address: SocketAddr,
    endpoint: Arc<endpoint::Endpoint>,
}

impl Simulator {
    /// Takes the address and opens the record; nothing is answered yet.
    pub async fn bind(options: Options, clock: Clock, chance: Chance) -> Result<Self, SimulatorError> {
        if !options.listen.ip().is_loopback() {
            return Err(SimulatorError::NotLoopback(options.listen));
        }
        let cannot_listen = |source| SimulatorError::Listen { address: options.listen, source };
        let listener = TcpListener::bind(options.listen).await.map_err(cannot_listen)?;
        let address = listener.local_addr().map_err(cannot_listen)?;
        let record = match options.record {
            Some(path) => Some(record::Record::open(&path).map_err(|source| SimulatorError::Record { path, source })?),
            None => None,
        };
        let endpoint = endpoint::Endpoint {
            clock,
            chance,
            tokens: tokens::Tokens::new(options.tokens),
            faults: faults::Faults::default(),
            received: Received::new(options.keep, options.keep_ids),
            record,
            count_only: options.count_only,
        };
        Ok(Self { listener, address, endpoint: Arc::new(endpoint) })
    }

    /// The address that it listens on, with the real port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A handle on what it receives; cheap to clone and of use while it serves.
    pub fn received(&self) -> Received {
        self.endpoint.received.clone()
    }

    /// Answers until `stop`; requests in hand get a few seconds to end. Dropping the future ends every connection at once.
    pub async fn serve(self, stop: CancellationToken) -> Result<(), SimulatorError> {
        let mut lines = JoinSet::new();
        loop {
            let stream = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Some(_) = lines.join_next(), if !lines.is_empty() => continue,
                accepted = self.listener.accept(), if lines.len() < MAX_CONNECTIONS => accepted,
            };
            match stream {
                Ok((stream, _)) => {
                    lines.spawn(line::converse(Arc::clone(&self.endpoint), stream, stop.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "simulator could not accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        // From here on new callers are turned away by the system rather than left waiting.
        drop(self.listener);
        while lines.join_next().await.is_some() {}
        Ok(())
    }
}

#[cfg(test)]
mod tests;
