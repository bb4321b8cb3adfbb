//! A small HTTP/1.1 client that can also be rude: it sends exactly the bytes it is given, and takes an answer that comes
//! before the request has been read. Real clients are in `tests/clients`.

use std::fmt::Write as _;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use rustls::pki_types::ServerName;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::{Authority, Compression, DATASET, Encoding, Endpoint, KEY};

/// No answer of the gateway takes longer than its own time-outs allow.
const DEADLINE: Duration = Duration::from_secs(60);

/// A request, as bytes.
#[derive(Debug, Clone)]
pub struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    /// A request without body.
    pub fn new(method: &str, target: &str) -> Self {
        Self { method: method.to_owned(), target: target.to_owned(), headers: Vec::new(), body: Vec::new() }
    }

    /// Posts these bytes.
    pub fn post(target: &str, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..Self::new("POST", target) }.header("content-type", content_type)
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Shows a key the way a bearer does.
    #[must_use]
    pub fn bearer(self, key: &str) -> Self {
        self.header("authorization", &format!("Bearer {key}"))
    }

    /// Compresses the body.
    #[must_use]
    pub fn compressed(mut self, compression: Compression) -> Self {
        let Some(name) = compression.name() else { return self };
        self.body = compression.compress(&self.body);
        self.header("content-encoding", name)
    }

    /// The same request for HTTP/2.
    pub(crate) fn http2(&self) -> Result<hyper::Request<Full<Bytes>>, hyper::http::Error> {
        let uri = format!("http://gateway.test{}", self.target);
        let builder = hyper::Request::builder().method(self.method.as_str()).uri(uri);
        let builder = self.headers.iter().fold(builder, |builder, (name, value)| builder.header(name, value));
        builder.body(Full::new(Bytes::from(self.body.clone())))
    }

    /// The bytes on the wire. `close`: whether the server is asked to close afterwards.
    pub fn bytes(&self, close: bool) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\nhost: gateway.test\r\n", self.method, self.target);
        if close {
            head.push_str("connection: close\r\n");
        }
        if self.method == "POST" && !self.headers.iter().any(|(name, _)| name == "content-length") {
            write!(head, "content-length: {}\r\n", self.body.len()).expect("a string takes text");
        }
        for (name, value) in &self.headers {
            write!(head, "{name}: {value}\r\n").expect("a string takes text");
        }
        head.push_str("\r\n");
        [head.as_bytes(), &self.body].concat()
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    pub(crate) fn new(status: u16, headers: Vec<(String, String)>, body: Vec<u8>) -> Self {
        Self { status, headers, body }
    }

    /// A header's value; names in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(has, _)| has == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON. Panics if it is none: the gateway always answers JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON ({}): {}", self.status, self.text()))
    }

    /// Whether it is a 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// What a connection runs over, with TLS or without.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug> Stream for S {}

/// A connection that stays open between requests.
#[derive(Debug)]
pub struct Connection {
    stream: Box<dyn Stream>,
}

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        Ok(Self { stream: Box::new(TcpStream::connect(address).await?) })
    }

    /// Connects with TLS, and trusts this authority alone.
    pub async fn open_tls(address: SocketAddr, authority: &Authority) -> io::Result<Self> {
        Self::open_with(address, &authority.connector()).await
    }

    async fn open_with(address: SocketAddr, tls: &TlsConnector) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        Ok(Self { stream: Box::new(tls.connect(ServerName::from(address.ip()), stream).await?) })
    }

    /// Sends a request and reads its answer.
    pub async fn exchange(&mut self, request: &Request) -> io::Result<Answer> {
        self.exchange_bytes(&request.bytes(false)).await
    }

    /// Sends bytes as they are and reads one answer. Writing and reading go on at once: an answer may come early.
    pub async fn exchange_bytes(&mut self, bytes: &[u8]) -> io::Result<Answer> {
        let (mut reader, mut writer) = tokio::io::split(&mut self.stream);
        let exchange = async {
            let writing = async {
                let written = async {
                    writer.write_all(bytes).await?;
                    writer.flush().await
                };
                if written.await.is_err() {
                    // The server had enough. Its answer decides.
                    std::future::pending::<()>().await;
                }
            };
            let reading = read_answer(&mut reader);
            tokio::pin!(reading);
            tokio::select! {
                answer = &mut reading => answer,
                () = writing => reading.await,
            }
        };
        tokio::time::timeout(DEADLINE, exchange).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
    }

    /// Sends bytes and waits for nothing.
    pub async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    /// Whether the other side has closed it.
    pub async fn is_closed(&mut self) -> bool {
        let mut byte = [0; 1];
        matches!(tokio::time::timeout(Duration::from_millis(1), self.stream.read(&mut byte)).await, Ok(Ok(0) | Err(_)))
    }
}

async fn read_answer(reader: &mut (impl tokio::io::AsyncRead + Unpin)) -> io::Result<Answer> {
    let mut bytes = Vec::new();
    let mut chunk = vec![0; 64 * 1024];
    loop {
        if let Some(answer) = parse(&bytes, false) {
            return Ok(answer);
        }
        match reader.read(&mut chunk).await {
            Ok(read @ 1..) => bytes.extend_from_slice(chunk.get(..read).unwrap_or_default()),
            Ok(0) => return parse(&bytes, true).ok_or_else(|| io::ErrorKind::UnexpectedEof.into()),
            // What came before a reset counts.
            Err(error) => return parse(&bytes, true).ok_or(error),
        }
    }
}

