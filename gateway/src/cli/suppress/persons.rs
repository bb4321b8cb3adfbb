//! Who is meant, as the command line says it: a kind of identifier and a value, or values by standard input.

use std::io::Read as _;

use anyhow::anyhow;
use portcullis_filters::suppression::{Identifier, Kind};

use super::Failure;
use crate::suppression;

/// What stands for "by standard input".
const STANDARD: &str = "-";
/// More belongs into a file, for `suppress import`.
const MAX_INPUT_BYTES: usize = 1024 * 1024;

// No documentation that clap would take for that of the command.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
pub(in crate::cli) struct Persons {
    /// By e-mail address; with - by those that come on standard input, one a line, so that they stand in no history of a shell
    #[arg(long, value_name = "ADDRESS|-", allow_hyphen_values = true)]
    pub email: Vec<String>,

    /// By telephone number, with its country, or - as above
    #[arg(long, value_name = "NUMBER|-", allow_hyphen_values = true)]
    pub phone: Vec<String>,

    /// By your own id of the person, or -
    #[arg(long, value_name = "ID|-", allow_hyphen_values = true)]
    pub external_id: Vec<String>,

    /// By Meta's browser id, or -
    #[arg(long, value_name = "FBP|-", allow_hyphen_values = true)]
    pub fbp: Vec<String>,

    /// By the SHA-256 of one of them as 64 hex digits, or -
    #[arg(long, value_name = "HEX|-", allow_hyphen_values = true)]
    pub sha256: Vec<String>,
}

impl Persons {
    /// Every form of each of them. Reads standard input where an option says so.
    pub(in crate::cli) fn identifiers(&self) -> Result<Vec<Vec<Identifier>>, Failure> {
        let options = [
            ("--email", Some(Kind::Email), &self.email),
            ("--phone", Some(Kind::Phone), &self.phone),
            ("--external-id", Some(Kind::ExternalId), &self.external_id),
            ("--fbp", Some(Kind::Fbp), &self.fbp),
            ("--sha256", None, &self.sha256),
        ];
        if options.iter().flat_map(|(_, _, values)| *values).filter(|value| *value == STANDARD).count() > 1 {
            return Err(wrong("only one option can read from standard input"));
        }
        let mut persons = Vec::new();
        for (option, kind, values) in options {
            for (at, value) in values.iter().enumerate() {
                if value == STANDARD {
                    for (at, line) in lines()?.iter().enumerate() {
                        persons.push(person(kind, line, &format!("line {} of standard input", at + 1))?);
                    }
                } else {
                    persons.push(person(kind, value, &format!("{option}, number {}", at + 1))?);
                }
            }
        }
        if persons.is_empty() {
            return Err(wrong("standard input is empty, so nobody was named"));
        }
        Ok(persons)
    }
}

fn lines() -> Result<Vec<String>, Failure> {
    let mut text = String::new();
    let input = std::io::stdin().lock().take(MAX_INPUT_BYTES as u64 + 1).read_to_string(&mut text);
    input.map_err(|error| wrong(&format!("standard input cannot be read: {error}")))?;
    // Cut off, the persons after the cut would be passed over without a word.
    if text.len() > MAX_INPUT_BYTES {
        return Err(wrong("standard input has more than 1 MiB; name so many persons in pieces, or by `suppress import`"));
    }
    Ok(text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect())
}

fn person(kind: Option<Kind>, text: &str, place: &str) -> Result<Vec<Identifier>, Failure> {
    let person = match kind {
        Some(kind) => suppression::person(kind, text),
        None => suppression::digest(text.trim()).map(|digest| vec![digest]),
    };
    person.map_err(|reason| wrong(&format!("{place}: the value {reason}")))
}

/// Nothing of the value is repeated.
fn wrong(reason: &str) -> Failure {
    Failure::Other(anyhow!("{reason}; nothing was done"))
}
