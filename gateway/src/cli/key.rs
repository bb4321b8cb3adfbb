//! `portcullis key new`: the key that a site shows instead of Meta's token.

use std::io::Write;

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Subcommand;
use portcullis_filters::normalize::hex;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{Failure, Output};
use crate::chance::Chance;

/// So that scanners of repositories, and people, see what they found.
const PREFIX: &str = "pcs_";

/// Make keys for sites.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  portcullis key new")]
pub struct Key {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    New(New),
}

/// Make a fresh key and the line for the configuration that knows it by its digest.
///
/// The key is shown once and kept nowhere. Give it to the site as its access token, and put the digest into the configuration.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  portcullis key new
  portcullis key new --json")]
pub struct New {
    /// One JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

#[derive(Serialize)]
struct Made {
    key: String,
    sha256: String,
}

/// Runs it.
pub(super) fn run(command: &Key) -> Result<(), Failure> {
    let Command::New(new) = &command.command;
    let chance = Chance::from_system().context("the operating system gives no random bytes")?;
    print(new, &make(&chance), Output::standard())
}

fn make(chance: &Chance) -> Made {
    let key = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(chance.bytes::<32>()));
    let sha256 = String::from_utf8_lossy(&hex(&Sha256::digest(&key).into())).into_owned();
    Made { key, sha256 }
}

fn print<W: Write>(new: &New, made: &Made, mut output: Output<W>) -> Result<(), Failure> {
    if new.json {
        return Ok(output.line(serde_json::to_string(made).context("the key cannot be written as JSON")?)?);
    }
    output.line(format_args!("key for the site, shown once:\n  {}\n", made.key))?;
    Ok(output.line(format_args!("line for its [[site]] table:\n  keys = [{{ sha256 = \"{}\" }}]", made.sha256))?)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Config, Environment};

    fn printed(json: bool) -> String {
        let mut text = Vec::new();
        print(&New { json }, &make(&Chance::seeded(7)), Output::to(&mut text)).unwrap();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn a_key_has_32_random_bytes_and_its_prefix() {
        let made = make(&Chance::seeded(7));
        let bytes = URL_SAFE_NO_PAD.decode(made.key.strip_prefix(PREFIX).unwrap()).unwrap();
        assert_eq!(bytes, Chance::seeded(7).bytes::<32>());
        assert_ne!(make(&Chance::from_system().unwrap()).key, make(&Chance::from_system().unwrap()).key);
    }

    #[test]
    fn the_printed_line_is_taken_by_the_configuration_and_knows_the_key() {
        let made = make(&Chance::seeded(7));
        let text = printed(false);
        assert_eq!(text.matches(&made.key).count(), 1, "{text}");
        let keys = text.lines().find(|line| line.trim().starts_with("keys = ")).unwrap();
        let with = |keys: &str| {
            let text = format!(
                "[[site]]\nid = 'shop'\npolicy = 'retail@1'\ndatasets = ['1']\nhosts = ['www.shop.example']\n{keys}\n[[dataset]]\n\
                 id = '1'\naccess_token = {{ env = 'TOKEN' }}"
            );
            let environment = Environment::of([("TOKEN", "EAAtoken"), ("KEY", &made.key)]);
            Config::parse(&text, Path::new("p.toml"), &environment).unwrap().sites.remove(0).keys
        };
        assert_eq!(with(keys), with("keys = [{ env = 'KEY' }]"));
    }

    #[test]
    fn json_holds_key_and_digest() {
        let made = make(&Chance::seeded(7));
        assert_eq!(printed(true), format!("{{\"key\":\"{}\",\"sha256\":\"{}\"}}\n", made.key, made.sha256));
    }
}
