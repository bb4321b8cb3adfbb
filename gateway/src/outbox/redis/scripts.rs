//! The scripts of this folder: what changes the groups of one dataset, each in one step.
//!
//! Each is a Lua file that opens with its arguments and its answer; `common.lua` stands before all of them, and `hand.lua` before
//! those that hand groups out. All but the one that keeps events run also while the server's memory is full, or it would stay full.

use std::sync::{Arc, LazyLock};

use crate::shared::{Call, Keys, Script};

/// A script on the keys of a dataset: how it is made, its name in errors, and its files behind `common.lua`.
macro_rules! script {
    ($name:ident, $make:ident, $what:literal, $($file:literal),+) => {
        pub(super) static $name: LazyLock<Script> = LazyLock::new(|| {
            Script::$make($what, concat!("#!lua flags=allow-oom\n", include_str!("common.lua"), $(include_str!($file)),+))
        });
    };
}

/// Keeps events: answered once they survive a crash of the server, and refused while its memory is full.
pub(super) static APPEND: LazyLock<Script> = LazyLock::new(|| {
    Script::durable("to keep events", concat!("#!lua\n", include_str!("common.lua"), include_str!("append.lua")))
});
script!(LEASE, new, "to lease groups", "hand.lua", "lease.lua");
script!(SPREAD, new, "to lease groups", "hand.lua", "spread.lua");
script!(SETTLE, new, "to settle leases", "settle.lua");
script!(RELEASE, new, "to give leases back", "release.lua");
script!(ASIDE, new, "to set a group aside", "aside.lua");
script!(DUE, new, "to look for work", "due.lua");
script!(DEPTH, new, "to count", "depth.lua");
script!(PENDING, new, "to see what a gateway has", "pending.lua");
script!(BURY, new, "to take groups from a dead gateway", "bury.lua");
script!(LEAVE, new, "to forget a gateway", "leave.lua");
script!(MEND, new, "to put groups into the queue again", "mend.lua");
script!(LOOK, new, "to look at groups", "look.lua");
script!(LOOK_ASIDE, new, "to look at the quarantine", "look_aside.lua");
// What a command takes away has to stay away when the server crashes (O8).
script!(CHANGE, durable, "to change groups", "change.lua");
script!(CHANGE_ASIDE, durable, "to change the quarantine", "change_aside.lua");

// On keys of their own, which no dataset has.
pub(super) static SUSPECT: LazyLock<Script> =
    LazyLock::new(|| Script::new("to hold a suspect alone", include_str!("suspect.lua")));
pub(super) static ALONE: LazyLock<Script> = LazyLock::new(|| Script::new("to wait for the turn", include_str!("alone.lua")));

/// The names of one dataset's keys, in the order that `common.lua` has, and of the answers.
#[derive(Debug, Clone)]
pub(super) struct DatasetKeys(Arc<[String]>);

const NAMES: [&str; 10] =
    ["queue", "heads", "bodies", "due", "condemned", "policies", "tally", "quarantine", "asides", "seen"];

impl DatasetKeys {
    /// Of this dataset.
    pub(super) fn new(keys: &Keys, dataset: &str) -> Self {
        Self(NAMES.iter().chain(&["answer:"]).map(|name| keys.of_dataset(dataset, name)).collect())
    }

    /// A call that changes nothing, or nothing twice.
    pub(super) fn call(&self) -> Call {
        // In place of an answer a name under which nothing is ever kept.
        Call::on(self.0.iter().cloned())
    }

    /// A call whose answer is kept under a token, so that it is the same when it is asked again.
    pub(super) fn call_once(&self, token: &str) -> Call {
        let (answer, others) = self.0.split_last().map_or(("", &[][..]), |(answer, others)| (answer, others));
        Call::on(others.iter().cloned().chain([format!("{answer}{token}")]))
    }

    /// One of them, for a plain command: a word of the table in `mod.rs`.
    pub(super) fn of(&self, name: &str) -> &str {
        let place = NAMES.iter().position(|known| *known == name);
        place.and_then(|place| self.0.get(place)).map_or("", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_keys_of_a_dataset_lie_on_one_node_and_a_token_names_an_answer() {
        let keys = DatasetKeys::new(&Keys::new("p"), "1");
        assert_eq!((keys.of("queue"), keys.of("seen")), ("{p:1}:queue", "{p:1}:seen"));
        assert!(format!("{:?}", keys.call_once("ab")).contains("{p:1}:answer:ab"));
    }
}
