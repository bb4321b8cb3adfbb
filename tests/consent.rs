//! Whose events leave, end to end: consent as a sender can say it, under each built-in policy that asks for it; what headers say
//! is not believed; Limited Data Use arrives with its place; nothing of what was said leaves or rests (P2); and what waits is
//! withdrawn when a policy comes to ask for more (P3).

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a helper of a test may panic as the test may")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use harness::{
    Answer, ChaosProxy, Compression, Encoding, Endpoint, Gateway, MARK, Meta, Mode, SITE, Setup, eventually, executable,
    now_secs, purchase, tcf_string,
};
use serde_json::{Value, json};

/// Everything that marketing takes.
const ALL_PURPOSES: [u32; 5] = [1, 2, 3, 4, 7];
const DAY_SECS: u64 = 86_400;
/// Opted out of sale and sharing in California, and no more.
const OPTED_OUT: &str = "DBABBg~BQUAAABA.QA";

/// A built-in policy, and an event that it lets leave once consent is given.
struct Shop {
    policy: &'static str,
    event: fn(&str) -> Value,
    asks_health: bool,
    /// Whether nothing has to be said where a law of opting out applies.
    opts_out: bool,
}

const RETAIL: Shop = Shop { policy: "retail-consent@1", event: purchase, asks_health: false, opts_out: true };
const PHARMACY: Shop = Shop { policy: "pharmacy-consent@1", event: purchase, asks_health: true, opts_out: false };
const HOSPITAL: Shop = Shop { policy: "hospital@2", event: page_view, asks_health: true, opts_out: false };

fn page_view(id: &str) -> Value {
    json!({
        "event_name": "PageView", "event_time": now_secs(), "event_id": id, "action_source": "website",
        "event_source_url": "https://www.shop.example/",
        "user_data": {
            "em": [format!("{MARK}.jane@example.com")],
            "client_user_agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
            "fbp": "fb.1.1558571054389.1098115397",
        },
    })
}

/// What is said, and what becomes of its event: `forward`, or why it is dropped.
struct Case {
    name: &'static str,
    said: Value,
    comes_to: &'static str,
}

fn case(name: &'static str, said: Value, comes_to: &'static str) -> Case {
    Case { name, said, comes_to }
}

fn cases(shop: &Shop) -> Vec<Case> {
    let now = now_secs();
    let yes = || json!({ "marketing": "granted", "health": "granted", "time": now, "source": format!("{MARK} banner") });
    let and = |key: &str, value: Value| {
        let mut consent = yes();
        consent[key] = value;
        consent
    };
    let colorado = json!({ "country": "US", "region": "CO" });
    let in_colorado = |consent: Value| json!({ "consent": consent, "residence": colorado.clone() });
    let unless = |is_enough: bool| if is_enough { "forward" } else { "no_consent" };
    let mut cases = vec![
        case("granted", in_colorado(yes()), "forward"),
        case("granted, residence not known", json!({ "consent": yes() }), "forward"),
        case("granted, in France", json!({ "consent": yes(), "residence": { "country": "FR" } }), "forward"),
        case("of marketing alone", in_colorado(json!({ "marketing": "granted", "time": now })), unless(!shop.asks_health)),
        case("nothing, in Colorado", json!({ "residence": colorado.clone() }), unless(shop.opts_out)),
        case("nothing", json!({}), "no_consent"),
        case("nothing, in France", json!({ "residence": { "country": "FR" } }), "no_consent"),
        case("denied", in_colorado(and("marketing", json!("denied"))), "consent_denied"),
        case("health denied", in_colorado(and("health", json!("denied"))), "consent_denied"),
        case("misspelled", in_colorado(and("marketing", json!("grantd"))), "consent_denied"),
        case("a key that is not known", in_colorado(and("marketing_consent", json!("granted"))), "consent_denied"),
        case("a number", in_colorado(and("marketing", json!(1))), "consent_denied"),
        case("a text in place of an object", in_colorado(json!("granted")), "consent_denied"),
        case("the signal, as the header has it", in_colorado(and("gpc", json!("1"))), "global_privacy_control"),
        case("the signal", in_colorado(and("gpc", json!(true))), "global_privacy_control"),
        case("no signal", in_colorado(and("gpc", json!(false))), "forward"),
        case("a framework's string that cannot be read", in_colorado(and("tcf", json!("CQ"))), "consent_denied"),
        case("a platform's opt-out", in_colorado(and("gpp", json!(OPTED_OUT))), "consent_denied"),
        case(
            "a framework's string without a purpose",
            in_colorado(and("tcf", json!(tcf_string(&[1, 2, 3, 4], now)))),
            "consent_denied",
        ),
    ];
    let string = tcf_string(&ALL_PURPOSES, now);
    let with_health = json!({ "tcf": string, "health": "granted" });
    cases.push(case(
        "by a framework's string",
        json!({ "consent": with_health, "residence": { "country": "FR" } }),
        "forward",
    ));
    let long_ago = and("time", json!(now - 5000 * DAY_SECS));
    cases.push(case(
        "long ago, in France",
        json!({ "consent": long_ago, "residence": { "country": "FR" } }),
        "consent_expired",
    ));
    let tomorrow = and("time", json!(now + DAY_SECS));
    cases.push(case(
        "tomorrow, in France",
        json!({ "consent": tomorrow, "residence": { "country": "FR" } }),
        "consent_expired",
    ));
    cases
}

