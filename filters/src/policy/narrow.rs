//! `[[narrow]]`, compiled: rules that only ever take away.

use crate::schema::FieldSet;

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
            removed = removed.union(&rule.remove);
        }
    }
    removed
}
