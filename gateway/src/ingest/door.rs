//! What a request must bring before its body is read, and the reading of the body: bounded in bytes, in time and in room, also
//! where it is compressed.
//!
//! A body takes its room in one piece, before it is read. Only a compressed one needs a second piece, whose size nobody knows
//! before; that it is waited for with the first in hand cannot end with everybody waiting for everybody, because compressed
//! bodies together never hold so much that the largest body would not find room beside them.

use std::net::IpAddr;
use std::time::Duration;

use axum::BoxError;
use axum::body::Body;
use axum::http::{HeaderMap, header, request::Parts};
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use secrecy::SecretString;

use super::decode::Parameter;
use super::encoding::Compression;
use super::inflate::{InflateError, inflate};
use super::respond::Fault;
use super::room::{Place, Room, RoomByAddress};
use crate::config::Server;

/// How much and how long a body that is too large is read over.
const MAX_DISCARDED_BYTES: usize = 256 * 1024 * 1024;
const MAX_DISCARD: Duration = Duration::from_secs(5);
/// How much longer than its compressed form a body is taken to be at first. Batches of real events come to 3 to 6 times.
const LIKELY_RATIO: usize = 8;

/// The bounds of requests.
#[derive(Debug)]
pub(super) struct Door {
    max_body_bytes: usize,
    body_timeout: Duration,
    room: Room,
    /// A part of that, for bodies that may hold the key: a stranger can fill no more than this.
    room_of_strangers: Room,
    /// What one of them can fill of that: the largest body, so that it takes several to keep the others waiting.
    room_by_address: RoomByAddress,
    /// Another part, for bodies that are still compressed: the rest of the room is large enough for any of them.
    room_of_compressed: Room,
}

/// What a request shows of itself in its head.
pub(super) struct Shown {
    /// The key in the query, in the header, or in both alike.
    pub(super) key: Option<SecretString>,
    /// How many other parameters the query has. They are not taken, only counted.
    pub(super) unknown: u32,
}

/// A body, and the room that it takes.
pub(super) struct Received {
    pub(super) bytes: Bytes,
    pub(super) places: Places,
}

/// The room that a body takes: of all bodies, and of a part of that where it has a share in one.
pub(super) struct Places {
    place: Place,
    share: Option<Place>,
    /// Of what one address may hold.
    of_address: Option<Place>,
}

impl Door {
    pub(super) fn new(server: &Server) -> Self {
        let beside_the_largest = server.max_in_flight_bytes.saturating_sub(server.max_body_bytes);
        Self {
            max_body_bytes: server.max_body_bytes,
            body_timeout: server.body_timeout,
            room: Room::new(server.max_in_flight_bytes, server.admission_wait),
            room_of_strangers: Room::new(server.max_unauthenticated_bytes, server.admission_wait),
            room_by_address: RoomByAddress::new(server.max_body_bytes, server.admission_wait),
            room_of_compressed: Room::new(beside_the_largest, server.admission_wait),
        }
    }

    /// Reads a body. `stranger` is the address of a sender who has not shown a key yet.
    pub(super) async fn read(
        &self,
        headers: &HeaderMap,
        body: Body,
        stranger: Option<IpAddr>,
        compression: Option<Compression>,
    ) -> Result<Received, Fault> {
        let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        if announced.is_some_and(|length| length > self.max_body_bytes) {
            leave(headers, body).await;
            return Err(Fault::TooLarge);
        }
        // A body of unknown length could be as long as the bound.
        let bytes = announced.unwrap_or(self.max_body_bytes);
        let part = match (stranger, compression) {
            (Some(_), _) => Some(&self.room_of_strangers),
            (None, Some(_)) => Some(&self.room_of_compressed),
            (None, None) => None,
        };
        let Some(mut places) = self.places(stranger, part, bytes).await else {
            leave(headers, body).await;
            return Err(Fault::NotNow);
        };
        // No more than there is room for, whatever else comes.
        let whole = whole(Limited::new(body, bytes), announced.unwrap_or_default());
        let bytes = match tokio::time::timeout(self.body_timeout, whole).await {
            Err(_) => return Err(Fault::TooSlow),
            Ok(Err(error)) if error.is::<LengthLimitError>() => return Err(Fault::TooLarge),
            Ok(Err(_)) => return Err(Fault::BrokenBody),
            Ok(Ok(bytes)) => bytes,
        };
        places.keep(bytes.len());
        match compression {
            None => Ok(Received { bytes, places }),
            Some(compression) => self.inflate(compression, &bytes, &places.place).await,
        }
    }

