//! Limited Data Use leaves with a place, without which Meta does not take it, and is asked for where a law asks for it.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod common;

use common::{FBP, policy, run_with, with_fields_and};
use portcullis_filters::pipeline::Outcome;
use portcullis_filters::policy::Policy;

const LDU: &str = r#","data_processing_options":["LDU"]"#;
const ADDRESS: &str = r#","client_ip_address":"203.0.113.7""#;

/// What leaves of an event with these members of `user_data` and these beside it: its options, country and state.
fn leaves_under(policy: &Policy, user_data: &str, says: &str) -> [String; 3] {
    let raw = format!(
        r#"{{"event_name":"PageView","event_time":1791000000,"event_id":"e-1","action_source":"website",
        "event_source_url":"https://www.shop.example/","user_data":{{{FBP}{user_data}}},"consent":{{"marketing":"granted","health":"granted"}}{says}}}"#
    );
    let Outcome::Forward(event, _) = run_with(policy, &raw) else { panic!("{says} does not leave") };
    let out: serde_json::Value = serde_json::from_str(event.as_str()).unwrap();
    ["", "_country", "_state"].map(|part| out[format!("data_processing_options{part}")].to_string())
}

/// The same under a policy that lets the address of the network leave.
fn leaves(says: &str) -> [String; 3] {
    leaves_under(&policy("retail"), ADDRESS, says)
}

/// A policy that lists this law.
fn with_law(rest: &str) -> Policy {
    policy(&with_fields_and("user_data.client_ip_address = \"keep\"", rest))
}

#[test]
fn where_the_sender_names_no_place_and_the_address_leaves_meta_is_asked_to_work_it_out() {
    for (place, country, state) in [
        ("", "0", "0"),
        (r#","data_processing_options_country":0"#, "0", "0"),
        (r#","data_processing_options_country":1"#, "1", "0"),
        (r#","data_processing_options_state":0"#, "0", "0"),
        (r#","data_processing_options_state":1000"#, "1", "1000"),
        (r#","data_processing_options_country":1,"data_processing_options_state":1000"#, "1", "1000"),
        (r#","data_processing_options_country":"x","data_processing_options_state":"x""#, "0", "0"),
        (r#","data_processing_options_country":"US","data_processing_options_state":1000"#, "1", "1000"),
        (r#","data_processing_options_country":1,"data_processing_options_state":"CA""#, "1", "0"),
        (r#","data_processing_options_country":0,"data_processing_options_state":1000"#, "0", "1000"),
    ] {
        assert_eq!(leaves(&format!("{LDU}{place}")), [r#"["LDU"]"#, country, state], "{place}");
    }
}

#[test]
fn where_no_address_leaves_the_place_is_written() {
    let without = policy(&with_fields_and("", ""));
    for (place, country, state) in [
        ("", "1", "1000"),
        (r#","data_processing_options_country":0,"data_processing_options_state":0"#, "1", "1000"),
        (r#","data_processing_options_country":"US""#, "1", "1000"),
        (r#","data_processing_options_country":1,"data_processing_options_state":1005"#, "1", "1005"),
        (r#","data_processing_options_country":0,"data_processing_options_state":1005"#, "1", "1005"),
        (r#","data_processing_options_state":0,"residence":{"country":"US","region":"TX"}"#, "1", "1005"),
        (r#","residence":{"country":"US","region":"WA"}"#, "1", "1000"),
        (r#","residence":{"country":"FR"}"#, "1", "1000"),
    ] {
        let expected = [r#"["LDU"]"#, country, state];
        assert_eq!(leaves_under(&without, ADDRESS, &format!("{LDU}{place}")), expected, "{place}");
        assert_eq!(leaves_under(&policy("retail"), "", &format!("{LDU}{place}")), expected, "{place}");
    }
}

#[test]
fn where_a_law_asks_it_is_set_with_the_state_of_the_residence() {
    let law = with_law("[[jurisdiction]]\npack = \"US-LDU\"\n");
    for (says, state) in [
        (r#","residence":{"country":"US","region":"TX"}"#, "1005"),
        (r#","residence":{"country":"US","region":"Rhode Island"}"#, "1013"),
        (r#","residence":{"country":"US"}"#, "1000"),
        ("", "1000"),
        (r#","data_processing_options":[],"residence":{"country":"US","region":"CO"}"#, "1001"),
        (
            r#","data_processing_options":["LDU"],"data_processing_options_country":0,"data_processing_options_state":0"#,
            "1000",
        ),
        (
            r#","data_processing_options":["LDU"],"data_processing_options_state":1002,"residence":{"country":"US","region":"CO"}"#,
            "1002",
        ),
        (
            r#","data_processing_options":[],"data_processing_options_state":1002,"residence":{"country":"US","region":"CO"}"#,
            "1001",
        ),
        (r#","data_processing_options":["x"]"#, "1000"),
    ] {
        assert_eq!(leaves_under(&law, ADDRESS, says), [r#"["LDU"]"#, "1", state], "{says}");
    }
    let elsewhere = r#","residence":{"country":"US","region":"WA"}"#;
    assert_eq!(leaves_under(&law, ADDRESS, elsewhere), ["null", "null", "null"]);
}

#[test]
fn the_state_is_also_known_by_the_address_where_the_policy_reads_it() {
    let law = with_law("[[jurisdiction]]\npack = \"US-LDU\"\n[residence]\nread = [\"residence\", \"address\"]\n");
    let address = r#","country":"us","st":"Texas""#;
    assert_eq!(leaves_under(&law, address, ""), [r#"["LDU"]"#, "1", "1005"]);
    let without = with_law("[[jurisdiction]]\npack = \"US-LDU\"\n");
    assert_eq!(leaves_under(&without, address, ""), [r#"["LDU"]"#, "1", "1000"]);
}

#[test]
fn an_event_without_limited_data_use_gets_no_place() {
    assert_eq!(leaves(""), ["null", "null", "null"]);
    assert_eq!(leaves(r#","data_processing_options":[]"#), ["[]", "null", "null"]);
    // But one that was named and cannot be read is not lost.
    assert_eq!(leaves(r#","data_processing_options_country":"US""#), ["null", "0", "null"]);
}
