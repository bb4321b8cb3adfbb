//! `portcullis check`: is this configuration right, and what does it come to?

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use serde::Serialize;

use super::policy::GoodsTold;
use super::{Failure, Output};
use crate::clock::Clock;
use crate::config::{Backend, Config, ConfigError, Encryption, Environment};
use crate::outbox::key_id;

/// Check a configuration and its policies, without network and without touching the outbox.
///
/// Variables and files with secrets are read, as `serve` would read them, and never shown. The exit code is 0 if the
/// configuration is right, also where there are warnings, and 64 if it is not. Whether ports are free and the outbox can be
/// opened, `serve` finds out.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  portcullis check --config portcullis.toml
  portcullis check --config portcullis.toml --json")]
pub struct Check {
    /// The configuration; config.example.toml shows every key
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,

    /// One JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

/// What a right configuration comes to.
#[derive(Debug, Serialize)]
struct Summary<'a> {
    ok: bool,
    sites: Vec<Site<'a>>,
    outbox: String,
    /// What names the keys of the outbox, that of today first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    encryption_keys: Vec<String>,
    sends_to: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls: Option<Tls>,
    warnings: Vec<&'a str>,
}

#[derive(Debug, Serialize)]
struct Tls {
    certificate: String,
    valid_until: String,
}

#[derive(Debug, Serialize)]
struct Site<'a> {
    id: &'a str,
    policy: String,
    digest: String,
    hosts: &'a [String],
    datasets: Vec<&'a str>,
    keys: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    catalog: Option<GoodsTold>,
}

/// Why a configuration is wrong.
#[derive(Debug, Serialize)]
struct Wrong {
    ok: bool,
    error: String,
}

/// Runs it.
pub(super) fn run(command: &Check) -> Result<(), Failure> {
    judge(command, &Environment::of_process(), &Clock::system(), Output::standard())
}

fn judge<W: Write>(command: &Check, environment: &Environment, clock: &Clock, mut output: Output<W>) -> Result<(), Failure> {
    match load(command, environment, clock) {
        Ok((config, of_today)) if command.json => Ok(output.line(json(&Summary::of(&config, &of_today))?)?),
        Ok((config, of_today)) => Ok(Summary::of(&config, &of_today).print(&mut output)?),
        Err(error) => {
            if command.json {
                output.line(json(&Wrong { ok: false, error: error.to_string() })?)?;
            }
            Err(error.into())
        }
    }
}

fn load(command: &Check, environment: &Environment, clock: &Clock) -> Result<(Config, Vec<String>), ConfigError> {
    let config = Config::load(&command.config, environment)?;
    let of_today = config.judge_at(clock.unix_secs())?;
    Ok((config, of_today))
}

fn json(value: &impl Serialize) -> anyhow::Result<String> {
    serde_json::to_string(value).context("the answer cannot be written as JSON")
}

impl<'a> Summary<'a> {
    fn of(config: &'a Config, of_today: &'a [String]) -> Self {
        let site = |site: &'a crate::config::Site| Site {
            id: &site.id,
            policy: format!("{}@{}", site.policy.name(), site.policy.version()),
            digest: site.policy.digest().to_string(),
            hosts: &site.hosts,
            datasets: site.datasets.iter().map(AsRef::as_ref).collect(),
            keys: site.keys.len(),
            catalog: site.policy.explain().catalog.map(GoodsTold::from),
        };
        Self {
            ok: true,
            sites: config.sites.iter().map(site).collect(),
            encryption_keys: config.outbox.encryption.iter().flat_map(key_ids).collect(),
            outbox: match &config.outbox.backend {
                Backend::Embedded(path) => path.display().to_string(),
                Backend::Redis(path, redis) => {
                    format!("redis, {}, and {} for what it cannot take", redis.topology.as_str(), path.display())
                }
                Backend::Memory => "memory".to_owned(),
            },
            sends_to: config.meta.endpoint.base_url.as_str(),
            tls: config.server.tls.as_ref().map(|tls| Tls {
                certificate: tls.certificate.path().display().to_string(),
                valid_until: tls.certificate.until_date(),
            }),
            warnings: config.warnings.iter().chain(of_today).map(String::as_str).collect(),
        }
    }

    fn print<W: Write>(&self, output: &mut Output<W>) -> std::io::Result<()> {
        for site in &self.sites {
            output.line(format_args!("site {}", site.id))?;
            output.line(format_args!("  policy    {}  sha256 {}", site.policy, site.digest))?;
            output.line(format_args!("  hosts     {}", site.hosts.join(", ")))?;
            output.line(format_args!("  datasets  {}", site.datasets.join(", ")))?;
            output.line(format_args!("  keys      {}", site.keys))?;
            if let Some(goods) = &site.catalog {
                output.line(format_args!("  catalog   {goods}"))?;
                output.line(format_args!("            sha256 {}", goods.sha256))?;
            }
        }
        output.line(format_args!("outbox   {}", self.outbox))?;
        if let Some((today, previous)) = self.encryption_keys.split_first() {
            let also = if previous.is_empty() { String::new() } else { format!(", also reads {}", previous.join(", ")) };
            output.line(format_args!("  encrypted under the key {today}{also}"))?;
        }
        output.line(format_args!("sends to {}", self.sends_to))?;
        if let Some(tls) = &self.tls {
            output.line(format_args!("tls      {}, valid until {}", tls.certificate, tls.valid_until))?;
        }
        for warning in &self.warnings {
            output.line(format_args!("warning: {warning}"))?;
        }
        output.line("OK")
    }
}

