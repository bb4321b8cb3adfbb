//! What stands for a person in stored events where the policy made a keyed digest of an id.

use super::Identifier;
use crate::pseudonym::PseudonymKey;
use crate::schema::{Field, HashRule, Kind, ROWS, Section};

/// The pseudonyms of these identifiers in every field of a person's that a policy may pseudonymize. The pseudonym is made of the
/// SHA-256 of an id, which is what an identifier is, so that it is known without the id.
pub fn pseudonyms(key: &PseudonymKey, identifiers: &[Identifier]) -> Vec<Identifier> {
    let of_field = |field: Field| identifiers.iter().map(move |one| Identifier(key.pseudonym(field.path(), one.digest())));
    fields().flat_map(of_field).collect()
}

/// The fields of a person's that a policy may pseudonymize.
fn fields() -> impl Iterator<Item = Field> {
    let rows = ROWS.iter().filter(|row| row.section == Section::UserData);
    rows.filter(|row| match row.kind {
        Kind::Hashed(_) => row.hash != HashRule::Must,
        Kind::Token => true,
        _ => false,
    })
    .map(|row| row.field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_are_those_that_a_policy_may_pseudonymize() {
        let fields: Vec<&str> = fields().map(Field::path).collect();
        assert_eq!(fields, ["user_data.external_id", "user_data.subscription_id", "user_data.anon_id"]);
    }
}
