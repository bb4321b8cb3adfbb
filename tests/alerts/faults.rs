//! One gateway and what can go wrong with it: Meta, its disk, its certificate, its configuration, its process.

use std::time::Duration;

use harness::{Authority, Gateway, Load, Meta, Setup, Signal, eventually, executable, now_secs, purchase};
use serde_json::{Value, json};

use crate::timeline::HOUR;
use crate::{EVENTS, GATEWAY, REST, Watched};

/// What follows when nothing is sent for hours.
const NOTHING_SENT: &[&str] = &["PortcullisOldestPending", "PortcullisDeliveryFailing"];

/// A gateway to which Meta answers with this fault from now on, while events come; after so many requests to Meta with this outcome.
async fn with_meta(fault: Value, outcome: &str) -> Watched {
    let mut watched = Watched::start(|setup| setup).await;
    watched.gateway.expect_trouble_with_meta();
    watched.meta.faults(&json!([fault])).await;
    watched.post(EVENTS).await;
    watched.reaches("portcullis_deliver_seconds_count", &[("outcome", outcome)], 3).await;
    watched.goes_on(3 * HOUR).await;
    watched
}

/// Meta takes everything again, and nothing fires any more.
async fn is_over(mut watched: Watched) {
    watched.meta.no_faults().await;
    watched.gateway.drained().await;
    watched.goes_on(1).await;
    watched.ordinary(2 * HOUR).await;
    watched.line.must_be_silent();
    watched.finish().await;
}

#[tokio::test]
async fn a_token_that_meta_refuses() {
    let mut watched = with_meta(json!({"status": 400, "code": 190, "times": null}), "hold").await;
    watched.line.must_fire(&["PortcullisTokenRefused"], NOTHING_SENT);
    is_over(watched).await;
}

#[tokio::test]
async fn an_outage_of_meta() {
    let mut watched = with_meta(json!({"status": 503, "times": null}), "retry").await;
    watched.line.must_fire(&["PortcullisGateClosed", "PortcullisDeliveryFailing", "PortcullisOldestPending"], &[]);
    is_over(watched).await;
}

#[tokio::test]
async fn events_that_meta_refuses_for_their_content() {
    let mut watched = Watched::start(|setup| setup).await;
    watched.gateway.expect_trouble_with_meta();
    watched.meta.faults(&json!([{"status": 400, "code": 100, "event_id": "bad-1", "times": null}])).await;
    assert_eq!(watched.gateway.client().post(&[purchase("bad-1")]).await.unwrap().status, 200);
    watched.post(EVENTS).await;
    watched.gateway.drained().await;
    watched.goes_on(1).await;
    watched.ordinary(HOUR / 2).await;
    watched.line.must_fire(&["PortcullisQuarantineGrowing"], &[]);
    // It lies there for days, and nobody is told again.
    watched.ordinary(30 * HOUR).await;
    watched.line.must_be_silent();
    watched.finish().await;
}

/// Meta has to take an event within seven days; this one is as old as the gateway still takes.
#[tokio::test]
async fn an_event_that_becomes_too_old_during_an_outage() {
    let mut watched = Watched::start(|setup| setup).await;
    watched.gateway.expect_trouble_with_meta();
    watched.gateway.expect_log("expired");
    watched.meta.faults(&json!([{"status": 503, "times": null}])).await;
    let mut old = purchase("old-1");
    old["event_time"] = json!(now_secs() - 7 * 86_400 + 63);
    assert_eq!(watched.gateway.client().post(&[old]).await.unwrap().status, 200);
    watched.reaches("portcullis_events_expired_total", &[], 1).await;
    watched.goes_on(1).await;
    watched.goes_on(HOUR / 2).await;
    watched.line.must_fire(&["PortcullisEventsExpired"], &["PortcullisGateClosed", "PortcullisDeliveryFailing"]);
    is_over(watched).await;
}

