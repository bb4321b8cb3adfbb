//! One request to Meta: a [`Batch`], and the [`Parcel`]s of which batches are made.
//!
//! A batch is made of [`SanitizedEvent`]s alone, and its only constructor checks what Meta would refuse the whole request
//! for: no event, too many, too many bytes, one that is too old. One envelope a batch is the form of the type.

use std::sync::Arc;

use portcullis_filters::event::{SanitizedEnvelope, SanitizedEvent};

use super::bisect::Part;

/// Meta's limit of events in a request.
pub(crate) const META_MAX_EVENTS: usize = 1000;

/// Where an event stands among the groups in hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Which group.
    pub(crate) group: usize,
    /// Which event of it.
    pub(crate) event: usize,
}

/// An event on its way.
#[derive(Debug)]
pub(crate) struct Entry {
    /// What is sent.
    pub(crate) event: SanitizedEvent,
    /// To whom its outcome is told.
    pub(crate) place: Place,
    /// From this time on, in seconds since 1970, Meta may find it too old.
    pub(crate) expires_secs: u64,
}

/// How large a request may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Most events.
    pub(crate) events: usize,
    /// Most bytes of events. One event alone may be larger, or it could never be sent.
    pub(crate) bytes: usize,
}

impl Limits {
    /// As configured, but within what Meta takes.
    pub(crate) fn new(events: usize, bytes: usize) -> Self {
        Self { events: events.clamp(1, META_MAX_EVENTS), bytes }
    }
}

/// Events of one envelope that are to share a request.
#[derive(Debug)]
pub(crate) struct Parcel {
    /// What the request says for all of them.
    pub(crate) envelope: SanitizedEnvelope,
    /// The events.
    pub(crate) entries: Vec<Entry>,
    /// What is known of it if it is part of one that was refused or too large.
    pub(crate) part: Option<Part>,
}

impl Parcel {
    /// Cuts events of one envelope into parcels that fit the limits, in their order.
    pub(crate) fn cut(envelope: &SanitizedEnvelope, entries: Vec<Entry>, limits: Limits) -> Vec<Self> {
        let mut parcels = Vec::new();
        let (mut parcel, mut bytes) = (Vec::new(), 0);
        for entry in entries {
            let size = entry.event.as_str().len();
            if !parcel.is_empty() && (parcel.len() >= limits.events || bytes + size > limits.bytes) {
                parcels.push(Self::new(envelope.clone(), std::mem::take(&mut parcel)));
                bytes = 0;
            }
            bytes += size;
            parcel.push(entry);
        }
        if !parcel.is_empty() {
            parcels.push(Self::new(envelope.clone(), parcel));
        }
        parcels
    }

    /// Events that share an envelope and are no part of anything.
    pub(crate) fn new(envelope: SanitizedEnvelope, entries: Vec<Entry>) -> Self {
        Self { envelope, entries, part: None }
    }

    /// Two parcels, the first with so many of the events; the parcel itself if one of them would be empty.
    pub(crate) fn split_at(mut self, first: usize) -> Result<[Self; 2], Self> {
        if first == 0 || first >= self.entries.len() {
            return Err(self);
        }
        let second = self.entries.split_off(first);
        Ok([
            Self { envelope: self.envelope.clone(), entries: self.entries, part: self.part },
            Self { envelope: self.envelope, entries: second, part: self.part },
        ])
    }

    /// Takes one event out, as a parcel of its own.
    pub(crate) fn take_one(&mut self, at: usize) -> Option<Self> {
        if at >= self.entries.len() {
            return None;
        }
        let entry = self.entries.remove(at);
        // Its other part stays where it is, so nothing follows from its answer.
        let part = self.part.map(|part| Part { has_twin: false, is_blamed: false, ..part });
        Some(Self { envelope: self.envelope.clone(), entries: vec![entry], part })
    }

    /// Where its events stand among the groups in hand.
    pub(crate) fn places(&self) -> impl Iterator<Item = Place> + '_ {
        self.entries.iter().map(|entry| entry.place)
    }

    /// Takes out the events that are too old by now.
    pub(crate) fn take_expired(&mut self, now_secs: u64) -> Vec<Entry> {
        self.entries.extract_if(.., |entry| entry.expires_secs <= now_secs).collect()
    }
}

/// One request to Meta.
#[derive(Debug)]
pub(crate) struct Batch {
    dataset: Arc<str>,
    parcel: Parcel,
    bytes: usize,
}

/// Why events make no batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BatchError {
    /// There is none.
    #[error("a batch without events")]
    Empty,
    /// More than Meta or the configuration takes.
    #[error("a batch of {0} events")]
    TooMany(usize),
    /// More bytes than the configuration takes.
    #[error("a batch of {0} bytes")]
    TooLarge(usize),
    /// One of them is too old for Meta.
    #[error("a batch with an event that is too old")]
    TooOld,
}

