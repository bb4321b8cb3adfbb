//! Each command as a person meets it: help, exit codes, and what it prints.

use std::time::Duration;

use harness::{ChaosProxy, Gateway, MARK, Meta, Mode, Setup, Signal, eventually, executable, numbered_purchase, sha256_hex};
use portcullis_filters::policy::Policy;

const COMMANDS: &[&[&str]] = &[
    &["serve"],
    &["demo"],
    &["check"],
    &["ready"],
    &["reload"],
    &["meta-simulator"],
    &["key", "new"],
    &["policy", "explain"],
    &["subject", "report"],
    &["subject", "forget"],
    &["outbox", "inspect"],
    &["outbox", "show"],
    &["outbox", "redrive"],
    &["outbox", "purge"],
    &["outbox", "rekey"],
    &["outbox", "backup"],
    &["outbox", "restore"],
    &["schema", "config"],
    &["schema", "policy"],
    &["schema", "event"],
    &["completions"],
    &["man"],
    &[],
];

#[tokio::test]
async fn each_command_has_a_help_text_with_an_example() {
    let folder = tempfile::tempdir().unwrap();
    for command in COMMANDS {
        let arguments: Vec<&str> = command.iter().copied().chain(["--help"]).collect();
        let output = executable!().run(&arguments, &[], folder.path()).await;
        assert_eq!(output.code, Some(0), "{arguments:?}: {}", output.stderr);
        assert!(output.stdout.contains("Usage:"), "{arguments:?}: {}", output.stdout);
        let example = format!("portcullis {}", command.join(" "));
        assert!(output.stdout.matches(example.trim_end()).count() >= 2, "{arguments:?} shows no example: {}", output.stdout);
        assert!(!output.stdout.contains('\u{1b}'), "{arguments:?} is coloured though nobody looks");
        assert!(
            output.stdout.lines().all(|line| line.chars().count() <= 120),
            "{arguments:?} is too wide: {}",
            output.stdout
        );
    }
}

#[tokio::test]
async fn the_version_is_that_of_the_library() {
    let folder = tempfile::tempdir().unwrap();
    let output = executable!().run(&["--version"], &[], folder.path()).await;
    assert_eq!(output.code, Some(0));
    assert!(output.stdout.starts_with(&format!("portcullis {}", env!("CARGO_PKG_VERSION"))), "{}", output.stdout);
}

#[tokio::test]
async fn an_unknown_command_or_option_fails_and_says_what_there_is() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [["srve", "--help"], ["serve", "--confg"]] {
        let output = executable!().run(&arguments, &[], folder.path()).await;
        assert!(output.code.is_some_and(|code| code != 0), "{arguments:?}");
        assert!(output.stderr.contains("serve") || output.stderr.contains("--config"), "{arguments:?}: {}", output.stderr);
    }
}

#[tokio::test]
async fn demo_shows_the_whole_way_and_ends_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let output = executable!().run(&["demo"], &[], folder.path()).await;
    assert_eq!(output.code, Some(0), "{}{}", output.stdout, output.stderr);
    let shown = output.stdout.to_lowercase();
    for section in [
        "retail",
        "pharmacy",
        "hospital",
        "removed",
        "dropped",
        "speaks of health",
        "health_signal",
        "no_consent",
        "data_processing_options_state\": 1001",
        "meta received",
        "portcullis_events_",
        "config.example.toml",
    ] {
        assert!(shown.contains(section), "the demo does not show {section:?}:\n{}", output.stdout);
    }
    for line in output.stdout.lines() {
        assert!(!line.contains("panicked"), "{line}");
    }
    assert!(!output.stdout.contains('\u{1b}'), "coloured though nobody looks");
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert!(left.is_empty(), "the demo left something behind: {left:?}");
}

