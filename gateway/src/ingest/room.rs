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
pub(super) struct Place(OwnedSemaphorePermit);

impl Room {
    /// `bytes` in all; a request waits at most `wait` for its share.
    pub(super) fn new(bytes: usize, wait: Duration) -> Self {
        let total = pieces(bytes).max(1);
        Self { pieces: Arc::new(Semaphore::new(total as usize)), total, wait }
    }

    /// Takes room for so many bytes; `None` if there was none in time. A body larger than all the room takes all of it.
    pub(super) async fn take(&self, bytes: usize) -> Option<Place> {
        self.take_pieces(pieces(bytes).clamp(1, self.total)).await
    }

    /// The same for a request that holds a place already, which then counts as part of all the room.
    pub(super) async fn take_beside(&self, held: &Place, bytes: usize) -> Option<Place> {
        self.take_pieces(pieces(bytes).min(self.total.saturating_sub(held.pieces()))).await
    }

    async fn take_pieces(&self, pieces: u32) -> Option<Place> {
        let permit = Arc::clone(&self.pieces).acquire_many_owned(pieces);
        tokio::time::timeout(self.wait, permit).await.ok()?.ok().map(Place)
    }
}

impl Place {
    /// Gives back what so many bytes do not need.
    pub(super) fn keep(&mut self, bytes: usize) {
        drop(self.0.split(self.0.num_permits().saturating_sub(pieces(bytes) as usize)));
    }

    fn pieces(&self) -> u32 {
        u32::try_from(self.0.num_permits()).unwrap_or(u32::MAX)
    }
}

fn pieces(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(PIECE)).unwrap_or(u32::MAX)
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

    #[tokio::test(start_paused = true)]
    async fn what_is_not_needed_comes_back_and_a_second_place_is_never_too_large() {
        let room = Room::new(10 * PIECE, Duration::from_millis(100));
        let mut first = room.take(8 * PIECE).await.unwrap();
        first.keep(2 * PIECE);
        let second = room.take_beside(&first, usize::MAX).await;
        assert_eq!(second.as_ref().map(Place::pieces), Some(8));
        assert!(room.take(1).await.is_none());
        drop((first, second));
        let mut all = room.take(10 * PIECE).await.unwrap();
        all.keep(usize::MAX);
        assert_eq!(all.pieces(), 10);
        all.keep(0);
        assert!(room.take(10 * PIECE).await.is_some());
    }
}
