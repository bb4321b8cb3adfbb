//! What a detector is made of: a shape in the text, a check of what has the shape, and where it acts.

use regex::bytes::{Regex, RegexBuilder};

use super::super::{Setting, Work, WorkLimit};
use super::Standing;
use crate::report::Reason;

/// A form that tells by itself, without the key under which it stands.
pub(super) struct Shape {
    pub(super) reason: Reason,
    pub(super) reach: Reach,
    /// Over bytes and blind to case. Its first group is what was found; what stands around that only borders it.
    pub(super) pattern: &'static str,
    pub(super) holds: fn(Found<'_>) -> bool,
}

/// Where a shape acts. What is wrapped counts as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// In all texts, ids and click ids: no random id has it.
    Everywhere,
    /// In all texts and ids.
    Ids,
    /// In all texts; in ids from [`Setting::Health`] on, because ids of shops are often like it.
    HealthIds,
    /// In all texts, in no id.
    Text,
    /// In texts and ids from [`Setting::Health`] on.
    Health,
    /// In texts and ids of [`Setting::Clinical`].
    Clinical,
    /// What is nothing but the number: wrapped, or an id from [`Setting::Health`] on.
    Bare,
    /// What is nothing but the number: wrapped, or an id of [`Setting::Clinical`].
    BareClinical,
}

impl Reach {
    /// Whether the shape acts on a text that stands so.
    pub(super) fn covers(self, setting: Setting, standing: Standing) -> bool {
        let worded = matches!(standing, Standing::Text | Standing::Wrapped);
        match self {
            Self::Everywhere => true,
            _ if standing == Standing::ClickId => false,
            Self::Ids => true,
            Self::HealthIds => worded || setting >= Setting::Health,
            Self::Text => worded,
            Self::Health => setting >= Setting::Health,
            Self::Clinical => setting == Setting::Clinical,
            Self::Bare => standing == Standing::Wrapped || (standing == Standing::Id && setting >= Setting::Health),
            Self::BareClinical => {
                standing == Standing::Wrapped || (standing == Standing::Id && setting == Setting::Clinical)
            }
        }
    }
}

/// What has a shape, and the text before it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found<'t> {
    pub(super) text: &'t [u8],
    pub(super) before: &'t [u8],
}

/// Everything that has the shape is it.
pub(super) fn always(_: Found<'_>) -> bool {
    true
}

impl Shape {
    /// The pattern, compiled.
    #[expect(clippy::expect_used, reason = "the patterns are constants, and a test compiles each of them")]
    pub(super) fn compile(&self) -> Regex {
        RegexBuilder::new(self.pattern).unicode(false).case_insensitive(true).build().expect("a pattern that compiles")
    }

    /// Whether it stands anywhere in the text. What fails the check may overlap with what passes it, so the search goes on one
    /// byte later; each try is paid.
    pub(super) fn stands_in(&self, pattern: &Regex, text: &[u8], work: &mut Work) -> Result<bool, WorkLimit> {
        let mut from = 0;
        while let Some(found) = pattern.captures_at(text, from).and_then(|groups| groups.get(1)) {
            work.spend(found.len().saturating_add(1))?;
            let before = text.get(..found.start()).unwrap_or_default();
            if (self.holds)(Found { text: found.as_bytes(), before }) {
                return Ok(true);
            }
            from = found.start().saturating_add(1);
        }
        Ok(false)
    }
}
