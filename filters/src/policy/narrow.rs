//! `[[narrow]]`, compiled: rules that only ever take away.

use crate::schema::{FIELD_COUNT, Field};

/// A set of fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FieldSet([bool; FIELD_COUNT]);

impl FieldSet {
    pub(crate) const EMPTY: Self = Self([false; FIELD_COUNT]);

    pub(crate) fn insert(&mut self, field: Field) {
        if let Some(slot) = self.0.get_mut(field as usize) {
            *slot = true;
        }
    }

    pub(crate) fn contains(&self, field: Field) -> bool {
        self.0.get(field as usize).copied().unwrap_or(false)
    }

    fn add(&mut self, other: &Self) {
        for (slot, other) in self.0.iter_mut().zip(other.0) {
            *slot |= other;
        }
    }
}

/// One rule: where everything that is named holds, these fields go.
pub(crate) struct Narrow {
    pub(super) event: Option<Box<str>>,
    pub(super) page: Option<Box<str>>,
    pub(super) action_source: Option<&'static str>,
    pub(super) dataset: Option<Box<str>>,
    pub(super) remove: FieldSet,
}

/// What rules look at.
pub(crate) struct Moment<'m> {
    /// The name under which the event leaves.
    pub(crate) event: &'m str,
    /// Whether the page is of this class; of a stored event, whether it could be.
    pub(crate) is_page: &'m dyn Fn(&str) -> bool,
    pub(crate) action_source: &'m str,
    pub(crate) dataset: &'m str,
}

/// The fields that the rules take away at this moment.
pub(crate) fn removed(rules: &[Narrow], moment: &Moment<'_>) -> FieldSet {
    let mut removed = FieldSet::EMPTY;
    for rule in rules {
        let holds = rule.event.as_deref().is_none_or(|event| event == moment.event)
            && rule.page.as_deref().is_none_or(|page| (moment.is_page)(page))
            && rule.action_source.is_none_or(|source| source == moment.action_source)
            && rule.dataset.as_deref().is_none_or(|dataset| dataset == moment.dataset);
        if holds {
            removed.add(&rule.remove);
        }
    }
    removed
}

impl Default for FieldSet {
    fn default() -> Self {
        Self::EMPTY
    }
}
