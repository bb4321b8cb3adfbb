//! A catalogue of goods beside a policy: read at start and by `check`, bounded in memory, and in force.

#![expect(clippy::unwrap_used, reason = "a helper of a test may panic as the test may")]

use std::fmt::Write as _;
use std::time::Duration;

use harness::{Gateway, Meta, Setup, eventually, executable, now_secs};
use portcullis_filters::policy::Policy;
use serde_json::{Value, json};

/// `retail@1` of a shop that has a catalogue, with this word for goods that it does not list.
fn policy(unknown: &str) -> String {
    let (_, text) = Policy::builtin("retail@1").unwrap();
    let catalogued = text
        .replace("name    = \"retail\"", "name    = \"shop\"")
        .replace("content_ids  = \"keep\"", "content_ids  = \"catalog\"")
        .replace("contents     = \"keep\"", "contents     = \"catalog\"")
        .replace("[health]", &format!("[catalog]\nfile = \"goods/catalog.csv\"\nunknown = \"{unknown}\"\n\n[health]"));
    let is_catalogued = |line: &&str| line.starts_with("content") && line.contains("= \"catalog\"");
    assert_eq!(catalogued.lines().filter(is_catalogued).count(), 2, "retail@1 keeps goods");
    catalogued
}

fn purchase(ids: &[&str]) -> Value {
    let contents: Vec<Value> = ids.iter().map(|id| json!({ "id": id, "quantity": 1, "item_price": 5 })).collect();
    json!({
        "event_name": "Purchase", "event_time": now_secs() - 60, "action_source": "website",
        "event_source_url": "https://www.shop.example/",
        "user_data": { "fbp": "fb.1.1558571054389.1098115397" },
        "custom_data": { "value": 10, "currency": "EUR", "content_ids": ids, "contents": contents, "num_items": ids.len() },
    })
}

/// Runs a command on a configuration with this policy and this catalogue.
async fn run(command: &str, policy: &str, catalog: Option<&[u8]>) -> harness::Output {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::to("http://127.0.0.1:9").site("policies/own.toml");
    std::fs::create_dir_all(folder.path().join("policies/goods")).unwrap();
    std::fs::write(folder.path().join("portcullis.toml"), setup.toml()).unwrap();
    std::fs::write(folder.path().join("policies/own.toml"), policy).unwrap();
    if let Some(catalog) = catalog {
        std::fs::write(folder.path().join("policies/goods/catalog.csv"), catalog).unwrap();
    }
    let environment: Vec<(&str, &str)> =
        setup.environment().iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    executable!().run(&[command, "--config", "portcullis.toml"], &environment, folder.path()).await
}

/// Everything that Meta was sent.
async fn sent(meta: &Meta) -> String {
    meta.events().await.iter().map(|sent| sent.event.to_string()).collect()
}

#[tokio::test]
async fn p8_a_catalogue_that_is_none_keeps_the_gateway_from_starting_and_is_named_by_file_and_line() {
    let cases: &[(Option<&[u8]>, &str)] = &[
        (None, "cannot be read"),
        (Some(b""), "line 1: must be the header"),
        (Some(b"id;class\nqz-1;neutral\n"), "line 1: must be the header"),
        (Some(b"id,class\n"), "has no row"),
        (Some(b"id,class\nqz-1,neutral\nqz-2,harmless\n"), "line 3: the class must be"),
        (Some(b"id,class\n,neutral\n"), "line 2: the id is empty"),
        (Some(b"id,class\nqz/1,neutral\n"), "line 2: the id must be"),
        (Some(b"id,class\r\nqz-1,neutral\r\nqz-1,sensitive\r\n"), "line 3: an earlier line"),
        (Some(b"id,class\nq\xfc-1,neutral\n"), "line 2: is not UTF-8"),
    ];
    for (catalog, wanted) in cases {
        for command in ["check", "serve"] {
            let output = run(command, &policy("remove"), *catalog).await;
            assert_eq!(output.code, Some(64), "{command}: {}{}", output.stdout, output.stderr);
            for word in ["own.toml", "catalog.file", "policies/goods/catalog.csv", wanted] {
                assert!(output.stderr.contains(word), "{command} does not say {word:?}: {}", output.stderr);
            }
            assert!(!output.stderr.contains("qz"), "{command} repeats a row: {}", output.stderr);
        }
    }
    let output = run("check", &policy("drop"), Some(b"id,class\nA,neutral\n")).await;
    assert_eq!(output.code, Some(64), "{}", output.stderr);
    assert!(output.stderr.contains("drop_event"), "{}", output.stderr);
}

