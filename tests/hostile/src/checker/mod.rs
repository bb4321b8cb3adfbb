//! Looks for a secret in what leaves, more deeply than the product unwraps: six layers, every alignment, no short cut.
//!
//! It shares no code with the product. Slow is fine, so the readings of a text are kept: most texts of outgoing events repeat.

mod letters;
mod unwrap;

use std::collections::HashMap;

use serde_json::Value;

use crate::secrets::{self, Secret, glued};

/// Texts whose readings are kept.
const MOST_KEPT: usize = 20_000;

/// Looks for secrets.
#[derive(Debug, Default)]
pub struct Checker {
    kept: HashMap<String, Vec<String>>,
}

impl Checker {
    /// The text of an outgoing event in which a trace of the secret was found, with the trace.
    pub fn find(&mut self, body: &str, secret: &Secret) -> Option<String> {
        if secret.kind.is_health_word() {
            let body = body.to_lowercase();
            let digest = secrets::digests(&secret.text).into_iter().find(|digest| body.contains(digest));
            if let Some(digest) = digest {
                return Some(format!("digest {digest} of {}", secret.text));
            }
        }
        let event: Value = serde_json::from_str(body).unwrap_or_else(|_| Value::from(body));
        let mut texts = Vec::new();
        texts_of(&event, &mut texts);
        texts.into_iter().find_map(|text| {
            let readings = self.readings(&text);
            let trace =
                secret.traces.iter().find(|trace| readings.iter().any(|reading| reading.contains(trace.as_str())))?;
            Some(format!("{trace} in {text}"))
        })
    }

    fn readings(&mut self, text: &str) -> &[String] {
        if self.kept.len() > MOST_KEPT {
            self.kept.clear();
        }
        self.kept.entry(text.to_owned()).or_insert_with_key(|text| {
            let mut readings: Vec<String> =
                unwrap::readings(text).iter().map(|reading| glued(&letters::plain(reading))).collect();
            readings.sort_unstable();
            readings.dedup();
            readings.retain(|reading| reading.len() >= 4);
            readings
        })
    }
}

/// Every text of an event: values, keys that are not in the table, and numbers as they are written.
fn texts_of(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Number(number) => texts.push(number.to_string()),
        Value::Array(list) => list.iter().for_each(|value| texts_of(value, texts)),
        Value::Object(members) => {
            for (key, value) in members {
                texts.push(key.clone());
                texts_of(value, texts);
            }
        }
        Value::Null | Value::Bool(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;
    use crate::encodings::{Chain, Encoding};
    use crate::secrets::Kind;

    /// Whether the checker finds a secret that leaves as an id in this form.
    fn finds(checker: &mut Checker, secret: &Secret, text: &str) -> bool {
        checker.find(&serde_json::json!({ "event_id": format!("order-{text}-17") }).to_string(), secret).is_some()
    }

    #[test]
    fn every_encoding_and_nesting_of_two_is_seen_through() {
        let (mut chance, mut checker) = (Chance::new(3), Checker::default());
        for inner in Encoding::ALL {
            let secret = Secret::of(chance.pick(Kind::ALL), &mut chance);
            let text = inner.apply(&secret.text, &mut chance);
            assert!(finds(&mut checker, &secret, &text), "{} of {secret:?}: {text}", inner.name());
        }
        for _ in 0..2000 {
            let secret = Secret::of(chance.pick(Kind::ALL), &mut chance);
            let mut chain = Chain::random(&mut chance);
            let text = chain.apply(&secret.text, &mut chance);
            assert!(finds(&mut checker, &secret, &text), "{} of {secret:?}: {text}", chain.name());
        }
    }

    #[test]
    fn digests_of_words_of_health_are_found_wherever_they_stand() {
        let secret = Secret { traces: vec!["birthcontrol".to_owned()], ..Secret::of(Kind::Topic, &mut Chance::new(1)) };
        let secret = Secret { text: "birth control".to_owned(), ..secret };
        for digest in secrets::digests("birth control") {
            let body = format!("{{\"user_data\":{{\"fn\":[\"{digest}\"]}}}}");
            assert!(Checker::default().find(&body, &secret).is_some());
        }
    }

    #[test]
    fn an_ordinary_event_holds_no_secret() {
        let (mut chance, mut checker) = (Chance::new(5), Checker::default());
        for site in crate::ordinary::Site::ALL {
            for kind in Kind::ALL {
                let body = crate::ordinary::event(*site, &mut chance).to_string();
                let secret = Secret::of(*kind, &mut chance);
                assert_eq!(checker.find(&body, &secret), None);
            }
        }
    }
}
