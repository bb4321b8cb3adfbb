//! Bad configuration never takes over (P8): `check` and `serve` say which file, which key and what to do, and exit with 64.

#![expect(clippy::unwrap_used, reason = "a helper of a test may panic as the test may")]

use std::path::Path;

use harness::{DATASET, Executable, KEY, Setup, executable, sha256_hex};
use portcullis_filters::policy::Policy;

/// Runs `check` and `serve` on a configuration. Both must refuse it, with every one of these words.
async fn refused(setup: &Setup, files: &[(&str, &str)], words: &[&str]) {
    let executable = executable!();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("portcullis.toml"), setup.toml()).unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    for command in ["check", "serve"] {
        let output = run(&executable, command, setup, folder.path()).await;
        let told = format!("{}{}", output.stdout, output.stderr);
        assert_eq!(output.code, Some(64), "{command}: {told}\n{}", setup.toml());
        for word in words {
            assert!(told.contains(word), "{command} does not say {word:?}: {told}");
        }
        assert!(!told.contains(harness::TOKEN), "{command} tells a secret: {told}");
    }
    assert!(!folder.path().join("data").exists(), "a refused configuration leaves nothing behind");
}

async fn run(executable: &Executable, command: &str, setup: &Setup, folder: &Path) -> harness::Output {
    let environment: Vec<(&str, &str)> =
        setup.environment().iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    executable.run(&[command, "--config", "portcullis.toml"], &environment, folder).await
}

fn good() -> Setup {
    Setup::to("http://127.0.0.1:9")
}

#[tokio::test]
async fn check_accepts_what_serve_accepts() {
    let executable = executable!();
    let folder = tempfile::tempdir().unwrap();
    for policy in ["retail@1", "pharmacy@1", "hospital@1", "retail"] {
        let setup = good().site(policy);
        std::fs::write(folder.path().join("portcullis.toml"), setup.toml()).unwrap();
        let output = run(&executable, "check", &setup, folder.path()).await;
        assert_eq!(output.code, Some(0), "{}{}", output.stdout, output.stderr);
    }
}

#[tokio::test]
async fn d7_a_typo_in_each_table_of_the_example_is_named() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config.example.toml");
    let example: toml::Table = std::fs::read_to_string(example).unwrap().parse().unwrap();
    let single: Vec<(&String, &toml::Table)> =
        example.iter().filter_map(|(name, value)| Some((name, value.as_table()?))).collect();
    assert!(single.len() >= 5, "the example lost its tables: {single:?}");
    for (table, keys) in single {
        refused(&good().set(table, "nonsense", "1"), &[], &["portcullis.toml", table, "nonsense"]).await;
        if let Some(key) = keys.keys().find(|key| key.len() > 4) {
            let typo = format!("{}x", key.get(..key.len() - 1).unwrap());
            refused(&good().set(table, &typo, "1"), &[], &["portcullis.toml", table, &typo, key]).await;
        }
    }
    let site = good().toml().replace("policy = ", "polcy = ");
    refused_text(&site, &["portcullis.toml", "site", "polcy", "policy"]).await;
    let dataset = good().toml().replace("allow_test_events", "allow_test_event");
    refused_text(&dataset, &["portcullis.toml", "dataset", "allow_test_event", "allow_test_events"]).await;
    refused_text(&format!("[sever]\nlisten = \"127.0.0.1:0\"\n{}", good().toml()), &["portcullis.toml", "sever", "server"])
        .await;
}

/// As [`refused`], for text that no [`Setup`] writes.
async fn refused_text(text: &str, words: &[&str]) {
    let executable = executable!();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("portcullis.toml"), text).unwrap();
    for command in ["check", "serve"] {
        let output = run(&executable, command, &good(), folder.path()).await;
        let told = format!("{}{}", output.stdout, output.stderr);
        assert_eq!(output.code, Some(64), "{command}: {told}\n{text}");
        for word in words {
            assert!(told.contains(word), "{command} does not say {word:?}: {told}");
        }
    }
}

/// The text of a built-in policy with one field of `user_data` under another action.
fn retail_with(field: &str, action: &str) -> String {
    let (_, text) = Policy::builtin("retail@1").unwrap();
    let is_line = |line: &&str| line.split_once('=').is_some_and(|(key, _)| key.trim() == field);
    assert!(text.lines().any(|line| is_line(&line)), "retail@1 has no line for {field}");
    let line = |line: &str| if is_line(&line) { format!("{field} = \"{action}\"\n") } else { format!("{line}\n") };
    text.lines().map(line).collect()
}

