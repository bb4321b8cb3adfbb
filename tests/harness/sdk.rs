//! Runs Meta's own SDKs, from their registries and unmodified, with the scripts in `tests/clients`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::{Authority, DATASET, KEY, MARK, Settings};

/// The certificates that the Python SDK trusts, in its package.
const PYTHON_BUNDLE: &str = "fb_ca_chain_bundle.crt";

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

    /// Runs every scenario of its script against a gateway, over HTTPS if there is an authority that it is to trust. Gives what
    /// the SDK made of each answer, by the scenario's name.
    pub async fn run(self, gateway: SocketAddr, authority: Option<&Authority>) -> BTreeMap<String, Value> {
        let (folder, program, script) = match self {
            Self::Python => (installed("venv"), "bin/python", "python_sync.py"),
            Self::PythonAsync => (installed("venv"), "bin/python", "python_async.py"),
            Self::Node => (installed("node"), "", "node_sdk.mjs"),
        };
        let program = if program.is_empty() { PathBuf::from("node") } else { folder.join(program) };
        let mut command = tokio::process::Command::new(program);
        // Variables of the machine, such as REQUESTS_CA_BUNDLE, would decide whom they trust.
        command.env_clear().env("PATH", Settings::path()).env("PYTHONDONTWRITEBYTECODE", "1");
        let scheme = if authority.is_some() { "https" } else { "http" };
        command.arg(clients().join(script)).args([&format!("{scheme}://{gateway}"), DATASET, KEY, MARK, self.prefix()]);
        let mut extended = None;
        match (self, authority) {
            (_, None) => {}
            // The three ways to make them trust somebody, as docs/clients.md tells them.
            (Self::Python, Some(authority)) => drop(command.arg(authority.file())),
            (Self::PythonAsync, Some(authority)) => {
                let copy = extended.insert(extended_package(&folder, authority));
                command.env("PYTHONPATH", copy.path());
            }
            (Self::Node, Some(authority)) => drop(command.env("NODE_EXTRA_CA_CERTS", authority.file())),
        }
        command.current_dir(&folder).kill_on_drop(true);
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

/// A copy of the SDK's package that trusts one authority more: the asynchronous class takes no word on certificates but its own
/// file. Links stand for all others, and folders are real, as the class looks for the file by way of `..`.
fn extended_package(environment: &Path, authority: &Authority) -> TempDir {
    let libraries = std::fs::read_dir(environment.join("lib")).expect("an environment has libraries");
    let python = libraries.flatten().find(|entry| entry.file_name().to_string_lossy().starts_with("python"));
    let package = python.expect("an environment has a Python").path().join("site-packages/facebook_business");
    let copy = tempfile::tempdir().expect("a temporary folder");
    link(&package, &copy.path().join("facebook_business"));
    let bundle = copy.path().join("facebook_business").join(PYTHON_BUNDLE);
    let trusted = std::fs::read_to_string(&bundle).expect("the SDK has its bundle");
    std::fs::remove_file(&bundle).expect("a link can be removed");
    std::fs::write(bundle, trusted + "\n" + &authority.pem()).expect("the folder takes files");
    copy
}

fn link(from: &Path, to: &Path) {
    std::fs::create_dir(to).expect("the folder takes folders");
    for entry in std::fs::read_dir(from).expect("the package is installed").flatten() {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            link(&from, &to);
        } else {
            std::os::unix::fs::symlink(from, to).expect("the folder takes links");
        }
    }
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
