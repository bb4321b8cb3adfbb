//! The shapes that act in one sort of text, as one automaton that says whether any of them could stand in it.

use std::sync::LazyLock;

use regex::bytes::{Regex, RegexSet, RegexSetBuilder};

use super::super::{Setting, Work, WorkLimit};
use super::shape::Shape;
use super::{NOUNS, Standing};
use crate::report::Reason;

/// Shorter than anything that has a shape: `a@b.co` and `mr x y`.
const SHORTEST: usize = 6;

struct Scope {
    any: RegexSet,
    each: Vec<(&'static Shape, Regex)>,
}

type Slot = LazyLock<Scope>;

/// Made when first needed: a gateway has one or two policies.
static TEXT: [Slot; 3] = [
    LazyLock::new(|| Scope::of(Setting::Retail, Standing::Text)),
    LazyLock::new(|| Scope::of(Setting::Health, Standing::Text)),
    LazyLock::new(|| Scope::of(Setting::Clinical, Standing::Text)),
];
static WRAPPED: [Slot; 3] = [
    LazyLock::new(|| Scope::of(Setting::Retail, Standing::Wrapped)),
    LazyLock::new(|| Scope::of(Setting::Health, Standing::Wrapped)),
    LazyLock::new(|| Scope::of(Setting::Clinical, Standing::Wrapped)),
];
static IDS: [Slot; 3] = [
    LazyLock::new(|| Scope::of(Setting::Retail, Standing::Id)),
    LazyLock::new(|| Scope::of(Setting::Health, Standing::Id)),
    LazyLock::new(|| Scope::of(Setting::Clinical, Standing::Id)),
];
static CLICK_IDS: Slot = LazyLock::new(|| Scope::of(Setting::Retail, Standing::ClickId));

/// The first shape that stands in the text, by the order of the table.
pub(super) fn find(setting: Setting, standing: Standing, text: &str, work: &mut Work) -> Result<Option<Reason>, WorkLimit> {
    if text.len() < SHORTEST {
        return Ok(None);
    }
    let by_setting = match standing {
        Standing::Text => &TEXT,
        Standing::Wrapped => &WRAPPED,
        Standing::Id => &IDS,
        Standing::ClickId => return CLICK_IDS.find(text, work),
    };
    let [retail, health, clinical] = by_setting;
    match setting {
        Setting::Retail => retail.find(text, work),
        Setting::Health => health.find(text, work),
        Setting::Clinical => clinical.find(text, work),
    }
}

impl Scope {
    #[expect(clippy::expect_used, reason = "the patterns are constants, and a test compiles each of them")]
    fn of(setting: Setting, standing: Standing) -> Self {
        let shapes = NOUNS.iter().flat_map(|noun| noun.shapes).filter(|shape| shape.reach.covers(setting, standing));
        let each: Vec<_> = shapes.map(|shape| (shape, shape.compile())).collect();
        let any =
            RegexSetBuilder::new(each.iter().map(|(shape, _)| shape.pattern)).unicode(false).case_insensitive(true).build();
        Self { any: any.expect("patterns that compile"), each }
    }

    fn find(&self, text: &str, work: &mut Work) -> Result<Option<Reason>, WorkLimit> {
        let text = text.as_bytes();
        if !self.any.is_match(text) {
            return Ok(None);
        }
        for at in &self.any.matches(text) {
            if let Some((shape, pattern)) = self.each.get(at) {
                work.spend(text.len())?;
                if shape.stands_in(pattern, text, work)? {
                    return Ok(Some(shape.reason));
                }
            }
        }
        Ok(None)
    }
}
