//! The smallest client that will do: one request a connection, to this machine. The client for Meta is not used for it, because
//! nothing but Meta may ever be reached through that one.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const DEADLINE: Duration = Duration::from_secs(10);
const MAX_ANSWER: u64 = 4 * 1024 * 1024;

/// Posts JSON and returns the answer's body.
pub(super) async fn post(address: SocketAddr, path: &str, body: &str) -> anyhow::Result<String> {
    let length = body.len();
    let head =
        format!("POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n");
    exchange(address, head, body).await
}

/// Returns a page's body.
pub(super) async fn get(address: SocketAddr, path: &str) -> anyhow::Result<String> {
    exchange(address, format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n"), "").await
}

async fn exchange(address: SocketAddr, head: String, body: &str) -> anyhow::Result<String> {
    let request = format!("{head}connection: close\r\n\r\n{body}");
    let answer = tokio::time::timeout(DEADLINE, async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.take(MAX_ANSWER).read_to_string(&mut answer).await?;
        std::io::Result::Ok(answer)
    });
    let answer = answer.await.context("no answer in time")??;
    let (head, body) = answer.split_once("\r\n\r\n").context("no HTTP answer")?;
    ensure!(head.starts_with("HTTP/1.1 200 "), "the gateway answered {}", head.lines().next().unwrap_or_default());
    Ok(body.to_owned())
}
