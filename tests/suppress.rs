//! Who is suppressed, by the real commands: with a gateway that runs and without one, many at once, through kills, a lost key and a
//! damaged store. What that does to events is in `suppression.rs`.
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic as the test may")]

use std::fmt::Write as _;
use std::path::Path;

use harness::{Executable, Gateway, Meta, Output, Setup, Signal, executable, sha256_hex};
use serde_json::{Value, json};

/// 32 bytes, made up.
const OTHER_KEY: &str = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
const ADDRESS: &str = "Canary.Ann@Example.com";

/// A configuration in a folder of its own, without a gateway.
struct Alone {
    executable: Executable,
    folder: tempfile::TempDir,
}

impl Alone {
    fn new(executable: &Executable, tables: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("portcullis.toml"), format!("[outbox]\npath = 'data/outbox.db'\n{tables}"))
            .unwrap();
        Self { executable: executable.clone(), folder }
    }

    fn data(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join("data").join(name)
    }

    async fn suppress(&self, arguments: &[&str], input: &str) -> Output {
        suppress(&self.executable, self.folder.path(), arguments, &[], input).await
    }

    async fn told(&self, arguments: &[&str], input: &str) -> Value {
        let output = self.suppress(&[arguments, &["--json"]].concat(), input).await;
        assert_eq!(output.code, Some(0), "{arguments:?}: {}{}", output.stdout, output.stderr);
        serde_json::from_str(&output.stdout).unwrap()
    }

    async fn marks(&self) -> u64 {
        self.told(&["count"], "").await.get("marks").and_then(serde_json::Value::as_u64).unwrap()
    }

    async fn knows(&self, option: &str, value: &str) -> bool {
        let output = self.suppress(&["check", option, "-"], value).await;
        let (code, text) = (output.code, output.stdout.as_str());
        assert!(matches!((code, text), (Some(0), "suppressed\n") | (Some(1), "not suppressed\n")), "{output:?}");
        assert!(output.stderr.is_empty(), "{}", output.stderr);
        code == Some(0)
    }
}

/// Runs `portcullis suppress …` with the configuration in a folder.
async fn suppress(
    executable: &Executable,
    folder: &Path,
    arguments: &[&str],
    environment: &[(&str, &str)],
    input: &str,
) -> Output {
    let config = folder.join("portcullis.toml").display().to_string();
    let arguments: Vec<&str> = ["suppress"].iter().chain(arguments).copied().chain(["--config", &config]).collect();
    executable.run_with(&arguments, environment, folder, input).await
}

fn sha(text: &str) -> String {
    sha256_hex(text.as_bytes())
}

/// So many digests of nobody, a line each.
fn digests(count: u32) -> String {
    (0..count).fold(String::new(), |mut lines, number| {
        writeln!(lines, "{}", sha(&format!("person-{number}"))).unwrap();
        lines
    })
}

fn holds_none_of(output: &Output, values: &[&str]) {
    for value in values {
        let shown = [&output.stdout, &output.stderr].iter().any(|text| text.to_lowercase().contains(&value.to_lowercase()));
        assert!(!shown, "a value is shown: {output:?}");
    }
}

#[tokio::test]
async fn without_a_gateway_persons_are_added_known_in_each_form_and_removed() {
    let alone = Alone::new(&executable!(), "");
    assert!(!alone.knows("--email", ADDRESS).await);
    assert_eq!(alone.marks().await, 0);
    let added = alone
        .suppress(
            &["add", "--email", "-", "--phone", "+1 (650) 555-1212", "--fbp", "fb.1.1558571054389.1098115397"],
            ADDRESS,
        )
        .await;
    assert_eq!(added.code, Some(0), "{added:?}");
    assert!(added.stderr.contains("no gateway runs"), "{}", added.stderr);
    holds_none_of(&added, &[ADDRESS, "650", "1098115397"]);
    for (option, value) in [
        ("--email", " canary.ann@example.com"),
        ("--sha256", &sha("canary.ann@example.com")),
        ("--sha256", &sha("16505551212")),
        ("--phone", "16505551212"),
        ("--fbp", "fb.1.1558571054389.1098115397"),
    ] {
        assert!(alone.knows(option, value).await, "{option} {value}");
    }
    assert!(!alone.knows("--email", "bob@example.com").await);
    let two = alone.told(&["add", "--email", "-"], "canary.ann@example.com\nbob@example.com\n").await;
    assert_eq!(two["identifiers"], 2);
    let removed = alone.told(&["remove", "--email", "-"], ADDRESS).await;
    assert!(removed["marks_changed"].as_u64().unwrap() >= 1);
    assert!(!alone.knows("--email", ADDRESS).await && alone.knows("--phone", "+16505551212").await);
    let both = alone.suppress(&["check", "--email", "-"], "canary.ann@example.com\nbob@example.com").await;
    assert_eq!((both.code, both.stdout.as_str()), (Some(1), "1 of 2 are suppressed\n"));
}

