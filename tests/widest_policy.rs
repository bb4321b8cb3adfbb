//! Everything that a policy can let leave, let leave: whatever the filter thinks fit, Meta takes.
//!
//! The filter and the stand-in for Meta have tables that were written apart. Here each field of the one goes through the other,
//! in events of every kind, under a policy that keeps all it can.

#![expect(clippy::unwrap_used, reason = "a helper of a test may panic as the test may")]

use std::collections::{BTreeMap, BTreeSet};

use harness::{Gateway, Meta, Setup, executable, now_secs, place, restriction};
use portcullis_filters::normalize::Normalizer;
use portcullis_filters::schema::{Field, Kind, ROWS, Row, Section};
use serde_json::{Value, json};

/// A policy that keeps every field, each in the widest form that it can have.
fn widest() -> String {
    let mut tables: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for row in ROWS.iter().filter(|row| has_a_line(row)) {
        let (table, name) = row.path.rsplit_once('.').unwrap_or(("", row.path));
        let action = match row.kind {
            Kind::Hashed(_) => "\"hash\"",
            Kind::Url => "\"page\"",
            Kind::FreeText => "{ one_of = [\"a word\"] }",
            _ => "\"keep\"",
        };
        tables.entry(table).or_default().push(format!("{name} = {action}\n"));
    }
    tables.entry("custom_data").or_default().push("points = { integer = [0, 100] }\n".to_owned());
    let mut fields = String::new();
    for (table, lines) in &tables {
        let header = if table.is_empty() { "fields".to_owned() } else { format!("fields.{table}") };
        fields.extend(["[", header.as_str(), "]\n", lines.concat().as_str()]);
    }
    let Kind::Word(sources) = Field::ActionSource.row().kind else { panic!("action sources are words") };
    format!(
        "name = 'widest'\nversion = 1\n[events]\nallow = ['Purchase', 'AppendAttribution', 'Qualified']\nevent_id = 'token'\n\
         sources = {sources:?}\n[pages]\ndefault = 'origin'\nno_url = 'origin'\n{fields}\
         [health]\nscan = 'whole_event'\non_signal = 'drop_goods'\nambiguous = 'context'\n[pii]\non_match = 'drop_field'\n"
    )
}

fn has_a_line(row: &Row) -> bool {
    let handled = [Field::EventName, Field::EventTime, Field::EventId, Field::ActionSource];
    let kind = !matches!(row.kind, Kind::Restriction(_) | Kind::Denied(_) | Kind::Object(_));
    kind && row.section != Section::Contents && !handled.contains(&row.field)
}

/// A value that leaves.
fn value_of(row: &Row) -> Value {
    let value = match row.kind {
        Kind::EventName => json!("Purchase"),
        Kind::UnixSeconds | Kind::SecondsNear { .. } => json!(now_secs() - 60),
        Kind::EventId | Kind::Token | Kind::ContentId => json!("SKU-10007"),
        Kind::Digits { max, .. } => json!("20261123456789012345".get(..usize::from(max.min(17))).unwrap()),
        Kind::Uuid => json!("38400000-8cf0-11bd-b23e-10b96e40000d"),
        Kind::Url => json!("https://www.shop.example/shoes"),
        Kind::Word(words) => json!(words.first().unwrap()),
        Kind::Bool => json!(true),
        Kind::Restriction(_) => restriction(row.field),
        Kind::Integer { max, .. } => json!(max.min(3)),
        // A share is a part of one.
        Kind::Decimal { .. } => json!(0.5),
        Kind::Range { .. } => json!(4),
        Kind::Currency => json!("usd"),
        Kind::Price { .. } => json!("12.50 USD"),
        Kind::Country => json!("US"),
        Kind::Airport => json!("SFO"),
        Kind::Date => json!("2026-01-31"),
        Kind::DateTime => json!("2026-01-31T10:00:00+01:00"),
        Kind::Hashed(normalizer) => json!(personal(normalizer)),
        Kind::IpAddress => json!("203.0.113.7"),
        Kind::UserAgent => json!(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1"
        ),
        Kind::Fbp => json!("fb.1.1558571054389.1098115397"),
        Kind::Fbc => json!("fb.1.1554763741205.IwAR0abcdefGHIJKLmnopQRSTuvw"),
        Kind::ClickId => json!("IwAR0abcdefGHIJKLmnopQRSTuvw"),
        Kind::ExtInfo => {
            return json!([
                "a2",
                "com.shop.app",
                "1.0",
                "Version 100",
                "10.1.1",
                "Pixel 8",
                "en_US",
                "PST",
                "",
                "1080",
                "2340",
                "2.5",
                "8",
                "128",
                "64",
                "America/Los_Angeles"
            ]);
        }
        Kind::FreeText => json!("a word"),
        Kind::Contents | Kind::Object(_) | Kind::Denied(_) => return Value::Null,
    };
    if row.many && !value.is_array() { json!([value]) } else { value }
}

