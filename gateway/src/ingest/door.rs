//! What a request must bring before its body is read, and the reading of the body: bounded in bytes, in time and in room.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Uri, header, request::Parts};
use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use secrecy::SecretString;

use super::respond::Fault;
use super::room::{Place, Room};
use crate::config::Server;

/// How much and how long a body that is too large is read over.
const MAX_DISCARDED_BYTES: usize = 256 * 1024 * 1024;
const MAX_DISCARD: Duration = Duration::from_secs(5);

/// The bounds of requests.
#[derive(Debug)]
pub(super) struct Door {
    max_body_bytes: usize,
    body_timeout: Duration,
    room: Room,
    /// A part of that, for bodies that may hold the key: a stranger can fill no more than this.
    room_of_strangers: Room,
}

/// How a body is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// `application/json`
    Json,
    /// `application/x-www-form-urlencoded`
    Form,
}

/// A body, and the room that it takes.
pub(super) struct Received {
    pub(super) bytes: Bytes,
    pub(super) places: Places,
}

/// The room that a body takes: of all bodies, and of those of strangers where its sender is not known yet.
pub(super) type Places = (Place, Option<Place>);

impl Door {
    pub(super) fn new(server: &Server) -> Self {
        Self {
            max_body_bytes: server.max_body_bytes,
            body_timeout: server.body_timeout,
            room: Room::new(server.max_in_flight_bytes, server.admission_wait),
            room_of_strangers: Room::new(server.max_unauthenticated_bytes, server.admission_wait),
        }
    }

    /// Reads a body. `known` says whether its sender has shown a key already.
    pub(super) async fn read(&self, headers: &HeaderMap, body: Body, known: bool) -> Result<Received, Fault> {
        let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        if announced.is_some_and(|length| length > self.max_body_bytes) {
            discard(body).await;
            return Err(Fault::TooLarge);
        }
        // A body of unknown length could be as long as the bound.
        let bytes = announced.unwrap_or(self.max_body_bytes);
        // Strangers wait for one another first, so that they hold nothing of what others wait for.
        let share = if known { None } else { Some(self.room_of_strangers.take(bytes).await.ok_or(Fault::NotNow)?) };
        let place = self.room.take(bytes).await.ok_or(Fault::NotNow)?;
        #[expect(clippy::disallowed_methods, reason = "capped by Limited")]
        let whole = Limited::new(body, self.max_body_bytes).collect();
        match tokio::time::timeout(self.body_timeout, whole).await {
            Err(_) => Err(Fault::TooSlow),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Fault::TooLarge),
            Ok(Err(_)) => Err(Fault::BrokenBody),
            Ok(Ok(collected)) => Ok(Received { bytes: collected.to_bytes(), places: (place, share) }),
        }
    }
}

/// Reads over a body that is too large, so that its sender gets to read the answer instead of a broken connection. Piece by piece,
/// and not for long.
async fn discard(mut body: Body) {
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

/// The key that stands outside the body, if there is one; two that disagree are an error.
pub(super) fn key_outside_body(parts: &Parts) -> Result<Option<SecretString>, Fault> {
    let mut keys = keys_in_query(&parts.uri);
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
    Ok(first.map(SecretString::from))
}

fn keys_in_query(uri: &Uri) -> Vec<String> {
    let pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    pairs.filter(|(name, _)| name == "access_token").map(|(_, value)| value.into_owned()).collect()
}

/// How the body is encoded, by its headers.
pub(super) fn encoding(headers: &HeaderMap) -> Result<Encoding, Fault> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let compression = text(header::CONTENT_ENCODING).trim();
    if !compression.is_empty() && !compression.eq_ignore_ascii_case("identity") {
        return Err(Fault::UnknownEncoding);
    }
    let essence = text(header::CONTENT_TYPE).split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        "application/json" => Ok(Encoding::Json),
        "application/x-www-form-urlencoded" => Ok(Encoding::Form),
        _ => Err(Fault::UnknownEncoding),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn p6_a_strangers_body_takes_of_the_room_of_all() {
        const BODY: usize = 4096;
        let wait = Duration::from_millis(10);
        let door = Door {
            max_body_bytes: BODY,
            body_timeout: Duration::from_secs(1),
            room: Room::new(2 * BODY, wait),
            room_of_strangers: Room::new(BODY, wait),
        };
        // No header announces a length, so each body takes as much as one may have.
        let headers = HeaderMap::new();
        let read = |known: bool| door.read(&headers, Body::from("{}"), known);
        let stranger = read(false).await.ok();
        assert!(stranger.is_some());
        assert!(matches!(read(false).await, Err(Fault::NotNow)));
        let known = read(true).await.ok();
        assert!(known.is_some());
        assert!(matches!(read(true).await, Err(Fault::NotNow)));
        drop(stranger);
        assert!(read(true).await.is_ok());
    }
}
