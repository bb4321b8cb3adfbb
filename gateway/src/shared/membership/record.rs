//! What a gateway remembers of the others, in a file beside its outbox: under which name it holds groups, which names it had and
//! whose groups are not given back yet, and which outbox it knew in Redis.
//!
//! The caller holds the lock of the outbox, so one process at a time has the file. It is written aside, synced and renamed: after a
//! crash there is the old one or the new one. One that cannot be read refuses the start, as a name in it may still hold groups.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::chance::Chance;
use crate::disk::{FileError, folder_of, hand_over, in_file, make_folder, sync_folder, with_suffix};

/// The format of the file.
const FORMAT: u32 = 1;
/// Former names that are kept: a gateway that never reaches Redis between its starts holds nothing under new ones.
const MAX_FORMER: usize = 100;

/// Why there is no record.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The disk refused.
    #[error("the record of this gateway's name cannot be read or kept")]
    File(#[from] FileError),
    /// The file holds something else.
    #[error(
        "{path}: is not the record of a gateway's name in format {FORMAT}; move it away if no older or newer version of the gateway \
         left it: what an earlier process had in hand then comes back by itself when its leases end"
    )]
    Malformed {
        /// Its path.
        path: PathBuf,
    },
}

/// The file as it is now.
#[derive(Debug)]
pub(super) struct Record {
    path: PathBuf,
    kept: Kept,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    format: u32,
    /// Id of the outbox that this gateway joined last.
    outbox: Option<String>,
    /// The name of the process that has the file.
    gateway: String,
    /// The names before it, the newest last.
    former: Vec<String>,
}

impl Record {
    /// Reads the file beside this outbox, and writes a new name into it.
    pub(super) fn renew(outbox: &Path, chance: &Chance) -> Result<Self, RecordError> {
        let path = with_suffix(outbox, ".gateway");
        let name = format!("{:032x}", u128::from_be_bytes(chance.bytes()));
        let mut kept = match std::fs::read(&path) {
            Ok(text) => parse(&path, &text)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Kept { format: FORMAT, outbox: None, gateway: String::new(), former: Vec::new() }
            }
            Err(error) => return Err(in_file(&path)(error).into()),
        };
        let before = std::mem::replace(&mut kept.gateway, name);
        if !before.is_empty() {
            kept.former.push(before);
        }
        let surplus = kept.former.len().saturating_sub(MAX_FORMER);
        kept.former.drain(..surplus);
        let record = Self { path, kept };
        record.write()?;
        Ok(record)
    }

    /// The name of this process.
    pub(super) fn name(&self) -> &str {
        &self.kept.gateway
    }

    /// The names whose groups may not be given back yet.
    pub(super) fn former(&self) -> &[String] {
        &self.kept.former
    }

    /// Id of the outbox that this gateway joined last, in this process or an earlier one.
    pub(super) fn outbox(&self) -> Option<&str> {
        self.kept.outbox.as_deref()
    }

    /// This outbox was joined.
    pub(super) fn joined(&mut self, outbox: &str) -> Result<(), RecordError> {
        if self.outbox() == Some(outbox) {
            return Ok(());
        }
        self.kept.outbox = Some(outbox.to_owned());
        self.write()
    }

    /// What this former name held was given back.
    pub(super) fn buried(&mut self, name: &str) -> Result<(), RecordError> {
        let before = self.kept.former.len();
        self.kept.former.retain(|former| former != name);
        if self.kept.former.len() == before { Ok(()) } else { self.write() }
    }

    fn write(&self) -> Result<(), RecordError> {
        let folder = folder_of(&self.path);
        make_folder(folder)?;
        let aside = with_suffix(&self.path, ".new");
        let text = serde_json::to_vec(&self.kept).map_err(|error| in_file(&self.path)(error.into()))?;
        write_aside(&aside, &text).map_err(in_file(&aside))?;
        std::fs::rename(&aside, &self.path).map_err(in_file(&self.path))?;
        Ok(sync_folder(folder)?)
    }
}

fn write_aside(aside: &Path, text: &[u8]) -> io::Result<()> {
    // What a crash left there is nobody's.
    match std::fs::remove_file(aside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(aside)?;
    let mut file = hand_over(file, folder_of(aside)).map_err(|error| error.source)?;
    file.write_all(text)?;
    file.sync_all()
}

fn parse(path: &Path, text: &[u8]) -> Result<Kept, RecordError> {
    let kept: Option<Kept> = serde_json::from_slice(text).ok();
    kept.filter(|kept| kept.format == FORMAT).ok_or_else(|| RecordError::Malformed { path: path.to_owned() })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn renew(folder: &Path, seed: u64) -> Result<Record, RecordError> {
        Record::renew(&folder.join("data/outbox.db"), &Chance::seeded(seed))
    }

    #[test]
    fn every_start_has_a_name_of_its_own_and_knows_those_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let first = renew(folder.path(), 1).unwrap().name().to_owned();
        let second = renew(folder.path(), 2).unwrap().name().to_owned();
        let mut third = renew(folder.path(), 3).unwrap();
        assert_eq!(third.former(), [first.clone(), second.clone()]);
        third.buried(&first).unwrap();
        third.joined("an outbox").unwrap();
        let fourth = renew(folder.path(), 4).unwrap();
        assert_eq!((fourth.former(), fourth.outbox()), (&[second, third.name().to_owned()][..], Some("an outbox")));
        let path = folder.path().join("data/outbox.db.gateway");
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_torn_or_foreign_record_is_refused_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        renew(folder.path(), 1).unwrap();
        let path = folder.path().join("data/outbox.db.gateway");
        let whole = std::fs::read_to_string(&path).unwrap();
        for text in ["", "{}", whole.split_at(whole.len() / 2).0, &whole.replace("\"format\":1", "\"format\":2")] {
            std::fs::write(&path, text).unwrap();
            let error = renew(folder.path(), 2).unwrap_err();
            assert!(error.to_string().starts_with(&path.display().to_string()), "{error}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
    }
}
