//! Each way to reach a server, and what is said when there is none. No text holds a password, a user or an address.

use std::sync::{Arc, Mutex};

use secrecy::SecretString;

use crate::config::{Node, Redis, Topology};
use crate::shared::testing::{Certificates, Cluster, Sentinel, Server, config, node};
use crate::shared::{AtConnect, Call, Keys, Link, LinkState, Script, SharedError, Work};
use crate::telemetry::metrics::Metrics;

const PASSWORD: &str = "canary-password";

/// Adds, and tells the sum.
fn add() -> Script {
    Script::new("an addition", "return redis.call('INCRBY', KEYS[1], ARGV[1])")
}

fn known(redis: Redis, username: Option<&str>, password: &str) -> Redis {
    Redis { username: username.map(str::to_owned), password: Some(SecretString::from(password)), ..redis }
}

async fn works(redis: &Redis) {
    let link = Link::connect(redis).await.unwrap();
    let keys = Keys::new("portcullis");
    for (dataset, more) in [("1", 1), ("2", 2), ("3", 3), ("4", 4), ("5", 5)] {
        let call = Call::on([keys.of_dataset(dataset, "sum")]).with(more);
        assert_eq!(link.call::<i64>(&add(), &call).await.unwrap(), more, "each dataset has a key of its own");
        let mut get = redis::cmd("GET");
        assert_eq!(link.command::<i64>("a look", get.arg(keys.of_dataset(dataset, "sum"))).await.unwrap(), more);
    }
    assert_eq!(link.command::<String>("a ping", &redis::cmd("PING")).await.unwrap(), "PONG");
    assert_eq!((link.state().borrow().clone(), link.skew_ms()), (LinkState::Up, 0));
    let mut reader = link.reader().await.unwrap();
    let mut read = redis::cmd("XREAD");
    read.arg("BLOCK").arg(20).arg("STREAMS").arg(keys.common("news")).arg("$");
    let nothing: Option<Vec<String>> = reader.read(&read).await.unwrap();
    assert!(nothing.is_none());
}

/// What is said, in all forms in which it could be shown.
async fn refused(redis: &Redis) -> SharedError {
    let error = Link::connect(redis).await.unwrap_err();
    for shown in [error.to_string(), format!("{error:?}"), LinkState::Away(error.clone()).to_string()] {
        let tells = |secret: &str| shown.contains(secret);
        assert!(!tells("canary") && !tells("127.0.0.1"), "{shown}");
    }
    error
}

#[tokio::test]
async fn a_single_server_is_reached() {
    let server = Server::start().await;
    works(&server.config()).await;
    works(&Redis { database: 3, ..server.config() }).await;
    works(&Redis { nodes: vec![Node { host: "localhost".to_owned(), port: server.port }], database: 4, ..server.config() })
        .await;
}

#[tokio::test]
async fn a_cluster_is_reached_and_a_script_is_known_wherever_it_runs() {
    let cluster = Cluster::start().await;
    works(&cluster.config()).await;
    let mut asked_of = Vec::new();
    for dataset in ["1", "2", "3", "4", "5"] {
        asked_of.push(cluster.primary_of(&Keys::new("portcullis").of_dataset(dataset, "sum")).await);
    }
    asked_of.sort_unstable();
    asked_of.dedup();
    assert!(asked_of.len() > 1, "datasets are spread over servers");
    let single = Redis { topology: Topology::Single, nodes: vec![node(cluster.servers[0].port)], ..config(0) };
    let said = refused(&single).await;
    assert!(said.is_of_configuration() && said.to_string().contains("redis.topology = \"cluster\""), "{said}");
}

#[tokio::test]
async fn a_primary_is_found_by_its_sentinel() {
    let server = Server::start().await;
    let sentinel = Sentinel::start(&server).await;
    works(&sentinel.config()).await;
    let dead = Redis { nodes: vec![node(1), node(sentinel.port)], ..sentinel.config() };
    Link::connect(&dead).await.unwrap();
    let other = Redis { topology: Topology::Sentinel("other".to_owned()), ..sentinel.config() };
    assert!(refused(&other).await.to_string().contains("redis.sentinel_primary"));
    let plain = Redis { nodes: vec![node(server.port)], ..sentinel.config() };
    let said = refused(&plain).await;
    assert!(said.is_of_configuration() && said.to_string().contains("redis.topology = \"single\""), "{said}");
    let none = Redis { nodes: vec![node(1)], ..sentinel.config() };
    assert_eq!(
        refused(&none).await.to_string(),
        "Redis cannot be reached: no sentinel answers: nobody listens at its address"
    );
}

#[tokio::test]
async fn a_password_and_a_user_open_what_they_may_open() {
    let server = Server::start_with(&["--appendonly", "yes", "--appendfsync", "always", "--requirepass", PASSWORD]).await;
    works(&known(server.config(), None, PASSWORD)).await;
    works(&Redis { database: 1, ..known(server.config(), Some("default"), PASSWORD) }).await;
    let missing = refused(&server.config()).await;
    assert!(missing.is_of_configuration() && missing.to_string().contains("give redis.password"), "{missing}");
    for (user, password) in [(None, "canary-wrong"), (Some("canary-nobody"), PASSWORD)] {
        let wrong = refused(&known(server.config(), user, password)).await;
        assert!(wrong.is_of_configuration() && wrong.to_string().contains("correct redis.username"), "{wrong}");
    }
    let unneeded = Server::start().await;
    assert!(refused(&known(unneeded.config(), None, PASSWORD)).await.to_string().contains("redis.password"));
}

