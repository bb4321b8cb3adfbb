//! What is purged, set aside and redriven.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Group, Memory, State};
use crate::outbox::condemned::{Condemned, without};
use crate::outbox::selector::Single;
use crate::outbox::tally::{Shelf, Tally};
use crate::outbox::{EventFilter, OutboxError, PurgeSelector, Purged, QuarantineReason, RedriveSelector, Redriven};

/// An entry of the quarantine.
#[derive(Debug, Clone)]
pub(in crate::outbox) struct Aside {
    pub(in crate::outbox) group: Group,
    pub(in crate::outbox) received_ms: u64,
    pub(in crate::outbox) reason: &'static str,
}

impl Aside {
    /// One event of a group.
    pub(super) fn event(group: &Group, received_ms: u64, body: &str, reason: &QuarantineReason) -> Self {
        let group = Group { bodies: body.to_owned(), events: 1, ..group.clone() };
        Self { group: group.fresh(), received_ms, reason: reason.as_str() }
    }
}

impl Memory {
    pub(in crate::outbox) fn purge(&self, selector: &PurgeSelector, dry: bool) -> Result<Purged, OutboxError> {
        Ok(self.open_state()?.purge(selector, dry))
    }

    pub(in crate::outbox) fn redrive(&self, selector: &RedriveSelector) -> Result<Redriven, OutboxError> {
        let redriven = self.open_state()?.redrive(selector);
        self.wake();
        Ok(redriven)
    }
}

impl State {
    fn purge(&mut self, selector: &PurgeSelector, dry: bool) -> Purged {
        let mut purged = Purged::default();
        let single = selector.single();
        let Self { datasets, tally, now_ms, .. } = &mut *self;
        for groups in datasets.values_mut() {
            groups.retain(|(received_ms, _), group| {
                let in_hand = group.is_in_hand(*now_ms);
                if (in_hand && !selector.is_everywhere()) || !selector.fits(&group.owner, *received_ms) {
                    return true;
                }
                let (stays, events) = without(&group.bodies, |line| single.is_none_or(|single| single.takes(line)));
                if events == 0 {
                    return true;
                }
                if in_hand {
                    purged.in_hand += events;
                } else {
                    purged.add_waiting(&group.owner.dataset, events);
                }
                if dry {
                    return true;
                }
                if in_hand {
                    let before = std::mem::take(&mut group.condemned);
                    group.condemned = single.map_or(Condemned::Whole, |single| single.condemn(before, &group.bodies));
                    return true;
                }
                group.narrow(stays, tally)
            });
        }
        tally.commit();
        if selector.is_everywhere() {
            purged.quarantined = self.purge_quarantine(selector, single, dry);
        }
        purged
    }

    fn purge_quarantine(&mut self, selector: &PurgeSelector, single: Option<Single<'_>>, dry: bool) -> u64 {
        let mut gone = 0;
        for mut aside in std::mem::take(&mut self.quarantine) {
            let goes = |line: &str| single.is_none_or(|single| single.takes(line));
            let fits = selector.fits(&aside.group.owner, aside.received_ms);
            let (stays, events) = if fits { without(&aside.group.bodies, goes) } else { (String::new(), 0) };
            gone += events;
            if events > 0 && !dry {
                self.tally.note(Shelf::Quarantine, aside.group.owner.clone(), aside.group.amount().negated());
                if stays.is_empty() {
                    continue;
                }
                aside.group.events = stays.split('\n').count();
                aside.group.bodies = stays;
                self.tally.note(Shelf::Quarantine, aside.group.owner.clone(), aside.group.amount());
            }
            self.quarantine.push(aside);
        }
        self.tally.commit();
        gone
    }

    /// Purges condemned groups that are in nobody's hand any more.
    pub(in crate::outbox) fn sweep(&mut self, dataset: &str) -> u64 {
        let Self { datasets, tally, now_ms, .. } = self;
        let mut gone = 0;
        let Some(groups) = datasets.get_mut(dataset) else { return 0 };
        groups.retain(|_, group| {
            if group.is_in_hand(*now_ms) || group.condemned == Condemned::Nothing {
                return true;
            }
            let condemned = std::mem::take(&mut group.condemned);
            let (stays, events) = without(&group.bodies, |line| condemned.takes(line));
            gone += events;
            group.narrow(stays, tally)
        });
        tally.commit();
        gone
    }

    fn redrive(&mut self, selector: &RedriveSelector) -> Redriven {
        let RedriveSelector { site, dataset, reason, id, place: _ } = selector;
        let filter = EventFilter { site: site.clone(), dataset: dataset.clone(), ..EventFilter::default() };
        let mut waiting = BTreeMap::new();
        for (place, aside) in (1..).zip(std::mem::take(&mut self.quarantine)) {
            let fits = filter.fits(&aside.group.owner, aside.received_ms)
                && reason.as_deref().is_none_or(|reason| reason == aside.reason)
                && id.is_none_or(|id| id == place);
            if !fits {
                self.quarantine.push(aside);
                continue;
            }
            let Aside { group, received_ms, .. } = aside;
            *waiting.entry(group.owner.dataset.to_string()).or_default() += group.events as u64;
            self.last_row += 1;
            self.tally.note(Shelf::Quarantine, group.owner.clone(), group.amount().negated());
            self.tally.note(Shelf::Pending, group.owner.clone(), group.amount());
            let groups = self.datasets.entry(Arc::clone(&group.owner.dataset)).or_default();
            groups.insert((received_ms, self.last_row), group.fresh());
        }
        self.tally.commit();
        Redriven { waiting, ..Redriven::default() }
    }
}

impl Group {
    fn is_in_hand(&self, now_ms: u64) -> bool {
        self.serial != 0 && self.due_ms > now_ms
    }

    /// Keeps this of it; whether that is anything.
    fn narrow(&mut self, stays: String, tally: &mut Tally) -> bool {
        tally.note(Shelf::Pending, self.owner.clone(), self.amount().negated());
        if stays.is_empty() {
            return false;
        }
        self.events = stays.split('\n').count();
        self.bodies = stays;
        tally.note(Shelf::Pending, self.owner.clone(), self.amount());
        true
    }

    /// As if nobody had ever had it in hand.
    pub(in crate::outbox) fn fresh(self) -> Self {
        Self { due_ms: 0, serial: 0, attempts: 0, crashes: 0, condemned: Condemned::Nothing, ..self }
    }
}
