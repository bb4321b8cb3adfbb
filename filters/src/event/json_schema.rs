//! JSON Schema of what a sender may say beside what Meta's interface has: of consent, and of where a person lives.
//!
//! It describes these members of an event and leaves the others open. It is stricter than the parser, which refuses none of them:
//! what the schema does not allow is read as speaking against sharing, so a sender should hear of it before. `null` says nothing.

use std::borrow::Cow;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

/// The schema, draft 2020-12.
pub fn json_schema() -> Schema {
    let settings = SchemaSettings::draft2020_12();
    settings.with(|settings| settings.inline_subschemas = true).into_generator().into_root_schema_for::<Event>()
}

/// One event as a sender gives it to Portcullis. Only what is said of the person is described here; the rest is as Meta documents
/// it. Nothing of `consent`, `residence` and `collection` is ever sent on. A library that cannot set members of the event itself
/// sets the same three in `custom_data`; where both are there, the strictest of both counts.
#[derive(JsonSchema)]
#[schemars(title = "What an event says of the person", extend("examples" = [
    { "event_name": "Purchase", "consent": { "marketing": "granted", "time": 1_795_000_000, "source": "checkout" },
      "residence": { "country": "US", "region": "WA" } },
    { "event_name": "PageView", "consent": { "marketing": "denied" } },
    { "event_name": "Lead", "consent": { "gpc": true }, "custom_data": { "residence": { "country": "CH" } } },
]))]
#[expect(dead_code, reason = "described, and read by the parser of events")]
struct Event {
    consent: Option<Consent>,
    residence: Option<Residence>,
    collection: Option<Collection>,
    custom_data: Option<CustomData>,
    /// Meta's own: true counts as a denial of marketing where the policy asks for consent or honours an opt-out.
    opt_out: Option<bool>,
    /// Meta's own: `["LDU"]` asks for Limited Data Use. What is asked for here is never weakened.
    data_processing_options: Option<Vec<ProcessingOption>>,
}

/// Where libraries let keys be set: the same three objects may stand here.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "described, and read by the parser of events")]
struct CustomData {
    consent: Option<Consent>,
    residence: Option<Residence>,
    collection: Option<Collection>,
}

/// What the person said. A key that is not known here is read as a denial, as it could be one that is misspelled.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "described, and read by the parser of events")]
struct Consent {
    /// Whether the person agreed that the event is used for advertising.
    marketing: Option<Word>,
    /// Whether the person agreed that what tells of health is used so.
    health: Option<Word>,
    gpc: Option<Gpc>,
    /// Where it was said, such as `cookie-banner`. For your own records; nothing depends on it.
    source: Option<String>,
    /// When it was said, in whole seconds since 1970. A policy may let consent age.
    #[schemars(range(min = 0, max = 99_999_999_999_u64))]
    time: Option<u64>,
    /// A consent string of IAB's Transparency and Consent Framework, version 2, as the consent platform gives it.
    #[schemars(length(min = 1, max = 4096))]
    tcf: Option<String>,
    /// A string of IAB's Global Privacy Platform, as the consent platform gives it.
    #[schemars(length(min = 1, max = 4096))]
    gpp: Option<String>,
}

/// Where the person lives.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "described, and read by the parser of events")]
struct Residence {
    country: Country,
    region: Option<Region>,
}

/// Where the event was collected, if that is known.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "described, and read by the parser of events")]
struct Collection {
    country: Country,
    region: Option<Region>,
}

/// Declares a value by its schema.
macro_rules! form {
    ($form:ident, $schema:tt) => {
        struct $form;

        impl JsonSchema for $form {
            fn schema_name() -> Cow<'static, str> {
                stringify!($form).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

form!(Word, { "type": "string", "enum": ["granted", "denied"] });

form!(Gpc, {
    "description": "Global Privacy Control, also as the header `Sec-GPC` writes it: true or 1 where the signal is on.",
    "enum": [true, false, 1, 0, "1", "0"],
});

form!(Country, {
    "description": "Two letters of ISO 3166-1, such as US or FR. Great Britain is GB.",
    "type": "string",
    "pattern": "^[A-Za-z]{2}$",
});

form!(Region, {
    "description": "What follows the dash in ISO 3166-2, such as WA for US-WA. Without it, every part of the country counts.",
    "type": "string",
    "pattern": "^[A-Za-z0-9]{1,3}$",
});

form!(ProcessingOption, { "type": "string", "enum": ["LDU"] });

#[cfg(test)]
mod tests {
    use serde_json::Value as Json;

    use super::*;
    use crate::consent::statement::Said;
    use crate::event::RawEvent;

    fn at(schema: &Schema, pointer: &str) -> Json {
        schema.pointer(pointer).cloned().unwrap_or_default()
    }

    #[test]
    fn the_parser_reads_every_key_that_the_schema_has_and_no_other() {
        let schema = json_schema();
        for (object, key) in [("consent", "country"), ("residence", "marketing"), ("collection", "city")] {
            let known = at(&schema, &format!("/properties/{object}/properties"));
            let known =
                if known.is_null() { at(&schema, &format!("/properties/{object}/anyOf/0/properties")) } else { known };
            let keys: Vec<&String> = known.as_object().unwrap().keys().collect();
            assert!(keys.len() >= 2, "{object}: {keys:?}");
            let unknown = |key: &str| {
                let text = format!(r#"{{"{object}":{{"{key}":null}}}}"#);
                RawEvent::parse(&text).unwrap().unknown_keys()
            };
            assert!(keys.iter().all(|key| unknown(key) == 0), "{object}: {keys:?}");
            assert_eq!(unknown(key), 1, "{object}.{key}");
        }
    }

    #[test]
    fn its_examples_say_what_they_seem_to() {
        let said: Vec<[Said; 2]> = at(&json_schema(), "/examples")
            .as_array()
            .unwrap()
            .iter()
            .map(|example| {
                let text = example.to_string();
                let event = RawEvent::parse(&text).unwrap();
                [event.statement().marketing, event.statement().gpc]
            })
            .collect();
        assert_eq!(said, [[Said::Granted, Said::Nothing], [Said::Denied, Said::Nothing], [Said::Nothing, Said::Denied]]);
    }
}
