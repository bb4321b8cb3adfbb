//! One connection of a caller: HTTP/1.1 with keep-alive, as cheap as it can be made, because it shares a machine with what is
//! measured. It reads while it writes, for a server that is full answers before it has read a request.

use std::io::{Error, ErrorKind};
use std::net::SocketAddr;

use tokio::io::Interest;
use tokio::net::TcpStream;

use crate::request::Request;

/// A connection.
#[derive(Debug)]
pub(crate) struct Connection {
    address: SocketAddr,
    stream: TcpStream,
    received: Vec<u8>,
}

/// What a request was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after_secs: Option<u64>,
    pub(crate) body: Vec<u8>,
    closes: bool,
}

impl Connection {
    /// Connects.
    pub(crate) async fn open(address: SocketAddr) -> Result<Self, Error> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { address, stream, received: Vec::with_capacity(1024) })
    }

    /// Sends a request and reads its answer. Connects anew afterwards if the server let go of the connection.
    pub(crate) async fn post(&mut self, mut request: Request) -> Result<Answer, Error> {
        let answer = self.exchange(&mut request).await?;
        if answer.closes || !request.unsent().is_empty() {
            self.renew().await?;
        }
        Ok(answer)
    }

    /// Connects again.
    pub(crate) async fn renew(&mut self) -> Result<(), Error> {
        *self = Self::open(self.address).await?;
        Ok(())
    }

    async fn exchange(&mut self, request: &mut Request) -> Result<Answer, Error> {
        let mut can_write = true;
        self.received.clear();
        loop {
            let writes = can_write && !request.unsent().is_empty();
            let interest = if writes { Interest::READABLE | Interest::WRITABLE } else { Interest::READABLE };
            let ready = self.stream.ready(interest).await?;
            if writes && ready.is_writable() {
                match self.stream.try_write(request.unsent()) {
                    Ok(bytes) => request.advance(bytes),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    // It reads no more; the answer may be there all the same.
                    Err(_) => can_write = false,
                }
            }
            if ready.is_readable() {
                match self.stream.try_read_buf(&mut self.received) {
                    Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                    Ok(_) => {}
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    Err(error) => return Err(error),
                }
                if let Some(answer) = Answer::read(&self.received) {
                    return Ok(answer);
                }
            }
        }
    }
}

impl Answer {
    /// An answer with a known length, once all of it is there.
    fn read(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
        let (head, rest) = bytes.split_at_checked(end)?;
        let head = std::str::from_utf8(head).ok()?;
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let (mut length, mut retry_after_secs, mut closes) = (None::<usize>, None, false);
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            let value = value.trim();
            if name.eq_ignore_ascii_case("content-length") {
                length = value.parse().ok();
            } else if name.eq_ignore_ascii_case("retry-after") {
                retry_after_secs = value.parse().ok();
            } else if name.eq_ignore_ascii_case("connection") {
                closes = value.eq_ignore_ascii_case("close");
            }
        }
        let body = rest.get(4..4 + length?)?.to_vec();
        Some(Self { status, retry_after_secs, body, closes })
    }
}
