//! The sites of the demo and what they send. The shapes are those of real leaks; people and shops are made up.

/// A site of the demo.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) id: &'static str,
    pub(super) policy: &'static str,
    pub(super) dataset: &'static str,
    host: &'static str,
    /// The variable that holds its key.
    pub(super) variable: &'static str,
    /// Event name and what it shows.
    pub(super) events: &'static [Event],
}

/// An event of the demo.
#[derive(Debug)]
pub(super) struct Event {
    /// What it is.
    pub(super) title: &'static str,
    /// JSON, with `NOW` for the time.
    body: &'static str,
}

impl Site {
    /// Its tables in the configuration.
    pub(super) fn configuration(&self) -> String {
        let Self { id, policy, dataset, host, variable, .. } = self;
        format!(
            r#"
[[site]]
id = "{id}"
policy = "{policy}"
datasets = ["{dataset}"]
hosts = ["{host}"]
keys = [{{ env = "{variable}" }}]
[[dataset]]
id = "{dataset}"
access_token = {{ env = "DEMO_TOKEN" }}
"#
        )
    }
}

impl Event {
    /// The event at this time.
    pub(super) fn at(&self, now_secs: u64) -> String {
        self.body.replace("NOW", &now_secs.to_string())
    }
}

/// A retailer, a pharmacy and a hospital.
pub(super) static SITES: &[Site] = &[
    Site {
        id: "retailer",
        policy: "retail@1",
        dataset: "1000000000000001",
        host: "www.shop.example",
        variable: "DEMO_KEY_RETAILER",
        events: &[
            Event {
                title: "an ordinary purchase",
                body: r#"{
  "event_name": "Purchase",
  "event_time": NOW,
  "event_id": "order-20417",
  "action_source": "website",
  "event_source_url": "https://www.shop.example/thank-you?email=jane.doe%40example.com&order=20417",
  "user_data": {
    "em": "Jane.Doe@example.com",
    "ph": "+1 (650) 555-0142",
    "fn": "Jane",
    "client_ip_address": "203.0.113.7",
    "client_user_agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "fbp": "fb.1.1791000000000.1098115397",
    "external_id": "loyalty-55121"
  },
  "custom_data": {
    "value": 107.97,
    "currency": "usd",
    "order_id": "20417",
    "content_name": "Autumn starter bundle",
    "contents": [{"id": "SKU-10007", "quantity": 1, "item_price": 107.97, "title": "Starter bundle"}],
    "num_items": 1,
    "gift_note": "for my sister"
  }
}"#,
            },
            Event {
                title: "a purchase with a pregnancy test among the goods",
                body: r#"{
  "event_name": "Purchase",
  "event_time": NOW,
  "event_id": "order-20418",
  "action_source": "website",
  "event_source_url": "https://www.shop.example/thank-you?order=20418",
  "user_data": {
    "em": "Jane.Doe@example.com",
    "fbp": "fb.1.1791000000000.1098115397"
  },
  "custom_data": {
    "value": 31.40,
    "currency": "USD",
    "order_id": "20418",
    "contents": [
      {"id": "SKU-20049", "quantity": 1, "item_price": 22.00, "title": "Table lamp"},
      {"id": "SKU-30091", "quantity": 1, "item_price": 9.40, "title": "Pregnancy test, 2 pack"}
    ],
    "num_items": 2
  }
}"#,
            },
        ],
    },
    Site {
        id: "pharmacy",
        policy: "pharmacy@1",
        dataset: "1000000000000002",
        host: "www.pharmacy.example",
        variable: "DEMO_KEY_PHARMACY",
        events: &[
            Event {
                title: "a refill page, with drug and e-mail address in its URL",
                body: r#"{
  "event_name": "PageView",
  "event_time": NOW,
  "event_id": "rx-7730214",
  "action_source": "website",
  "event_source_url": "https://www.pharmacy.example/rx/refill?drug=metformin&email=jane.doe%40example.com",
  "user_data": {
    "em": "Jane.Doe@example.com",
    "client_user_agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1"
  },
  "custom_data": {"drugName": "metformin", "rxNumber": "7730214"}
}"#,
            },
            Event {
                title: "a purchase in the shop of the same pharmacy",
                body: r#"{
  "event_name": "Purchase",
  "event_time": NOW,
  "event_id": "order-88213",
  "action_source": "website",
  "event_source_url": "https://www.pharmacy.example/checkout/done?order=88213",
  "user_data": {
    "em": "Jane.Doe@example.com",
    "external_id": "customer-55121",
    "client_ip_address": "203.0.113.7",
    "client_user_agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1",
    "fbp": "fb.1.1791000000000.1098115397"
  },
  "custom_data": {
    "value": 18.40,
    "currency": "USD",
    "order_id": "88213",
    "content_ids": ["SUN-50-200"],
    "content_category": "Sun care"
  }
}"#,
            },
            Event {
                title: "a purchase there, of what speaks of health",
                body: r#"{
  "event_name": "Purchase",
  "event_time": NOW,
  "event_id": "order-88214",
  "action_source": "website",
  "event_source_url": "https://www.pharmacy.example/checkout/done?order=88214",
  "user_data": {
    "em": "Jane.Doe@example.com",
    "fbp": "fb.1.1791000000000.1098115397"
  },
  "custom_data": {
    "value": 9.40,
    "currency": "USD",
    "order_id": "88214",
    "content_category": "Pregnancy tests"
  }
}"#,
            },
        ],
    },
    Site {
        id: "hospital",
        policy: "hospital@2",
        dataset: "1000000000000003",
        host: "www.hospital.example",
        variable: "DEMO_KEY_HOSPITAL",
        events: &[
            Event {
                title: "a booking, with the doctor's name, of somebody who consented to everything",
                body: r#"{
  "event_name": "Schedule",
  "event_time": NOW,
  "action_source": "website",
  "event_source_url": "https://www.hospital.example/book/dr-maria-lopez?specialty=oncology",
  "user_data": {"em": "jane.doe@example.com", "fn": "Jane", "ln": "Doe"},
  "custom_data": {"doctor": "Dr. Maria Lopez", "reason": "second opinion", "appointment": "2026-12-01 09:30"},
  "consent": {"marketing": "granted", "health": "granted", "time": NOW}
}"#,
            },
            Event {
                title: "a visit to the news, of which nobody said whether the person consents",
                body: r#"{
  "event_name": "PageView",
  "event_time": NOW,
  "action_source": "website",
  "event_source_url": "https://www.hospital.example/news/new-wing?from=portal",
  "referrer_url": "https://www.hospital.example/portal/messages",
  "user_data": {
    "em": "jane.doe@example.com",
    "client_ip_address": "203.0.113.7",
    "client_user_agent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15",
    "fbp": "fb.1.1791000000000.1098115397"
  }
}"#,
            },
            Event {
                title: "the same visit, of somebody in Colorado who consented",
                body: r#"{
  "event_name": "PageView",
  "event_time": NOW,
  "action_source": "website",
  "event_source_url": "https://www.hospital.example/news/new-wing?from=portal",
  "referrer_url": "https://www.hospital.example/portal/messages",
  "user_data": {
    "em": "jane.doe@example.com",
    "client_ip_address": "203.0.113.7",
    "client_user_agent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15",
    "fbp": "fb.1.1791000000000.1098115397"
  },
  "consent": {"marketing": "granted", "health": "granted", "time": NOW, "source": "banner-3"},
  "residence": {"country": "US", "region": "CO"}
}"#,
            },
        ],
    },
];
