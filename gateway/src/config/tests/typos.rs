//! D7: a mistyped key is never accepted in silence, in no table.

use super::super::EXAMPLE;
use super::example::key_line;
use super::{error, text};

#[test]
fn d7_a_typo_in_each_key_of_the_example_is_refused_with_its_line_and_the_right_word() {
    let lines: Vec<&str> = EXAMPLE.lines().collect();
    let mut tried = 0;
    for (at, line) in lines.iter().enumerate() {
        let Some(line) = key_line(line) else { continue };
        let (key, value) = line.split_once(" = ").unwrap();
        let typo = format!("{key}x");
        let mut mistyped: Vec<String> = lines.iter().map(ToString::to_string).collect();
        mistyped[at] = format!("{typo} = {value}");
        let message = error(&mistyped.join("\n"));
        let expected = format!("line {}: unknown key `{typo}`; did you mean `{key}`?", at + 1);
        assert!(message.starts_with("etc/portcullis.toml: [") && message.ends_with(&expected), "{message}");
        tried += 1;
    }
    assert!(tried > 40, "{tried}");
}

#[test]
fn d7_a_typo_in_each_table_of_the_example_is_refused() {
    for line in EXAMPLE.lines().filter(|line| line.starts_with('[')) {
        let table = line.trim_matches(['[', ']']);
        let typo = line.replace(table, &format!("{table}s"));
        let message = error(&EXAMPLE.replacen(&format!("\n{line}\n"), &format!("\n{typo}\n"), 1));
        assert!(message.contains(&format!("unknown key `{table}s`; did you mean `{table}`?")), "{message}");
    }
}

#[test]
fn unknown_words_are_answered_with_the_nearest() {
    for (table, answer) in [
        ("[outbox]\nbackend = 'embeded'", "outbox.backend line 2: unknown word `embeded`; did you mean `embedded`?"),
        ("[outbox]\nbackend = 'reddis'", "outbox.backend line 2: unknown word `reddis`; did you mean `redis`?"),
        ("[redis]\ntopology = 'clustr'", "redis.topology line 2: unknown word `clustr`; did you mean `cluster`?"),
        ("[redis]\non_unavailable = 'wait'", "it can be `spill`, `refuse`"),
        ("[meta]\ntoken_in = 'headers'", "meta.token_in line 2: unknown word `headers`; did you mean `header`?"),
        ("[dispatch]\non_policy_change = 'keep'", "it can be `readmit`, `purge`"),
        ("[log]\nformat = 'jsn'", "did you mean `json`?"),
    ] {
        let message = error(&text(table));
        assert!(message.contains(answer), "{message}");
    }
}

#[test]
fn values_of_the_wrong_form_say_which_form_is_right() {
    for (table, key, answer) in [
        ("[server]\nlisten = 'localhost'", "server.listen", "127.0.0.1:8080"),
        ("[server]\nlisten = 8080", "server.listen", "found a whole number"),
        ("[server]\nmax_body_bytes = '8 MiB'", "server.max_body_bytes", "a whole number"),
        ("[server]\nmax_body_bytes = -1", "server.max_body_bytes", "not negative"),
        ("[server]\nbehind_tls_proxy = 'yes'", "server.behind_tls_proxy", "true or false"),
        ("[server]\ntrusted_proxies = '10.0.0.0/8'", "server.trusted_proxies", "a list"),
        ("[meta]\nbase_url = 'graph.facebook.com'", "meta.base_url", "https://graph.facebook.com"),
        ("[meta]\nbase_url = 'https://user:canary@graph.facebook.com'", "meta.base_url", "host alone"),
        ("[meta]\nbase_url = 'https://graph.facebook.com/x?access_token=canary'", "meta.base_url", "host alone"),
        ("[meta]\nbase_url = 'ftp://graph.facebook.com'", "meta.base_url", "https://graph.facebook.com"),
        ("[meta]\nproxy = 'http://user:canary@proxy:3128'", "meta.proxy", "without name and password"),
        ("[meta]\napi_version = '26.0'", "meta.api_version", "v26.0"),
        ("[meta]\napi_version = 'v26'", "meta.api_version", "v26.0"),
        ("[meta]\napi_version = 'v26.0/../x'", "meta.api_version", "v26.0"),
        ("[meta]\npartner_agent = '1'", "meta.partner_agent", "2 to 22 letters"),
        ("[meta]\npartner_agent = 'a-name-that-is-far-too-long'", "meta.partner_agent", "2 to 22 letters"),
        ("[redis]\nprefix = '{a}'", "redis.prefix", "1 to 64 letters"),
        ("[redis]\nprefix = ''", "redis.prefix", "1 to 64 letters"),
        ("[redis]\nsentinel_primary = 'a b'", "redis.sentinel_primary", "1 to 64 letters"),
        ("[redis]\nusername = 'a b'", "redis.username", "without spaces"),
        ("[log]\nlevel = 'infoo'", "log.level", "info"),
        ("[log]\nlevel = 'info,portcullis::dispatch=debg'", "log.level", "debug"),
    ] {
        let message = error(&text(table));
        assert!(
            message.starts_with(&format!("etc/portcullis.toml: {key} line 2: ")) && message.contains(answer),
            "{message}"
        );
    }
}

#[test]
fn sites_and_datasets_hold_only_well_formed_names() {
    for (right, wrong, answer) in [
        ("id = 'shop'", "id = 'the shop'", "site#1.id"),
        ("id = 'shop'", "id = ''", "site#1.id"),
        ("id = '1'", "id = 'x1'", "1 to 20 digits"),
        ("id = '1'", "id = 1", "1 to 20 digits in quotes"),
        ("id = '1'", "id = '123456789012345678901'", "1 to 20 digits"),
        ("['1']", "['1', '']", "site#1.datasets#2"),
        ("['www.shop.example']", "['https://www.shop.example']", "host name"),
        ("['www.shop.example']", "['www.shop.example/']", "host name"),
        ("['www.shop.example']", "['www.shop.example:443']", "host name"),
        ("['www.shop.example']", "['*.shop.example']", "without scheme, port, path or `*`"),
        ("['www.shop.example']", "['10.0.0.1']", "host name"),
        ("['www.shop.example']", "['-a.example']", "host name"),
        ("['www.shop.example']", "['a..example']", "host name"),
        ("['www.shop.example']", "['']", "host name"),
        ("'retail@1'", "'retail@'", "built-in policy"),
        ("'retail@1'", "'re tail'", "built-in policy"),
        ("'retail@1'", "''", "built-in policy"),
    ] {
        let written = text("");
        assert!(written.contains(right));
        let message = error(&written.replace(right, wrong));
        assert!(message.contains(answer) && message.contains("line "), "{wrong}: {message}");
    }
}

#[test]
fn hosts_are_kept_in_the_form_in_which_they_stand_in_addresses() {
    let config = super::load(&text("").replace("www.shop.example", "WWW.Größe.example"));
    assert_eq!(config.sites[0].hosts, ["www.xn--gre-6ka8i.example"]);
}
