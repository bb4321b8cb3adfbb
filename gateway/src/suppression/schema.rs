//! The file: its tables, and every statement that the store runs.
//!
//! One row a mark, in the order of marks, and one row that says what they are together: how many, the exclusive or of all of
//! them, and under which key. A file that lost or changed a row does not fit it. One more row says how far the log in Redis was
//! followed.

/// Says that a SQLite file is a store of ours: "PCSU".
pub(super) const APPLICATION_ID: i32 = 0x5043_5355;

/// The format of the file. A newer one is refused.
pub(super) const VERSION: i32 = 2;

/// The tables of a new file. `fingerprint` is that of the key; `generation` counts additions, and `swept` is up to which of them
/// what waited was looked through.
pub(super) const CREATE: &str = "
CREATE TABLE marks (
    mark        BLOB PRIMARY KEY NOT NULL CHECK (length(mark) = 16),
    added_day   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE state (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    fingerprint TEXT,
    marks       INTEGER NOT NULL CHECK (marks >= 0),
    sum         BLOB NOT NULL CHECK (length(sum) = 16),
    generation  INTEGER NOT NULL CHECK (generation >= 0),
    swept       INTEGER NOT NULL CHECK (swept BETWEEN 0 AND generation)
) STRICT;
INSERT INTO state (id, fingerprint, marks, sum, generation, swept) VALUES (1, NULL, 0, zeroblob(16), 0, 0);
";

/// What format 2 has and format 1 had not. A new file is made by both.
pub(super) const TO_2: &str = "
CREATE TABLE log (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    position    TEXT NOT NULL
) STRICT;
INSERT INTO log (id, position) VALUES (1, '0-0');
";

pub(super) const READ_POSITION: &str = "SELECT position FROM log WHERE id = 1";
pub(super) const WRITE_POSITION: &str = "UPDATE log SET position = ?1 WHERE id = 1";
pub(super) const PAGE: &str = "SELECT mark FROM marks WHERE mark > ?1 ORDER BY mark LIMIT ?2";
pub(super) const FIRST_PAGE: &str = "SELECT mark FROM marks ORDER BY mark LIMIT ?1";

pub(super) const READ_STATE: &str = "SELECT fingerprint, marks, sum, generation, swept FROM state WHERE id = 1";
pub(super) const WRITE_STATE: &str = "
UPDATE state SET fingerprint = ?1, marks = ?2, sum = ?3, generation = ?4, swept = ?5 WHERE id = 1";
pub(super) const ALL: &str = "SELECT mark FROM marks ORDER BY mark";
pub(super) const HOLDS: &str = "SELECT 1 FROM marks WHERE mark = ?1";
pub(super) const ADD: &str = "INSERT OR IGNORE INTO marks (mark, added_day) VALUES (?1, ?2)";
pub(super) const REMOVE: &str = "DELETE FROM marks WHERE mark = ?1";
