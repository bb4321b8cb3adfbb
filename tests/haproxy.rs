//! A real HAProxy in front of two gateways, with the configuration that deploy/proxy/haproxy.cfg shows. What any proxy must do is
//! shown of nginx in `proxy.rs`; here stands what HAProxy does of its own.

use std::time::Duration;

use harness::{
    Authority, Client, Gateway, Haproxy, KEY, Load, Meta, Oracle, Request, Setup, Signal, curl, eventually, executable,
    numbered_purchase,
};

const REST: Duration = Duration::from_secs(60);

struct Rig {
    meta: Meta,
    one: Gateway,
    two: Gateway,
    haproxy: Haproxy,
    authority: Authority,
    client: Client,
}

impl Rig {
    async fn start() -> Self {
        let executable = executable!();
        let meta = Meta::start(&executable).await;
        let behind = || {
            let setup = Setup::new(&meta).set("server", "behind_tls_proxy", "true");
            setup.set("server", "trusted_proxies", "[\"127.0.0.1\"]")
        };
        let (one, two) = (Gateway::start(&executable, behind()).await, Gateway::start(&executable, behind()).await);
        let authority = Authority::new();
        let haproxy = Haproxy::start([&one, &two], &authority).await;
        let client = Client::new(haproxy.address()).trusting(&authority);
        Self { meta, one, two, haproxy, authority, client }
    }

    async fn finish(self) {
        self.one.canaries.absent_from("the proxy's logs", self.haproxy.logs().as_bytes());
        self.haproxy.finish().await;
        self.one.finish().await;
        self.two.finish().await;
        self.meta.finish().await;
    }
}

#[tokio::test]
async fn events_come_in_at_either_gateway_and_neither_key_nor_body_is_logged() {
    let rig = Rig::start().await;
    for number in 0..10 {
        // As SDKs do it: the key in the query. `finish` looks for it in the proxy's log.
        let target = format!("{}?access_token={KEY}", rig.client.path());
        let body = serde_json::json!({ "data": [numbered_purchase("through", number)] }).to_string();
        let answer = rig.client.send(&Request::post(&target, "application/json", body)).await.unwrap();
        assert_eq!((answer.status, &answer.json()["events_received"]), (200, &1.into()), "{}", answer.text());
    }
    let large: Vec<_> = (0..1000).map(|number| numbered_purchase("large", number)).collect();
    assert_eq!(rig.client.post(&large).await.unwrap().status, 200);
    rig.one.drained().await;
    rig.two.drained().await;
    assert_eq!(rig.meta.ids().await.len(), 1010);
    for gateway in [&rig.one, &rig.two] {
        assert!(gateway.metrics().await.events("accepted") > 0, "each gets its share");
    }
    eventually("every request is logged, by its path", REST, async || {
        (rig.haproxy.logs().lines().filter(|line| line.contains(" 200 POST /v26.0/")).count() == 11).then_some(())
    })
    .await;
    rig.finish().await;
}

#[tokio::test]
async fn the_caller_is_told_through_the_proxy_and_through_a_balancer_before_it() {
    let mut rig = Rig::start().await;
    let wrong = "authorization: Bearer none-of-this-gateway-0123456789abcdef";
    for (from, to) in [("127.0.0.2", rig.haproxy.address()), ("127.0.0.3", rig.haproxy.balancer())] {
        let url = format!("https://{to}{}", rig.client.path());
        // What a caller claims of another one before it is not believed.
        let claim = [
            "--interface",
            from,
            "--header",
            "x-forwarded-for: 192.0.2.66",
            "--header",
            wrong,
            "--data",
            "{}",
            url.as_str(),
        ];
        assert_eq!(curl(&rig.authority, &claim).await.status, 401, "{from}");
    }
    let log = rig.one.process().stderr() + &rig.two.process().stderr();
    for caller in ["127.0.0.2", "127.0.0.3"] {
        assert!(log.contains(&format!("\"caller\":\"{caller}\"")), "{log}");
    }
    assert!(!log.contains("192.0.2.66"), "{log}");
    rig.finish().await;
}

#[tokio::test]
async fn p9_gateways_stopped_one_after_the_other_under_load_lose_nothing_and_without_any_it_says_so_as_meta_would() {
    let mut rig = Rig::start().await;
    // On a busy machine the stand-in may take too long.
    rig.one.expect_trouble_with_meta();
    rig.two.expect_trouble_with_meta();
    let mut oracle = Oracle::default();
    let load = Load::start(&rig.client, "stop", 8, 5);
    eventually("the load is answered", REST, async || (load.answered() > 20).then_some(())).await;
    rig.one.stop(Signal::Terminate).await;
    let before = load.answered();
    eventually("the other one answers", REST, async || (load.answered() > before + 40).then_some(())).await;
    oracle.merge(load.finish().await);
    rig.two.drained().await;
    rig.two.stop(Signal::Terminate).await;
    let away = rig.client.post(&[numbered_purchase("away", 1)]).await.unwrap();
    assert_eq!((away.status, away.header("retry-after")), (503, Some("1")), "{}", away.text());
    let error = &away.json()["error"];
    assert_eq!((&error["code"], &error["is_transient"], &error["fbtrace_id"]), (&2.into(), &true.into(), &"proxy".into()));
    // What the first one had not sent when it stopped.
    rig.one.restart().await;
    rig.one.drained().await;
    oracle.settled(&rig.meta, REST).await;
    rig.finish().await;
}
