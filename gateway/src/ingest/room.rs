//! Room in memory for request bodies. A body is read only after room for all of it was found, so however many callers there are,
//! bodies never hold more than the bound; past it a request waits a little and is then turned away with 503.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Room is given out in pieces, because a semaphore counts fewer than there can be bytes.
const PIECE: usize = 1024;

/// A bound on bytes in hand.
#[derive(Debug)]
pub(super) struct Room {
    pieces: Arc<Semaphore>,
    total: u32,
    wait: Duration,
}

/// Room that is held until this is dropped.
#[derive(Debug)]
pub(super) struct Place(
    #[expect(dead_code, reason = "held, not read: dropping it gives the room back")] OwnedSemaphorePermit,
);

impl Room {
    /// `bytes` in all; a request waits at most `wait` for its share.
    pub(super) fn new(bytes: usize, wait: Duration) -> Self {
        let total = u32::try_from(bytes.div_ceil(PIECE)).unwrap_or(u32::MAX);
        Self { pieces: Arc::new(Semaphore::new(total as usize)), total, wait }
    }

    /// Takes room for so many bytes; `None` if there was none in time. A body larger than all the room takes all of it.
    pub(super) async fn take(&self, bytes: usize) -> Option<Place> {
        let pieces = u32::try_from(bytes.div_ceil(PIECE)).unwrap_or(u32::MAX).clamp(1, self.total.max(1));
        let permit = Arc::clone(&self.pieces).acquire_many_owned(pieces);
        tokio::time::timeout(self.wait, permit).await.ok()?.ok().map(Place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn past_the_bound_a_request_waits_and_is_turned_away() {
        let room = Room::new(10 * PIECE, Duration::from_millis(100));
        let first = room.take(8 * PIECE).await;
        assert!(first.is_some());
        assert!(room.take(3 * PIECE).await.is_none());
        assert!(room.take(PIECE).await.is_some());
        drop(first);
        assert!(room.take(usize::MAX).await.is_some());
    }
}
