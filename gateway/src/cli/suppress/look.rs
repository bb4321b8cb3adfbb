//! `portcullis suppress check`, `count` and `export`: looks that change nothing.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use serde::Serialize;

use super::persons::Persons;
use super::place::Place;
use super::{Failure, Output, many, print_json};
use crate::suppression::{Look, export_head};

/// Ask whether events of these persons are kept back.
///
/// It is asked of the store of this machine, which has what other gateways added within a second, while its gateway runs.
///
/// Exit code 0 if all that are named are suppressed, 1 if one is not, 2 if nobody knows, 64 for a wrong configuration or command
/// line.
#[derive(Debug, clap::Args)]
#[command(override_usage = "portcullis suppress check --config <FILE> <--email|--phone|--external-id|--fbp|--sha256>...")]
#[command(after_help = "\
Example:
  echo ann@example.com | portcullis suppress check --email - --config portcullis.toml")]
pub(super) struct Check {
    /// The configuration that names the store
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,

    #[command(flatten)]
    pub persons: Persons,

    /// One JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

/// Say how many marks the store holds: several for each person, one for each form that a library may send.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  portcullis suppress count --config portcullis.toml")]
pub(super) struct Count {
    /// The configuration that names the store
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,

    /// One JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

/// Write the marks of the store to a file, which another gateway with the same key can import.
///
/// The file tells nothing of anybody without the key, which is not in it. Keep both apart.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  portcullis suppress export --to marks.txt --config portcullis.toml
  portcullis suppress export --config portcullis.toml | gzip > marks.txt.gz")]
pub(super) struct Export {
    /// The configuration that names the store
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,

    /// The file to make, for its owner alone; without, or with -, standard output
    #[arg(long, value_name = "FILE|-")]
    pub to: Option<PathBuf>,
}

#[derive(Serialize)]
struct Checked {
    identifiers: u64,
    suppressed: u64,
}

#[derive(Serialize)]
struct Counted<'a> {
    marks: u64,
    key: Option<&'a str>,
}

/// Runs it.
pub(super) fn check(command: &Check) -> Result<(), Failure> {
    let checked = checked(command).map_err(|failure| match failure {
        // A script must not take "nobody knows" for "no".
        Failure::Other(error) => Failure::NoAnswer(error),
        failure => failure,
    })?;
    if command.json {
        print_json(&checked)?;
    } else if checked.identifiers == 1 {
        Output::standard().line(if checked.suppressed == 1 { "suppressed" } else { "not suppressed" })?;
    } else {
        let Checked { identifiers, suppressed } = checked;
        Output::standard().line(format_args!("{suppressed} of {identifiers} are suppressed"))?;
    }
    if checked.suppressed == checked.identifiers { Ok(()) } else { Err(Failure::No) }
}

fn checked(command: &Check) -> Result<Checked, Failure> {
    let persons = command.persons.identifiers()?;
    let place = Place::of(&command.config)?;
    let look = Look::into(place.store())?;
    let mut suppressed = 0;
    let marker = place.marker_to_look()?;
    if marker.is_none() && look.count() > 0 {
        return Err(Failure::Configuration(anyhow!("the key of suppressed persons is missing")));
    }
    if let Some(marker) = marker {
        for forms in &persons {
            let marks = forms.iter().map(|form| marker.mark(form));
            suppressed += u64::from(look.holds_any(&marker, marks)?);
        }
    }
    Ok(Checked { identifiers: persons.len() as u64, suppressed })
}

/// Runs it.
pub(super) fn count(command: &Count) -> Result<(), Failure> {
    let place = Place::of(&command.config)?;
    let look = Look::into(place.store())?;
    let key = look.fingerprint().map(ToString::to_string);
    if command.json {
        return print_json(&Counted { marks: look.count(), key: key.as_deref() });
    }
    Ok(Output::standard().line(many(look.count(), "mark"))?)
}

/// Runs it.
pub(super) fn export(command: &Export) -> Result<(), Failure> {
    let place = Place::of(&command.config)?;
    let look = Look::into(place.store())?;
    let Some(key) = look.fingerprint() else {
        return Err(Failure::Other(anyhow!("nobody was ever suppressed, so there is nothing to export")));
    };
    let head = export_head(key);
    match command.to.as_deref().filter(|path| *path != Path::new("-")) {
        None => write(&look, &head, std::io::stdout().lock()).context("the export broke off, so it is not whole")?,
        Some(path) => write_file(&look, &head, path)?,
    }
    Ok(())
}

fn write_file(look: &Look, head: &str, path: &Path) -> Result<(), Failure> {
    let name = path.display();
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let file = made.with_context(|| {
        format!(
            "{name}: the file cannot be made; an export overwrites nothing, so it needs a new name in a folder that exists"
        )
    })?;
    let written = write(look, head, &file).and_then(|()| Ok(file.sync_all()?));
    if written.is_err() {
        // Half an export would be taken for a whole one. Nothing but our own file has this name.
        std::fs::remove_file(path).ok();
    }
    written.with_context(|| format!("{name}: nothing was exported"))?;
    Ok(Output::standard().line(format_args!("{}: {}", name, many(look.count(), "mark")))?)
}

fn write(look: &Look, head: &str, to: impl std::io::Write) -> Result<(), anyhow::Error> {
    let mut to = BufWriter::new(to);
    writeln!(to, "{head}")?;
    let (mut line, mut broken) = (String::new(), None);
    look.each(|mark| {
        if broken.is_none() {
            line.clear();
            // Into a text nothing can fail to be written.
            writeln!(line, "{mark}").ok();
            broken = to.write_all(line.as_bytes()).err();
        }
    })?;
    broken.map_or(Ok(()), Err)?;
    Ok(to.flush()?)
}
