//! `[[narrow]]`, compiled: rules that only ever take away.

use super::property::{MAX_PROPERTIES, Property};
use crate::schema::{FIELD_COUNT, Field};

/// A set of fields, and of properties of a site's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FieldSet {
    fields: [bool; FIELD_COUNT],
    /// One bit a property.
    properties: u32,
}

const _: () = assert!(MAX_PROPERTIES <= u32::BITS as usize, "a property has one bit");

impl FieldSet {
    pub(crate) const EMPTY: Self = Self { fields: [false; FIELD_COUNT], properties: 0 };

    pub(crate) fn insert(&mut self, field: Field) {
        if let Some(slot) = self.fields.get_mut(field as usize) {
            *slot = true;
        }
    }

    pub(crate) fn contains(&self, field: Field) -> bool {
        self.fields.get(field as usize).copied().unwrap_or(false)
    }

    pub(crate) fn insert_property(&mut self, property: &Property) {
        self.properties |= 1 << property.position();
    }

    pub(crate) fn contains_property(&self, property: &Property) -> bool {
        self.properties & (1 << property.position()) != 0
    }

    fn add(&mut self, other: &Self) {
        for (slot, other) in self.fields.iter_mut().zip(other.fields) {
            *slot |= other;
        }
        self.properties |= other.properties;
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
