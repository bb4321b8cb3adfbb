//! Which append stored an event: so that the span of a batch can name those that its events came from.
//!
//! Known by a digest of the stored bytes, of the first event of an append, for the newest appends of this process that were traced.
//! Nothing of it is stored with events; what came before a start, or to another gateway, has no origin here.

use std::collections::hash_map::RandomState;
use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasher as _;

use super::context::Context;

/// So many appends are remembered.
const MOST: usize = 4096;

/// The newest traced appends.
#[derive(Debug, Default)]
pub(super) struct Origins {
    keys: RandomState,
    known: HashMap<u64, Context>,
    order: VecDeque<u64>,
}

impl Origins {
    /// Remembers that this span stored this event.
    pub(super) fn remember(&mut self, event: &str, span: Context) {
        let digest = self.keys.hash_one(event);
        if self.known.insert(digest, span).is_none() {
            self.order.push_back(digest);
        }
        if self.order.len() > MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }

    /// The spans that stored these events, as far as they are remembered.
    pub(super) fn of<'e>(&self, events: impl Iterator<Item = &'e str>) -> Vec<Context> {
        if self.known.is_empty() {
            return Vec::new();
        }
        events.filter_map(|event| self.known.get(&self.keys.hash_one(event)).copied()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p6_the_newest_appends_are_known_and_the_oldest_give_way() {
        let mut origins = Origins::default();
        let span = |number: usize| Context { trace: [1; 16], span: (number as u64).to_be_bytes() };
        for number in 0..MOST + 10 {
            origins.remember(&number.to_string(), span(number));
        }
        assert_eq!((origins.known.len(), origins.order.len()), (MOST, MOST));
        assert_eq!(origins.of(["0", "9"].into_iter()), []);
        assert_eq!(origins.of(["10", "none", "11"].into_iter()), [span(10), span(11)]);
        origins.remember("10", span(7));
        assert_eq!(origins.of(["10"].into_iter()), [span(7)], "what comes again was stored by the last one");
        assert_eq!(origins.order.len(), MOST);
    }
}
