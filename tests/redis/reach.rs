//! How Redis is reached: a cluster, a primary that fails over, TLS with a certificate of our own, a user with few rights.

use std::collections::BTreeMap;

use harness::{
    Authority, Canaries, ChaosProxy, DATASET, Demand, Executable, Fleet, Gateway, Load, Meta, Mode, Oracle, Redis,
    RedisCluster, RedisSetup, Sentinel, Setup, eventually, executable, numbered_purchase,
};
use tokio::sync::watch;

use crate::{BACK, REST, has_redis, post, refused, takes_again};

/// The user as whom gateways come, as docs/redis.md calls them, and a password that must be nowhere. It has characters that a URL writes otherwise.
const USER: &str = "portcullis";
const PASSWORD: &str = "qzsecret-redis@password/0123456789";
const PASSWORD_IN_URL: &str = "qzsecret-redis%40password%2F0123456789";
/// Datasets beside the ordinary one, enough that they come to lie on several servers.
const MORE: [&str; 7] = [
    "2000000000000001",
    "2000000000000002",
    "2000000000000003",
    "2000000000000004",
    "2000000000000005",
    "2000000000000006",
    "2000000000000007",
];
/// Their token.
const OTHER_TOKEN: &str = "EAAqzsecretTokenOfOtherDatasets01234";

/// With all datasets.
fn many_datasets(setup: Setup) -> Setup {
    let list: Vec<String> = MORE.iter().map(|id| format!(", \"{id}\"")).collect();
    let table = |id: &&str| format!("\n[[dataset]]\nid = \"{id}\"\naccess_token = {{ env = \"OTHER_TOKEN\" }}\n");
    let tables: Vec<String> = MORE.iter().map(table).collect();
    let (list, tables) = (list.concat(), tables.concat());
    setup
        .replace(&format!("datasets = [\"{DATASET}\"]"), &format!("datasets = [\"{DATASET}\"{list}]"))
        .append(&tables)
        .env("OTHER_TOKEN", OTHER_TOKEN)
}

#[tokio::test]
async fn three_gateways_on_a_cluster_of_three_lose_nothing_when_a_server_dies() {
    let executable = executable!();
    let more: Vec<(&str, &str)> = MORE.iter().map(|id| (*id, OTHER_TOKEN)).collect();
    let meta = Meta::start_with(&executable, &more).await;
    let mut cluster = RedisCluster::start(3).await;
    let proxy = ChaosProxy::start(meta.address()).await;
    let on_cluster =
        Setup::new(&meta).on_redis(&cluster.url()).set("redis", "topology", "\"cluster\"").through(proxy.address());
    let mut fleet = Fleet::of(&executable, 3, &many_datasets(on_cluster)).await;
    fleet.expect_trouble_with_redis();
    fleet.expect_trouble_with_meta();
    proxy.set(Mode::Refuse);
    let mut oracle = Oracle::default();
    for (round, dataset) in [DATASET].into_iter().chain(MORE).enumerate() {
        let gateway = &fleet.gateways[round % 3];
        let prefix = format!("spread{round}");
        for number in 0..5 {
            let event = numbered_purchase(&prefix, number);
            let answer = gateway.client().with(harness::KEY, dataset).post(&[event]).await.unwrap();
            assert_eq!(answer.status, 200, "{}", answer.text());
            oracle.owe(&format!("{prefix}-{number}"));
        }
    }
    // A dataset lies on one server, and the datasets on several.
    let mut has: BTreeMap<u16, usize> = BTreeMap::new();
    for node in &cluster.nodes {
        let queues = node.keys("*:queue").await.len();
        has.insert(node.address().port(), queues);
    }
    assert_eq!(has.values().sum::<usize>(), 1 + MORE.len(), "{has:?}");
    assert!(has.values().filter(|queues| **queues > 0).count() >= 2, "{has:?}");

    proxy.set(Mode::Pass);
    let addresses: Vec<_> = fleet.gateways.iter().map(|gateway| watch::Sender::new(gateway.address())).collect();
    let demand = Demand { callers: 1, events: 3, per_second: Some(60) };
    let loads: Vec<Load> = addresses
        .iter()
        .enumerate()
        .map(|(at, address)| Load::following(&address.subscribe(), &format!("dies{at}"), demand))
        .collect();
    for victim in 0..cluster.nodes.len() {
        let enough = loads[0].answered() + 5;
        eventually("the load is answered", REST, async || (loads[0].answered() >= enough).then_some(())).await;
        cluster.nodes[victim].kill().await;
        cluster.nodes[victim].restart().await;
        cluster.whole().await;
    }
    for load in loads {
        oracle.merge(load.finish().await);
    }
    let figures = oracle.settled(&meta, REST).await;
    println!("each of three servers died once: {figures}");
    fleet.drained().await;
    let nodes: Vec<&Redis> = cluster.nodes.iter().collect();
    fleet.finish_without_accounts(&nodes).await;
    meta.finish().await;
}

