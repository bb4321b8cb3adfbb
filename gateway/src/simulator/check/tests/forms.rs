//! What a value must look like, for each kind of member.

use super::*;

#[test]
fn what_must_be_hashed_is_64_lower_case_hex_digits() {
    let keys =
        ["em", "ph", "fn", "ln", "db", "ge", "ct", "st", "zp", "country", "f5first", "doby", "app_user_id", "email", "zip"];
    let bad = [
        json!("jane@shop.example"),
        json!(HASH.to_uppercase()),
        json!(HASH.strip_suffix('8').unwrap()),
        json!([HASH, "x"]),
        json!([]),
        json!(null),
        json!(1),
    ];
    for key in keys {
        for value in &bad {
            refused(&set(&[(&format!("/user_data/{key}"), value.clone())]), 0);
        }
    }
    refused(&set(&[("/user_data/em", json!(format!("{HASH}.AQQCAQMC")))]), 0);
}

#[test]
fn what_must_not_be_hashed_has_its_own_form() {
    refused(&set(&[("/user_data/client_ip_address", json!(HASH))]), 0);
    refused(&set(&[("/user_data/client_ip_address", json!("203.0.113.0/24"))]), 0);
    refused(&set(&[("/user_data/fbc", json!(HASH))]), 0);
    taken(&set(&[("/user_data/fb_login_id", json!(12))]));
}

#[test]
fn numbers_as_strings_are_refused() {
    for path in [
        "/event_time",
        "/custom_data/value",
        "/custom_data/num_items",
        "/custom_data/predicted_ltv",
        "/data_processing_options_state",
    ] {
        refused(&set(&[(path, json!("1000"))]), 0);
    }
    let mut event = purchase();
    event["custom_data"]["contents"][0]["quantity"] = json!("1");
    refused(&event, 0);
    refused(&set(&[("/event_time", json!(1_791_000_000.0))]), 0);
    refused(&set(&[("/opt_out", json!("true"))]), 0);
}

#[test]
fn a_digest_stands_nowhere_where_meta_forbids_hashing() {
    let never = [
        "client_ip_address",
        "client_user_agent",
        "fbc",
        "fbp",
        "subscription_id",
        "fb_login_id",
        "lead_id",
        "anon_id",
        "madid",
        "page_id",
        "page_scoped_user_id",
        "ctwa_clid",
        "ig_account_id",
        "ig_sid",
        "whatsapp_business_account_id",
        "instagram_business_account_id",
        "partner_id",
    ];
    for key in never {
        refused(&set(&[(&format!("/user_data/{key}"), json!(HASH))]), 0);
        refused(&set(&[(&format!("/user_data/{key}"), json!(HASH.to_uppercase()))]), 0);
    }
    // Elsewhere a digest is an id like any other.
    taken(&set(&[
        ("/custom_data/order_id", json!(HASH)),
        ("/event_id", json!(HASH)),
        ("/user_data/external_id", json!(HASH)),
    ]));
}

#[test]
fn the_id_of_a_lead_has_15_to_17_digits() {
    for id in [json!("123456789012345"), json!("12345678901234567"), json!(1_234_567_890_123_456_u64)] {
        taken(&set(&[("/user_data/lead_id", id)]));
    }
    for id in [json!("12345678901234"), json!("123456789012345678"), json!("12345678901234a"), json!(12), json!(-1)] {
        refused(&set(&[("/user_data/lead_id", id)]), 0);
    }
}

