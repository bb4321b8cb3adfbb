//! What the product claims, and what it does not: one table of what is outside, with the reason, and the rule that an event which
//! speaks of health never leaves with an identity.

use portcullis_filters::schema::{Field, Kind as FieldKind};

use crate::encodings::Chain;
use crate::ordinary::Site;
use crate::places::{IdForm, Place, Shape};
use crate::secrets::Kind;

/// A way by which something may leave that no detector could close without taking ordinary events away.
#[derive(Debug)]
pub struct Outside {
    /// What, where, and why.
    pub why: &'static str,
    /// In which words `policy explain` tells of it, as an open channel.
    pub told: &'static str,
    applies: fn(Site, Kind, Place, &Chain) -> bool,
}

/// Everything that is outside the claim. `policy explain` prints the same as open channels; a test holds the two together.
#[rustfmt::skip]
pub static OUTSIDE: &[Outside] = &[
    Outside {
        why: "an opaque id is random: a number that is filled up to its form cannot be told from it",
        told: "a number or a name that is filled up to that form",
        applies: |site, kind, place, chain| site != Site::Retail && is_opaque(place) && is_id_like(kind, chain),
    },
    Outside {
        why: "retail keeps event ids and ids of goods as they come: a number or a name in one cannot be told from an id",
        told: "any id of the right form leaves in which no detector finds a person",
        applies: |site, kind, place, chain| site == Site::Retail && is_kept_id(place) && kind.looks_like_an_id() && chain.all(crate::Encoding::is_spelling),
    },
    Outside {
        why: "in an id no key stands beside a number that is told by its key alone, however it is wrapped",
        told: "nor what only a key beside it would tell",
        applies: |_, kind, place, _| is_kept_id(place) && kind.needs_key(),
    },
    Outside {
        why: "Meta's browser id holds random digits, which a number cannot be told from",
        told: "a telephone or card number in their place leaves as they would",
        applies: |_, kind, place, chain| place.field() == Some(Field::Fbp) && is_id_like(kind, chain),
    },
    Outside {
        why: "a click id is random letters and digits, which a number or a name cannot be told from",
        told: "any text of 20 letters, digits, _ and - or more passes for a click id",
        applies: |_, kind, place, chain| is_click_id(place) && is_id_like(kind, chain),
    },
    Outside {
        why: "to retail a department of medicine alone is no signal, and goods may be named after one",
        told: "departments of medicine are not recognised",
        applies: |site, kind, place, _| site == Site::Retail && is_id_of_goods(place) && kind == Kind::Specialty,
    },
    Outside {
        why: "to retail a misspelled drug is another word; in mixed case it is to all",
        told: "a drug's name with a wrong letter is not recognised",
        applies: |site, kind, _, chain| kind == Kind::Misspelling && (site == Site::Retail || !chain.all(|encoding| encoding != crate::Encoding::MixedCase)),
    },
    Outside {
        why: "a user agent names a device by letters and digits, and some codes look like those",
        told: "names a device by letters and digits",
        applies: |_, kind, place, chain| in_user_agent(place) && kind.needs_key() && chain.all(crate::Encoding::is_plain),
    },
    Outside {
        why: "a number that fits the range of its field is that field's number",
        told: "any number within the range of its field leaves",
        applies: |_, kind, place, chain| is_number(place) && kind.looks_like_an_id() && chain.all(crate::Encoding::is_plain),
    },
    Outside {
        why: "retail keeps the visitor's IP address in its own field",
        told: "tells Meta which browser, device or household it was",
        applies: |site, kind, place, _| site == Site::Retail && kind == Kind::IpAddress && place.field() == Some(Field::ClientIpAddress),
    },
];

/// Why a secret of this kind at this place is outside the claim, if it is.
pub fn outside(site: Site, kind: Kind, place: Place, chain: &Chain) -> Option<&'static str> {
    OUTSIDE.iter().find(|outside| (outside.applies)(site, kind, place, chain)).map(|outside| outside.why)
}

