//! The dashboard of `deploy/grafana/`: its form, and that each of its queries finds something.
//!
//! A real Prometheus scrapes two real gateways under load, one with TLS and a file, one on Redis, while Meta fails now and then.
//! Then each query of each panel and annotation is asked as Grafana would ask it. What finds nothing is named by its panel. Grafana
//! itself is in no registry that is used here, so how it looks is not tested.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a helper of a test may panic as the test may")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use harness::{
    Authority, Gateway, Meta, Prometheus, Redis, Setup, Signal, eventually, executable, numbered_purchase, purchase,
};
use serde_json::{Value, json};

const REST: Duration = Duration::from_secs(240);

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn dashboard() -> Value {
    serde_json::from_str(&std::fs::read_to_string(root().join("deploy/grafana/portcullis.json")).unwrap()).unwrap()
}

fn panels(dashboard: &Value) -> &[Value] {
    dashboard["panels"].as_array().unwrap()
}

/// Each query, after the name of its panel or annotation.
fn queries(dashboard: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for panel in panels(dashboard) {
        for target in panel["targets"].as_array().into_iter().flatten() {
            found.push((panel["title"].as_str().unwrap().to_owned(), target["expr"].as_str().unwrap().to_owned()));
        }
    }
    for note in dashboard["annotations"]["list"].as_array().unwrap() {
        found.push((format!("annotation {}", note["name"]), note["expr"].as_str().unwrap().to_owned()));
    }
    assert!(found.len() > 50, "the queries are not where they were");
    found
}

#[test]
fn panels_have_ids_of_their_own_a_source_and_places_that_do_not_overlap() {
    let dashboard = dashboard();
    assert!(dashboard["schemaVersion"].as_u64().unwrap() >= 36, "Grafana 10 reads it as it is");
    assert_eq!(dashboard["uid"], "portcullis");
    let (mut ids, mut titles, mut taken) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for panel in panels(&dashboard) {
        let title = panel["title"].as_str().unwrap();
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{title}: its id is another's");
        let of_a_row = panel["type"] == "row";
        assert!(titles.insert((of_a_row, title)) || title == "In quarantine", "{title}: there are two");
        let place = |name: &str| panel["gridPos"][name].as_u64().unwrap_or_else(|| panic!("{title}: no {name}"));
        let (left, top) = (place("x"), place("y"));
        assert!(left + place("w") <= 24, "{title}: too wide");
        for (column, line) in (left..left + place("w")).flat_map(|x| (top..top + place("h")).map(move |y| (x, y))) {
            assert!(taken.insert((column, line)), "{title}: covers another");
        }
        if of_a_row {
            continue;
        }
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{title}");
        let targets = panel["targets"].as_array().unwrap();
        assert!(!targets.is_empty(), "{title}: asks for nothing");
        let letters: BTreeSet<&str> = targets.iter().map(|target| target["refId"].as_str().unwrap()).collect();
        assert_eq!(letters.len(), targets.len(), "{title}: two queries of one letter");
    }
}

