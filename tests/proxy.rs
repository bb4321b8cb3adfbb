//! A real nginx ends TLS in front of the gateway, with the configuration that deploy/proxy/nginx.conf shows.

use std::time::Duration;

use harness::{
    Authority, Client, Connection, Gateway, KEY, Load, Meta, Nginx, Oracle, Request, Setup, Signal, curl, eventually,
    executable, free_address, numbered_purchase,
};

const REST: Duration = Duration::from_secs(60);

/// A gateway that knows the proxy in front of it.
fn behind(setup: Setup) -> Setup {
    setup.set("server", "behind_tls_proxy", "true").set("server", "trusted_proxies", "[\"127.0.0.1\"]")
}

struct Rig {
    meta: Meta,
    gateway: Gateway,
    nginx: Nginx,
    authority: Authority,
    client: Client,
}

impl Rig {
    async fn start(setup: impl FnOnce(Setup) -> Setup) -> Self {
        let executable = executable!();
        let meta = Meta::start(&executable).await;
        let gateway = Gateway::start(&executable, setup(behind(Setup::new(&meta)))).await;
        let authority = Authority::new();
        let nginx = Nginx::start(gateway.address(), &authority).await;
        let client = Client::new(nginx.address()).trusting(&authority);
        Self { meta, gateway, nginx, authority, client }
    }

    async fn finish(self) {
        let logs = self.nginx.logs();
        self.gateway.canaries.absent_from("the proxy's logs", logs.as_bytes());
        assert!(!logs.contains("buffered to a temporary file"), "a body was written to disk: {logs}");
        self.nginx.finish().await;
        self.gateway.finish().await;
        self.meta.finish().await;
    }
}

fn post(client: &Client, events: &[serde_json::Value]) -> Request {
    let body = serde_json::json!({ "data": events }).to_string();
    Request::post(&client.path(), "application/json", body)
}

#[tokio::test]
async fn events_come_in_through_a_proxy_that_ends_tls() {
    let rig = Rig::start(|setup| setup).await;
    let mut connection = rig.client.connect().await.unwrap();
    for number in 0..20 {
        // As SDKs do it: the key in the query. `finish` looks for it in the proxy's logs.
        let target = format!("{}?access_token={KEY}", rig.client.path());
        let body = serde_json::json!({ "data": [numbered_purchase("through", number)] }).to_string();
        let answer = connection.exchange(&Request::post(&target, "application/json", body)).await.unwrap();
        assert_eq!((answer.status, &answer.json()["events_received"]), (200, &1.into()), "{}", answer.text());
    }
    rig.gateway.drained().await;
    assert_eq!(rig.meta.ids().await.len(), 20);
    assert_eq!(rig.nginx.logs().lines().filter(|line| line.contains(" 200 POST /v26.0/")).count(), 20);
    rig.finish().await;
}

#[tokio::test]
async fn large_bodies_pass_without_touching_the_disk() {
    let rig = Rig::start(|setup| setup).await;
    let events: Vec<_> = (0..1000).map(|number| numbered_purchase("large", number)).collect();
    let request = post(&rig.client, &events).bearer(KEY);
    let bytes = request.bytes(true).len();
    assert!((1_000_000..8_000_000).contains(&bytes), "{bytes}");
    let answer = rig.client.send(&request).await.unwrap();
    assert_eq!((answer.status, &answer.json()["events_received"]), (200, &1000.into()), "{}", answer.text());

    // A wrong key is answered before the body is read, and still arrives as what it is.
    let refused =
        rig.client.send(&post(&rig.client, &events).bearer("none-of-this-gateway-0123456789abcdef")).await.unwrap();
    assert_eq!((refused.status, &refused.json()["error"]["code"]), (401, &190.into()), "{}", refused.text());

    // What nginx itself refuses has Meta's shape as well.
    let endless = Request::post(&rig.client.path(), "application/json", "{").header("content-length", "9000000").bearer(KEY);
    let refused = rig.client.send(&endless).await.unwrap();
    assert_eq!((refused.status, &refused.json()["error"]["code"]), (413, &100.into()), "{}", refused.text());
    rig.finish().await;
}

