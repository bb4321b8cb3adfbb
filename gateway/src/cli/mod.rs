//! The command line: one file a command, each with its arguments and what it does.
//!
//! Results go to standard output, everything else to standard error, where colour is used on a terminal alone. Exit codes are
//! 0, 1, and 64 for a wrong configuration or command line; where 1 is the answer "no", 2 is a failure; `main` maps them. No
//! command takes a secret as an argument, as arguments can be read by every user of the machine.

pub mod check;
pub mod completions;
pub mod demo;
pub mod key;
pub mod man;
pub mod meta_simulator;
pub mod outbox;
pub mod policy;
pub mod ready;
pub mod reload;
pub mod schema;
pub mod serve;
pub mod subject;
pub mod suppress;

pub mod process;

mod http;
mod output;
mod redis;
mod running;

use std::ffi::OsString;
use std::future::Future;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};

use crate::config::ConfigError;

pub use output::Output;

/// How long the end of a command waits for threads that are not its own, once all is done.
const STRAGGLERS: Duration = Duration::from_secs(1);

/// Whether this executable was built with the checks of development, which also brings the failpoints of the tests.
const VERSION_TEXT: &str = if cfg!(debug_assertions) {
    concat!(env!("CARGO_PKG_VERSION"), " (debug assertions: on)")
} else {
    concat!(env!("CARGO_PKG_VERSION"), " (debug assertions: off)")
};

/// A self-hosted privacy gateway for Meta's Conversions API.
///
/// A site sends its conversion events here instead of to graph.facebook.com. Each event is filtered by the site's policy, kept
/// durably, and only what the policy names is sent on to Meta.
#[derive(Debug, Parser)]
#[command(name = "portcullis", bin_name = "portcullis", version = VERSION_TEXT, propagate_version = false, arg_required_else_help = true)]
#[command(after_help = "\
Examples:
  portcullis demo                               see it work: nothing else is needed
  portcullis key new                            make the key that a site shows
  portcullis check --config portcullis.toml     is the configuration right?
  portcullis serve --config portcullis.toml     run the gateway

Exit codes: 0 done, 64 the configuration or the command line is wrong, 1 anything else; where 1 is the
answer no, 2 anything else.")]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Serve),
    Demo(demo::Demo),
    Check(check::Check),
    Ready(ready::Ready),
    Reload(reload::Reload),
    MetaSimulator(meta_simulator::MetaSimulator),
    Key(key::Key),
    Policy(policy::Policy),
    Outbox(outbox::Outbox),
    Suppress(suppress::Suppress),
    Subject(subject::Subject),
    Schema(schema::Schema),
    Completions(completions::Completions),
    Man(man::Man),
}

/// Why a command did not do what it should.
#[derive(Debug)]
pub enum Failure {
    /// The command line is wrong.
    CommandLine(clap::Error),
    /// The configuration is wrong, or a policy that it names.
    Configuration(anyhow::Error),
    /// Anything else.
    Other(anyhow::Error),
    /// What was asked is answered with no, which was printed.
    No,
    /// What was asked could not be answered, where 1 means no.
    NoAnswer(anyhow::Error),
}

impl Failure {
    /// Says on standard error what is wrong.
    pub fn report(&self) {
        match self {
            // clap adds colour on a terminal, the usage and the nearest word.
            Self::CommandLine(error) => drop(error.print()),
            Self::Configuration(error) | Self::Other(error) | Self::NoAnswer(error) => output::complain(error),
            Self::No => {}
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Configuration(error.into())
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Other(error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Other(error.into())
    }
}

/// Does what the arguments say; the first of them is the name of the executable.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Result<(), Failure> {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        // What was asked for is no failure; a reader that went away is none either.
        Err(asked) if matches!(asked.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            drop(asked.print());
            return Ok(());
        }
        Err(error) => return Err(Failure::CommandLine(error)),
    };
    match cli.command {
        Command::Serve(command) => serve::run(command),
        Command::Demo(command) => block_on(demo::run(command)),
        Command::Check(command) => check::run(&command),
        Command::Ready(command) => block_on(ready::run(command)),
        Command::Reload(command) => reload::run(&command),
        Command::MetaSimulator(command) => block_on(meta_simulator::run(command)),
        Command::Key(command) => key::run(&command),
        Command::Policy(command) => policy::run(&command),
        Command::Outbox(command) => block_on(outbox::run(command)),
        Command::Suppress(command) => suppress::run(&command),
        Command::Subject(command) => subject::run(&command),
        Command::Schema(command) => schema::run(&command),
        Command::Completions(command) => completions::run(&command),
        Command::Man(command) => man::run(&command),
    }
}

fn block_on(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = runtime.block_on(command);
    // A thread that reads a file of a network that is away would hold the end for ever.
    runtime.shutdown_timeout(STRAGGLERS);
    ended
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn run_with(arguments: &[&str]) -> Result<(), Failure> {
        run(["portcullis"].iter().chain(arguments).map(OsString::from))
    }

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_explains_itself_with_an_example() {
        fn explained(command: &mut clap::Command) {
            let help = command.render_long_help().to_string();
            assert!(help.contains("Example"), "{}: no example\n{help}", command.get_name());
            assert!(command.get_about().is_some(), "{}: says nothing", command.get_name());
            for below in command.get_subcommands_mut().filter(|below| below.get_name() != "help") {
                explained(below);
            }
        }
        explained(&mut Cli::command());
    }

    #[test]
    fn a_wrong_command_line_is_told_from_other_failures() {
        for wrong in [&["srve"][..], &["serve"], &["serve", "--config"], &["check", "--config", "x", "--jsno"], &[]] {
            assert!(matches!(run_with(wrong), Err(Failure::CommandLine(_))), "{wrong:?}");
        }
        let missing = run_with(&["check", "--config", "/nonexistent/portcullis.toml"]);
        assert!(matches!(missing, Err(Failure::Configuration(_))));
    }

    #[test]
    fn the_version_says_whether_failpoints_may_be_in() {
        assert!(VERSION_TEXT.starts_with(crate::VERSION));
        assert!(VERSION_TEXT.ends_with("(debug assertions: on)"));
    }
}
