//! The file: its tables, and every statement that the outbox runs.
//!
//! What changes often (`groups`) is kept apart from what is large (`group_bodies`), so that leasing a group does not rewrite
//! its events. `due_ms` is the retry time or the end of the lease; two partial indexes tell the groups that are ready from
//! those that come later, so that neither a lease nor a look for the next due time walks over the backlog.

/// Says that a SQLite file is ours: "PCUL".
pub(super) const APPLICATION_ID: i32 = 0x5043_554c;

/// The format of the file. A newer one is refused, an older one is migrated.
pub(super) const VERSION: i32 = 2;

/// The tables of an empty file. `sealed` holds what would stand in `bodies`, encrypted under the key of this id. `condemned` says
/// what of a leased group a purge takes once it is settled: all where it is empty, or the events of these digests.
pub(super) const CREATE: &str = "
CREATE TABLE policies (
    digest            BLOB PRIMARY KEY NOT NULL CHECK (length(digest) = 32),
    canonical         TEXT NOT NULL
) STRICT;
CREATE TABLE groups (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    site              TEXT NOT NULL,
    dataset           TEXT NOT NULL,
    envelope          TEXT NOT NULL,
    policy_digest     BLOB NOT NULL CHECK (length(policy_digest) = 32),
    events            INTEGER NOT NULL CHECK (events BETWEEN 1 AND 1000),
    bytes             INTEGER NOT NULL CHECK (bytes BETWEEN 0 AND 16777216),
    oldest_event_secs INTEGER NOT NULL,
    received_ms       INTEGER NOT NULL,
    due_ms            INTEGER NOT NULL DEFAULT 0,
    lease_serial      INTEGER NOT NULL DEFAULT 0,
    attempts          INTEGER NOT NULL DEFAULT 0,
    crashes           INTEGER NOT NULL DEFAULT 0,
    key_id            TEXT,
    condemned         TEXT
) STRICT;
CREATE TABLE group_bodies (
    id                INTEGER PRIMARY KEY,
    bodies            TEXT NOT NULL,
    sealed            BLOB
) STRICT;
CREATE TABLE quarantine (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    site              TEXT NOT NULL,
    dataset           TEXT NOT NULL,
    envelope          TEXT NOT NULL,
    policy_digest     BLOB NOT NULL,
    events            INTEGER NOT NULL,
    bytes             INTEGER NOT NULL,
    received_ms       INTEGER NOT NULL,
    quarantined_ms    INTEGER NOT NULL,
    reason            TEXT NOT NULL,
    code              INTEGER NOT NULL,
    subcode           INTEGER NOT NULL,
    bodies            TEXT,
    key_id            TEXT,
    sealed            BLOB,
    message           TEXT,
    oldest_event_secs INTEGER
) STRICT;
CREATE TABLE seen (
    mark              BLOB PRIMARY KEY NOT NULL CHECK (length(mark) = 16),
    seen_ms           INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE probe (filler BLOB NOT NULL) STRICT;
CREATE INDEX groups_ready   ON groups (dataset, received_ms) WHERE due_ms = 0;
CREATE INDEX groups_later   ON groups (dataset, due_ms) WHERE due_ms > 0;
CREATE INDEX groups_leased  ON groups (lease_serial) WHERE lease_serial <> 0;
CREATE INDEX groups_receipt ON groups (received_ms);
CREATE INDEX groups_condemned ON groups (id) WHERE condemned IS NOT NULL;
CREATE INDEX seen_first     ON seen (seen_ms);
";

pub(super) const HAS_HELD_EVENTS: &str = "SELECT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'groups' AND seq > 0)";
pub(super) const INSERT_POLICY: &str = "INSERT OR IGNORE INTO policies (digest, canonical) VALUES (?1, ?2)";
pub(super) const DELETE_POLICY: &str = "DELETE FROM policies WHERE digest = ?1";
pub(super) const LIST_POLICIES: &str = "SELECT digest FROM policies";
pub(super) const READ_POLICY: &str = "SELECT canonical FROM policies WHERE digest = ?1";

pub(super) const INSERT_GROUP: &str = "
INSERT INTO groups (site, dataset, envelope, policy_digest, events, bytes, oldest_event_secs, received_ms, key_id)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
pub(super) const INSERT_BODIES: &str = "INSERT INTO group_bodies (id, bodies, sealed) VALUES (?1, ?2, ?3)";

/// The same group again with fewer events: the second half of one that is split.
pub(super) const INSERT_HALF: &str = "
INSERT INTO groups
    (site, dataset, envelope, policy_digest, events, bytes, oldest_event_secs, received_ms, attempts, crashes, condemned, key_id)
SELECT site, dataset, envelope, policy_digest, ?2, ?3, oldest_event_secs, received_ms, attempts, crashes, condemned, ?4
FROM groups WHERE id = ?1";

pub(super) const READY: &str = "
SELECT id, received_ms, events, bytes, crashes FROM groups WHERE dataset = ?1 AND due_ms = 0 ORDER BY received_ms, id";
pub(super) const LATER: &str = "
SELECT id, received_ms, events, bytes, crashes, due_ms FROM groups
WHERE dataset = ?1 AND due_ms > 0 AND due_ms <= ?2 ORDER BY due_ms LIMIT ?3";
pub(super) const END_FAR_WAITS: &str = "
UPDATE groups SET due_ms = 0 WHERE dataset = ?1 AND due_ms > 0 AND due_ms > ?2 AND lease_serial = 0";
pub(super) const SUSPECT_IN_HAND: &str = "
SELECT max(due_ms) FROM groups WHERE lease_serial <> 0 AND crashes >= ?1 AND due_ms > ?2";

pub(super) const READ_GROUP: &str = "
SELECT g.site, g.envelope, g.policy_digest, g.events, g.oldest_event_secs, g.received_ms, g.attempts, g.crashes, g.key_id,
    octet_length(iif(g.key_id IS NULL, b.bodies, b.sealed))
FROM groups g LEFT JOIN group_bodies b ON b.id = g.id WHERE g.id = ?1";
pub(super) const READ_BODIES: &str = "SELECT bodies FROM group_bodies WHERE id = ?1";
pub(super) const READ_SEALED: &str = "SELECT sealed FROM group_bodies WHERE id = ?1";
pub(super) const BODIES_OF_GROUP: &str = "
SELECT g.site, g.dataset, g.policy_digest, g.key_id, octet_length(iif(g.key_id IS NULL, b.bodies, b.sealed)), g.events
FROM groups g JOIN group_bodies b ON b.id = g.id WHERE g.id = ?1";
pub(super) const LEASE: &str = "UPDATE groups SET lease_serial = ?2, due_ms = ?3 WHERE id = ?1";

pub(super) const OWNER: &str = "SELECT site, dataset, policy_digest, events, bytes FROM groups WHERE id = ?1";
pub(super) const HOLDS: &str = "SELECT condemned FROM groups WHERE id = ?1 AND lease_serial = ?2 AND due_ms > ?3";
pub(super) const DELETE_GROUP: &str = "DELETE FROM groups WHERE id = ?1";
pub(super) const DELETE_BODIES: &str = "DELETE FROM group_bodies WHERE id = ?1";
pub(super) const RETRY: &str = "
UPDATE groups SET lease_serial = 0, due_ms = ?2, events = ?3, bytes = ?4,
    attempts = attempts + ?5, crashes = CASE ?5 WHEN 0 THEN crashes ELSE 0 END
WHERE id = ?1";
pub(super) const WRITE_BODIES: &str = "UPDATE group_bodies SET bodies = ?2, sealed = ?3 WHERE id = ?1";
pub(super) const SET_KEY: &str = "UPDATE groups SET key_id = ?2 WHERE id = ?1 AND key_id IS NOT ?2";
pub(super) const SHRINK: &str = "UPDATE groups SET events = ?2, bytes = ?3 WHERE id = ?1";
pub(super) const RELEASE: &str = "UPDATE groups SET lease_serial = 0, due_ms = 0 WHERE id = ?1";
pub(super) const CRASHED: &str = "UPDATE groups SET lease_serial = 0, due_ms = 0, crashes = ?2 WHERE id = ?1";
pub(super) const LEASED: &str = "SELECT id, events, crashes, due_ms FROM groups WHERE lease_serial <> 0 ORDER BY id";

/// One event of a group; its body follows, as it is bound to the row's number.
pub(super) const SET_ASIDE_EVENT: &str = "
INSERT INTO quarantine
    (site, dataset, envelope, policy_digest, events, bytes, received_ms, quarantined_ms, reason, code, subcode, message,
    oldest_event_secs)
SELECT site, dataset, envelope, policy_digest, 1, ?2, received_ms, ?3, ?4, ?5, ?6, ?7, oldest_event_secs
FROM groups WHERE id = ?1";
/// The whole row as it is, so that a person may look at what could not be read.
pub(super) const SET_ASIDE_GROUP: &str = "
INSERT INTO quarantine
    (site, dataset, envelope, policy_digest, events, bytes, received_ms, quarantined_ms, reason, code, subcode, bodies, key_id, sealed,
    oldest_event_secs)
SELECT g.site, g.dataset, g.envelope, g.policy_digest, g.events, g.bytes, g.received_ms, ?2, ?3, 0, 0, b.bodies, g.key_id, b.sealed,
    g.oldest_event_secs
FROM groups g LEFT JOIN group_bodies b ON b.id = g.id WHERE g.id = ?1";
/// Meta's message can quote the event, so it is sealed with it: as one more line.
pub(super) const WRITE_QUARANTINE: &str = "
UPDATE quarantine SET bodies = ?2, sealed = ?3, key_id = ?4, message = iif(?4 IS NULL, message, NULL) WHERE id = ?1";
pub(super) const READ_QUARANTINE: &str = "
SELECT iif(message IS NULL, bodies, bodies || char(10) || message) FROM quarantine WHERE id = ?1";
pub(super) const READ_QUARANTINE_SEALED: &str = "SELECT sealed FROM quarantine WHERE id = ?1";
pub(super) const BODIES_OF_QUARANTINE: &str = "
SELECT site, dataset, policy_digest, key_id, octet_length(iif(key_id IS NULL, bodies, sealed)), events
FROM quarantine WHERE id = ?1";

/// Rows that another key has sealed, or none: those that are plain alone, if the last value says so.
pub(super) const UNSEALED_GROUPS: &str = "
SELECT id FROM groups WHERE id > ?1 AND key_id IS NOT ?2 AND (key_id IS NULL OR NOT ?3) ORDER BY id LIMIT ?4";
pub(super) const UNSEALED_QUARANTINE: &str = "
SELECT id FROM quarantine WHERE id > ?1 AND key_id IS NOT ?2 AND (key_id IS NULL OR NOT ?3) ORDER BY id LIMIT ?4";

/// Rows that a purge may take, and whether they are in hand.
pub(super) const PURGE_GROUPS: &str = "
SELECT id, lease_serial <> 0 AND due_ms > ?3 FROM groups
WHERE id > ?1 AND id <= ?2 AND (?4 IS NULL OR site = ?4) AND (?5 IS NULL OR dataset = ?5)
    AND (?6 IS NULL OR received_ms < ?6) AND (?7 IS NULL OR policy_digest <> ?7)
ORDER BY id LIMIT ?8";
pub(super) const PURGE_QUARANTINE: &str = "
SELECT id FROM quarantine
WHERE id > ?1 AND id <= ?2 AND (?3 IS NULL OR site = ?3) AND (?4 IS NULL OR dataset = ?4)
    AND (?5 IS NULL OR received_ms < ?5)
ORDER BY id LIMIT ?6";
pub(super) const CONDEMNED: &str = "SELECT condemned FROM groups WHERE id = ?1";
pub(super) const CONDEMN: &str = "UPDATE groups SET condemned = ?2 WHERE id = ?1";
/// Condemned rows of a dataset that are in nobody's hand; all there are, if none is named.
pub(super) const TO_SWEEP: &str = "
SELECT id, condemned FROM groups
WHERE condemned IS NOT NULL AND (?2 IS NULL OR (dataset = ?2 AND (lease_serial = 0 OR due_ms <= ?1)))";
pub(super) const OWNER_ASIDE: &str = "SELECT site, dataset, policy_digest, events, bytes FROM quarantine WHERE id = ?1";
pub(super) const DELETE_ASIDE: &str = "DELETE FROM quarantine WHERE id = ?1";
pub(super) const SHRINK_ASIDE: &str = "UPDATE quarantine SET events = ?2, bytes = ?3 WHERE id = ?1";
pub(super) const LAST_ASIDE: &str = "SELECT coalesce(max(id), 0) FROM quarantine";

pub(super) const REDRIVE: &str = "
SELECT id, reason FROM quarantine
WHERE id > ?1 AND id <= ?2 AND (?3 IS NULL OR site = ?3) AND (?4 IS NULL OR dataset = ?4)
    AND (?5 IS NULL OR reason = ?5) AND (?6 IS NULL OR id = ?6)
ORDER BY id LIMIT ?7";
/// What is set aside as a group again; nothing if no group can be as it is.
pub(super) const INSERT_REDRIVEN: &str = "
INSERT INTO groups (site, dataset, envelope, policy_digest, events, bytes, oldest_event_secs, received_ms, key_id)
SELECT site, dataset, envelope, policy_digest, events, ?2, coalesce(oldest_event_secs, 0), received_ms, ?3
FROM quarantine WHERE id = ?1 AND length(policy_digest) = 32 AND events BETWEEN 1 AND 1000";

pub(super) const LAST_ROW: &str = "SELECT coalesce(max(id), 0) FROM groups";

pub(super) const OLDEST: &str = "SELECT min(received_ms) FROM groups";
pub(super) const COUNT_GROUPS: &str = "
SELECT site, dataset, policy_digest, count(*), sum(events), sum(bytes), key_id
FROM groups GROUP BY site, dataset, policy_digest, key_id";
pub(super) const COUNT_QUARANTINE: &str = "
SELECT site, dataset, policy_digest, count(*), sum(events), sum(bytes), key_id
FROM quarantine GROUP BY site, dataset, policy_digest, key_id";
/// The earliest time of those that come later, with what decides whether they can be leased then.
pub(super) const NEXT_LATER: &str = "
SELECT id, crashes, due_ms FROM groups WHERE dataset = ?1 AND due_ms > 0 ORDER BY due_ms";

/// Marks an event that is new, or that was last seen too long ago; changes nothing otherwise.
pub(super) const SEE: &str = "
INSERT INTO seen (mark, seen_ms) VALUES (?1, ?2)
ON CONFLICT (mark) DO UPDATE SET seen_ms = excluded.seen_ms WHERE seen_ms < ?3";
pub(super) const IS_SEEN: &str = "SELECT 1 FROM seen WHERE mark = ?1 AND seen_ms >= ?2";
pub(super) const COUNT_SEEN: &str = "SELECT count(*) FROM seen";
pub(super) const FORGET_OLD: &str = "
DELETE FROM seen WHERE mark IN (SELECT mark FROM seen WHERE seen_ms < ?1 ORDER BY seen_ms LIMIT ?2)";
pub(super) const FORGET_OLDEST: &str = "
DELETE FROM seen WHERE mark IN (SELECT mark FROM seen ORDER BY seen_ms LIMIT ?1)";
pub(super) const FORGET_ALL: &str = "DELETE FROM seen";

/// As much as an ordinary commit may need; it fails where there is no room for one.
pub(super) const PROBE: &str = "INSERT INTO probe (filler) VALUES (zeroblob(262144))";
pub(super) const UNPROBE: &str = "DELETE FROM probe";

pub(super) const LIST_PENDING: &str = "
SELECT site, dataset, sum(events), count(*), sum(bytes), min(received_ms), max(attempts), sum(lease_serial <> 0)
FROM groups GROUP BY site, dataset ORDER BY site, dataset";
pub(super) const COUNT_PENDING: &str = "SELECT coalesce(sum(events), 0) FROM groups";
pub(super) const COUNT_QUARANTINED: &str = "SELECT coalesce(sum(events), 0) FROM quarantine";
pub(super) const COUNT_UNENCRYPTED: &str = "
SELECT (SELECT coalesce(sum(events), 0) FROM groups WHERE key_id IS NULL)
    + (SELECT coalesce(sum(events), 0) FROM quarantine WHERE key_id IS NULL)";
pub(super) const LIST_QUARANTINE: &str = "
SELECT site, dataset, policy_digest, id, events, reason, code, subcode, received_ms, quarantined_ms, key_id,
    iif(reason = 'refused', iif(key_id IS NULL, message, sealed), NULL)
FROM quarantine ORDER BY id DESC LIMIT ?1";
pub(super) const SHOW_QUARANTINE: &str = "
SELECT site, dataset, policy_digest, id, reason, key_id, iif(key_id IS NULL, bodies, sealed) FROM quarantine WHERE id = ?1";
