//! Every place of an event where a word can stand.

use crate::common::FBP;

/// Every place of an event, with the path that the report gives it. `{}` stands for the word.
pub(crate) const PLACES: &[(&str, &str, &str)] = &[
    ("event_id", r#""event_id":"{}""#, "event_id"),
    ("referrer", r#""referrer_url":"https://www.search.example/?q={}""#, "referrer_url"),
    ("an unknown key's value", r#""note":"{}""#, "unknown"),
    ("an unknown key's name", r#""{}":true"#, "unknown"),
    ("an unknown object's member", r#""a":{"b":{"c":"{}"}}"#, "unknown"),
    ("an unknown object's name", r#""{}":{"a":"b"}"#, "unknown"),
    ("an unknown list's element", r#""a":[1,["{}"],false]"#, "unknown"),
    ("an object where a text is wanted", r#""referrer_url":{"a":"{}"}"#, "unknown"),
    ("a list where a text is wanted", r#""referrer_url":["{}"]"#, "referrer_url"),
    ("a text where an object is wanted", r#""custom_data":"{}""#, "custom_data"),
    ("a list where an object is wanted", r#""custom_data":["{}"]"#, "custom_data"),
    ("user_data's unknown keys", r#""user_data":{FBP,"note":"{}"}"#, "unknown"),
    ("fbc", r#""user_data":{FBP,"fbc":"fb.1.1791000000000.{}"}"#, "user_data.fbc"),
    ("fbp", r#""user_data":{"em":"jane@shop.example","fbp":"fb.1.1791000000000.{}"}"#, "user_data.fbp"),
    (
        "a user agent",
        r#""user_data":{FBP,"client_user_agent":"Mozilla/5.0 (iPhone) {}/2.1"}"#,
        "user_data.client_user_agent",
    ),
    ("external_id", r#""user_data":{FBP,"external_id":["7","{}-8"]}"#, "user_data.external_id"),
    ("an e-mail address", r#""user_data":{FBP,"em":"{}@shop.example"}"#, "user_data.em"),
    ("a field that never leaves", r#""user_data":{FBP,"partner_name":"{}"}"#, "user_data.partner_name"),
    ("the name of a search", r#""custom_data":{"search_string":"{}"}"#, "custom_data.search_string"),
    ("the name of an article", r#""custom_data":{"content_name":"{} 500"}"#, "custom_data.content_name"),
    ("a category", r#""custom_data":{"content_category":["shoes","{}"]}"#, "custom_data.content_category"),
    ("an order", r#""custom_data":{"order_id":"{}-0017"}"#, "custom_data.order_id"),
    ("an id of goods", r#""custom_data":{"content_ids":["a","{}"]}"#, "custom_data.content_ids"),
    ("an article's id", r#""custom_data":{"contents":[{"id":"{}-30"}]}"#, "custom_data.contents[].id"),
    ("an article's title", r#""custom_data":{"contents":[{"id":"a","title":"{}"}]}"#, "custom_data.contents[].title"),
    ("an article's unknown key", r#""custom_data":{"contents":[{"id":"a","name":"{}"}]}"#, "unknown"),
    ("an article that is none", r#""custom_data":{"contents":["{}"]}"#, "custom_data.contents"),
    ("an amount", r#""custom_data":{"value":"{}"}"#, "custom_data.value"),
    ("a word of Meta's", r#""custom_data":{"content_type":"{}"}"#, "custom_data.content_type"),
    ("a property of the site's own", r#""custom_data":{"tier":"{}"}"#, "custom_data.tier"),
    ("a property that is a list", r#""custom_data":{"tier":["{}"]}"#, "unknown"),
    ("an app's referrer", r#""app_data":{"install_referrer":"utm={}"}"#, "app_data.install_referrer"),
    ("another event's name", r#""original_event_data":{"event_name":"{}"}"#, "original_event_data.event_name"),
    ("another event's order", r#""original_event_data":{"order_id":"{}"}"#, "original_event_data.order_id"),
];

/// An event with this member in the place of its own.
pub(crate) fn at(place: &str, word: &str) -> String {
    let member = place.replace("FBP", FBP).replace("{}", word);
    let name = member.split(':').next().unwrap_or_default();
    let mut plain: Vec<(&str, String)> = vec![
        ("\"event_name\"", "\"PageView\"".to_owned()),
        ("\"event_time\"", "1791000000".to_owned()),
        ("\"event_id\"", "\"e-1\"".to_owned()),
        ("\"action_source\"", "\"website\"".to_owned()),
        ("\"event_source_url\"", "\"https://www.shop.example/\"".to_owned()),
        ("\"user_data\"", format!("{{{FBP}}}")),
    ];
    plain.retain(|(key, _)| *key != name);
    let members: Vec<String> = plain.iter().map(|(key, value)| format!("{key}:{value}")).chain([member]).collect();
    format!("{{{}}}", members.join(","))
}