impl Batch {
    /// The only way to make one.
    pub(crate) fn new(dataset: Arc<str>, parcel: Parcel, limits: Limits, now_secs: u64) -> Result<Self, BatchError> {
        let count = parcel.entries.len();
        let bytes = parcel.entries.iter().map(|entry| entry.event.as_str().len()).sum();
        if count == 0 {
            return Err(BatchError::Empty);
        }
        if count > limits.events {
            return Err(BatchError::TooMany(count));
        }
        if bytes > limits.bytes && count > 1 {
            return Err(BatchError::TooLarge(bytes));
        }
        if parcel.entries.iter().any(|entry| entry.expires_secs <= now_secs) {
            return Err(BatchError::TooOld);
        }
        Ok(Self { dataset, parcel, bytes })
    }

    /// To whom it goes.
    pub(crate) fn dataset(&self) -> &str {
        &self.dataset
    }

    /// What it says for all its events.
    pub(crate) fn envelope(&self) -> &SanitizedEnvelope {
        &self.parcel.envelope
    }

    /// Its events, as they are sent.
    pub(crate) fn events(&self) -> impl Iterator<Item = &SanitizedEvent> {
        self.parcel.entries.iter().map(|entry| &entry.event)
    }

    /// How many events.
    pub(crate) fn len(&self) -> usize {
        self.parcel.entries.len()
    }

    /// How many bytes its events have.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// What it was made of, to be sent in another way.
    pub(crate) fn into_parcel(self) -> Parcel {
        self.parcel
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatch::testing::sanitized;

    const LIMITS: Limits = Limits { events: 1000, bytes: 1_000_000 };

    fn parcel(count: usize) -> Parcel {
        let entries = (0..count)
            .map(|event| Entry { event: sanitized(event), place: Place { group: 0, event }, expires_secs: 100 })
            .collect();
        Parcel::new(SanitizedEnvelope::default(), entries)
    }

    fn batch(parcel: Parcel, limits: Limits, now_secs: u64) -> Result<usize, BatchError> {
        Batch::new("d".into(), parcel, limits, now_secs).map(|batch| batch.len())
    }

    #[test]
    fn a_batch_has_one_to_a_thousand_events() {
        assert_eq!(batch(parcel(0), LIMITS, 0), Err(BatchError::Empty));
        assert_eq!(batch(parcel(1), LIMITS, 0), Ok(1));
        assert_eq!(batch(parcel(1000), LIMITS, 0), Ok(1000));
        assert_eq!(batch(parcel(1001), LIMITS, 0), Err(BatchError::TooMany(1001)));
        assert_eq!(Limits::new(5000, 1).events, 1000);
        assert_eq!(Limits::new(0, 1).events, 1);
    }

    #[test]
    fn a_batch_keeps_its_byte_bound_but_an_event_alone_always_fits() {
        let size = sanitized(0).as_str().len();
        let limits = |bytes| Limits { events: 1000, bytes };
        assert_eq!(batch(parcel(2), limits(2 * size), 0), Ok(2));
        assert_eq!(batch(parcel(2), limits(2 * size - 1), 0), Err(BatchError::TooLarge(2 * size)));
        assert_eq!(batch(parcel(1), limits(1), 0), Ok(1));
    }

    #[test]
    fn b15_a_batch_takes_no_event_that_is_too_old() {
        assert_eq!(batch(parcel(2), LIMITS, 99), Ok(2));
        assert_eq!(batch(parcel(2), LIMITS, 100), Err(BatchError::TooOld));
        let mut old = parcel(3);
        old.entries[1].expires_secs = 50;
        assert_eq!(old.take_expired(50).len(), 1);
        assert_eq!(old.entries.iter().map(|entry| entry.place.event).collect::<Vec<_>>(), [0, 2]);
    }

    #[test]
    fn cutting_loses_nothing_and_keeps_the_order() {
        for limit in [1, 2, 3, 7, 10, 11] {
            let limits = Limits { events: limit, bytes: 1_000_000 };
            let parcels = Parcel::cut(&SanitizedEnvelope::default(), parcel(10).entries, limits);
            assert!(parcels.iter().all(|parcel| (1..=limit).contains(&parcel.entries.len())));
            let order: Vec<_> = parcels.iter().flat_map(|parcel| &parcel.entries).map(|entry| entry.place.event).collect();
            assert_eq!(order, (0..10).collect::<Vec<_>>());
        }
        let [first, second] = parcel(5).split_at(3).unwrap();
        assert_eq!((first.entries.len(), second.entries.len()), (3, 2));
        assert_eq!(second.entries[0].place.event, 3);
        assert!(parcel(1).split_at(1).is_err() && parcel(2).split_at(0).is_err());
        let mut rest = parcel(3);
        assert_eq!(rest.take_one(1).unwrap().entries[0].place.event, 1);
        assert_eq!(rest.places().map(|place| place.event).collect::<Vec<_>>(), [0, 2]);
        assert!(rest.take_one(2).is_none());
    }
}
