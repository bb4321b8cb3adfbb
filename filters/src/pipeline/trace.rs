//! What becomes of one event, field by field: the decisions of [`sanitize`], told without a value.
//!
//! Nothing is decided here. Outcome and removals are those of a run of `sanitize`; in which stage a value got its form is seen by
//! running the same stages again, each time one further. Words come from the table of fields, the policy and closed lists alone,
//! so a trace can be shown to anybody. Left to others: the values, which only who has the event can put beside it.

mod consent;

use std::sync::Arc;

pub use consent::{Asked, ConsentTrace, JurisdictionTrace, LimitedDataUse, PlaceTrace};

use super::{Context, Outcome, sanitize, unwrap_string};
use crate::event::{Leaving, RawEvent, SanitizedEvent, Value};
use crate::policy::Policy;
use crate::refusal::Refusal;
use crate::report::{Action, Change, DropReason, Place, Reason, Report, SignalKind, StageName};
use crate::schema::{Field, Risk};
use crate::stages::{self, Pass};

/// What became of an event and of everything in it.
#[derive(Debug)]
pub struct Trace {
    /// What became of it.
    pub verdict: Verdict,
    /// The name under which it leaves, one of the policy's; `None` if the policy does not list it, or nobody looked.
    pub event_name: Option<String>,
    /// The class of its page, one of the policy's.
    pub page_class: Option<String>,
    /// What was decided because of the person, and of what; `None` of what is no event.
    pub consent: Option<ConsentTrace>,
    /// What made it speak of health, and where.
    pub signals: Vec<(Place, SignalKind)>,
    /// What Meta requires and did not survive.
    pub missing: Option<Field>,
    /// What became of each field, in the order of the table; then of properties and of keys that are not known.
    pub fields: Vec<FieldTrace>,
    /// What leaves.
    pub sanitized: Option<SanitizedEvent>,
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It leaves.
    Forward,
    /// The policy does not let it leave.
    Drop(StageName, DropReason),
    /// It is not an event.
    Refuse(Refusal),
}

/// What became of values of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldTrace {
    /// Where they stood.
    pub place: Place,
    /// What the field can give away; `None` of what is not in the table.
    pub class: Option<Risk>,
    /// By which stage.
    pub stage: StageName,
    /// What the policy wants with the field.
    pub action: Action,
    /// What became of them.
    pub fate: Fate,
    /// How many values.
    pub count: u32,
}

/// What became of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It leaves as it came.
    Kept,
    /// It leaves in another form.
    Changed(Change),
    /// It did not come and leaves all the same, such as a fresh event id.
    Added,
    /// It was taken out.
    Removed(Reason),
    /// It came as a list of nothing.
    Empty,
    /// Its event does not leave.
    Dropped,
}

impl Fate {
    /// In a word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Changed(change) => change.as_str(),
            Self::Added => "added",
            Self::Removed(_) => "removed",
            Self::Empty => "empty",
            Self::Dropped => "dropped",
        }
    }

    /// Why, of what was removed.
    pub fn reason(self) -> Option<Reason> {
        match self {
            Self::Removed(reason) => Some(reason),
            _ => None,
        }
    }
}

/// Runs one event through every stage, as [`sanitize`] does, and tells what became of everything in it.
pub fn trace(policy: &Policy, context: &Context<'_>, raw: &str) -> Trace {
    let (verdict, sanitized, report) = match sanitize(policy, context, raw) {
        Outcome::Forward(event, report) => (Verdict::Forward, Some(event), report),
        Outcome::Drop(stage, reason, report) => (Verdict::Drop(stage, reason), None, report),
        Outcome::Refuse(refusal) => (Verdict::Refuse(refusal), None, Report::default()),
    };
    let mut trace = Trace {
        verdict,
        event_name: None,
        page_class: None,
        consent: None,
        signals: report.signals().to_vec(),
        missing: report.missing(),
        fields: Vec::new(),
        sanitized,
    };
    let Ok(text) = unwrap_string(raw) else { return trace };
    let Ok(event) = RawEvent::parse_with(&text, policy.properties(), policy.scans_whole_events()) else { return trace };
    let steps = Steps::of(policy, context, &text, &event);
    if let Some(last) = steps.last() {
        trace.event_name = Some(last.facts.name).filter(|name| !name.is_empty()).map(ToOwned::to_owned);
        trace.page_class = last.facts.page_class.map(ToOwned::to_owned);
    }
    if !matches!(verdict, Verdict::Refuse(_)) {
        let out = steps.last().map(|pass| &pass.out).filter(|_| verdict == Verdict::Forward);
        trace.consent = Some(ConsentTrace::of(policy, &event, out, context.now_secs));
    }
    trace.fields = match verdict {
        Verdict::Forward => steps.left(&event),
        Verdict::Drop(stage, _) => dropped(policy, stage, &event, &report),
        Verdict::Refuse(_) => Vec::new(),
    };
    trace.fields.extend(report.removals().iter().map(|removal| FieldTrace {
        class: class_of(&removal.place),
        place: removal.place.clone(),
        stage: removal.stage,
        action: removal.action,
        fate: Fate::Removed(removal.reason),
        count: removal.count,
    }));
    trace.fields.sort_by(|one, other| (&one.place, one.stage).cmp(&(&other.place, other.stage)));
    trace
}