fn personal(normalizer: Normalizer) -> &'static str {
    match normalizer {
        Normalizer::Email => "jane@shop.example",
        Normalizer::Phone => "+1 415 555 0107",
        Normalizer::BirthDate => "1990-01-31",
        Normalizer::BirthDay => "31",
        Normalizer::BirthMonth => "01",
        Normalizer::BirthYear => "1990",
        Normalizer::Gender => "f",
        Normalizer::State => "ca",
        Normalizer::Postcode => "94107",
        Normalizer::Country => "us",
        Normalizer::Name
        | Normalizer::City
        | Normalizer::ExternalId
        | Normalizer::FirstFive
        | Normalizer::Initial
        | Normalizer::AppUserId => "jane",
    }
}

/// An event with every field that can leave.
fn full(id: &str) -> Value {
    let mut event = json!({});
    for row in ROWS {
        let value = value_of(row);
        if !value.is_null() {
            *place(&mut event, row.path) = value;
        }
    }
    put(&mut event, "event_id", json!(id));
    put(&mut event, "action_source", json!("website"));
    put(&mut event, "custom_data.event_source", Value::Null);
    put(&mut event, "custom_data.points", json!(7));
    event
}

/// Sets what stands at the path; `null` takes it away.
fn put(event: &mut Value, path: &str, value: Value) {
    let (object, name) = path.rsplit_once('.').unwrap_or(("", path));
    let object = place(event, object);
    if value.is_null() {
        object.as_object_mut().unwrap().remove(name);
    } else {
        object[name] = value;
    }
}

fn with(id: &str, changes: &[(&str, Value)]) -> Value {
    let mut event = full(id);
    for (path, value) in changes {
        put(&mut event, path, value.clone());
    }
    event
}

/// The paths of an event, with `[]` for the elements of a list of objects.
fn paths(of: &str, value: &Value, into: &mut BTreeSet<String>) {
    for (key, value) in value.as_object().into_iter().flatten() {
        let path = format!("{of}{key}");
        paths(&format!("{path}."), value, into);
        for element in value.as_array().into_iter().flatten() {
            paths(&format!("{path}[]."), element, into);
        }
        into.insert(path);
    }
}

#[tokio::test]
async fn whatever_can_leave_is_taken_by_meta_in_events_of_every_kind() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let policy = widest();
    let setup = Setup::new(&meta).site("widest.toml");
    let gateway = Gateway::start_in(&executable, setup, &[("widest.toml", &policy)]).await;
    let from = |source: &str| ("action_source", json!(source));
    let events = [
        with("website", &[]),
        with("app", &[from("app"), ("event_source_url", Value::Null)]),
        with("store", &[from("physical_store")]),
        with("whatsapp", &[from("business_messaging"), ("messaging_channel", json!("whatsapp"))]),
        with("messenger", &[from("business_messaging"), ("messaging_channel", json!("messenger"))]),
        with("instagram", &[from("business_messaging"), ("messaging_channel", json!("instagram"))]),
        with(
            "crm",
            &[from("system_generated"), ("custom_data.event_source", json!("crm")), ("event_name", json!("Qualified"))],
        ),
        with("attribution", &[("event_name", json!("AppendAttribution"))]),
    ];
    // One by one, so that what Meta refuses has a name.
    for event in &events {
        let answer = gateway.client().post(std::slice::from_ref(event)).await.unwrap();
        assert_eq!(answer.json()["portcullis"]["forwarded"], 1, "{}: {}", event["event_id"], answer.text());
        gateway.drained().await;
    }
    let arrived = meta.events().await;
    let ids: Vec<&Value> = arrived.iter().map(|sent| &sent.event["event_id"]).collect();
    assert_eq!(ids.len(), events.len(), "of these Meta took {ids:?}: {}", meta.ledger().await);

    let mut found = BTreeSet::new();
    for sent in &arrived {
        paths("", &sent.event, &mut found);
    }
    // Of the goods, four fields leave and no policy can say otherwise.
    let goods = [Field::ItemId, Field::ItemQuantity, Field::ItemPrice, Field::ItemDeliveryCategory];
    let can_leave = |row: &&Row| match row.section {
        Section::Contents => goods.contains(&row.field),
        _ => !matches!(row.kind, Kind::Denied(_)),
    };
    let wanted = ROWS.iter().filter(can_leave).map(|row| row.path);
    let missing: Vec<&str> = wanted.filter(|path| !found.contains(*path)).collect();
    assert_eq!(missing, Vec::<&str>::new(), "did not arrive");
    gateway.finish().await;
    meta.finish_with_custom_properties(&["points"]).await;
}

