//! Room in memory for request bodies. A body is read only after room for all of it was found, so however many callers there are,
//! bodies never hold more than the bound; past it a request waits a little and is then turned away with 503.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Room is given out in pieces, because a semaphore counts fewer than there can be bytes.
const PIECE: usize = 1024;
/// After so many new addresses those of whom nothing is held are forgotten.
const FORGET_EVERY: usize = 1024;

/// A bound on bytes in hand.
#[derive(Debug)]
pub(super) struct Room {
    pieces: Arc<Semaphore>,
    total: u32,
    wait: Duration,
}

/// Room of the same size for each address: what one stranger may hold of the room of all.
#[derive(Debug)]
pub(super) struct RoomByAddress {
    bytes: usize,
    wait: Duration,
    /// Those in which somebody holds a place or waits for one; the others are forgotten by and by.
    rooms: Mutex<HashMap<IpAddr, Weak<Semaphore>>>,
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

impl RoomByAddress {
    /// So many bytes for each.
    pub(super) fn new(bytes: usize, wait: Duration) -> Self {
        Self { bytes, wait, rooms: Mutex::default() }
    }

    /// The room of an address.
    pub(super) fn of(&self, address: IpAddr) -> Room {
        let room = Room::new(self.bytes, self.wait);
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pieces) = rooms.get(&owner(address)).and_then(Weak::upgrade) {
            return Room { pieces, ..room };
        }
        if rooms.len().is_multiple_of(FORGET_EVERY) {
            rooms.retain(|_, pieces| pieces.strong_count() > 0);
        }
        rooms.insert(owner(address), Arc::downgrade(&room.pieces));
        room
    }
}

/// Of IPv6 a customer has a whole network.
fn owner(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(address) => (u128::from(address) >> 64 << 64).to_be_bytes().into(),
        IpAddr::V4(_) => address,
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
    async fn an_address_holds_no_more_than_its_share_and_is_forgotten_when_it_holds_nothing() {
        let rooms = RoomByAddress::new(10 * PIECE, Duration::from_millis(100));
        let address = |n: u32| IpAddr::from(std::net::Ipv4Addr::from(n));
        let held = rooms.of(address(1)).take(usize::MAX).await;
        assert!(held.is_some());
        assert!(rooms.of(address(1)).take(1).await.is_none());
        assert!(rooms.of(address(2)).take(usize::MAX).await.is_some());
        for n in 3..5_000 {
            assert!(rooms.of(address(n)).take(1).await.is_some());
        }
        assert!(rooms.rooms.lock().unwrap().len() <= FORGET_EVERY + 1);
        assert!(rooms.of(address(1)).take(1).await.is_none(), "what is held is not forgotten");
        let of_one_network = ["2001:db8::1", "2001:db8::ffff:1"].map(|text| owner(text.parse().unwrap()));
        assert_eq!(of_one_network[0], of_one_network[1]);
        assert_ne!(of_one_network[0], owner("2001:db8:0:1::1".parse().unwrap()));
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