/// An answer, if these bytes hold a whole one. `ended`: nothing more will come.
fn parse(bytes: &[u8], ended: bool) -> Option<Answer> {
    let head_end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(bytes.get(..head_end)?).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let rest = bytes.get(head_end + 4..)?;
    if status == 100 {
        return parse(rest, ended);
    }
    let answer = |body: Vec<u8>| Some(Answer { status, headers: headers.clone(), body });
    let header = |name: &str| headers.iter().find(|(has, _)| has == name).map(|(_, value)| value.as_str());
    if header("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        return dechunk(rest).and_then(answer);
    }
    match header("content-length").and_then(|length| length.parse::<usize>().ok()) {
        Some(length) => rest.get(..length).and_then(|body| answer(body.to_vec())),
        None if ended => answer(rest.to_vec()),
        None => None,
    }
}

fn dechunk(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line_end = rest.windows(2).position(|window| window == b"\r\n")?;
        let length = std::str::from_utf8(rest.get(..line_end)?).ok()?;
        let length = usize::from_str_radix(length.split(';').next()?.trim(), 16).ok()?;
        if length == 0 {
            return Some(body);
        }
        let start = line_end + 2;
        body.extend_from_slice(rest.get(start..start + length)?);
        rest = rest.get(start + length + 2..)?;
    }
}

/// Talks to one address, with one site's key.
#[derive(Clone)]
pub struct Client {
    address: SocketAddr,
    key: String,
    dataset: String,
    tls: Option<TlsConnector>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Client({})", self.address)
    }
}

impl Client {
    /// A client that shows the key of the site that [`crate::Setup`] writes.
    pub fn new(address: SocketAddr) -> Self {
        Self { address, key: KEY.to_owned(), dataset: DATASET.to_owned(), tls: None }
    }

    /// The same over TLS, trusting this authority alone.
    #[must_use]
    pub fn trusting(self, authority: &Authority) -> Self {
        Self { tls: Some(authority.connector()), ..self }
    }

    /// The same, with another key and dataset.
    #[must_use]
    pub fn with(mut self, key: &str, dataset: &str) -> Self {
        key.clone_into(&mut self.key);
        dataset.clone_into(&mut self.dataset);
        self
    }

    /// The same at another address, such as that of a gateway that was started again.
    #[must_use]
    pub fn at(&self, address: SocketAddr) -> Self {
        Self { address, ..self.clone() }
    }

    /// Where it connects.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The path to which events are posted.
    pub fn path(&self) -> String {
        format!("/v26.0/{}/events", self.dataset)
    }

    /// Posts events as JSON.
    pub async fn post(&self, events: &[Value]) -> io::Result<Answer> {
        self.post_as(Encoding::Json, events).await
    }

    /// Posts events in an encoding, the key in the header.
    pub async fn post_as(&self, encoding: Encoding, events: &[Value]) -> io::Result<Answer> {
        let (content_type, body) = encoding.encode(events);
        self.send(&Request::post(&self.path(), &content_type, body).bearer(&self.key)).await
    }

    /// Posts events in every respect as asked, the key in the header.
    pub fn request(&self, endpoint: Endpoint, encoding: Encoding, compression: Compression, events: &[Value]) -> Request {
        let (content_type, body) = encoding.encode(events);
        Request::post(&endpoint.path(&self.dataset), &content_type, body).compressed(compression).bearer(&self.key)
    }

    /// Posts these bytes as a JSON body, the key in the header.
    pub async fn post_body(&self, body: impl Into<Vec<u8>>) -> io::Result<Answer> {
        self.send(&Request::post(&self.path(), "application/json", body).bearer(&self.key)).await
    }

    /// Reads a page.
    pub async fn get(&self, target: &str) -> io::Result<Answer> {
        self.send(&Request::new("GET", target)).await
    }

    /// Sends any request on a connection of its own.
    pub async fn send(&self, request: &Request) -> io::Result<Answer> {
        self.connect().await?.exchange_bytes(&request.bytes(true)).await
    }

    /// A connection for several requests.
    pub async fn connect(&self) -> io::Result<Connection> {
        match &self.tls {
            None => Connection::open(self.address).await,
            Some(tls) => Connection::open_with(self.address, tls).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_by_its_length_by_its_chunks_or_by_its_end() {
        let by_length = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
        assert_eq!(parse(by_length, false).unwrap().body, b"{}");
        assert!(parse(&by_length[..by_length.len() - 1], false).is_none());
        let by_chunks = b"HTTP/1.1 413 X\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n1;a=b\r\n \r\n0\r\n\r\n";
        let answer = parse(by_chunks, false).unwrap();
        assert_eq!((answer.status, answer.body.as_slice()), (413, b"{} ".as_slice()));
        let after_go_ahead = [b"HTTP/1.1 100 Continue\r\n\r\n".as_slice(), by_length].concat();
        assert_eq!(parse(&after_go_ahead, false).unwrap().status, 200);
        let by_end = b"HTTP/1.1 200 OK\r\n\r\nall";
        assert!(parse(by_end, false).is_none());
        assert_eq!(parse(by_end, true).unwrap().text(), "all");
    }
}
