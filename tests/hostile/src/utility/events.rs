//! Ordinary events, made of the words and shapes of ordinary shops.

use serde_json::{Value, json};

use super::shapes::{agent, campaign, event_id, order_id, plain_sku, sku, slug};
use super::vocabulary::{CITIES, DEPARTMENTS, Department, ELSEWHERE, FIRST_NAMES, FRONT_STORE, LAST_NAMES, SEARCHES};
use crate::chance::Chance;
use crate::ordinary::NOW;

/// Names of events that are common in shops.
const NAMES: &[&str] = &[
    "Purchase",
    "Purchase",
    "AddToCart",
    "ViewContent",
    "ViewContent",
    "InitiateCheckout",
    "PageView",
    "Search",
    "Lead",
    "AddToWishlist",
    "Subscribe",
    "CompleteRegistration",
    "Contact",
    "Schedule",
    "FindLocation",
    "CustomizeProduct",
    "AddPaymentInfo",
    "Donate",
];

/// An event of a shop.
pub(super) fn retail(chance: &mut Chance) -> Value {
    let name = chance.pick(NAMES);
    let (product, department) = product(chance);
    let url = match chance.below(5) {
        0 => format!("https://www.shop.example/search?q={}&{}", chance.pick(SEARCHES).replace(' ', "+"), campaign(chance)),
        1 => format!("https://www.shop.example/c/{}?{}", department.path, campaign(chance)),
        2 => format!("https://www.shop.example/en-us/products/{}", slug(&product)),
        _ => format!("https://www.shop.example/products/{}?{}", slug(&product), campaign(chance)),
    };
    let mut event = event(name, &url, &product, sku, chance);
    let referrers = [
        "https://www.google.com/",
        "https://l.facebook.com/",
        "https://www.shop.example/",
        "https://www.bing.com/search?q=shop",
    ];
    event["referrer_url"] = json!(chance.pick(&referrers));
    let custom = &mut event["custom_data"];
    custom["content_name"] = json!(product);
    custom["content_category"] = json!(department.path.replace('/', " > "));
    if name == "Search" || chance.one_in(6) {
        let list = if chance.one_in(3) { ELSEWHERE } else { SEARCHES };
        custom["search_string"] = json!(chance.pick(list));
    }
    extras(&mut event, &product, chance);
    event
}

/// What goes beside the fields that Meta knows.
fn extras(event: &mut Value, product: &str, chance: &mut Chance) {
    let custom = &mut event["custom_data"];
    match chance.below(10) {
        0 => {
            custom["brand"] = json!(chance.pick(&["Northwind", "Dr. Bronner's style", "Acme", "New Balance", "Old Navy"]));
            custom["variant"] = json!("navy / 10.5 / wide");
        }
        1 => {
            custom["items"] = json!([{ "item_name": product, "item_category": "sale", "item_variant": "blue", "index": 3 }]);
        }
        2 => custom["condition"] = json!(chance.pick(&["new", "used", "refurbished"])),
        3 => {
            event["meta"] =
                json!({ "provider": "shopify", "theme": "Dawn 9.0", "session": chance.below(40), "is_returning": true });
        }
        4 => custom["gift_message"] = json!("Happy birthday, see you on Sunday"),
        5 => custom["delivery_slot"] = json!("tomorrow 10:00-12:00"),
        6 => {
            event["page"] =
                json!({ "title": format!("{product} | Shop Example"), "type": "product", "template": "default" });
        }
        7 => {
            custom["filters"] = json!({ "gender": "women", "size": ["8", "8.5"], "color": "black", "in_stock": true, "q": chance.pick(SEARCHES) });
        }
        8 => custom["coupon"] = json!(chance.pick(&["SPRING25", "WELCOME10", "FREESHIP", "BFCM2026"])),
        _ => custom["has_subscription"] = json!(false),
    }
}

/// An event of the front of a drugstore, from a page that its policy lists.
pub(super) fn front_store(chance: &mut Chance) -> Value {
    let product = format!("{} {}", chance.pick(FRONT_STORE.adjectives), chance.pick(FRONT_STORE.nouns));
    let url = match chance.below(3) {
        0 => "https://www.shop.example/checkout/thank-you".to_owned(),
        1 => format!("https://www.shop.example/p/{}?{}", slug(&product), campaign(chance)),
        _ => format!("https://www.shop.example/order/confirmation?{}", campaign(chance)),
    };
    let mut event = event("Purchase", &url, &product, plain_sku, chance);
    event["custom_data"]["content_name"] = json!(product);
    event
}

/// A product's name, and where it stands in the shop.
fn product(chance: &mut Chance) -> (String, &'static Department) {
    let department = &DEPARTMENTS[usize::try_from(chance.below(DEPARTMENTS.len() as u64)).unwrap_or(0)];
    let noun = chance.pick(department.nouns);
    let first = chance.pick(department.adjectives);
    let name = match chance.below(6) {
        0 => noun.to_owned(),
        1 => format!("{first} {} {noun}", chance.pick(department.adjectives)),
        2 => format!("{noun} - {first}, {}", chance.pick(&["blue", "large", "2 pack", "size 10", "12 oz", "500 ml"])),
        3 => chance.pick(ELSEWHERE).to_owned(),
        _ => format!("{first} {noun}"),
    };
    (name, department)
}

fn event(name: &str, url: &str, product: &str, sku: fn(&str, &mut Chance) -> String, chance: &mut Chance) -> Value {
    let goods: Vec<String> = (0..=chance.below(3)).map(|_| sku(&slug(product), chance)).collect();
    let price =
        |chance: &mut Chance| format!("{}.{:02}", chance.below(300), chance.below(100)).parse::<f64>().unwrap_or(1.5);
    let contents: Vec<Value> =
        goods.iter().map(|id| json!({ "id": id, "quantity": 1 + chance.below(4), "item_price": price(chance) })).collect();
    json!({
        "event_name": name,
        "event_time": NOW - chance.below(600_000),
        "event_id": event_id(name, chance),
        "action_source": "website",
        "event_source_url": url,
        "user_data": {
            "em": [format!("customer.{}@example.net", chance.digits(5))],
            "ph": [format!("+1503555{}", chance.digits(4))],
            "fn": [chance.pick(FIRST_NAMES)],
            "ln": [chance.pick(LAST_NAMES)],
            "ct": [chance.pick(CITIES)],
            "zp": [chance.digits(5)],
            "country": ["us"],
            "external_id": [chance.digits(7)],
            "client_ip_address": format!("203.0.113.{}", chance.below(255)),
            "client_user_agent": agent(chance),
            "fbp": format!("fb.1.1790{}.{}", chance.digits(9), chance.digits(10)),
            "fbc": format!("fb.1.1790{}.IwAR0{}aZ", chance.digits(9), chance.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", 50)),
        },
        "custom_data": {
            "currency": chance.pick(&["USD", "EUR", "GBP", "CAD", "MXN"]),
            "value": price(chance),
            "order_id": order_id(chance),
            "content_type": "product",
            "content_ids": goods,
            "contents": contents,
            "num_items": goods.len(),
        },
    })
}
