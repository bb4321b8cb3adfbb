//! Which pages drop their event, and what of a URL leaves.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod common;

use common::{
    EVENTS, dropped, event, forwarded, json, policy_for, report, run, run_with, text, view, with_fields, with_sources,
};
use portcullis_filters::pipeline::Outcome;

/// What became of a page view of this URL: the URL that left, or the reason of the drop.
fn page(policy: &str, url: &str) -> String {
    match run(policy, &view(url)) {
        Outcome::Forward(event, _) => {
            let out: serde_json::Value = serde_json::from_str(event.as_str()).unwrap();
            out["event_source_url"].as_str().unwrap_or("none").to_owned()
        }
        Outcome::Drop(_, reason, _) => reason.to_string(),
        Outcome::Refuse(refusal) => refusal.to_string(),
    }
}

/// A shop whose unlisted pages leave as the origin.
fn shop(default: &str) -> String {
    text(
        EVENTS,
        &format!(
            "default = \"{default}\"\nno_url = \"{default}\"\nclass = [\n\
             {{ name = \"home\", match = [\"/\"], action = \"origin\" }},\n\
             {{ name = \"goods\", match = [\"/p/**\", \"/c/*\"], send_as = \"/goods\" }},\n\
             {{ name = \"patient\", match = [\"/rx/**\", \"/*/refill\", \"/p/private/**\"], action = \"drop_event\" }},\n\
             ]"
        ),
        "event_source_url = \"page\"\nreferrer_url = \"page\"\nuser_data.fbp = \"keep\"\nuser_data.fbc = \"keep\"",
        "",
    )
}

#[test]
fn no_spelling_of_a_page_escapes_a_class_that_drops() {
    for spelling in [
        "/rx",
        "/rx/",
        "//rx//1",
        "/RX/1",
        "/%72x/1",
        "/%2572x",
        "/%252572x",
        "/./rx",
        "/p/../rx/1",
        "/p/%2e%2e/rx",
        "/p/..%2frx",
        "/rx/..%2fp/1",
        "/rx/%2e%2e%2Fp",
        "/rx/..%255cp/1",
        "/rx;v=%2f..%2f../p/1",
        "/1%2f2/refill",
        "/p/1#/rx/..%2fp",
        "/p/1#/rx/../p",
        "/rx;jsessionid=1/2",
        "/rx%3Bv=1",
        "/rx?x=1#y",
        "\\\\rx\\\\1",
        "/p%5C..%5Crx",
        "/en/rx",
        "/EN-us/rx/1",
        "/en_us/rx/1",
        "/zh-hant-tw/rx/1",
        "/es-419/rx",
        "/us/en/rx/1",
        "/en-us//rx",
        "/#/rx/1",
        "/#!/rx/1",
        "/p/1#/rx",
        "/#/en/rx",
        "/?a#/rx?b=1",
        "/p/private",
        "/P/Private/x",
        "/anything/refill",
        "/en/anything/refill",
        "/rx.AQICAQMC",
    ] {
        for default in ["origin", "drop_event"] {
            let url = format!("https://www.shop.example{spelling}");
            assert_eq!(page(&shop(default), &url), "page", "{url}");
        }
    }
    for prefix in [
        "http://www.shop.example",
        "HTTPS://WWW.SHOP.EXAMPLE",
        "https://jane:doe@www.shop.example:8443",
        "https://www.shop.example.",
    ] {
        assert_eq!(page(&shop("origin"), &format!("{prefix}/rx/1")), "page", "{prefix}");
    }
}

#[test]
fn of_a_page_that_leaves_nothing_leaves_but_a_reviewed_path() {
    for (path, left) in [
        ("/", "/"),
        ("", "/"),
        ("/en", "/"),
        ("/en-gb/", "/"),
        ("/p", "/goods"),
        ("/p/canary/canary?canary=1#canary", "/goods"),
        ("/de/p/1", "/goods"),
        ("/c/canary", "/goods"),
        ("/c/canary/canary", "/"),
        ("/canary", "/"),
        ("/#/p/canary", "/goods"),
        ("/p/canary#/canary", "/goods"),
    ] {
        let url = format!("https://canary:canary@www.shop.example:8443{path}");
        assert_eq!(page(&shop("origin"), &url), format!("https://www.shop.example{left}"), "{url}");
    }
    for path in ["/c/canary/canary", "/canary", "/p/1#/canary", "/pp", "/P1", "/p.html"] {
        assert_eq!(page(&shop("drop_event"), &format!("https://www.shop.example{path}")), "page", "{path}");
    }
}

#[test]
fn two_letters_that_are_no_language_are_a_page_of_their_own() {
    for path in ["/rx", "/er", "/ob", "/rx/about", "/qq/news/1", "/hiv", "/er/about/team"] {
        assert_eq!(dropped("hospital@1", &view(&format!("https://www.shop.example{path}"))), "pages page", "{path}");
    }
    for path in ["/", "/en", "/es/about", "/pt-br/news/1", "/fr-CA/careers", "/zh-Hant/about"] {
        assert_eq!(page("hospital@1", &format!("https://www.shop.example{path}")), "https://www.shop.example/", "{path}");
    }
}

