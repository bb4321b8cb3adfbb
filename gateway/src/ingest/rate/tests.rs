//! Buckets: of one gateway, and of several on one Redis.

use super::*;
use crate::shared::testing::Server;
use crate::shared::{Keys, Link};
use crate::telemetry::metrics::Metrics;

fn bucket(events_per_sec: u32, burst: u32) -> Bucket {
    Bucket::new(RateLimit { events_per_sec, burst })
}

fn wait(secs: f64) -> Result<(), Empty> {
    Err(Empty { wait: Duration::from_secs_f64(secs) })
}

#[tokio::test(start_paused = true)]
async fn a_burst_is_taken_and_then_so_many_a_second() {
    let bucket = bucket(10, 5);
    assert_eq!(bucket.take(3), Ok(()));
    assert_eq!(bucket.take(3), wait(0.1));
    assert_eq!((bucket.look(), bucket.take(2)), (Ok(()), Ok(())));
    assert_eq!((bucket.look(), bucket.take(1)), (wait(0.1), wait(0.1)));
    tokio::time::advance(Duration::from_millis(100)).await;
    assert_eq!((bucket.look(), bucket.take(2), bucket.take(1)), (Ok(()), wait(0.1), Ok(())));
    // It never holds more than the burst, however long nothing comes.
    tokio::time::advance(Duration::from_secs(3600)).await;
    assert_eq!((bucket.take(5), bucket.take(1)), (Ok(()), wait(0.1)));
}

#[tokio::test(start_paused = true)]
async fn a_request_larger_than_the_burst_needs_all_of_it_and_is_paid_off() {
    let bucket = bucket(10, 5);
    assert_eq!(bucket.take(1), Ok(()));
    assert_eq!(bucket.take(50), wait(0.1));
    tokio::time::advance(Duration::from_millis(100)).await;
    assert_eq!(bucket.take(50), Ok(()));
    assert_eq!((bucket.look(), bucket.take(5)), (wait(4.6), wait(5.0)));
    tokio::time::advance(Duration::from_secs(5)).await;
    assert_eq!(bucket.take(5), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_costs_nothing_and_no_size_is_too_large() {
    let bucket = bucket(1_000_000, 10_000_000);
    assert_eq!(bucket.take(usize::MAX), Ok(()));
    for _ in 0..3 {
        assert!(bucket.take(1).is_err_and(|empty| empty.wait > Duration::from_secs(3600)));
    }
}

/// What one of several gateways has.
struct Gateway {
    rates: Rates,
    bucket: Bucket,
    metrics: Metrics,
}

impl Gateway {
    async fn of(server: &Server, limit: Bucket) -> Self {
        let metrics = Metrics::new().unwrap();
        let link = Link::connect(&server.config()).await.unwrap();
        Self { rates: Rates::shared(link, Keys::new("portcullis"), metrics.clone()), bucket: limit, metrics }
    }

    async fn take(&self, events: usize) -> Result<(), Empty> {
        self.rates.take("shop", &self.bucket, events).await
    }
}

#[tokio::test]
async fn two_gateways_share_one_bucket_and_each_knows_what_it_saw_of_it() {
    let server = Server::start().await;
    let (a, b) = (Gateway::of(&server, bucket(1, 5)).await, Gateway::of(&server, bucket(1, 5)).await);
    assert_eq!((a.take(3).await, b.take(2).await), (Ok(()), Ok(())));
    let empty = a.take(2).await.unwrap_err();
    assert!(empty.wait > Duration::from_secs(1) && empty.wait <= Duration::from_secs(2), "{empty:?}");
    assert!(a.bucket.look().is_err(), "what Redis said is known here");
    // Another site has its own.
    assert_eq!(a.rates.take("other", &bucket(1, 5), 5).await, Ok(()));
    // What is refused costs nothing, and what is larger than the bucket needs all of it.
    let first = b.take(9).await.unwrap_err();
    assert!(b.take(9).await.unwrap_err().wait <= first.wait);
    tokio::time::sleep(empty.wait).await;
    assert_eq!(b.take(2).await, Ok(()));
}

#[tokio::test]
async fn a_bucket_is_forgotten_by_redis_when_it_is_full_and_a_clock_that_is_set_back_holds_nobody_up() {
    let server = Server::start().await;
    let gateway = Gateway::of(&server, bucket(10, 5)).await;
    let link = Link::connect(&server.config()).await.unwrap();
    gateway.take(3).await.unwrap();
    let left: i64 = link.command("a look", redis::cmd("PTTL").arg("{portcullis}:rate:shop")).await.unwrap();
    assert!((1..=301).contains(&left), "{left} ms");
    // Noted an hour from now: 0.4 s were missing then, and are now.
    let (secs, _): (u64, u64) = link.command("the time", &redis::cmd("TIME")).await.unwrap();
    let noted = format!("400000 {}", (secs + 3600) * 1_000_000);
    let () = link.command("a note", redis::cmd("SET").arg("{portcullis}:rate:shop").arg(noted)).await.unwrap();
    assert_eq!(gateway.take(3).await, wait(0.2));
    tokio::time::sleep(Duration::from_millis(250)).await;
    assert_eq!(gateway.take(3).await, Ok(()), "what was refused once is not refused for that hour");
    // What somebody else wrote there counts for nothing.
    let () = link.command("a note", redis::cmd("SET").arg("{portcullis}:rate:shop").arg("nonsense")).await.unwrap();
    assert_eq!(gateway.take(5).await, Ok(()));
}

#[tokio::test]
async fn a_slow_or_absent_redis_holds_up_no_request_and_each_gateway_counts_alone() {
    let server = Server::start().await;
    let gateway = Gateway::of(&server, bucket(1, 50)).await;
    let link = Link::connect(&server.config()).await.unwrap();
    gateway.take(10).await.unwrap();
    assert_eq!(gateway.metrics.rate_limits_alone.get(), 0);
    let () = link.command("a pause", redis::cmd("CLIENT").arg("PAUSE").arg(3_000)).await.unwrap();
    let start = Instant::now();
    for _ in 0..20 {
        gateway.take(1).await.unwrap();
    }
    assert!(start.elapsed() < Duration::from_millis(1_400), "one of them waited, and not for long: {:?}", start.elapsed());
    assert_eq!(gateway.metrics.rate_limits_alone.get(), 1);
    assert!(gateway.take(30).await.is_err(), "what was taken from Redis before counts here too");
    let is_back = async {
        while gateway.metrics.rate_limits_alone.get() == 1 {
            gateway.take(1).await.ok();
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), is_back).await.expect("it is asked again");
    drop(server);
    // Whether there is a token or not.
    gateway.take(1).await.ok();
    assert_eq!(gateway.metrics.rate_limits_alone.get(), 1);
}