#[tokio::test]
async fn a_policy_that_keeps_a_must_hash_field_is_refused() {
    let policy = retail_with("em", "keep");
    refused(&good().site("own.toml"), &[("own.toml", &policy)], &["own.toml", "em", "hash"]).await;
}

#[tokio::test]
async fn e8_a_policy_with_an_unknown_field_or_action_is_refused() {
    let policy = retail_with("em", "hsah");
    refused(&good().site("own.toml"), &[("own.toml", &policy)], &["own.toml", "em", "hsah", "hash"]).await;
    let policy = retail_with("em", "hash").replace("[fields.user_data]", "[fields.user_data]\nemial = \"hash\"");
    refused(&good().site("own.toml"), &[("own.toml", &policy)], &["own.toml", "emial"]).await;
}

#[tokio::test]
async fn a_policy_that_is_not_there_is_refused() {
    refused(&good().site("no-such-file.toml"), &[], &["no-such-file.toml", "shop"]).await;
    refused(&good().site("retial@1"), &[], &["retial@1", "retail"]).await;
}

#[tokio::test]
async fn two_sites_with_one_key_are_refused() {
    let second = format!(
        "[[site]]\nid = \"second\"\npolicy = \"retail@1\"\ndatasets = [\"{DATASET}\"]\nhosts = [\"www.second.example\"]\nkeys = [{{ sha256 = \"{}\" }}]\n",
        sha256_hex(KEY.as_bytes())
    );
    refused(&good().append(&second), &[], &["portcullis.toml", "shop", "second", "key"]).await;
}

#[tokio::test]
async fn a_dataset_without_a_token_is_refused() {
    let text = good().toml().replace("access_token = { env = \"META_TOKEN_SHOP\" }\n", "");
    refused_text(&text, &["portcullis.toml", DATASET, "access_token"]).await;
    let text = good().toml().replace("META_TOKEN_SHOP", "META_TOKEN_NOBODY_SET");
    refused_text(&text, &["portcullis.toml", DATASET, "access_token", "META_TOKEN_NOBODY_SET"]).await;
    let text = good().toml().replace("{ env = \"META_TOKEN_SHOP\" }", "\"EAAinline\"");
    refused_text(&text, &["portcullis.toml", "access_token"]).await;
}

#[tokio::test]
async fn a_site_that_names_an_unknown_dataset_is_refused() {
    let text = good().toml().replace(&format!("datasets = [\"{DATASET}\"]"), "datasets = [\"7777777777777777\"]");
    refused_text(&text, &["portcullis.toml", "shop", "7777777777777777"]).await;
}

#[tokio::test]
async fn a_site_key_that_is_metas_token_is_refused() {
    let token = sha256_hex(harness::TOKEN.as_bytes());
    let text = good().toml().replace(&sha256_hex(KEY.as_bytes()), &token);
    refused_text(&text, &["portcullis.toml", "shop", "keys", "Meta"]).await;
}

#[tokio::test]
async fn no_site_is_refused() {
    refused_text("[server]\nlisten = \"127.0.0.1:0\"\n", &["portcullis.toml", "site"]).await;
}

#[tokio::test]
async fn a_listener_beyond_loopback_needs_tls() {
    refused(
        &good().set("server", "listen", "\"0.0.0.0:0\""),
        &[],
        &["portcullis.toml", "server.listen", "behind_tls_proxy"],
    )
    .await;
}

#[tokio::test]
async fn meta_at_a_plain_address_elsewhere_is_refused() {
    refused(&good().set("meta", "base_url", "\"http://meta.example\""), &[], &["portcullis.toml", "meta.base_url", "https"])
        .await;
}

#[tokio::test]
async fn d11_a_variable_changes_only_its_leaf() {
    let setup = good().env("PORTCULLIS__META__API_VERSION", "v26.0\"\n[server]\nlisten = \"0.0.0.0:1");
    refused(&setup, &[], &["api_version"]).await;
    refused(&good().env("PORTCULLIS__SERVER__LISTN", "127.0.0.1:0"), &[], &["PORTCULLIS__SERVER__LISTN"]).await;
}

#[tokio::test]
async fn a_file_that_is_not_there_is_named() {
    let executable = executable!();
    let folder = tempfile::tempdir().unwrap();
    for command in ["check", "serve"] {
        let output = executable.run(&[command, "--config", "nowhere.toml"], &[], folder.path()).await;
        assert_eq!(output.code, Some(64), "{}", output.stderr);
        assert!(output.stderr.contains("nowhere.toml"), "{}", output.stderr);
    }
}