/// The event with what is said of it: beside `user_data`, or in `custom_data`, where SDKs can put it.
fn saying(mut event: Value, said: &Value, in_custom_data: bool) -> Value {
    let place = if in_custom_data { &mut event["custom_data"] } else { &mut event };
    for (key, value) in said.as_object().unwrap() {
        place[key] = value.clone();
    }
    event
}

/// An id that each policy lets leave as it is.
fn id(number: usize) -> String {
    format!("3f2b8c1e-0000-4000-8000-{number:012x}")
}

async fn reasons(gateway: &Gateway, metric: &str, reasons: &[&'static str]) -> BTreeMap<&'static str, u64> {
    let metrics = gateway.metrics().await;
    reasons.iter().map(|reason| (*reason, metrics.sum(metric, &[("site", SITE), ("reason", reason)]))).collect()
}

fn came_to(answer: &Answer) -> &'static str {
    let told = &answer.json()["portcullis"];
    match (&told["forwarded"], &told["dropped"]) {
        (forwarded, dropped) if *forwarded == 1 && *dropped == json!({}) => "forward",
        (forwarded, dropped) if *forwarded == 0 && *dropped == json!({ "policy": 1 }) => "policy",
        _ => panic!("{}", answer.text()),
    }
}

#[tokio::test]
async fn a_retailers_events_leave_with_consent_and_not_without() {
    leaves_with_consent_and_not_without(&RETAIL).await;
}

#[tokio::test]
async fn a_pharmacys_events_leave_with_consent_and_not_without() {
    leaves_with_consent_and_not_without(&PHARMACY).await;
}

#[tokio::test]
async fn a_hospitals_events_leave_with_consent_and_not_without() {
    leaves_with_consent_and_not_without(&HOSPITAL).await;
}

async fn leaves_with_consent_and_not_without(shop: &Shop) {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let proxy = ChaosProxy::start(meta.address()).await;
    proxy.set(Mode::Refuse);
    let setup = Setup::new(&meta).through(proxy.address()).site(shop.policy).trace();
    let mut gateway = Gateway::start(&executable, setup).await;
    gateway.expect_trouble_with_meta();
    let client = gateway.client();

    let (mut owed, mut dropped): (BTreeSet<String>, BTreeMap<&str, u64>) = Default::default();
    for (number, case) in cases(shop).iter().enumerate() {
        for text in ["tcf", "gpp"].iter().filter_map(|key| case.said["consent"][key].as_str()).filter(|text| text.len() > 9)
        {
            gateway.canaries.add("a string of a consent platform", text);
        }
        for (at, in_custom_data) in [false, true].into_iter().enumerate() {
            let id = id(2 * number + at);
            let event = saying((shop.event)(&id), &case.said, in_custom_data);
            // Each encoding in turn.
            let encoding = Encoding::ALL[(number + at) % Encoding::ALL.len()];
            let answer = client.post_as(encoding, &[event]).await.unwrap();
            let expected = if case.comes_to == "forward" { "forward" } else { "policy" };
            assert_eq!((answer.status, came_to(&answer)), (200, expected), "{}: {}", shop.policy, case.name);
            gateway.canaries.absent_from("the answer", &answer.body);
            if case.comes_to == "forward" {
                owed.insert(id);
            } else {
                *dropped.entry(case.comes_to).or_default() += 1;
            }
        }
    }
    let names = ["no_consent", "consent_denied", "consent_expired", "global_privacy_control", "suppressed"];
    let counted = reasons(&gateway, "portcullis_events_dropped_total", &names).await;
    for (reason, count) in counted {
        assert_eq!(count, dropped.get(reason).copied().unwrap_or(0), "{reason}");
    }

    // At rest, then on the way out.
    gateway.canaries.absent_from_folder(&gateway.data());
    eventually("trouble is noticed", Duration::from_secs(30), async || {
        (gateway.metrics().await.sum("portcullis_gate_closed", &[]) > 0).then_some(())
    })
    .await;
    proxy.set(Mode::Pass);
    gateway.drained().await;
    let arrived = meta.events().await;
    let ids: BTreeSet<String> = arrived.iter().map(|sent| sent.event["event_id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids, owed);
    for sent in &arrived {
        let text = format!("{} {}", sent.envelope, sent.event);
        for word in ["consent", "residence", "collection", "granted", "gpc", "tcf", "gpp"] {
            assert!(!text.contains(word), "{word} in {text}");
        }
    }
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn what_headers_say_of_consent_and_residence_is_not_believed() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let mut gateway = Gateway::start(&executable, Setup::new(&meta).site(RETAIL.policy)).await;
    let client = gateway.client();
    let now = now_secs();
    let (consents, denies) = (tcf_string(&ALL_PURPOSES, now), tcf_string(&[1], now));
    gateway.canaries.add("a cookie", &consents);
    gateway.canaries.add("a cookie", &denies);
    let yes =
        json!({ "consent": { "marketing": "granted", "time": now }, "residence": { "country": "US", "region": "CO" } });
    let nothing = json!({});
    for (number, (said, headers, comes_to)) in [
        // They take nothing away from what the sender says,
        (&yes, [("Sec-GPC", "1".to_owned()), ("Cookie", format!("euconsent-v2={denies}"))], "forward"),
        (&yes, [("DNT", "1".to_owned()), ("X-Forwarded-For", "203.0.113.9, 198.51.100.7".to_owned())], "forward"),
        // and add nothing to it.
        (&nothing, [("Sec-GPC", "0".to_owned()), ("Cookie", format!("euconsent-v2={consents}"))], "policy"),
        (&nothing, [("CF-IPCountry", "US".to_owned()), ("CF-Region-Code", "CO".to_owned())], "policy"),
    ]
    .into_iter()
    .enumerate()
    {
        for endpoint in Endpoint::ALL {
            let event = saying(purchase(&format!("{number}-{endpoint:?}")), said, false);
            let mut request = client.request(endpoint, Encoding::Json, Compression::None, &[event]);
            for (name, value) in &headers {
                request = request.header(name, value);
            }
            let answer = client.send(&request).await.unwrap();
            assert_eq!(answer.status, endpoint.success(), "{}", answer.text());
            assert_eq!(came_to(&answer), comes_to, "{headers:?} at {endpoint:?}");
        }
    }
    gateway.drained().await;
    assert_eq!(meta.count().await, 4);
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn limited_data_use_arrives_with_the_place_of_the_residence() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let gateway = Gateway::start(&executable, Setup::new(&meta).site(PHARMACY.policy)).await;
    let client = gateway.client();
    let lives_in = |place: Value| {
        let consent = json!({ "marketing": "granted", "health": "granted", "time": now_secs() });
        json!({ "consent": consent, "residence": place })
    };
    let ldu = |country: u64, state: u64| {
        json!({
            "data_processing_options": ["LDU"], "data_processing_options_country": country,
            "data_processing_options_state": state,
        })
    };
    let with = |mut said: Value, more: Value| {
        more.as_object().unwrap().iter().for_each(|(key, value)| said[key] = value.clone());
        said
    };
    let limited = |state: u64| json!([["LDU"], 1, state]);
    let none = json!([null, null, null]);
    let texas = || lives_in(json!({ "country": "us", "region": "tx" }));
    let cases = [
        ("Texas", texas(), limited(1005)),
        ("somewhere in the United States", lives_in(json!({ "country": "US" })), limited(1000)),
        ("not known", lives_in(json!(null)), limited(1000)),
        ("Idaho", lives_in(json!({ "country": "US", "region": "ID" })), none.clone()),
        ("Japan", lives_in(json!({ "country": "JP" })), none),
        ("Texas, and the sender asks for nothing", with(texas(), json!({ "data_processing_options": [] })), limited(1005)),
        ("Texas, and the sender names another state", with(texas(), ldu(1, 1000)), limited(1000)),
        ("Texas, and the sender lets Meta find the place", with(texas(), ldu(0, 0)), limited(1005)),
    ];
    for (number, (name, said, _)) in cases.iter().enumerate() {
        // Not at the gateway's level: a sender's own options stand beside `user_data` only.
        let answer = client.post(&[saying(purchase(&id(number)), said, false)]).await.unwrap();
        assert_eq!(came_to(&answer), "forward", "{name}");
    }
    gateway.drained().await;
    let arrived: BTreeMap<String, Value> = meta
        .events()
        .await
        .into_iter()
        .map(|sent| (sent.event["event_id"].as_str().unwrap().to_owned(), sent.event))
        .collect();
    for (number, (name, _, expected)) in cases.iter().enumerate() {
        let event = &arrived[&id(number)];
        let says = json!([
            event["data_processing_options"],
            event["data_processing_options_country"],
            event["data_processing_options_state"],
        ]);
        assert_eq!(says, *expected, "{name}: {event}");
    }
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn p3_what_waits_is_withdrawn_when_its_policy_comes_to_ask_for_consent() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let proxy = ChaosProxy::start(meta.address()).await;
    proxy.set(Mode::Refuse);
    let setup = |policy: &str| Setup::new(&meta).through(proxy.address()).site(policy);
    let mut gateway = Gateway::start(&executable, setup("retail@1")).await;
    gateway.expect_trouble_with_meta();
    let client = gateway.client();
    // Consent was said, but under a policy that asked for none it is not kept.
    let yes = json!({ "consent": { "marketing": "granted", "time": now_secs() } });
    let unasked = [saying(purchase("unasked-1"), &json!({}), false), saying(purchase("unasked-2"), &yes, false)];
    assert_eq!(client.post(&unasked).await.unwrap().json()["portcullis"]["forwarded"], 2);

    gateway.configure(setup(RETAIL.policy));
    let reloaded = gateway.command(&["reload"]).await;
    assert_eq!(reloaded.code, Some(0), "{}{}", reloaded.stdout, reloaded.stderr);
    assert_eq!(client.post(&[saying(purchase("asked"), &yes, false)]).await.unwrap().json()["portcullis"]["forwarded"], 1);

    proxy.set(Mode::Pass);
    gateway.drained().await;
    assert_eq!(meta.ids().await.into_keys().collect::<Vec<_>>(), ["asked"]);
    let metrics = gateway.metrics().await;
    assert_eq!(metrics.sum("portcullis_events_withdrawn_total", &[("reason", "consent_unknown")]), 2, "{}", metrics.text());
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn what_was_asked_once_need_not_be_asked_again() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let proxy = ChaosProxy::start(meta.address()).await;
    proxy.set(Mode::Refuse);
    let setup = |policy: &str| Setup::new(&meta).through(proxy.address()).site(policy);
    let mut gateway = Gateway::start(&executable, setup(RETAIL.policy)).await;
    gateway.expect_trouble_with_meta();
    let yes = json!({ "consent": { "marketing": "granted", "time": now_secs() } });
    let answer = gateway.client().post(&[saying(purchase("asked"), &yes, false)]).await.unwrap();
    assert_eq!(came_to(&answer), "forward");

    gateway.configure(setup("retail@1"));
    assert_eq!(gateway.command(&["reload"]).await.code, Some(0));
    proxy.set(Mode::Pass);
    gateway.drained().await;
    assert_eq!(meta.ids().await.into_keys().collect::<Vec<_>>(), ["asked"]);
    gateway.finish().await;
    meta.finish().await;
}
