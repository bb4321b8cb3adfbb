//! Gateways on one Redis: who may join, who lives, who buries whom, and what a loss of the data does.

use tempfile::TempDir;

use super::*;
use crate::shared::testing::Server;

fn fingerprints(pseudonyms: &str, deduplication: &str) -> Fingerprints {
    Fingerprints { pseudonyms: pseudonyms.to_owned(), suppression: "s".to_owned(), deduplication: deduplication.to_owned() }
}

/// A gateway with a folder of its own.
struct Machine {
    folder: TempDir,
    seed: u64,
}

impl Machine {
    fn new(seed: u64) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), seed }
    }

    /// A start of its process.
    fn start(&mut self, fingerprints: Fingerprints) -> Membership {
        self.seed += 1000;
        let outbox = self.folder.path().join("outbox.db");
        let keys = Keys::new("portcullis");
        let (metrics, chance) = (Metrics::new().unwrap(), Chance::seeded(self.seed));
        Membership::open(&outbox, keys, fingerprints, metrics, chance).unwrap()
    }
}

async fn link(server: &Server) -> Link {
    Link::connect(&server.config()).await.unwrap()
}

/// Lets a gateway have been silent for so long.
async fn silence(link: &Link, membership: &Membership, ms: u64) {
    let (secs, _): (u64, u64) = link.command("the time", &redis::cmd("TIME")).await.unwrap();
    let entry = format!("{{\"alive_ms\":{},{}", secs * 1000 - ms, lock(&membership.0.about).rest_of_object());
    let mut command = redis::cmd("HSET");
    command.arg(membership.keys().common("gateways")).arg(membership.name()).arg(entry);
    link.command::<u8>("a test", &command).await.unwrap();
}

#[tokio::test]
async fn gateways_with_the_same_keys_join_and_see_each_other() {
    let server = Server::start().await;
    let link = link(&server).await;
    let (mut first, mut second) = (Machine::new(1), Machine::new(2));
    let (first, second) = (first.start(fingerprints("p", "d")), second.start(fingerprints("p", "d")));
    first.join(&link).await.unwrap();
    let found = first.joined().borrow().clone().unwrap();
    assert!(found.is_alone && !found.is_after_loss && first.is_alone());
    second.join(&link).await.unwrap();
    let again = second.joined().borrow().clone().unwrap();
    assert_eq!((again.outbox, again.is_alone), (found.outbox, false));
    assert!(first.beat(&link).await.unwrap().is_empty() && second.beat(&link).await.unwrap().is_empty());
    assert!(!first.is_alone() && !second.is_alone());
    assert_eq!(first.0.metrics.gateways.get(), 2);
    let listed = roster(&link, first.keys()).await.unwrap();
    assert!(listed.iter().all(|gateway| gateway.lives && gateway.about.version == crate::VERSION));
    second.leave(&link).await.unwrap();
    first.beat(&link).await.unwrap();
    assert!(first.is_alone());
}

