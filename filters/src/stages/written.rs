//! Values whose closed form the policy itself writes: free text with a list of words, and properties of the site's own.

use super::Pass;
use super::Stage as _;
use super::allow::{Allow, Kept};
use crate::event::{Leaving, Value};
use crate::policy::Policy;
use crate::report::Reason;
use crate::schema::Field;

/// The word of the policy that a value of this field is.
pub(crate) fn word<'p>(policy: &'p Policy, field: Field, value: &Value<'_>) -> Option<&'p str> {
    policy.words(field)?.find(value)
}

/// What leaves of a free text: the words that the policy lists, of a list one by one.
pub(super) fn kept<'p>(policy: &'p Policy, field: Field, value: &Value<'_>) -> Kept<'p> {
    let elements = value.elements();
    let mut words = Vec::with_capacity(elements.len());
    words.extend(elements.iter().filter_map(|element| word(policy, field, element)).map(Into::into));
    let misfits = u32::try_from(elements.len() - words.len()).unwrap_or(u32::MAX);
    let leaving = match words.len() {
        0 => None,
        _ if field.row().many => Some(Leaving::Texts(words)),
        _ => words.pop().map(Leaving::Text),
    };
    Kept { leaving, misfits, rewritten: false }
}

/// Properties of the site's own, in their closed forms.
pub(super) fn keep_properties(pass: &mut Pass<'_>) {
    let narrowed = pass.facts.narrowed;
    let raw = pass.raw;
    for (property, value) in raw.properties() {
        if narrowed.contains_property(property) {
            pass.remove_property(Allow::NAME, property, Reason::Narrowed);
        } else if let Some(leaving) = property.form().leaving(value) {
            pass.out.put_property(property, leaving);
        } else {
            pass.remove_property(Allow::NAME, property, Reason::Shape);
        }
    }
}
