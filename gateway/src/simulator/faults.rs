//! Scripted faults: how Meta, or the network between, is to fail.
//!
//! Faults wait in a list. A request takes the first that is meant for it, each as often as its `times` says. A fault with a
//! `status` refuses the request, which then does not count as received. One without lets it through to the checks; a delay,
//! reset or hang then loses the answer only, and the events may have been received all the same.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};

use serde::Deserialize;
use serde_json::Value;

use super::answer::{Answer, Refusal, text};
use super::request::{Posted, PostedEvent};
use crate::chance::Chance;
use hyper::StatusCode;

/// Most faults that may wait.
const MAX_FAULTS: usize = 1000;

/// One fault.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fault {
    /// HTTP status of the refusal; without one the request is checked as ever.
    #[serde(default)]
    pub(super) status: Option<u16>,
    /// Meta's code of the refusal; 1, unknown, if there is none.
    #[serde(default)]
    code: Option<u32>,
    /// Meta's subcode.
    #[serde(default)]
    subcode: u32,
    /// What the refusal says about another try.
    #[serde(default)]
    is_transient: bool,
    /// A body in place of Meta's JSON, such as the page of a proxy.
    #[serde(default)]
    body: Option<String>,
    /// How often it strikes: once if not said, forever if null.
    #[serde(default = "once")]
    times: Option<u64>,
    /// How long the answer is held back.
    #[serde(default)]
    pub(super) delay_ms: u64,
    /// `Retry-After` of the answer.
    #[serde(default)]
    pub(super) retry_after_secs: Option<u64>,
    /// When the connection is reset in place of an answer.
    #[serde(default)]
    pub(super) reset: Option<Reset>,
    /// Whether the answer never comes.
    #[serde(default)]
    pub(super) hang: bool,
    /// What the usage headers say.
    #[serde(default)]
    pub(super) usage_percent: Option<u8>,
    /// When the usage headers promise access again.
    #[serde(default)]
    pub(super) regain_access_minutes: u32,
    /// Only requests to this dataset.
    #[serde(default)]
    dataset: Option<String>,
    /// Only requests that hold an event of this id.
    #[serde(default)]
    event_id: Option<String>,
    /// Only requests that hold an event of one of these ids.
    #[serde(default)]
    event_ids: HashSet<String>,
    /// Only requests that hold an event with one of these numbers as `custom_data.value`.
    #[serde(default)]
    values: Vec<f64>,
    /// Only requests of more events than this.
    #[serde(default)]
    more_than_events: Option<usize>,
    /// How many in a hundred of the requests that it is meant for it strikes; all if not said.
    #[serde(default)]
    percent: Option<u8>,
}

/// When a connection is reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Reset {
    /// Once the headers are there; nothing was received.
    BeforeReading,
    /// Once the request is there and was dealt with.
    AfterReading,
    /// Once the headers and a half of the answer's body are sent.
    WithinAnswer,
}

#[expect(clippy::unnecessary_wraps, reason = "the default of a member in which null has a meaning of its own")]
fn once() -> Option<u64> {
    Some(1)
}

impl Fault {
    /// The refusal, if it refuses.
    pub(super) fn refusal(&self) -> Option<Refusal> {
        self.status.map(|status| Refusal::scripted(status, self.code.unwrap_or(1), self.subcode, self.is_transient))
    }

    /// The refusal's answer, with the scripted body if there is one.
    pub(super) fn dress(&self, answer: Answer) -> Answer {
        let Some(body) = &self.body else { return answer };
        let (mut parts, _) = answer.into_parts();
        let page = text(parts.status, "text/html; charset=utf-8", body.clone());
        let (page_parts, page_body) = page.into_parts();
        parts.headers.extend(page_parts.headers);
        Answer::from_parts(parts, page_body)
    }

    fn is_for(&self, dataset: &str, posted: Option<&Posted>) -> bool {
        let holds = |is_it: &dyn Fn(&PostedEvent) -> bool| posted.is_some_and(|posted| posted.events.iter().any(is_it));
        let is_larger = |count: usize| posted.is_some_and(|posted| posted.events.len() > count);
        self.may_be_for(dataset)
            && self.event_id.as_deref().is_none_or(|id| holds(&|event| event_id(event) == Some(id)))
            && (self.event_ids.is_empty() || holds(&|event| event_id(event).is_some_and(|id| self.event_ids.contains(id))))
            && (self.values.is_empty() || holds(&|event| value(event).is_some_and(|value| self.values.contains(&value))))
            && self.more_than_events.is_none_or(is_larger)
    }

    fn may_be_for(&self, dataset: &str) -> bool {
        self.dataset.as_ref().is_none_or(|of| of == dataset)
    }

