//! Gateways that share a Redis: one that dies, one with another policy, a Redis that is gone, that comes back empty, that can lose.

use harness::{Fleet, Meta, Metrics, Redis, RedisSetup, Setup, eventually, executable, numbered_purchase};

use crate::timeline::{HOUR, Timeline, Told};
use crate::{GATEWAY, REST};

const OTHER: &str = "gw-2:9464";

/// Waits until each gateway knows of all others.
pub(crate) async fn see_each_other(fleet: &Fleet) {
    let count = u64::try_from(fleet.gateways.len()).unwrap();
    sees(fleet, count).await;
}

async fn sees(fleet: &Fleet, count: u64) {
    eventually(&format!("{count} gateways are seen"), REST, async || {
        (fleet.gateways.first()?.metrics().await.sum("portcullis_gateways", &[]) == count).then_some(())
    })
    .await;
    eventually(&format!("the last one sees {count} gateways"), REST, async || {
        let last = fleet.gateways.last()?.try_metrics().await;
        last.is_none_or(|metrics| metrics.sum("portcullis_gateways", &[]) == count).then_some(())
    })
    .await;
}

/// What each of two gateways tells, as steps of a line in which nothing happens.
fn holds(line: &mut Timeline, steps: usize, told: &[Metrics; 2]) {
    let same = |instance, at: usize| Told { instance, before: &told[at], after: &told[at] };
    line.goes_on(steps, &[same(GATEWAY, 0), same(OTHER, 1)]);
}

async fn scrape(fleet: &Fleet) -> [Metrics; 2] {
    [fleet.gateways[0].metrics().await, fleet.gateways[1].metrics().await]
}

#[tokio::test]
async fn gateways_with_different_policies() {
    let executable = executable!();
    let (meta, redis) = (Meta::start(&executable).await, Redis::start().await);
    let setup = Setup::new(&meta).on_redis(&redis.url());
    let mut fleet = Fleet::start(&executable, [setup.clone(), setup.site("pharmacy@1")]).await;
    fleet.expect_trouble_with_redis();
    fleet.expect_log("policy");
    for gateway in &fleet.gateways {
        eventually("they differ", REST, async || {
            (gateway.metrics().await.sum("portcullis_policy_differs", &[]) == 1).then_some(())
        })
        .await;
    }
    let mut line = Timeline::default();
    holds(&mut line, HOUR, &scrape(&fleet).await);
    line.must_fire(&["PortcullisPolicyDiffers"], &[]);
    line.judge().await;
    fleet.finish_without_accounts(&[&redis]).await;
    meta.finish().await;
}

#[tokio::test]
async fn a_redis_that_is_gone_and_comes_back_empty_and_then_a_gateway_that_dies() {
    let executable = executable!();
    let (meta, mut redis) = (Meta::start(&executable).await, Redis::start().await);
    let mut fleet = Fleet::of(&executable, 2, &Setup::new(&meta).on_redis(&redis.url())).await;
    fleet.expect_trouble_with_redis();
    see_each_other(&fleet).await;
    let mut line = Timeline::default();
    let before = scrape(&fleet).await;
    holds(&mut line, HOUR, &before);
    line.must_be_silent();
    redis.kill().await;
    for gateway in &fleet.gateways {
        eventually("Redis is away", REST, async || {
            (gateway.metrics().await.sum("portcullis_redis_up", &[]) == 0).then_some(())
        })
        .await;
    }
    assert_eq!(fleet.gateways[0].client().post(&[numbered_purchase("spilled", 0)]).await.unwrap().status, 200);
    let away = scrape(&fleet).await;
    let moves = |line: &mut Timeline, before: &[Metrics; 2], after: &[Metrics; 2]| {
        let told = |instance, at: usize| Told { instance, before: &before[at], after: &after[at] };
        line.goes_on(1, &[told(GATEWAY, 0), told(OTHER, 1)]);
    };
    moves(&mut line, &before, &away);
    holds(&mut line, HOUR / 2, &away);
    line.must_fire(&["PortcullisRedisDown"], &[]);
    redis.restart_empty().await;
    for gateway in &fleet.gateways {
        eventually("the loss is told", REST, async || {
            (gateway.metrics().await.sum("portcullis_redis_lost_total", &[]) == 1).then_some(())
        })
        .await;
    }
    see_each_other(&fleet).await;
    let lost = scrape(&fleet).await;
    moves(&mut line, &away, &lost);
    holds(&mut line, HOUR / 2, &lost);
    line.must_fire(&["PortcullisRedisLost"], &[]);
    holds(&mut line, HOUR, &lost);
    line.must_be_silent();
    fleet.gateways[1].kill().await;
    sees(&fleet, 1).await;
    let alone = fleet.gateways[0].metrics().await;
    line.goes_on_without(HOUR, &[Told { instance: GATEWAY, before: &alone, after: &alone }], &[OTHER]);
    line.must_fire(&["PortcullisGatewaysMissing", "PortcullisDown"], &[]);
    line.judge().await;
    fleet.finish_without_accounts(&[&redis]).await;
    meta.finish().await;
}

#[tokio::test]
async fn a_redis_that_can_lose_what_it_said_yes_to() {
    let executable = executable!();
    let (meta, redis) = (Meta::start(&executable).await, RedisSetup::new().everysec().start().await);
    let setup = Setup::new(&meta).on_redis(&redis.url()).set("redis", "require_durable", "false");
    let mut fleet = Fleet::of(&executable, 2, &setup).await;
    fleet.expect_trouble_with_redis();
    see_each_other(&fleet).await;
    let mut line = Timeline::default();
    holds(&mut line, HOUR, &scrape(&fleet).await);
    line.must_fire(&["PortcullisNotDurable"], &[]);
    line.judge().await;
    fleet.finish(&[&redis]).await;
    meta.finish().await;
}
