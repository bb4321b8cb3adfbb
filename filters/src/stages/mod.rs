//! The stages, in the order in which an event passes them. The order is code: a policy says what each stage does, never whether
//! it runs.
//!
//! A stage reads the raw event, which never changes, and puts closed forms into the outgoing one, or halts the event. So no
//! stage sees less because an earlier one has reduced something.

pub(crate) mod shape;

mod consent;

mod events;

mod pages;

pub(crate) mod health;

pub(crate) mod allow;
pub(crate) mod catalog;
pub(crate) mod goods;
mod properties;
pub(crate) mod restrictions;

pub(crate) mod pii;

mod identity;

mod coarsen;

pub(crate) mod guard;

use std::sync::Arc;

use crate::consent::decision::Decision;
use crate::detect::Work;
use crate::detect::health::HealthScan;
use crate::event::{Outgoing, RawEvent, SanitizedEvent, Value};
use crate::pipeline::Context;
use crate::policy::{Narrowed, Policy, Property};
use crate::refusal::Refusal;
use crate::report::{Action, DropReason, Place, Reason, Report, StageName};
use crate::schema::{Field, FieldSet};

/// One step of the filter.
pub(crate) trait Stage {
    const NAME: StageName;

    fn apply(pass: &mut Pass<'_>) -> Result<(), Halt>;
}

/// Why an event goes no further.
pub(crate) enum Halt {
    /// It is not an event; its caller is told.
    Refuse(Refusal),
    /// It does not leave; its caller is answered as if it had been taken.
    Drop(DropReason),
}

/// One event on its way through the stages.
pub(crate) struct Pass<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) context: &'a Context<'a>,
    /// The event's text, for an id made of its content.
    pub(crate) text: &'a str,
    pub(crate) raw: &'a RawEvent<'a>,
    pub(crate) out: Outgoing<'a>,
    pub(crate) report: Report,
    /// What the first stages found out, for those after them.
    pub(crate) facts: Facts<'a>,
    /// Fields that the policy hashes or rounds and ids of other events, left by allow for the stages after it.
    pub(crate) admitted: Vec<(Field, &'a Value<'a>)>,
    /// What health and pii look through texts with. Its buffers, in which those texts stand, are gone with the event.
    pub(crate) scan: HealthScan<'a>,
    /// What looking through texts may still cost.
    pub(crate) work: Work,
    /// What has passed the guard.
    pub(crate) sealed: Option<SanitizedEvent>,
}

/// What the stages know of an event besides its fields.
#[derive(Default)]
pub(crate) struct Facts<'a> {
    /// The name under which it leaves.
    pub(crate) name: &'a str,
    pub(crate) event_secs: u64,
    pub(crate) action_source: &'static str,
    /// Class of its page, if it has one that is listed.
    pub(crate) page_class: Option<&'a str>,
    /// Click id of a page on one of the site's hosts.
    pub(crate) fbclid: Option<&'a str>,
    /// What is decided because of the person.
    pub(crate) consent: Decision<'a>,
    /// What `[[narrow]]` and the laws that apply take away from this event.
    pub(crate) narrowed: Narrowed,
    /// Whether the event loses all that tells of goods, because it speaks of health.
    pub(crate) goods_go: bool,
    /// Fields in which something hints at health that is no signal alone, such as a department: nobody's name is hashed of it.
    pub(crate) hinted: FieldSet,
    /// Ids of events in which a detector found a person: they do not leave as they came.
    pub(crate) telling_ids: FieldSet,
}

impl<'a> Pass<'a> {
    pub(crate) fn new(policy: &'a Policy, context: &'a Context<'a>, text: &'a str, raw: &'a RawEvent<'a>) -> Self {
        Self {
            policy,
            context,
            text,
            raw,
            out: Outgoing::new(),
            report: Report::with_room(),
            facts: Facts::default(),
            admitted: Vec::with_capacity(12),
            scan: HealthScan::new(policy.health_rules()),
            work: Work::for_event(text.len()),
            sealed: None,
        }
    }

    /// Counts the removal of `count` values of a field.
    pub(crate) fn remove(&mut self, stage: StageName, field: Field, reason: Reason, count: u32) {
        let action = self.policy.action(field).word();
        self.report.remove(stage, Place::Field(field), action, reason, count);
    }

    /// Why something that is narrowed goes: a law is told before a rule of the policy's own.
    pub(crate) fn reason_narrowed(&self, is_of_law: impl Fn(&Narrowed) -> bool) -> Reason {
        if is_of_law(&self.facts.consent.removed) { Reason::Jurisdiction } else { Reason::Narrowed }
    }

