//! `portcullis outbox redrive`: what was set aside is sent again.

use std::path::PathBuf;

use anyhow::anyhow;
use clap::ValueEnum;

use super::place::In;
use super::{Failure, Output, Place, print_json, unexpected, whole};
use crate::cli::output::remark;
use crate::outbox::{OutboxCommand, OutboxDone, OutboxPlace, QuarantineReason, RedriveSelector, Redriven};

/// Send again what was set aside.
///
/// The events wait again, and pass the policy of today before they are sent. Without an option that narrows it, all of the
/// quarantine does. What cannot be read stays where it is.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  portcullis outbox redrive --config portcullis.toml
  portcullis outbox redrive --dataset 1234567890123456 --reason refused --config portcullis.toml
  portcullis outbox redrive --id 17 --config portcullis.toml
  portcullis outbox redrive --in redis --dataset 1234567890123456 --id 17 --config portcullis.toml")]
pub(super) struct Redrive {
    /// The configuration that names the outbox
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,

    /// Only what goes to this dataset
    #[arg(long, value_name = "ID")]
    pub dataset: Option<String>,

    /// Only what this site sent
    #[arg(long, value_name = "ID")]
    pub site: Option<String>,

    /// Only what was set aside for this
    #[arg(long)]
    pub reason: Option<Reason>,

    /// Only the entry of this number, as `portcullis outbox inspect` shows it
    #[arg(long, value_name = "NUMBER")]
    pub id: Option<i64>,

    /// Only what is there, where events rest in two places
    #[arg(long = "in", value_name = "PLACE")]
    pub place: Option<In>,

    /// One JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

/// Why an event was set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(super) enum Reason {
    /// Meta refused its content
    Refused,
    /// The stored row could not be read
    Unreadable,
    /// The process died three times while it was in hand
    AbortsProcess,
}

impl Reason {
    fn word(self) -> &'static str {
        match self {
            Self::Refused => QuarantineReason::Refused { code: 0, subcode: 0, message: None }.as_str(),
            Self::Unreadable => QuarantineReason::Unreadable.as_str(),
            Self::AbortsProcess => QuarantineReason::AbortsProcess.as_str(),
        }
    }
}

/// Runs it.
pub(super) async fn run(command: Redrive) -> Result<(), Failure> {
    let selector = RedriveSelector {
        site: command.site,
        dataset: command.dataset,
        reason: command.reason.map(|reason| reason.word().to_owned()),
        id: command.id,
        place: command.place.map(OutboxPlace::from),
    };
    let place = Place::of(&command.config)?;
    if place.is_shared() && selector.id.is_some() && (selector.dataset.is_none() || selector.place.is_none()) {
        return Err(Failure::Other(anyhow!(
            "with Redis each dataset counts its own entries, and the file of this machine too: name --in and --dataset beside \
             --id, as `portcullis outbox inspect` shows them"
        )));
    }
    let done = place.perform(OutboxCommand::Redrive(selector)).await?;
    let OutboxDone::Redriven(redriven) = done else { return Err(unexpected()) };
    if command.json {
        print_json(&redriven)?;
        return whole(redriven.broke_off.as_ref());
    }
    let mut output = Output::standard();
    let all: u64 = redriven.waiting.values().sum();
    output.line(format_args!("waiting again: {}", super::events(all)))?;
    for (dataset, events) in &redriven.waiting {
        output.line(format_args!("  {dataset:<20} {events:>12}"))?;
    }
    if redriven == Redriven::default() {
        remark("nothing matched; `portcullis outbox inspect` shows what was set aside");
    }
    if redriven.unreadable > 0 {
        output.line(format_args!("unreadable, stays in quarantine: {}", super::events(redriven.unreadable)))?;
    }
    whole(redriven.broke_off.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_command_are_those_of_the_outbox() {
        for reason in Reason::value_variants() {
            assert_eq!(reason.to_possible_value().unwrap().get_name(), reason.word());
        }
    }
}
