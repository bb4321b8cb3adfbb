//! `portcullis meta-simulator`: a strict stand-in for Meta.

use std::net::SocketAddr;

use anyhow::anyhow;

use super::Failure;

/// Run a strict stand-in for Meta's Conversions API.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  portcullis meta-simulator --listen 127.0.0.1:9100")]
pub struct MetaSimulator {
    /// Address to listen on; loopback only, port 0 takes any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9100")]
    pub listen: SocketAddr,
}

/// Runs it.
pub(super) async fn run(command: MetaSimulator) -> Result<(), Failure> {
    std::future::ready(command.listen).await;
    Err(Failure::Other(anyhow!("`meta-simulator` is not part of this build")))
}
