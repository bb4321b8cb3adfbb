//! The configuration is read again while callers post: all of it is taken or nothing, no request is turned away for it, and what
//! is in force can be read.

#![expect(clippy::unwrap_used, reason = "a helper of a test may panic as the test may")]

use std::collections::BTreeSet;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use harness::{
    Authority, Client, Connection, DATASET, Executable, Gateway, KEY, Load, Meta, Oracle, Output, Pair, SITE, Setup, Signal,
    eventually, executable, holds, numbered_purchase, sha256_hex,
};
use portcullis_filters::policy::Policy;

const REST: Duration = Duration::from_secs(60);
const RELOAD: Duration = Duration::from_secs(30);
const OTHER_KEY: &str = "another-key-for-tests-qzsecret-0123456789";
const OTHER_DATASET: &str = "987654321";

/// `portcullis reload`, as an operator without any of the gateway's secrets calls it.
async fn reload(executable: &Executable, gateway: &Gateway) -> Output {
    let config = gateway.config().display().to_string();
    executable.run(&["reload", "--config", &config], &[], Path::new("/")).await
}

/// How many reloads ended so.
async fn reloads(gateway: &Gateway, result: &str) -> u64 {
    gateway.metrics().await.sum("portcullis_reloads_total", &[("result", result)])
}

/// Sends SIGHUP and waits until the reload is done or refused.
async fn hang_up(gateway: &mut Gateway) {
    let before = reloads(gateway, "done").await + reloads(gateway, "refused").await;
    gateway.process().signal(Signal::Hangup).await;
    eventually("the signal is a reload", RELOAD, async || {
        (reloads(gateway, "done").await + reloads(gateway, "refused").await > before).then_some(())
    })
    .await;
}

/// Open files of the process that lie in the outbox's folder, with their numbers.
fn open_files(gateway: &mut Gateway) -> BTreeSet<(String, String)> {
    let data = gateway.data();
    let folder = format!("/proc/{}/fd", gateway.process().id());
    let entries = std::fs::read_dir(folder).unwrap().filter_map(Result::ok);
    let opened = entries.filter_map(|entry| Some((entry.file_name(), std::fs::read_link(entry.path()).ok()?)));
    let of_outbox = opened.filter(|(_, path)| path.starts_with(&data));
    of_outbox.map(|(number, path)| (number.to_string_lossy().into_owned(), path.display().to_string())).collect()
}

#[tokio::test]
async fn d4_a_hundred_reloads_under_load_with_a_failing_meta_turn_nobody_away() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let setup = Setup::new(&meta);
    let mut gateway = Gateway::start(&executable, setup.clone()).await;
    gateway.expect_trouble_with_meta();
    gateway.expect_log("the reload was refused");
    let (files, digest) = (open_files(&mut gateway), policy_digests(&gateway).await);
    assert!(!files.is_empty());
    meta.faults(&serde_json::json!([{ "status": 503, "times": 40 }])).await;
    let load = Load::start(&gateway.client(), "reload", 4, 5);
    let broken = [
        setup.clone().set("dispatch", "lingerms", "1"),
        setup.clone().set("server", "max_connections", "77"),
        setup.clone().site("missing.toml"),
        setup.clone().append("\n[[site]]\n"),
    ];
    for round in 0_usize..50 {
        gateway.configure(broken[round % broken.len()].clone());
        hang_up(&mut gateway).await;
        assert_eq!(gateway.metrics().await.sum("portcullis_config_last_reload_success", &[]), 0);
        gateway.configure(setup.clone().set("dispatch", "linger_ms", &(10 + round).to_string()));
        hang_up(&mut gateway).await;
        assert_eq!(gateway.metrics().await.sum("portcullis_config_last_reload_success", &[]), 1);
    }
    assert_eq!((reloads(&gateway, "done").await, reloads(&gateway, "refused").await), (50, 50));
    assert_eq!(load.turned_away(), 0);
    assert_eq!(gateway.metrics().await.sum("portcullis_requests_total", &[("status", "5xx")]), 0);
    assert_eq!((open_files(&mut gateway), policy_digests(&gateway).await), (files, digest), "nothing was opened again");
    let oracle = load.finish().await;
    meta.no_faults().await;
    oracle.settled(&meta, REST).await;
    gateway.drained().await;
    gateway.finish().await;
    meta.finish().await;
}

