//! What a power cut leaves of the outbox's files: all that was synced, and of what was written since any part.
//!
//! The kernel writes back when and in what order it likes, by sectors. So of every sector that changed since the last sync the
//! disk may hold the old bytes or the new ones, and of those that were added also none, or zeros.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

/// What a disk writes at once.
const SECTOR: usize = 512;
/// The header of a log. It changes when the log starts over.
const LOG_HEADER: usize = 32;

/// The file and its log. The index of the log is not durable.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Files {
    file: Vec<u8>,
    log: Vec<u8>,
}

impl Files {
    pub(crate) fn read(path: &Path) -> Self {
        Self { file: std::fs::read(path).unwrap(), log: std::fs::read(log_of(path)).unwrap_or_default() }
    }

    pub(crate) fn write(&self, path: &Path) {
        std::fs::write(path, &self.file).unwrap();
        std::fs::write(log_of(path), &self.log).unwrap();
    }

    /// The number of the last group that was ever kept in them.
    pub(crate) fn last_row(&self) -> i64 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outbox.db");
        self.write(&path);
        let last = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'groups'";
        Connection::open(path).unwrap().query_row(last, [], |row| row.get(0)).unwrap()
    }

    /// These files, of which what is not in `synced` was written back in part. What the engine syncs in between is on the disk:
    /// the log before a checkpoint changes the file, the file before the log starts over, and the header of a log that starts over
    /// before what follows it.
    pub(crate) fn back_onto(&self, synced: &Self, draw: &mut dyn FnMut() -> u64) -> Self {
        let (file, log) = match (synced.header(), self.header()) {
            (Some(old), Some(new)) if old != new => {
                let mut log = mixed(&synced.log, &self.log, draw);
                log.splice(..LOG_HEADER, new.iter().copied());
                (self.file.clone(), log)
            }
            (Some(_), None) => (self.file.clone(), Vec::new()),
            _ if self.file != synced.file => (mixed(&synced.file, &self.file, draw), self.log.clone()),
            _ => (self.file.clone(), mixed(&synced.log, &self.log, draw)),
        };
        Self { file, log }
    }

    /// That of the log; none while the log is empty.
    fn header(&self) -> Option<&[u8]> {
        self.log.get(..LOG_HEADER)
    }
}

fn log_of(path: &Path) -> PathBuf {
    PathBuf::from(format!("{}-wal", path.display()))
}

fn mixed(old: &[u8], new: &[u8], draw: &mut dyn FnMut() -> u64) -> Vec<u8> {
    let sector = |bytes: &[u8], at: usize| bytes.get(at..bytes.len().min(at + SECTOR)).unwrap_or_default().to_vec();
    // How long the file is, is a write of its own.
    let added = new.len().saturating_sub(old.len()) / SECTOR + 1;
    let lost = usize::try_from(draw()).unwrap() % added;
    let length = old.len().max(new.len().saturating_sub(SECTOR * lost));
    let mut disk = Vec::with_capacity(length);
    for at in (0..length).step_by(SECTOR) {
        let (before, after) = (sector(old, at), sector(new, at));
        let is_back = before == after || !draw().is_multiple_of(3);
        disk.extend(if is_back { after } else { before });
        disk.resize((at + SECTOR).min(length), 0);
    }
    disk
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;

    #[test]
    fn a_checkpoint_cuts_only_the_file_and_a_log_that_started_over_only_the_log() {
        let files = |file: u8, log: u8| Files { file: vec![file; 4 * SECTOR], log: vec![log; 4 * SECTOR] };
        let mut checkpointed = files(2, 1);
        checkpointed.log.extend([3; SECTOR]);
        let mut emptied = files(2, 1);
        emptied.log.clear();
        for seed in 0..50 {
            let chance = Chance::seeded(seed);
            let mut draw = || chance.below(u64::MAX);
            assert_eq!(checkpointed.back_onto(&files(1, 1), &mut draw).log, checkpointed.log);
            let started_over = files(2, 2).back_onto(&files(1, 1), &mut draw);
            assert_eq!(started_over.file, files(2, 2).file);
            assert_eq!(started_over.log[..LOG_HEADER], [2; LOG_HEADER]);
            assert_eq!(emptied.back_onto(&files(1, 1), &mut draw), emptied);
        }
    }

    #[test]
    fn what_was_synced_stays_and_the_rest_may_be_there_or_not() {
        let (old, new) = (vec![1; 3 * SECTOR], [vec![1; 2 * SECTOR], vec![2; 3 * SECTOR]].concat());
        let mut seen = std::collections::BTreeSet::new();
        for seed in 0..200 {
            let chance = Chance::seeded(seed);
            let disk = mixed(&old, &new, &mut || chance.below(u64::MAX));
            assert_eq!(disk[..2 * SECTOR], old[..2 * SECTOR]);
            assert!((3..=5).contains(&(disk.len() / SECTOR)));
            seen.insert(disk.chunks(SECTOR).map(|sector| sector[0]).collect::<Vec<_>>());
        }
        assert!(seen.contains(&vec![1, 1, 1]) && seen.contains(&vec![1, 1, 2, 2, 2]) && seen.len() > 5, "{seen:?}");
    }
}
