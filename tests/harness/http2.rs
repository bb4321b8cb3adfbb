//! The same small client over HTTP/2, without TLS and by prior knowledge.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::{Answer, Request};

/// No answer of the gateway takes longer than its own time-outs allow.
const DEADLINE: Duration = Duration::from_secs(60);

/// A connection that stays open between requests.
#[derive(Debug)]
pub struct Http2 {
    requests: hyper::client::conn::http2::SendRequest<Full<Bytes>>,
    driver: JoinHandle<()>,
}

impl Http2 {
    /// Connects.
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
        let (requests, connection) = handshake.await.map_err(io::Error::other)?;
        #[expect(clippy::disallowed_methods, reason = "ends with the connection, which ends with this")]
        let driver = tokio::spawn(async move {
            connection.await.ok();
        });
        Ok(Self { requests, driver })
    }

    /// Sends a request and reads its answer.
    pub async fn exchange(&mut self, request: &Request) -> io::Result<Answer> {
        let request = request.http2().map_err(io::Error::other)?;
        let exchange = async {
            self.requests.ready().await?;
            let response = self.requests.send_request(request).await?;
            let status = response.status().as_u16();
            let header = |(name, value): (&hyper::header::HeaderName, &hyper::header::HeaderValue)| {
                (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            };
            let headers = response.headers().iter().map(header).collect();
            #[expect(clippy::disallowed_methods, reason = "what is read is an answer of the gateway under test")]
            let body = response.into_body().collect().await?.to_bytes().to_vec();
            Ok::<_, hyper::Error>(Answer::new(status, headers, body))
        };
        let answered = tokio::time::timeout(DEADLINE, exchange).await;
        answered.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?.map_err(io::Error::other)
    }
}

impl Drop for Http2 {
    fn drop(&mut self) {
        self.driver.abort();
    }
}
