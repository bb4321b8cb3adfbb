//! The forms of a request that are taken: every place of the key, what clients write around a type, what stands in the query,
//! compressed bodies, and curl itself in the shapes of the PHP and Java SDKs.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a helper of a test may panic as the test may")]

use harness::{
    Authority, Client, Compression, Connection, DATASET, Encoding, Endpoint, Flood, Gateway, KEY, Meta, Request, Setup,
    curl, executable, purchase,
};
use serde_json::{Value, json};

struct Rig {
    meta: Meta,
    gateway: Gateway,
    client: Client,
    sent: usize,
}

impl Rig {
    async fn start() -> Self {
        let executable = executable!();
        let meta = Meta::start(&executable).await;
        let gateway = Gateway::start(&executable, Setup::new(&meta)).await;
        let client = gateway.client();
        Self { meta, gateway, client, sent: 0 }
    }

    /// An event that was not sent before.
    fn event(&mut self) -> Value {
        self.sent += 1;
        purchase(&format!("order-{}", self.sent))
    }

    async fn takes(&self, what: &str, request: &Request) {
        let answer = self.client.send(request).await.unwrap();
        assert!(matches!(answer.status, 200 | 202), "{what}: {}", answer.text());
        assert_eq!(answer.json()["portcullis"]["forwarded"], 1, "{what}: {}", answer.text());
    }

    /// Every event that was sent has arrived, once.
    async fn finish(self) {
        self.gateway.drained().await;
        let ids = self.meta.ids().await;
        assert_eq!((ids.len(), ids.values().sum::<u64>()), (self.sent, self.sent as u64), "{ids:?}");
        self.gateway.finish().await;
        self.meta.finish().await;
    }
}

#[tokio::test]
async fn the_key_is_taken_from_any_place_and_from_several_that_agree() {
    let mut rig = Rig::start().await;
    for endpoint in Endpoint::ALL {
        let path = endpoint.path(DATASET);
        for name in ["access_token", "accessKey"] {
            let target = format!("{path}?{name}={KEY}");
            for encoding in Encoding::ALL {
                let (content_type, body) = encoding.encode_with(&[(name, KEY)], &[rig.event()]);
                rig.takes(&format!("{name} in {encoding:?}"), &Request::post(&path, &content_type, body)).await;
                let (content_type, body) = encoding.encode_with(&[(name, KEY)], &[rig.event()]);
                rig.takes("everywhere", &Request::post(&target, &content_type, body).bearer(KEY)).await;
            }
            let (content_type, body) = Encoding::Json.encode(&[rig.event()]);
            rig.takes("query", &Request::post(&target, &content_type, body).compressed(Compression::Gzip)).await;
        }
        let both = [("access_token", KEY), ("accessKey", KEY)];
        let (content_type, body) = Encoding::Json.encode_with(&both, &[rig.event()]);
        rig.takes("both names", &Request::post(&path, &content_type, body)).await;
    }
    rig.finish().await;
}

#[tokio::test]
async fn what_stands_in_the_query_beside_the_key_is_counted_and_not_taken() {
    let mut rig = Rig::start().await;
    let unknown = [("field", "unknown"), ("reason", "unknown_key")];
    let (content_type, body) = Encoding::Json.encode(&[rig.event()]);
    let plain = Request::post(&format!("{}?access_token={KEY}", rig.client.path()), &content_type, body);
    rig.takes("without more", &plain).await;
    let before = rig.gateway.metrics().await.sum("portcullis_fields_removed_total", &unknown);
    let (content_type, body) = Encoding::Json.encode(&[rig.event()]);
    let more = "data=%5B%7B%7D%5D&test_event_code=TEST123&upload_id=7&appsecret_proof=0123456789abcdef&id=1";
    let target = format!("{}?access_token={KEY}&{more}", rig.client.path());
    rig.takes("with more", &Request::post(&target, &content_type, body)).await;
    let after = rig.gateway.metrics().await.sum("portcullis_fields_removed_total", &unknown);
    // Each event has one unknown key and its goods have one more; the rest is data, the test code and the upload.
    assert_eq!(after - before, before + 3);
    rig.gateway.drained().await;
    for sent in rig.meta.events().await {
        assert_eq!(sent.envelope, json!({}));
    }
    rig.finish().await;
}

