//! What becomes of the goods of an event that speaks of health, under a policy that takes them and not the event.

use serde_json::json;

use crate::common::{FBP, dropped, forwarded, json, report};
use crate::{PURCHASE, purchase, shop};

#[test]
fn an_event_with_something_else_in_it_loses_its_goods_and_its_page() {
    let policy = shop();
    let left = json(&policy, &purchase(PURCHASE));
    assert_eq!(left["custom_data"], json!({ "value": 30, "currency": "EUR" }));
    assert_eq!(left["event_source_url"], "https://www.shop.example/");
    assert_eq!(left["user_data"]["em"].as_array().map(Vec::len), Some(1));
    let told = report(&policy, &purchase(PURCHASE));
    for (field, action, count) in [
        ("custom_data.contents", "keep", 2),
        ("custom_data.content_ids", "keep", 2),
        ("custom_data.content_type", "keep", 1),
        ("custom_data.num_items", "keep", 1),
        ("custom_data.order_id", "pseudonymize", 1),
        ("custom_data.tier", "one_of", 1),
    ] {
        let line = format!("health {field} {action} health_signal {count}");
        assert!(told.contains(&line), "{line}: {told:?}");
    }
    let harmless = json(&policy, &purchase(&PURCHASE.replace("metformin", "shade")));
    assert_eq!(harmless["custom_data"]["contents"].as_array().map(Vec::len), Some(2));
    assert_eq!(harmless["event_source_url"], "https://www.shop.example/store");
}

#[test]
fn an_event_in_which_nothing_is_left_without_a_signal_is_dropped() {
    let policy = shop();
    for custom_data in [
        // Every article.
        r#""contents":[{"id":"metformin"}]"#,
        r#""contents":[{"id":"metformin"},{"id":"a","title":"Pregnancy test"}]"#,
        r#""content_ids":["metformin","ibuprofen-400"]"#,
        // Every article of one of the lists.
        r#""contents":[{"id":"lamp"},{"id":"shade"}],"content_ids":["metformin"]"#,
        // Beside the only article, or beside none.
        r#""contents":[{"id":"a"}],"content_name":"Metformin""#,
        r#""search_string":"metformin""#,
        r#""order_id":"metformin-1""#,
        // Elements that are nothing count for nothing.
        r#""contents":[{"id":"metformin"},null,7]"#,
        r#""content_ids":["metformin",null,""]"#,
        r#""contents":[],"content_name":"Metformin""#,
    ] {
        let raw = purchase(&format!(r#""value":30,"currency":"EUR",{custom_data}"#));
        assert_eq!(dropped(&policy, &raw), "health health_signal", "{custom_data}");
    }
    for custom_data in [
        r#""contents":[{"id":"lamp"},{"id":"shade"}],"content_name":"Metformin""#,
        r#""content_ids":["lamp","metformin"]"#,
        r#""contents":[{"id":"lamp"},{"id":"a","title":"Pregnancy test"}]"#,
        r#""contents":[{"id":"lamp"},{"id":"shade"}],"tier":"metformin""#,
    ] {
        let left = json(&policy, &purchase(&format!(r#""value":30,"currency":"EUR",{custom_data}"#)));
        assert_eq!(left["custom_data"], json!({ "value": 30, "currency": "EUR" }), "{custom_data}");
    }
}

#[test]
fn a_signal_in_what_would_stay_drops_the_event_whatever_was_bought() {
    let goods = r#""value":30,"currency":"EUR","contents":[{"id":"lamp"},{"id":"shade"}]"#;
    let plain = purchase(goods);
    let with_goods = |from: &str, to: &str| {
        let raw = plain.replacen(from, to, 1);
        assert_ne!(raw, plain, "{from}");
        raw
    };
    for raw in [
        with_goods("e-1", "e-metformin"),
        with_goods("/p/1", "/p/metformin"),
        with_goods("/p/1", "/p/1?drug=metformin"),
        with_goods("\"user_data\"", "\"referrer_url\":\"https://www.shop.example/p/metformin\",\"user_data\""),
        with_goods("\"user_data\"", "\"note\":\"metformin\",\"user_data\""),
        with_goods("\"user_data\"", "\"diagnosis\":\"yes\",\"user_data\""),
        with_goods("\"value\"", "\"drug\":\"x\",\"value\""),
        with_goods("{\"id\":\"lamp\"", "{\"note\":\"metformin\",\"id\":\"lamp\""),
        with_goods("jane@example.com", "metformin@example.com"),
        with_goods(FBP, &format!("{FBP},\"external_id\":\"metformin-1\"")),
        with_goods(FBP, &format!("{FBP},\"fbc\":\"fb.1.1791000000000.Metformin0abcdefghijklmnop\"")),
        with_goods("30", "\"metformin\""),
    ] {
        assert_eq!(dropped(&shop(), &raw), "health health_signal", "{raw}");
    }
    // Without any of it the event is whole.
    assert!(forwarded(&shop(), &plain).contains("\"id\":\"lamp\""));
}
