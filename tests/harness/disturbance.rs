//! When something was killed or cut, and whether that explains what came to Meta twice.

use std::collections::BTreeMap;

use crate::{Oracle, Sent, now_millis};

/// From when until when each disturbance lasted, in milliseconds since 1970: until callers were answered and Redis was reached again.
#[derive(Debug, Default)]
pub struct Disturbances(Vec<(u64, u64)>);

/// What came twice.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Repeats {
    /// How often an event came again.
    pub count: u64,
    /// Events that came again though nothing had happened since they were made.
    pub unexplained: Vec<String>,
}

impl Disturbances {
    /// One that begins now.
    pub fn begin(&mut self) {
        self.0.push((now_millis(), u64::MAX));
    }

    /// It is over.
    pub fn end(&mut self) {
        if let Some(last) = self.0.last_mut() {
            last.1 = now_millis();
        }
    }

    /// Whether one of them fell into this time.
    fn fell_into(&self, from_ms: u64, to_ms: u64) -> bool {
        self.0.iter().any(|(begin, end)| *begin <= to_ms && from_ms <= *end)
    }

    /// An event may come again only if something was killed or cut between its making and its coming again.
    pub fn explain(&self, oracle: &Oracle, arrived: &[Sent]) -> Repeats {
        let mut arrivals: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
        for sent in arrived {
            arrivals.entry(sent.event["event_id"].as_str().unwrap_or_default()).or_default().push(sent.arrived_ms);
        }
        let mut repeats = Repeats::default();
        for (id, mut times) in arrivals {
            times.sort_unstable();
            let Some(second) = times.get(1) else { continue };
            repeats.count += u64::try_from(times.len()).unwrap_or(u64::MAX) - 1;
            if !self.fell_into(oracle.issued_ms(id).unwrap_or(*second), *second) {
                repeats.unexplained.push(id.to_owned());
            }
        }
        repeats
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(id: &str, arrived_ms: u64) -> Sent {
        let event = serde_json::json!({ "event_id": id });
        Sent { dataset: "1".to_owned(), envelope: serde_json::Value::Null, event, arrived_ms }
    }

    #[test]
    fn a_repeat_needs_a_disturbance_between_making_and_coming_again() {
        let mut oracle = Oracle::default();
        oracle.issue("early-1");
        let made = oracle.issued_ms("early-1").unwrap();
        let disturbances = Disturbances(vec![(made + 10, made + 20)]);
        let twice = |second: u64| disturbances.explain(&oracle, &[sent("early-1", made + 1), sent("early-1", second)]);
        assert_eq!(twice(made + 15), Repeats { count: 1, unexplained: Vec::new() });
        assert_eq!(twice(made + 99), Repeats { count: 1, unexplained: Vec::new() });
        assert_eq!(twice(made + 9), Repeats { count: 1, unexplained: vec!["early-1".to_owned()] });
        assert_eq!(disturbances.explain(&oracle, &[sent("early-1", made)]), Repeats::default());
    }
}
