//! What a policy asks of an event because of the person: `[consent]`, `[residence]` and `[[jurisdiction]]`, compiled.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::region::Region;
use crate::policy::Narrowed;

/// What has to be there before an event may leave. The later, the stricter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Require {
    /// Nothing; a denial counts all the same.
    #[default]
    #[serde(rename = "none")]
    Nothing,
    /// That nobody said no, in any of the ways in which it can be said.
    OptOut,
    /// That the person said yes.
    OptIn,
}

/// What consent is for. Never empty: marketing is always one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Purposes {
    /// That a conversion of the person is used for advertising is what this interface is about. The use of what tells of health is
    /// consented to by itself.
    pub(crate) health: bool,
}

/// What is asked of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Terms {
    pub(crate) require: Require,
    pub(crate) purposes: Purposes,
    /// Whether Global Privacy Control is a denial.
    pub(crate) honor_gpc: bool,
    /// Consent that is older counts as none; nothing here: it does not age.
    pub(crate) max_age_secs: Option<u64>,
}

impl Terms {
    /// What satisfies both.
    pub(crate) fn strictest(self, other: Self) -> Self {
        Self {
            require: self.require.max(other.require),
            purposes: Purposes { health: self.purposes.health || other.purposes.health },
            honor_gpc: self.honor_gpc || other.honor_gpc,
            max_age_secs: match (self.max_age_secs, other.max_age_secs) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            },
        }
    }

    /// Whether what satisfies these satisfies `other` too.
    pub(crate) fn ask_at_least(self, other: Self) -> bool {
        self.strictest(other) == self
    }
}

/// A law, as far as it narrows what leaves of those whom it protects.
#[derive(Debug)]
pub(crate) struct Jurisdiction {
    /// Its name in reports and metrics, such as `US-WA`.
    pub(crate) id: Box<str>,
    /// Where the people live, or the data is collected, that it protects.
    pub(crate) regions: Box<[Region]>,
    /// From when on it is in force, in seconds since 1970.
    pub(crate) effective_secs: u64,
    pub(crate) terms: Terms,
    /// Whether events leave under Meta's Limited Data Use only.
    pub(crate) limits_data_use: bool,
    /// Whether an event that speaks of health is dropped whole, whatever `[health]` says.
    pub(crate) drops_health: bool,
    /// What it takes away besides.
    pub(crate) remove: Narrowed,
}

/// What the policy says of all events, and of those of some places.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    pub(crate) terms: Terms,
    /// Whether `user_data.country` and `user_data.st` tell where a person lives, beside the sender's `residence`.
    pub(crate) reads_address: bool,
    /// Where the site collects, whoever the person is.
    pub(crate) collected_in: Box<[Region]>,
    pub(crate) jurisdictions: Box<[Jurisdiction]>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strictest_of_two_satisfies_both() {
        let opt_out = Terms { require: Require::OptOut, max_age_secs: Some(60), ..Terms::default() };
        let opt_in = Terms { require: Require::OptIn, honor_gpc: true, max_age_secs: Some(90), ..Terms::default() };
        let health = Terms { purposes: Purposes { health: true }, ..Terms::default() };
        let all = opt_out.strictest(opt_in).strictest(health);
        let expected =
            Terms { require: Require::OptIn, purposes: Purposes { health: true }, honor_gpc: true, max_age_secs: Some(60) };
        assert_eq!(all, expected);
        assert_eq!(health.strictest(opt_in).strictest(opt_out), expected);
    }
}
