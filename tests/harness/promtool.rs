//! Prometheus' own linter of what is scraped.

use std::process::Stdio;

use tokio::io::AsyncWriteExt as _;

use crate::Metrics;

/// Asserts that `promtool check metrics` has nothing to say of a scrape.
pub async fn promtool_approves(metrics: &Metrics) {
    let mut promtool = tokio::process::Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool is installed by tests/run");
    let mut input = promtool.stdin.take().expect("its input is piped");
    input.write_all(metrics.text().as_bytes()).await.expect("it reads to the end");
    drop(input);
    let output = promtool.wait_with_output().await.expect("it ends");
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.trim().is_empty(), "{said}");
}