#[tokio::test]
async fn a_new_key_comes_with_the_digest_that_the_configuration_wants() {
    let folder = tempfile::tempdir().unwrap();
    let mut keys = std::collections::BTreeSet::new();
    for _ in 0..3 {
        let output = executable!().run(&["key", "new"], &[], folder.path()).await;
        assert_eq!(output.code, Some(0), "{}", output.stderr);
        let shown = format!("{}{}", output.stdout, output.stderr);
        let is_part = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.' | '~');
        let words: Vec<&str> = shown.split(|character| !is_part(character)).filter(|word| word.len() >= 32).collect();
        let key = words.iter().find(|word| words.contains(&sha256_hex(word.as_bytes()).as_str()));
        keys.insert((*key.unwrap_or_else(|| panic!("no key with its digest: {shown}"))).to_owned());
    }
    assert_eq!(keys.len(), 3, "a key came twice");
}

#[tokio::test]
async fn explain_says_what_leaves_and_which_channels_are_open() {
    let folder = tempfile::tempdir().unwrap();
    for (policy, words) in [
        ("retail", ["retail@1", "user_data.em", "custom_data.contents", "OPEN"]),
        ("pharmacy", ["pharmacy@1", "user_data.em", "custom_data.order_id", "OPEN"]),
        ("hospital", ["hospital@2", "user_data.fbp", "PageView", "OPEN"]),
        ("hospital@1", ["hospital@1", "consent is not asked for", "PageView", "OPEN"]),
        ("retail-consent", ["retail-consent@1", "US-WA from 2024-03-31", "RCW 19.373", "Limited Data Use"]),
        ("pharmacy-consent", ["pharmacy-consent@1", "only with consent", "C-21/23", "older than 365 days"]),
    ] {
        let output = executable!().run(&["policy", "explain", policy], &[], folder.path()).await;
        assert_eq!(output.code, Some(0), "{policy}: {}", output.stderr);
        for word in words {
            assert!(output.stdout.contains(word), "explain {policy} does not say {word:?}:\n{}", output.stdout);
        }
    }
    let hospital = executable!().run(&["policy", "explain", "hospital"], &[], folder.path()).await.stdout;
    let hashed = hospital.lines().filter(|line| line.contains("user_data.em") && line.contains("hash"));
    assert_eq!(hashed.count(), 0, "{hospital}");
}

#[tokio::test]
async fn explaining_what_is_not_there_names_what_is() {
    let folder = tempfile::tempdir().unwrap();
    let output = executable!().run(&["policy", "explain", "hospitel"], &[], folder.path()).await;
    assert_eq!(output.code, Some(64), "{}{}", output.stdout, output.stderr);
    assert!(output.stderr.contains("hospitel") && output.stderr.contains("hospital"), "{}", output.stderr);
}

#[tokio::test]
async fn inspect_shows_what_waits_and_nothing_raw() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let proxy = ChaosProxy::start(meta.address()).await;
    proxy.set(Mode::Refuse);
    let mut gateway = Gateway::start(&executable, Setup::new(&meta).through(proxy.address())).await;
    gateway.expect_trouble_with_meta();
    let events: Vec<_> = (0..7).map(|number| numbered_purchase("waits", number)).collect();
    assert_eq!(gateway.client().post(&events).await.unwrap().status, 200);
    eventually("they wait", Duration::from_secs(10), async || (gateway.metrics().await.pending() == 7).then_some(())).await;
    gateway.accounted().await;
    gateway.stop(Signal::Terminate).await;

    let config = gateway.config().display().to_string();
    let environment = [("META_TOKEN_SHOP", harness::TOKEN)];
    let output = executable.run(&["outbox", "inspect", "--config", &config], &environment, &gateway.data()).await;
    assert_eq!(output.code, Some(0), "{}{}", output.stdout, output.stderr);
    let shown = format!("{}{}", output.stdout, output.stderr);
    for word in ["7", "shop", harness::DATASET] {
        assert!(shown.contains(word), "inspect does not show {word:?}:\n{shown}");
    }
    assert!(!shown.contains(MARK) && !shown.contains(harness::TOKEN), "{shown}");
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn inspect_of_no_outbox_says_so_and_makes_none() {
    let executable = executable!();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("portcullis.toml"), Setup::to("http://127.0.0.1:9").toml()).unwrap();
    let environment = [("META_TOKEN_SHOP", harness::TOKEN)];
    let output = executable.run(&["outbox", "inspect", "--config", "portcullis.toml"], &environment, folder.path()).await;
    assert!(output.code.is_some_and(|code| code != 0), "{}{}", output.stdout, output.stderr);
    assert!(output.stderr.contains("outbox.db"), "{}", output.stderr);
    assert_eq!(output.stderr.matches("os error").count(), 1, "the cause is said once: {}", output.stderr);
    assert!(!folder.path().join("data/outbox.db").exists());
}

