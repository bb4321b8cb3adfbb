//! `[consent]`, `[residence]` and `[[jurisdiction]]` as they are written.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::consent::rules::Require;

/// What has to be there before an event of a person may leave at all. Without this table nothing has to; that somebody said no, or
/// said something that cannot be read, keeps the event back under every policy.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::policy) struct Consent {
    /// What has to be there. What it comes to where nothing is said is the difference between the words.
    pub(in crate::policy) require: Require,
    /// What consent is asked for under `opt_in`: `marketing`, or `marketing` and `health`. Without this line: `marketing`.
    #[serde(default)]
    #[schemars(with = "Vec<Purpose>", length(min = 1))]
    pub(in crate::policy) purposes: Option<Vec<Purpose>>,
    /// Whether Global Privacy Control is a no. Without this line: yes under `opt_in` and `opt_out`, no under `none`.
    #[serde(default)]
    #[schemars(with = "bool")]
    pub(in crate::policy) honor_gpc: Option<bool>,
    /// For how many days a consent under `opt_in` counts, from the time at which it was given; one without a time then counts as
    /// none. Without this line it does not age.
    #[serde(default)]
    #[schemars(with = "u32", range(min = 1, max = 3650))]
    pub(in crate::policy) max_age_days: Option<u32>,
}

/// What consent is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::policy) enum Purpose {
    /// That Meta learns of the event and uses it for advertising.
    Marketing,
    /// That what tells of the person's health is used so.
    Health,
}

/// By what it is known which jurisdictions apply. An event of whose person the residence is not known counts as one of each.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::policy) struct Residence {
    /// Where an event tells the residence: in the sender's `residence`, or there and in `user_data.country` with `user_data.st`.
    /// Where they differ, both count.
    #[serde(default = "from_sender")]
    #[schemars(length(min = 1))]
    pub(in crate::policy) read: Vec<ResidenceSource>,
    /// Where the site collects, such as `US-WA`: what protects data that is collected there applies to every event.
    #[serde(default)]
    pub(in crate::policy) collected_in: Vec<String>,
}

impl Default for Residence {
    fn default() -> Self {
        Self { read: from_sender(), collected_in: Vec::new() }
    }
}

fn from_sender() -> Vec<ResidenceSource> {
    vec![ResidenceSource::Residence]
}

/// What tells where a person lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::policy) enum ResidenceSource {
    /// What the sender says in `residence`.
    Residence,
    /// `user_data.country` and `user_data.st`, whether they leave or not.
    Address,
}

/// A law that narrows what leaves of those whom it protects: a pack that comes with the program, by its name alone, or one that is
/// written here. It only ever asks for more than `[consent]` does.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::policy) struct Jurisdiction {
    /// The pack, such as `US-WA`. No other key stands beside it.
    #[serde(default)]
    #[schemars(schema_with = "crate::policy::json_schema::packs")]
    pub(in crate::policy) pack: Option<String>,
    /// The name of one that is written here, for reports and metrics: 1 to 20 letters, digits and -.
    #[serde(default)]
    #[schemars(with = "String")]
    pub(in crate::policy) name: Option<String>,
    /// Whom it protects, by where they live or where the data is collected: countries such as `FR`, parts of them such as `US-WA`.
    #[serde(default)]
    #[schemars(with = "Vec<String>", length(min = 1))]
    pub(in crate::policy) regions: Option<Vec<String>>,
    /// The day from which on it applies, in quotes: `"2024-03-31"`.
    #[serde(default)]
    #[schemars(with = "String", regex(pattern = r"^20[0-9]{2}-[0-9]{2}-[0-9]{2}$"))]
    pub(in crate::policy) effective: Option<String>,
    /// Where it is written, for who reviews the policy.
    #[serde(default)]
    #[schemars(with = "String")]
    pub(in crate::policy) citation: Option<String>,
    /// Why it stands here, for who reviews the policy.
    #[serde(default)]
    #[schemars(with = "String")]
    pub(in crate::policy) because: Option<String>,
    /// What has to be there, where that is more than `[consent]` requires.
    #[serde(default)]
    #[schemars(with = "Require")]
    pub(in crate::policy) require: Option<Require>,
    /// What consent is asked for, where that is more than `[consent]` asks.
    #[serde(default)]
    #[schemars(with = "Vec<Purpose>", length(min = 1))]
    pub(in crate::policy) purposes: Option<Vec<Purpose>>,
    /// Whether Global Privacy Control is a no. Without this line: yes where `require` stands here.
    #[serde(default)]
    #[schemars(with = "bool")]
    pub(in crate::policy) honor_gpc: Option<bool>,
    /// For how many days a consent counts, where that is less than in `[consent]`.
    #[serde(default)]
    #[schemars(with = "u32", range(min = 1, max = 3650))]
    pub(in crate::policy) max_age_days: Option<u32>,
    /// Whether its events leave under Meta's Limited Data Use only.
    #[serde(default)]
    #[schemars(with = "bool")]
    pub(in crate::policy) limited_data_use: Option<bool>,
    /// Whether an event that speaks of health is dropped whole, also where `[health]` would only drop its goods.
    #[serde(default)]
    #[schemars(with = "bool")]
    pub(in crate::policy) drop_health: Option<bool>,
    /// Fields that do not leave of them, as paths such as `user_data.ph`.
    #[serde(default)]
    #[schemars(with = "Vec<String>", length(min = 1))]
    pub(in crate::policy) remove: Option<Vec<String>>,
}
