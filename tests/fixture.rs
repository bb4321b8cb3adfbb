//! The fixture refuses leftovers: a test that forgets to ask, or that leaves something behind, fails.

use harness::{ChaosProxy, Gateway, MARK, Meta, Mode, Setup, eventually, executable, numbered_purchase};
use std::time::Duration;

#[tokio::test]
#[should_panic(expected = "a test must end with gateway.finish().await")]
async fn a_test_that_forgets_to_ask_fails() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    drop(Gateway::start(&executable, Setup::new(&meta)).await);
}

#[tokio::test]
#[should_panic(expected = "holds [\"a raw value of an event\"]")]
async fn a_canary_on_the_disk_fails_the_test() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let gateway = Gateway::start(&executable, Setup::new(&meta)).await;
    std::fs::write(gateway.data().join("leftover"), format!("email={MARK}@example.com")).unwrap();
    gateway.finish().await;
}

#[tokio::test]
#[should_panic(expected = "an unknown warning of start 1")]
async fn a_warning_that_nobody_expected_fails_the_test() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let proxy = ChaosProxy::start(meta.address()).await;
    proxy.set(Mode::Refuse);
    let gateway = Gateway::start(&executable, Setup::new(&meta).through(proxy.address())).await;
    assert_eq!(gateway.client().post(&[numbered_purchase("warned", 1)]).await.unwrap().status, 200);
    eventually("sending is held", Duration::from_secs(30), async || {
        (gateway.metrics().await.sum("portcullis_gate_closed", &[]) > 0).then_some(())
    })
    .await;
    gateway.finish().await;
}