    /// Whether it has to know the events to know whom it is meant for.
    fn looks_inside(&self) -> bool {
        self.event_id.is_some() || !self.event_ids.is_empty() || !self.values.is_empty() || self.more_than_events.is_some()
    }

    /// Whether it strikes one that it is meant for.
    fn strikes(&self, chance: &Chance) -> bool {
        self.percent.is_none_or(|percent| chance.below(100) < u64::from(percent))
    }

    fn contradiction(&self) -> Option<&'static str> {
        let is_refusal = |status: u16| (300..=599).contains(&status) && StatusCode::from_u16(status).is_ok();
        if !self.status.is_none_or(is_refusal) {
            Some("status must be 300 to 599")
        } else if self.status.is_none()
            && (self.code.is_some() || self.subcode != 0 || self.is_transient || self.body.is_some())
        {
            Some("code, subcode, is_transient and body need a status")
        } else if self.hang && self.reset.is_some() {
            Some("hang and reset exclude each other")
        } else if self.reset == Some(Reset::BeforeReading) && self.looks_inside() {
            Some("before_reading cannot know the events")
        } else if self.times == Some(0) {
            Some("times must be 1 or more, or null")
        } else if !self.percent.is_none_or(|percent| (1..=100).contains(&percent)) {
            Some("percent must be 1 to 100")
        } else {
            None
        }
    }
}

fn event_id(event: &PostedEvent) -> Option<&str> {
    event.value.get("event_id").and_then(Value::as_str)
}

fn value(event: &PostedEvent) -> Option<f64> {
    event.value.get("custom_data")?.get("value")?.as_f64()
}

/// The faults that wait.
#[derive(Debug, Default)]
pub(super) struct Faults(Mutex<VecDeque<Fault>>);

impl Faults {
    /// Appends a script; all of it or nothing. Returns how many faults wait.
    pub(super) fn script(&self, script: &[u8]) -> Result<usize, String> {
        let script: Vec<Fault> = serde_json::from_slice(script).map_err(|error| error.to_string())?;
        if let Some(contradiction) = script.iter().find_map(Fault::contradiction) {
            return Err(contradiction.to_owned());
        }
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() + script.len() > MAX_FAULTS {
            return Err(format!("no more than {MAX_FAULTS} faults can wait"));
        }
        waiting.extend(script);
        Ok(waiting.len())
    }

    /// Forgets them all.
    pub(super) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Whether this request is to be reset before it is read: only if no fault before that one strikes it for sure.
    pub(super) fn take_before_reading(&self, dataset: &str, chance: &Chance) -> bool {
        let first = |waiting: &VecDeque<Fault>| {
            for (at, fault) in waiting.iter().enumerate().filter(|(_, fault)| fault.may_be_for(dataset)) {
                let is_sure = fault.percent.is_none() && !fault.looks_inside();
                match fault.reset {
                    Some(Reset::BeforeReading) if fault.strikes(chance) => return Some(at),
                    Some(Reset::BeforeReading) => {}
                    _ if is_sure => return None,
                    _ => {}
                }
            }
            None
        };
        self.take_at(first).is_some()
    }

    /// The fault of a request that was read; `posted` is none if it could not be understood.
    pub(super) fn take(&self, dataset: &str, posted: Option<&Posted>, chance: &Chance) -> Option<Fault> {
        let strikes = |fault: &Fault| {
            fault.reset != Some(Reset::BeforeReading) && fault.is_for(dataset, posted) && fault.strikes(chance)
        };
        self.take_at(|waiting| waiting.iter().position(strikes))
    }

