//! The rules between the members of an event: what each kind of event needs, and how old it may be.
//!
//! Meta's subcodes are given where they are known, else none. What a rule asks is said without a value. Where Meta says that a
//! member is required and is known to take events without it, as with the user agent of a website, there is no rule; nor for
//! what it says will be of no use, as an attribution that comes more than 48 hours after its event.

use serde_json::{Map, Value};

const DAY_SECS: i64 = 24 * 60 * 60;

/// Meta documents no bound on the future; clocks that differ by more than this are a mistake.
const MAX_AHEAD_SECS: i64 = 10 * 60;

/// `event_time` is too old.
const TOO_OLD: u32 = 2_804_003;
/// A purchase without amount or currency.
const NO_AMOUNT: u32 = 2_804_010;
/// Too little about the person.
const INSUFFICIENT_USER_DATA: u32 = 2_804_050;

/// One rule: the subcode of a breach, what it asks, and whether an event keeps it.
struct Rule {
    subcode: u32,
    asks: &'static str,
    kept: fn(&Event<'_>) -> bool,
}

/// A rule that was not kept.
#[derive(Debug)]
pub(super) struct Breach {
    /// Meta's subcode, or 0.
    pub(super) subcode: u32,
    /// What was asked.
    pub(super) asks: &'static str,
}

static RULES: &[Rule] = &[
    Rule {
        subcode: TOO_OLD,
        asks: "event_time is older than Meta takes",
        kept: |event| {
            event.age_secs <= if event.is("action_source", "physical_store") { 62 * DAY_SECS } else { 7 * DAY_SECS }
        },
    },
    Rule { subcode: 0, asks: "event_time is in the future", kept: |event| event.age_secs >= -MAX_AHEAD_SECS },
    Rule {
        subcode: NO_AMOUNT,
        asks: "a Purchase needs custom_data.value and custom_data.currency",
        kept: |event| !event.is("event_name", "Purchase") || event.has("custom_data", &["value", "currency"]),
    },
    Rule {
        subcode: 0,
        asks: "an event of a website needs event_source_url",
        kept: |event| !event.is("action_source", "website") || event.members.contains_key("event_source_url"),
    },
    Rule {
        subcode: 0,
        asks: "an event of an app needs app_data with both flags of tracking and extinfo",
        kept: |event| {
            let needed = ["advertiser_tracking_enabled", "application_tracking_enabled", "extinfo"];
            !event.is("action_source", "app") || event.has("app_data", &needed)
        },
    },
    Rule {
        subcode: 0,
        asks: "an event of messaging needs messaging_channel and the ids of that channel in user_data",
        kept: |event| !event.is("action_source", "business_messaging") || event.names_its_channel(),
    },
    Rule {
        subcode: 0,
        asks: "an event of a CRM needs custom_data.lead_event_source",
        kept: |event| {
            let is_of_crm =
                event.is("action_source", "system_generated") && event.says("custom_data", "event_source", "crm");
            !is_of_crm || event.has("custom_data", &["lead_event_source"])
        },
    },
    Rule {
        subcode: 0,
        asks: "an attribution needs the event in original_event_data that it belongs to, by name and id or order",
        kept: |event| !event.is("event_name", "AppendAttribution") || event.names_its_original(),
    },
    Rule {
        subcode: 0,
        asks: "limited data use needs a country, and in the United States a state",
        kept: |event| event.limits_in_full(),
    },
    Rule {
        subcode: INSUFFICIENT_USER_DATA,
        asks: "user_data says too little about the person",
        kept: |event| event.says_enough(),
    },
];

/// `user_data` that holds members of one of these sets only is not enough for Meta.
static INSUFFICIENT: &[&[&str]] =
    &[&["ct", "country", "st", "zp", "ge", "client_user_agent"], &["db", "client_user_agent"], &["fn", "ge"], &["ln", "ge"]];

/// The ids of each channel: one of each set. An account has had several names in Meta's examples.
static CHANNEL_IDS: &[(&str, &[&[&str]])] = &[
    ("whatsapp", &[&["ctwa_clid"], &["whatsapp_business_account_id", "page_id"]]),
    ("messenger", &[&["page_scoped_user_id"], &["page_id"]]),
    ("instagram", &[&["ig_sid"], &["ig_account_id", "instagram_business_account_id", "page_id"]]),
];

/// The first rule that an event does not keep. Its members have the right form.
pub(super) fn first_breach(members: &Map<String, Value>, now_ms: u64) -> Option<Breach> {
    let time = members.get("event_time").and_then(Value::as_i64).unwrap_or(i64::MAX);
    let now_secs = i64::try_from(now_ms / 1000).unwrap_or(i64::MAX);
    let event = Event { members, age_secs: now_secs.saturating_sub(time) };
    let broken = RULES.iter().find(|rule| !(rule.kept)(&event))?;
    Some(Breach { subcode: broken.subcode, asks: broken.asks })
}

struct Event<'a> {
    members: &'a Map<String, Value>,
    age_secs: i64,
}

impl Event<'_> {
    fn is(&self, key: &str, word: &str) -> bool {
        self.members.get(key).and_then(Value::as_str) == Some(word)
    }

    fn object(&self, key: &str) -> Option<&Map<String, Value>> {
        self.members.get(key).and_then(Value::as_object)
    }

    fn says(&self, object: &str, key: &str, word: &str) -> bool {
        self.object(object).and_then(|held| held.get(key)).and_then(Value::as_str) == Some(word)
    }

    fn has(&self, object: &str, keys: &[&str]) -> bool {
        self.object(object).is_some_and(|held| keys.iter().all(|key| held.contains_key(*key)))
    }

    fn names_its_channel(&self) -> bool {
        let channel = CHANNEL_IDS.iter().find(|(channel, _)| self.is("messaging_channel", channel));
        channel.is_some_and(|(_, ids)| ids.iter().all(|one_of| one_of.iter().any(|key| self.has("user_data", &[key]))))
    }

    fn names_its_original(&self) -> bool {
        let has = |key: &str| self.has("original_event_data", &[key]);
        has("event_name") && (has("event_id") || has("order_id"))
    }

    fn limits_in_full(&self) -> bool {
        let options = self.members.get("data_processing_options").and_then(Value::as_array);
        let country = self.members.get("data_processing_options_country").and_then(Value::as_i64);
        options.is_none_or(Vec::is_empty)
            || country == Some(0)
            || (country == Some(1) && self.members.contains_key("data_processing_options_state"))
    }

    fn says_enough(&self) -> bool {
        let held = self.object("user_data");
        held.is_some_and(|held| !INSUFFICIENT.iter().any(|set| held.keys().all(|key| set.contains(&key.as_str()))))
    }
}
