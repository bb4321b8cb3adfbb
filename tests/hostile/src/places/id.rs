//! Ids that hold more than an id: glued to a number, or in the form of a cookie.

use portcullis_filters::schema::Field;

use crate::chance::Chance;

/// How a secret stands in an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IdForm {
    /// `order-SECRET-1234`
    Between,
    /// `SECRET_1234`
    First,
    /// `fb.1.1790990000123.SECRET`
    CookieEnd,
    /// `fb.1.1790990000123.IwAR0abSECRETxyZ9`, long enough for a click id.
    CookieInside,
    /// Filled up to the 26 characters of a ULID.
    Ulid,
}

const IDS: &[Field] =
    &[Field::EventId, Field::OrderId, Field::ContentIds, Field::ItemId, Field::ExternalId, Field::EventName];

impl IdForm {
    /// Every form, with the fields that have ids of the kind.
    pub(super) fn all() -> Vec<(Field, Self)> {
        let glued = IDS.iter().flat_map(|field| [(*field, Self::Between), (*field, Self::First)]);
        let cookies =
            [Field::Fbp, Field::Fbc].into_iter().flat_map(|field| [(field, Self::CookieEnd), (field, Self::CookieInside)]);
        glued.chain(cookies).chain([(Field::EventId, Self::Ulid)]).collect()
    }

    pub(super) fn with(self, text: &str, chance: &mut Chance) -> String {
        match self {
            Self::Between => format!("{}-{text}-{}", chance.pick(&["order", "evt", "p"]), chance.digits(4)),
            Self::First => format!("{text}_{}", chance.digits(3)),
            Self::CookieEnd => format!("fb.1.1790990000123.{text}"),
            Self::CookieInside => {
                let fill = chance.text("abcdefgHJKLMNPQRSTuvwxyz0123456789", 12);
                let glue = chance.pick(&["-", "_"]);
                format!("fb.1.1790990000123.IwAR0a{glue}{text}{glue}{fill}Zq9")
            }
            Self::Ulid => {
                let fill = 26usize.saturating_sub(text.len() + 2);
                format!("01{text}{}", "0".repeat(fill))
            }
        }
    }
}
