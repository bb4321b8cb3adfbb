//! The exact shapes in which values may leave.
//!
//! Each function takes a value as it came and gives its closed form, or `None`. Forming a closed form again changes nothing;
//! by that the guard and readmission recognise one. Nothing here knows a policy.

mod cookies;
mod dates;
mod ext_info;
mod ids;
mod numbers;

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr};

pub(crate) use cookies::fbc_from_fbclid;
pub(crate) use dates::{day, seconds_near};
pub(crate) use ext_info::{ExtInfo, ext_info};
pub(crate) use ids::{content_id, free_text, fresh_uuid, is_opaque, is_uuid_or_sha256, opaque_id, token};
pub(crate) use numbers::{decimal, integer, round_decimal};

use crate::event::{Leaving, Value};
use crate::normalize::{Normalizer, strip_suffix};
use crate::schema::{CURRENCIES, Kind, Restriction};

/// The closed form of one value of a kind, or of a list that is one value. `None` also for the kinds whose form depends on more
/// than the value: on the policy, on the event's time, on a key.
pub(crate) fn of<'a>(kind: Kind, value: &'a Value<'a>) -> Option<Leaving<'a>> {
    let text = value.text();
    match kind {
        Kind::Token => id(value, ids::token).map(Leaving::Text),
        Kind::ContentId => id(value, ids::content_id).map(Leaving::Text),
        Kind::Digits { min, max } => id(value, |text| ids::digits(text, min, max)).map(Leaving::Text),
        Kind::Uuid => ids::uuid(text?).map(borrowed),
        Kind::Word(words) => word(words, text?).map(borrowed),
        Kind::Bool => boolean(value).map(|yes| Leaving::Literal(if yes { "true" } else { "false" }.into())),
        Kind::Integer { min, max } => integer(value, min, max).map(Leaving::Whole),
        Kind::Decimal { max } => decimal(value, max).map(Leaving::Literal),
        Kind::Range { most, max } => numbers::range(value, most, max).map(Leaving::List),
        Kind::Currency => currency(text?).map(borrowed),
        Kind::Price { max } => numbers::price(text?, max).map(Leaving::Text),
        Kind::Country => country(text?).map(Leaving::Text),
        Kind::Airport => ids::airport(text?).map(Leaving::Text),
        Kind::Date => dates::day(text?).map(borrowed),
        Kind::DateTime => dates::day_and_time(text?).map(borrowed),
        Kind::IpAddress => ip_address(text?).map(Leaving::Text),
        Kind::UserAgent => user_agent(text?).map(borrowed),
        Kind::Fbp => cookies::fbp(text?).map(borrowed),
        Kind::Fbc => cookies::fbc(text?).map(borrowed),
        Kind::ClickId => cookies::click_id(text?).map(borrowed),
        Kind::ExtInfo => ext_info(value).map(|info| info.leaving),
        Kind::EventName
        | Kind::EventId
        | Kind::UnixSeconds
        | Kind::SecondsNear { .. }
        | Kind::Url
        | Kind::Restriction(_)
        | Kind::Hashed(_)
        | Kind::Contents
        | Kind::FreeText
        | Kind::Denied(_)
        | Kind::Object(_) => None,
    }
}

fn borrowed(text: &str) -> Leaving<'_> {
    Leaving::Text(Cow::Borrowed(text))
}

/// An id that fits its form, given as text or as a whole number.
fn id<'a>(value: &'a Value<'a>, form: impl Fn(&str) -> Option<&str>) -> Option<Cow<'a, str>> {
    let text = value.id_text()?;
    form(&text)?;
    Some(text)
}

/// The word of the list that this is, whatever its case.
pub(crate) fn word(words: &'static [&'static str], text: &str) -> Option<&'static str> {
    words.iter().find(|word| word.eq_ignore_ascii_case(text)).copied()
}

/// An ISO 4217 code in upper case. Python's SDK sends it in lower case.
fn currency(text: &str) -> Option<&'static str> {
    let [first, second, third] = text.trim().as_bytes().try_into().ok()?;
    let at = CURRENCY_NUMBERS.binary_search(&letters_as_number(first, second, third)).ok()?;
    CURRENCIES.get(at).copied()
}

/// The currencies as numbers, which are cheaper to compare than texts.
static CURRENCY_NUMBERS: [u32; CURRENCIES.len()] = {
    let mut numbers = [0; CURRENCIES.len()];
    let mut at = 0;
    while at < CURRENCIES.len() {
        #[expect(clippy::indexing_slicing, reason = "runs in the compiler, where an index out of bounds is an error")]
        if let [first, second, third] = *CURRENCIES[at].as_bytes() {
            numbers[at] = letters_as_number(first, second, third);
        }
        at += 1;
    }
    numbers
};

const fn letters_as_number(first: u8, second: u8, third: u8) -> u32 {
    u32::from_be_bytes([0, first.to_ascii_uppercase(), second.to_ascii_uppercase(), third.to_ascii_uppercase()])
}

/// An IP address in the usual text form, whole: Meta refuses truncated ones.
fn ip_address(text: &str) -> Option<Cow<'_, str>> {
    let text = text.trim();
    // An IPv4 address has one text form, which is what the parser takes.
    if text.parse::<Ipv4Addr>().is_ok() {
        return Some(Cow::Borrowed(text));
    }
    let address: IpAddr = text.parse().or_else(|_| strip_suffix(text).parse()).ok()?;
    Some(Cow::Owned(address.to_string()))
}

