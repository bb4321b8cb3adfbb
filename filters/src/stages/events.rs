//! The closed list of event names. A name can tell of health by itself ("Paid: Weekly Therapy"), so one that is not
//! listed drops its event.

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
        if renamed {
            pass.report.change(Field::EventName, Change::Rewritten);
        }
        pass.facts.name = outgoing;
        pass.out.put(Field::EventName, Leaving::Text(outgoing.into()));
        Ok(())
    }
}
