//! The smallest client that will do: one request a connection, to this machine. The client for Meta is not used for it, because
//! nothing but Meta may ever be reached through that one.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const DEADLINE: Duration = Duration::from_secs(10);
const MAX_ANSWER: u64 = 4 * 1024 * 1024;

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

impl Answer {
    /// The body of an answer of 200.
    pub(super) fn done(self) -> anyhow::Result<String> {
        ensure!(self.status == 200, "the gateway answered {}", self.status);
        Ok(self.body)
    }
}

/// Posts JSON.
pub(super) async fn post(address: SocketAddr, path: &str, body: &str) -> anyhow::Result<Answer> {
    let length = body.len();
    let head =
        format!("POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n");
    exchange(address, head, body).await
}

/// Reads a page.
pub(super) async fn get(address: SocketAddr, path: &str) -> anyhow::Result<Answer> {
    exchange(address, format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n"), "").await
}

async fn exchange(address: SocketAddr, head: String, body: &str) -> anyhow::Result<Answer> {
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
    let status = head.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.split(' ').next()?.parse().ok());
    Ok(Answer { status: status.context("no HTTP answer")?, body: body.to_owned() })
}
