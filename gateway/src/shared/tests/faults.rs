//! A bad network, a server that restarts, and one that is loading (C9, C10): calls fail in time, and the link comes back by itself.

use std::time::Duration;

use tokio::time::Instant;

use crate::config::Redis;
use crate::shared::testing::{Network, Proxy, Server, config, eventually};
use crate::shared::{Call, Keys, Link, LinkState, Script, SharedError};
use crate::telemetry::metrics::Metrics;

const DURABLE: &[&str] = &["--appendonly", "yes", "--appendfsync", "always"];

/// The connection has to be back within this time after the network is.
const BACK: Duration = Duration::from_secs(10);

fn impatient(port: u16) -> Redis {
    let patience = Duration::from_millis(500);
    Redis { connect_timeout: patience, command_timeout: patience, ..config(port) }
}

async fn ping(link: &Link) -> Result<String, SharedError> {
    link.command("a ping", &redis::cmd("PING")).await
}

/// The link is lost while the network is so, and is back soon after.
async fn survives(network: Network) {
    let server = Server::start().await;
    let proxy = Proxy::start(server.port).await;
    let metrics = Metrics::new().unwrap();
    let link = Link::begin(&impatient(proxy.port), Vec::new(), &metrics);
    link.first_try().await.unwrap();

    proxy.becomes(network);
    let begin = Instant::now();
    assert!(matches!(ping(&link).await, Err(SharedError::Away(_))), "{network:?}");
    assert!(begin.elapsed() < BACK, "a command has a deadline: {:?}", begin.elapsed());
    let begin = Instant::now();
    for _ in 0..100 {
        assert!(matches!(ping(&link).await, Err(SharedError::Away(_))));
    }
    // If each of them waited for the deadline it would take 50 s.
    assert!(begin.elapsed() < BACK, "while it is away calls fail at once: {:?}", begin.elapsed());

    proxy.becomes(Network::Good);
    let back = async { link.state().wait_for(|state| *state == LinkState::Up).await.map(drop) };
    tokio::time::timeout(BACK, back).await.unwrap_or_else(|_| panic!("not back after {network:?}")).unwrap();
    assert_eq!(ping(&link).await.unwrap(), "PONG");
    assert!(metrics.render().unwrap().contains("portcullis_redis_reconnects_total 1"));
}

#[tokio::test]
async fn c9_a_cut_connection_comes_back() {
    survives(Network::Cut).await;
}

#[tokio::test]
async fn c9_a_silent_connection_is_given_up_and_made_again() {
    survives(Network::Silent).await;
}

#[tokio::test]
async fn c9_a_connection_that_is_too_slow_is_given_up_and_made_again() {
    survives(Network::Slow(Duration::from_secs(2))).await;
}

#[tokio::test]
async fn c9_a_connection_that_falls_silent_while_nobody_asks_is_noticed() {
    let server = Server::start().await;
    let proxy = Proxy::start(server.port).await;
    let link = Link::connect(&impatient(proxy.port)).await.unwrap();
    proxy.becomes(Network::Silent);
    let mut state = link.state();
    let noticed = state.wait_for(|state| matches!(state, LinkState::Away(_)));
    tokio::time::timeout(BACK, noticed).await.expect("nobody noticed").unwrap();
}

#[tokio::test]
async fn c9_a_slow_network_that_is_fast_enough_is_borne() {
    let server = Server::start().await;
    let proxy = Proxy::start(server.port).await;
    let link = Link::connect(&impatient(proxy.port)).await.unwrap();
    proxy.becomes(Network::Slow(Duration::from_millis(50)));
    for _ in 0..5 {
        assert_eq!(ping(&link).await.unwrap(), "PONG");
    }
    assert_eq!(*link.state().borrow(), LinkState::Up);
}

/// Adds once for each token.
fn add_once() -> Script {
    Script::new(
        "an addition",
        "if redis.call('SET', KEYS[2], 1, 'NX') then redis.call('INCR', KEYS[1]) end return redis.call('GET', KEYS[1])",
    )
}