#[tokio::test]
async fn c7_a_failover_to_the_replica_loses_nothing_that_it_was_asked_to_have() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let mut primary = Redis::start().await;
    let mut replica = RedisSetup::new().replica_of(&primary).start().await;
    let sentinel = Sentinel::watching(&primary).await;
    let watched = Setup::new(&meta)
        .on_redis(&sentinel.url())
        .set("redis", "topology", "\"sentinel\"")
        .set("redis", "sentinel_primary", &format!("\"{}\"", Sentinel::PRIMARY))
        .set("redis", "replicas", "1");
    let mut fleet = Fleet::of(&executable, 2, &watched).await;
    fleet.expect_trouble_with_redis();
    fleet.expect_trouble_with_meta();
    let address = |at: usize| watch::Sender::new(fleet.gateways[at].address());
    let addresses = [address(0), address(1)];
    let demand = Demand { callers: 2, events: 3, per_second: Some(100) };
    let loads = [0, 1].map(|at: usize| Load::following(&addresses[at].subscribe(), &format!("failover{at}"), demand));
    eventually("the load is answered", REST, async || loads.iter().all(|load| load.answered() > 10).then_some(())).await;
    primary.kill().await;
    sentinel.fails_over_to(&replica).await;
    // The old primary comes back as a replica of the new one, and yes can be said in Redis again.
    primary.restart_as_replica_of(&replica).await;
    eventually("there is a replica again", REST, async || (replica.info("connected_slaves").await == "1").then_some(()))
        .await;
    for gateway in &fleet.gateways {
        has_redis(gateway, true, REST).await;
    }
    let before: Vec<u64> = loads.iter().map(Load::answered).collect();
    eventually("the load is answered again", REST, async || {
        loads.iter().zip(&before).all(|(load, before)| load.answered() > before + 10).then_some(())
    })
    .await;
    let mut oracle = Oracle::default();
    for load in loads {
        oracle.merge(load.finish().await);
    }
    let figures = oracle.settled(&meta, REST).await;
    println!("a failover: {figures}");
    fleet.drained().await;
    assert!(replica.process().runs());
    fleet.finish_without_accounts(&[&primary, &replica]).await;
    meta.finish().await;
}

/// A Redis that wants a certificate and a user, and what a gateway needs to have both.
async fn closed(meta: &Meta, authority: &Authority) -> (Redis, Setup, Vec<(String, String)>) {
    let redis = RedisSetup::new().tls(authority).users(&users()).start().await;
    let pair = authority.issue();
    let files = [("ca.pem", authority.pem()), ("client.pem", pair.cert), ("client.key", pair.key)];
    let setup = Setup::new(meta)
        .on_redis(&url(&redis, PASSWORD_IN_URL))
        .set("redis", "ca_file", "\"ca.pem\"")
        .set("redis", "client_cert", "\"client.pem\"")
        .set("redis", "client_key", "\"client.key\"");
    (redis, setup, files.map(|(name, text)| (name.to_owned(), text)).to_vec())
}

/// The users of docs/redis.md, with a password.
fn users() -> String {
    let told = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/redis.md")).unwrap();
    let lines: Vec<&str> = told.lines().filter(|line| line.starts_with("user ")).collect();
    assert_eq!(lines.len(), 2, "docs/redis.md shows two users: {lines:?}");
    lines.join("\n").replace("#SHA256-OF-THE-PASSWORD", &format!(">{PASSWORD}"))
}

fn url(redis: &Redis, password: &str) -> String {
    format!("rediss://{USER}:{password}@{}", redis.tls_address())
}

async fn starts(executable: &Executable, setup: Setup, files: &[(String, String)]) -> Gateway {
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let mut gateway = Gateway::start_in(executable, setup, &files).await;
    gateway.canaries.add("Redis' password", PASSWORD);
    gateway.canaries.add("Redis' password in the URL", PASSWORD_IN_URL);
    gateway
}

