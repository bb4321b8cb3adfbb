//! One row for every code of Meta's reference, every status and every transport fault (failure case B4).

use super::*;

fn answered(status: u16, body: GraphBody) -> Verdict {
    classify(&Delivery::Answered(Answer { status, body, wait: None, usage: None, trace: None, remark: None }))
}

fn error(status: u16, code: i64, subcode: i64) -> Verdict {
    answered(status, GraphBody::Error { code, subcode, transient: false })
}

fn retry(cause: Cause) -> Verdict {
    Verdict::Retry { cause, after: None }
}

fn hold(cause: Cause) -> Verdict {
    Verdict::HoldGate { cause, after: None }
}

#[test]
fn p6_the_verdicts_are_those_of_the_metric() {
    let refused = Verdict::RefusedContent { code: 100, subcode: 0 };
    let verdicts =
        [Verdict::Delivered, refused, Verdict::TooLarge, retry(Cause::Unavailable), hold(Cause::Token)].map(Verdict::as_str);
    assert_eq!(verdicts.to_vec(), crate::telemetry::declared::words("portcullis_deliver_seconds", "outcome"));
}

#[test]
fn b4_every_known_code_has_its_verdict_and_none_but_content_gives_events_up() {
    let rows = [
        (500, 1, 0, retry(Cause::Unavailable)),
        (400, 1, 0, retry(Cause::Unavailable)),
        (503, 2, 0, retry(Cause::Unavailable)),
        (400, 3, 0, hold(Cause::Permission)),
        (400, 4, 1_504_022, retry(Cause::RateLimited)),
        (400, 4, 1_504_039, retry(Cause::RateLimited)),
        (403, 10, 0, hold(Cause::Permission)),
        (400, 17, 2_446_079, retry(Cause::RateLimited)),
        (400, 32, 0, retry(Cause::RateLimited)),
        (400, 100, 33, hold(Cause::Dataset)),
        (404, 100, 33, hold(Cause::Dataset)),
        (401, 102, 0, hold(Cause::Token)),
        (400, 104, 0, hold(Cause::Token)),
        (400, 105, 0, hold(Cause::Unexpected)),
        (401, 190, 0, hold(Cause::Token)),
        (400, 190, 458, hold(Cause::Token)),
        (400, 190, 459, hold(Cause::Token)),
        (400, 190, 460, hold(Cause::Token)),
        (400, 190, 463, hold(Cause::Token)),
        (400, 190, 464, hold(Cause::Token)),
        (400, 190, 467, hold(Cause::Token)),
        (403, 200, 0, hold(Cause::Permission)),
        (403, 299, 0, hold(Cause::Permission)),
        (400, 294, 0, hold(Cause::Permission)),
        (400, 341, 0, retry(Cause::RateLimited)),
        (400, 368, 0, hold(Cause::Blocked)),
        (400, 506, 0, Verdict::Delivered),
        (400, 613, 0, retry(Cause::RateLimited)),
        (400, 613, 1_487_742, retry(Cause::RateLimited)),
        (400, 613, 5_044_001, retry(Cause::RateLimited)),
        (404, 2500, 0, hold(Cause::Dataset)),
        (400, 5000, 0, hold(Cause::Unexpected)),
        (500, 5000, 0, retry(Cause::Unavailable)),
        (400, 80000, 0, retry(Cause::RateLimited)),
        (400, 80003, 0, retry(Cause::RateLimited)),
        (400, 80004, 0, retry(Cause::RateLimited)),
        (400, 80014, 0, retry(Cause::RateLimited)),
        (400, 80001, 0, hold(Cause::Unexpected)),
        (400, 987_654, 0, hold(Cause::Unexpected)),
        (429, 987_654, 0, retry(Cause::RateLimited)),
    ];
    for (status, code, subcode, expected) in rows {
        assert_eq!(error(status, code, subcode), expected, "status {status}, code {code}, subcode {subcode}");
    }
}

#[test]
fn b4_only_http_400_with_code_100_is_a_refusal_of_content() {
    let subcodes = [
        0, 2_804_001, 2_804_003, 2_804_007, 2_804_010, 2_804_016, 2_804_017, 2_804_019, 2_804_030, 2_804_048, 2_804_050,
        1_815_356,
    ];
    for subcode in subcodes {
        assert_eq!(error(400, 100, subcode), Verdict::RefusedContent { code: 100, subcode });
        for status in [200, 302, 401, 403, 404, 422, 429, 500, 503] {
            let verdict = error(status, 100, subcode);
            assert!(matches!(verdict, Verdict::Retry { .. } | Verdict::HoldGate { .. }), "status {status}: {verdict:?}");
        }
    }
}