#[tokio::test]
async fn a_gateway_with_another_key_is_told_which_one_and_joins_nothing() {
    let server = Server::start().await;
    let link = link(&server).await;
    Machine::new(1).start(fingerprints("p", "d")).join(&link).await.unwrap();
    let refused = async |fingerprints: Fingerprints| {
        let machine = Machine::new(2).start(fingerprints);
        let error = machine.join(&link).await.unwrap_err();
        assert!(error.is_of_configuration() && machine.joined().borrow().is_none() && !machine.has_joined_before());
        error.to_string()
    };
    let said = refused(fingerprints("other", "d")).await;
    assert!(
        said.starts_with("identity.pseudonym_key: ") && said.contains("HDEL {portcullis}:outbox pseudonym_key"),
        "{said}"
    );
    let said = refused(Fingerprints { suppression: "other".to_owned(), ..fingerprints("p", "d") }).await;
    assert!(said.starts_with("suppression.key: "), "{said}");
    let said = refused(fingerprints("p", "other")).await;
    assert!(said.starts_with("outbox.encryption_key: ") && said.contains("previous_encryption_keys"), "{said}");
    assert_eq!(roster(&link, &Keys::new("portcullis")).await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_encryption_key_can_be_changed_one_gateway_after_the_other() {
    let server = Server::start().await;
    let link = link(&server).await;
    for keys in ["a", "b,a", "a", "", "c,b", "b,a", "c"] {
        Machine::new(7).start(fingerprints("p", keys)).join(&link).await.unwrap();
    }
    assert!(Machine::new(7).start(fingerprints("p", "e")).join(&link).await.is_err());
}

#[tokio::test]
async fn a_format_of_another_version_is_refused() {
    let server = Server::start().await;
    let link = link(&server).await;
    let first = Machine::new(1).start(fingerprints("p", ""));
    first.join(&link).await.unwrap();
    let mut command = redis::cmd("HSET");
    command.arg(first.keys().common("outbox")).arg("format").arg(2);
    link.command::<u8>("a test", &command).await.unwrap();
    let said = first.join(&link).await.unwrap_err().to_string();
    assert!(said.starts_with("redis.prefix: ") && said.contains("format 2"), "{said}");
}

#[tokio::test]
async fn c3_a_dead_gateway_is_buried_by_one_other_and_stays_listed_until_that_is_done() {
    let server = Server::start().await;
    let link = link(&server).await;
    let gateways: Vec<Membership> = (1..4).map(|seed| Machine::new(seed).start(fingerprints("p", ""))).collect();
    for gateway in &gateways {
        gateway.join(&link).await.unwrap();
    }
    let [first, second, dead] = &gateways[..] else { panic!() };
    silence(&link, dead, 29_000).await;
    assert!(first.beat(&link).await.unwrap().is_empty(), "half a minute is not over");
    silence(&link, dead, 31_000).await;
    assert_eq!(first.beat(&link).await.unwrap(), [dead.name()]);
    assert!(second.beat(&link).await.unwrap().is_empty(), "another gateway is at it");
    assert!(first.beat(&link).await.unwrap().is_empty(), "and is asked once");
    assert_eq!(roster(&link, first.keys()).await.unwrap().len(), 3);
    first.buried(&link, dead.name()).await.unwrap();
    assert_eq!(roster(&link, first.keys()).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_gateway_that_was_only_slow_stays_on_the_list() {
    let server = Server::start().await;
    let link = link(&server).await;
    let (first, slow) = (Machine::new(1).start(fingerprints("p", "")), Machine::new(2).start(fingerprints("p", "")));
    first.join(&link).await.unwrap();
    slow.join(&link).await.unwrap();
    silence(&link, &slow, 31_000).await;
    assert_eq!(first.beat(&link).await.unwrap(), [slow.name()]);
    slow.beat(&link).await.unwrap();
    first.buried(&link, slow.name()).await.unwrap();
    assert_eq!(roster(&link, first.keys()).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_restart_buries_its_own_predecessors_at_once() {
    let server = Server::start().await;
    let link = link(&server).await;
    let mut machine = Machine::new(1);
    let before = machine.start(fingerprints("p", ""));
    before.join(&link).await.unwrap();
    let never_connected = machine.start(fingerprints("p", ""));
    let now = machine.start(fingerprints("p", ""));
    now.join(&link).await.unwrap();
    assert!(now.joined().borrow().as_ref().unwrap().is_alone, "it is not another gateway");
    assert_eq!(now.beat(&link).await.unwrap(), [before.name(), never_connected.name()]);
    for name in [before.name(), never_connected.name()] {
        now.buried(&link, name).await.unwrap();
    }
    assert_eq!(roster(&link, now.keys()).await.unwrap().len(), 1);
    let next = machine.start(fingerprints("p", ""));
    next.join(&link).await.unwrap();
    assert_eq!(next.beat(&link).await.unwrap(), [now.name()]);
}

#[derive(Debug, Default)]
struct Seen(Mutex<Vec<Joined>>);

impl AtJoin for Seen {
    fn joined<'a>(&'a self, _link: &'a Link, joined: &'a Joined) -> Work<'a> {
        lock(&self.0).push(joined.clone());
        Box::pin(std::future::ready(Ok(())))
    }
}

#[tokio::test]
async fn c1_a_redis_that_was_emptied_is_joined_anew_and_the_loss_is_told() {
    let server = Server::start().await;
    let link = link(&server).await;
    let (first, second) = (Machine::new(1).start(fingerprints("p", "")), Machine::new(2).start(fingerprints("p", "")));
    let seen = Arc::new(Seen::default());
    second.at_join(vec![seen.clone()]);
    first.join(&link).await.unwrap();
    second.join(&link).await.unwrap();
    link.command::<String>("a test", &redis::cmd("FLUSHALL")).await.unwrap();
    // While the connection stands, the next beat finds it.
    first.beat(&link).await.unwrap();
    second.beat(&link).await.unwrap();
    second.beat(&link).await.unwrap();
    let seen = lock(&seen.0).clone();
    assert_eq!(seen.iter().map(|joined| joined.is_after_loss).collect::<Vec<_>>(), [false, true]);
    assert_eq!(first.joined().borrow().as_ref().unwrap().outbox, seen[1].outbox, "both know the same outbox");
    assert_ne!(seen[0].outbox, seen[1].outbox);
    let lost = |gateway: &Membership| gateway.0.metrics.redis_lost.with_label_values(&[] as &[&str; 0]).get();
    assert_eq!((lost(&first), lost(&second)), (1, 1));
}

#[tokio::test]
async fn policies_that_differ_are_shown_by_site() {
    let server = Server::start().await;
    let link = link(&server).await;
    let (first, second) = (Machine::new(1).start(fingerprints("p", "")), Machine::new(2).start(fingerprints("p", "")));
    let policies = |gateway: &Membership, digest: &str| {
        lock(&gateway.0.about).policies = [("shop".to_owned(), digest.to_owned())].into();
    };
    let differs = |gateway: &Membership| gateway.0.metrics.policy_differs.with_label_values(&["shop"]).get();
    policies(&first, "a");
    policies(&second, "b");
    first.join(&link).await.unwrap();
    second.join(&link).await.unwrap();
    first.beat(&link).await.unwrap();
    assert_eq!(differs(&first), 1);
    policies(&second, "a");
    second.beat(&link).await.unwrap();
    first.beat(&link).await.unwrap();
    assert_eq!(differs(&first), 0);
}

#[tokio::test]
async fn that_only_some_encrypt_is_seen_while_it_is_so() {
    let server = Server::start().await;
    let link = link(&server).await;
    let (first, second) = (Machine::new(1).start(fingerprints("p", "")), Machine::new(2).start(fingerprints("p", "")));
    lock(&second.0.about).encrypts = true;
    first.join(&link).await.unwrap();
    assert!(!first.0.half_encrypted.load(Ordering::Relaxed), "it is alone");
    second.join(&link).await.unwrap();
    first.beat(&link).await.unwrap();
    assert!(first.0.half_encrypted.load(Ordering::Relaxed));
    lock(&first.0.about).encrypts = true;
    first.beat(&link).await.unwrap();
    assert!(!first.0.half_encrypted.load(Ordering::Relaxed), "both do");
}
