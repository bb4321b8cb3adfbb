//! Marks on their way into the store, sorted with little memory: a file of sorted runs that has no name, and a merge of them.
//!
//! Nothing goes into the store before all of an import was read, as a bad line refuses the whole. Sorted, a piece touches few pages
//! of the store, where in any other order each mark would rewrite a page of its own. The file holds marks and nothing else, and is
//! gone with the process.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use super::mark::{MARK_BYTES, Mark};
use crate::disk::{self, FileError, folder_of, in_file, with_suffix};

/// Marks in memory before they are written as a run: 16 MiB.
const RUN: usize = 1 << 20;
/// Marks of a run that are read at once: 64 KiB.
const READ: usize = 4_096;

/// Where marks are put down.
#[derive(Debug)]
pub struct Spool {
    file: File,
    path: PathBuf,
    waiting: Vec<Mark>,
    /// Up to which mark of the file each run goes.
    ends: Vec<u64>,
    longest: usize,
}

impl Spool {
    /// In the folder of a store.
    pub fn beside(store: &Path) -> Result<Self, FileError> {
        Self::with_runs_of(store, RUN)
    }

    fn with_runs_of(store: &Path, longest: usize) -> Result<Self, FileError> {
        disk::make_folder(folder_of(store))?;
        let path = with_suffix(store, ".import");
        // Left by a process that died between the two.
        std::fs::remove_file(&path).ok();
        let file = disk::private_file(&path)?;
        std::fs::remove_file(&path).map_err(in_file(&path))?;
        Ok(Self { file, path, waiting: Vec::new(), ends: Vec::new(), longest })
    }

    /// Puts one down.
    pub fn put(&mut self, mark: Mark) -> Result<(), FileError> {
        self.waiting.push(mark);
        if self.waiting.len() < self.longest { Ok(()) } else { self.write() }
    }

    /// Gives all back, each once, in the order of the store.
    pub fn sorted(mut self) -> Result<Sorted, FileError> {
        self.write()?;
        let Self { file, path, ends, .. } = self;
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let mut runs: Vec<Run> = starts.zip(&ends).map(|(next, end)| Run { next, end: *end, read: Vec::new() }).collect();
        let mut first = BinaryHeap::new();
        for (at, run) in runs.iter_mut().enumerate() {
            if let Some(mark) = run.take(&file).map_err(in_file(&path))? {
                first.push(Reverse((mark, at)));
            }
        }
        Ok(Sorted { file, path, runs, first, last: None })
    }

    fn write(&mut self) -> Result<(), FileError> {
        self.waiting.sort_unstable();
        self.waiting.dedup();
        let mut bytes = io::BufWriter::with_capacity(READ * MARK_BYTES, &self.file);
        let written = self.waiting.iter().try_for_each(|mark| bytes.write_all(&mark.bytes()));
        written.and_then(|()| bytes.flush()).map_err(in_file(&self.path))?;
        let before = self.ends.last().copied().unwrap_or(0);
        self.ends.push(before + self.waiting.len() as u64);
        self.waiting.clear();
        Ok(())
    }
}

/// Every mark of a spool, sorted.
#[derive(Debug)]
pub struct Sorted {
    file: File,
    path: PathBuf,
    runs: Vec<Run>,
    /// The first of each run that is left, smallest on top.
    first: BinaryHeap<Reverse<(Mark, usize)>>,
    last: Option<Mark>,
}

#[derive(Debug)]
struct Run {
    next: u64,
    end: u64,
    /// What was read of it and not taken, the next one last.
    read: Vec<Mark>,
}

impl Run {
    fn take(&mut self, file: &File) -> io::Result<Option<Mark>> {
        if self.read.is_empty() {
            let count = (self.end - self.next).min(READ as u64);
            let mut bytes = vec![0; usize::try_from(count).unwrap_or(READ) * MARK_BYTES];
            file.read_exact_at(&mut bytes, self.next * MARK_BYTES as u64)?;
            let (marks, _) = bytes.as_chunks::<MARK_BYTES>();
            self.read.extend(marks.iter().rev().copied().map(Mark::from_bytes));
            self.next += count;
        }
        Ok(self.read.pop())
    }
}

impl Sorted {
    fn take(&mut self) -> io::Result<Option<Mark>> {
        while let Some(Reverse((mark, at))) = self.first.pop() {
            if let Some(run) = self.runs.get_mut(at)
                && let Some(next) = run.take(&self.file)?
            {
                self.first.push(Reverse((next, at)));
            }
            if self.last.replace(mark) != Some(mark) {
                return Ok(Some(mark));
            }
        }
        Ok(None)
    }
}

impl Iterator for Sorted {
    type Item = Result<Mark, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.take().map_err(in_file(&self.path)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;

    #[test]
    fn marks_come_back_sorted_and_once_however_many_runs_there_are() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("suppression.db");
        let chance = Chance::seeded(1);
        let marks: Vec<Mark> = (0..20_000).map(|_| Mark::from_bytes(chance.bytes())).collect();
        let mut expected = marks.clone();
        expected.sort_unstable();
        for longest in [1_000, 7_777, 20_000, 50_000] {
            let mut spool = Spool::with_runs_of(&store, longest).unwrap();
            for mark in marks.iter().chain(&marks[..5_000]) {
                spool.put(*mark).unwrap();
            }
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "it has no name");
            let sorted: Vec<Mark> = spool.sorted().unwrap().map(Result::unwrap).collect();
            assert!(sorted == expected, "runs of {longest}");
        }
        assert_eq!(Spool::beside(&store).unwrap().sorted().unwrap().count(), 0);
    }
}
