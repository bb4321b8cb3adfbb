//! Keys that are not in the table, and what can stand under them.

use serde_json::{Value, json};

use crate::chance::Chance;
use crate::secrets::Secret;

/// How deep the secret stands under the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Nest {
    Value,
    InObject,
    InList,
    Deep,
    /// In JSON that is written as a text.
    JsonText,
    /// In JSON in JSON, both written as texts.
    JsonTextTwice,
    /// As the name of a key, below.
    KeyBelow,
}

impl Nest {
    /// Every one.
    pub(super) const ALL: &'static [Self] =
        &[Self::Value, Self::InObject, Self::InList, Self::Deep, Self::JsonText, Self::JsonTextTwice, Self::KeyBelow];
}

/// Keys of which none says anything.
const KEYS: &[&str] = &["note", "custom1", "buttonText", "cd", "extra", "q", "label", "x", "page_title", "state"];

pub(super) fn put(object: &mut Value, nest: Nest, secret: &Secret, text: &str, chance: &mut Chance) {
    let outer = chance.pick(KEYS);
    let key = secret.key.unwrap_or(outer);
    let pair = json!({ key: text });
    match nest {
        Nest::Value => object[key] = json!(text),
        Nest::InObject => object[outer] = pair,
        Nest::InList => object[key] = json!(["first", text]),
        Nest::Deep => object[outer] = json!({ "a": [{ "b": { "c": [pair] } }] }),
        Nest::JsonText => object[outer] = json!(pair.to_string()),
        Nest::JsonTextTwice => object[outer] = json!(json!({ "inner": pair.to_string() }).to_string()),
        Nest::KeyBelow => object[outer] = json!({ text: "1" }),
    }
}
