//! Limited Data Use leaves with a place, without which Meta does not take it.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod common;

use portcullis_filters::pipeline::Outcome;

/// What leaves of an event that says this about Limited Data Use: its options, country and state.
fn leaves(says: &str) -> [String; 3] {
    let raw = format!(
        r#"{{"event_name":"PageView","event_time":1791000000,"event_id":"e-1","action_source":"website",
        "event_source_url":"https://www.shop.example/","user_data":{{{}}}{says}}}"#,
        common::FBP
    );
    let Outcome::Forward(event, _) = common::run("retail", &raw) else { panic!("{says} does not leave") };
    let out: serde_json::Value = serde_json::from_str(event.as_str()).unwrap();
    ["", "_country", "_state"].map(|part| out[format!("data_processing_options{part}")].to_string())
}

#[test]
fn where_the_sender_names_no_place_meta_is_asked_to_work_it_out() {
    const LDU: &str = r#","data_processing_options":["LDU"]"#;
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
fn an_event_without_limited_data_use_gets_no_place() {
    assert_eq!(leaves(""), ["null", "null", "null"]);
    assert_eq!(leaves(r#","data_processing_options":[]"#), ["[]", "null", "null"]);
    // But one that was named and cannot be read is not lost.
    assert_eq!(leaves(r#","data_processing_options_country":"US""#), ["null", "0", "null"]);
}
