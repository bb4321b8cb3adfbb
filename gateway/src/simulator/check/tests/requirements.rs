//! What each kind of event needs, and how old it may be.

use super::*;

const DAY_SECS: i64 = 24 * 60 * 60;

#[test]
fn an_event_older_than_seven_days_is_refused_with_2804003() {
    taken(&set(&[("/event_time", json!(NOW_SECS - 7 * DAY_SECS))]));
    refused(&set(&[("/event_time", json!(NOW_SECS - 7 * DAY_SECS - 1))]), 2_804_003);
}

#[test]
fn a_physical_store_has_62_days() {
    let sold = |time: i64| set(&[("/event_time", json!(time)), ("/action_source", json!("physical_store"))]);
    taken(&sold(NOW_SECS - 62 * DAY_SECS));
    refused(&sold(NOW_SECS - 62 * DAY_SECS - 1), 2_804_003);
}

#[test]
fn an_event_of_the_future_is_refused() {
    taken(&set(&[("/event_time", json!(NOW_SECS + 600))]));
    refused(&set(&[("/event_time", json!(NOW_SECS + 601))]), 0);
    refused(&set(&[("/event_time", json!(NOW_SECS * 1000))]), 0);
    refused(&set(&[("/event_time", json!(u64::MAX))]), 0);
}

#[test]
fn a_purchase_without_value_or_currency_is_refused_with_2804010() {
    for path in ["/custom_data", "/custom_data/value", "/custom_data/currency"] {
        refused(&without(path), 2_804_010);
    }
    let mut view = without("/custom_data");
    view["event_name"] = json!("ViewContent");
    taken(&view);
}

#[test]
fn insufficient_user_data_is_refused_with_2804050() {
    let hashes = |keys: &[&str]| {
        let mut held: Map<String, Value> = keys.iter().map(|key| ((*key).to_owned(), json!(HASH))).collect();
        if held.contains_key("client_user_agent") {
            held.insert("client_user_agent".to_owned(), json!("Mozilla/5.0 (test)"));
        }
        set(&[("/user_data", Value::Object(held))])
    };
    let few: &[&[&str]] = &[
        &[],
        &["ct", "country", "st", "zp", "ge", "client_user_agent"],
        &["client_user_agent"],
        &["db", "client_user_agent"],
        &["fn", "ge"],
        &["ln", "ge"],
    ];
    for keys in few {
        refused(&hashes(keys), 2_804_050);
    }
    let enough: &[&[&str]] = &[&["em"], &["external_id"], &["fn", "ln"], &["fn", "ct"], &["db", "zp"]];
    for keys in enough {
        taken(&hashes(keys));
    }
}

#[test]
fn an_event_of_a_website_needs_its_url() {
    refused(&without("/event_source_url"), 0);
    refused(&set(&[("/event_source_url", json!("/checkout"))]), 0);
    let mut call = without("/event_source_url");
    call["action_source"] = json!("phone_call");
    taken(&call);
}

#[test]
fn an_event_of_an_app_needs_both_flags_and_extinfo() {
    let mut device = vec![Value::Null; 16];
    device[0] = json!("a2");
    let whole = json!({"advertiser_tracking_enabled": true, "application_tracking_enabled": 1, "extinfo": device});
    let app = |app_data: &Value| set(&[("/action_source", json!("app")), ("/app_data", app_data.clone())]);
    taken(&app(&whole));
    refused(&set(&[("/action_source", json!("app"))]), 0);
    for key in ["advertiser_tracking_enabled", "application_tracking_enabled", "extinfo"] {
        let mut less = whole.clone();
        less.as_object_mut().unwrap().remove(key);
        refused(&app(&less), 0);
        taken(&set(&[("/app_data", less)]));
    }
}

#[test]
fn an_event_of_messaging_needs_its_channel_and_the_ids_of_it() {
    let message = |channel: &str, ids: &[(&str, &str)]| {
        let mut event = set(&[("/action_source", json!("business_messaging")), ("/messaging_channel", json!(channel))]);
        for (key, id) in ids {
            event["user_data"][*key] = json!(id);
        }
        event
    };
    refused(&set(&[("/action_source", json!("business_messaging"))]), 0);
    refused(&message("telegram", &[("page_id", "1")]), 0);
    let channels: [(&str, &[(&str, &str)]); 3] = [
        ("whatsapp", &[("ctwa_clid", "Click-1"), ("whatsapp_business_account_id", "1")]),
        ("messenger", &[("page_scoped_user_id", "2"), ("page_id", "1")]),
        ("instagram", &[("ig_sid", "2"), ("ig_account_id", "1")]),
    ];
    for (channel, ids) in channels {
        taken(&message(channel, ids));
        refused(&message(channel, &ids[..1]), 0);
        refused(&message(channel, &ids[1..]), 0);
    }
    taken(&message("whatsapp", &[("ctwa_clid", "Click-1"), ("page_id", "1")]));
}

#[test]
fn an_event_of_a_crm_needs_the_name_of_the_crm() {
    let lead = |source: &str, custom_data: Value| {
        set(&[
            ("/event_name", json!("Qualified")),
            ("/action_source", json!(source)),
            ("/user_data", json!({"lead_id": "1234567890123456"})),
            ("/custom_data", custom_data),
        ])
    };
    taken(&lead("system_generated", json!({"event_source": "crm", "lead_event_source": "Own CRM"})));
    refused(&lead("system_generated", json!({"event_source": "crm"})), 0);
    refused(&lead("system_generated", json!({"event_source": "shop", "lead_event_source": "Own CRM"})), 0);
    // Only what both say is an event of a CRM.
    taken(&lead("website", json!({"event_source": "crm"})));
    taken(&lead("system_generated", json!({})));
}

#[test]
fn an_attribution_names_the_event_that_it_belongs_to() {
    let append = |original: Value| {
        set(&[
            ("/event_name", json!("AppendAttribution")),
            ("/attribution_data", json!({"ad_id": "1", "attribution_share": 1})),
            ("/original_event_data", original),
        ])
    };
    taken(&append(json!({"event_name": "Purchase", "event_id": "1"})));
    taken(&append(json!({"event_name": "Purchase", "order_id": "1", "event_time": NOW_SECS - 60})));
    refused(&append(json!({"event_name": "Purchase"})), 0);
    refused(&append(json!({"event_id": "1"})), 0);
    refused(&set(&[("/event_name", json!("AppendAttribution"))]), 0);
}

#[test]
fn limited_data_use_says_where() {
    let limited = |options: Value, country: Option<i64>, state: Option<i64>| {
        let mut event = set(&[("/data_processing_options", options)]);
        for (key, number) in [("country", country), ("state", state)] {
            if let Some(number) = number {
                event[format!("data_processing_options_{key}")] = json!(number);
            }
        }
        event
    };
    let ldu = || json!(["LDU"]);
    for (country, state) in
        [(Some(1), Some(1000)), (Some(1), Some(1013)), (Some(1), Some(0)), (Some(0), Some(0)), (Some(0), None)]
    {
        taken(&limited(ldu(), country, state));
    }
    for (country, state) in [(None, None), (Some(1), None), (None, Some(1000)), (Some(2), Some(0)), (Some(1), Some(1014))] {
        refused(&limited(ldu(), country, state), 0);
    }
    taken(&limited(json!([]), None, None));
    taken(&limited(json!([]), Some(0), Some(0)));
    refused(&limited(json!(["ldu"]), Some(0), Some(0)), 0);
}
