//! The real curl, which speaks every version of TLS and HTTP.

use std::time::Duration;

use crate::{Authority, Settings};

/// No request takes longer.
const DEADLINE: Duration = Duration::from_secs(60);
/// What curl writes after the body.
const MARK: &str = "\n--curl:";

/// What curl made of an answer.
#[derive(Debug, Clone)]
pub struct Curled {
    /// The exit code of curl: 0 if there was an answer.
    pub code: i32,
    /// The status; 0 if there was none.
    pub status: u16,
    /// The version of HTTP, such as `2` or `1.1`.
    pub http: String,
    /// The body.
    pub body: String,
    /// What curl said on standard error.
    pub said: String,
}

/// Runs curl with these arguments. It trusts this authority alone.
pub async fn curl(authority: &Authority, arguments: &[&str]) -> Curled {
    let mut command = tokio::process::Command::new("curl");
    command.args([
        "--silent",
        "--show-error",
        "--max-time",
        "30",
        "--write-out",
        &format!("{MARK}%{{http_code}} %{{http_version}}"),
    ]);
    command
        .arg("--cacert")
        .arg(authority.file())
        .args(arguments)
        .env_clear()
        .env("PATH", Settings::path())
        .kill_on_drop(true);
    let output =
        tokio::time::timeout(DEADLINE, command.output()).await.expect("curl ends").expect("tests/run installs curl");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (body, told) = text.rsplit_once(MARK).unwrap_or((&text, "0 0"));
    let (status, http) = told.split_once(' ').unwrap_or(("0", "0"));
    Curled {
        code: output.status.code().unwrap_or(-1),
        status: status.parse().unwrap_or(0),
        http: http.to_owned(),
        body: body.to_owned(),
        said: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