#[tokio::test]
async fn an_outbox_that_is_full() {
    let mut watched = Watched::start(|setup| setup.set("outbox", "max_bytes", "1048576")).await;
    watched.gateway.expect_trouble_with_meta();
    watched.gateway.expect_log("full");
    watched.meta.faults(&json!([{"status": 503, "times": null}])).await;
    let load = Load::start(&watched.gateway.client(), "full", 2, 50);
    eventually("no request finds room", REST, async || (load.turned_away() > 0).then_some(())).await;
    // The rest of the room, which is too little for a request of many.
    let single = Load::start(&watched.gateway.client(), "single", 1, 1);
    watched.reaches("portcullis_not_ready", &[("reason", "full")], 1).await;
    watched.goes_on(HOUR / 2).await;
    watched.line.must_fire(&["PortcullisOutboxNearCap", "PortcullisNotReady", "PortcullisGateClosed"], NOTHING_SENT);
    watched.meta.no_faults().await;
    let answered = load.answered();
    eventually("callers are answered again", REST, async || (load.answered() > answered + 2).then_some(())).await;
    load.finish().await;
    single.finish().await;
    is_over(watched).await;
}

#[tokio::test]
async fn a_back_end_that_is_not_durable() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let mut gateway = Gateway::start(&executable, Setup::new(&meta).set("outbox", "backend", "\"memory\"")).await;
    gateway.expect_log("memory");
    let last = gateway.metrics().await;
    let mut watched = Watched { meta, gateway, line: crate::Timeline::default(), last, posted: 0 };
    watched.ordinary(HOUR).await;
    watched.line.must_fire(&["PortcullisNotDurable"], &[]);
    watched.finish().await;
}

#[tokio::test]
async fn a_certificate_that_ends_in_ten_days() {
    let executable = executable!();
    let (meta, authority) = (Meta::start(&executable).await, Authority::new());
    for (days, fire) in [(20, [].as_slice()), (10, &["PortcullisCertificateEnds"])] {
        let pair = authority.issue_for(Duration::from_secs(days * 86_400));
        let mut gateway = Gateway::start_tls(&executable, Setup::new(&meta), &pair).await;
        gateway.expect_log("renew it");
        let last = gateway.metrics().await;
        let mut line = crate::Timeline::default();
        line.goes_on(2 * HOUR, &[crate::Told { instance: GATEWAY, before: &last, after: &last }]);
        line.must_fire(fire, &[]);
        line.judge().await;
        gateway.finish().await;
    }
    meta.finish().await;
}

#[tokio::test]
async fn a_configuration_that_is_refused() {
    let mut watched = Watched::start(|setup| setup).await;
    watched.gateway.expect_log("the reload was refused");
    let good = std::fs::read_to_string(watched.gateway.config()).unwrap();
    watched.gateway.replace_file("portcullis.toml", &format!("{good}\nno_such_key = 1\n"));
    watched.gateway.process().signal(Signal::Hangup).await;
    watched.reaches("portcullis_reloads_total", &[("result", "refused")], 1).await;
    watched.goes_on(1).await;
    watched.ordinary(HOUR).await;
    watched.line.must_fire(&["PortcullisReloadRefused"], &[]);
    watched.gateway.replace_file("portcullis.toml", &good);
    watched.gateway.process().signal(Signal::Hangup).await;
    watched.reaches("portcullis_reloads_total", &[("result", "done")], 1).await;
    watched.goes_on(1).await;
    is_over(watched).await;
}

#[tokio::test]
async fn a_gateway_that_is_gone() {
    let mut watched = Watched::start(|setup| setup).await;
    watched.gateway.kill().await;
    assert!(watched.gateway.try_metrics().await.is_none(), "it is gone");
    watched.line.goes_on_without(HOUR, &[], &[GATEWAY]);
    watched.line.must_fire(&["PortcullisDown"], &[]);
    watched.gateway.restart().await;
    watched.line.restarted(GATEWAY);
    watched.last = watched.gateway.metrics().await;
    is_over(watched).await;
}
