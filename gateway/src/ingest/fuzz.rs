//! For fuzzing only: the way into `decode` without a request around it.

use super::decode::decode;
use super::encoding::Encoding;

/// Takes a body apart as the encoding of this number, and gives how many events it holds; `None` if it is refused.
#[doc(hidden)]
pub async fn events_of(encoding: u8, body: &[u8]) -> Option<usize> {
    let encoding = match encoding % 3 {
        0 => Encoding::Json,
        1 => Encoding::Form,
        _ => Encoding::Multipart { boundary: "x".into() },
    };
    let decoded = decode(&encoding, body).await.ok()?;
    decoded.events().map(|events| events.len()).ok()
}
