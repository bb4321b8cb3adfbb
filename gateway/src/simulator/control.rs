//! What a test or an operator asks of the stand-in itself, under `/_simulator/`.
//!
//! `GET events` (JSON lines), `GET ledger` (JSON), `GET ids` (tab-separated lines), `POST faults` (a JSON list), `DELETE faults`,
//! `DELETE events`. No token is asked for: it listens on loopback only.

use hyper::{Method, StatusCode};
use serde_json::json;

use super::answer::{Answer, Refusal, text};
use super::endpoint::Endpoint;

/// Where these paths begin.
pub(super) const PREFIX: &str = "/_simulator/";

pub(super) fn answer(endpoint: &Endpoint, method: &Method, name: &str, body: &[u8]) -> Answer {
    let received = &endpoint.received;
    match (method.as_str(), name) {
        ("GET", "events") => {
            let lines: String = received.events().iter().flat_map(|line| [line.as_str(), "\n"]).collect();
            text(StatusCode::OK, "application/x-ndjson", lines)
        }
        ("GET", "ledger") => json_of(&json!(received.ledger())),
        ("GET", "ids") => text(StatusCode::OK, "text/tab-separated-values; charset=utf-8", received.ids()),
        ("POST", "faults") => match endpoint.faults.script(body) {
            Ok(waiting) => json_of(&json!({ "waiting": waiting })),
            Err(reason) => endpoint.graph(None).refusal(&Refusal::parameter(&reason)),
        },
        ("DELETE", "faults") => {
            endpoint.faults.clear();
            json_of(&json!({ "waiting": 0 }))
        }
        ("DELETE", "events") => {
            received.forget();
            json_of(&json!({ "kept": 0 }))
        }
        _ => endpoint.graph(None).refusal(&Refusal::unknown_path()),
    }
}

fn json_of(value: &serde_json::Value) -> Answer {
    text(StatusCode::OK, "application/json", value.to_string())
}
