//! Numbers that the policy rounds.

use super::{Halt, Pass, Stage};
use crate::closed_form;
use crate::event::Leaving;
use crate::policy::FieldAction;
use crate::report::{Change, Reason, StageName};
use crate::schema::Kind;

pub(crate) struct Coarsen;

impl Stage for Coarsen {
    const NAME: StageName = StageName::Coarsen;

    fn apply(pass: &mut Pass<'_>) -> Result<(), Halt> {
        for (field, value) in std::mem::take(&mut pass.admitted) {
            let (FieldAction::RoundTo(step), Kind::Decimal { max }) = (pass.policy.action(field), field.row().kind) else {
                continue;
            };
            match closed_form::round_decimal(value, max, step) {
                Some((number, changed)) => {
                    if changed {
                        pass.report.change(field, Change::Rounded);
                    }
                    pass.out.put(field, Leaving::Literal(number.into()));
                }
                None => pass.remove(Self::NAME, field, Reason::Shape, 1),
            }
        }
        Ok(())
    }
}
