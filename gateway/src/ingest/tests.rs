//! The way of a request where nobody knows whose events may leave.

use std::net::Ipv4Addr;
use std::path::Path;

use axum::body::Body;

use super::*;
use crate::config::Environment;
use crate::suppression::testing::Kept;

const KEY: &str = "pcs_0123456789abcdefghijklmnopqrstuvwxyz";

fn config() -> Config {
    let text = "[[site]]\nid = 'shop'\npolicy = 'retail@1'\ndatasets = ['1']\nhosts = ['www.shop.example']\n\
                keys = [{ env = 'KEY' }]\n[[dataset]]\nid = '1'\naccess_token = { env = 'TOKEN' }\n";
    let environment = Environment::of([("KEY", KEY), ("TOKEN", "EAA0123456789")]);
    Config::parse(text, Path::new("portcullis.toml"), &environment).unwrap()
}

#[tokio::test]
async fn while_the_log_of_suppressed_persons_cannot_be_read_a_request_is_turned_away_and_then_taken() {
    let kept = Kept::new();
    let (clock, chance) = (Clock::set(1_791_000_000_000), Chance::seeded(1));
    let (outbox, metrics, tracker) = (AnyOutbox::memory(1 << 20), Metrics::new().unwrap(), TaskTracker::new());
    let key = PseudonymKey::new([7; 32]);
    let (set, rates) = (kept.set.clone(), Rates::alone());
    let ingest =
        Arc::new(Ingest::new(&config(), key, set, outbox.clone(), metrics, Tracer::off(), clock, chance, rates, tracker));
    let body = r#"{"data":[{"event_name":"PageView","event_time":1791000000,"action_source":"website","event_id":"a1",
        "event_source_url":"https://www.shop.example/","user_data":{"client_user_agent":"Mozilla/5.0","em":"ann@shop.example"}}]}"#;
    for (is_blind, status, kept_events) in [(true, 503, 0), (false, 200, 1)] {
        kept.set.set_blind(is_blind);
        let request = Request::post("/v26.0/1/events")
            .header("authorization", format!("Bearer {KEY}"))
            .header("content-type", "application/json")
            .body(Body::from(body))
            .unwrap();
        let trace = TraceId::new(&ingest.chance);
        let arrival = Tracer::off().arrival(request.headers());
        let caller = Ipv4Addr::LOCALHOST.into();
        let incoming = events::Incoming { source: Source::Graph, dataset: "1", caller, arrival, trace };
        let (answer, _) = events::receive(&ingest, incoming, request).await;
        let response = answer.into_response(trace);
        assert_eq!((response.status().as_u16(), is_blind), (status, is_blind));
        assert_eq!(outbox.depth().await.unwrap().pending_events, kept_events, "{response:?}");
    }
}
