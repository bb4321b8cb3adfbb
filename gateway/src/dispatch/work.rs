//! What a round has in hand: groups that are not settled, and the stack of parcels that are to be sent of them.
//!
//! Nothing comes out of it that is too old by then, or of somebody who was suppressed since it was looked at.

use super::batch::{Parcel, Place};
use super::bisect::{self, Part};
use super::group::Group;
use super::readmit::withheld;
use crate::outbox::Settlement;
use crate::suppression::Suppressions;

/// What is left of a round.
#[derive(Debug, Default)]
pub(crate) struct Work {
    /// Groups by their number; none once a group is settled or its lease is lost.
    groups: Vec<Option<Group>>,
    /// The next one is the last.
    parcels: Vec<Parcel>,
    /// For each batch that was cut, whether Meta took a part of it.
    bisections: Vec<bool>,
    looked: Looked,
}

/// Who must not be sent, and up to which addition the groups in hand were looked through for them.
#[derive(Debug, Default)]
pub(crate) struct Looked {
    /// Who.
    pub(crate) suppressions: Suppressions,
    /// The addition.
    pub(crate) generation: u64,
}

impl Work {
    /// Groups, and the parcels made of them in the order in which they are to be sent.
    pub(crate) fn new(groups: Vec<Group>, mut parcels: Vec<Parcel>, looked: Looked) -> Self {
        parcels.reverse();
        Self { groups: groups.into_iter().map(Some).collect(), parcels, bisections: Vec::new(), looked }
    }

    /// The next parcel that is to be sent. What is too old by now is decided, what is not in hand any more is left out, and what
    /// must hold a refused event is cut without being sent again.
    pub(crate) fn next(&mut self, now_secs: u64) -> Option<Parcel> {
        loop {
            self.withhold(now_secs);
            self.sift(self.parcels.len().saturating_sub(1), now_secs);
            let parcel = self.parcels.pop()?;
            let blamed = parcel.part.filter(|part| part.is_blamed && parcel.entries.len() > 1);
            if parcel.entries.is_empty() {
                continue;
            }
            let Some(part) = blamed else { return Some(parcel) };
            if let Err(single) = self.cut(parcel, part.bisection) {
                return Some(single);
            }
        }
    }

    /// Meta took a parcel. If it was the first part of a cut, what was refused is in the other part.
    pub(crate) fn taken(&mut self, parcel: &Parcel) {
        self.decide(parcel.places(), &Settlement::Delivered);
        let Some(part) = parcel.part else { return };
        if let Some(taken) = self.bisections.get_mut(part.bisection) {
            *taken = true;
        }
        if part.has_twin
            && let Some(twin) = self.parcels.last_mut().and_then(|parcel| parcel.part.as_mut())
        {
            twin.is_blamed = true;
        }
    }

    /// Meta refused a parcel for what is in it: it is cut. The parcel itself if it is a single event.
    pub(crate) fn refused(&mut self, parcel: Parcel) -> Result<(), Parcel> {
        let bisection = self.bisection_of(&parcel);
        self.cut(parcel, bisection)
    }

    /// A parcel was too large: it is halved, and nothing is known of the halves.
    pub(crate) fn too_large(&mut self, parcel: Parcel) -> Result<(), Parcel> {
        let bisection = self.bisection_of(&parcel);
        let middle = parcel.entries.len().div_ceil(2);
        let mut halves = parcel.split_at(middle)?;
        for half in &mut halves {
            half.part = Some(Part { bisection, has_twin: false, is_blamed: false });
        }
        let [first, second] = halves;
        self.parcels.extend([second, first]);
        Ok(())
    }

    /// Whether Meta took another part of the batch to which this one belongs.
    pub(crate) fn sibling_was_taken(&self, parcel: &Parcel) -> bool {
        parcel.part.and_then(|part| self.bisections.get(part.bisection)).is_some_and(|taken| *taken)
    }

