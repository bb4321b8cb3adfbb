//! Which events share a row.

use std::collections::HashMap;
use std::sync::Arc;

use portcullis_filters::event::{SanitizedEnvelope, SanitizedEvent};
use portcullis_filters::policy::{Policy, PolicyDigest};

use super::Append;

/// A group holds at most as many events as Meta takes in one request.
pub(super) const MAX_GROUP_EVENTS: usize = 1000;

/// A group holds at most this many bytes of events.
pub(super) const MAX_GROUP_BYTES: usize = 1024 * 1024;

/// What a row costs beside its events, in bytes: its other columns and the indexes. Counted so that many small rows cannot
/// outgrow the cap.
pub(super) const ROW_OVERHEAD: u64 = 512;

/// Events that become one row.
#[derive(Debug)]
pub(super) struct Group<'a> {
    pub(super) site: &'a Arc<str>,
    pub(super) dataset: &'a Arc<str>,
    pub(super) envelope: &'a SanitizedEnvelope,
    pub(super) policy: &'a Arc<Policy>,
    /// One event a line.
    pub(super) bodies: String,
    pub(super) events: usize,
    pub(super) oldest_event_secs: u64,
    pub(super) received_ms: u64,
}

/// Merges appends of one commit into as few groups as their sites, datasets, envelopes and policies allow.
pub(super) fn gather<'a>(appends: impl Iterator<Item = &'a Append>) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    let mut open: HashMap<(&str, &str, &SanitizedEnvelope, PolicyDigest), usize> = HashMap::new();
    for append in appends {
        let key = (&*append.site, &*append.dataset, &append.envelope, append.policy.digest());
        let mut current = open.get(&key).copied();
        for event in &append.events {
            let body = event.as_str();
            let group = current.and_then(|index| groups.get_mut(index)).filter(|group| group.has_room(body));
            if let Some(group) = group {
                group.push(append, event);
            } else {
                current = Some(groups.len());
                groups.push(Group::of(append, event));
            }
        }
        // An append is never empty.
        if let Some(current) = current {
            open.insert(key, current);
        }
    }
    groups
}

/// How many events these lines are.
pub(super) fn count_lines(bodies: &str) -> usize {
    1 + memchr::memchr_iter(b'\n', bodies.as_bytes()).count()
}

impl<'a> Group<'a> {
    fn of(append: &'a Append, first: &SanitizedEvent) -> Self {
        Self {
            site: &append.site,
            dataset: &append.dataset,
            envelope: &append.envelope,
            policy: &append.policy,
            bodies: first.as_str().to_owned(),
            events: 1,
            oldest_event_secs: first.event_time(),
            received_ms: append.received_ms,
        }
    }

    fn push(&mut self, append: &Append, event: &SanitizedEvent) {
        self.bodies.push('\n');
        self.bodies.push_str(event.as_str());
        self.events += 1;
        self.oldest_event_secs = self.oldest_event_secs.min(event.event_time());
        self.received_ms = self.received_ms.min(append.received_ms);
    }

    fn has_room(&self, body: &str) -> bool {
        self.events < MAX_GROUP_EVENTS && self.bodies.len() + 1 + body.len() <= MAX_GROUP_BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbox::samples;

    #[test]
    fn requests_of_one_site_and_dataset_share_a_group_and_others_do_not() {
        let appends = [
            samples::append("shop", "1", &["a", "b"], 20),
            samples::append("shop", "2", &["c"], 20),
            samples::append("shop", "1", &["d"], 10),
            samples::append("clinic", "1", &["e"], 20),
        ];
        let groups = gather(appends.iter());
        assert_eq!(groups.iter().map(|group| group.events).collect::<Vec<_>>(), [3, 1, 1]);
        assert_eq!(groups[0].received_ms, 10);
        assert_eq!(groups[0].bodies.split('\n').count(), 3);
    }

    #[test]
    fn a_group_is_bounded_in_events_and_every_append_is_within_its_stated_cost() {
        let names: Vec<String> = (0..2500).map(|number| format!("e{number}")).collect();
        let append = samples::append("shop", "1", &names.iter().map(String::as_str).collect::<Vec<_>>(), 1);
        let groups = gather(std::iter::once(&append));
        assert!(groups.iter().all(|group| group.events <= MAX_GROUP_EVENTS && group.bodies.len() <= MAX_GROUP_BYTES));
        assert_eq!(groups.iter().map(|group| group.events).sum::<usize>(), 2500);
        let cost: u64 = groups.iter().map(|group| group.bodies.len() as u64 + ROW_OVERHEAD).sum();
        assert!(cost <= append.cost());
    }
}