    /// Room for a body, in a part of it too where that is asked for. Those of a part wait for one another first, so that they hold
    /// nothing of what others wait for.
    async fn places(&self, stranger: Option<IpAddr>, part: Option<&Room>, bytes: usize) -> Option<Places> {
        let of_address = match stranger {
            Some(address) => Some(self.room_by_address.of(address).take(bytes).await?),
            None => None,
        };
        let share = match part {
            Some(part) => Some(part.take(bytes).await?),
            None => None,
        };
        Some(Places { place: self.room.take(bytes).await?, share, of_address })
    }

    /// Decompresses a body for which `held` is held.
    async fn inflate(&self, compression: Compression, bytes: &[u8], held: &Place) -> Result<Received, Fault> {
        let likely = bytes.len().saturating_mul(LIKELY_RATIO);
        // Too little of it, and the whole is done again with the most that a body may have: rare, and nothing has to grow.
        for most in [likely.min(self.max_body_bytes), self.max_body_bytes] {
            let mut place = self.room.take_beside(held, most).await.ok_or(Fault::NotNow)?;
            match inflate(compression, bytes, most).await {
                Ok(body) => {
                    place.keep(body.len());
                    return Ok(Received { bytes: body.into(), places: Places { place, share: None, of_address: None } });
                }
                Err(InflateError::Damaged) => return Err(Fault::BadBody("the compressed body is damaged or cut short")),
                Err(InflateError::TooLong) if most == self.max_body_bytes => break,
                Err(InflateError::TooLong) => {}
            }
        }
        Err(Fault::TooLarge)
    }
}

impl Places {
    /// Gives back what so many bytes do not need.
    pub(super) fn keep(&mut self, bytes: usize) {
        for held in [Some(&mut self.place), self.share.as_mut(), self.of_address.as_mut()].into_iter().flatten() {
            held.keep(bytes);
        }
    }
}

/// Reads a body to its end, piece by piece into one place: it is never in memory twice, and the HTTP library has its buffer back.
async fn whole(mut body: Limited<Body>, announced: usize) -> Result<Bytes, BoxError> {
    let mut whole = BytesMut::with_capacity(announced);
    while let Some(frame) = body.frame().await {
        if let Some(piece) = frame?.data_ref() {
            whole.extend_from_slice(piece);
        }
    }
    Ok(whole.freeze())
}

/// Reads over a body that nobody looks into, so that its sender gets to read the answer instead of a broken connection: a proxy
/// would make a 502 of that. Piece by piece, and not for long. Who asked first whether to send it is simply answered no.
pub(super) async fn leave(headers: &HeaderMap, mut body: Body) {
    if headers.contains_key(header::EXPECT) {
        return;
    }
    let all = async {
        let mut bytes = 0;
        while let Some(Ok(frame)) = body.frame().await {
            bytes += frame.data_ref().map_or(0, Bytes::len);
            if bytes > MAX_DISCARDED_BYTES {
                break;
            }
        }
    };
    tokio::time::timeout(MAX_DISCARD, all).await.ok();
}

impl Shown {
    /// Looks for the key in the query and in the header; two that disagree are an error.
    pub(super) fn in_head(parts: &Parts) -> Result<Self, Fault> {
        let mut keys = Vec::new();
        let mut unknown = 0;
        for (name, value) in form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
            match Parameter::find(&name) {
                Some(Parameter::Key) => keys.push(value.into_owned()),
                Some(Parameter::Ignored) => {}
                _ => unknown += 1,
            }
        }
        for value in parts.headers.get_all(header::AUTHORIZATION) {
            let bearer = value.to_str().ok().and_then(|text| text.split_once(' '));
            match bearer {
                Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => keys.push(token.trim().to_owned()),
                // Another scheme is no key of ours; to ignore it would hide a mistake.
                _ => return Err(Fault::BadKey),
            }
        }
        let first = keys.pop();
        if keys.iter().any(|other| Some(other) != first.as_ref()) {
            return Err(Fault::KeysDisagree);
        }
        Ok(Self { key: first.map(SecretString::from), unknown })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    const BODY: usize = 4096;
    const WAIT: Duration = Duration::from_millis(10);