/// The digests of all policies, as the metrics have them; `/policies` must say the same.
async fn policy_digests(gateway: &Gateway) -> BTreeSet<String> {
    let metrics = gateway.metrics().await;
    let infos = metrics.text().lines().filter(|line| line.starts_with("portcullis_policy_info{"));
    let digests: BTreeSet<String> =
        infos.filter_map(|line| Some(line.split_once("digest=\"")?.1.split_once('"')?.0.to_owned())).collect();
    let page = Client::new(gateway.admin()).get("/policies").await.unwrap().json();
    let told = page.as_array().unwrap().iter().map(|policy| policy["digest"].as_str().unwrap().to_owned()).collect();
    assert_eq!(digests, told);
    digests
}

#[tokio::test]
async fn d5_a_mounted_folder_that_is_swapped_by_a_link_is_taken_at_the_next_signal() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let mut gateway = Gateway::start(&executable, Setup::new(&meta)).await;
    let folder = gateway.config().parent().unwrap().to_owned();
    let (_, retail) = Policy::builtin("retail@1").unwrap();
    let own = retail.replacen("\"retail\"", "\"own\"", 1);
    for (version, text) in [("..v1", own.clone()), ("..v2", own.replace("fbp               = \"keep\"\n", ""))] {
        std::fs::create_dir(folder.join(version)).unwrap();
        std::fs::write(folder.join(version).join("own.toml"), text).unwrap();
    }
    // As a ConfigMap is mounted: the file is a link through a link, and that one is swapped.
    symlink("..v1", folder.join("..data")).unwrap();
    symlink("..data/own.toml", folder.join("own.toml")).unwrap();
    gateway.configure(Setup::new(&meta).site("own.toml"));
    hang_up(&mut gateway).await;
    let first = policy_digests(&gateway).await;
    symlink("..v2", folder.join("..data.new")).unwrap();
    std::fs::rename(folder.join("..data.new"), folder.join("..data")).unwrap();
    assert_eq!(policy_digests(&gateway).await, first, "nobody was told yet");
    hang_up(&mut gateway).await;
    let second = policy_digests(&gateway).await;
    assert!(second.len() == 1 && second != first, "{first:?} {second:?}");
    assert_eq!(reloads(&gateway, "done").await, 2);
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn p8_a_refused_reload_names_the_key_and_changes_nothing() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let setup = Setup::new(&meta);
    let mut gateway = Gateway::start(&executable, setup.clone()).await;
    gateway.expect_log("the reload was refused");
    for (broken, words) in [
        (setup.clone().set("log", "level", "\"debug\""), &["log.level", "read at start only"][..]),
        (setup.clone().site("missing.toml").set("server", "stop_grace_secs", "7"), &["policy", "missing.toml"]),
        (
            setup
                .clone()
                .append("[[site]]\nid = \"x\"\npolicy = \"retail@1\"\nkeys = []\ndatasets = []\nhosts = [\"a.example\"]\n"),
            &["site `x`"],
        ),
        // So wrong that the command cannot read it whole: the gateway is to know of it all the same.
        (setup.clone().append("[dispatching]\nlinger_ms = 1\n"), &["dispatching"]),
    ] {
        let before = reloads(&gateway, "refused").await;
        gateway.configure(broken);
        let refused = reload(&executable, &gateway).await;
        assert_eq!(refused.code, Some(64), "{refused:?}");
        for word in words {
            assert!(refused.stderr.contains(word), "no {word}: {}", refused.stderr);
        }
        assert_eq!(reloads(&gateway, "refused").await, before + 1, "the gateway was not told");
        assert_eq!(gateway.client().post(&[numbered_purchase("kept", 1)]).await.unwrap().status, 200);
    }
    // The time of the last success is that of the start.
    let metrics = gateway.metrics().await;
    assert_eq!(metrics.sum("portcullis_config_last_reload_success", &[]), 0);
    assert!(metrics.sum("portcullis_config_last_reload_success_timestamp_seconds", &[]) > 1_700_000_000);
    gateway.configure(setup.clone());
    let same = reload(&executable, &gateway).await;
    assert_eq!((same.code, same.stdout.as_str()), (Some(0), "nothing changed\n"), "{same:?}");
    gateway.configure(setup.clone().set("dispatch", "linger_ms", "30"));
    let done = reload(&executable, &gateway).await;
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), "dispatch.linger_ms\nreloaded\n"), "{done:?}");
    gateway.drained().await;
    gateway.stop(Signal::Terminate).await;
    gateway.configure(setup);
    let nobody = reload(&executable, &gateway).await;
    assert_eq!(nobody.code, Some(1), "{nobody:?}");
    assert!(nobody.stderr.contains("no gateway runs with this outbox"), "{nobody:?}");
    gateway.finish().await;
    meta.finish().await;
}

