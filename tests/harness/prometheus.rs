//! The real Prometheus that scrapes gateways, and its tool that checks rules.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;

use crate::process::Process;
use crate::{Answer, Client, Metrics, Signal, eventually};

/// How long a scrape and its way into an answer may take on a busy machine.
const SCRAPE: Duration = Duration::from_secs(120);

/// A running Prometheus that scrapes each second.
#[derive(Debug)]
pub struct Prometheus {
    process: Process,
    client: Client,
    _folder: TempDir,
}

impl Prometheus {
    /// Starts one for these targets, all of the job `portcullis`.
    pub async fn start(targets: &[SocketAddr]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let targets: Vec<String> = targets.iter().map(|target| format!("'{target}'")).collect();
        let config = format!(
            "global: {{ scrape_interval: 1s, scrape_timeout: 1s }}\nscrape_configs:\n  - job_name: portcullis\n    static_configs: [{{ targets: [{}] }}]\n",
            targets.join(", ")
        );
        std::fs::write(folder.path().join("prometheus.yml"), config).expect("the folder takes files");
        let arguments = ["--config.file=prometheus.yml", "--web.listen-address=127.0.0.1:0", "--storage.tsdb.path=tsdb"];
        let mut process =
            Process::start(Path::new("prometheus"), &arguments.map(str::to_owned), &[], folder.path(), "prometheus");
        let address: SocketAddr = process
            .wait_for("Listening on", |text| {
                let line = text.lines().find(|line| line.contains("\"Listening on\""))?;
                line.split_once("address=")?.1.split_whitespace().next()?.parse().ok()
            })
            .await;
        Self { process, client: Client::new(address), _folder: folder }
    }

    /// What an expression gives now. `Err` is what is wrong with the expression.
    pub async fn query(&self, expression: &str) -> Result<Vec<Value>, String> {
        let query: String = form_urlencoded::byte_serialize(expression.as_bytes()).collect();
        let target = format!("/api/v1/query?query={query}");
        // It listens before it is ready, and says so in text.
        let answer = eventually("Prometheus answers", SCRAPE, async || {
            self.client.get(&target).await.ok().filter(|answer: &Answer| answer.status != 503)
        })
        .await;
        let told = answer.json();
        match told["data"]["result"].as_array() {
            Some(result) => Ok(result.clone()),
            None => Err(told["error"].as_str().unwrap_or("no error is named").to_owned()),
        }
    }

    /// Waits until an expression gives this value.
    pub async fn says(&self, expression: &str, value: &str) {
        eventually(&format!("Prometheus knows {expression}"), SCRAPE, async || {
            let result = self.query(expression).await.expect("the expression is valid");
            (result.first()?["value"][1] == value).then_some(())
        })
        .await;
    }

    /// Ends it.
    pub async fn finish(mut self) {
        self.process.signal(Signal::Terminate).await;
        self.process.ended(Duration::from_secs(60)).await;
    }
}

/// Asserts that `promtool check metrics` has nothing to say of a scrape.
pub async fn promtool_approves(metrics: &Metrics) {
    let (content, said) = promtool(&["check", "metrics"], metrics.text()).await;
    assert!(content && said.trim().is_empty(), "{said}");
}

/// Runs `promtool` with an input, and gives whether it was content and everything that it said.
pub async fn promtool(arguments: &[&str], input: &str) -> (bool, String) {
    let mut promtool = tokio::process::Command::new("promtool")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool is missing: tests/run installs it (Debian: apt-get install prometheus)");
    let mut stdin = promtool.stdin.take().expect("it has an input");
    // Who needs no input may be gone before it is written.
    drop(stdin.write_all(input.as_bytes()).await);
    drop(stdin);
    let output = promtool.wait_with_output().await.expect("promtool can be waited for");
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.success(), said)
}