#[tokio::test]
async fn what_names_nobody_is_refused_without_being_repeated() {
    let alone = Alone::new(&executable!(), "");
    for (arguments, input, told) in [
        (&["add", "--email", "canary-no-address"][..], "", "--email, number 1: the value is no e-mail address"),
        (&["add", "--email", "-"], "ann@example.com\ncanary-no-address", "line 2 of standard input"),
        (&["add", "--sha256", "canary-no-digest"], "", "is no SHA-256"),
        (&["add", "--phone", "-", "--email", "-"], "", "only one option can read from standard input"),
        (&["add", "--email", "-"], "\n", "standard input is empty"),
        (&["add", "--email", "-"], "ann@example.com\n".repeat(65_600).as_str(), "more than 1 MiB"),
    ] {
        let output = alone.suppress(arguments, input).await;
        assert_eq!(output.code, Some(1), "{output:?}");
        assert!(output.stderr.contains(told) && output.stderr.contains("nothing was done"), "{}", output.stderr);
        holds_none_of(&output, &["canary"]);
    }
    assert_eq!(alone.suppress(&["add"], "").await.code, Some(64));
    assert_eq!(alone.suppress(&["check", "--sha256", "canary"], "").await.code, Some(2), "no answer is not the answer no");
    assert!(!alone.data("suppression.db").exists(), "nothing was made");
}

#[tokio::test]
async fn an_import_takes_all_or_nothing_and_an_export_goes_where_the_key_is() {
    let executable = executable!();
    let alone = Alone::new(&executable, "");
    let file = alone.folder.path().join("persons.csv");
    let good = format!("# ours\nemail,{ADDRESS}\nphone,\"+1 650 555 1212\"\n\n{}", digests(3));
    std::fs::write(&file, format!("{good}email,canary-nobody\nname,Canary\n")).unwrap();
    let from = file.display().to_string();
    let refused = alone.suppress(&["import", "--from", &from], "").await;
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stderr.contains("line 8 is no e-mail address; line 9 names no kind"), "{}", refused.stderr);
    assert!(refused.stderr.contains("nothing was taken"));
    holds_none_of(&refused, &["canary"]);
    assert_eq!(alone.marks().await, 0);

    let skipped = alone.told(&["import", "--from", &from, "--skip-bad"], "").await;
    assert_eq!((&skipped["lines"], &skipped["skipped"]), (&json!(5), &json!(2)));
    let marks = alone.marks().await;
    assert!(marks >= 5 && skipped["marks_added"] == marks);
    let again = alone.told(&["import", "--from", "-"], &good).await;
    assert_eq!((&again["marks_added"], alone.marks().await), (&json!(0), marks));

    let export = alone.folder.path().join("marks.txt");
    let to = export.display().to_string();
    assert_eq!(alone.suppress(&["export", "--to", &to], "").await.code, Some(0));
    assert_eq!(alone.suppress(&["export", "--to", &to], "").await.code, Some(1), "nothing is overwritten");
    let text = std::fs::read_to_string(&export).unwrap();
    assert_eq!(alone.suppress(&["export"], "").await.stdout, text);
    assert_eq!(text.lines().count() as u64, marks + 1);
    assert!(!text.to_lowercase().contains("canary") && !text.contains(&sha("person-0")));

    let elsewhere = Alone::new(&executable, "");
    let foreign = elsewhere.suppress(&["import", "--from", &to], "").await;
    assert_eq!(foreign.code, Some(64), "{foreign:?}");
    assert!(foreign.stderr.contains("another key") && foreign.stderr.contains("nothing was taken"), "{}", foreign.stderr);
    std::fs::copy(alone.data("suppression.key"), elsewhere.data("suppression.key")).unwrap();
    assert_eq!(elsewhere.told(&["import", "--from", &to], "").await["marks_added"], marks);
    assert!(elsewhere.knows("--email", ADDRESS).await);
}

#[tokio::test]
async fn a1_p9_a_kill_in_the_middle_of_an_import_leaves_whole_pieces_and_it_can_be_run_again() {
    let executable = executable!();
    let alone = Alone::new(&executable, "");
    assert!(executable.has_failpoints().await, "this suite needs a build with debug assertions");
    let lines = digests(50_000);
    for (point, least) in [("before_suppression_commit:3=abort", 16_384), ("after_suppression_commit:3=abort", 32_768)] {
        let script = [("PORTCULLIS_FAILPOINT", point)];
        let died = suppress(&executable, alone.folder.path(), &["import", "--from", "-"], &script, &lines).await;
        assert_eq!(died.code, None, "{point}");
        // The key is noted in a transaction of its own, once.
        let marks = alone.marks().await;
        assert!(marks >= least && marks < 50_000 && marks % 16_384 == 0, "{point}: {marks}");
        let files = std::fs::read_dir(alone.folder.path().join("data")).unwrap();
        let left: Vec<_> =
            files.map(|file| file.unwrap().file_name()).filter(|name| name.to_string_lossy().contains("import")).collect();
        assert!(left.is_empty(), "{left:?}");
    }
    let added = alone.told(&["import", "--from", "-"], &lines).await;
    assert_eq!(added["lines"], 50_000);
    assert_eq!(alone.marks().await, 50_000);
    for number in [0, 25_000, 49_999] {
        assert!(alone.knows("--sha256", &sha(&format!("person-{number}"))).await);
    }
}

