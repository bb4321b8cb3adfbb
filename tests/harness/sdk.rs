//! Runs Meta's own SDKs, from their registries and unmodified, with the scripts in `tests/clients`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::{DATASET, KEY, MARK};

/// One of the SDKs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sdk {
    /// `EventRequest` of the Python SDK.
    Python,
    /// `EventRequestAsync` of the Python SDK.
    PythonAsync,
    /// `EventRequest` of the Node SDK.
    Node,
}

impl Sdk {
    /// What its event ids begin with.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::PythonAsync => "async",
            Self::Node => "node",
        }
    }

    /// Runs every scenario of its script against a gateway. Gives what the SDK made of each answer, by the scenario's name.
    pub async fn run(self, gateway: SocketAddr) -> BTreeMap<String, Value> {
        let (folder, program, script) = match self {
            Self::Python => (installed("venv"), "bin/python", "python_sync.py"),
            Self::PythonAsync => (installed("venv"), "bin/python", "python_async.py"),
            Self::Node => (installed("node"), "", "node_sdk.mjs"),
        };
        let program = if program.is_empty() { PathBuf::from("node") } else { folder.join(program) };
        let mut command = tokio::process::Command::new(program);
        command.arg(clients().join(script)).args([&format!("http://{gateway}"), DATASET, KEY, MARK, self.prefix()]);
        command.current_dir(&folder).env("PYTHONDONTWRITEBYTECODE", "1").kill_on_drop(true);
        let output = tokio::time::timeout(Duration::from_secs(120), command.output()).await;
        let output = output.unwrap_or_else(|_| panic!("{script} did not end")).expect("the SDK's interpreter starts");
        let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{script} failed\n{stdout}\n{stderr}");
        stdout.lines().map(scenario).collect()
    }
}

fn scenario(line: &str) -> (String, Value) {
    let value: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("not a line of a scenario: {line}"));
    (value["scenario"].as_str().expect("a scenario's name").to_owned(), value)
}

fn clients() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients")
}

/// Where `tests/run` installs. What is missing is a failure with its cure, never a skipped test.
pub fn installed(what: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/test-clients").join(what);
    assert!(folder.is_dir(), "{what} is not installed here: run tests/run once, or tests/run --install-only");
    folder
}
