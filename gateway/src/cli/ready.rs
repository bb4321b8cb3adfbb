//! `portcullis ready`: does the gateway of this configuration take events? For images without a shell, and for scripts.
//!
//! It asks what anybody may ask, `/readyz` of the admin listener, and reads no secret. Absent on purpose: a wait until it is ready,
//! which is whose that asks again.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use serde::Deserialize;

use super::{Failure, Output, http};
use crate::config::{Config, Environment};

/// Ask the running gateway whether it takes events durably.
///
/// It is asked at the admin address of the configuration, on this machine or in this container; of the configuration nothing else
/// is used, and no secret is read. The exit code is 0 if it is ready, and 1 if it is not or nobody answers. What is wrong is printed,
/// also where events are taken all the same, as while Meta is away.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  portcullis ready --config portcullis.toml")]
pub struct Ready {
    /// The configuration with which the gateway was started
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
}

/// The body of `/readyz`.
#[derive(Debug, Deserialize)]
struct Readiness {
    ready: bool,
    reasons: BTreeMap<String, String>,
}

/// Runs it.
pub(super) async fn run(command: Ready) -> Result<(), Failure> {
    let admin = Config::load_admin(&command.config, &Environment::of_process())?;
    let address = reachable(admin.listen);
    let answer = http::get(address, "/readyz").await.with_context(|| format!("the gateway cannot be asked at {address}"))?;
    let readiness: Readiness = serde_json::from_str(&answer.body)
        .map_err(|_| anyhow!("at {address} somebody answers who is no gateway, with status {}", answer.status))?;
    let mut output = Output::standard();
    output.line(if readiness.ready { "ready" } else { "not ready" })?;
    for (what, reason) in &readiness.reasons {
        output.line(format_args!("{what}: {reason}"))?;
    }
    if readiness.ready { Ok(()) } else { Err(Failure::No) }
}

/// Who listens on every address is asked at loopback.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_listens_everywhere_is_asked_at_loopback() {
        for (listens, asked) in [
            ("0.0.0.0:9464", "127.0.0.1:9464"),
            ("[::]:9464", "[::1]:9464"),
            ("127.0.0.1:1", "127.0.0.1:1"),
            ("192.0.2.1:9464", "192.0.2.1:9464"),
        ] {
            assert_eq!(reachable(listens.parse().unwrap()).to_string(), asked);
        }
    }
}
