//! Work that ends also when whoever waits for it has gone.
//!
//! A caller that hangs up drops the future of its request. What is stored must be counted all the same, so this future, dropped
//! before its end, goes on in a task of its own. To give every request a task from the start would say the same, and cost each of
//! them a task. A panic inside stays inside, as it would in a task.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

/// Work in hand.
pub(super) struct Steadfast<F>
where
    F: Future<Output: Send> + Send + 'static,
{
    /// Nothing once it has ended.
    work: Option<Pin<Box<F>>>,
    tracker: TaskTracker,
}

/// The work ended in a panic.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Panicked;

impl<F> Steadfast<F>
where
    F: Future<Output: Send> + Send + 'static,
{
    /// `tracker` will own the task in which abandoned work goes on.
    pub(super) fn new(work: F, tracker: &TaskTracker) -> Self {
        Self { work: Some(Box::pin(work)), tracker: tracker.clone() }
    }
}

impl<F> Future for Steadfast<F>
where
    F: Future<Output: Send> + Send + 'static,
{
    type Output = Result<F::Output, Panicked>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // Nobody asks again after the end.
        let Some(work) = &mut self.work else { return Poll::Pending };
        // What the work shares with others is behind locks that do not mind a panic.
        let polled = catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context)));
        let ended = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(output)) => Ok(output),
            Err(_) => Err(Panicked),
        };
        self.work = None;
        Poll::Ready(ended)
    }
}

impl<F> Drop for Steadfast<F>
where
    F: Future<Output: Send> + Send + 'static,
{
    fn drop(&mut self) {
        // Without a runtime the process is ending, and what was not answered is promised to nobody.
        if let (Some(work), Ok(runtime)) = (self.work.take(), Handle::try_current()) {
            drop(self.tracker.spawn_on(work, &runtime));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn abandoned_work_goes_on_and_is_waited_for() {
        let tracker = TaskTracker::new();
        let (go, done) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let work = {
            let (go, done) = (Arc::clone(&go), Arc::clone(&done));
            async move {
                go.notified().await;
                done.notify_one();
            }
        };
        let abandoned = tokio::time::timeout(Duration::from_millis(1), Steadfast::new(work, &tracker)).await;
        assert!(abandoned.is_err());
        assert_eq!(tracker.len(), 1);
        go.notify_one();
        done.notified().await;
        tracker.close();
        tracker.wait().await;
    }

    #[tokio::test]
    async fn work_that_ends_needs_no_task_and_a_panic_stays_inside() {
        let tracker = TaskTracker::new();
        assert_eq!(Steadfast::new(async { 7 }, &tracker).await, Ok(7));
        assert_eq!(Steadfast::new(async { std::panic::panic_any(7) }, &tracker).await, Err::<(), _>(Panicked));
        assert!(tracker.is_empty());
    }
}