#[tokio::test]
async fn c9_who_insists_is_served_when_the_network_is_back_and_his_work_is_done_once() {
    let server = Server::start().await;
    let proxy = Proxy::start(server.port).await;
    let link = Link::connect(&impatient(proxy.port)).await.unwrap();
    let keys = Keys::new("portcullis");
    let call = |token: u32| Call::on([keys.of_dataset("1", "sum"), keys.of_dataset("1", &format!("answer:{token}"))]);
    for (token, network) in [(1, Network::Cut), (2, Network::Silent)] {
        proxy.becomes(network);
        let mender = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            proxy.becomes(Network::Good);
        };
        let (script, call) = (add_once(), call(token));
        let (sum, ()) = tokio::join!(link.insist::<u32>(&script, &call, BACK), mender);
        assert_eq!(sum.unwrap(), token);
    }
    proxy.becomes(Network::Cut);
    let begin = Instant::now();
    let lost = link.insist::<u32>(&add_once(), &call(3), Duration::from_secs(1)).await;
    assert!(matches!(lost, Err(SharedError::Away(_))));
    assert!(begin.elapsed() >= Duration::from_millis(900) && begin.elapsed() < BACK, "{:?}", begin.elapsed());
}

#[tokio::test]
async fn a_server_that_restarts_is_met_again_with_what_it_kept_and_told_its_scripts_again() {
    let mut server = Server::start().await;
    let link = Link::connect(&server.config()).await.unwrap();
    let keys = Keys::new("portcullis");
    let call = |token: u32| Call::on([keys.of_dataset("1", "sum"), keys.of_dataset("1", &format!("answer:{token}"))]);
    assert_eq!(link.call::<u32>(&add_once(), &call(1)).await.unwrap(), 1);
    server.restart_with(DURABLE).await;
    assert_eq!(link.insist::<u32>(&add_once(), &call(2), BACK).await.unwrap(), 2);
}

#[tokio::test]
async fn a_server_that_is_loading_counts_as_away_until_it_has_its_data() {
    let mut server = Server::start().await;
    let link = Link::connect(&server.config()).await.unwrap();
    // In many scripts, as the server tells nothing while it loads the work of one.
    for hundred in 0..200 {
        let mut fill = redis::cmd("EVAL");
        fill.arg("for n = 1, 100 do redis.call('SET', ARGV[1] .. ':' .. n, 'v') end").arg(0).arg(hundred);
        server.ask::<()>(&fill).await;
    }
    server.crash();
    // A tenth of a millisecond for every key that is loaded.
    server.start_again(&[DURABLE, &["--key-load-delay", "100"]].concat());
    let mut state = link.state();
    let loading = state.wait_for(|state| state.to_string().contains("it is loading its data"));
    tokio::time::timeout(BACK, loading).await.expect("loading is not told").unwrap();
    tokio::time::timeout(BACK, state.wait_for(|state| *state == LinkState::Up)).await.expect("not back").unwrap();
}

#[tokio::test]
async fn c10_a_blocking_read_holds_up_nobody_and_a_cut_of_it_is_noticed() {
    let server = Server::start().await;
    let proxy = Proxy::start(server.port).await;
    let link = Link::connect(&impatient(proxy.port)).await.unwrap();
    let mut reader = link.reader().await.unwrap();
    let mut read = redis::cmd("XREAD");
    read.arg("BLOCK").arg(3_000).arg("STREAMS").arg(Keys::new("portcullis").common("news")).arg("$");
    let reading = async { reader.read::<Option<Vec<String>>>(&read).await };
    let others = async {
        for _ in 0..20 {
            // Behind the read it would be given up after half a second.
            ping(&link).await.unwrap();
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        proxy.becomes(Network::Cut);
    };
    let (answer, ()) = tokio::join!(reading, others);
    assert!(matches!(answer, Err(SharedError::Away(_))), "{answer:?}");
    proxy.becomes(Network::Good);
    link.state().wait_for(|state| *state == LinkState::Up).await.unwrap();
    eventually("another reader is to be had", async || link.reader().await.is_ok()).await;
}

#[tokio::test]
async fn a_link_that_nobody_holds_ends_its_connection() {
    let server = Server::start().await;
    let link = Link::connect(&server.config()).await.unwrap();
    let clients = async || server.ask::<String>(redis::cmd("CLIENT").arg("LIST")).await.lines().count();
    assert_eq!(clients().await, 2);
    let copy = link.clone();
    drop(link);
    ping(&copy).await.unwrap();
    drop(copy);
    eventually("the connection ends", async || clients().await == 1).await;
}
