//! Brings the file of an older version to the format of today.
//!
//! One transaction from the old format to the newest: a crash in it leaves the old one. Columns are added, never filled, so that
//! a large file costs no more than a small one. Absent on purpose: a way back; an older program refuses a newer file and
//! leaves it as it is.

use rusqlite::Connection;

use super::schema;
use crate::failpoint;

/// From format 1: sealed bodies, what a purge takes from groups in hand, Meta's message in quarantine, marks of events seen.
const TO_2: &str = "
ALTER TABLE groups ADD COLUMN key_id TEXT;
ALTER TABLE groups ADD COLUMN condemned TEXT;
ALTER TABLE group_bodies ADD COLUMN sealed BLOB;
ALTER TABLE quarantine ADD COLUMN key_id TEXT;
ALTER TABLE quarantine ADD COLUMN sealed BLOB;
ALTER TABLE quarantine ADD COLUMN message TEXT;
ALTER TABLE quarantine ADD COLUMN oldest_event_secs INTEGER;
CREATE TABLE seen (
    mark              BLOB PRIMARY KEY NOT NULL CHECK (length(mark) = 16),
    seen_ms           INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX groups_condemned ON groups (id) WHERE condemned IS NOT NULL;
CREATE INDEX seen_first     ON seen (seen_ms);
";

/// What makes the next format of each, the first for format 1.
const STEPS: [&str; 1] = [TO_2];

/// Brings a file of this format to the newest.
pub(super) fn from(connection: &Connection, version: i32) -> rusqlite::Result<()> {
    let done = usize::try_from(version).unwrap_or(0).saturating_sub(1);
    let transaction = connection.unchecked_transaction()?;
    for step in STEPS.iter().skip(done) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", schema::VERSION)?;
    failpoint::pass("before_migrating");
    transaction.commit()
}
