//! Nothing is wrong, so no alert fires: ordinary traffic, restarts, reloads that change nothing, nights without traffic.

use harness::{Fleet, Meta, Redis, Setup, Signal, executable, numbered_purchase};

use crate::timeline::{DAY, HOUR, Timeline, Told};
use crate::{GATEWAY, Watched};

/// Through ten days, so that what compares with the week before has something to compare with.
#[tokio::test]
async fn ten_days_with_restarts_a_reload_and_quiet_nights_are_silent() {
    let mut watched = Watched::start(|setup| setup).await;
    for day in 0..9 {
        watched.ordinary(16 * HOUR).await;
        watched.line.must_be_silent();
        // Nobody buys anything at night.
        watched.goes_on(8 * HOUR).await;
        watched.line.must_be_silent();
        match day {
            2 => {
                watched.gateway.stop(Signal::Terminate).await;
                watched.gateway.restart().await;
            }
            5 => {
                watched.gateway.kill().await;
                watched.gateway.restart().await;
            }
            7 => {
                watched.gateway.process().signal(Signal::Hangup).await;
                watched.reaches("portcullis_reloads_total", &[("result", "done")], 1).await;
            }
            _ => {}
        }
        if [2, 5].contains(&day) {
            watched.line.restarted(GATEWAY);
            watched.last = watched.gateway.metrics().await;
        }
    }
    watched.finish().await;
}

#[tokio::test]
async fn two_gateways_on_one_redis_are_silent() {
    let executable = executable!();
    let (meta, redis) = (Meta::start(&executable).await, Redis::start().await);
    let fleet = Fleet::of(&executable, 2, &Setup::new(&meta).on_redis(&redis.url())).await;
    let [first, second] = fleet.gateways.as_slice() else { panic!("two gateways") };
    crate::fleet::see_each_other(&fleet).await;
    let before = [first.metrics().await, second.metrics().await];
    for (gateway, name) in [(first, "one"), (second, "two")] {
        for number in 0..crate::EVENTS {
            assert_eq!(gateway.client().post(&[numbered_purchase(name, number)]).await.unwrap().status, 200);
        }
    }
    fleet.drained().await;
    let after = [first.metrics().await, second.metrics().await];
    let mut line = Timeline::default();
    let told = |instance, at: usize| Told { instance, before: &before[at], after: &after[at] };
    for _ in 0..2 {
        line.goes_on(DAY, &[told("gw-1:9464", 0), told("gw-2:9464", 1)]);
        line.must_be_silent();
    }
    line.judge().await;
    fleet.finish(&[&redis]).await;
    meta.finish().await;
}
