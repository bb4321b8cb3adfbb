//! The closed lists of event names and of action sources. A name can tell of health by itself ("Paid: Weekly Therapy"),
//! and what happened at a counter or on a telephone has no page by which it could be judged; so an event whose name or source is
//! not listed is dropped.

use super::{Halt, Pass, Stage};
use crate::event::Leaving;
use crate::report::{Change, DropReason, StageName};
use crate::schema::Field;

pub(crate) struct Events;

impl Stage for Events {
    const NAME: StageName = StageName::Events;

    fn apply(pass: &mut Pass<'_>) -> Result<(), Halt> {
        let name = pass.raw.get(Field::EventName).and_then(|value| value.text()).unwrap_or_default();
        let Some((outgoing, renamed)) = pass.policy.outgoing_name(name) else {
            return Err(Halt::Drop(DropReason::EventNotAllowed));
        };
        if !pass.policy.lists_source(pass.facts.action_source) {
            return Err(Halt::Drop(DropReason::SourceNotAllowed));
        }
        if renamed {
            pass.report.change(Field::EventName, Change::Rewritten);
        }
        pass.facts.name = outgoing;
        pass.out.put(Field::EventName, Leaving::Text(outgoing.into()));
        Ok(())
    }
}
