//! What was promised, against what arrived.
//!
//! A sender issues an id, posts an event that is derived from the id, and notes the id as owed once it was answered 2xx. In the
//! end every owed id must have arrived, nothing may have arrived that was never issued, and each must have arrived as derived.
//! Repeats are allowed (P4: at least once); events whose answer never came may or may not arrive.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Display, Formatter};
use std::time::Duration;

use serde_json::Value;

use crate::{Meta, corpus, holds};

/// Remembers what was issued and what is owed.
#[derive(Debug, Default, Clone)]
pub struct Oracle {
    issued: BTreeSet<String>,
    owed: BTreeSet<String>,
}

/// What is wrong. Empty lists: nothing.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Owed and not there.
    pub missing: Vec<String>,
    /// There and never issued.
    pub foreign: Vec<String>,
    /// There, but not what the id says.
    pub altered: Vec<String>,
}

/// What a run came to, for its report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// Events that were answered 2xx.
    pub answered: usize,
    /// Events of these and of those whose answer never came that arrived, each counted once.
    pub arrived: usize,
    /// How often an event arrived again.
    pub repeats: u64,
}

impl Display for Figures {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let Self { answered, arrived, repeats } = self;
        write!(f, "{answered} events answered 2xx, {arrived} arrived, {repeats} repeats")
    }
}

impl Oracle {
    /// An id is about to be posted.
    pub fn issue(&mut self, id: &str) {
        self.issued.insert(id.to_owned());
    }

    /// The id was answered 2xx.
    pub fn owe(&mut self, id: &str) {
        self.issue(id);
        self.owed.insert(id.to_owned());
    }

    /// How many are owed.
    pub fn owed(&self) -> usize {
        self.owed.len()
    }

    /// Takes over what another sender noted.
    pub fn merge(&mut self, other: Self) {
        self.issued.extend(other.issued);
        self.owed.extend(other.owed);
    }

    /// Compares with the ids that arrived.
    pub fn judge<'a>(&self, arrived: impl Iterator<Item = &'a str>) -> Verdict {
        let arrived: BTreeSet<&str> = arrived.collect();
        Verdict {
            missing: self.owed.iter().filter(|id| !arrived.contains(id.as_str())).cloned().collect(),
            foreign: arrived.iter().filter(|id| !self.issued.contains(**id)).map(|id| (*id).to_owned()).collect(),
            altered: Vec::new(),
        }
    }

    /// Compares with whole events: each must also be what [`crate::numbered_purchase`] derives from its id.
    pub fn judge_events<'a>(&self, arrived: impl Iterator<Item = &'a Value> + Clone) -> Verdict {
        let mut verdict = self.judge(arrived.clone().filter_map(id));
        let as_derived: BTreeMap<&str, bool> =
            arrived.filter_map(|event| id(event).map(|id| (id, corpus::is_as_derived(event, id)))).collect();
        verdict.altered = as_derived.into_iter().filter(|(_, same)| !same).map(|(id, _)| id.to_owned()).collect();
        verdict
    }

    /// Waits until every owed id has arrived, then judges the events themselves.
    pub async fn settled(&self, meta: &Meta, within: Duration) -> Figures {
        holds("every event that was answered 2xx arrives", within, async || {
            let ids = meta.ids().await;
            let missing = self.judge(ids.keys().map(String::as_str)).missing;
            if missing.is_empty() { Ok(()) } else { Err(format!("{} of {} are missing", missing.len(), self.owed.len())) }
        })
        .await;
        let arrived: Vec<Value> = meta.events().await.into_iter().map(|sent| sent.event).collect();
        assert_eq!(self.judge_events(arrived.iter()), Verdict::default());
        let ids = meta.ids().await;
        let repeats = ids.values().map(|count| count - 1).sum();
        Figures { answered: self.owed.len(), arrived: ids.len(), repeats }
    }
}

fn id(event: &Value) -> Option<&str> {
    event.get("event_id").and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn oracle() -> Oracle {
        let mut oracle = Oracle::default();
        oracle.issue("order-1");
        oracle.owe("order-2");
        oracle.owe("order-3");
        oracle
    }

    #[test]
    fn what_was_owed_and_came_is_well_and_so_is_what_was_issued() {
        assert_eq!(oracle().judge(["order-1", "order-2", "order-3", "order-3"].into_iter()), Verdict::default());
        assert_eq!(oracle().judge(["order-2", "order-3"].into_iter()), Verdict::default());
    }

    #[test]
    fn a_loss_and_a_stranger_are_named() {
        let verdict = oracle().judge(["order-2", "order-9"].into_iter());
        assert_eq!(verdict.missing, ["order-3"]);
        assert_eq!(verdict.foreign, ["order-9"]);
    }

    #[test]
    fn an_event_that_is_not_what_its_id_says_is_named() {
        let (mut good, mut bad) = (corpus::derived("order-2"), corpus::derived("order-3"));
        good["user_data"] = serde_json::json!({});
        bad["custom_data"]["value"] = serde_json::json!(0.5);
        let verdict = oracle().judge_events([&good, &bad].into_iter());
        assert_eq!(verdict.altered, ["order-2", "order-3"]);
        let (good, bad) = (corpus::derived("order-2"), corpus::derived("order-3"));
        assert_eq!(oracle().judge_events([&good, &bad].into_iter()), Verdict::default());
    }
}