#[tokio::test]
async fn a_body_is_taken_as_clients_label_it() {
    let mut rig = Rig::start().await;
    for content_type in [
        "application/json; charset=utf-8",
        "application/json;charset=\"UTF-8\"",
        "Application/JSON ; Charset=Utf8",
        "APPLICATION/JSON",
    ] {
        let (_, body) = Encoding::Json.encode(&[rig.event()]);
        let marked = ["\u{feff}".as_bytes(), body.as_slice()].concat();
        rig.takes(content_type, &Request::post(&rig.client.path(), content_type, marked).bearer(KEY)).await;
    }
    let (_, body) = Encoding::FormOfObjects.encode(&[rig.event()]);
    let form = "application/x-www-form-urlencoded; charset=UTF-8";
    rig.takes(form, &Request::post(&rig.client.path(), form, body).bearer(KEY)).await;
    for coding in ["identity", "GZIP", "x-gzip"] {
        let (content_type, body) = Encoding::Json.encode(&[rig.event()]);
        let body = if coding == "identity" { body } else { Compression::Gzip.compress(&body) };
        let request = Request::post(&rig.client.path(), &content_type, body).header("content-encoding", coding).bearer(KEY);
        rig.takes(coding, &request).await;
    }
    rig.finish().await;
}

#[tokio::test]
async fn a_compression_that_is_not_taken_is_answered_with_those_that_are() {
    let rig = Rig::start().await;
    let request = |coding: &str, content_type: &str| {
        let request = Request::post(&rig.client.path(), content_type, "{}").bearer(KEY);
        request.header("content-encoding", coding)
    };
    for coding in ["br", "gzip, gzip"] {
        let answer = rig.client.send(&request(coding, "application/json")).await.unwrap();
        assert_eq!((answer.status, answer.header("accept-encoding")), (415, Some("gzip, deflate")), "{}", answer.text());
    }
    let answer = rig.client.send(&request("gzip", "text/plain")).await.unwrap();
    assert_eq!((answer.status, answer.header("accept-encoding")), (415, None), "{}", answer.text());
    rig.finish().await;
}

#[tokio::test]
async fn e9_bombs_are_refused_and_the_process_stays_small() {
    let mut rig = Rig::start().await;
    let bomb = vec![b' '; 64 * 1024 * 1024];
    let bombs = [Compression::Gzip, Compression::BareDeflate].map(|compression| {
        let request = Request::post(&rig.client.path(), "application/json", bomb.as_slice()).compressed(compression);
        let bytes = request.clone().bearer(KEY).bytes(false);
        assert!(bytes.len() * 900 < bomb.len());
        // Without a key nothing is undone at all.
        (bytes, request.bytes(false))
    });
    let before = rig.gateway.process().peak_kib();
    let mut peaks = Vec::new();
    for _ in 0..4 {
        for (known, stranger) in &bombs {
            let mut callers = Vec::new();
            for _ in 0..20 {
                let mut caller = Connection::open(rig.client.address()).await.unwrap();
                caller.write(known).await.unwrap();
                callers.push(caller);
            }
            for caller in &mut callers {
                let answer = caller.exchange_bytes(b"").await.unwrap();
                // Past the room for bodies in hand it is turned away.
                assert!(matches!(answer.status, 413 | 503), "{}", answer.text());
            }
            let answer = Connection::open(rig.client.address()).await.unwrap().exchange_bytes(stranger).await.unwrap();
            assert_eq!(answer.status, 401, "{}", answer.text());
        }
        peaks.push(rig.gateway.process().peak_kib());
    }
    // The room for bodies is 24 MiB, and the allocator keeps for a second what was freed, in pages of up to 2 MiB: as much again,
    // measured. Without the bound it would be 1280 MiB each time.
    assert!(peaks[3] < before + 96 * 1024, "from {before} KiB to {peaks:?} KiB");
    assert!(peaks[3] < peaks[1] + 24 * 1024, "more bombs take more: from {before} KiB to {peaks:?} KiB");
    let (content_type, body) = Encoding::Json.encode(&[rig.event()]);
    rig.takes("afterwards", &Request::post(&rig.client.path(), &content_type, body).bearer(KEY)).await;
    rig.finish().await;
}

/// Each of these requests waits for room, with what it holds beside the room.
#[tokio::test]
async fn p6_many_requests_on_few_connections_take_no_more_than_connections_do() {
    const CALLERS: usize = 64;
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    // One connection is left for whoever looks.
    let setup = Setup::new(&meta).set("server", "max_connections", &(CALLERS + 1).to_string());
    let gateway = Gateway::start(&executable, setup.set("server", "admission_wait_ms", "5000")).await;
    let mut rig = Rig { client: gateway.client(), meta, gateway, sent: 0 };
    let before = rig.gateway.process().peak_kib();
    // Without a bound, 120 MiB of headers and as much again of what is made of them, and then 64 MiB of bodies.
    for (streams, header_bytes, body_bytes) in [(128, 14 * 1024, 0), (1, 0, 1024 * 1024)] {
        let mut callers = Vec::new();
        for _ in 0..CALLERS {
            callers.push(Flood::start(rig.client.address(), streams, header_bytes, body_bytes).await.unwrap());
        }
        let (content_type, body) = Encoding::Json.encode(&[rig.event()]);
        rig.takes("meanwhile", &Request::post(&rig.client.path(), &content_type, body).bearer(KEY)).await;
    }
    let peak = rig.gateway.process().peak_kib();
    assert!(peak < before + 48 * 1024, "from {before} KiB to {peak} KiB");
    rig.finish().await;
}

