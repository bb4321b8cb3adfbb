//! The executable under test, and short runs of it.

use std::io::{Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;

use crate::Settings;

/// Where the executable is.
#[derive(Debug, Clone)]
pub struct Executable(PathBuf);

/// What a run to the end left.
#[derive(Debug, Clone)]
pub struct Output {
    /// The exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// Everything on standard output.
    pub stdout: String,
    /// Everything on standard error.
    pub stderr: String,
}

impl Executable {
    /// The one that cargo built, or `PORTCULLIS_BIN`. Made by `executable!()`.
    pub fn new(built: &str) -> Self {
        Self(Settings::executable().unwrap_or_else(|| PathBuf::from(built)))
    }

    /// One at a path that is known, or another program by its name.
    pub fn at(path: PathBuf) -> Self {
        Self(path)
    }

    /// For programs: `PORTCULLIS_BIN`, or the one beside this program, which cargo is asked to bring up to date first, for
    /// `cargo run --bin NAME` builds no other.
    pub fn beside_this_program() -> anyhow::Result<Self> {
        if let Some(given) = Settings::executable() {
            return Ok(Self(given));
        }
        let mut cargo = std::process::Command::new(env!("CARGO"));
        cargo.current_dir(env!("CARGO_MANIFEST_DIR")).args(["build", "--bin", "portcullis-under-test"]);
        if !cfg!(debug_assertions) {
            cargo.arg("--release");
        }
        anyhow::ensure!(cargo.status().context("cargo cannot be started")?.success(), "the gateway cannot be built");
        let own = std::env::current_exe().context("the path of this program")?;
        let gateway = own.with_file_name("portcullis-under-test");
        anyhow::ensure!(gateway.exists(), "{} is not there; set PORTCULLIS_BIN to what is to be tested", gateway.display());
        Ok(Self(gateway))
    }

    /// Whether it has the failpoints of debug builds.
    pub async fn has_failpoints(&self) -> bool {
        self.run(&["--version"], &[], Path::new("/")).await.stdout.contains("debug assertions: on")
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Runs it to the end in an empty environment but for `PATH` and `environment`. A run that does not end fails the test.
    pub async fn run(&self, arguments: &[&str], environment: &[(&str, &str)], folder: &Path) -> Output {
        self.run_with(arguments, environment, folder, "").await
    }

    /// The same with this text on standard input.
    pub async fn run_with(&self, arguments: &[&str], environment: &[(&str, &str)], folder: &Path, input: &str) -> Output {
        // A file, which nobody has to feed while it is read.
        let mut file = tempfile::tempfile().expect("a temporary file");
        file.write_all(input.as_bytes()).expect("a temporary file takes text");
        file.rewind().expect("a file can be read again");
        let mut command = tokio::process::Command::new(&self.0);
        command.args(arguments).env_clear().env("PATH", Settings::path()).envs(environment.iter().copied());
        command.current_dir(folder).stdin(Stdio::from(file)).kill_on_drop(true);
        let ended = tokio::time::timeout(Duration::from_secs(60), command.output());
        let output = ended.await.unwrap_or_else(|_| panic!("{arguments:?} did not end within a minute"));
        let output = output.expect("the executable can be started");
        Output {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("standard output is UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("standard error is UTF-8"),
        }
    }
}
