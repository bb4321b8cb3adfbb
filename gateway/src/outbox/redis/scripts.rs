//! The scripts of this folder: what changes the groups of one dataset, each in one step.
//!
//! Each is a Lua file that opens with its arguments and its answer; `common.lua` stands before all of them. A script that gives
//! room must run while the server's memory is full, or it would stay full for ever; one that takes room is refused then.

use std::sync::{Arc, LazyLock};

use crate::shared::{Call, Keys, Script};

/// A script on the keys of a dataset. `gives_room`: it runs also while the memory is full.
macro_rules! script {
    ($name:ident, $file:literal, $what:literal, gives_room) => {
        script!(@ $name, $file, $what, "#!lua flags=allow-oom\n");
    };
    ($name:ident, $file:literal, $what:literal) => {
        script!(@ $name, $file, $what, "#!lua\n");
    };
    (@ $name:ident, $file:literal, $what:literal, $first_line:literal) => {
        pub(super) static $name: LazyLock<Script> =
            LazyLock::new(|| Script::new($what, concat!($first_line, include_str!("common.lua"), include_str!($file))));
    };
}
pub(super) use script;

/// The names of one dataset's keys, in the order that `common.lua` has, but for the answer of a token.
#[derive(Debug, Clone)]
pub(super) struct DatasetKeys(Arc<[String]>);

const NAMES: [&str; 9] = ["queue", "heads", "bodies", "due", "condemned", "policies", "tally", "quarantine", "seen"];

impl DatasetKeys {
    /// Of this dataset.
    pub(super) fn new(keys: &Keys, dataset: &str) -> Self {
        // Last the answer, for the scripts that are called without a token: nothing is ever kept there.
        Self(NAMES.iter().chain(&["answer:"]).map(|name| keys.of_dataset(dataset, name)).collect())
    }

    /// A call whose work is done once however often it is asked for, or that changes nothing twice.
    pub(super) fn call(&self) -> Call {
        Call::on(self.0.iter().cloned())
    }

    /// A call whose answer is kept under a token, so that it is the same when it is asked again.
    pub(super) fn call_once(&self, token: &str) -> Call {
        let (answer, others) =
            self.0.split_last().map_or((String::new(), &[][..]), |(last, rest)| (format!("{last}{token}"), rest));
        Call::on(others.iter().cloned().chain([answer]))
    }

    /// One of them, for a plain command: a word of the table in `mod.rs`.
    pub(super) fn of(&self, name: &str) -> &str {
        let place = NAMES.iter().position(|known| *known == name);
        place.and_then(|place| self.0.get(place)).map_or("", String::as_str)
    }
}
