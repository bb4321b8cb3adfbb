//! Properties of the site's own: what their closed form takes of them goes on.

use super::allow::Allow;
use super::{Pass, Stage as _};
use crate::report::{Reason, StageName};

/// Keeps those that the policy names, in their closed forms.
pub(super) fn keep(pass: &mut Pass<'_>) {
    let narrowed = pass.facts.narrowed;
    let raw = pass.raw;
    for (property, value) in raw.properties() {
        if pass.facts.goods_go {
            pass.remove_property(StageName::Health, property, Reason::HealthSignal);
        } else if narrowed.contains_property(property) {
            let reason = pass.reason_narrowed(|removed| removed.contains_property(property));
            pass.remove_property(Allow::NAME, property, reason);
        } else if let Some(leaving) = property.form().leaving(value) {
            pass.out.put_property(property, leaving);
        } else {
            pass.remove_property(Allow::NAME, property, Reason::Shape);
        }
    }
}
