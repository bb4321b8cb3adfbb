//! `portcullis suppress import`: many persons from a file, with little memory, all of them or none.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use serde::Serialize;

use super::change::say_when;
use super::place::Place;
use super::{Failure, Output, many, print_json};
use crate::cli::output::remark;
use crate::suppression::{Line, Lines, PIECE, Spool, SuppressTask};

/// What stands for standard input.
const STANDARD: &str = "-";
/// Bad lines that are named; the others are counted.
const NAMED: usize = 10;

/// Keep back every event of the persons in a file.
///
/// A line is `email,VALUE`, or `phone`, `external_id`, `fbp` or `sha256` in place of `email`; or a SHA-256 alone. An export of a store
/// with the same key is taken as well. Empty lines and those that begin with # are passed over. All is read first; if a line
/// cannot be used, nothing is taken, unless --skip-bad says so. To run it again does no harm.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  portcullis suppress import --from persons.csv --config portcullis.toml
  gunzip --stdout marks.txt.gz | portcullis suppress import --from - --config portcullis.toml")]
pub(super) struct Import {
    /// The file, or - for standard input
    #[arg(long, value_name = "FILE|-")]
    pub from: PathBuf,

    /// The configuration that names the store
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,

    /// Pass over lines that cannot be used
    #[arg(long)]
    pub skip_bad: bool,

    /// One JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

/// What was read.
#[derive(Debug, Default)]
struct Read {
    lines: u64,
    bad: u64,
    /// The first of them.
    named: Vec<String>,
}

#[derive(Serialize)]
struct Json {
    lines: u64,
    skipped: u64,
    marks_added: u64,
    gateway_runs: bool,
}

/// Runs it.
pub(super) fn run(command: &Import) -> Result<(), Failure> {
    let mut place = Place::of(&command.config)?;
    place.marker()?;
    let mut spool = Spool::beside(&place.store().path).map_err(anyhow::Error::from)?;
    let read = if command.from.as_os_str() == STANDARD {
        read(io::stdin().lock(), &mut place, &mut spool)
    } else {
        read(BufReader::new(open(&command.from)?), &mut place, &mut spool)
    }?;
    let bad = (read.bad > 0).then(|| told(&read));
    if let Some(bad) = bad {
        if !command.skip_bad {
            return Err(Failure::Other(anyhow!("{bad}; nothing was taken; mend them, or say --skip-bad")));
        }
        remark(&format!("{bad}; they were passed over"));
    }
    let marks_added = put(spool, &mut place)?;
    let Read { lines, bad: skipped, .. } = read;
    if command.json {
        return print_json(&Json { lines, skipped, marks_added, gateway_runs: place.gateway_did_it() });
    }
    Output::standard().line(format_args!("{}: {} added", many(lines, "line"), many(marks_added, "mark")))?;
    say_when(&place);
    Ok(())
}

fn open(path: &Path) -> Result<File, Failure> {
    Ok(File::open(path).with_context(|| format!("{} cannot be read", path.display()))?)
}

fn read(from: impl BufRead, place: &mut Place, spool: &mut Spool) -> Result<Read, Failure> {
    let mut lines = Lines::of(from);
    let mut read = Read::default();
    while let Some((number, line)) = lines.next_line().context("the import cannot be read")? {
        let marks = match line {
            Ok(Line::Nothing) => continue,
            Ok(Line::Key(key)) => {
                let own = place.marker()?.fingerprint();
                if key != *own {
                    return Err(Failure::Configuration(anyhow!(
                        "line {number}: this export was made under another key than this store's, {own}; use it with the key of \
                         the store that it came from; nothing was taken"
                    )));
                }
                continue;
            }
            Ok(Line::Person(forms)) => place.marks(&forms)?,
            Ok(Line::Mark(mark)) => vec![mark],
            Err(reason) => {
                read.bad += 1;
                if read.named.len() < NAMED {
                    read.named.push(format!("line {number} {reason}"));
                }
                continue;
            }
        };
        read.lines += 1;
        for mark in marks {
            spool.put(mark).map_err(anyhow::Error::from)?;
        }
    }
    Ok(read)
}

/// The bad lines by number and rule.
fn told(read: &Read) -> String {
    let named = read.named.join("; ");
    match read.bad - read.named.len() as u64 {
        0 => named,
        others => format!("{named}; and {} more", many(others, "line")),
    }
}

/// In pieces, each durable and in force when the next one goes.
fn put(spool: Spool, place: &mut Place) -> Result<u64, Failure> {
    let (mut added, mut taken) = (0, 0_u64);
    let mut piece = Vec::with_capacity(PIECE);
    let mut marks = spool.sorted().map_err(anyhow::Error::from)?;
    loop {
        let next = marks.next().transpose().map_err(anyhow::Error::from)?;
        let is_last = next.is_none();
        piece.extend(next);
        if piece.len() == PIECE || (is_last && !piece.is_empty()) {
            let count = piece.len() as u64;
            let done = place.perform(SuppressTask::Add, std::mem::take(&mut piece));
            added += done.map_err(|failure| broke_off(failure, taken))?;
            taken += count;
        }
        if is_last {
            return Ok(added);
        }
    }
}

/// What was taken is in force; the rest is not.
fn broke_off(failure: Failure, taken: u64) -> Failure {
    let told = format!("the import broke off after {}; run it again", many(taken, "mark"));
    match failure {
        Failure::Configuration(error) => Failure::Configuration(error.context(told)),
        Failure::Other(error) => Failure::Other(error.context(told)),
        failure => failure,
    }
}
