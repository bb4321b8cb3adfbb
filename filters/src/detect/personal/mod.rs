//! What identifies a person, in a text that is about to leave.
//!
//! One noun, one file: its shapes, which tell alone, and its keys, which tell of the value under them. Which shape acts where is
//! its `Reach`: an id of a shop is often like somebody's number, so there only shapes act that no random id has; what an id
//! holds wrapped is text. Names in free text are left to the closed forms, and so are digits under no key.

mod digits;
mod keyed;
mod scope;
mod shape;

mod dates;

mod appointment;
mod coordinates;
mod credential;
mod device_id;
mod email;
mod health_id;
mod intake;
mod ip_address;
mod national_id;
mod payment;
mod person_name;
mod phone;
mod street_address;

#[cfg(test)]
mod chance;
#[cfg(test)]
mod tests;

use self::keyed::Keyed;
use self::shape::Shape;
use super::{Reading, Setting, Unwrapper, Work, WorkLimit};
use crate::report::Reason;

/// What a text is, as far as that decides which detectors act on it as it stands. What it holds wrapped is text in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Words of any sort.
    Text,
    /// An id: of an event, an order, an article; a token. Much that looks like somebody's number is none there.
    Id,
    /// `fbp`, `fbc`, a click id: long and random.
    ClickId,
}

/// Looks through a text that is about to leave; the reason is the detector that hits. `key` is empty for a key of the table.
pub(crate) fn find(
    setting: Setting,
    role: Role,
    key: &str,
    text: &str,
    unwrapper: &mut Unwrapper,
    work: &mut Work,
) -> Result<Option<Reason>, WorkLimit> {
    let mut found = None;
    let walk = unwrapper.readings(key, text, work, &mut |reading, work| {
        found = read(setting, role, key, reading, work)?;
        // One hit is enough, and the only way to end the walk is to fail it.
        if found.is_some() { Err(WorkLimit) } else { Ok(()) }
    });
    match found {
        Some(reason) => Ok(Some(reason)),
        None => walk.map(|()| None),
    }
}

/// Looks through words that a policy itself would send: as text of a health site, whatever the policy is for. What only clinical
/// sites look for is left out, because words of a policy are often like it.
pub(crate) fn literal(text: &str) -> Option<Reason> {
    let mut work = Work::for_event(text.len());
    find(Setting::Health, Role::Text, "", text, &mut Unwrapper::default(), &mut work).unwrap_or(Some(Reason::WorkLimit))
}

/// What a value that a policy would send is by the name of its property.
pub(crate) fn by_key(setting: Setting, name: &str, value: &str) -> Option<Reason> {
    keyed::find(setting, name, value)
}

/// The shapes and the keys of one noun.
struct Noun {
    shapes: &'static [Shape],
    keyed: &'static [Keyed],
}

/// Whatever is found first gives the reason, so what tells most stands first.
const NOUNS: &[Noun] = &[
    Noun { shapes: email::SHAPES, keyed: email::KEYED },
    Noun { shapes: credential::SHAPES, keyed: credential::KEYED },
    Noun { shapes: payment::SHAPES, keyed: payment::KEYED },
    Noun { shapes: national_id::SHAPES, keyed: national_id::KEYED },
    Noun { shapes: health_id::SHAPES, keyed: health_id::KEYED },
    Noun { shapes: phone::SHAPES, keyed: phone::KEYED },
    Noun { shapes: intake::SHAPES, keyed: intake::KEYED },
    Noun { shapes: appointment::SHAPES, keyed: appointment::KEYED },
    Noun { shapes: ip_address::SHAPES, keyed: ip_address::KEYED },
    Noun { shapes: coordinates::SHAPES, keyed: coordinates::KEYED },
    Noun { shapes: device_id::SHAPES, keyed: device_id::KEYED },
    Noun { shapes: street_address::SHAPES, keyed: street_address::KEYED },
    Noun { shapes: person_name::SHAPES, keyed: person_name::KEYED },
];

/// How a reading stands: a [`Role`], or wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Text,
    Id,
    ClickId,
    /// A layer was taken off, and what is left is under no key of its own.
    Wrapped,
}

fn read(
    setting: Setting,
    role: Role,
    key: &str,
    reading: Reading<'_>,
    work: &mut Work,
) -> Result<Option<Reason>, WorkLimit> {
    // Two empty texts are not compared: on some processors that alone takes longer than all the rest.
    let own_key = !reading.key.is_empty() && reading.key != key;
    let standing = match (reading.depth, role) {
        (0, Role::Id) => Standing::Id,
        (0, Role::ClickId) => Standing::ClickId,
        (0, Role::Text) => Standing::Text,
        (1.., _) if own_key => Standing::Text,
        (1.., _) => Standing::Wrapped,
    };
    // A key inside an id of a shop is a part of that id: `member:10233`.
    let keys_tell = match standing {
        Standing::Text | Standing::Wrapped => true,
        Standing::Id => setting >= Setting::Health,
        Standing::ClickId => false,
    };
    if keys_tell && !reading.key.is_empty() {
        if let Some(reason) = keyed::find(setting, reading.key, reading.text) {
            return Ok(Some(reason));
        }
        if own_key && let Some(reason) = scope::find(setting, Standing::Text, reading.key, work)? {
            return Ok(Some(reason));
        }
    }
    scope::find(setting, standing, reading.text, work)
}
