//! What Redis is compared with: the events that the gateway would store, each an entry of a stream, by the plainest client that
//! sends many commands at once; and the same taken out again by reading, acknowledging and deleting.
//!
//! No key, no cap, no policy, no retry time, no tally: what a stream costs, and no more.

use std::time::Duration;

use harness::Redis;
use portcullis_filters::pipeline::{Context, Outcome, sanitize};
use portcullis_filters::policy::Policy;
use portcullis_filters::pseudonym::PseudonymKey;
use portcullis_filters::suppression::Nobody;
use redis::aio::MultiplexedConnection;
use redis::streams::StreamReadReply;
use redis::{AsyncConnectionConfig, Client};
use serde::Serialize;
use tokio::time::Instant;

use crate::request::{OWN_HOST, Template};
use crate::run::Bench;
use crate::usage::Usage;

/// Entries at most, so that they fit in memory.
const MOST: usize = 300_000;
/// How long an answer may take.
const DEADLINE: Duration = Duration::from_secs(30);
const KEY: &str = "plain";

/// CPU time of Redis.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Plain {
    /// Bytes of an event as it is stored.
    pub(crate) event_bytes: usize,
    /// Entries that are added, or read, at once.
    pub(crate) pipeline: usize,
    pub(crate) events: usize,
    /// To add an event.
    pub(crate) add_us_per_event: f64,
    /// To add it, read it, acknowledge it and delete it.
    pub(crate) whole_us_per_event: f64,
}

impl Bench {
    /// Measures for about as long as one measurement of a gateway lasts.
    #[expect(clippy::cast_precision_loss, reason = "counts of a few seconds")]
    pub(crate) async fn plain(&self) -> Plain {
        let redis = self.start_redis().await;
        let events = self.stored(self.pipeline);
        let before = Usage::of(&redis).await;
        let mut connection = connect(&redis).await;
        let count = add(&mut connection, &events, self.time).await;
        let added = Usage::of(&redis).await;
        take_out(&mut connection, self.pipeline, count).await;
        let taken = Usage::of(&redis).await;
        let per_event = |later: &Usage| (later.cpu_us - before.cpu_us) / count as f64;
        Plain {
            event_bytes: events.iter().map(String::len).sum::<usize>() / events.len(),
            pipeline: self.pipeline,
            events: count,
            add_us_per_event: per_event(&added),
            whole_us_per_event: per_event(&taken),
        }
    }

    /// So many events as the gateway would store them.
    fn stored(&self, count: usize) -> Vec<String> {
        let given = || (self.policy.clone(), std::fs::read_to_string(&self.policy).expect("the policy can be read"));
        let (file, text) =
            Policy::builtin(&self.policy).map_or_else(given, |(file, text)| (file.to_owned(), text.to_owned()));
        let policy = Policy::compile(&text, &file, &[OWN_HOST.to_owned()]).expect("a policy");
        let (template, pseudonyms) = (Template::new(), PseudonymKey::new([7; 32]));
        let context = Context {
            dataset: harness::DATASET,
            now_secs: harness::now_secs(),
            fresh_id: [9; 16],
            pseudonyms: &pseudonyms,
            suppressed: &Nobody,
        };
        let store = |_| match sanitize(&policy, &context, &template.event()) {
            Outcome::Forward(event, _) => event.as_str().to_owned(),
            _ => panic!("the policy does not let the events of this load leave"),
        };
        (0..count).map(store).collect()
    }
}

async fn connect(redis: &Redis) -> MultiplexedConnection {
    let client = Client::open(redis.url()).expect("an address");
    let settings = AsyncConnectionConfig::new().set_response_timeout(Some(DEADLINE));
    client.get_multiplexed_async_connection_with_config(&settings).await.expect("Redis answers")
}

/// Adds them again and again for so long. Gives how many entries there are then.
async fn add(connection: &mut MultiplexedConnection, events: &[String], time: Duration) -> usize {
    let mut pipeline = redis::pipe();
    for event in events {
        pipeline.cmd("XADD").arg(KEY).arg("*").arg("e").arg(event).ignore();
    }
    let (started, mut added) = (Instant::now(), 0);
    while added == 0 || (started.elapsed() < time && added < MOST) {
        pipeline.query_async::<()>(connection).await.expect("Redis takes entries");
        added += events.len();
    }
    let length: usize = redis::cmd("XLEN").arg(KEY).query_async(connection).await.expect("a length");
    assert_eq!(length, added);
    added
}

/// Reads all of them, and acknowledges and deletes what was read.
async fn take_out(connection: &mut MultiplexedConnection, at_once: usize, count: usize) {
    let mut group = redis::cmd("XGROUP");
    group.arg("CREATE").arg(KEY).arg("group").arg("0");
    group.query_async::<()>(connection).await.expect("a group can be made");
    let mut read = redis::cmd("XREADGROUP");
    read.arg("GROUP").arg("group").arg("one").arg("COUNT").arg(at_once).arg("STREAMS").arg(KEY).arg(">");
    let mut taken = 0;
    while taken < count {
        let reply: StreamReadReply = read.query_async(connection).await.expect("Redis hands out entries");
        let ids: Vec<String> = reply.keys.into_iter().flat_map(|key| key.ids).map(|entry| entry.id).collect();
        assert!(!ids.is_empty(), "{taken} of {count} entries are there");
        taken += ids.len();
        let mut pipeline = redis::pipe();
        pipeline.cmd("XACK").arg(KEY).arg("group").arg(&ids).ignore().cmd("XDEL").arg(KEY).arg(&ids).ignore();
        pipeline.query_async::<()>(connection).await.expect("Redis lets go of entries");
    }
    let left: usize = redis::cmd("XLEN").arg(KEY).query_async(connection).await.expect("a length");
    assert_eq!(left, 0, "everything was taken out");
}
