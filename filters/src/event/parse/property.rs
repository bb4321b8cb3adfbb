//! Reads the value of a property of the site's own: a scalar, for a property has no list and no object that could leave.

use serde::de::MapAccess;

use super::State;
use super::scalar::ScalarSeed;
use crate::policy::Property;
use crate::refusal::Rule;
use crate::schema::Field;

/// Reads the value that follows the key of a property.
pub(super) fn read<'de, A: MapAccess<'de>>(
    state: &mut State<'de>,
    map: &mut A,
    property: &'de Property,
    depth: u8,
) -> Result<(), A::Error> {
    let path = Field::CustomData.path();
    let value = map.next_value_seed(ScalarSeed { state, name: property.name(), path, depth })?;
    if state.properties.iter().any(|(other, _)| other.position() == property.position()) {
        return Err(state.refuse(path, Rule::DuplicateKey));
    }
    state.properties.push((property, value));
    Ok(())
}
