//! NOT TO BE MERGED: a stand-in for `AnyOutbox` so that the dispatcher compiles and its tests run. The real one comes
//! from the outbox's own branch.
#![allow(missing_docs, clippy::all, clippy::pedantic, clippy::restriction, reason = "a stand-in that is not merged")]

use super::*;
use std::sync::Mutex;
use tokio::sync::watch;

#[derive(Debug)]
pub struct Leased {
    pub leases: Vec<Lease>,
    pub unreadable_events: u64,
}
#[derive(Debug, Clone)]
pub enum PurgeSelector {
    Dataset(Arc<str>),
    OtherPolicies { site: Arc<str>, dataset: Arc<str>, keep: PolicyDigest },
}
impl Lease {
    pub fn events(&self) -> impl Iterator<Item = &str> {
        self.bodies.split('\n')
    }
}
#[derive(Debug)]
struct Row {
    id: i64,
    serial: i64,
    leased_until: u64,
    not_before: u64,
    attempts: u32,
    site: Arc<str>,
    dataset: Arc<str>,
    envelope: String,
    digest: PolicyDigest,
    bodies: Vec<String>,
    received_ms: u64,
    oldest: u64,
}
#[derive(Debug, Default)]
struct Inner {
    rows: Vec<Row>,
    next: i64,
    quarantine: Vec<(String, QuarantineReason)>,
}
#[derive(Debug, Clone)]
pub struct AnyOutbox {
    inner: Arc<Mutex<Inner>>,
    changed: Arc<watch::Sender<u64>>,
}
impl AnyOutbox {
    pub fn memory(_max_bytes: u64) -> Self {
        Self { inner: Arc::default(), changed: Arc::new(watch::channel(0).0) }
    }
    fn touch(&self) {
        self.changed.send_modify(|n| *n += 1);
    }
    pub async fn append(&self, append: Append) -> Result<Receipt, OutboxError> {
        let mut inner = self.inner.lock().unwrap();
        inner.next += 1;
        let id = inner.next;
        let events = append.events.len();
        inner.rows.push(Row {
            id,
            serial: 0,
            leased_until: 0,
            not_before: 0,
            attempts: 0,
            site: append.site,
            dataset: append.dataset,
            envelope: append.envelope.as_str().to_owned(),
            digest: append.policy.digest(),
            oldest: append.events.iter().map(|e| e.event_time()).min().unwrap(),
            bodies: append.events.iter().map(|e| e.as_str().to_owned()).collect(),
            received_ms: append.received_ms,
        });
        drop(inner);
        self.touch();
        Ok(Receipt { events })
    }
    pub async fn lease(&self, want: LeaseRequest) -> Result<Leased, OutboxError> {
        let mut inner = self.inner.lock().unwrap();
        let mut leases = Vec::new();
        let (mut events, mut bytes) = (0, 0);
        for row in &mut inner.rows {
            let free = row.leased_until <= want.now_ms && row.not_before <= want.now_ms && row.dataset == want.dataset;
            let size = row.bodies.iter().map(String::len).sum::<usize>();
            if !free {
                continue;
            }
            if !leases.is_empty() && (events + row.bodies.len() > want.max_events || bytes + size > want.max_bytes) {
                break;
            }
            events += row.bodies.len();
            bytes += size;
            row.serial += 1;
            row.leased_until = want.until_ms;
            leases.push(Lease {
                id: LeaseId { row: row.id, serial: row.serial },
                site: row.site.clone(),
                dataset: row.dataset.clone(),
                envelope: row.envelope.clone(),
                policy: Arc::new(StoredPolicy::read(row.digest, None)),
                policy_digest: row.digest,
                bodies: row.bodies.join("\n"),
                received_ms: row.received_ms,
                oldest_event_secs: row.oldest,
                attempts: row.attempts,
            });
        }
        Ok(Leased { leases, unreadable_events: 0 })
    }
    pub async fn settle(&self, lease: Lease, settlements: Vec<Settlement>) -> Result<Settled, OutboxError> {
        let mut inner = self.inner.lock().unwrap();
        let mut settled = Settled::default();
        let Some(at) = inner.rows.iter().position(|r| r.id == lease.id.row && r.serial == lease.id.serial) else {
            return Ok(settled);
        };
        let row = inner.rows.remove(at);
        assert_eq!(row.bodies.len(), settlements.len());
        let mut left = Vec::new();
        let (mut not_before, mut tried) = (0, false);
        for (body, settlement) in row.bodies.iter().zip(settlements) {
            match settlement {
                Settlement::Delivered => settled.delivered += 1,
                Settlement::Retry { not_before_ms, attempted } => {
                    settled.retried += 1;
                    not_before = not_before_ms.max(not_before);
                    tried |= attempted;
                    left.push(body.clone());
                }
                Settlement::Quarantine(reason) => {
                    settled.quarantined += 1;
                    inner.quarantine.push((body.clone(), reason));
                }
                Settlement::Expired => settled.expired += 1,
                Settlement::Withdrawn => settled.withdrawn += 1,
            }
        }
        if !left.is_empty() {
            inner.rows.push(Row {
                leased_until: 0,
                not_before,
                bodies: left,
                attempts: row.attempts + u32::from(tried),
                ..row
            });
            inner.rows.sort_by_key(|r| r.id);
        }
        drop(inner);
        self.touch();
        Ok(settled)
    }
    pub async fn release(&self, lease: Lease) -> Result<(), OutboxError> {
        for row in &mut self.inner.lock().unwrap().rows {
            if row.id == lease.id.row && row.serial == lease.id.serial {
                row.leased_until = 0;
            }
        }
        self.touch();
        Ok(())
    }
    pub async fn purge(&self, selector: PurgeSelector) -> Result<u64, OutboxError> {
        let mut purged = 0;
        self.inner.lock().unwrap().rows.retain(|row| {
            let hit = match &selector {
                PurgeSelector::Dataset(dataset) => *dataset == row.dataset,
                PurgeSelector::OtherPolicies { site, dataset, keep } => {
                    *site == row.site && *dataset == row.dataset && *keep != row.digest && row.leased_until == 0
                }
            };
            if hit {
                purged += row.bodies.len() as u64;
            }
            !hit
        });
        self.touch();
        Ok(purged)
    }
    pub async fn depth(&self) -> Result<Depth, OutboxError> {
        let inner = self.inner.lock().unwrap();
        Ok(Depth {
            pending_events: inner.rows.iter().map(|r| r.bodies.len() as u64).sum(),
            quarantined_events: inner.quarantine.len() as u64,
            ..Depth::default()
        })
    }
    pub async fn next_due_ms(&self, dataset: &str, now_ms: u64) -> Result<Option<u64>, OutboxError> {
        let inner = self.inner.lock().unwrap();
        Ok(inner.rows.iter().filter(|r| &*r.dataset == dataset).map(|r| r.not_before.max(r.leased_until).max(now_ms)).min())
    }
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }
}