    /// Takes one event out of what is still to be sent, so many thousandths of the way to its end. What is too old by now is decided,
    /// and what is not in hand any more is left out.
    pub(crate) fn take_one(&mut self, at_permille: u64, now_secs: u64) -> Option<Parcel> {
        self.withhold(now_secs);
        for number in 0..self.parcels.len() {
            self.sift(number, now_secs);
        }
        let count: usize = self.parcels.iter().map(|parcel| parcel.entries.len()).sum();
        let last = count.checked_sub(1)?;
        let mut at = usize::try_from(at_permille.min(1000)).unwrap_or(0) * last / 1000;
        for parcel in self.parcels.iter_mut().rev() {
            match at.checked_sub(parcel.entries.len()) {
                Some(beyond) => at = beyond,
                None => return parcel.take_one(at),
            }
        }
        None
    }

    /// Decides what is in hand of persons who were suppressed since it was looked through.
    fn withhold(&mut self, now_secs: u64) {
        let Looked { suppressions, generation } = &mut self.looked;
        let today = suppressions.generation();
        if std::mem::replace(generation, today) == today {
            return;
        }
        for group in self.groups.iter_mut().flatten() {
            let look = |(event, body)| Some((event, withheld(suppressions, body, now_secs.saturating_mul(1000))?));
            let decided: Vec<(usize, Settlement)> = group.open_events().filter_map(look).collect();
            for (event, settlement) in decided {
                group.decide(event, settlement);
            }
        }
    }

    /// Decides what is too old by now of a parcel, and leaves out what is not in hand any more.
    fn sift(&mut self, number: usize, now_secs: u64) {
        let Some(parcel) = self.parcels.get_mut(number) else { return };
        let is_open = |place: Place| {
            self.groups.get(place.group).and_then(Option::as_ref).is_some_and(|group| group.is_open(place.event))
        };
        parcel.entries.retain(|entry| is_open(entry.place));
        let expired: Vec<Place> = parcel.take_expired(now_secs).into_iter().map(|entry| entry.place).collect();
        self.decide(expired, &Settlement::Expired);
    }

    /// Puts a parcel behind all others.
    pub(crate) fn put_last(&mut self, parcel: Parcel) {
        self.parcels.insert(0, parcel);
    }

    /// The group of an event, unless it is not in hand any more.
    pub(crate) fn group_of(&self, place: Place) -> Option<&Group> {
        self.groups.get(place.group)?.as_ref()
    }

    /// Decides what becomes of these events.
    pub(crate) fn decide(&mut self, places: impl IntoIterator<Item = Place>, settlement: &Settlement) {
        for place in places {
            if let Some(Some(group)) = self.groups.get_mut(place.group) {
                group.decide(place.event, settlement.clone());
            }
        }
    }

    /// Takes out the groups of which every event is decided.
    pub(crate) fn take_decided(&mut self) -> Vec<Group> {
        self.groups.iter_mut().filter_map(|slot| slot.take_if(|group| group.is_decided())).collect()
    }

    /// Takes out the groups of which some events are decided for good and others are open, each with its number.
    pub(crate) fn take_parts(&mut self) -> Vec<(usize, Group)> {
        let parts = self.groups.iter_mut().enumerate();
        parts.filter_map(|(number, slot)| Some((number, slot.take_if(|group| group.has_part())?))).collect()
    }

    /// Puts a group back under its number.
    pub(crate) fn put_back(&mut self, number: usize, group: Group) {
        if let Some(slot) = self.groups.get_mut(number) {
            *slot = Some(group);
        }
    }

    /// What is left, to be given back.
    pub(crate) fn into_groups(self) -> Vec<Group> {
        self.groups.into_iter().flatten().collect()
    }

    fn bisection_of(&mut self, parcel: &Parcel) -> usize {
        parcel.part.map_or_else(
            || {
                self.bisections.push(false);
                self.bisections.len() - 1
            },
            |part| part.bisection,
        )
    }

    fn cut(&mut self, parcel: Parcel, bisection: usize) -> Result<(), Parcel> {
        let [first, second] = bisect::cut(parcel, bisection)?;
        self.parcels.extend([second, first]);
        Ok(())
    }
}