/// What must become of an event that speaks of health.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Must {
    /// It does not leave.
    Drop,
    /// It does not leave, or without goods.
    LoseGoods,
    /// Nothing is claimed.
    Nothing,
}

/// What is claimed of an event with such a secret at such a place.
pub fn must(site: Site, kind: Kind, place: Place, chain: &Chain) -> Must {
    // What is packed in JSON that is written as a text stands under the key that JSON has for it.
    let has_other_key =
        !chain.all(|encoding| encoding != crate::Encoding::JsonObject) && !chain.all(|encoding| !encoding.is_packed());
    let speaks = match kind {
        // Many a name is one letter away from a drug's.
        Kind::Misspelling => {
            let plain = chain.all(|encoding| encoding != crate::Encoding::MixedCase);
            site != Site::Retail && plain && !is_name(place) && !in_user_agent(place)
        }
        // A word with an everyday sense says nothing where a name stands.
        Kind::Ambiguous => !is_name(place),
        Kind::Specialty => site != Site::Retail,
        // Five letters are too few to be looked for in base64 and hexadecimal digits, and seven within others.
        Kind::Hcpcs => place.has_key() && !has_other_key && chain.all(|encoding| !encoding.is_packed()),
        kind if kind.is_health_code() => {
            place.has_key() && !has_other_key && chain.all(|encoding| encoding != crate::Encoding::Base64Inside)
        }
        kind => kind == Kind::HealthDigest || kind.is_health_word(),
    };
    match (speaks, site) {
        (false, _) => Must::Nothing,
        (true, Site::Pharmacy | Site::Hospital) => Must::Drop,
        (true, Site::Retail) if always_drops(place) => Must::Drop,
        (true, Site::Retail) => Must::LoseGoods,
    }
}

/// Where a signal tells of the person and not of the goods.
fn always_drops(place: Place) -> bool {
    match place {
        Place::Page(_) | Place::Referrer(_) | Place::UnknownValue(..) => true,
        Place::Field(field, _) | Place::Id(field, _) => {
            matches!(field, Field::EventName | Field::EventId | Field::EventSourceUrl | Field::ReferrerUrl)
        }
        Place::KeyName(_) | Place::Agent(_) => false,
    }
}

fn is_id_of_goods(place: Place) -> bool {
    is_kept_id(place) && place.field() != Some(Field::EventId)
}

/// Ids that retail keeps as they come.
fn is_kept_id(place: Place) -> bool {
    let kept = |field| matches!(field, Field::EventId | Field::ContentIds | Field::ItemId);
    match place {
        Place::Field(field, shape) => kept(field) && matches!(shape, Shape::Text | Shape::InList | Shape::Number),
        Place::Id(field, _) => kept(field),
        _ => false,
    }
}

fn in_user_agent(place: Place) -> bool {
    place.field() == Some(Field::ClientUserAgent)
}

fn is_opaque(place: Place) -> bool {
    matches!(place, Place::Id(Field::EventId, IdForm::Ulid))
}

fn is_click_id(place: Place) -> bool {
    match place {
        Place::Id(field, _) => field == Field::Fbc,
        Place::Page(part) => part.is_click_id(),
        _ => false,
    }
}

/// A number or a name that nothing but a key tells, or that is not wrapped.
fn is_id_like(kind: Kind, chain: &Chain) -> bool {
    kind.looks_like_an_id() && (kind.needs_key() || chain.all(crate::Encoding::is_spelling))
}

/// Fields that hold somebody's name or town.
fn is_name(place: Place) -> bool {
    use Field::{City, FirstFiveOfFirstName, FirstFiveOfLastName, FirstName, Initial, LastName, State};
    matches!(
        place,
        Place::Field(FirstName | LastName | City | State | FirstFiveOfFirstName | FirstFiveOfLastName | Initial, _)
    )
}

fn is_number(place: Place) -> bool {
    let is_number = |field: Field| matches!(field.row().kind, FieldKind::Decimal { .. } | FieldKind::Integer { .. });
    matches!(place, Place::Field(field, Shape::Text | Shape::Number | Shape::InList) if is_number(field))
}
