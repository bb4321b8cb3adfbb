//! Events of any values in any place, well formed or not.

use portcullis_filters::schema::{ROWS, Section};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

/// Values of every JSON type, among them many that come near to a closed form.
pub(crate) fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (0_u32..20_000).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (0.0..1e9_f64).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[A-Za-z0-9._:-]{0,90}".prop_map(Value::from),
        "[0-9a-fA-F]{32}|[0-9a-f]{40}|[0-9a-f]{64}(\\.AQICAQMC)?".prop_map(Value::from),
        "[a-z]{1,8}@[a-z]{1,8}\\.(com|example)".prop_map(Value::from),
        "https?://(www\\.shop\\.example|shop\\.example\\.com|evil\\.example)(/[a-zA-Z0-9%._-]{0,6}){0,3}(\\?fbclid=[A-Za-z0-9]{18,30})?".prop_map(Value::from),
        "fb\\.[0-9]\\.[0-9]{13}\\.([0-9]{5,20}|[A-Za-z0-9_-]{20,60})".prop_map(Value::from),
        "[0-9]{1,9}(\\.[0-9]{1,20})?".prop_map(Value::from),
        "20[0-9]{2}-[01][0-9]-[0-3][0-9](T[0-2][0-9]:[0-5][0-9](:[0-5][0-9])?(Z|[+-][01][0-9]:?[0-5][0-9])?)?|20[0-9]{2}[01][0-9]{3}".prop_map(Value::from),
        "[0-9]{1,9}(\\.[0-9]{1,3})? (USD|eur|XXX)|[A-Za-z]{2,3}|(a2|i2|com\\.shop|7\\.1|en_US|PST|1080)".prop_map(Value::from),
        (1_783_000_000_u64..1_791_002_000).prop_map(Value::from),
        prop::collection::vec(prop_oneof![Just("a2"), Just(""), Just("7.1"), Just("en_US"), Just("1080"), Just("canary")], 16).prop_map(Value::from),
        "20[0-9]{2}-[01][0-9]-[0-3][0-9](T[0-2][0-9]:[0-5][0-9](:[0-5][0-9])?(Z|[+-][01][0-9]:?[0-5][0-9])?)?|20[0-9]{2}[01][0-9]{3}".prop_map(Value::from),
        "[0-9]{1,9}(\\.[0-9]{1,3})? (USD|eur|XXX)|[A-Za-z]{2,3}|(a2|i2|com\\.shop|7\\.1|en_US|PST|1080)".prop_map(Value::from),
        (1_783_000_000_u64..1_791_002_000).prop_map(Value::from),
        prop::collection::vec(select(vec!["a2", "", "7.1", "en_US", "1080", "canary"]).prop_map(Value::from), 16).prop_map(Value::from),
        "(Mozilla/5\\.0 )?\\((Windows NT 10\\.0|iPhone|X11); [A-Za-z ]{0,9}\\) (Chrome|AppleWebKit|Safari)/[0-9]{1,3}".prop_map(Value::from),
        select(vec![
            "website", "email", "Purchase", "PageView", "Lead", "usd", "EUR", "product", "in_store", "LDU", "203.0.113.7", "2001:db8::1", "1990-01-02",
            "f", "CA", "94107", "us", "+1 415 555 0007", "7f3c9a52-1b2e-4f7d-9c66-5f0a4d1be2c1", "true", "1", "0", "null", "",
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map("[a-z_]{1,8}", inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Members of a section with any values; some unknown keys among them.
fn members(section: Section) -> impl Strategy<Value = Map<String, Value>> {
    let names: Vec<&str> = ROWS.iter().filter(|row| row.section == section).map(|row| row.name).collect();
    let name = prop_oneof![8 => select(names).prop_map(str::to_owned), 1 => "[a-zA-Z_]{1,10}", 1 => any::<String>()];
    prop::collection::btree_map(name, value(), 0..14).prop_map(|map| map.into_iter().collect())
}

/// Some of the objects in an event and in its `custom_data`, by key.
fn objects() -> impl Strategy<Value = Vec<(&'static str, Value)>> {
    let object = |key, section| members(section).prop_map(move |members| (key, Value::Object(members)));
    let attribution =
        (members(Section::AttributionData), members(Section::AttributionSetting)).prop_map(|(mut data, setting)| {
            data.insert("attribution_setting".to_owned(), Value::Object(setting));
            ("attribution_data", Value::Object(data))
        });
    let one = prop_oneof![
        object("app_data", Section::AppData),
        object("original_event_data", Section::OriginalEventData),
        object("store_data", Section::StoreData),
        object("mileage", Section::Mileage),
        attribution,
    ];
    prop::collection::vec(one, 0..4)
}

/// An event of the table's keys with any values. Most have what every event must have.
pub(crate) fn event() -> impl Strategy<Value = Value> {
    let goods = prop_oneof![3 => prop::collection::vec(members(Section::Contents).prop_map(Value::Object), 0..4).prop_map(Value::from), 1 => value()];
    let parts = (
        members(Section::Event),
        members(Section::UserData),
        members(Section::CustomData),
        prop::option::of(goods),
        prop::option::weighted(0.1, value()),
        objects(),
    );
    let ordinary = (
        select(vec!["PageView", "Purchase", "Lead"]),
        select(vec!["/", "/about", "/cart", "/rx", "/p/1"]),
        prop::bool::weighted(0.8),
    );
    (parts, ordinary).prop_map(
        |((mut event, mut user_data, mut custom_data, goods, broken, objects), (name, path, helped))| {
            for (holder, object) in objects {
                let around = if holder == "store_data" || holder == "mileage" { &mut custom_data } else { &mut event };
                around.insert(holder.to_owned(), object);
            }
            if let Some(goods) = goods {
                custom_data.insert("contents".to_owned(), goods);
            }
            if helped {
                user_data.insert("fbp".to_owned(), json!("fb.1.1558571054389.1098115397"));
                custom_data.insert("value".to_owned(), json!(12.5));
                custom_data.insert("currency".to_owned(), json!("EUR"));
                event.insert("event_source_url".to_owned(), json!(format!("https://www.shop.example{path}")));
            }
            event.insert("event_name".to_owned(), json!(name));
            event.insert("event_time".to_owned(), json!(1_791_000_000));
            event.insert("action_source".to_owned(), json!("website"));
            event.insert("user_data".to_owned(), Value::Object(user_data));
            event.insert("custom_data".to_owned(), Value::Object(custom_data));
            if let Some(broken) = broken {
                let names: Vec<String> = event.keys().cloned().collect();
                event.insert(names.into_iter().next_back().unwrap(), broken);
            }
            Value::Object(event)
        },
    )
}
