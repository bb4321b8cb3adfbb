//! The file: its tables, and every statement that the index runs.
//!
//! Rows stand in the order of days, so that what is old is one end of the file and what is new the other. What many rows have in
//! common is a kind, said once.

/// Says that a SQLite file is an index of ours: "PCSA".
pub(super) const APPLICATION_ID: i32 = 0x5043_5341;

/// The format of the file. Another one is refused.
pub(super) const VERSION: i32 = 1;

/// The tables of a new file. `since_day` is the first day of which everything was recorded that could be; `gaps` counts the events
/// that could not.
pub(super) const CREATE: &str = "
CREATE TABLE deliveries (
    day         INTEGER NOT NULL,
    mark        BLOB NOT NULL CHECK (length(mark) = 16),
    kind        INTEGER NOT NULL,
    events      INTEGER NOT NULL CHECK (events > 0),
    PRIMARY KEY (day, mark, kind)
) STRICT, WITHOUT ROWID;
CREATE TABLE kinds (
    id          INTEGER PRIMARY KEY,
    site        TEXT NOT NULL,
    dataset     TEXT NOT NULL,
    event       TEXT NOT NULL,
    fields      INTEGER NOT NULL,
    policy      INTEGER NOT NULL,
    last_day    INTEGER NOT NULL,
    UNIQUE (site, dataset, event, fields, policy)
) STRICT;
CREATE TABLE field_sets (
    id          INTEGER PRIMARY KEY,
    paths       TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE policies (
    id          INTEGER PRIMARY KEY,
    name        TEXT NOT NULL,
    version     INTEGER NOT NULL,
    digest      BLOB NOT NULL CHECK (length(digest) = 32),
    UNIQUE (digest, name, version)
) STRICT;
CREATE TABLE gaps (
    day         INTEGER NOT NULL,
    dataset     TEXT NOT NULL,
    events      INTEGER NOT NULL CHECK (events > 0),
    PRIMARY KEY (day, dataset)
) STRICT, WITHOUT ROWID;
CREATE TABLE state (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    fingerprint TEXT,
    since_day   INTEGER NOT NULL
) STRICT;
";

pub(super) const INSERT_STATE: &str = "INSERT INTO state (id, fingerprint, since_day) VALUES (1, NULL, ?1)";
pub(super) const READ_STATE: &str = "SELECT fingerprint, since_day FROM state WHERE id = 1";
pub(super) const TAKE_KEY: &str = "UPDATE state SET fingerprint = ?1 WHERE id = 1";
pub(super) const MOVE_SINCE: &str = "UPDATE state SET since_day = ?1 WHERE id = 1 AND since_day < ?1";
pub(super) const COUNT_ROWS: &str = "SELECT count(*) FROM deliveries";

/// Gives the new count, which tells whether the row is new.
pub(super) const COUNT: &str = "
INSERT INTO deliveries (day, mark, kind, events) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (day, mark, kind) DO UPDATE SET events = events + excluded.events RETURNING events";
pub(super) const COUNT_GAP: &str = "
INSERT INTO gaps (day, dataset, events) VALUES (?1, ?2, ?3)
ON CONFLICT (day, dataset) DO UPDATE SET events = events + excluded.events";

pub(super) const ADD_FIELDS: &str = "INSERT OR IGNORE INTO field_sets (paths) VALUES (?1)";
pub(super) const ID_OF_FIELDS: &str = "SELECT id FROM field_sets WHERE paths = ?1";
pub(super) const ADD_POLICY: &str = "INSERT OR IGNORE INTO policies (name, version, digest) VALUES (?1, ?2, ?3)";
pub(super) const ID_OF_POLICY: &str = "SELECT id FROM policies WHERE name = ?1 AND version = ?2 AND digest = ?3";
pub(super) const ADD_KIND: &str = "
INSERT INTO kinds (site, dataset, event, fields, policy, last_day) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (site, dataset, event, fields, policy) DO UPDATE SET last_day = max(last_day, excluded.last_day) RETURNING id";

pub(super) const NEXT_DAY: &str = "SELECT min(day) FROM deliveries WHERE day >= ?1";
pub(super) const OF_PERSON: &str = "SELECT kind, events FROM deliveries WHERE day = ?1 AND mark = ?2";
pub(super) const READ_KIND: &str = "
SELECT k.site, k.dataset, k.event, f.paths, p.name, p.version, p.digest
FROM kinds k JOIN field_sets f ON f.id = k.fields JOIN policies p ON p.id = k.policy WHERE k.id = ?1";
pub(super) const READ_GAPS: &str = "SELECT day, dataset, events FROM gaps ORDER BY day, dataset";

pub(super) const FORGET: &str = "DELETE FROM deliveries WHERE day = ?1 AND mark = ?2";
/// Those of the oldest days first.
pub(super) const DELETE_BEFORE: &str = "
DELETE FROM deliveries WHERE (day, mark, kind) IN
    (SELECT day, mark, kind FROM deliveries WHERE day < ?1 ORDER BY day, mark, kind LIMIT ?2)";
/// What no row needs any more.
pub(super) const TIDY: &[&str] = &["DELETE FROM gaps WHERE day < ?1", "DELETE FROM kinds WHERE last_day < ?1"];
pub(super) const TIDY_WORDS: &str = "
DELETE FROM field_sets WHERE id NOT IN (SELECT fields FROM kinds);
DELETE FROM policies WHERE id NOT IN (SELECT policy FROM kinds);
";
