//! The relations between keys, all of them, as inequalities. What one key may hold by its form stands with the form.

use std::collections::{HashMap, HashSet};
use std::ops::RangeInclusive;
use std::time::Duration;

use super::{
    Admin, Collector, Config, Dataset, Dispatch, Meta, Outbox, Redis, Server, Site, SubjectAccess, Suppression, Topology,
};
use crate::clock::millis;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// What the outbox keeps together at most: a group of 1 MiB. A request to Meta needs room for one, its frame and its envelope.
const GROUP_BYTES: u64 = MIB;
/// Meta refuses more events in one request.
const META_BATCH_EVENTS: u64 = 1000;
/// What a lease has to spare after two requests and the linger: the dispatcher keeps a second after each request for settling.
const LEASE_MARGIN: Duration = Duration::from_secs(5);

/// A key and why it cannot be.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Violation {
    pub(super) key: String,
    pub(super) reason: String,
}

type Checked = Result<(), Violation>;

/// Checks a whole configuration; the first relation that does not hold is the answer.
pub(super) fn relations(config: &Config) -> Checked {
    server(&config.server)?;
    admin(&config.admin, &config.server)?;
    meta(&config.meta)?;
    outbox(&config.outbox)?;
    config.outbox.backend.redis().map_or(Ok(()), |settings| redis(settings))?;
    suppression(&config.suppression, &config.outbox)?;
    subject_access(&config.subject_access)?;
    dispatch(&config.dispatch, &config.meta)?;
    config.telemetry.as_ref().map_or(Ok(()), telemetry)?;
    datasets(&config.datasets)?;
    sites(&config.sites, &config.datasets)
}

fn server(server: &Server) -> Checked {
    let closed = server.listen.ip().is_loopback() || server.tls.is_some() || server.behind_tls_proxy;
    holds(closed, "server.listen", || {
        "is beyond loopback, where keys and events would travel readable; set tls = { cert = \"PATH\", key = \"PATH\" }, or \
         behind_tls_proxy = true if a proxy in front ends TLS, or listen on 127.0.0.1"
            .to_owned()
    })?;
    holds(server.trusted_proxies.iter().all(|network| network.prefix_len() > 0), "server.trusted_proxies", || {
        "trusts every address there is, so any caller could name itself as it likes; name the networks of your proxies"
            .to_owned()
    })?;
    within("server.max_body_bytes", server.max_body_bytes as u64, 64 * KIB..=64 * MIB)?;
    within("server.max_in_flight_bytes", server.max_in_flight_bytes as u64, 64 * KIB..=4096 * MIB)?;
    within("server.max_unauthenticated_bytes", server.max_unauthenticated_bytes as u64, 64 * KIB..=4096 * MIB)?;
    // Otherwise a body of allowed size could never come in.
    holds(server.max_body_bytes <= server.max_unauthenticated_bytes, "server.max_unauthenticated_bytes", || {
        "is less than max_body_bytes, so the largest body with its key inside would never be taken; raise it".to_owned()
    })?;
    holds(server.max_unauthenticated_bytes <= server.max_in_flight_bytes, "server.max_in_flight_bytes", || {
        "is less than max_body_bytes or max_unauthenticated_bytes, which are part of it; raise it".to_owned()
    })?;
    within("server.admission_wait_ms", millis(server.admission_wait), 0..=30_000)?;
    within("server.header_timeout_secs", server.header_timeout.as_secs(), 1..=300)?;
    within("server.body_timeout_secs", server.body_timeout.as_secs(), 1..=600)?;
    within("server.max_connections", server.max_connections as u64, 1..=65_536)?;
    within("server.stop_grace_secs", server.stop_grace.as_secs(), 1..=600)
}

fn admin(admin: &Admin, server: &Server) -> Checked {
    holds(admin.listen.ip().is_loopback() || admin.allow_remote, "admin.listen", || {
        "is beyond loopback and has no key; set allow_remote = true if the network keeps others away".to_owned()
    })?;
    holds(admin.listen != server.listen || admin.listen.port() == 0, "admin.listen", || {
        "is the address of server.listen; give it another port".to_owned()
    })
}

fn meta(meta: &Meta) -> Checked {
    within("meta.connect_timeout_secs", meta.connect_timeout.as_secs(), 1..=120)?;
    within("meta.request_timeout_secs", meta.request_timeout.as_secs(), 1..=600)?;
    holds(meta.connect_timeout <= meta.request_timeout, "meta.connect_timeout_secs", || {
        "is more than request_timeout_secs, of which it is part; lower it".to_owned()
    })
}

fn outbox(outbox: &Outbox) -> Checked {
    within("outbox.max_bytes", outbox.max_bytes, GROUP_BYTES..=1024 * 1024 * MIB)?;
    let Some(deduplicate) = &outbox.deduplicate else { return Ok(()) };
    // As long as Meta itself looks for events that came twice.
    within("outbox.deduplicate_hours", deduplicate.keep_ms / 3_600_000, 1..=48)?;
    within("outbox.deduplicate_max_events", deduplicate.max_events, 1_000..=100_000_000)
}

fn redis(redis: &Redis) -> Checked {
    holds(redis.topology != Topology::Single || redis.nodes.len() == 1, "redis.url", || {
        "names several addresses, and there is one server; set topology = \"cluster\" or \"sentinel\", or name one"
            .to_owned()
    })?;
    holds(redis.topology != Topology::Cluster || redis.database == 0, "redis.url", || {
        "names a database, and a cluster has none but 0; leave it out".to_owned()
    })?;
    within("redis.replicas", redis.replicas.into(), 0..=16)?;
    within("redis.connect_timeout_ms", millis(redis.connect_timeout), 50..=60_000)?;
    within("redis.command_timeout_ms", millis(redis.command_timeout), 50..=60_000)
}