#[test]
fn variables_are_declared_and_used() {
    let dashboard = dashboard();
    let declared: BTreeSet<&str> =
        dashboard["templating"]["list"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(declared, BTreeSet::from(["datasource", "dataset", "instance", "site"]));
    for (panel, query) in queries(&dashboard) {
        for name in query.split('$').skip(1).map(|rest| rest.split(|c: char| c != '_' && !c.is_ascii_alphanumeric()).next())
        {
            let name = name.unwrap();
            assert!(declared.contains(name) || ["__rate_interval", "__range"].contains(&name), "{panel}: ${name}");
        }
    }
}

/// Purchases, some of which are dropped, speak of health, or have a person's address in the id of an article; all are answered.
async fn traffic(gateway: &Gateway, client: &harness::Client, prefix: &str) {
    let mut unknown = purchase(&format!("{prefix}-dropped"));
    unknown["event_name"] = json!("AnEventOfOurOwn");
    let mut of_a_pharmacy = purchase(&format!("{prefix}-health"));
    of_a_pharmacy["custom_data"]["content_name"] = json!("Sertraline 50 mg");
    let mut with_a_person = purchase(&format!("{prefix}-person"));
    with_a_person["custom_data"]["content_ids"] = json!(["evt_amFuZS5kb2VAZXhhbXBsZS5jb20"]);
    for event in (0..5).map(|number| numbered_purchase(prefix, number)).chain([unknown, of_a_pharmacy, with_a_person]) {
        let answer = client.post(&[event]).await.unwrap();
        assert_eq!(answer.status, 200, "{}: {}", gateway.address(), answer.text());
    }
}

#[tokio::test]
async fn each_panel_has_data() {
    let executable = executable!();
    let (meta, mut redis, authority) = (Meta::start(&executable).await, Redis::start().await, Authority::new());
    let with_tls = Setup::new(&meta).site("pharmacy@1");
    let mut alone = Gateway::start_tls(&executable, with_tls.clone(), &authority.issue()).await;
    let mut shared = Gateway::start(&executable, Setup::new(&meta).on_redis(&redis.url())).await;
    alone.expect_trouble_with_meta();
    shared.expect_trouble_with_meta();
    shared.expect_trouble_with_redis();
    let client = alone.client().trusting(&authority);
    let prometheus = Prometheus::start(&[alone.admin(), shared.admin()]).await;
    prometheus.says("sum(up)", "2").await;
    let dashboard = dashboard();
    let mut silent = queries(&dashboard);
    // Something is set aside, something is withdrawn by a policy that asks for more.
    meta.faults(&json!([{"status": 400, "code": 100, "event_id": "bad-1", "times": null}])).await;
    assert_eq!(client.post(&[purchase("bad-1")]).await.unwrap().status, 200);
    traffic(&alone, &client, "first").await;
    traffic(&shared, &shared.client(), "first-shared").await;
    alone.drained().await;
    shared.drained().await;
    let mut round = 0;
    eventually_none(&mut silent, async |silent| {
        round += 1;
        meta.faults(&json!([{"status": 503, "dataset": harness::DATASET, "times": 2}])).await;
        traffic(&alone, &client, &format!("alone-{round}")).await;
        traffic(&shared, &shared.client(), &format!("shared-{round}")).await;
        if round == 2 {
            meta.faults(&json!([{"status": 503, "times": null}])).await;
            assert_eq!(client.post(&[purchase("withdrawn-1")]).await.unwrap().status, 200);
            alone.configure(with_tls.clone().tls().site("pharmacy-consent@1"));
            alone.process().signal(Signal::Hangup).await;
            eventually("it is reloaded", REST, async || {
                (alone.metrics().await.sum("portcullis_reloads_total", &[("result", "done")]) == 1).then_some(())
            })
            .await;
            meta.no_faults().await;
        }
        if round == 3 {
            // From now on its events go to its file.
            shared.drained().await;
            redis.kill().await;
        }
        let mut still = Vec::new();
        for (panel, query) in silent.clone() {
            // As Grafana fills it in: all of everything, four scrapes at least, the last quarter of an hour.
            let filled = query.replace("$__rate_interval", "30s").replace("$__range", "15m");
            let filled = ["$site", "$dataset", "$instance"].iter().fold(filled, |text, name| text.replace(name, ".*"));
            let found = prometheus.query(&filled).await.unwrap_or_else(|error| panic!("{panel}: {query}: {error}"));
            let says = |one: &Value| one["value"][1].as_str().is_some_and(|value| value != "NaN");
            if !found.iter().any(says) {
                still.push((panel, query));
            }
        }
        *silent = still;
    })
    .await;
    prometheus.finish().await;
    redis.restart().await;
    eventually("Redis is back", REST, async || (shared.metrics().await.sum("portcullis_redis_up", &[]) == 1).then_some(()))
        .await;
    meta.no_faults().await;
    alone.finish().await;
    shared.finish().await;
    meta.finish().await;
}

/// Goes on with rounds of traffic until every query has found something once.
async fn eventually_none(silent: &mut Vec<(String, String)>, mut round: impl AsyncFnMut(&mut Vec<(String, String)>)) {
    let asking = async {
        while !silent.is_empty() {
            round(silent).await;
        }
    };
    let done = tokio::time::timeout(REST, asking).await.is_ok();
    assert!(done, "these find nothing: {silent:#?}");
}