/// That of today first.
fn key_ids(encryption: &Encryption) -> impl Iterator<Item = String> {
    std::iter::once(&encryption.key).chain(&encryption.previous).map(|key| key_id(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::EXAMPLE;

    const TOKEN: &str = "EAAcanaryTOKEN";

    fn judged(text: &str, json: bool) -> (Result<(), Failure>, String) {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("portcullis.toml");
        std::fs::write(&config, text).unwrap();
        let environment = Environment::of([
            ("PORTCULLIS_SHOP_KEY", "pcs_canary_KEY_0123456789abcdefghijklmnop"),
            ("META_TOKEN_SHOP", TOKEN),
        ]);
        let mut printed = Vec::new();
        let judged = judge(&Check { config, json }, &environment, &Clock::system(), Output::to(&mut printed));
        assert!(!folder.path().join("portcullis-data").exists(), "a check touches nothing");
        let printed = String::from_utf8(printed).unwrap();
        assert!(!printed.contains("canary"), "{printed}");
        (judged, printed)
    }

    #[test]
    fn a_right_configuration_is_shown_site_by_site() {
        let (judged, printed) = judged(EXAMPLE, false);
        judged.unwrap();
        for piece in ["site shop\n", "  hosts     www.shop.example\n", "  datasets  1234567890123456\n", "  keys      1\n"] {
            assert!(printed.contains(piece), "{printed}");
        }
        assert!(printed.contains("sends to https://graph.facebook.com/\n") && printed.ends_with("\nOK\n"), "{printed}");
        assert!(printed.contains("warning: site `shop`: policy: "), "{printed}");
    }

    #[test]
    fn where_nobodys_consent_is_asked_for_it_says_so_and_names_the_policy_that_asks() {
        let warning = "warning: site `shop`: policy: nobody's consent is asked for and no jurisdiction is listed, so every event \
                       leaves of which the sender does not say no; retail-consent@1 asks\n";
        let (plain, printed) = judged(EXAMPLE, false);
        plain.unwrap();
        assert!(printed.contains(warning), "{printed}");
        let (asks, printed) = judged(&EXAMPLE.replace("\"retail@1\"", "\"retail-consent@1\""), false);
        asks.unwrap();
        assert!(printed.contains("retail-consent@1  sha256") && !printed.contains("consent is asked for"), "{printed}");
    }

    #[test]
    fn warnings_are_shown_and_do_no_harm() {
        let (judged, printed) = judged(&EXAMPLE.replace("\"embedded\"\n", "\"memory\"\n"), false);
        judged.unwrap();
        assert!(
            printed.contains("warning: outbox.backend: `memory` is not durable") && printed.ends_with("OK\n"),
            "{printed}"
        );
    }

    #[test]
    fn of_redis_the_topology_is_shown_and_never_the_url() {
        let folder = tempfile::tempdir().unwrap();
        let secrets = [("url", "redis://u:canary@canary.example"), ("key", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")];
        for (name, secret) in secrets {
            std::fs::write(folder.path().join(name), secret).unwrap();
        }
        let file = |name: &str| format!("{{ file = \"{}\" }}", folder.path().join(name).display());
        let text = EXAMPLE
            .replace("\"embedded\"\n", "\"redis\"\n")
            .replace("[redis]\n", &format!("[redis]\nurl = {}\n", file("url")))
            .replace("require_durable = true", "require_durable = false");
        let text = text.replace("[identity]\n", &format!("[identity]\npseudonym_key = {}\n", file("key")));
        let text = text.replace("[suppression]\n", &format!("[suppression]\nkey = {}\n", file("key")));
        let (judged, printed) = judged(&text, false);
        judged.unwrap();
        assert!(
            printed.contains("outbox   redis, a single server, and ") && printed.contains("outbox.db for what"),
            "{printed}"
        );
        assert!(printed.contains("warning: redis.url: leads beyond this machine without TLS"), "{printed}");
        assert!(printed.contains("warning: redis.require_durable: is false"), "{printed}");
    }

    #[test]
    fn keys_of_the_outbox_are_named_by_their_ids_and_never_shown() {
        let keys = "encryption_key = { file = \"now\" }\nprevious_encryption_keys = [{ file = \"now\" }]\n";
        let folder = tempfile::tempdir().unwrap();
        let secret = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
        std::fs::write(folder.path().join("now"), secret).unwrap();
        let text = EXAMPLE.replace("[redis]\n", &format!("{keys}[redis]\n"));
        let text = text.replace("file = \"now\"", &format!("file = \"{}\"", folder.path().join("now").display()));
        let (judged, printed) = judged(&text, false);
        judged.unwrap();
        let id = key_id(b"01234567890123456789012345678901");
        assert!(printed.contains(&format!("encrypted under the key {id}, also reads {id}\n")), "{printed}");
        assert!(!printed.contains(secret), "{printed}");
    }

    #[test]
    fn a_wrong_configuration_is_a_failure_of_configuration_and_prints_no_ok() {
        let inline = EXAMPLE.replace("{ env = \"META_TOKEN_SHOP\" }", &format!("\"{TOKEN}\""));
        let (failed, printed) = judged(&inline, false);
        let Err(Failure::Configuration(error)) = failed else { panic!("not refused") };
        assert!(error.to_string().contains("portcullis.toml: dataset#1.access_token line "), "{error}");
        assert_eq!(printed, "");
    }

    #[test]
    fn json_says_the_same_for_machines() {
        let (right, printed) = judged(EXAMPLE, true);
        right.unwrap();
        assert!(printed.starts_with("{\"ok\":true,\"sites\":[{\"id\":\"shop\",\"policy\":\""), "{printed}");
        let (wrong, printed) = judged("", true);
        assert!(wrong.is_err());
        assert!(printed.starts_with("{\"ok\":false,\"error\":\"") && printed.contains("[[site]]"), "{printed}");
    }
}