/// What a dropped event had in it, but for what was removed before.
fn dropped(policy: &Policy, stage: StageName, event: &RawEvent<'_>, report: &Report) -> Vec<FieldTrace> {
    let row = |place: Place, action: Action, count: u32| {
        let class = class_of(&place);
        FieldTrace { place, class, stage, action, fate: Fate::Dropped, count }
    };
    let fields = event.iter().filter(is_value);
    let fields = fields.map(|(field, value)| row(Place::Field(field), policy.action(field).word(), value.count()));
    let properties =
        event.properties().map(|(property, _)| row(Place::Property(Arc::clone(property.path())), property.form().word(), 1));
    let was_removed = |row: &FieldTrace| report.removals().iter().any(|removal| removal.place == row.place);
    fields.chain(properties).filter(|row| !was_removed(row)).collect()
}

/// The event after each stage that it reached.
struct Steps<'a> {
    policy: &'a Policy,
    after: Vec<(StageName, Pass<'a>)>,
}

impl<'a> Steps<'a> {
    fn of(policy: &'a Policy, context: &'a Context<'a>, text: &'a str, event: &'a RawEvent<'a>) -> Self {
        let run_to = |stage: StageName| {
            let mut pass = Pass::new(policy, context, text, event);
            // Where it halts is known already.
            drop(stages::run(&mut pass, stage));
            (stage, pass)
        };
        Self { policy, after: StageName::ALL.iter().map(|stage| run_to(*stage)).collect() }
    }

    fn last(&self) -> Option<&Pass<'a>> {
        self.after.last().map(|(_, pass)| pass)
    }

    /// The first stage after which this is so.
    fn since(&self, is_so: impl Fn(&Pass<'a>) -> bool) -> Option<StageName> {
        self.after.iter().find(|(_, pass)| is_so(pass)).map(|(stage, _)| *stage)
    }

    /// Everything that leaves, and what came empty.
    fn left(&self, event: &RawEvent<'_>) -> Vec<FieldTrace> {
        let Some(last) = self.last() else { return Vec::new() };
        let row = |field: Field, stage: StageName, fate: Fate, count: u32| FieldTrace {
            place: Place::Field(field),
            class: Some(field.row().risk),
            stage,
            action: self.policy.action(field).word(),
            fate,
            count,
        };
        let mut rows = Vec::new();
        for field in last.out.present().iter() {
            let Some(leaving) = last.out.get(field) else { continue };
            let put = self.since(|pass| pass.out.get(field).is_some()).unwrap_or(StageName::Guard);
            let changes: Vec<Change> = of_field(&last.report, field).collect();
            if event.get(field).is_none() {
                rows.push(row(field, put, Fate::Added, leaving.count()));
            } else if changes.is_empty() {
                rows.push(row(field, put, Fate::Kept, leaving.count()));
            }
            for change in changes.into_iter().filter(|_| event.get(field).is_some()) {
                let by = self.since(|pass| of_field(&pass.report, field).any(|other| other == change)).unwrap_or(put);
                rows.push(row(field, by, Fate::Changed(change), leaving.count()));
            }
            if let Leaving::Items(items) = leaving {
                for member in items.iter().flatten().map(|(member, _)| *member) {
                    match rows.iter_mut().find(|row| row.place == Place::Field(member)) {
                        Some(row) => row.count += 1,
                        None => rows.push(FieldTrace {
                            action: self.policy.action(field).word(),
                            ..row(member, put, Fate::Kept, 1)
                        }),
                    }
                }
            }
        }
        let empty = event.iter().filter(is_value).filter(|(_, value)| value.count() == 0);
        let empty = empty.filter(|(field, _)| last.out.get(*field).is_none());
        rows.extend(empty.map(|(field, _)| row(field, StageName::Allow, Fate::Empty, 0)));
        rows.extend(event.properties().filter(|(property, _)| last.out.has_property(property)).map(|(property, _)| {
            FieldTrace {
                place: Place::Property(Arc::clone(property.path())),
                class: None,
                stage: self.since(|pass| pass.out.has_property(property)).unwrap_or(StageName::Guard),
                action: property.form().word(),
                fate: Fate::Kept,
                count: 1,
            }
        }));
        rows
    }
}

/// How a field was changed.
fn of_field(report: &Report, field: Field) -> impl Iterator<Item = Change> {
    report.changes().iter().filter(move |(other, _)| *other == field).map(|(_, change)| *change)
}

/// Objects are places for values; what is none but stands where one should is a value.
fn is_value(slot: &(Field, &Value<'_>)) -> bool {
    !matches!(slot.1, Value::Object)
}

fn class_of(place: &Place) -> Option<Risk> {
    match place {
        Place::Field(field) => Some(field.row().risk),
        Place::Property(_) | Place::Unknown | Place::Envelope(_) => None,
    }
}
