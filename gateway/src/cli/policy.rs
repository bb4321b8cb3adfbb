//! `portcullis policy …`: what a policy lets through, for the people who answer for it.

use std::io::Write;
use std::path::Path;

use anyhow::Context as _;
use clap::Subcommand;
use portcullis_filters::policy::{Explanation, Policy as Compiled, Standing};
use serde::Serialize;

use super::{Failure, Output};
use crate::config::policy_text;

/// Look into policies.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  portcullis policy explain retail@1")]
pub struct Policy {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Explain(Explain),
}

/// Say in plain words what leaves under a policy, in which form, and which channels stay open.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  portcullis policy explain retail@1
  portcullis policy explain policies/shop.toml --host www.shop.example
  portcullis policy explain pharmacy@1 --json")]
pub struct Explain {
    /// A built-in such as retail@1, or the path of a file
    #[arg(value_name = "POLICY")]
    pub policy: String,

    /// A host of the site, as in its configuration; may be repeated. It is part of the digest
    #[arg(long = "host", value_name = "HOST", default_value = "www.shop.example")]
    pub hosts: Vec<String>,

    /// One JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

/// Runs it.
pub(super) fn run(command: &Policy) -> Result<(), Failure> {
    let Command::Explain(explain) = &command.command;
    let (file, text) = policy_text(&explain.policy, Path::new("")).map_err(|error| Failure::Configuration(error.into()))?;
    let policy = Compiled::compile(&text, &file, &explain.hosts).map_err(|error| Failure::Configuration(error.into()))?;
    let mut output = Output::standard();
    if explain.json {
        let text =
            serde_json::to_string(&Json::of(&policy, &policy.explain())).context("the answer cannot be written as JSON")?;
        return Ok(output.line(text)?);
    }
    Ok(print(&policy, &explain.hosts, &mut output)?)
}

fn print<W: Write>(policy: &Compiled, hosts: &[String], output: &mut Output<W>) -> std::io::Result<()> {
    let explanation = policy.explain();
    output.line(format_args!("policy   {}@{}", policy.name(), policy.version()))?;
    if let Some(owner) = &explanation.owner {
        output.line(format_args!("owner    {owner}"))?;
    }
    output.line(format_args!("digest   {} (for the hosts {})", policy.digest(), hosts.join(", ")))?;
    output.line("\nEvents that leave; every other is dropped:")?;
    output.line(format_args!("  {}", explanation.events.join(", ")))?;
    for (own, name) in &explanation.renames {
        output.line(format_args!("  {own} leaves as {name}"))?;
    }
    output.line("\nPages; a class that drops wins over every other, then the first that matches:")?;
    for (pages, outcome) in &explanation.pages {
        output.line(format_args!("  {outcome:<16} {pages}"))?;
    }
    output.line("\nFields that leave, and the only form in which they do:")?;
    for line in &explanation.leaves {
        output.line(format_args!("  {:<34} {:<14} {}", line.path, line.action, line.form))?;
    }
    output.line("\nFields that never leave, besides every one that is not known:")?;
    output.line(format_args!("  {}", explanation.stays.join(", ")))?;
    output.line("\nOpen channels:")?;
    for channel in &explanation.channels {
        let mark = if channel.standing == Standing::NotInForce { "OPEN, NOT IN FORCE" } else { "OPEN" };
        output.line(format_args!("  {mark}: {}", channel.text))?;
    }
    Ok(())
}

/// The same for machines.
#[derive(Serialize)]
struct Json<'a> {
    policy: &'a str,
    version: u32,
    owner: Option<&'a str>,
    digest: String,
    events: &'a [String],
    renames: &'a [(String, String)],
    pages: Vec<Page<'a>>,
    leaves: Vec<Field<'a>>,
    stays: &'a [&'static str],
    open: Vec<Open<'a>>,
}

#[derive(Serialize)]
struct Page<'a> {
    pages: &'a str,
    outcome: &'a str,
}

#[derive(Serialize)]
struct Field<'a> {
    path: &'a str,
    action: &'a str,
    form: &'a str,
}

#[derive(Serialize)]
struct Open<'a> {
    not_in_force: bool,
    text: &'a str,
}

impl<'a> Json<'a> {
    fn of(policy: &'a Compiled, explanation: &'a Explanation) -> Self {
        let page = |(pages, outcome): &'a (String, String)| Page { pages, outcome };
        Self {
            policy: policy.name(),
            version: policy.version(),
            owner: explanation.owner.as_deref(),
            digest: policy.digest().to_string(),
            events: &explanation.events,
            renames: &explanation.renames,
            pages: explanation.pages.iter().map(page).collect(),
            leaves: explanation
                .leaves
                .iter()
                .map(|line| Field { path: &line.path, action: line.action, form: &line.form })
                .collect(),
            stays: &explanation.stays,
            open: explanation
                .channels
                .iter()
                .map(|c| Open { not_in_force: c.standing == Standing::NotInForce, text: &c.text })
                .collect(),
        }
    }
}
