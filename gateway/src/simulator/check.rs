//! The strict checks. One event that fails refuses the whole batch, as at Meta.
//!
//! `fields` says which members there are and what form each has; here stand the rules between them. Meta's subcodes are given
//! where they are known, else none. A message names the place and the rule, never a value and never the name of an unknown key.

use std::net::IpAddr;

use serde_json::{Map, Value};
use url::Url;

use super::answer::Refusal;
use super::fields::{ENVELOPE, EVENT, Form, Shape};
use super::request::Posted;

const DAY_SECS: i64 = 24 * 60 * 60;

/// Meta documents no bound on the future; clocks that differ by more than this are a mistake.
const MAX_AHEAD_SECS: i64 = 10 * 60;

/// `event_time` is too old.
const TOO_OLD: u32 = 2_804_003;
/// A purchase without amount or currency.
const NO_AMOUNT: u32 = 2_804_010;
/// Too little about the person.
const INSUFFICIENT_USER_DATA: u32 = 2_804_050;

/// One rule between the members of an event: the subcode of a breach, what it asks, and whether an event keeps it.
struct Rule {
    subcode: u32,
    asks: &'static str,
    kept: fn(&Event<'_>) -> bool,
}

static RULES: &[Rule] = &[
    Rule {
        subcode: TOO_OLD,
        asks: "event_time is older than Meta takes",
        kept: |event| event.age_secs <= event.max_age_secs(),
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
        asks: "an event of an app needs app_data",
        kept: |event| !event.is("action_source", "app") || event.members.contains_key("app_data"),
    },
    Rule {
        subcode: 0,
        asks: "an event of messaging needs messaging_channel",
        kept: |event| !event.is("action_source", "business_messaging") || event.members.contains_key("messaging_channel"),
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

/// Checks everything that a request holds.
pub(super) fn batch(posted: &Posted, now_ms: u64) -> Result<(), Refusal> {
    shape("", &posted.envelope, &ENVELOPE)?;
    for (index, event) in posted.events.iter().enumerate() {
        check_event(&format!("data[{index}]"), &event.value, now_ms)?;
    }
    Ok(())
}

fn check_event(place: &str, members: &Map<String, Value>, now_ms: u64) -> Result<(), Refusal> {
    shape(place, members, &EVENT)?;
    let time = members.get("event_time").and_then(Value::as_i64).unwrap_or(i64::MAX);
    let now_secs = i64::try_from(now_ms / 1000).unwrap_or(i64::MAX);
    let event = Event { members, age_secs: now_secs.saturating_sub(time) };
    match RULES.iter().find(|rule| !(rule.kept)(&event)) {
        Some(rule) => Err(Refusal::parameter_with(rule.subcode, &format!("{place}: {}", rule.asks))),
        None => Ok(()),
    }
}

/// An event whose members have the right form.
struct Event<'a> {
    members: &'a Map<String, Value>,
    age_secs: i64,
}

impl Event<'_> {
    fn is(&self, key: &str, word: &str) -> bool {
        self.members.get(key).and_then(Value::as_str) == Some(word)
    }

    fn has(&self, object: &str, keys: &[&str]) -> bool {
        self.members
            .get(object)
            .and_then(Value::as_object)
            .is_some_and(|held| keys.iter().all(|key| held.contains_key(*key)))
    }

    fn max_age_secs(&self) -> i64 {
        if self.is("action_source", "physical_store") { 62 * DAY_SECS } else { 7 * DAY_SECS }
    }

    fn says_enough(&self) -> bool {
        let held = self.members.get("user_data").and_then(Value::as_object);
        held.is_some_and(|held| !INSUFFICIENT.iter().any(|set| held.keys().all(|key| set.contains(&key.as_str()))))
    }
}

/// Whether an object has the members that it must have, and no others than it may.
fn shape(place: &str, held: &Map<String, Value>, shape: &'static Shape) -> Result<(), Refusal> {
    for member in shape.members {
        match held.get(member.key) {
            None if member.needed => return Err(wrong(&under(place, member.key), "is missing")),
            None => {}
            Some(Value::Null) if shape.nullable => {}
            Some(value) => form(&under(place, member.key), value, member.form)?,
        }
    }
    let known = |key: &String| shape.members.iter().any(|member| member.key == key);
    if !shape.open && !held.keys().all(known) {
        return Err(wrong(place, "holds a key that Meta does not document"));
    }
    Ok(())
}

/// Whether a value has its form.
fn form(place: &str, value: &Value, form: Form) -> Result<(), Refusal> {
    let text = value.as_str();
    let matches = |test: fn(&str) -> bool| text.is_some_and(test);
    let (kept, asks) = match form {
        Form::Text => (matches(is_text), "must be a string that is not empty"),
        Form::Texts => (one_or_list(value, is_text), "must be a string or a list of strings, none empty"),
        Form::TextList => (list(value, is_text), "must be a list of strings, none empty"),
        Form::Begins(start) => (text.is_some_and(|text| text.starts_with(start)), "does not begin as it must"),
        Form::Words(words) => (text.is_some_and(|text| words.contains(&text)), "must be a word of Meta's list"),
        Form::WordList(words) => (
            value.as_array().is_some_and(|all| all.iter().all(|one| one.as_str().is_some_and(|text| words.contains(&text)))),
            "must be a list of words of Meta's list",
        ),
        Form::Url => (matches(is_url), "must be an http or https URL"),
        Form::Address => (matches(|text| text.parse::<IpAddr>().is_ok()), "must be an IP address"),
        Form::Currency => (matches(is_currency), "must be a currency of three letters"),
        Form::Hashes => (one_or_list(value, is_hash), "must be a SHA-256 as 64 lower-case hex digits, or a list of such"),
        Form::TestCode => (matches(is_test_code), "must be TEST and one to ten digits"),
        Form::Agent => (matches(is_agent), "must have fewer than 23 characters and two letters or more"),
        Form::Digits(least, most) => (are_digits(value, least, most), "must be digits only, and not too few or too many"),
        Form::Flag => (value.is_boolean(), "must be true or false"),
        Form::FlagOrBit => (value.is_boolean() || matches!(value.as_i64(), Some(0 | 1)), "must be true, false, 0 or 1"),
        Form::Whole => (is_whole(value), "must be a whole number, not a string"),
        Form::WholeIn(ranges) => (
            value.as_i64().is_some_and(|number| ranges.iter().any(|(least, most)| (*least..=*most).contains(&number))),
            "must be a whole number that Meta knows, not a string",
        ),
        Form::Number => (value.is_number(), "must be a number, not a string"),
        Form::List => (value.is_array(), "must be a list"),
        Form::AnyObject => (value.is_object(), "must be an object"),
        Form::Object(inner) => {
            let held = value.as_object().ok_or_else(|| wrong(place, "must be an object"))?;
            return shape(place, held, inner);
        }
        Form::Objects(inner) => {
            let all = value.as_array().filter(|all| !all.is_empty());
            for (index, element) in all.ok_or_else(|| wrong(place, "must be a list that is not empty"))?.iter().enumerate() {
                self::form(&format!("{place}[{index}]"), element, Form::Object(inner))?;
            }
            return Ok(());
        }
    };
    if kept { Ok(()) } else { Err(wrong(place, asks)) }
}

fn under(place: &str, key: &str) -> String {
    if place.is_empty() { key.to_owned() } else { format!("{place}.{key}") }
}

fn wrong(place: &str, asks: &str) -> Refusal {
    let place = if place.is_empty() { "the envelope" } else { place };
    Refusal::parameter(&format!("{place} {asks}"))
}

fn one_or_list(value: &Value, test: fn(&str) -> bool) -> bool {
    value.as_str().is_some_and(test) || list(value, test)
}

fn list(value: &Value, test: fn(&str) -> bool) -> bool {
    value.as_array().is_some_and(|all| !all.is_empty() && all.iter().all(|one| one.as_str().is_some_and(test)))
}

fn is_text(text: &str) -> bool {
    !text.is_empty()
}

fn is_url(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

fn is_currency(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_test_code(text: &str) -> bool {
    text.strip_prefix("TEST").is_some_and(|rest| is_digits(rest, 1, 10))
}

fn is_agent(text: &str) -> bool {
    text.chars().count() < 23 && text.chars().filter(char::is_ascii_alphabetic).count() >= 2
}

fn is_digits(text: &str, least: usize, most: usize) -> bool {
    (least..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn are_digits(value: &Value, least: usize, most: usize) -> bool {
    match value {
        Value::String(text) => is_digits(text, least, most),
        Value::Number(number) => number.is_u64() && is_digits(&number.to_string(), least, most),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => false,
    }
}

fn is_whole(value: &Value) -> bool {
    value.is_i64() || value.is_u64()
}

#[cfg(test)]
mod tests;