    /// Counts the removal of the value of a property.
    pub(crate) fn remove_property(&mut self, stage: StageName, property: &Property, reason: Reason) {
        let place = Place::Property(Arc::clone(property.path()));
        self.report.remove(stage, place, property.form().word(), reason, 1);
    }

    /// Counts keys that are neither in the table nor in the policy.
    pub(crate) fn remove_unknown(&mut self, stage: StageName, count: u32) {
        self.report.remove(stage, Place::Unknown, Action::None, Reason::UnknownKey, count);
    }
}

/// Runs the stages up to and including `last`.
pub(crate) fn run(pass: &mut Pass<'_>, last: StageName) -> Result<(), (StageName, Halt)> {
    step::<shape::Shape>(pass, last)?;
    step::<consent::Consent>(pass, last)?;
    step::<events::Events>(pass, last)?;
    step::<pages::Pages>(pass, last)?;
    step::<health::Health>(pass, last)?;
    step::<allow::Allow>(pass, last)?;
    step::<pii::Pii>(pass, last)?;
    step::<identity::Identity>(pass, last)?;
    step::<coarsen::Coarsen>(pass, last)?;
    step::<guard::Guard>(pass, last)
}

fn step<S: Stage>(pass: &mut Pass<'_>, last: StageName) -> Result<(), (StageName, Halt)> {
    if S::NAME > last { Ok(()) } else { S::apply(pass).map_err(|halt| (S::NAME, halt)) }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::pseudonym::PseudonymKey;
    use crate::suppression::{Identifier, Nobody, Suppressed};

    /// Units of work that an event costs, for each of its bytes.
    fn work_per_byte(raw: &str) -> usize {
        let (_, retail) = Policy::builtin("retail").expect("a built-in");
        let policy = Policy::compile(retail, "retail", &["www.shop.example".to_owned()]).expect("a policy");
        let pseudonyms = PseudonymKey::new([7; 32]);
        let context = Context {
            dataset: "1",
            now_secs: 1_791_000_100,
            fresh_id: [9; 16],
            pseudonyms: &pseudonyms,
            suppressed: &Nobody,
        };
        let event = RawEvent::parse_with(raw, policy.properties(), policy.scans_whole_events()).expect("an event");
        let mut pass = Pass::new(&policy, &context, raw, &event);
        let _halted = run(&mut pass, StageName::Guard);
        pass.work.spent() / raw.len()
    }

    #[test]
    fn looking_through_an_event_costs_a_few_units_a_byte_however_it_is_wrapped() {
        let event = |note: &str| {
            format!(
                r#"{{"event_name":"PageView","event_time":1791000000,"event_id":"e-1","action_source":"website","event_source_url":"https://www.shop.example/p/1?utm_source=mail","user_data":{{"fbp":"fb.1.1558571054389.1098115397"}},"note":"{note}"}}"#
            )
        };
        let plain = work_per_byte(&event("a lamp of brass"));
        assert!(plain < 8, "{plain} units a byte");
        for unit in ["a lamp ", "%2525", "&amp;", "bGFtcA", "6c616d70", "\\u0061", "a=b&", "lamp.example/", "7", "-"] {
            let note = unit.repeat(8000 / unit.len());
            let spent = work_per_byte(&event(&note));
            assert!(spent <= 96, "{unit}: {spent} units a byte");
        }
    }

    /// Nobody, and how often it was asked whether somebody is.
    #[derive(Debug, Default)]
    struct Asked(AtomicUsize);

    impl Suppressed for Asked {
        fn is_empty(&self) -> bool {
            self.0.fetch_add(1, Ordering::Relaxed);
            true
        }

        fn holds(&self, _: &Identifier) -> bool {
            false
        }
    }

    #[test]
    fn the_person_is_decided_on_once() {
        let (_, retail) = Policy::builtin("retail").expect("a built-in");
        let policy = Policy::compile(retail, "retail", &["www.shop.example".to_owned()]).expect("a policy");
        let (pseudonyms, asked) = (PseudonymKey::new([7; 32]), Asked::default());
        let context = Context {
            dataset: "1",
            now_secs: 1_791_000_100,
            fresh_id: [9; 16],
            pseudonyms: &pseudonyms,
            suppressed: &asked,
        };
        let raw = r#"{"event_name":"PageView","event_time":1791000000,"event_id":"e-1","action_source":"website","event_source_url":"https://www.shop.example/","user_data":{"fbp":"fb.1.1558571054389.1098115397"}}"#;
        let event = RawEvent::parse(raw).expect("an event");
        let _halted = run(&mut Pass::new(&policy, &context, raw, &event), StageName::Guard);
        assert_eq!(asked.0.load(Ordering::Relaxed), 1);
    }
}
