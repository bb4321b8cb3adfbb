//! Several gateways on one log, over a real server: who is suppressed at one is at all.

mod lost;

use std::path::PathBuf;
use std::time::Duration;

use portcullis_filters::suppression::Identifier;
use tempfile::TempDir;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use super::*;
use crate::clock::Clock;
use crate::config::{self, OwnKeySource, SuppressionStore};
use crate::shared::membership::{Fingerprints, Membership};
use crate::shared::testing::Server;
use crate::telemetry::metrics::Metrics;

const KEY: [u8; 32] = [7; 32];
const NAME: &str = "{portcullis}:suppression";

/// A gateway as far as persons go.
struct Gateway {
    folder: TempDir,
    set: Suppressions,
    log: Log,
}

impl Gateway {
    /// A new one.
    async fn of(server: &Server) -> Self {
        Self::with(server, KEY, tempfile::tempdir().unwrap()).await
    }

    async fn with(server: &Server, key: [u8; 32], folder: TempDir) -> Self {
        let set = open(folder.path().join("suppression.db"), key);
        let link = Link::connect(&server.config()).await.unwrap();
        let log = Log::new(&Keys::new("portcullis"), set.clone(), None, Chance::from_system().unwrap()).over(link);
        Self { folder, set, log }
    }

    /// Ended and started again.
    async fn again(self, server: &Server) -> Self {
        let Self { folder, set, log } = self;
        drop((set, log));
        Self::with(server, KEY, folder).await
    }

    /// One that joined the others, hears news and tells them.
    async fn listening(self, server: &Server) -> (Self, News, Link) {
        let (keys, chance) = (Keys::new("portcullis"), Chance::from_system().unwrap());
        let outbox = self.folder.path().join("outbox.db");
        let metrics = Metrics::new().unwrap();
        let membership = Membership::open(&outbox, keys.clone(), Fingerprints::default(), metrics, chance.clone()).unwrap();
        let link = Link::connect(&server.config()).await.unwrap();
        let news = News::new(membership.clone());
        let log = Log::new(&keys, self.set.clone(), Some(news.clone()), chance).over(link.clone());
        membership.at_join(vec![Arc::new(log.clone())]);
        membership.join(&link).await.unwrap();
        (Self { log, ..self }, news, link)
    }

    async fn perform(&self, task: SuppressTask, persons: std::ops::Range<u64>) -> Result<u64, SuppressionError> {
        let marker = self.set.marker().unwrap();
        self.perform_on(task, persons.map(|number| marker.mark(&person(number))).collect()).await
    }

    async fn perform_on(&self, task: SuppressTask, marks: Vec<Mark>) -> Result<u64, SuppressionError> {
        let key = self.set.marker().unwrap().fingerprint().clone();
        self.log.obey(&SuppressCommand { key, task, marks }).await.map(|done| done.changed)
    }

    async fn add(&self, persons: std::ops::Range<u64>) -> u64 {
        self.perform(SuppressTask::Add, persons).await.unwrap()
    }

    async fn remove(&self, persons: std::ops::Range<u64>) -> u64 {
        self.perform(SuppressTask::Remove, persons).await.unwrap()
    }

    fn holds(&self, number: u64) -> bool {
        self.set.look(&person(number)).unwrap()
    }
}

fn open(path: PathBuf, key: [u8; 32]) -> Suppressions {
    let store = Some(SuppressionStore { path, key: OwnKeySource::Given(Zeroizing::new(key)) });
    let (metrics, clock, chance) = (Metrics::new().unwrap(), Clock::set(1_791_000_000_000), Chance::seeded(1));
    Suppressions::open(&config::Suppression { store }, &metrics, &clock, &chance).unwrap()
}

fn person(number: u64) -> Identifier {
    let mut digest = [0; 32];
    digest[..8].copy_from_slice(&number.to_be_bytes());
    Identifier::from_digest(digest)
}

/// A command by hand.
async fn by_hand<T: redis::FromRedisValue>(server: &Server, words: &[&str]) -> T {
    let link = Link::connect(&server.config()).await.unwrap();
    let mut command = redis::cmd(words[0]);
    for word in &words[1..] {
        command.arg(*word);
    }
    link.command("a command by hand", &command).await.unwrap()
}