#[tokio::test]
async fn an_event_that_lacks_what_meta_requires_is_dropped_here_and_not_refused_there() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let policy = widest();
    let setup = Setup::new(&meta).site("widest.toml");
    let gateway = Gateway::start_in(&executable, setup, &[("widest.toml", &policy)]).await;
    let gone = || Value::Null;
    let source = |source: &str| ("action_source", json!(source));
    let message = |channel: &str| [source("business_messaging"), ("messaging_channel", json!(channel))];
    let crm = || ("custom_data.event_source", json!("crm"));
    let append = || ("event_name", json!("AppendAttribution"));
    let lacking: Vec<Vec<(&str, Value)>> = vec![
        vec![("custom_data.currency", gone())],
        vec![source("app"), ("app_data.extinfo", gone())],
        vec![source("app"), ("app_data.advertiser_tracking_enabled", gone())],
        vec![source("app"), ("app_data", gone())],
        [&message("whatsapp")[..], &[("user_data.ctwa_clid", gone())]].concat(),
        [&message("messenger")[..], &[("user_data.page_id", gone())]].concat(),
        [&message("instagram")[..], &[("user_data.ig_sid", gone())]].concat(),
        vec![source("business_messaging"), ("messaging_channel", gone())],
        vec![crm(), source("system_generated"), ("custom_data.lead_event_source", gone())],
        vec![append(), ("original_event_data", gone())],
        vec![append(), ("original_event_data.event_name", gone())],
        vec![append(), ("original_event_data.event_id", gone()), ("original_event_data.order_id", gone())],
        vec![("user_data", json!({"ct": "Berlin", "country": "de", "client_user_agent": "x"}))],
    ];
    for (at, changes) in lacking.iter().enumerate() {
        let answer = gateway.client().post(&[with(&format!("lacking-{at}"), changes)]).await.unwrap();
        // An event that is refused to its caller is not forwarded either.
        assert_ne!(answer.json()["portcullis"]["forwarded"], 1, "{changes:?}: {}", answer.text());
    }
    // What may lack something, or has a part that makes no sense, and leaves all the same.
    let odd: Vec<Vec<(&str, Value)>> = vec![
        vec![crm(), source("website")],
        vec![append(), ("attribution_data", gone())],
        vec![append(), ("original_event_data.event_time", gone())],
        vec![append(), ("original_event_data.event_time", json!(now_secs() - 40 * 86_400))],
        vec![("data_processing_options_country", gone()), ("data_processing_options_state", gone())],
        vec![("data_processing_options_state", gone())],
        vec![("data_processing_options_country", gone())],
        vec![("data_processing_options_country", json!(0))],
        vec![("data_processing_options", json!("yes")), ("data_processing_options_country", json!("x"))],
        vec![("app_data.extinfo", json!(["a2"]))],
        vec![("user_data.client_user_agent", gone())],
    ];
    for (at, changes) in odd.iter().enumerate() {
        let answer = gateway.client().post(&[with(&format!("odd-{at}"), changes)]).await.unwrap();
        assert_eq!(answer.json()["portcullis"]["forwarded"], 1, "{changes:?}: {}", answer.text());
        gateway.drained().await;
        assert_eq!(meta.events().await.len(), at + 1, "{changes:?}: {}", meta.ledger().await);
    }
    gateway.finish().await;
    meta.finish_with_custom_properties(&["points"]).await;
}
