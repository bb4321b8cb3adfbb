//! Waits for a condition, never for a time.

use std::time::Duration;

/// How often a condition is looked at.
const STEP: Duration = Duration::from_millis(10);

/// Asks until the answer is there. Panics with `what` when it does not come in time.
pub async fn eventually<T>(what: &str, within: Duration, mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(answer) = probe().await {
                return answer;
            }
            tokio::time::sleep(STEP).await;
        }
    };
    let answer = tokio::time::timeout(within, asking).await;
    answer.unwrap_or_else(|_| panic!("waited {within:?} in vain: {what}"))
}

/// As [`eventually`], for a condition that says what is still wrong. The last word on it is in the panic.
pub async fn holds(what: &str, within: Duration, mut probe: impl AsyncFnMut() -> Result<(), String>) {
    let mut last = String::from("never asked");
    let asking = async {
        loop {
            match probe().await {
                Ok(()) => return,
                Err(why) => last = why,
            }
            tokio::time::sleep(STEP).await;
        }
    };
    let held = tokio::time::timeout(within, asking).await.is_ok();
    assert!(held, "waited {within:?} in vain: {what}: {last}");
}