#[test]
fn a_device_has_16_places_and_the_first_names_the_system() {
    let app = |places: &Value| set(&[("/app_data", json!({ "extinfo": places }))]);
    let android = json!([
        "a2",
        "com.shop.app",
        "1.0",
        "1.0 long",
        "10.1.1",
        "Pixel",
        "en_US",
        "PST",
        "",
        1080,
        "2340",
        2.5,
        8,
        "128",
        64,
        "America/Los_Angeles"
    ]);
    taken(&app(&android));
    let mut unknown = vec![Value::Null; 16];
    unknown[0] = json!("i2");
    taken(&app(&json!(unknown)));
    refused(&app(&json!(vec![Value::Null; 16])), 0);
    refused(&app(&json!(unknown[..15])), 0);
    refused(&app(&json!([unknown.clone(), vec![Value::Null]].concat())), 0);
    for (place, value) in [(0, json!("a1")), (9, json!("wide")), (5, json!(7)), (8, json!(true)), (12, json!(["8"]))] {
        let mut broken = android.clone();
        broken[place] = value;
        refused(&app(&broken), 0);
    }
}

#[test]
fn every_group_of_members_is_type_checked() {
    let good = [
        (
            "/app_data",
            json!({"url_schemes": ["shop"], "consider_views": true, "advertiser_tracking_enabled": 0, "vendor_id": "V-1"}),
        ),
        (
            "/original_event_data",
            json!({"event_name": "Purchase", "event_time": NOW_SECS, "order_id": "1", "event_id": "2"}),
        ),
        (
            "/attribution_data",
            json!({
                "ad_id": "6283824241739", "attribution_share": 0.3, "attribution_model": "last_click", "attribution_method": "srn",
                "decline_reason": "duplicated", "attribution_setting": {"inactivity_window_hours": 24},
            }),
        ),
        ("/custom_data/store_data", json!({"store_page_id": "123", "store_code": "S-1"})),
        ("/custom_data/mileage", json!({"unit": "MI", "value": 1200.5})),
        ("/custom_data/travel_start", json!("2026-01-31T10:00+01:00")),
        ("/custom_data/checkin_date", json!("20260131")),
        ("/custom_data/destination_airport", json!("SFO")),
        ("/custom_data/travel_class", json!("business")),
        ("/custom_data/preferred_price_range", json!([100, "200"])),
        ("/custom_data/year", json!("2020")),
        ("/custom_data/trim", json!("GT")),
        ("/custom_data/availability", json!("for_sale")),
        ("/custom_data/fb_content", json!("[{\"id\":\"1\"}]")),
        ("/custom_data/fb_success", json!("1")),
        ("/custom_data/_valueToSum", json!(1.5)),
        ("/custom_data/customer_segmentation", json!("customer_in_loyalty_program")),
        ("/user_data/madid", json!("38400000-8cf0-11bd-b23e-10b96e40000d")),
    ];
    taken(&set(&good));
    let bad = [
        ("/app_data", json!({"url_schemes": "shop"})),
        ("/app_data", json!({"consider_views": 1})),
        ("/app_data", json!({"advertiser_tracking_enabled": 2})),
        ("/app_data", json!({"device": "x"})),
        ("/extinfo", json!([])),
        ("/original_event_data", json!({"event_time": "1"})),
        ("/original_event_data", json!({"email": "x"})),
        ("/attribution_data", json!({"attribution_share": 1.5})),
        ("/attribution_data", json!({"attribution_model": "best_guess"})),
        ("/attribution_data", json!({"attribution_setting": {"window": 1}})),
        ("/custom_data/store_data", json!({"clinic": "x"})),
        ("/custom_data/mileage", json!({"value": "many"})),
        ("/custom_data/travel_start", json!("soon")),
        ("/custom_data/checkin_date", json!("2026-1-31")),
        ("/custom_data/destination_airport", json!("San Francisco")),
        ("/custom_data/travel_class", json!("crew")),
        ("/custom_data/preferred_price_range", json!([])),
        ("/custom_data/year", json!("20")),
        ("/custom_data/trim", json!("x".repeat(51))),
        ("/custom_data/fb_content", json!("shoes")),
        ("/custom_data/fb_success", json!(true)),
        ("/custom_data/num_children", json!("2")),
        ("/custom_data/contents", json!([])),
        ("/user_data/madid", json!("38400000")),
    ];
    for change in bad {
        refused(&set(&[change]), 0);
    }
}
