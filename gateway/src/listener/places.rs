//! The places of a listener's connections. When all are taken, those that have been silent longest give way, first of all those
//! that never asked anything.
//!
//! Otherwise whoever opens connections and says nothing would keep every other caller out for as long as a connection may idle. One
//! on which a request is in hand is never cut for this. A caller whose idle connection was closed opens another, as with any server.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use super::connection::Silence;

/// Pause between two looks for a place while there is none.
const LOOK: Duration = Duration::from_millis(20);
/// How long a connection must have been silent to give way: a caller that has just come may still speak.
const LEAST_SILENCE: Duration = Duration::from_millis(500);
/// The same for one that has asked before and will probably ask again.
const LEAST_PAUSE: Duration = Duration::from_secs(3);
/// How many of those that are silent give way at once, as a part of all places: one by one would not keep up with who opens many.
const PART: usize = 8;

/// The places, free and taken.
#[derive(Debug)]
pub(super) struct Places {
    free: Arc<Semaphore>,
    all: usize,
    taken: Mutex<HashMap<u64, Taken>>,
    next: AtomicU64,
}

#[derive(Debug)]
struct Taken {
    silence: Arc<Silence>,
    leave: CancellationToken,
}

/// A place, free again when this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    number: u64,
    /// What the connection notes of its silence.
    pub(super) silence: Arc<Silence>,
    /// Cancelled when the connection is to give way.
    pub(super) leave: CancellationToken,
    _permit: OwnedSemaphorePermit,
}

impl Places {
    /// So many, all free.
    pub(super) fn new(all: usize) -> Self {
        Self { free: Arc::new(Semaphore::new(all)), all, taken: Mutex::default(), next: AtomicU64::new(0) }
    }

    /// Waits for a place, and makes one where there is none.
    pub(super) async fn take(self: &Arc<Self>) -> Option<Place> {
        let permit = loop {
            match tokio::time::timeout(LOOK, Arc::clone(&self.free).acquire_owned()).await {
                Ok(permit) => break permit.ok()?,
                Err(_) => self.make_room(),
            }
        };
        let (silence, leave) = (Arc::new(Silence::new()), CancellationToken::new());
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let taken = Taken { silence: Arc::clone(&silence), leave: leave.clone() };
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).insert(number, taken);
        Some(Place { places: Arc::clone(self), number, silence, leave, _permit: permit })
    }

    /// Returns when all are free.
    pub(super) async fn all_free(&self) {
        let all = u32::try_from(self.all).unwrap_or(u32::MAX);
        drop(self.free.acquire_many(all).await);
    }

    fn make_room(&self) {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let silent_for = |taken: &Taken| {
            let least = if taken.silence.has_asked() { LEAST_PAUSE } else { LEAST_SILENCE };
            taken.silence.so_far().filter(|silence| *silence >= least)
        };
        let mut silent: Vec<_> = taken.values().filter_map(|taken| Some((silent_for(taken)?, taken))).collect();
        if silent.iter().any(|(_, taken)| !taken.silence.has_asked()) {
            silent.retain(|(_, taken)| !taken.silence.has_asked());
        }
        let part = self.all.div_ceil(PART);
        if part < silent.len() {
            silent.select_nth_unstable_by_key(part, |(silence, _)| std::cmp::Reverse(*silence));
            silent.truncate(part);
        }
        for (_, taken) in silent {
            taken.leave.cancel();
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.taken.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.number);
    }
}