/// What frames the chunks takes room as well, and a proxy that gathers the request needs more of it than the body has.
#[tokio::test]
async fn p2_a_body_in_very_many_chunks_touches_no_disk() {
    let rig = Rig::start(|setup| setup).await;
    let mut body = serde_json::json!({ "data": [numbered_purchase("chunks", 1)] }).to_string();
    body.push_str(&" ".repeat(1_600_000));
    let mut bytes = format!(
        "POST {} HTTP/1.1\r\nHost: proxy\r\nAuthorization: Bearer {KEY}\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\n\r\n",
        rig.client.path()
    )
    .into_bytes();
    for byte in body.bytes() {
        bytes.extend([b'1', b'\r', b'\n', byte, b'\r', b'\n']);
    }
    bytes.extend(b"0\r\n\r\n");
    let answer = rig.client.connect().await.unwrap().exchange_bytes(&bytes).await.unwrap();
    assert_eq!((answer.status, &answer.json()["events_received"]), (200, &1.into()), "{}", answer.text());
    rig.gateway.drained().await;
    rig.finish().await;
}

/// Proxies write a whole request before they read: a connection that broke off under them would become a 502.
#[tokio::test]
async fn a_refusal_reaches_who_reads_only_after_writing() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let gateway = Gateway::start(&executable, behind(Setup::new(&meta))).await;
    let client = gateway.client();
    let body = vec![b' '; 6_000_000];
    let request = |path: &str| Request::post(path, "application/json", body.clone());
    let refusals = [
        (request(&client.path()).bearer("none-of-this-gateway-0123456789abcdef"), 401),
        (request("/v26.0/999/events").bearer(KEY), 400),
        (request("/v26.0/999/event").bearer(KEY), 404),
        (Request::post(&client.path(), "text/plain", body.clone()).bearer(KEY), 415),
        (request(&client.path()).bearer(KEY).header("x-forwarded-proto", "http"), 400),
    ];
    for (request, status) in refusals {
        let mut connection = Connection::open(gateway.address()).await.unwrap();
        connection.write(&request.bytes(false)).await.expect("all of it is taken");
        let answer = connection.exchange_bytes(b"").await.unwrap();
        assert_eq!(answer.status, status, "{}", answer.text());
    }
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn a_refusal_for_now_passes_as_it_is_and_a_gateway_that_is_away_is_a_503_too() {
    let mut rig = Rig::start(|setup| {
        // No room for anything: what comes is turned away.
        setup.set("outbox", "max_bytes", "1048576").set("meta", "base_url", "\"http://127.0.0.1:9\"")
    })
    .await;
    rig.gateway.expect_trouble_with_meta();
    rig.gateway.expect_log("full");
    let mut number = 0;
    let full = eventually("the outbox is full", REST, async || {
        number += 100;
        let events: Vec<_> = (number..number + 100).map(|number| numbered_purchase("full", number)).collect();
        let answer = rig.client.send(&post(&rig.client, &events).bearer(KEY)).await.unwrap();
        (answer.status != 200).then_some(answer)
    })
    .await;
    assert_eq!((full.status, full.header("retry-after")), (503, Some("1")), "{}", full.text());
    assert_ne!(full.json()["error"]["fbtrace_id"], "proxy", "the gateway's own answer");

    rig.gateway.stop(Signal::Terminate).await;
    let away = rig.client.send(&post(&rig.client, &[numbered_purchase("away", 1)]).bearer(KEY)).await.unwrap();
    assert_eq!((away.status, away.header("retry-after")), (503, Some("1")), "{}", away.text());
    let error = &away.json()["error"];
    assert_eq!((&error["code"], &error["is_transient"], &error["fbtrace_id"]), (&2.into(), &true.into(), &"proxy".into()));
    rig.nginx.finish().await;
    rig.gateway.finish().await;
    rig.meta.finish().await;
}

