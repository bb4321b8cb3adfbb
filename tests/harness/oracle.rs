//! What was promised, against what arrived.
//!
//! A sender issues an id, posts an event that is derived from the id, and notes the id as owed once it was answered 2xx. In the
//! end every owed id must have arrived, nothing may have arrived that was never issued, and each must have arrived as derived.
//! Repeats are allowed (P4: at least once); events whose answer never came may or may not arrive.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Display, Formatter};
use std::time::Duration;

use serde_json::Value;

use crate::{Arrival, Meta, corpus, holds, now_millis};

/// Remembers what was issued and what is owed.
#[derive(Debug, Default, Clone)]
pub struct Oracle {
    issued: BTreeMap<String, Issue>,
}

/// What is known of an id.
#[derive(Debug, Clone, Copy)]
struct Issue {
    /// When it was issued first, in milliseconds since 1970.
    at_ms: u64,
    owed: bool,
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
        if !self.issued.contains_key(id) {
            self.issued.insert(id.to_owned(), Issue { at_ms: now_millis(), owed: false });
        }
    }

    /// The id was answered 2xx.
    pub fn owe(&mut self, id: &str) {
        self.issue(id);
        if let Some(issue) = self.issued.get_mut(id) {
            issue.owed = true;
        }
    }

    /// How many are owed.
    pub fn owed(&self) -> usize {
        self.issued.values().filter(|issue| issue.owed).count()
    }

    /// How many were issued, owed or not.
    pub fn issued(&self) -> usize {
        self.issued.len()
    }

    /// When an id was issued first, in milliseconds since 1970.
    pub fn issued_ms(&self, id: &str) -> Option<u64> {
        self.issued.get(id).map(|issue| issue.at_ms)
    }

    /// These will not arrive, and nobody is to wait for them: what Meta refuses for good is in quarantine.
    pub fn forgive(&mut self, is_forgiven: impl Fn(&str) -> bool) {
        for (_, issue) in self.issued.iter_mut().filter(|(id, _)| is_forgiven(id)) {
            issue.owed = false;
        }
    }

    /// How long each event took from its issue to its arrival, in milliseconds, shortest first; of those that arrived.
    pub fn delays_ms(&self, arrivals: &BTreeMap<String, Arrival>) -> Vec<u64> {
        let delay = |(id, issue): (&String, &Issue)| Some(arrivals.get(id)?.first_ms.saturating_sub(issue.at_ms));
        let mut delays: Vec<u64> = self.issued.iter().filter_map(delay).collect();
        delays.sort_unstable();
        delays
    }

    /// Takes over what another sender noted.
    pub fn merge(&mut self, other: Self) {
        for (id, theirs) in other.issued {
            let ours = self.issued.entry(id).or_insert(theirs);
            ours.owed |= theirs.owed;
            ours.at_ms = ours.at_ms.min(theirs.at_ms);
        }
    }

    /// Compares with the ids that arrived.
    pub fn judge<'a>(&self, arrived: impl Iterator<Item = &'a str>) -> Verdict {
        let arrived: BTreeSet<&str> = arrived.collect();
        let owed = self.issued.iter().filter(|(_, issue)| issue.owed).map(|(id, _)| id);
        Verdict {
            missing: owed.filter(|id| !arrived.contains(id.as_str())).cloned().collect(),
            foreign: arrived.iter().filter(|id| !self.issued.contains_key(**id)).map(|id| (*id).to_owned()).collect(),
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
            if missing.is_empty() { Ok(()) } else { Err(format!("{} of {} are missing", missing.len(), self.owed())) }
        })
        .await;
        let arrived: Vec<Value> = meta.events().await.into_iter().map(|sent| sent.event).collect();
        assert_eq!(self.judge_events(arrived.iter()), Verdict::default());
        let ids = meta.ids().await;
        let repeats = ids.values().map(|count| count - 1).sum();
        Figures { answered: self.owed(), arrived: ids.len(), repeats }
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
    fn what_is_forgiven_is_not_missed() {
        let mut oracle = oracle();
        oracle.forgive(|id| id == "order-3");
        assert_eq!((oracle.issued(), oracle.owed()), (3, 1));
        assert_eq!(oracle.judge(["order-2"].into_iter()), Verdict::default());
    }

    #[test]
    fn a_delay_counts_from_the_first_issue_to_the_first_arrival() {
        let mut oracle = oracle();
        let before = oracle.issued["order-2"].at_ms;
        oracle.merge(oracle.clone());
        let arrivals = BTreeMap::from([("order-2".to_owned(), Arrival { times: 2, first_ms: before + 7 })]);
        assert_eq!(oracle.delays_ms(&arrivals), [7]);
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
