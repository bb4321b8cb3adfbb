//! What every event must have, as it came. What is wrong here is refused, so that its caller can mend it.

use super::{Halt, Pass, Stage};
use crate::closed_form;
use crate::event::{Leaving, Value};
use crate::refusal::{Refusal, Rule};
use crate::report::{Reason, StageName};
use crate::schema::{Field, Kind};

/// How far ahead of our clock an event may be.
const MAX_AHEAD_SECS: u64 = 10 * 60;
/// The oldest event that Meta takes, in seconds; for an older one it refuses the whole request (code 100, subcode 2804003).
pub const MAX_AGE_SECS: u64 = 7 * 86_400;
/// The same for the action source `physical_store`.
pub const MAX_AGE_STORE_SECS: u64 = 62 * 86_400;
/// A time beyond the year 5000 is one in milliseconds.
const SURELY_MILLISECONDS: u64 = 100_000_000_000;

pub(crate) struct Shape;

impl Stage for Shape {
    const NAME: StageName = StageName::Shape;

    fn apply(pass: &mut Pass<'_>) -> Result<(), Halt> {
        required(pass).map_err(Halt::Refuse)?;
        pass.remove_unknown(Self::NAME, pass.raw.unknown_keys());
        for (field, value) in pass.raw.objects() {
            if !matches!(value, Value::Object) {
                pass.remove(Self::NAME, field, Reason::Shape, 1);
            }
        }
        Ok(())
    }
}

fn required(pass: &mut Pass<'_>) -> Result<(), Refusal> {
    let name = match require(pass, Field::EventName)? {
        Value::Text(name) if !name.is_empty() => name.as_ref(),
        _ => return Err(refuse(Field::EventName, Rule::WrongType)),
    };
    let action_source = action_source(require(pass, Field::ActionSource)?)?;
    let event_secs = event_time(require(pass, Field::EventTime)?, action_source, pass.context.now_secs)?;
    if !matches!(require(pass, Field::UserData)?, Value::Object) {
        return Err(refuse(Field::UserData, Rule::WrongType));
    }
    let becomes = pass.policy.outgoing_name(name).map_or(name, |(outgoing, _)| outgoing);
    if becomes == "Purchase" {
        require(pass, Field::Value)?;
        require(pass, Field::Currency)?;
    }
    pass.facts.event_secs = event_secs;
    pass.facts.action_source = action_source;
    pass.out.put(Field::EventTime, Leaving::Whole(i64::try_from(event_secs).unwrap_or(i64::MAX)));
    pass.out.put(Field::ActionSource, Leaving::Text(action_source.into()));
    Ok(())
}

fn refuse(field: Field, rule: Rule) -> Refusal {
    Refusal::new(field.path(), rule)
}

fn require<'a>(pass: &Pass<'a>, field: Field) -> Result<&'a Value<'a>, Refusal> {
    pass.raw.get(field).ok_or(refuse(field, Rule::Missing))
}

fn action_source(value: &Value<'_>) -> Result<&'static str, Refusal> {
    let Kind::Word(words) = Field::ActionSource.row().kind else { return Err(refuse(Field::ActionSource, Rule::NotAWord)) };
    let text = value.text().ok_or(refuse(Field::ActionSource, Rule::WrongType))?;
    closed_form::word(words, text).ok_or(refuse(Field::ActionSource, Rule::NotAWord))
}

fn event_time(value: &Value<'_>, action_source: &str, now_secs: u64) -> Result<u64, Refusal> {
    let refuse = |rule| refuse(Field::EventTime, rule);
    let secs = closed_form::whole(value).and_then(|secs| u64::try_from(secs).ok()).ok_or(refuse(Rule::WrongType))?;
    if secs > SURELY_MILLISECONDS {
        return Err(refuse(Rule::Milliseconds));
    }
    if secs > now_secs.saturating_add(MAX_AHEAD_SECS) {
        return Err(refuse(Rule::InTheFuture));
    }
    let age = now_secs.saturating_sub(secs);
    match action_source {
        "physical_store" if age > MAX_AGE_STORE_SECS => Err(refuse(Rule::TooOldForStore)),
        "physical_store" => Ok(secs),
        _ if age > MAX_AGE_SECS => Err(refuse(Rule::TooOld)),
        _ => Ok(secs),
    }
}
