//! What a service manager such as systemd is told, if there is one: ready, reloading, stopping, alive, and a line for people.
//!
//! Without `NOTIFY_SOCKET` every function here does nothing. A manager that cannot be told is no reason to stop serving.

use std::time::Duration;

use sd_notify::NotifyState;

/// It accepts. Also the end of a reload, whatever came of it.
pub fn tell_ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(&one_line(status))]);
}

/// A reload began. The manager wants to know when, so that it can tell this message from a late one.
pub fn tell_reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => complain(&error),
    }
}

/// It ends.
pub fn tell_stopping() {
    tell(&[
        NotifyState::Stopping,
        NotifyState::Status("stopping: what is in hand is finished, the rest stays in the outbox"),
    ]);
}

/// It works.
pub fn tell_alive() {
    tell(&[NotifyState::Watchdog]);
}

/// How often the manager wants to hear that it works, if it does.
pub fn watchdog() -> Option<Duration> {
    sd_notify::watchdog_enabled().filter(|interval| !interval.is_zero())
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        complain(&error);
    }
}

fn complain(error: &std::io::Error) {
    tracing::warn!(kind = ?error.kind(), "the service manager cannot be told");
}

/// A line break would begin another message.
fn one_line(text: &str) -> String {
    text.split(['\n', '\r']).collect::<Vec<_>>().join(" ")
}
