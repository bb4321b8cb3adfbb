//! Leaks that were found by hostile events, each under a name of its own.

mod common;

use common::{FBP, hex, json};

/// An event of a shop with these members in `user_data`.
fn event(user_data: &str) -> String {
    format!(
        r#"{{"event_name":"PageView","event_time":1791000000,"event_id":"e-1","action_source":"website","event_source_url":"https://www.shop.example/","user_data":{{{FBP},{user_data}}}}}"#
    )
}

/// 64 hexadecimal digits were taken as a SHA-256 whatever they said.
#[test]
fn a_text_in_64_hexadecimal_digits_is_no_digest() {
    for text in [
        "Dr. Jane Doe, 31 March, 10:30 am",
        "\0J\0a\0n\0e\0 \0D\0o\0e\0,\0 \x004\x007\0 \0 \0!\0!",
        "Müller, Jörg, Köln, Größe 1",
    ] {
        let digits = hex(text.as_bytes());
        assert_eq!(digits.len(), 64, "{text}");
        let left =
            json("retail@1", &event(&format!(r#""em":"{digits}","ln":["{digits}"],"ct":"{}""#, digits.to_uppercase())));
        assert!(!left["user_data"].to_string().contains(&digits), "{text}: {left}");
    }
}

/// The hash of a word that has an everyday sense too left as somebody's name: in a hash no everyday word stands beside it.
#[test]
fn the_hash_of_a_word_that_speaks_of_health_alone_is_no_name() {
    for word in ["depression", "Hospice", "knee replacement", "cancer"] {
        let left = json("retail@1", &event(&format!(r#""fn":"{word}","ct":"Portland""#)));
        assert_eq!(left["user_data"]["fn"], serde_json::Value::Null, "{word}: {left}");
        assert_ne!(left["user_data"]["ct"], serde_json::Value::Null);
    }
}