#[tokio::test]
async fn a_user_of_few_rights_is_enough_and_what_is_missing_is_named() {
    let rights = "~{portcullis* +@all -@admin -@dangerous +info +config|get +acl|dryrun";
    let start = async |rights: &str| {
        let server = Server::start().await;
        let mut user = redis::cmd("ACL");
        user.arg("SETUSER").arg("canary-gate").arg("on").arg(format!(">{PASSWORD}"));
        server.ask::<()>(user.arg(rights.split(' ').collect::<Vec<_>>())).await;
        server
    };
    let server = start(rights).await;
    works(&known(server.config(), Some("canary-gate"), PASSWORD)).await;
    let blind = start(&format!("{rights} -info")).await;
    let said = refused(&known(blind.config(), Some("canary-gate"), PASSWORD)).await.to_string();
    assert!(said.contains("allow +info"), "{said}");
    let forgetful = start(rights).await;
    let mut default = redis::cmd("ACL");
    forgetful.ask::<()>(default.arg(&["SETUSER", "default", "off", "resetkeys", "-@all"])).await;
    let said = refused(&known(forgetful.config(), Some("canary-gate"), PASSWORD)).await.to_string();
    assert!(said.contains("user default off ~* &* +@all"), "{said}");
    let unsure = start(&format!("{rights} -config|get")).await;
    let redis = known(unsure.config(), Some("canary-gate"), PASSWORD);
    let said = refused(&redis).await.to_string();
    assert!(said.contains("allow +config|get") && said.contains("redis.require_durable = false"), "{said}");
    let link = Link::connect(&Redis { require_durable: false, ..redis }).await.unwrap();
    let mut set = redis::cmd("SET");
    let said = link.command::<()>("a write elsewhere", set.arg("canary-other").arg(1)).await.unwrap_err();
    let said = said.to_string();
    let words = "Redis refused a write elsewhere: NOPERM, as its access control list does not allow that to our user; ";
    assert!(said.starts_with(words) && said.contains("redis.prefix") && !said.contains("canary"), "{said}");
    assert_eq!(*link.state().borrow(), LinkState::Up, "what is refused breaks nothing");
}

#[tokio::test]
async fn tls_is_spoken_with_an_authority_and_a_certificate_of_ones_own() {
    let certificates = Certificates::make("127.0.0.1");
    let open = certificates.server(false).await;
    let with = |server: &Server, tls| Redis { tls: Some(tls), ..server.config() };
    works(&with(&open, certificates.tls(false))).await;
    let asking = certificates.server(true).await;
    works(&with(&asking, certificates.tls(true))).await;
    let none = refused(&with(&asking, certificates.tls(false))).await;
    assert!(none.to_string().contains("redis.client_cert"), "{none}");
    let strangers = Certificates::make("127.0.0.1");
    let untrusted = refused(&with(&open, strangers.tls(false))).await;
    assert!(untrusted.is_of_configuration() && untrusted.to_string().contains("redis.ca_file"), "{untrusted}");
    let plain = Server::start().await;
    let said = refused(&with(&plain, certificates.tls(false))).await.to_string();
    assert!(said.contains("write redis://"), "{said}");
    refused(&open.config()).await;
}

#[tokio::test]
async fn a_certificate_for_another_name_is_not_taken() {
    let certificates = Certificates::make("canary.example");
    let server = certificates.server(false).await;
    let said = refused(&Redis { tls: Some(certificates.tls(false)), ..server.config() }).await;
    assert!(said.to_string().contains("for another name"), "{said}");
}

#[tokio::test]
async fn nobody_there_is_said_in_words() {
    assert_eq!(refused(&config(1)).await.to_string(), "Redis cannot be reached: nobody listens at its address");
    let unknown = Redis { nodes: vec![Node { host: "canary.invalid".to_owned(), port: 1 }], ..config(1) };
    assert!(matches!(refused(&unknown).await, SharedError::Away(_)));
}

/// Writes down when it was called, and refuses the first time.
#[derive(Debug, Default)]
struct Hook(Mutex<u32>);

impl AtConnect for Hook {
    fn connected<'a>(&'a self, link: &'a Link) -> Work<'a> {
        Box::pin(async move {
            link.call::<i64>(&add(), &Call::on([Keys::new("portcullis").common("calls")]).with(1)).await?;
            let mut calls = self.0.lock().unwrap();
            *calls += 1;
            if *calls == 1 { Err(SharedError::Unfit("not yet".to_owned())) } else { Ok(()) }
        })
    }
}

#[tokio::test]
async fn a_link_is_up_only_after_the_work_of_joining_was_done() {
    let server = Server::start().await;
    let (hook, metrics) = (Arc::new(Hook::default()), Metrics::new().unwrap());
    let link = Link::begin(&server.config(), vec![Arc::<Hook>::clone(&hook)], &metrics);
    assert_eq!(*link.state().borrow(), LinkState::Connecting);
    assert!(matches!(link.command::<()>("a ping", &redis::cmd("PING")).await, Err(SharedError::Away(_))));
    assert_eq!(link.first_try().await, Err(SharedError::Unfit("not yet".to_owned())));
    assert!(metrics.render().unwrap().contains("portcullis_redis_up 0"));
    link.state().wait_for(|state| *state == LinkState::Up).await.unwrap();
    assert_eq!(*hook.0.lock().unwrap(), 2);
    let shown = metrics.render().unwrap();
    assert!(
        shown.contains("portcullis_redis_up 1")
            && shown.contains(r#"portcullis_durability_info{backend="redis",mode="always"} 1"#)
    );
}