#[tokio::test]
async fn a_second_gateway_on_the_same_outbox_does_not_start() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let gateway = Gateway::start(&executable, Setup::new(&meta)).await;
    let config = gateway.config().display().to_string();
    let environment = [("META_TOKEN_SHOP", harness::TOKEN)];
    let output = executable.run(&["serve", "--config", &config], &environment, &gateway.data()).await;
    assert!(output.code.is_some_and(|code| code != 0), "{}", output.stderr);
    assert!(output.stderr.contains("outbox.path: ") && output.stderr.contains("outbox.db.lock"), "{}", output.stderr);
    gateway.finish().await;
    meta.finish().await;
}

/// An event whose values are marked, with a key that no table has.
const MARKED: &str = r#"{"event_name":"Lead","event_time":1791000000,"event_id":"qz-1","action_source":"website","event_source_url":"https://www.shop.example/qzpage","user_data":{"em":"qzjane@shop.example","external_id":"qz-member"},"custom_data":{"value":7,"qzkey":"qzvalue"}}"#;

#[tokio::test]
async fn explaining_an_event_tells_each_field_and_no_value_unless_asked() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("event.json"), MARKED).unwrap();
    std::fs::write(folder.path().join("body.json"), format!("{{\"access_token\":\"qztoken\",\"data\":[{MARKED},{{}}]}}"))
        .unwrap();
    let explain = async |more: &[&str]| {
        let arguments = [&["policy", "explain", "retail@1", "--at", "1791000100", "--event"], more].concat();
        executable!().run(&arguments, &[], folder.path()).await
    };
    let told = explain(&["event.json"]).await;
    assert_eq!(told.code, Some(0), "{}", told.stderr);
    for word in ["event 1 of 1: forwarded", "user_data.em", "hashed", "not those of the gateway", "unknown_key"] {
        assert!(told.stdout.contains(word), "{word:?} is not in\n{}", told.stdout);
    }
    let both = explain(&["body.json", "--json"]).await;
    assert_eq!(both.code, Some(0), "a refused event is explained too: {}", both.stderr);
    let json: serde_json::Value = serde_json::from_str(&both.stdout).unwrap();
    assert_eq!(json["events"][1]["outcome"], "refused");
    for shown in [&told.stdout, &told.stderr, &both.stdout, &both.stderr] {
        assert!(!shown.contains("qz"), "{shown}");
    }
    let shown = explain(&["event.json", "--show-values"]).await;
    assert!(shown.stdout.contains("qzjane@shop.example") && !shown.stdout.contains("qzkey"), "{}", shown.stdout);
    assert!(shown.stderr.contains("personal data"), "{}", shown.stderr);
}

