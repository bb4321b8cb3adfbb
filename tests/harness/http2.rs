//! The same small client over HTTP/2, without TLS and by prior knowledge.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::{Answer, DATASET, Request};

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

/// A caller over HTTP/2 who opens many streams at once, never ends one, and takes no answer.
#[derive(Debug)]
pub struct Flood {
    _stream: TcpStream,
}

impl Flood {
    /// Opens so many streams, each with so many bytes of headers, and sends so much of the body of the first. Returns when all of it
    /// was taken, or the connection was ended for it.
    pub async fn start(address: SocketAddr, streams: u32, header_bytes: usize, body_bytes: usize) -> io::Result<Self> {
        let mut stream = TcpStream::connect(address).await?;
        let sent = async {
            stream.write_all(&flood(streams, header_bytes, body_bytes)).await?;
            let mut read = Vec::new();
            // Frames are taken in their order, so the answer to the last says it of all.
            while stream.read_buf(&mut read).await? > 0 && !read.windows(PING.len()).any(|window| window == PING) {}
            Ok(())
        };
        let ended: io::Result<()> = tokio::time::timeout(DEADLINE, sent).await.map_err(|_| io::ErrorKind::TimedOut)?;
        match ended {
            Err(error) if !matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe) => Err(error),
            _ => Ok(Self { _stream: stream }),
        }
    }
}

const PING: &[u8; 8] = b"all sent";

fn flood(streams: u32, header_bytes: usize, body_bytes: usize) -> Vec<u8> {
    const HEADERS: u8 = 1;
    const END_HEADERS: u8 = 4;
    const SETTINGS: u8 = 4;
    const PING_KIND: u8 = 6;
    const ACK: u8 = 1;
    let frame = |kind: u8, flags: u8, stream: u32, payload: &[u8]| {
        let length = u32::try_from(payload.len()).expect("a frame is short").to_be_bytes();
        [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
    };
    // Literals that no table remembers, with lengths of seven bits and more.
    let text = |text: &str| {
        let length = text.len();
        let mut bytes = vec![u8::try_from(length.min(127)).expect("seven bits")];
        if let Some(mut rest) = length.checked_sub(127) {
            while rest >= 128 {
                bytes.push(u8::try_from(rest % 128 + 128).expect("a byte"));
                rest /= 128;
            }
            bytes.push(u8::try_from(rest).expect("a byte"));
        }
        bytes.extend(text.bytes());
        bytes
    };
    let header = |name: &str, value: &str| [&[0], text(name).as_slice(), &text(value)].concat();
    let headers = [
        header(":method", "POST"),
        header(":scheme", "http"),
        header(":path", &format!("/v26.0/{DATASET}/events")),
        header("content-type", "application/json"),
        header("x-more", &"y".repeat(header_bytes)),
    ]
    .concat();
    let settings = [frame(SETTINGS, 0, 0, &[]), frame(SETTINGS, ACK, 0, &[])].concat();
    let mut bytes = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", settings.as_slice()].concat();
    for stream in 0..streams {
        bytes.extend(frame(HEADERS, END_HEADERS, 2 * stream + 1, &headers));
    }
    for piece in vec![b' '; body_bytes].chunks(16 * 1024) {
        bytes.extend(frame(0, 0, 1, piece));
    }
    bytes.extend(frame(PING_KIND, 0, 0, PING));
    bytes
}

impl Drop for Http2 {
    fn drop(&mut self) {
        self.driver.abort();
    }
}