/// A boolean, also as the text or number that form encodings make of it.
fn boolean(value: &Value<'_>) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(*value),
        Value::Whole(0) => Some(false),
        Value::Whole(1) => Some(true),
        Value::Text(text) => match text.as_ref() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// A JSON number that is whole and not negative, however it was read.
pub(crate) fn number(value: &Value<'_>) -> Option<i64> {
    match value {
        Value::Whole(number) => Some(*number).filter(|number| *number >= 0),
        Value::Number(text) if text.len() == 1 || !text.starts_with('0') => text.parse().ok().filter(|number| *number >= 0),
        _ => None,
    }
}

/// A whole number, also as text.
pub(crate) fn whole(value: &Value<'_>) -> Option<i64> {
    match value {
        Value::Whole(_) | Value::Number(_) => number(value),
        Value::Text(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok(),
        _ => None,
    }
}

/// What a restriction says, as the JSON that leaves; `Err` holds its strictest value where it cannot be read.
pub(crate) fn restriction(restriction: Restriction, value: &Value<'_>) -> Result<&'static str, &'static str> {
    let text = |value: bool| if value { "true" } else { "false" };
    match restriction {
        Restriction::StrictWhenTrue => boolean(value).map(text).ok_or("true"),
        Restriction::StrictWhenFalse => boolean(value).map(text).ok_or("false"),
        Restriction::LimitedDataUse => limited_data_use(value).map(|on| if on { LDU } else { "[]" }).ok_or(LDU),
        Restriction::LimitedDataUseCountry => whole(value).filter(|n| *n == 0 || *n == 1).map(small_number).ok_or("0"),
        Restriction::LimitedDataUseState => {
            whole(value).filter(|n| *n == 0 || (1000..=1013).contains(n)).map(small_number).ok_or("0")
        }
    }
}

pub(crate) const LDU: &str = "[\"LDU\"]";

/// Whether Limited Data Use is asked for; `None` if that cannot be told.
fn limited_data_use(value: &Value<'_>) -> Option<bool> {
    let elements = match value {
        Value::List(list) => list.as_slice(),
        Value::Text(text) if text.is_empty() => &[],
        single => single.elements(),
    };
    let mut on = false;
    for element in elements {
        match element.text() {
            Some(text) if text.eq_ignore_ascii_case("LDU") => on = true,
            _ => return None,
        }
    }
    Some(on)
}

/// The text of the few numbers that Meta uses for countries and states.
fn small_number(number: i64) -> &'static str {
    const NUMBERS: [&str; 16] = [
        "0", "1", "1000", "1001", "1002", "1003", "1004", "1005", "1006", "1007", "1008", "1009", "1010", "1011", "1012",
        "1013",
    ];
    let at = usize::try_from(if number < 2 { number } else { number - 998 }).unwrap_or(0);
    NUMBERS.get(at).copied().unwrap_or("0")
}

/// A user agent of known parts, or the fixed text of its family.
fn user_agent(text: &str) -> Option<&str> {
    match crate::user_agent::check(text) {
        crate::user_agent::Checked::Kept(kept) => Some(kept),
        crate::user_agent::Checked::Family(family) => Some(family),
        crate::user_agent::Checked::Unknown => None,
    }
}

/// An ISO 3166 code of two letters in upper case, from a code or an English name.
fn country(text: &str) -> Option<Cow<'_, str>> {
    let code = Normalizer::Country.normalize(text)?;
    Some(if text.eq(&code.to_ascii_uppercase()) { Cow::Borrowed(text) } else { Cow::Owned(code.to_ascii_uppercase()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restriction_that_cannot_be_read_counts_as_its_strictest_value() {
        for state in 1000..=1013 {
            assert_eq!(restriction(Restriction::LimitedDataUseState, &Value::Whole(state)), Ok(small_number(state)));
            assert_eq!(small_number(state), state.to_string());
        }
        assert_eq!(restriction(Restriction::LimitedDataUse, &Value::Text("LDU".into())), Ok(LDU));
        assert_eq!(restriction(Restriction::LimitedDataUse, &Value::List(vec![])), Ok("[]"));
        assert_eq!(restriction(Restriction::LimitedDataUse, &Value::List(vec![Value::Whole(1)])), Err(LDU));
        assert_eq!(restriction(Restriction::LimitedDataUse, &Value::Misfit), Err(LDU));
        assert_eq!(restriction(Restriction::StrictWhenTrue, &Value::Text("yes".into())), Err("true"));
        assert_eq!(restriction(Restriction::StrictWhenFalse, &Value::Misfit), Err("false"));
        assert_eq!(restriction(Restriction::LimitedDataUseCountry, &Value::Whole(7)), Err("0"));
    }

    #[test]
    fn currencies_are_in_order_and_of_three_letters() {
        assert!(CURRENCIES.is_sorted());
        assert!(CURRENCIES.iter().all(|code| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase())));
        assert_eq!(currency("usd"), Some("USD"));
        assert_eq!(currency("XXX"), None);
    }

    #[test]
    fn addresses_leave_whole_and_without_the_suffix() {
        assert_eq!(ip_address("203.0.113.7").as_deref(), Some("203.0.113.7"));
        assert_eq!(ip_address("2001:DB8::1.AQQCAQMC").as_deref(), Some("2001:db8::1"));
        assert_eq!(ip_address("203.0.113.0/24"), None);
        assert_eq!(ip_address("jane@example.com"), None);
    }
}