    fn take_at(&self, choose: impl Fn(&VecDeque<Fault>) -> Option<usize>) -> Option<Fault> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = choose(&waiting)?;
        let fault = waiting.get_mut(at)?;
        match &mut fault.times {
            Some(times) if *times <= 1 => waiting.remove(at),
            Some(times) => {
                *times -= 1;
                Some(fault.clone())
            }
            None => Some(fault.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::request::PostedEvent;

    fn scripted(script: &str) -> Faults {
        let faults = Faults::default();
        faults.script(script.as_bytes()).unwrap();
        faults
    }

    fn holding(ids: &[&str]) -> Posted {
        let event = |id: &&str| {
            let value = serde_json::json!({"event_id": id, "custom_data": {"value": 1.25}});
            PostedEvent { text: value.to_string(), value: value.as_object().unwrap().clone() }
        };
        Posted { events: ids.iter().map(event).collect(), ..Posted::default() }
    }

    fn statuses(faults: &Faults, dataset: &str, posted: &Posted, count: usize) -> Vec<Option<u16>> {
        let chance = Chance::seeded(1);
        (0..count).map(|_| faults.take(dataset, Some(posted), &chance).and_then(|fault| fault.status)).collect()
    }

    #[test]
    fn faults_strike_in_order_and_as_often_as_they_say() {
        let faults = scripted(r#"[{"status":503,"times":2},{"status":500},{"status":429,"times":null}]"#);
        let posted = holding(&["a"]);
        assert_eq!(statuses(&faults, "1", &posted, 5), [Some(503), Some(503), Some(500), Some(429), Some(429)]);
        faults.clear();
        assert_eq!(statuses(&faults, "1", &posted, 1), [None]);
    }

    #[test]
    fn a_fault_can_be_meant_for_a_dataset_an_event_or_a_size() {
        let faults = scripted(
            r#"[{"status":500,"times":null,"dataset":"2"},
                {"status":400,"code":100,"times":null,"event_id":"bad"},
                {"status":413,"times":null,"more_than_events":2}]"#,
        );
        assert_eq!(statuses(&faults, "1", &holding(&["a", "b"]), 1), [None]);
        assert_eq!(statuses(&faults, "2", &holding(&["a"]), 1), [Some(500)]);
        assert_eq!(statuses(&faults, "1", &holding(&["a", "bad"]), 1), [Some(400)]);
        assert_eq!(statuses(&faults, "1", &holding(&["a", "b", "c"]), 1), [Some(413)]);
    }

    #[test]
    fn a_reset_before_reading_waits_for_its_turn() {
        let faults = scripted(r#"[{"status":503},{"reset":"before_reading"}]"#);
        let chance = Chance::seeded(1);
        assert!(!faults.take_before_reading("1", &chance));
        assert!(faults.take("1", None, &chance).is_some());
        assert!(faults.take_before_reading("1", &chance));
        assert!(!faults.take_before_reading("1", &chance));
    }

    #[test]
    fn a_reset_before_reading_does_not_wait_for_a_fault_that_may_never_strike() {
        let faults = scripted(r#"[{"status":400,"event_id":"a","times":null},{"reset":"before_reading"}]"#);
        let chance = Chance::seeded(1);
        assert!(faults.take("1", Some(&holding(&["b"])), &chance).is_none());
        assert!(faults.take_before_reading("1", &chance));
    }

    #[test]
    fn a_batch_that_holds_one_of_many_events_is_refused_until_the_fault_is_cleared() {
        let script = r#"[{"status":400,"code":100,"subcode":7,"times":null,"event_ids":["x","y"]}]"#;
        let faults = scripted(script);
        assert_eq!(statuses(&faults, "1", &holding(&["a", "y"]), 2), [Some(400), Some(400)]);
        assert_eq!(statuses(&faults, "1", &holding(&["a", "b"]), 1), [None]);
        let by_value = |values: &str| scripted(&format!(r#"[{{"status":400,"times":null,"values":[{values}]}}]"#));
        assert_eq!(statuses(&by_value("9, 1.25"), "1", &holding(&["a"]), 1), [Some(400)]);
        assert_eq!(statuses(&by_value("1.5"), "1", &holding(&["a"]), 1), [None]);
    }

    #[test]
    fn a_fault_may_strike_some_of_a_hundred_requests_alone() {
        let faults = scripted(r#"[{"status":503,"times":null,"percent":30},{"status":500,"times":null}]"#);
        let struck = statuses(&faults, "1", &holding(&["a"]), 1000);
        let busy = struck.iter().filter(|status| **status == Some(503)).count();
        assert!((250..350).contains(&busy), "{busy}");
        assert!(struck.iter().all(|status| matches!(status, Some(503 | 500))), "the rest meets the next one");
        let faults = scripted(r#"[{"reset":"before_reading","times":null,"percent":30}]"#);
        let chance = Chance::seeded(1);
        let reset = (0..1000).filter(|_| faults.take_before_reading("1", &chance)).count();
        assert!((250..350).contains(&reset), "{reset}");
        assert!(faults.take("1", None, &chance).is_none(), "it had its turn");
    }

    #[test]
    fn a_script_that_makes_no_sense_is_refused_whole() {
        for script in [
            r#"{"status":503}"#,
            r#"[{"status":200}]"#,
            r#"[{"status":503},{"code":2}]"#,
            r#"[{"statuss":503}]"#,
            r#"[{"reset":"sometimes"}]"#,
            r#"[{"hang":true,"reset":"after_reading"}]"#,
            r#"[{"reset":"before_reading","event_id":"a"}]"#,
            r#"[{"status":503,"times":0}]"#,
            r#"[{"status":503,"percent":0}]"#,
            r#"[{"reset":"before_reading","values":[1]}]"#,
        ] {
            let faults = Faults::default();
            assert!(faults.script(script.as_bytes()).is_err(), "{script}");
            assert!(faults.take("1", None, &Chance::seeded(1)).is_none(), "{script}");
        }
        let many = format!("[{}]", vec!["{}"; 1001].join(","));
        assert!(Faults::default().script(many.as_bytes()).is_err());
    }
}