#[test]
fn b4_no_code_that_is_not_in_the_table_gives_events_up() {
    for code in (-10..100_000).chain([i64::MIN, i64::MAX]) {
        let verdict = error(400, code, 0);
        match code {
            100 => assert_eq!(verdict, Verdict::RefusedContent { code: 100, subcode: 0 }),
            506 => assert_eq!(verdict, Verdict::Delivered),
            _ => assert!(matches!(verdict, Verdict::Retry { .. } | Verdict::HoldGate { .. }), "code {code}: {verdict:?}"),
        }
    }
}

#[test]
fn b4_transient_comes_before_every_other_rule() {
    for status in [200, 400, 401, 413, 500] {
        for code in [1, 2, 3, 10, 100, 104, 190, 200, 368, 506, 2500, 5000, -1] {
            for subcode in [0, 33, 2_804_003] {
                let verdict = answered(status, GraphBody::Error { code, subcode, transient: true });
                assert_eq!(verdict, retry(Cause::Unavailable), "status {status}, code {code}, subcode {subcode}");
            }
        }
    }
    let limited = GraphBody::Error { code: 80004, subcode: 0, transient: true };
    assert_eq!(answered(400, limited), retry(Cause::RateLimited));
}

#[test]
fn b4_every_status_without_a_graph_body_keeps_the_events() {
    for status in 100..=999 {
        let expected = match status {
            401 => hold(Cause::Token),
            403 => hold(Cause::Permission),
            404 => hold(Cause::Dataset),
            408 | 425 | 500..=599 => retry(Cause::Unavailable),
            413 => Verdict::TooLarge,
            429 => retry(Cause::RateLimited),
            _ => hold(Cause::Unexpected),
        };
        assert_eq!(answered(status, GraphBody::Foreign), expected, "status {status}");
    }
}

#[test]
fn a_success_needs_a_2xx_and_at_least_one_event_received() {
    assert_eq!(answered(200, GraphBody::Received { events: 1 }), Verdict::Delivered);
    assert_eq!(answered(202, GraphBody::Received { events: 1000 }), Verdict::Delivered);
    assert_eq!(answered(200, GraphBody::Received { events: 0 }), hold(Cause::Unexpected));
    assert_eq!(answered(302, GraphBody::Received { events: 1 }), hold(Cause::Unexpected));
    assert_eq!(answered(500, GraphBody::Received { events: 1 }), retry(Cause::Unavailable));
}

#[test]
fn a_request_that_is_too_large_is_halved_whatever_the_body_says() {
    assert_eq!(error(413, 100, 0), Verdict::TooLarge);
    assert_eq!(error(413, 1, 0), Verdict::TooLarge);
}

#[test]
fn b5_every_transport_fault_keeps_the_events() {
    let rows = [
        (FaultKind::Connect, retry(Cause::Unreachable), false, true),
        (FaultKind::Broken, retry(Cause::Unreachable), true, true),
        (FaultKind::Timeout, retry(Cause::Unreachable), true, false),
        (FaultKind::Unroutable, hold(Cause::Unexpected), false, false),
    ];
    for (kind, expected, attempted, at_once) in rows {
        let delivery = Delivery::Failed(Fault { kind, text: String::new() });
        assert_eq!(classify(&delivery), expected, "{kind:?}");
        assert_eq!(delivery.attempted(), attempted, "{kind:?}");
        assert_eq!(delivery.connection_fault(), at_once, "{kind:?}");
    }
}

#[test]
fn a_wait_that_the_answer_asks_for_is_passed_on() {
    let wait = Some(Duration::from_secs(7));
    let limited = GraphBody::Error { code: 80004, subcode: 0, transient: false };
    let answer =
        |status, body| classify(&Delivery::Answered(Answer { status, body, wait, usage: None, trace: None, remark: None }));
    assert_eq!(answer(400, limited), Verdict::Retry { cause: Cause::RateLimited, after: wait });
    assert_eq!(answer(503, GraphBody::Foreign), Verdict::Retry { cause: Cause::Unavailable, after: wait });
    assert_eq!(answer(401, GraphBody::Foreign), Verdict::HoldGate { cause: Cause::Token, after: wait });
}
