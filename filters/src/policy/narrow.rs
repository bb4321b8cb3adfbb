//! `[[narrow]]`, compiled: rules that only ever take away.

use super::property::{MAX_PROPERTIES, Property};
use crate::schema::{Field, FieldSet};

/// What rules take away: fields, and properties of a site's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Narrowed {
    fields: FieldSet,
    /// One bit a property.
    properties: u32,
}

const _: () = assert!(MAX_PROPERTIES <= u32::BITS as usize, "a property has one bit");

impl Narrowed {
    pub(super) fn insert(&mut self, field: Field) {
        self.fields.insert(field);
    }

    pub(crate) fn contains(&self, field: Field) -> bool {
        self.fields.contains(field)
    }

    pub(super) fn insert_property(&mut self, property: &Property) {
        self.properties |= 1 << property.position();
    }

    pub(crate) fn contains_property(&self, property: &Property) -> bool {
        self.properties & (1 << property.position()) != 0
    }

    /// What either takes away.
    pub(crate) fn union(&self, other: &Self) -> Self {
        Self { fields: self.fields.union(&other.fields), properties: self.properties | other.properties }
    }
}

/// One rule: where everything that is named holds, this goes.
pub(crate) struct Narrow {
    pub(super) event: Option<Box<str>>,
    pub(super) page: Option<Box<str>>,
    pub(super) action_source: Option<&'static str>,
    pub(super) dataset: Option<Box<str>>,
    pub(super) remove: Narrowed,
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

/// What the rules take away at this moment.
pub(crate) fn removed(rules: &[Narrow], moment: &Moment<'_>) -> Narrowed {
    let mut removed = Narrowed::default();
    for rule in rules {
        let holds = rule.event.as_deref().is_none_or(|event| event == moment.event)
            && rule.page.as_deref().is_none_or(|page| (moment.is_page)(page))
            && rule.action_source.is_none_or(|source| source == moment.action_source)
            && rule.dataset.as_deref().is_none_or(|dataset| dataset == moment.dataset);
        if holds {
            removed = removed.union(&rule.remove);
        }
    }
    removed
}