/// What Meta's PHP and Java SDKs send, sent by curl over TLS: by a form of its own, and as bytes.
#[tokio::test]
async fn curl_is_taken_over_tls_in_the_shapes_of_php_java_and_metas_own_gateway() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let authority = Authority::new();
    let gateway = Gateway::start_tls(&executable, Setup::new(&meta), &authority.issue()).await;
    let base = format!("https://{}", gateway.address());
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.display().to_string()
    };
    let data = |id: &str| json!([purchase(id)]).to_string();
    let graph = format!("{base}{}", Endpoint::Graph.path(DATASET));
    let capi = format!("{base}{}", Endpoint::CapiGateway.path(DATASET));
    let (key, bearer) = (format!("access_token={KEY}"), format!("authorization: Bearer {KEY}"));
    let (java, body) = Encoding::MultipartOfJava.encode_with(&[("access_token", KEY)], &[purchase("java-1")]);
    let (java, body) = (format!("content-type: {java}"), format!("@{}", file("java", &body)));
    let php = format!("data=<{}", file("php", data("php-1").as_bytes()));
    let as_file = format!("data=@{};type=application/json", file("as_file.json", data("file-1").as_bytes()));
    let (_, json) = Encoding::Json.encode_with(&[("accessKey", KEY)], &[purchase("capi-1")]);
    let json = format!("@{}", file("capi", &json));
    let gzip = Compression::Gzip.compress(&Encoding::Json.encode(&[purchase("gzip-1")]).1);
    let gzip = format!("@{}", file("gzip", &gzip));
    let is_json = "content-type: application/json; charset=utf-8";
    let requests: [(&str, &[&str], u16); 5] = [
        ("php", &["--form", &php, "--form-string", &key, "--header", "expect: 100-continue", &graph], 200),
        ("a file", &["--form", &as_file, "--form-string", &key, &graph], 200),
        ("java", &["--header", &java, "--data-binary", &body, &graph], 200),
        ("capi", &["--header", is_json, "--data-binary", &json, &capi], 202),
        (
            "gzip",
            &["--header", is_json, "--header", &bearer, "--header", "content-encoding: gzip", "--data-binary", &gzip, &capi],
            202,
        ),
    ];
    for (what, arguments, status) in requests {
        for (version, http) in [("--http1.1", "1.1"), ("--http2", "2")] {
            let told = curl(&authority, &[arguments, &[version]].concat()).await;
            assert_eq!((told.status, told.http.as_str()), (status, http), "{what}: {told:?}");
            assert!(told.body.contains("\"forwarded\":1"), "{what}: {told:?}");
        }
    }
    gateway.drained().await;
    let arrived: Vec<String> = meta.ids().await.into_keys().collect();
    assert_eq!(arrived, ["capi-1", "file-1", "gzip-1", "java-1", "php-1"]);
    gateway.finish().await;
    meta.finish().await;
}

/// curl takes an answer before it has sent all over HTTP/1.1, and over HTTP/2 calls it an error.
#[tokio::test]
async fn curl_reads_why_a_large_body_was_refused_over_http2_too() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let authority = Authority::new();
    let gateway = Gateway::start_tls(&executable, Setup::new(&meta), &authority.issue()).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("body");
    std::fs::write(&path, vec![b' '; 3_000_000]).unwrap();
    let body = format!("@{}", path.display());
    let (known, stranger) = (format!("authorization: Bearer {KEY}"), format!("authorization: Bearer {}", "x".repeat(40)));
    let own = Endpoint::Graph.path(DATASET);
    for (key, path, status) in [
        (&stranger, own.as_str(), 401),
        (&known, "/v26.0/1/events", 400),
        (&known, "/v26.0/events/1", 404),
        (&known, "/", 404),
    ] {
        let url = format!("https://{}{path}", gateway.address());
        let arguments = ["--header", "content-type: application/json", "--header", key, "--data-binary", &body, &url];
        for version in ["--http1.1", "--http2"] {
            let told = curl(&authority, &[&arguments, &[version][..]].concat()).await;
            assert_eq!((told.code, told.status), (0, status), "{path} {version}: {told:?}");
        }
    }
    gateway.finish().await;
    meta.finish().await;
}
