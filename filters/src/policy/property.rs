//! Properties of a site's own: keys of `custom_data` that are no field of the table, and to which a policy gives a closed form.
//!
//! Their number and their names are bounded by the policy, so they can be metric labels. A key that is neither field nor
//! property is an unknown key. They are kept, written and read back in the order of their names.

use std::sync::Arc;

use super::written::{WrittenForm, personal};
use crate::schema::{ROWS, Section};

/// Most properties of one policy.
pub(super) const MAX_PROPERTIES: usize = 32;
/// Longest name.
const MAX_NAME: usize = 40;
/// What stands before the name in a property's path.
pub(super) const SECTION: &str = "custom_data.";

/// Keys of `custom_data` under which senders tell this gateway of consent and place. They are read and never leave.
const SAID_OF_PERSONS: [&str; 3] = ["consent", "residence", "collection"];

/// The properties of a policy.
#[derive(Debug, Default)]
pub(crate) struct Properties(Vec<Property>);

/// One of them.
#[derive(Debug)]
pub(crate) struct Property {
    position: u8,
    path: Arc<str>,
    form: WrittenForm,
}

impl Properties {
    /// Of a policy that has none.
    pub(crate) const NONE: &'static Self = &Self(Vec::new());

    /// From paths and forms in the order of the paths; further ones than the most are left out.
    pub(super) fn new(sorted: impl IntoIterator<Item = (String, WrittenForm)>) -> Self {
        let positions = 0..u8::try_from(MAX_PROPERTIES).unwrap_or(u8::MAX);
        let numbered = positions.zip(sorted);
        Self(numbered.map(|(position, (path, form))| Property { position, path: path.into(), form }).collect())
    }

    /// The property with this key in `custom_data`. Keys are compared exactly, as Meta does.
    pub(crate) fn find(&self, name: &str) -> Option<&Property> {
        let at = self.0.binary_search_by(|property| property.name().cmp(name)).ok()?;
        self.0.get(at)
    }

    /// All of them, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Property> {
        self.0.iter()
    }
}

impl Property {
    /// Its place among the properties of its policy.
    pub(crate) fn position(&self) -> u8 {
        self.position
    }

    /// Its path, such as `custom_data.loyalty_tier`.
    pub(crate) fn path(&self) -> &Arc<str> {
        &self.path
    }

    /// Its key in `custom_data`.
    pub(crate) fn name(&self) -> &str {
        self.path.strip_prefix(SECTION).unwrap_or_default()
    }

    /// The form in which it leaves.
    pub(crate) fn form(&self) -> &WrittenForm {
        &self.form
    }
}

/// Why a name cannot be that of a property.
pub(super) fn check_name(name: &str) -> Result<(), String> {
    let starts = name.starts_with(|first: char| first.is_ascii_alphabetic());
    if !starts || name.len() > MAX_NAME || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return Err(format!(
            "the name of a property starts with a letter and holds only letters, digits and _, {MAX_NAME} characters at most"
        ));
    }
    let mut fields = ROWS.iter().filter(|row| row.section == Section::CustomData);
    if let Some(row) = fields.find(|row| row.name.eq_ignore_ascii_case(name)) {
        return Err(format!("is the field {} but for its case; write it so", row.path));
    }
    if let Some(reserved) = SAID_OF_PERSONS.iter().find(|reserved| reserved.eq_ignore_ascii_case(name)) {
        return Err(format!(
            "`{reserved}` is what a sender says of the person to this gateway, and never leaves; choose another name"
        ));
    }
    personal(name).map_or(Ok(()), |reason| Err(reason.to_owned()))
}