#[tokio::test]
async fn of_two_gateways_the_one_that_is_left_takes_everything() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let mut one = Gateway::start(&executable, behind(Setup::new(&meta))).await;
    let other = Gateway::start(&executable, behind(Setup::new(&meta))).await;
    let authority = Authority::new();
    let nginx = Nginx::start_over(&[one.address(), other.address()], &authority).await;
    let client = Client::new(nginx.address()).trusting(&authority);
    for number in 0..8 {
        assert_eq!(client.post(&[numbered_purchase("two", number)]).await.unwrap().status, 200);
    }
    for gateway in [&one, &other] {
        gateway.drained().await;
        assert!(gateway.metrics().await.events("accepted") > 0, "each gets its share");
    }
    one.stop(Signal::Terminate).await;
    for number in 8..16 {
        assert_eq!(client.post(&[numbered_purchase("two", number)]).await.unwrap().status, 200);
    }
    other.drained().await;
    assert_eq!(meta.ids().await.len(), 16);
    nginx.finish().await;
    one.finish().await;
    other.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn p9_a_stop_under_load_behind_a_proxy_loses_nothing() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    // A port that stays, as nginx knows only one.
    let address = free_address();
    let setup = behind(Setup::new(&meta)).set("server", "listen", &format!("\"{address}\""));
    let mut gateway = Gateway::start(&executable, setup).await;
    // On a busy machine the stand-in may take too long.
    gateway.expect_trouble_with_meta();
    let authority = Authority::new();
    let nginx = Nginx::start(address, &authority).await;
    let client = Client::new(nginx.address()).trusting(&authority);
    let mut oracle = Oracle::default();
    let load = Load::start(&client, "stop", 8, 5);
    for round in 1..=3 {
        eventually("the load is answered", REST, async || (load.answered() > 20 * round).then_some(())).await;
        gateway.stop(Signal::Terminate).await;
        gateway.restart().await;
    }
    eventually("the load is answered again", REST, async || (load.answered() > 80).then_some(())).await;
    oracle.merge(load.finish().await);
    oracle.settled(&meta, REST).await;
    gateway.drained().await;
    nginx.finish().await;
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn a_wrong_key_is_logged_with_its_caller_once_and_never_with_the_key() {
    let mut rig = Rig::start(|setup| setup).await;
    let wrong = "qzcanary-none-of-this-gateway-0123456789";
    rig.gateway.canaries.add("a wrong key", wrong);
    let url = format!("https://{}{}", rig.nginx.address(), rig.client.path());
    let key = format!("authorization: Bearer {wrong}");
    // From an address that is no proxy's. What this caller claims of another one before it is not believed.
    let claim =
        ["--interface", "127.0.0.2", "--header", "x-forwarded-for: 192.0.2.66", "--header", &key, "--data", "{}", &url];
    for _ in 0..3 {
        assert_eq!(curl(&rig.authority, &claim).await.status, 401);
    }
    // A second proxy of ours adds whom it saw.
    let direct = Client::new(rig.gateway.address());
    let request = post(&direct, &[]).bearer(wrong).header("x-forwarded-for", "192.0.2.66, 198.51.100.7, 127.0.0.1");
    assert_eq!(direct.send(&request).await.unwrap().status, 401);

    let log = rig.gateway.process().stderr();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("a key was refused")).collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].contains("\"caller\":\"127.0.0.2\""), "{lines:?}");
    assert!(lines[1].contains("\"caller\":\"198.51.100.7\""), "{lines:?}");
    rig.finish().await;
}

#[tokio::test]
async fn a_request_that_came_to_the_proxy_over_http_is_refused() {
    let rig = Rig::start(|setup| setup).await;
    let plain = Client::new(rig.nginx.plain());
    let refused = plain.post(&[numbered_purchase("plain", 1)]).await.unwrap();
    assert_eq!((refused.status, &refused.json()["error"]["code"]), (400, &100.into()), "{}", refused.text());
    assert!(
        refused.text().contains("came to the proxy over http") && refused.text().contains("https"),
        "{}",
        refused.text()
    );
    assert_eq!(rig.client.post(&[numbered_purchase("plain", 2)]).await.unwrap().status, 200);
    rig.gateway.drained().await;
    assert_eq!(rig.meta.ids().await.into_keys().collect::<Vec<_>>(), ["plain-2"]);
    rig.finish().await;
}

#[tokio::test]
async fn who_is_no_trusted_proxy_says_nothing_of_callers() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let setup =
        Setup::new(&meta).set("server", "behind_tls_proxy", "true").set("server", "trusted_proxies", "[\"192.0.2.0/24\"]");
    let mut gateway = Gateway::start(&executable, setup).await;
    let client = gateway.client();
    let claims = |key: &str| {
        let claimed = post(&client, &[numbered_purchase("claimed", 1)]).bearer(key);
        claimed.header("x-forwarded-for", "198.51.100.7").header("x-forwarded-proto", "http")
    };
    assert_eq!(client.send(&claims(KEY)).await.unwrap().status, 200, "a stranger's word on the scheme");
    assert_eq!(client.send(&claims("none-of-this-gateway-0123456789abcdef")).await.unwrap().status, 401);
    let log = gateway.process().stderr();
    assert!(log.contains("\"caller\":\"127.0.0.1\"") && !log.contains("198.51.100.7"), "{log}");
    gateway.drained().await;
    gateway.finish().await;
    meta.finish().await;
}
