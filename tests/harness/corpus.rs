//! Events as a careful shop sends them, with the mark in every raw personal value that can hold it.

use serde_json::{Value, json};

use crate::{MARK, sha256_hex};

/// The present, in seconds since 1970: events must be near it.
pub fn now_secs() -> u64 {
    now_millis() / 1000
}

/// The present, in milliseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "the gateway under test runs on the real clock, so its events need it too")]
pub fn now_millis() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("it is after 1970");
    u64::try_from(since.as_millis()).expect("it is before the year 500 000 000")
}

/// A full ordinary Purchase on a website. Each built-in policy of a shop forwards it.
pub fn purchase(event_id: &str) -> Value {
    json!({
        "event_name": "Purchase",
        "event_time": now_secs(),
        "event_id": event_id,
        "action_source": "website",
        "event_source_url": format!("https://www.shop.example/checkout/thank-you?email={MARK}%40example.com&name={MARK}"),
        "referrer_url": format!("https://search.example/?q={MARK}"),
        "user_data": {
            "em": [format!("{MARK}.Jane@Example.com ")],
            "ph": ["+1 (415) 555-0107"],
            "fn": [format!("{MARK}Jane")],
            "ln": [format!("{MARK}Doe")],
            "ct": [format!("{MARK} City")],
            "zp": ["94107-1234"],
            "external_id": [format!("{MARK}-member-42")],
            "client_ip_address": "203.0.113.77",
            "client_user_agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1",
            "fbp": "fb.1.1558571054389.1098115397",
        },
        "custom_data": {
            "currency": "USD",
            "value": 107.97,
            "order_id": format!("{MARK}-order"),
            "content_type": "product",
            "content_name": format!("{MARK} starter bundle"),
            "content_ids": ["SKU-10007"],
            "num_items": 1,
            "contents": [{ "id": "SKU-10007", "quantity": 1, "item_price": 107.97, "title": format!("{MARK} bundle") }],
            "coupon": format!("{MARK}-SPRING"),
        },
        "unknown_key": { "deeper": [format!("{MARK} unknown")] },
    })
}

/// A Purchase whose e-mail address and value are derived from its id, `{prefix}-{number}`, so that the
/// [`crate::Oracle`] can tell whether it arrived as it was.
pub fn numbered_purchase(prefix: &str, number: u64) -> Value {
    let id = format!("{prefix}-{number}");
    let mut event = purchase(&id);
    event["user_data"]["em"] = json!([email(&id)]);
    event["custom_data"]["value"] = json!(value(&id));
    event
}

fn email(id: &str) -> String {
    format!("{MARK}.{id}@example.com")
}

/// A value with two fraction digits that a binary number holds exactly.
fn value(id: &str) -> f64 {
    let number: u32 = id.rsplit('-').next().and_then(|number| number.parse().ok()).unwrap_or(0);
    f64::from(number % 9000) + 0.25
}

/// Whether an event that arrived is what its id says.
pub(crate) fn is_as_derived(event: &Value, id: &str) -> bool {
    let hash = sha256_hex(email(id).as_bytes());
    let em = &event["user_data"]["em"];
    let em = em.get(0).unwrap_or(em);
    em.as_str() == Some(hash.as_str())
        && event["custom_data"]["value"].as_f64().is_some_and(|has| (has - value(id)).abs() < f64::EPSILON)
}

/// What of [`numbered_purchase`] has to arrive, at least.
#[cfg(test)]
pub(crate) fn derived(id: &str) -> Value {
    json!({ "event_id": id, "user_data": { "em": [sha256_hex(email(id).as_bytes())] }, "custom_data": { "value": value(id) } })
}
