//! The rest of a hostile event: an ordinary one that each built-in policy forwards, so that what carries a secret is not kept back
//! for a reason of its own.

use serde_json::{Value, json};

use crate::chance::Chance;

/// The site's hosts.
pub const HOSTS: &[&str] = &["www.shop.example", "shop.example"];
/// The dataset.
pub const DATASET: &str = "1234567890";
/// The time of every run: a little after the events.
pub const NOW: u64 = 1_791_000_100;

/// A built-in policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Site {
    Retail,
    Pharmacy,
    Hospital,
}

impl Site {
    /// Every one.
    pub const ALL: &'static [Self] = &[Self::Retail, Self::Pharmacy, Self::Hospital];

    /// The policy's name.
    pub fn policy(self) -> &'static str {
        match self {
            Self::Retail => "retail@1",
            Self::Pharmacy => "pharmacy@1",
            Self::Hospital => "hospital@1",
        }
    }

    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Retail => {
                &["Purchase", "ViewContent", "AddToCart", "PageView", "Lead", "Search", "InitiateCheckout", "Subscribe"]
            }
            Self::Pharmacy => &["Purchase", "ViewContent", "AddToCart", "PageView", "Search", "InitiateCheckout"],
            Self::Hospital => &["PageView"],
        }
    }

    /// The path of a page whose events leave.
    pub(crate) fn path(self, chance: &mut Chance) -> &'static str {
        match self {
            Self::Retail => chance.pick(&["/", "/products/garden-hose", "/cart", "/checkout/thank-you", "/c/outdoor"]),
            Self::Pharmacy => {
                chance.pick(&["/", "/p/garden-hose", "/cart", "/checkout/thank-you", "/store/outdoor", "/search"])
            }
            Self::Hospital => chance.pick(&["/", "/about/us", "/news/2026", "/careers/open"]),
        }
    }
}

#[rustfmt::skip]
static AGENTS: &[&str] = &[
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Linux; Android 14; SM-G991B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.6668.100 Mobile Safari/537.36",
];

/// An ordinary event of such a site.
pub fn event(site: Site, chance: &mut Chance) -> Value {
    let goods: Vec<String> = (0..=chance.below(3)).map(|at| format!("SKU-{}{at}", chance.below(9000) + 1000)).collect();
    let contents: Vec<Value> = goods.iter().map(|id| json!({ "id": id, "quantity": 1, "item_price": 14.49 })).collect();
    json!({
        "event_name": chance.pick(site.names()),
        "event_time": NOW - 100,
        "event_id": "7f3c9a52-1b2e-4f7d-9c66-5f0a4d1be2c1",
        "action_source": "website",
        "event_source_url": format!("https://www.shop.example{}?utm_source=newsletter&page=2", site.path(chance)),
        "referrer_url": "https://www.shop.example/c/outdoor",
        "user_data": {
            "em": ["robin.ashgrove@example.net"],
            "ph": ["+1 (503) 555-0142"],
            "fn": ["Robin"],
            "ln": ["Ashgrove"],
            "ct": ["Portland"],
            "st": ["or"],
            "zp": ["97205"],
            "country": ["us"],
            "external_id": ["customer-88213"],
            "client_ip_address": "203.0.113.7",
            "client_user_agent": chance.pick(AGENTS),
            "fbp": "fb.1.1790990000123.1098115397",
            "fbc": "fb.1.1790990000456.IwAR0abcdefGHIJKLmnopQRSTuvwxyZ0123456789",
        },
        "custom_data": {
            "currency": "USD",
            "value": 107.97,
            "order_id": "SO-77120",
            "content_type": "product",
            "content_name": "Garden hose",
            "content_ids": goods,
            "contents": contents,
            "num_items": goods.len(),
        },
    })
}
