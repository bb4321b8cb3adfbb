//! Where and with what figures were made: a machine, a build, a command, and no path of that machine.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::arguments::{Arguments, Profile};
use crate::cores::Cores;

/// What a profile was made by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Made {
    pub(crate) date: String,
    /// That measures the same again.
    pub(crate) command: String,
    /// What the gateway says of its build.
    pub(crate) gateway: String,
    /// Both the gateway and this program, of which the bare server is a part.
    pub(crate) optimized: bool,
    pub(crate) cargo: String,
    pub(crate) system: String,
    pub(crate) processor: String,
    pub(crate) memory_gib: u64,
    pub(crate) cores: String,
    pub(crate) policy: String,
}

impl Made {
    /// Whether it is of the same machine and build.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        let thing = |made: &Self| Self { date: String::new(), command: String::new(), ..made.clone() };
        thing(self) == thing(other)
    }

    /// Of this machine and this moment.
    pub(crate) fn now(arguments: &Arguments, profile: Profile, gateway: &Path, cores: Cores) -> Self {
        let version = said_by(Command::new(gateway).arg("--version"));
        let date = || httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(harness::now_secs()));
        Self {
            date: arguments.date.clone().unwrap_or_else(date),
            command: arguments.command(profile),
            optimized: version.contains("debug assertions: off") && !cfg!(debug_assertions),
            gateway: version,
            cargo: said_by(Command::new(env!("CARGO")).arg("--version")),
            system: said_by(Command::new("uname").args(["-s", "-r", "-m"])),
            processor: processor(),
            memory_gib: memory_gib(),
            cores: cores.to_string(),
            policy: arguments.policy.clone(),
        }
    }
}

/// What a command prints.
pub(crate) fn said_by(command: &mut Command) -> String {
    command.output().map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

/// The model of the first processor.
pub(crate) fn processor() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find(|line| line.starts_with("model name")).and_then(|line| line.split_once(':'));
    model.map_or_else(|| "an unknown processor".to_owned(), |(_, model)| model.trim().to_owned())
}

fn memory_gib() -> u64 {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total = text.lines().find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix(" kB"));
    total.and_then(|kib| kib.parse::<u64>().ok()).unwrap_or_default().div_ceil(1024 * 1024)
}