#[tokio::test]
async fn in_a_running_gateway_an_addition_is_in_force_and_survives_kill() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let mut gateway = Gateway::start(&executable, Setup::new(&meta)).await;
    gateway.canaries.add("the address", "canary.ann");
    let folder = gateway.config().parent().unwrap().to_owned();
    let run = async |arguments: &[&str], input: &str| suppress(&executable, &folder, arguments, &[], input).await;
    let added = run(&["add", "--email", "-"], ADDRESS).await;
    assert_eq!((added.code, added.stderr.as_str()), (Some(0), ""), "{added:?}");
    holds_none_of(&added, &[ADDRESS]);
    let marks = gateway.metrics().await.sum("portcullis_suppression_marks", &[]);
    assert!(marks > 0);
    gateway.kill().await;
    gateway.restart().await;
    assert_eq!(gateway.metrics().await.sum("portcullis_suppression_marks", &[]), marks);
    assert_eq!(run(&["check", "--sha256", &sha("canary.ann@example.com")], "").await.code, Some(0));

    let imported = run(&["import", "--from", "-", "--json"], &digests(20_000)).await;
    assert_eq!(imported.code, Some(0), "{imported:?}");
    let imported: Value = serde_json::from_str(&imported.stdout).unwrap();
    assert_eq!(imported["gateway_runs"], true);
    let all = gateway.metrics().await.sum("portcullis_suppression_marks", &[]);
    assert_eq!(imported["marks_added"], all - marks);
    assert_eq!(run(&["remove", "--email", "-"], ADDRESS).await.code, Some(0));
    assert_eq!(run(&["check", "--email", "-"], ADDRESS).await.code, Some(1));
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn p8_a_lost_key_a_damaged_store_and_a_missing_one_refuse_the_start() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let mut gateway = Gateway::start(&executable, Setup::new(&meta)).await;
    let (store, key) = (gateway.data().join("suppression.db"), gateway.data().join("suppression.key"));
    assert_eq!(gateway.command(&["suppress", "add", "--email", "ann@example.com"]).await.code, Some(0));
    gateway.stop(Signal::Terminate).await;
    let whole = std::fs::read(&store).unwrap();
    let aside = gateway.data().join("aside");
    let refused = async |told: &str| {
        let output = gateway.command(&["serve"]).await;
        assert_eq!(output.code, Some(64), "{output:?}");
        assert!(output.stderr.contains(told), "{told}: {}", output.stderr);
    };
    std::fs::rename(&key, &aside).unwrap();
    refused("suppression.key").await;
    std::fs::write(&key, OTHER_KEY).unwrap();
    refused("kept under the key").await;
    std::fs::rename(&aside, &key).unwrap();
    std::fs::write(&store, &whole[..whole.len() / 2]).unwrap();
    refused("suppression.db").await;
    std::fs::write(&store, "").unwrap();
    refused("is no store of suppressed persons").await;
    std::fs::remove_file(&store).unwrap();
    refused("is missing beside").await;
    std::fs::write(&store, &whole).unwrap();
    gateway.restart().await;
    assert_eq!(gateway.command(&["suppress", "check", "--email", "ann@example.com"]).await.code, Some(0));
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn a_store_is_not_changed_by_commands_with_another_key_or_without_that_of_pseudonyms() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let gateway = Gateway::start(&executable, Setup::new(&meta)).await;
    assert_eq!(gateway.client().post(&[harness::purchase("one")]).await.unwrap().status, 200);
    gateway.drained().await;
    let (own, pseudonyms) = (gateway.data().join("suppression.key"), gateway.data().join("pseudonym.key"));
    let (own_text, pseudonym_text) = (std::fs::read(&own).unwrap(), std::fs::read(&pseudonyms).unwrap());
    std::fs::write(&own, OTHER_KEY).unwrap();
    let refused = gateway.command(&["suppress", "add", "--email", "ann@example.com"]).await;
    assert!(refused.code == Some(64) && refused.stderr.contains("under the key"), "{refused:?}");
    std::fs::write(&own, own_text).unwrap();
    std::fs::remove_file(&pseudonyms).unwrap();
    let refused = gateway.command(&["suppress", "add", "--email", "ann@example.com"]).await;
    assert!(refused.code == Some(64) && refused.stderr.contains("pseudonym.key"), "{refused:?}");
    std::fs::write(&pseudonyms, pseudonym_text).unwrap();
    assert_eq!(gateway.metrics().await.sum("portcullis_suppression_marks", &[]), 0);
    gateway.finish().await;
    meta.finish().await;
}