/// It takes a second, and on a busy machine more.
const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn an_addition_here_comes_into_force_there_though_nobody_told() {
    let server = Server::start().await;
    let (here, there) = (Gateway::of(&server).await, Gateway::of(&server).await);
    let stop = CancellationToken::new();
    let change = async {
        assert_eq!(here.add(1..2).await, 1);
        assert!(here.holds(1), "in force here when it returns");
        let start = Instant::now();
        // In force, and what waits there is looked through.
        while !(there.holds(1) && there.set.sweep_is_due()) {
            assert!(start.elapsed() < PATIENCE, "nobody looked for it");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(here.remove(1..2).await, 1);
        while there.holds(1) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        stop.cancel();
    };
    tokio::join!(there.log.clone().run(stop.clone()), change);
}

#[tokio::test]
async fn a_gateway_catches_up_when_it_joins_and_hears_of_a_change_at_once() {
    let server = Server::start().await;
    let (here, here_news, link) = Gateway::of(&server).await.listening(&server).await;
    here.add(0..1).await;
    let (there, there_news, _) = Gateway::of(&server).await.listening(&server).await;
    assert!(there.holds(0), "before it takes requests");
    let stop = CancellationToken::new();
    let change = async {
        let start = Instant::now();
        for number in 1..20 {
            here.add(number..number + 1).await;
            while !there.holds(number) {
                assert!(start.elapsed() < Duration::from_secs(10), "person {number}");
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
        stop.cancel();
        start.elapsed()
    };
    let ((), (), (), took) = tokio::join!(
        here_news.run(link.clone(), || (), stop.clone()),
        there_news.run(link.clone(), || (), stop.clone()),
        there.log.clone().run(stop.clone()),
        change
    );
    assert!(took < Duration::from_secs(8), "nineteen changes, each heard at once: {took:?}");
}

#[tokio::test]
async fn a_gateway_that_was_away_catches_up_and_a_new_one_reads_all_of_it() {
    let server = Server::start().await;
    let (a, b) = (Gateway::of(&server).await, Gateway::of(&server).await);
    assert_eq!(a.add(0..10).await, 10);
    b.log.catch_up().await.unwrap();
    assert!(b.holds(9) && b.set.count() == 10);
    assert_eq!((a.add(5..15).await, a.remove(0..3).await, a.add(2..3).await), (5, 3, 1));
    let b = b.again(&server).await;
    assert!(b.holds(0) && !b.holds(14), "what it knew is kept");
    b.log.catch_up().await.unwrap();
    let new = Gateway::of(&server).await;
    new.log.catch_up().await.unwrap();
    for gateway in [&a, &b, &new] {
        assert!(!gateway.holds(0) && !gateway.holds(1), "who was removed stays removed");
        assert!((2..15).all(|number| gateway.holds(number)) && gateway.set.count() == 13);
    }
    // Nothing to do makes no entry, and following changes nothing.
    let length: u64 = by_hand(&server, &["XLEN", NAME]).await;
    assert_eq!((b.add(3..10).await, b.remove(0..2).await), (0, 0));
    let generation = new.set.generation();
    new.log.catch_up().await.unwrap();
    assert_eq!((by_hand::<u64>(&server, &["XLEN", NAME]).await, new.set.generation()), (length, generation));
}

#[tokio::test]
async fn gateways_that_change_at_the_same_time_lose_nothing() {
    let server = Server::start().await;
    let (a, b) = (Gateway::of(&server).await, Gateway::of(&server).await);
    let many = async |gateway: &Gateway, first: u64| {
        for number in first..first + 15 {
            assert_eq!(gateway.add(number..number + 1).await, 1);
        }
    };
    tokio::join!(many(&a, 0), many(&b, 1_000));
    for gateway in [&a, &b] {
        gateway.log.catch_up().await.unwrap();
        assert!((0..15).chain(1_000..1_015).all(|number| gateway.holds(number)) && gateway.set.count() == 30);
    }
}

#[tokio::test]
async fn a_lost_answer_appends_once_and_an_end_before_it_is_applied_loses_nothing() {
    let server = Server::start().await;
    let gateway = Gateway::of(&server).await;
    let (link, marker) = (gateway.log.link().unwrap(), gateway.set.marker().unwrap());
    let position = Position::START.next(&Chance::seeded(5));
    let marks = vec![marker.mark(&person(1))];
    let entry = Entry { position, task: SuppressTask::Add, day: 20_000, marks };
    for _ in 0..2 {
        assert!(matches!(gateway.log.append(link, Position::START, &entry, &marker).await.unwrap(), Appended::Done));
    }
    assert_eq!(by_hand::<u64>(&server, &["XLEN", NAME]).await, 1);
    let gateway = gateway.again(&server).await;
    assert!(!gateway.holds(1));
    assert_eq!(gateway.add(1..2).await, 0, "it was there before");
    assert!(gateway.holds(1) && gateway.set.position().unwrap() == position);
}

#[tokio::test]
async fn a_gateway_that_kept_its_set_alone_brings_it_along() {
    let server = Server::start().await;
    let (a, alone) = (Gateway::of(&server).await, Gateway::of(&server).await);
    a.add(0..3).await;
    a.remove(1..2).await;
    let marker = alone.set.marker().unwrap();
    alone.set.add(&[marker.mark(&person(1)), marker.mark(&person(50))]).unwrap();
    alone.log.catch_up().await.unwrap();
    a.log.catch_up().await.unwrap();
    for gateway in [&a, &alone] {
        assert!([0, 1, 2, 50].into_iter().all(|number| gateway.holds(number)) && gateway.set.count() == 4);
    }
    // Alone again for a while, and back.
    alone.set.add(&[marker.mark(&person(51))]).unwrap();
    assert_eq!(alone.set.position().unwrap(), Position::START);
    alone.log.catch_up().await.unwrap();
    a.log.catch_up().await.unwrap();
    assert!(a.holds(51) && a.set.count() == 5);
}

#[tokio::test]
async fn another_key_is_refused_by_whoever_reads_and_by_whoever_writes() {
    let server = Server::start().await;
    let a = Gateway::of(&server).await;
    let foreign = Gateway::with(&server, [8; 32], tempfile::tempdir().unwrap()).await;
    a.add(0..1).await;
    let error = foreign.log.catch_up().await.unwrap_err();
    assert!(matches!(&error, SuppressionError::LogOfOtherKey { .. }) && error.is_of_configuration(), "{error}");
    let (key, own) = (a.set.marker().unwrap(), foreign.set.marker().unwrap());
    assert!(error.to_string().contains(&key.fingerprint().to_string()) && error.to_string().contains("suppression.key"));
    // Had it not looked first.
    let last = a.set.position().unwrap();
    let entry = Entry {
        position: last.next(&Chance::seeded(5)),
        task: SuppressTask::Remove,
        day: 1,
        marks: vec![own.mark(&person(0))],
    };
    let error = foreign.log.append(foreign.log.link().unwrap(), last, &entry, &own).await.unwrap_err();
    assert!(matches!(error, SuppressionError::LogOfOtherKey { .. }));
    let command = SuppressCommand { key: own.fingerprint().clone(), task: SuppressTask::Remove, marks: Vec::new() };
    assert!(matches!(a.log.obey(&command).await.unwrap_err(), SuppressionError::ForeignMarks { .. }));
}

#[tokio::test]
async fn p6_a_million_marks_are_shared_in_bounded_pieces() {
    const MARKS: u64 = 1_000_000;
    let server = Server::start().await;
    let (a, new) = (Gateway::of(&server).await, Gateway::of(&server).await);
    let marker = a.set.marker().unwrap();
    let mut marks: Vec<Mark> = (0..MARKS).map(|number| marker.mark(&person(number))).collect();
    // As an import sends them.
    marks.sort_unstable();
    let start = Instant::now();
    for piece in marks.chunks(crate::suppression::PIECE) {
        assert_eq!(a.perform_on(SuppressTask::Add, piece.to_vec()).await.unwrap(), piece.len() as u64);
    }
    let added = start.elapsed();
    let before = resident_kib();
    let start = Instant::now();
    new.log.catch_up().await.unwrap();
    let (read, grown) = (start.elapsed(), resident_kib().saturating_sub(before));
    assert_eq!(new.set.count(), MARKS);
    let bytes: u64 = by_hand(&server, &["MEMORY", "USAGE", NAME]).await;
    println!("a million marks: added in {added:.1?}, read by a new gateway in {read:.1?}, which took {} MiB", grown / 1024);
    println!("Redis keeps them in {} KiB: {} bytes each", bytes / 1024, bytes.div_ceil(MARKS));
    assert!(bytes < MARKS * 20, "{bytes} bytes in Redis");
    assert!(grown < 64 * 1024, "{grown} KiB in the gateway");
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
