//! Points at which tests make a process fail: power cuts at the worst moment, a disk that stalls, one that gives errors.
//!
//! They exist in builds with debug assertions alone; in a release [`hit`] does nothing and the environment is not read.
//! `PORTCULLIS_FAILPOINT=NAME[:FROM[-TO]]=ACTION` with more of the same after a comma; `FROM` and `TO` count how often the point
//! was passed, from 1. Actions: `abort` (as kill -9), `panic` (of the thread), `sleep=MILLISECONDS` (the thread stands still), and
//! `io_error` and `disk_full` where the point is one of writing.

/// What the code at a point is to do, beyond what the point itself did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
#[cfg_attr(not(debug_assertions), expect(dead_code, reason = "nothing gives these orders in a release"))]
pub(crate) enum Order {
    /// Go on.
    GoOn,
    /// Fail as if a write or a sync had failed.
    IoError,
    /// Fail as if the disk were full.
    DiskFull,
}

/// Passes a point where nothing can fail but the process.
#[inline]
pub(crate) fn pass(name: &'static str) {
    debug_assert_eq!(hit(name), Order::GoOn, "this failpoint cannot fail a write, as nothing is written here");
}

/// Passes a point.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub(crate) const fn hit(_name: &'static str) -> Order {
    Order::GoOn
}

#[cfg(debug_assertions)]
pub(crate) use scripted::hit;

#[cfg(debug_assertions)]
mod scripted {
    use std::ops::RangeInclusive;
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    use super::Order;

    const VARIABLE: &str = "PORTCULLIS_FAILPOINT";

    /// Read once, at the first point that is passed.
    static SCRIPT: LazyLock<Vec<Point>> = LazyLock::new(|| {
        let text = from_environment();
        read(&text).unwrap_or_else(|| {
            // Or a test would pass because its fault never struck.
            tracing::error!("{VARIABLE} is not understood: {text}");
            std::process::abort()
        })
    });

    #[expect(
        clippy::disallowed_methods,
        reason = "a switch of tests, read in debug builds alone, and no part of the configuration"
    )]
    fn from_environment() -> String {
        std::env::var(VARIABLE).unwrap_or_default()
    }

    #[derive(Debug)]
    struct Point {
        name: String,
        when: RangeInclusive<u64>,
        action: Action,
        passed: AtomicU64,
    }

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Action {
        Abort,
        Panic,
        Sleep(Duration),
        Fail(Order),
    }

    /// Passes a point, and does what the environment asks for there.
    pub(crate) fn hit(name: &'static str) -> Order {
        let mut order = Order::GoOn;
        for point in SCRIPT.iter().filter(|point| point.name == name) {
            let times = point.passed.fetch_add(1, Ordering::Relaxed) + 1;
            if point.when.contains(&times) {
                match point.action {
                    Action::Abort => std::process::abort(),
                    Action::Panic => std::panic::panic_any("a failpoint"),
                    Action::Sleep(time) => std::thread::sleep(time),
                    Action::Fail(with) => order = with,
                }
            }
        }
        order
    }

    fn read(text: &str) -> Option<Vec<Point>> {
        text.split(',').filter(|point| !point.is_empty()).map(point).collect()
    }

    fn point(text: &str) -> Option<Point> {
        let (place, action) = text.split_once('=')?;
        let (name, when) = match place.split_once(':') {
            None => (place, 1..=u64::MAX),
            Some((name, when)) => (name, range(when)?),
        };
        let action = match action.split_once('=') {
            None if action == "abort" => Action::Abort,
            None if action == "panic" => Action::Panic,
            None if action == "io_error" => Action::Fail(Order::IoError),
            None if action == "disk_full" => Action::Fail(Order::DiskFull),
            Some(("sleep", time)) => Action::Sleep(Duration::from_millis(time.parse().ok()?)),
            _ => return None,
        };
        Some(Point { name: name.to_owned(), when, action, passed: AtomicU64::new(0) })
    }

    fn range(text: &str) -> Option<RangeInclusive<u64>> {
        match text.split_once('-') {
            None => text.parse().ok().map(|from| from..=u64::MAX),
            Some((from, to)) => Some(from.parse().ok()?..=to.parse().ok()?),
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_script_names_points_when_and_what() {
            let script = read("before_commit:3-5=disk_full,after_send:2=abort,x=sleep=250").unwrap();
            let seen: Vec<_> = script.iter().map(|point| (point.name.as_str(), point.when.clone(), point.action)).collect();
            assert_eq!(
                seen,
                [
                    ("before_commit", 3..=5, Action::Fail(Order::DiskFull)),
                    ("after_send", 2..=u64::MAX, Action::Abort),
                    ("x", 1..=u64::MAX, Action::Sleep(Duration::from_millis(250))),
                ]
            );
            assert!(read("").unwrap().is_empty());
            for wrong in ["x", "x=", "x=stop", "x:a=abort", "x:1-=abort", "x=sleep=soon"] {
                assert!(read(wrong).is_none(), "{wrong}");
            }
        }
    }
}