#[tokio::test]
async fn what_leaves_of_an_event_can_be_written_and_has_the_gateways_pseudonyms_where_its_key_is_given() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("event.json"), MARKED).unwrap();
    std::fs::write(folder.path().join("key"), "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n").unwrap();
    let policy = Policy::builtin("retail@1").unwrap().1.replace("\"retail\"", "\"shop\"");
    let policy = policy.replace("external_id = \"hash\"", "external_id = \"pseudonymize\"");
    std::fs::write(folder.path().join("own.toml"), policy).unwrap();
    let explain = async |more: &[&str]| {
        let arguments = [&["policy", "explain", "own.toml", "--at", "1791000100", "--event", "event.json"], more].concat();
        let output = executable!().run(&arguments, &[], folder.path()).await;
        assert_eq!(output.code, Some(0), "{}", output.stderr);
        output
    };
    let piped = explain(&["--out", "-", "--pseudonym-key", "key"]).await;
    let body: serde_json::Value = serde_json::from_str(&piped.stdout).unwrap();
    assert_eq!(body["data"][0]["event_source_url"], "https://www.shop.example/");
    assert!(piped.stderr.contains("event 1 of 1: forwarded"), "{}", piped.stderr);
    let again = explain(&["--out", "body.json", "--pseudonym-key", "key"]).await;
    assert!(again.stdout.contains("event 1 of 1: forwarded") && !again.stdout.contains("\"data\""), "{}", again.stdout);
    assert_eq!(
        std::fs::read_to_string(folder.path().join("body.json")).unwrap(),
        piped.stdout,
        "the same key, the same pseudonyms"
    );
    assert_ne!(explain(&["--out", "-"]).await.stdout, piped.stdout, "another key, others");
}

#[tokio::test]
async fn what_cannot_be_explained_is_told_by_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("event.json"), "{\"event_name\":\n\"qzsecret}").unwrap();
    std::fs::write(folder.path().join("good.json"), MARKED).unwrap();
    for (arguments, code, words) in [
        (&["retail@1", "--event", "event.json"][..], 1, &["event.json", "line 2"][..]),
        (&["retail@1", "--event", "nowhere.json"], 1, &["nowhere.json"]),
        (&["retial@1", "--event", "event.json"], 64, &["retial@1"]),
        (&["retail@1", "--event", "good.json", "--pseudonym-key", "event.json"], 64, &["event.json", "base64"]),
        (&["retail@1", "--show-values"], 64, &["--event"]),
        (&["retail@1", "--host", "https://www.shop.example/"], 64, &["--host", "without scheme"]),
    ] {
        let output = executable!().run(&[&["policy", "explain"], arguments].concat(), &[], folder.path()).await;
        assert_eq!(output.code, Some(code), "{arguments:?}: {}{}", output.stdout, output.stderr);
        for word in words {
            assert!(output.stderr.contains(word), "{arguments:?} does not say {word:?}: {}", output.stderr);
        }
        assert!(!output.stderr.contains("qz"), "{}", output.stderr);
    }
}

#[tokio::test]
async fn ready_says_by_its_exit_code_whether_a_gateway_takes_events_and_needs_no_secret() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let mut gateway = Gateway::start(&executable, Setup::new(&meta)).await;
    // The configuration names port 0, so the one that it got is given by the environment, and nothing else is: no key, no token.
    let admin = gateway.admin().to_string();
    let ask = async |config: &std::path::Path| {
        let arguments = ["ready", "--config", config.to_str().unwrap()];
        executable.run(&arguments, &[("PORTCULLIS__ADMIN__LISTEN", &admin)], config.parent().unwrap()).await
    };
    let config = gateway.config();
    let ready = ask(&config).await;
    assert_eq!((ready.code, ready.stdout.as_str(), ready.stderr.as_str()), (Some(0), "ready\n", ""));

    gateway.stop(Signal::Terminate).await;
    let gone = ask(&config).await;
    assert_eq!((gone.code, gone.stdout.as_str()), (Some(1), ""), "{gone:?}");
    assert!(gone.stderr.contains(&format!("cannot be asked at {admin}")), "{gone:?}");
    let wrong = ask(&config.with_file_name("none.toml")).await;
    assert_eq!(wrong.code, Some(64), "{wrong:?}");
    gateway.finish().await;
    meta.finish().await;
}
