//! One change of who is suppressed, as the log has it: what to do, the day, and the marks, under a seal that only a gateway with
//! the same key can make.
//!
//! The seal covers the entry's place too. So an entry that was torn, changed, moved or written by somebody else is not taken for
//! less than it was: reading ends there, with an error.

use super::{Log, Position};
use crate::suppression::mark::{MARK_BYTES, Mark, Marker};
use crate::suppression::{SuppressTask, SuppressionError};

/// Most marks in an entry, which takes a little less than 64 KiB then: from there on Redis takes memory in larger steps.
pub(super) const MOST: usize = 4_000;
/// What an entry is made of when it is read: id, key, task, day, seal and marks.
pub(super) const PARTS: usize = 6;

/// A change that was made to the log, or is to be.
#[derive(Debug)]
pub(in crate::suppression) struct Entry {
    pub(in crate::suppression) position: Position,
    pub(in crate::suppression) task: SuppressTask,
    /// Days since 1970.
    pub(in crate::suppression) day: i64,
    pub(in crate::suppression) marks: Vec<Mark>,
}

impl Entry {
    /// The parts that are kept beside the id, in the order in which they are read.
    pub(super) fn parts(&self, marker: &Marker) -> [Vec<u8>; PARTS - 1] {
        let (task, day, marks) = (word(self.task).as_bytes().to_vec(), self.day.to_string().into_bytes(), self.bytes());
        let id = self.position.to_string();
        let seal = marker.seal(&[id.as_bytes(), &task, &day, &marks]).to_vec();
        [marker.fingerprint().as_str().as_bytes().to_vec(), task, day, seal, marks]
    }

    /// Reads what is kept.
    pub(super) fn read(parts: [Vec<u8>; PARTS], marker: &Marker, log: &Log) -> Result<Self, SuppressionError> {
        let [id, key, task, day, seal, marks] = parts;
        let name = String::from_utf8_lossy(&id).into_owned();
        let own = marker.fingerprint().as_str();
        if !key.is_empty() && key != own.as_bytes() {
            let found = String::from_utf8_lossy(&key).into_owned();
            return Err(SuppressionError::LogOfOtherKey { log: log.name(), found, configured: own.to_owned() });
        }
        let torn = || log.torn(&name, "is torn or was changed");
        if marker.seal(&[&id, &task, &day, &marks]).as_slice() != seal {
            return Err(torn());
        }
        let text = |bytes: &[u8]| std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| torn());
        let (chunks, rest) = marks.as_chunks::<MARK_BYTES>();
        let entry = Self {
            position: Position::parse(&name).ok_or_else(torn)?,
            task: task_of(&text(&task)?).ok_or_else(torn)?,
            day: text(&day)?.parse().map_err(|_| torn())?,
            marks: chunks.iter().copied().map(Mark::from_bytes).collect(),
        };
        if rest.is_empty() { Ok(entry) } else { Err(torn()) }
    }

    fn bytes(&self) -> Vec<u8> {
        self.marks.iter().flat_map(|mark| mark.bytes()).collect()
    }
}

fn word(task: SuppressTask) -> &'static str {
    match task {
        SuppressTask::Add => "add",
        SuppressTask::Remove => "remove",
    }
}

fn task_of(word: &str) -> Option<SuppressTask> {
    match word {
        "add" => Some(SuppressTask::Add),
        "remove" => Some(SuppressTask::Remove),
        _ => None,
    }
}
