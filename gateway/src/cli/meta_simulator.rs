//! `portcullis meta-simulator`: the stand-in for Meta from the command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use secrecy::SecretString;

use super::{Failure, Output};
use crate::chance::Chance;
use crate::clock::Clock;
use crate::lifecycle::Lifecycle;
use crate::simulator::{Options, Simulator};

/// Run a strict stand-in for Meta's Conversions API.
///
/// It refuses what Meta documents as wrong, the whole request at once and with Meta's codes, and remembers what it received.
/// Point `[meta] base_url` at it to try the gateway without Meta. It is meant for tests: give it made-up tokens only.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  portcullis meta-simulator --token test-token
  portcullis meta-simulator --token 1234567890123456=one --record requests.txt

  curl http://127.0.0.1:9100/_simulator/events       what was received, one JSON object a line
  curl http://127.0.0.1:9100/_simulator/ledger       how much, and what was refused by which code
  curl http://127.0.0.1:9100/_simulator/ids          how often each event came
  curl -X DELETE http://127.0.0.1:9100/_simulator/events

  # The next three requests fail as if Meta were down, then one is accepted but its answer is lost:
  curl http://127.0.0.1:9100/_simulator/faults -d '[
    {\"status\": 503, \"code\": 2, \"is_transient\": true, \"times\": 3, \"retry_after_secs\": 1},
    {\"reset\": \"after_reading\"}]'
  curl -X DELETE http://127.0.0.1:9100/_simulator/faults

  # From now on a batch that holds one of two events is refused whole, a tenth of others is lost:
  curl http://127.0.0.1:9100/_simulator/faults -d '[
    {\"status\": 400, \"code\": 100, \"times\": null, \"event_ids\": [\"order-1\", \"order-2\"]},
    {\"reset\": \"before_reading\", \"times\": null, \"percent\": 10}]'

A fault may hold: status, code, subcode, is_transient, body, times (1 if not said, null is
forever), delay_ms, retry_after_secs, reset (before_reading, after_reading, within_answer), hang,
usage_percent, regain_access_minutes; and whom it is meant for: dataset, event_id, event_ids (any
of them), values (any of them as custom_data.value), more_than_events; and of these so many in a
hundred: percent. One that says whom it is meant for by nothing strikes everything alike. A request
meets the first fault that strikes it.")]
pub struct MetaSimulator {
    /// Address to listen on; loopback only, port 0 takes any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9100")]
    listen: SocketAddr,

    /// Token to take, for all datasets or for one; may be repeated. None: any token will do
    #[arg(long = "token", value_name = "[DATASET=]TOKEN", value_parser = parse_token)]
    tokens: Vec<(Option<String>, SecretString)>,

    /// How many received events, and how many ids, to remember
    #[arg(long, value_name = "COUNT", default_value_t = 10_000)]
    keep: usize,

    /// How many ids to remember, if it is not to be as many as events
    #[arg(long, value_name = "COUNT")]
    keep_ids: Option<usize>,

    /// Draw what is left to chance from this, so that a run can be repeated
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,

    /// Append the body of each request to this file, one a line; grows without bound
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,

    /// Only count events: nothing is checked, remembered or made to fail. For measurements of load
    #[arg(long)]
    count_only: bool,
}

/// Runs it until a signal; prints one line with its address once it listens.
pub(super) async fn run(command: MetaSimulator) -> Result<(), Failure> {
    let lifecycle = Lifecycle::new();
    lifecycle.stop_on_signals()?;
    let options = Options {
        listen: command.listen,
        tokens: command.tokens,
        keep: command.keep,
        keep_ids: command.keep_ids.unwrap_or(command.keep),
        record: command.record,
        count_only: command.count_only,
    };
    let chance = command.seed.map_or_else(Chance::from_system, |seed| Ok(Chance::seeded(seed)))?;
    let simulator = Simulator::bind(options, Clock::system(), chance).await.map_err(anyhow::Error::from)?;
    Output::standard().line(format_args!("listening on http://{}", simulator.address()))?;
    Ok(simulator.serve(lifecycle.stop).await.map_err(anyhow::Error::from)?)
}

/// `DATASET=TOKEN` if what stands before the first `=` is digits, else a token for all datasets.
#[expect(clippy::unnecessary_wraps, reason = "clap asks for a result")]
fn parse_token(argument: &str) -> Result<(Option<String>, SecretString), std::convert::Infallible> {
    let is_dataset = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    Ok(match argument.split_once('=') {
        Some((dataset, token)) if is_dataset(dataset) => (Some(dataset.to_owned()), SecretString::from(token)),
        _ => (None, SecretString::from(argument)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Args, Command};
    use secrecy::ExposeSecret;

    #[test]
    fn the_command_line_is_sound() {
        MetaSimulator::augment_args(Command::new("meta-simulator")).debug_assert();
    }

    #[test]
    fn a_token_may_name_its_dataset() {
        let parsed = |argument| {
            let (dataset, token) = parse_token(argument).unwrap();
            (dataset, token.expose_secret().to_owned())
        };
        assert_eq!(parsed("123=abc=d"), (Some("123".to_owned()), "abc=d".to_owned()));
        assert_eq!(parsed("abc=d"), (None, "abc=d".to_owned()));
        assert_eq!(parsed("=d"), (None, "=d".to_owned()));
    }
}
