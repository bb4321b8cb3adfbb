//! The policies of what is kept: each is stored once, as long as a group refers to it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use portcullis_filters::policy::{PolicyDigest, StoredPolicy};
use rusqlite::{OptionalExtension as _, params};

use super::hand::is_unreadable;
use super::schema;
use super::store::Store;
use crate::outbox::Append;

/// Stored policies kept readable at hand; there are few at a time, one a site.
const MAX_READ_POLICIES: usize = 256;

impl Store {
    /// Stores the policies of these appends. A new one is the occasion to delete those to which nothing refers any more.
    pub(super) fn keep_policies<'a>(&mut self, appends: impl Iterator<Item = &'a Append>) -> rusqlite::Result<()> {
        let used: HashMap<PolicyDigest, &Append> = appends.map(|append| (append.policy.digest(), append)).collect();
        let mut known = match self.known_policies.take() {
            Some(known) => known,
            None => self.list_policies()?,
        };
        if used.keys().any(|digest| !known.contains(digest)) {
            let forgotten: Vec<PolicyDigest> =
                known.extract_if(|digest| !used.contains_key(digest) && !self.tally.refers_to(digest)).collect();
            for digest in forgotten {
                self.connection.prepare_cached(schema::DELETE_POLICY)?.execute([digest.as_bytes()])?;
            }
            for (digest, append) in used {
                let canonical = append.policy.canonical();
                self.connection.prepare_cached(schema::INSERT_POLICY)?.execute(params![digest.as_bytes(), canonical])?;
                self.read_policies.remove(&digest);
                known.insert(digest);
            }
        }
        self.known_policies = Some(known);
        Ok(())
    }

    pub(super) fn list_policies(&self) -> rusqlite::Result<HashSet<PolicyDigest>> {
        let mut statement = self.connection.prepare_cached(schema::LIST_POLICIES)?;
        let digests = statement.query_map([], |row| row.get(0).map(PolicyDigest::from_bytes))?;
        digests.collect()
    }

    /// The policy of a group. One whose text is gone is handed out as such: what to do about it is for the dispatcher to say.
    pub(super) fn policy(&mut self, digest: PolicyDigest) -> rusqlite::Result<Arc<StoredPolicy>> {
        if let Some(policy) = self.read_policies.get(&digest) {
            return Ok(Arc::clone(policy));
        }
        let mut statement = self.connection.prepare_cached(schema::READ_POLICY)?;
        let canonical = match statement.query_row([digest.as_bytes()], |row| row.get::<_, String>(0)).optional() {
            Err(error) if !is_unreadable(&error) => return Err(error),
            canonical => canonical.ok().flatten(),
        };
        if self.read_policies.len() >= MAX_READ_POLICIES {
            self.read_policies.clear();
        }
        let policy = Arc::new(StoredPolicy::read(digest, canonical.as_deref()));
        self.read_policies.insert(digest, Arc::clone(&policy));
        Ok(policy)
    }
}