/// What must stand nowhere: the password in every form.
fn secrets() -> Canaries {
    let mut canaries = Canaries::default();
    canaries.add("Redis' password", PASSWORD);
    canaries.add("Redis' password in the URL", PASSWORD_IN_URL);
    canaries.add("a wrong password", "qzsecret-wrong-password");
    canaries
}

#[tokio::test]
async fn e5_with_tls_a_certificate_and_a_user_of_few_rights_and_the_password_is_nowhere() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let authority = Authority::new();
    let (mut redis, setup, files) = closed(&meta, &authority).await;
    // Everything is logged, on success and on every failure.
    let mut gateway = starts(&executable, setup.clone().trace(), &files).await;
    gateway.expect_trouble_with_redis();
    let mut oracle = Oracle::default();
    post(&gateway, "tls", 0..5, &mut oracle).await;
    oracle.settled(&meta, REST).await;
    gateway.drained().await;
    for command in [["outbox", "inspect"].as_slice(), &["check"]] {
        let output = gateway.command(command).await;
        assert_eq!(output.code, Some(0), "{command:?}: {}{}", output.stdout, output.stderr);
        secrets().absent_from("a command", format!("{}{}", output.stdout, output.stderr).as_bytes());
    }
    // A right is taken away, so events go to the file; and it is given back; then the server dies.
    redis.ask::<String>(&["ACL", "SETUSER", USER, "-@scripting"]).await;
    post(&gateway, "forbidden", 0..1, &mut oracle).await;
    redis.ask::<String>(&["ACL", "SETUSER", USER, "+@scripting"]).await;
    takes_again(&gateway, &mut oracle).await;
    redis.kill().await;
    has_redis(&gateway, false, REST).await;
    redis.restart().await;
    has_redis(&gateway, true, BACK).await;
    post(&gateway, "back", 0..3, &mut oracle).await;
    assert_eq!(gateway.metrics().await.sum("portcullis_redis_lost_total", &[]), 0, "its disk held everything");
    oracle.settled(&meta, REST).await;
    gateway.empty().await;
    gateway.finish_without_accounts().await;
    meta.finish().await;
}

#[tokio::test]
async fn c8_a_server_that_would_drop_its_log_at_a_restart_is_refused() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let bare = users().replace("user default off ~* &* +@all", "user default off");
    let redis = RedisSetup::new().users(&bare).start().await;
    let known = Setup::new(&meta).on_redis(&format!("redis://{USER}:{PASSWORD_IN_URL}@{}", redis.address()));
    let told = refused(&executable, &known, &[]).await;
    assert!(told.stderr.contains("user default off ~* &* +@all"), "{}", told.stderr);
    secrets().absent_from("what it says", told.stderr.as_bytes());
    meta.finish().await;
}

#[tokio::test]
async fn e5_what_keeps_a_gateway_out_is_said_without_the_password() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let authority = Authority::new();
    let (redis, setup, files) = closed(&meta, &authority).await;
    let wrong = url(&redis, "qzsecret-wrong-password-0123456789");
    let plain = url(&redis, PASSWORD_IN_URL).replace("rediss://", "redis://");
    let foreign = Authority::new().pem();
    let other = |name: &str, text: &str| -> Vec<(String, String)> {
        let replaced =
            |(has, was): &(String, String)| (has.clone(), if has == name { text.to_owned() } else { was.clone() });
        files.iter().map(replaced).collect()
    };
    let uncertified = setup.clone().unset("redis", "client_cert").unset("redis", "client_key");
    let keyless = setup.clone().unset("redis", "ca_file").unset("redis", "client_cert").unset("redis", "client_key");
    for (what, setup, files) in [
        ("a wrong password", setup.clone().env("REDIS_URL", &wrong), files.clone()),
        ("another authority", setup.clone(), other("ca.pem", &foreign)),
        ("no certificate of its own", uncertified, files.clone()),
        ("no TLS", keyless.env("REDIS_URL", &plain), files.clone()),
    ] {
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let output = refused(&executable, &setup.trace(), &files).await;
        assert!(output.stderr.contains("Redis"), "{what}: {}", output.stderr);
        secrets().absent_from(what, format!("{}{}", output.stdout, output.stderr).as_bytes());
    }
    // Nothing came in, by whatever way.
    assert!(redis.keys("*").await.is_empty());
    meta.finish().await;
}