#[tokio::test]
async fn check_says_what_the_catalogue_holds_and_warns_where_there_is_none() {
    let with = run("check", &policy("remove"), Some(b"id,class\nA,neutral\nB,sensitive\nC,prescription\nD,neutral\n")).await;
    assert_eq!(with.code, Some(0), "{}", with.stderr);
    assert!(with.stdout.contains("4 goods: 2 neutral, 1 sensitive, 1 prescription"), "{}", with.stdout);
    assert!(!with.stdout.contains("no catalogue"), "{}", with.stdout);
    let without = run("check", Policy::builtin("retail@1").unwrap().1, None).await;
    assert_eq!(without.code, Some(0), "{}", without.stderr);
    assert!(without.stdout.contains("there is no catalogue of sensitive goods"), "{}", without.stdout);
}

#[tokio::test]
async fn p6_a_million_goods_take_bounded_memory_and_are_in_force() {
    const GOODS: usize = 1_000_000;
    let mut catalog = String::with_capacity(24 * GOODS);
    catalog.push_str("id,class\n");
    for number in 0..GOODS {
        let class = if number % 1000 == 999 { "sensitive" } else { "neutral" };
        writeln!(catalog, "SKU{number:07},{class}").unwrap();
    }
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let mut plain = Gateway::start(&executable, Setup::new(&meta)).await;
    let without = plain.process().peak_kib();
    plain.finish().await;

    let setup = Setup::new(&meta).site("own.toml");
    let own = policy("remove").replace("goods/catalog.csv", "catalog.csv");
    let mut gateway = Gateway::start_in(&executable, setup, &[("own.toml", &own), ("catalog.csv", &catalog)]).await;
    let with = gateway.process().peak_kib();
    assert!(with < without + 48 * 1024, "a million goods take {without} KiB to {with} KiB");

    let sold = [purchase(&["SKU0000001", "sku0000001"]), purchase(&["SKU0999998"]), purchase(&["SKU0000999", "SKU0000002"])];
    assert_eq!(gateway.client().post(&sold).await.unwrap().status, 200);
    eventually("all is sent", Duration::from_secs(10), async || (gateway.metrics().await.pending() == 0).then_some(()))
        .await;
    let sent = sent(&meta).await;
    for (id, leaves) in [("SKU0000001", true), ("SKU0999998", true), ("sku0000001", false), ("SKU0000999", false)] {
        assert_eq!(sent.contains(id), leaves, "{id}: {sent}");
    }
    gateway.finish().await;
    meta.finish().await;

    let checked = run("check", &policy("remove"), Some(catalog.as_bytes())).await;
    let line = checked.stdout.lines().find(|line| line.contains("1000000 goods")).unwrap().to_owned();
    let memory = line.split("; ").nth(1).and_then(|text| text.split(' ').next()).unwrap().parse::<f64>().unwrap();
    assert!(memory <= 32.0, "{line}");
}

#[tokio::test]
async fn an_event_with_goods_that_nobody_classified_is_dropped_where_the_policy_says_so() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let own = policy("drop_event").replace("goods/catalog.csv", "catalog.csv");
    let files = [("own.toml", own.as_str()), ("catalog.csv", "id,class\nA-1,neutral\nP-1,prescription\n")];
    let gateway = Gateway::start_in(&executable, Setup::new(&meta).site("own.toml"), &files).await;
    let answer = gateway.client().post(&[purchase(&["A-1"]), purchase(&["A-1", "QZ-NEW"])]).await.unwrap();
    assert_eq!(answer.json()["portcullis"], json!({ "forwarded": 1, "dropped": { "unknown_goods": 1 }, "refused": 0 }));
    eventually("it is sent", Duration::from_secs(10), async || (gateway.metrics().await.pending() == 0).then_some(())).await;
    let sent = sent(&meta).await;
    assert!(sent.contains("A-1") && !sent.contains("QZ-NEW"), "{sent}");
    gateway.finish().await;
    meta.finish().await;
}
