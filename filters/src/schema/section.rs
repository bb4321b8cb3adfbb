//! Where in an event a field stands: in the event itself, in one of its objects, or in an object of those.
//!
//! A section is read and written by nothing but its rows. A row of kind `Object(section)` names the object; the parser reads its
//! members into slots of their own, whatever the nesting, so that a stage finds every field in one step; the writer opens an
//! object around the fields that have a value, and none around nothing but `user_data`; the guard's reader goes down by the same
//! kind, and wants the keys of each object in the order of the table. `contents` is a list and has its items beside the slots.

use super::{FIELD_COUNT, Field, FieldSet, Kind};

/// An object of an event, or one element of its list of goods. Its rows stand together in the table, sections in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Section {
    /// The event itself.
    Event,
    /// `user_data`: who the person is.
    UserData,
    /// `custom_data`: what was done.
    CustomData,
    /// `custom_data.store_data`: in which shop.
    StoreData,
    /// `custom_data.mileage`: how far a vehicle has run.
    Mileage,
    /// One element of `custom_data.contents`.
    Contents,
    /// `app_data`: the app and its device.
    AppData,
    /// `original_event_data`: an earlier event that this one adds to.
    OriginalEventData,
    /// `attribution_data`: which ad a partner thinks led here.
    AttributionData,
    /// `attribution_data.attribution_setting`: by which windows the partner counts.
    AttributionSetting,
}

impl Section {
    /// Every section.
    pub const ALL: &'static [Self] = &[
        Self::Event,
        Self::UserData,
        Self::CustomData,
        Self::StoreData,
        Self::Mileage,
        Self::Contents,
        Self::AppData,
        Self::OriginalEventData,
        Self::AttributionData,
        Self::AttributionSetting,
    ];

    /// The field whose value this section is; `None` for the event itself.
    pub fn holder(self) -> Option<Field> {
        match self {
            Self::Event => None,
            Self::UserData => Some(Field::UserData),
            Self::CustomData => Some(Field::CustomData),
            Self::StoreData => Some(Field::StoreData),
            Self::Mileage => Some(Field::Mileage),
            Self::Contents => Some(Field::Contents),
            Self::AppData => Some(Field::AppData),
            Self::OriginalEventData => Some(Field::OriginalEventData),
            Self::AttributionData => Some(Field::AttributionData),
            Self::AttributionSetting => Some(Field::AttributionSetting),
        }
    }

    /// The set of its fields.
    pub(crate) fn fields(self) -> &'static FieldSet {
        static SETS: [FieldSet; Section::ALL.len()] = sets();
        #[expect(clippy::indexing_slicing, reason = "there is one set a section")]
        &SETS[self as usize]
    }

    /// The fields that are objects.
    pub(crate) fn holders() -> &'static FieldSet {
        static HOLDERS: FieldSet = holders();
        &HOLDERS
    }
}

#[expect(clippy::indexing_slicing, reason = "runs in the compiler, where an index out of bounds is an error")]
const fn holders() -> FieldSet {
    let mut set = FieldSet::EMPTY;
    let mut at = 0;
    while at < FIELD_COUNT {
        if let Kind::Object(_) = super::TABLE[at].kind {
            set = set.with(super::TABLE[at].field);
        }
        at += 1;
    }
    set
}

/// The set of each section, built by the compiler from the table.
#[expect(clippy::indexing_slicing, reason = "runs in the compiler, where an index out of bounds is an error")]
const fn sets() -> [FieldSet; Section::ALL.len()] {
    let mut sets = [FieldSet::EMPTY; Section::ALL.len()];
    let mut at = 0;
    while at < FIELD_COUNT {
        let row = &super::TABLE[at];
        let set = &mut sets[row.section as usize];
        *set = set.with(row.field);
        at += 1;
    }
    sets
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::ROWS;

    #[test]
    fn sections_follow_the_table_and_know_what_holds_them() {
        assert!(
            Section::ALL.is_sorted() && ROWS.is_sorted_by_key(|row| row.section),
            "the rows of a section stand together"
        );
        for section in Section::ALL {
            let fields: Vec<Field> = ROWS.iter().filter(|row| row.section == *section).map(|row| row.field).collect();
            assert!(!fields.is_empty() && section.fields().iter().eq(fields), "{section:?}");
            let kind = section.holder().map(|field| field.row().kind);
            match section {
                Section::Event => assert_eq!(kind, None),
                Section::Contents => assert_eq!(kind, Some(Kind::Contents)),
                _ => assert_eq!(kind, Some(Kind::Object(*section))),
            }
        }
        let objects = ROWS.iter().filter(|row| matches!(row.kind, Kind::Object(_))).count();
        assert_eq!(objects, Section::ALL.len() - 2, "an object has one place");
    }
}
