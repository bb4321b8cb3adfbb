//! The digest of a configuration: every key counts, no secret does.

use std::path::Path;

use super::{Environment, KEY, TOKEN, load, text};
use crate::config::Config;

#[test]
fn the_digest_tells_configurations_apart_and_knows_the_same_one_again() {
    let plain = load(&text("")).digest();
    assert_eq!(plain, load(&text("# a comment\n\n")).digest());
    assert_eq!((plain.len(), plain.bytes().all(|byte| byte.is_ascii_hexdigit())), (64, true));
    let mut seen = vec![plain];
    let others = [
        text("[dispatch]\nlinger_ms = 201\n"),
        text("[log]\nlevel = 'warn'\n"),
        text("").replace("retail@1", "pharmacy@1"),
        text("").replace("www.shop", "m.shop"),
        text("").replace("hosts", "rate_limit = { events_per_sec = 9, burst = 9 }\nhosts"),
        text("") + "allow_test_events = true\n",
        text("") + "[[dataset]]\nid = '2'\naccess_token = { env = 'META_TOKEN_SHOP' }\n",
    ];
    for other in others {
        let digest = load(&other).digest();
        assert!(!seen.contains(&digest), "{other}");
        seen.push(digest);
    }
}

#[test]
fn p2_no_secret_goes_into_the_digest() {
    let with = |key: &str, token: &str| {
        let environment = Environment::of([("PORTCULLIS_SHOP_KEY", key), ("META_TOKEN_SHOP", token)]);
        Config::parse(&text(""), Path::new("etc/portcullis.toml"), &environment).unwrap().digest()
    };
    let digest = with(KEY, TOKEN);
    assert_eq!(digest, with("pcs_another_key_0123456789abcdefghijklmn", TOKEN));
    assert_eq!(digest, with(KEY, "EAAanotherTOKEN0123456789"));
}
