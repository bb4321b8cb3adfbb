//! `portcullis serve`: the gateway.

use std::path::PathBuf;

use anyhow::anyhow;

use super::Failure;

/// Run the gateway until SIGTERM or SIGINT.
///
/// It starts only with a configuration that `portcullis check` accepts. On a stop it finishes the requests in hand; what is
/// accepted and not yet sent stays in the outbox and goes out after the next start.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  portcullis serve --config portcullis.toml
  PORTCULLIS__LOG__FORMAT=json portcullis serve --config /etc/portcullis/portcullis.toml")]
pub struct Serve {
    /// The configuration; config.example.toml shows every key
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
}

/// Runs it.
pub(super) async fn run(command: Serve) -> Result<(), Failure> {
    std::future::ready(command.config).await;
    Err(Failure::Other(anyhow!("`serve` is not part of this build")))
}
