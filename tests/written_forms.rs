//! Words and ranges that a policy lists, end to end (P3, P10): what leaves of a property of the site's own, what rests of it, how
//! it is counted, and what becomes of stored words once they are not listed any more.

use harness::{ChaosProxy, Encoding, Gateway, Meta, Mode, Setup, Signal, executable, now_secs};
use portcullis_filters::policy::Policy;
use serde_json::{Value, json};

#[tokio::test]
async fn of_a_property_only_a_listed_word_leaves_and_only_while_it_is_listed() {
    let own = |tiers: &str| {
        let (_, retail) = Policy::builtin("retail@1").unwrap();
        let lines = format!("[fields.custom_data]\ntier = {{ one_of = [{tiers}] }}\nvisits = {{ integer = [0, 9] }}");
        let text = retail.replacen("[fields.custom_data]", &lines, 1);
        assert_ne!(text, retail);
        text.replacen("\"retail\"", "\"own\"", 1)
    };
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let proxy = ChaosProxy::start(meta.address()).await;
    proxy.set(Mode::Refuse);
    let setup = Setup::new(&meta).through(proxy.address()).site("own.toml").trace();
    let mut gateway = Gateway::start_in(&executable, setup, &[("own.toml", &own("\"gold\", \"silver\""))]).await;
    gateway.expect_trouble_with_meta();
    let event = |id: &str, tier: Value| {
        json!({
            "event_name": "PageView", "event_time": now_secs(), "event_id": id, "action_source": "website",
            "event_source_url": "https://www.shop.example/", "user_data": { "fbp": "fb.1.1558571054389.1098115388" },
            "custom_data": { "tier": tier, "visits": "7", "qzcanary": tier },
        })
    };
    let client = gateway.client();
    for encoding in Encoding::ALL {
        for (at, tier) in odd_values().into_iter().chain([json!("GOLD"), json!("silver")]).enumerate() {
            let answer = client.post_as(encoding, &[event(&format!("{encoding:?}-{at}"), tier)]).await.unwrap();
            assert_eq!(answer.json()["portcullis"]["forwarded"], 1, "{encoding:?}: {}", answer.text());
            gateway.canaries.absent_from("the answer", &answer.body);
        }
    }
    gateway.canaries.absent_from_folder(&gateway.data());
    let metrics = gateway.metrics().await;
    let odd = u64::try_from(odd_values().len() * Encoding::ALL.len()).unwrap();
    assert_eq!(metrics.removed("custom_data.tier", "shape"), odd, "{}", metrics.text());
    gateway.canaries.absent_from("/metrics", metrics.text().as_bytes());

    // Tomorrow silver is not listed any more.
    gateway.accounted().await;
    gateway.stop(Signal::Terminate).await;
    gateway.replace_file("own.toml", &own("\"gold\""));
    proxy.set(Mode::Pass);
    gateway.restart().await;
    gateway.drained().await;
    let arrived: Vec<String> = meta.events().await.iter().map(|sent| sent.event.to_string()).collect();
    assert_eq!(arrived.len(), (odd_values().len() + 2) * Encoding::ALL.len());
    assert!(arrived.iter().all(|event| event.contains(r#""visits":7"#)), "{arrived:?}");
    let with = |word: &str| arrived.iter().filter(|event| event.contains(word)).count();
    assert_eq!((with(r#""tier":"gold""#), with("silver")), (Encoding::ALL.len(), 0), "{arrived:?}");
    gateway.canaries.absent_from("what Meta got", arrived.join("\n").as_bytes());
    let silver = u64::try_from(Encoding::ALL.len()).unwrap();
    assert_eq!(gateway.metrics().await.removed("custom_data.tier", "shape"), silver);
    gateway.finish().await;
    meta.finish_with_custom_properties(&["tier", "visits"]).await;
}

/// What is no word of the list, each with the mark of a raw value.
fn odd_values() -> Vec<Value> {
    vec![
        json!("qzcanary"),
        json!("gold qzcanary"),
        json!(["gold", "qzcanary"]),
        json!({ "gold": "qzcanary" }),
        json!({ "qzcanary": 1 }),
        json!([["qzcanary"]]),
        json!(true),
        json!(-4_155_550_199_i64),
        json!(format!("qzcanary{}", "x".repeat(6000))),
    ]
}
