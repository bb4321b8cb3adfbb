//! Power cuts. Whatever was answered 2xx arrives, with the same `event_id` (P1, P4, P9).

use std::time::Duration;

use harness::{
    Chance, ChaosProxy, Gateway, Load, Meta, Mode, Oracle, Settings, Setup, eventually, executable, numbered_purchase,
};

/// How long the rest may take to arrive at the end.
const REST: Duration = Duration::from_secs(120);

#[tokio::test]
async fn accepted_events_survive_kill_at_random_moments() {
    let seed = Settings::seed();
    println!("PORTCULLIS_SEED={seed}");
    let mut chance = Chance::new(seed);
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let mut gateway = Gateway::start(&executable, Setup::new(&meta)).await;
    gateway.expect_trouble_with_meta();
    let mut oracle = Oracle::default();
    for kill in 0..Settings::kills() {
        let load = Load::start(&gateway.client(), &format!("kill-{kill}"), 4, 1 + chance.below(8));
        let answers = chance.below(40);
        eventually("the load is answered", Duration::from_secs(60), async || (load.answered() >= answers).then_some(()))
            .await;
        // Not a wait for something, but the random moment itself.
        tokio::time::sleep(Duration::from_micros(chance.below(50_000))).await;
        gateway.kill().await;
        oracle.merge(load.finish().await);
        gateway.restart().await;
    }
    assert!(oracle.owed() > 0, "nothing was answered 2xx before any kill");
    // An event may be in hand at three kills in a row.
    let set_aside = gateway.redrive_blamed().await;
    let figures = oracle.settled(&meta, REST).await;
    gateway.drained().await;
    println!("{} kills: {figures}, {set_aside} set aside and sent again", Settings::kills());
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn a_kill_right_after_the_first_yes_loses_nothing() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let proxy = ChaosProxy::start(meta.address()).await;
    proxy.set(Mode::Blackhole);
    let mut gateway = Gateway::start(&executable, Setup::new(&meta).through(proxy.address())).await;
    gateway.expect_trouble_with_meta();
    let mut oracle = Oracle::default();
    for kill in 0..3 {
        let id = format!("first-{kill}");
        assert_eq!(gateway.client().post(&[numbered_purchase("first", kill)]).await.unwrap().status, 200);
        oracle.owe(&id);
        gateway.kill().await;
        gateway.restart().await;
        assert_eq!(gateway.metrics().await.events("recovered"), kill + 1);
    }
    proxy.set(Mode::Pass);
    oracle.settled(&meta, REST).await;
    gateway.finish().await;
    meta.finish().await;
}