#[test]
fn a_foreign_host_is_replaced_by_the_sites_own() {
    let left = "https://www.shop.example/";
    for host in [
        "evil.example",
        "shop.example",
        "www.shop.example.evil.example",
        "xwww.shop.example",
        "203.0.113.7",
        "[::1]",
        "localhost",
    ] {
        assert_eq!(page(&shop("origin"), &format!("https://{host}/p/1")), left, "{host}");
        assert_eq!(page(&shop("origin"), &format!("https://{host}/rx/1")), "page", "{host}");
    }
    assert_eq!(page(&shop("origin"), "https://shop.example.com/p/1"), "https://shop.example.com/goods");
    assert_eq!(
        report(&shop("origin"), &view("https://evil.example/p/1")),
        ["pages event_source_url page foreign_host 1", "event_source_url rewritten"]
    );
}

#[test]
fn a_url_that_cannot_be_read_counts_as_none() {
    for url in [
        "",
        "canary",
        "/p/1",
        "//www.shop.example/p",
        "ftp://www.shop.example/",
        "javascript:canary",
        "https://",
        "data:text/html,canary",
        "https://a b/",
        "android-app://canary",
    ] {
        assert_eq!(page(&shop("origin"), url), "https://www.shop.example/", "{url}");
        assert_eq!(page(&shop("drop_event"), url), "no_url", "{url}");
    }
    for value in ["7", "true", "{}", "[\"https://www.shop.example/p\"]"] {
        let raw = event("").replace("\"https://www.shop.example/\"", value);
        assert_eq!(json(&shop("origin"), &raw)["event_source_url"], "https://www.shop.example/", "{value}");
        assert_eq!(report(&shop("origin"), &raw), ["pages event_source_url page shape 1", "event_source_url rewritten"]);
    }
    let absent = event("").replace(r#""event_source_url":"https://www.shop.example/","#, "");
    assert_eq!(dropped("hospital@1", &absent), "pages no_url");
    assert_eq!(report("retail", &absent), ["event_source_url rewritten"]);
    let store = absent.replace("\"website\"", "\"physical_store\"");
    let both = with_sources(&shop("drop_event"), &["website", "physical_store"]);
    assert!(!forwarded(&both, &store).contains("https://"), "only websites need a page");
}

#[test]
fn a_site_without_hosts_forwards_no_website_event() {
    let policy = policy_for("retail", &[]);
    assert!(matches!(run_with(&policy, &event("")), Outcome::Drop(..)));
}

#[test]
fn a_referrer_leaves_only_as_a_page_of_the_sites_own() {
    let referrer = |url: &str| {
        let raw = event(&format!("\"referrer_url\":{url}"));
        (json(&shop("origin"), &raw).get("referrer_url").cloned(), report(&shop("origin"), &raw))
    };
    let (left, lines) = referrer("\"https://shop.example.com/p/canary?q=canary\"");
    assert_eq!(left, Some("https://shop.example.com/goods".into()));
    assert_eq!(lines, ["event_source_url reduced", "referrer_url reduced"]);
    for (url, reason) in [
        ("\"https://www.google.com/search?q=canary\"", "foreign_host"),
        ("\"https://www.shop.example/rx/canary\"", "page_class"),
        ("\"canary\"", "shape"),
        ("[]", "shape"),
        ("7", "shape"),
    ] {
        let (left, lines) = referrer(url);
        assert_eq!((left, lines[0].as_str()), (None, format!("pages referrer_url page {reason} 1").as_str()), "{url}");
    }
    let raw = event("\"referrer_url\":\"https://www.shop.example/\"");
    assert!(!forwarded("retail", &raw).contains("referrer"), "a policy without a line for it");
}

#[test]
fn a_click_id_is_made_only_where_the_cookie_may_leave() {
    let click = "IwAR0abcdefGHIJKLmnopQRST";
    let made = |policy: &str, raw: &str| json(policy, raw)["user_data"].get("fbc").cloned();
    let url = format!("https://www.shop.example/p/1?a=b&fbclid={click}&c");
    let cookie = Some(format!("fb.1.1791000000000.{click}").into());
    assert_eq!(made(&shop("origin"), &view(&url)), cookie);
    assert_eq!(made(&shop("origin"), &view(&format!("{url}.AQICAQMC").replace("&c", ""))), cookie);
    assert_eq!(made(&shop("origin"), &view(&url.replace("www.shop", "www.evil"))), None, "a foreign page");
    assert_eq!(made(&with_fields(""), &view(&url)), None, "not kept");
    assert_eq!(made(&shop("origin"), &view(&url.replace(click, "canary"))), None, "no click id");
    assert_eq!(made(&shop("origin"), &view(&url.replace(click, "jane%40example.com"))), None);
    let bad = view(&url).replace("\"user_data\":{", "\"user_data\":{\"fbc\":\"canary\",");
    assert_eq!(made(&shop("origin"), &bad), None, "the event has one of its own");
    assert_eq!(page(&shop("origin"), &format!("https://www.shop.example/rx?fbclid={click}")), "page");
}