/// A second site with a dataset of its own.
fn with_other(setup: &Setup) -> Setup {
    let key = sha256_hex(OTHER_KEY.as_bytes());
    setup.clone().append(&format!(
        "\n[[site]]\nid = \"other\"\npolicy = \"retail@1\"\ndatasets = [\"{OTHER_DATASET}\"]\nhosts = [\"www.shop.example\"]\n\
         keys = [{{ sha256 = \"{key}\" }}]\n[[dataset]]\nid = \"{OTHER_DATASET}\"\naccess_token = {{ env = \"META_TOKEN_OTHER\" }}\n"
    ))
}

#[tokio::test]
async fn a_site_that_comes_is_taken_and_one_that_goes_is_refused_while_what_it_sent_is_kept() {
    let executable = executable!();
    let meta = Meta::start_with(&executable, &[(OTHER_DATASET, "EAAotherTokenOfTheTests0123456789")]).await;
    let setup = Setup::new(&meta).env("META_TOKEN_OTHER", "EAAotherTokenOfTheTests0123456789");
    let mut gateway = Gateway::start(&executable, setup.clone()).await;
    gateway.expect_trouble_with_meta();
    let other = gateway.client().with(OTHER_KEY, OTHER_DATASET);
    let refused = other.post(&[numbered_purchase("early", 1)]).await.unwrap();
    assert_eq!((refused.status, refused.json()["error"]["code"].as_u64()), (401, Some(190)));

    gateway.configure(with_other(&setup));
    let added = reload(&executable, &gateway).await;
    assert_eq!(added.stdout, format!("site `other`: added\ndataset `{OTHER_DATASET}`: added\nreloaded\n"), "{added:?}");
    let mut oracle = Oracle::default();
    meta.faults(&serde_json::json!([{ "status": 503, "times": 100_000 }])).await;
    for number in 0..5 {
        oracle.issue(&format!("other-{number}"));
        assert_eq!(other.post(&[numbered_purchase("other", number)]).await.unwrap().status, 200);
        oracle.owe(&format!("other-{number}"));
    }

    gateway.configure(setup.clone());
    assert_eq!(reload(&executable, &gateway).await.code, Some(0));
    let refused = other.post(&[numbered_purchase("late", 1)]).await.unwrap();
    assert_eq!((refused.status, refused.json()["error"]["code"].as_u64()), (401, Some(190)));
    meta.no_faults().await;
    assert_eq!(gateway.client().post(&[numbered_purchase("mine", 1)]).await.unwrap().status, 200);
    holds("only the other site's events wait", REST, async || match gateway.metrics().await.pending() {
        5 => Ok(()),
        pending => Err(format!("{pending} are pending")),
    })
    .await;
    let info = [("site", SITE)];
    assert_eq!(
        gateway.metrics().await.sum("portcullis_policy_info", &[]),
        gateway.metrics().await.sum("portcullis_policy_info", &info)
    );

    gateway.configure(with_other(&setup));
    assert_eq!(reload(&executable, &gateway).await.code, Some(0));
    oracle.issue("mine-1");
    oracle.settled(&meta, REST).await;
    gateway.drained().await;
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn a_reload_can_name_another_certificate() {
    let executable = executable!();
    let (authority, next) = (Authority::new(), Authority::new());
    let meta = Meta::start(&executable).await;
    let mut gateway = Gateway::start_tls(&executable, Setup::new(&meta), &authority.issue()).await;
    let Pair { cert, key } = next.issue();
    gateway.replace_file("next.pem", &cert);
    gateway.replace_file("next.key", &key);
    assert!(Connection::open_tls(gateway.address(), &next).await.is_err());
    gateway.configure(Setup::new(&meta).set("server", "tls", "{ cert = \"next.pem\", key = \"next.key\" }"));
    let done = reload(&executable, &gateway).await;
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), "server.tls\nreloaded\n"), "{done:?}");
    eventually("the new one is shown", RELOAD, async || Connection::open_tls(gateway.address(), &next).await.ok()).await;
    gateway.expect_log("the reload was refused");
    gateway.configure(Setup::new(&meta));
    let refused = reload(&executable, &gateway).await;
    assert!(refused.code == Some(64) && refused.stderr.contains("server.tls: is read at start only"), "{refused:?}");
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn a_rate_limit_answers_as_meta_does_and_follows_a_reload() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let limited = |events_per_sec: u32, burst: u32| {
        let limit = format!("rate_limit = {{ events_per_sec = {events_per_sec}, burst = {burst} }}");
        Setup::new(&meta).replace("hosts = [\"www.shop.example\"]", &format!("hosts = [\"www.shop.example\"]\n{limit}"))
    };
    let mut gateway = Gateway::start(&executable, limited(1, 10)).await;
    let client = gateway.client();
    let events: Vec<_> = (0..10).map(|number| numbered_purchase("rate", number)).collect();
    assert_eq!(client.post(&events).await.unwrap().status, 200);
    let refused = client.post(&events).await.unwrap();
    assert_eq!(refused.status, 429, "{}", refused.text());
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=10).contains(&wait), "{wait}");
    let error = &refused.json()["error"];
    assert_eq!((error["code"].as_u64(), error["is_transient"].as_bool()), (Some(4), Some(true)));
    // With the key inside, the body is read first.
    let inside = serde_json::json!({ "access_token": KEY, "data": &events }).to_string();
    let asked = harness::Request::post(&client.path(), "application/json", inside);
    assert_eq!(client.send(&asked).await.unwrap().status, 429);
    let metrics = gateway.metrics().await;
    assert_eq!(metrics.sum("portcullis_requests_rate_limited_total", &[("site", SITE)]), 2);
    assert_eq!((metrics.events("received"), metrics.events("accepted")), (10, 10));
    // What was spent stays spent where the limit is the same, and another limit is another bucket.
    gateway.configure(limited(1, 10).set("dispatch", "linger_ms", "40"));
    assert_eq!(reload(&executable, &gateway).await.code, Some(0));
    assert_eq!(client.post(&events).await.unwrap().status, 429);
    gateway.configure(limited(1000, 1000));
    assert_eq!(
        reload(&executable, &gateway).await.stdout,
        format!("site `{SITE}`: rate_limit\ndispatch.linger_ms\nreloaded\n")
    );
    assert_eq!(client.post(&events).await.unwrap().status, 200);
    assert_eq!(client.path(), format!("/v26.0/{DATASET}/events"));
    gateway.drained().await;
    gateway.finish().await;
    meta.finish().await;
}