fn suppression(suppression: &Suppression, outbox: &Outbox) -> Checked {
    let (Some(store), Some(path)) = (&suppression.store, outbox.backend.file()) else { return Ok(()) };
    holds(store.path != path, "suppression.path", || "is the file of the outbox; give it one of its own".to_owned())
}

fn subject_access(subject_access: &SubjectAccess) -> Checked {
    within("subject_access.retention_days", subject_access.retention_days.into(), 0..=3_650)?;
    within("subject_access.max_rows", subject_access.max_rows, 10_000..=1_000_000_000)
}

fn dispatch(dispatch: &Dispatch, meta: &Meta) -> Checked {
    within("dispatch.linger_ms", millis(dispatch.linger), 0..=60_000)?;
    within("dispatch.max_batch_events", dispatch.max_batch_events as u64, 1..=META_BATCH_EVENTS)?;
    within("dispatch.max_batch_bytes", dispatch.max_batch_bytes as u64, 2 * GROUP_BYTES..=64 * MIB)?;
    within("dispatch.max_requests", dispatch.max_requests as u64, 1..=256)?;
    within("dispatch.lease_secs", dispatch.lease.as_secs(), 1..=86_400)?;
    within("dispatch.backoff_min_ms", millis(dispatch.backoff_min), 10..=3_600_000)?;
    within("dispatch.backoff_max_ms", millis(dispatch.backoff_max), 10..=86_400_000)?;
    holds(dispatch.backoff_min <= dispatch.backoff_max, "dispatch.backoff_min_ms", || {
        "is more than backoff_max_ms; lower it".to_owned()
    })?;
    // A lease that ends while its events are on the way gives them to a second sender (svix#2181).
    let least = meta.request_timeout * 2 + dispatch.linger + LEASE_MARGIN;
    holds(least <= dispatch.lease, "dispatch.lease_secs", || {
        let needed = least.as_secs() + u64::from(least.subsec_nanos() > 0);
        format!("must be at least {needed}: twice meta.request_timeout_secs, linger_ms and 5 seconds to spare")
    })
}

fn telemetry(collector: &Collector) -> Checked {
    within("telemetry.sample_permille", collector.sample_permille, 0..=1000)?;
    within("telemetry.timeout_secs", collector.timeout.as_secs(), 1..=60)
}

fn datasets(datasets: &[Dataset]) -> Checked {
    let mut seen = HashSet::new();
    for dataset in datasets {
        holds(seen.insert(&dataset.id), &of_dataset(&dataset.id, "id"), || "stands in two tables; keep one".to_owned())?;
    }
    Ok(())
}

fn sites(sites: &[Site], datasets: &[Dataset]) -> Checked {
    holds(!sites.is_empty(), "[[site]]", || "there is none; add a table for each sender".to_owned())?;
    let mut ids = HashSet::new();
    for site in sites {
        holds(ids.insert(&site.id), &of_site(&site.id, "id"), || "stands in two tables; keep one".to_owned())?;
        for (key, is_empty) in
            [("hosts", site.hosts.is_empty()), ("keys", site.keys.is_empty()), ("datasets", site.datasets.is_empty())]
        {
            holds(!is_empty, &of_site(&site.id, key), || "is empty; name at least one".to_owned())?;
        }
        if let Some(limit) = site.rate_limit {
            let key = of_site(&site.id, "rate_limit");
            within(&format!("{key}.events_per_sec"), limit.events_per_sec.into(), 1..=1_000_000)?;
            within(&format!("{key}.burst"), limit.burst.into(), 1..=10_000_000)?;
        }
        let mut mine = HashSet::new();
        for id in &site.datasets {
            let key = of_site(&site.id, "datasets");
            holds(datasets.iter().any(|dataset| dataset.id == *id), &key, || {
                format!("there is no [[dataset]] with id = \"{id}\"; add one with its access_token, or correct the id")
            })?;
            holds(mine.insert(id), &key, || format!("{id} stands twice; keep one"))?;
        }
    }
    keys(sites)
}

/// A key says who is there, so it is of one site alone.
fn keys(sites: &[Site]) -> Checked {
    let mut owners: HashMap<&[u8; 32], &str> = HashMap::new();
    for site in sites {
        for key in &site.keys {
            let Some(owner) = owners.insert(key, &site.id) else { continue };
            return Err(Violation {
                key: of_site(&site.id, "keys"),
                reason: if owner == &*site.id {
                    "the same key stands twice; keep one".to_owned()
                } else {
                    format!("site `{owner}` has the same key; make one of its own with `portcullis key new`")
                },
            });
        }
    }
    Ok(())
}

/// How a key of a site is named.
pub(super) fn of_site(id: &str, key: &str) -> String {
    format!("site `{id}`: {key}")
}

/// How a key of a dataset is named.
pub(super) fn of_dataset(id: &str, key: &str) -> String {
    format!("dataset `{id}`: {key}")
}

fn holds(relation: bool, key: &str, reason: impl FnOnce() -> String) -> Checked {
    if relation { Ok(()) } else { Err(Violation { key: key.to_owned(), reason: reason() }) }
}

fn within(key: &str, number: u64, range: RangeInclusive<u64>) -> Checked {
    holds(range.contains(&number), key, || format!("is {number}; it can be {} to {}", range.start(), range.end()))
}
