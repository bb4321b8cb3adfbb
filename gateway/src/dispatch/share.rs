//! How the requests to Meta are shared between datasets.
//!
//! While there are enough, each dataset has one of its own, which nobody else may use, and all share the rest: a busy dataset takes
//! what idle ones leave, and one that hangs cannot take the last request of another. With more datasets than requests all share
//! all of them, and one dataset has at most half. Whoever waits is served in turn.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The requests of all datasets together.
#[derive(Debug)]
pub(crate) struct Shares {
    each_has_own: bool,
    pool: Arc<Semaphore>,
    most: usize,
}

/// What one dataset may use of them.
#[derive(Debug, Clone)]
pub(crate) struct Share {
    own: Arc<Semaphore>,
    pool: Arc<Semaphore>,
    most: Arc<Semaphore>,
}

/// One request. It pays for the memory of its events as well, so it is kept until they are settled.
#[derive(Debug)]
pub(crate) struct Permit {
    _request: OwnedSemaphorePermit,
    _of_most: OwnedSemaphorePermit,
}

impl Shares {
    /// So many requests at once for so many datasets.
    pub(crate) fn new(requests: usize, datasets: usize) -> Self {
        let requests = requests.clamp(1, Semaphore::MAX_PERMITS);
        let each_has_own = datasets <= requests;
        let pool = if each_has_own { requests - datasets } else { requests };
        let most = if each_has_own { 1 + pool } else { (requests / 2).max(1) };
        Self { each_has_own, pool: Arc::new(Semaphore::new(pool)), most }
    }

    /// The share of one more dataset.
    pub(crate) fn share(&self) -> Share {
        Share {
            own: Arc::new(Semaphore::new(usize::from(self.each_has_own))),
            pool: self.pool.clone(),
            most: Arc::new(Semaphore::new(self.most)),
        }
    }
}

impl Share {
    /// Waits for a request. `None` would mean that nobody gives any out any more, which does not happen.
    pub(crate) async fn take(&self) -> Option<Permit> {
        let of_most = self.most.clone().acquire_owned().await.ok()?;
        let request = tokio::select! {
            biased;
            own = self.own.clone().acquire_owned() => own.ok()?,
            shared = self.pool.clone().acquire_owned() => shared.ok()?,
        };
        Some(Permit { _request: request, _of_most: of_most })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As many as can be had at once.
    async fn take_all(share: &Share) -> Vec<Permit> {
        let mut permits = Vec::new();
        while let Ok(permit) = tokio::time::timeout(std::time::Duration::from_millis(1), share.take()).await {
            permits.push(permit.unwrap());
        }
        permits
    }

    #[tokio::test(start_paused = true)]
    async fn a_busy_dataset_uses_what_idle_ones_leave_but_never_the_last_request_of_another() {
        let shares = Shares::new(8, 3);
        let (busy, second, third) = (shares.share(), shares.share(), shares.share());
        let taken = take_all(&busy).await;
        assert_eq!(taken.len(), 6);
        let others = (take_all(&second).await, take_all(&third).await);
        assert_eq!((others.0.len(), others.1.len()), (1, 1));
        drop(taken);
        assert_eq!(take_all(&second).await.len(), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn with_more_datasets_than_requests_none_has_more_than_half() {
        let shares = Shares::new(4, 100);
        let all: Vec<Share> = (0..100).map(|_| shares.share()).collect();
        let first = take_all(&all[0]).await;
        assert_eq!((first.len(), take_all(&all[0]).await.len()), (2, 0));
        let second = take_all(&all[1]).await;
        assert_eq!((second.len(), take_all(&all[2]).await.len()), (2, 0));
        assert_eq!(take_all(&Shares::new(1, 9).share()).await.len(), 1);
        assert_eq!(take_all(&Shares::new(5, 1).share()).await.len(), 5);
    }
}
