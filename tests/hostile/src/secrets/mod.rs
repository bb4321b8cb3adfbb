//! What must not leave: made-up secrets of every kind, each with the traces by which a checker recognises it.
//!
//! The words of health are written down here by hand and not taken from the product's lexicon, so that a term which the lexicon
//! lacks is found. Numbers have valid check digits: a detector that validates must not be let off.

mod codes;
mod health;
mod numbers;
mod person;

pub(crate) use health::digests;

use crate::chance::Chance;

/// What a secret is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    // Words of health, which are signals by themselves.
    Drug,
    Condition,
    Procedure,
    Topic,
    /// Has an everyday sense too, which no word beside it gives here.
    Ambiguous,
    Spanish,
    /// The SHA-256, SHA-1 or MD5 of a word of health.
    HealthDigest,
    // Words that are signals on sites of health only.
    Misspelling,
    Specialty,
    // Codes of health, which are signals under a key that says so.
    Ndc,
    Icd10,
    Hcpcs,
    RxNumber,
    // Numbers by which medicine knows a person.
    Npi,
    Dea,
    RecordNumber,
    MemberId,
    Mbi,
    // What identifies a person.
    Email,
    Phone,
    Ssn,
    Itin,
    Card,
    Iban,
    Routing,
    Passport,
    Doctor,
    Name,
    BirthDate,
    Appointment,
    StreetAddress,
    Coordinates,
    IpAddress,
    Vin,
    Imei,
    // What opens a door.
    Jwt,
    ApiKey,
}

impl Kind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[
        Self::Drug,
        Self::Condition,
        Self::Procedure,
        Self::Topic,
        Self::Ambiguous,
        Self::Spanish,
        Self::HealthDigest,
        Self::Misspelling,
        Self::Specialty,
        Self::Ndc,
        Self::Icd10,
        Self::Hcpcs,
        Self::RxNumber,
        Self::Npi,
        Self::Dea,
        Self::RecordNumber,
        Self::MemberId,
        Self::Mbi,
        Self::Email,
        Self::Phone,
        Self::Ssn,
        Self::Itin,
        Self::Card,
        Self::Iban,
        Self::Routing,
        Self::Passport,
        Self::Doctor,
        Self::Name,
        Self::BirthDate,
        Self::Appointment,
        Self::StreetAddress,
        Self::Coordinates,
        Self::IpAddress,
        Self::Vin,
        Self::Imei,
        Self::Jwt,
        Self::ApiKey,
    ];

    /// Whether it is a word of health, whose digest tells as much as itself.
    pub fn is_health_word(self) -> bool {
        matches!(
            self,
            Self::Drug
                | Self::Condition
                | Self::Procedure
                | Self::Topic
                | Self::Ambiguous
                | Self::Spanish
                | Self::Misspelling
                | Self::Specialty
        )
    }

    /// Whether it is a code that says something of health to whoever knows that it is one.
    pub fn is_health_code(self) -> bool {
        matches!(self, Self::Ndc | Self::Icd10 | Self::Hcpcs | Self::RxNumber)
    }

    /// Whether nothing but the key beside it tells it from a number of an order or of goods.
    pub fn needs_key(self) -> bool {
        matches!(
            self,
            Self::Ndc
                | Self::Icd10
                | Self::Hcpcs
                | Self::RxNumber
                | Self::Npi
                | Self::Dea
                | Self::RecordNumber
                | Self::MemberId
                | Self::Routing
                | Self::Passport
                | Self::BirthDate
                | Self::Appointment
                | Self::Vin
                | Self::Imei
                | Self::Name
        )
    }

    /// Whether it is a number, or a name: what an id of a shop can look like by chance.
    pub fn looks_like_an_id(self) -> bool {
        self.needs_key()
            || matches!(
                self,
                Self::Phone
                    | Self::Ssn
                    | Self::Itin
                    | Self::Card
                    | Self::Coordinates
                    | Self::IpAddress
                    | Self::Doctor
                    | Self::StreetAddress
            )
    }
}

/// A secret.
#[derive(Debug, Clone)]
pub struct Secret {
    /// What it is.
    pub kind: Kind,
    /// As a site would write it.
    pub text: String,
    /// The key under which a site would keep it, if that is what tells it.
    pub key: Option<&'static str>,
    /// Letters and digits in lower case, of which none may be found in what leaves.
    pub traces: Vec<String>,
}

impl Secret {
    /// One of a kind.
    pub fn of(kind: Kind, chance: &mut Chance) -> Self {
        match kind {
            Kind::Drug
            | Kind::Condition
            | Kind::Procedure
            | Kind::Topic
            | Kind::Ambiguous
            | Kind::Spanish
            | Kind::HealthDigest
            | Kind::Misspelling
            | Kind::Specialty => health::secret(kind, chance),
            Kind::Ndc | Kind::Icd10 | Kind::Hcpcs | Kind::RxNumber | Kind::Npi | Kind::Dea | Kind::RecordNumber => {
                codes::secret(kind, chance)
            }
            Kind::MemberId | Kind::Mbi => codes::secret(kind, chance),
            Kind::Phone | Kind::Ssn | Kind::Itin | Kind::Card | Kind::Iban | Kind::Routing | Kind::Passport => {
                numbers::secret(kind, chance)
            }
            Kind::Vin | Kind::Imei => numbers::secret(kind, chance),
            Kind::Email
            | Kind::Doctor
            | Kind::Name
            | Kind::BirthDate
            | Kind::Appointment
            | Kind::StreetAddress
            | Kind::Coordinates
            | Kind::IpAddress
            | Kind::Jwt
            | Kind::ApiKey => person::secret(kind, chance),
        }
    }

    fn new(kind: Kind, text: String) -> Self {
        let traces = vec![glued(&text)];
        Self { kind, text, key: None, traces }
    }

    fn keyed(kind: Kind, key: &'static str, text: String) -> Self {
        Self { key: Some(key), ..Self::new(kind, text) }
    }
}

/// Letters and digits of a text, in lower case.
pub(crate) fn glued(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trace_is_too_long_to_be_met_by_chance() {
        let mut chance = Chance::new(7);
        for kind in Kind::ALL {
            // A code of medicine is short, but holds a letter that no hexadecimal digit is.
            let shortest = if *kind == Kind::Hcpcs { 5 } else { 6 };
            for _ in 0..200 {
                let secret = Secret::of(*kind, &mut chance);
                assert_eq!(secret.kind, *kind);
                assert!(
                    !secret.traces.is_empty() && secret.traces.iter().all(|trace| trace.len() >= shortest),
                    "{secret:?}"
                );
                assert!(secret.key.is_some() || !kind.needs_key() || *kind == Kind::Name, "{secret:?}");
            }
        }
    }
}