    fn door(in_flight: usize) -> Door {
        Door {
            max_body_bytes: BODY,
            body_timeout: Duration::from_secs(1),
            room: Room::new(in_flight, WAIT),
            room_of_strangers: Room::new(in_flight.min(2 * BODY), WAIT),
            room_by_address: RoomByAddress::new(BODY, WAIT),
            room_of_compressed: Room::new(in_flight - BODY, WAIT),
        }
    }

    /// Reads a body whose length no header announces, so that it takes as much as one may have until it is there.
    async fn read(door: &Door, bytes: usize, known: bool) -> Result<Received, Fault> {
        let stranger = (!known).then(|| IpAddr::from([192, 0, 2, 1]));
        door.read(&HeaderMap::new(), Body::from(vec![b' '; bytes]), stranger, None).await
    }

    async fn inflated(door: &Door, bytes: Vec<u8>) -> Result<Received, Fault> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_LENGTH, bytes.len().into());
        door.read(&headers, Body::from(bytes), None, Some(Compression::Gzip)).await
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// A body that never comes.
    struct Silent;

    impl hyper::body::Body for Silent {
        type Data = Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, Self::Error>>> {
            std::task::Poll::Pending
        }
    }

    #[tokio::test(start_paused = true)]
    async fn p6_a_strangers_body_takes_of_the_room_of_all() {
        let door = door(2 * BODY);
        let stranger = read(&door, BODY, false).await.ok();
        assert!(stranger.is_some());
        assert!(matches!(read(&door, BODY, false).await, Err(Fault::NotNow)));
        let known = read(&door, BODY, true).await.ok();
        assert!(known.is_some());
        assert!(matches!(read(&door, BODY, true).await, Err(Fault::NotNow)));
        drop(stranger);
        assert!(read(&door, BODY, true).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_stranger_keeps_no_other_address_waiting() {
        let door = door(4 * BODY);
        let from = |last: u8| Some(IpAddr::from([192, 0, 2, last]));
        let silent = Body::new(Silent);
        let headers = HeaderMap::new();
        let held = door.read(&headers, silent, from(1), None);
        tokio::pin!(held);
        assert!(tokio::time::timeout(WAIT, &mut held).await.is_err(), "it waits for a body that does not come");
        assert!(matches!(door.read(&headers, Body::from("more"), from(1), None).await, Err(Fault::NotNow)));
        assert!(door.read(&headers, Body::from("else"), from(2), None).await.is_ok());
        assert!(matches!(held.await, Err(Fault::TooSlow)));
        assert!(door.read(&headers, Body::from("again"), from(1), None).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_was_read_holds_no_more_than_it_needs() {
        let door = door(2 * BODY);
        let mut held = Vec::new();
        for known in [true, true, true, true, false] {
            let Ok(small) = read(&door, 10, known).await else { panic!("no room for a small one") };
            held.push(small);
        }
        assert!(
            read(&door, 10, true).await.is_err(),
            "five pieces of eight are taken, and one of unknown length needs four"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_compressed_body_is_taken_up_to_the_bound_of_any_body() {
        // In the last one there is room for one body and nothing beside it.
        for in_flight in [4 * BODY, 2 * BODY, BODY] {
            let door = door(in_flight);
            for length in [0, 1, 100, BODY - 1, BODY] {
                let Ok(received) = inflated(&door, gzip(&vec![b' '; length])).await else { panic!("{length} refused") };
                assert_eq!(received.bytes.len(), length);
            }
            assert!(matches!(inflated(&door, gzip(&[b' '; BODY + 1])).await, Err(Fault::TooLarge)));
            assert!(matches!(inflated(&door, gzip(&vec![b' '; 500 * BODY])).await, Err(Fault::TooLarge)));
            assert!(matches!(inflated(&door, b"no gzip".to_vec()).await, Err(Fault::BadBody(_))));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn compressed_bodies_leave_room_for_what_one_of_them_becomes() {
        let door = door(2 * BODY);
        // Others wait with their compressed bodies in hand, as many as there may be.
        let others = (door.room_of_compressed.take(BODY - 1024).await, door.room.take(BODY - 1024).await);
        assert!(others.0.is_some() && others.1.is_some());
        let received = inflated(&door, gzip(&[b' '; BODY])).await.ok();
        assert_eq!(received.as_ref().map(|received| received.bytes.len()), Some(BODY));
        assert!(matches!(inflated(&door, gzip(&[b' '; BODY])).await, Err(Fault::NotNow)));
        drop(received);
        assert!(inflated(&door, gzip(&[b' '; BODY])).await.is_ok());
    }
}
