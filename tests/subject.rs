//! What was sent about a person, told to them by the real command: with a gateway that runs and without one, after a crash, after a
//! failed write; and nothing of a value in what it is told from.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a helper of a test may panic as the test may")]

use std::collections::BTreeSet;
use std::time::Duration;

use harness::{
    Client, DATASET, Executable, Gateway, MARK, Meta, SITE, Setup, Signal, eventually, executable, purchase, sha256_hex,
};
use portcullis_filters::normalize::parse_hex;
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(60);

fn recorded(meta: &Meta) -> Setup {
    Setup::new(meta).set("subject_access", "retention_days", "30")
}

/// A purchase by whoever has this address.
fn of(email: &str, id: &str) -> Value {
    let mut event = purchase(id);
    event["user_data"] = json!({ "em": [email], "client_user_agent": event["user_data"]["client_user_agent"] });
    event
}

async fn told(gateway: &Gateway, who: &[&str]) -> Value {
    let arguments: Vec<&str> = ["subject", "report", "--json"].iter().chain(who).copied().collect();
    let output = gateway.command(&arguments).await;
    assert_eq!(output.code, Some(0), "{}{}", output.stdout, output.stderr);
    assert!(!output.stdout.contains(MARK) && !output.stderr.contains(MARK), "{output:?}");
    serde_json::from_str(&output.stdout).unwrap()
}

fn events(report: &Value) -> u64 {
    report["deliveries"].as_array().unwrap().iter().map(|delivery| delivery["events"].as_u64().unwrap()).sum()
}

/// The paths of an event as Meta received it.
fn paths(event: &Value, before: &str, found: &mut BTreeSet<String>) {
    for (name, value) in event.as_object().unwrap() {
        let path = format!("{before}{name}");
        match value {
            Value::Object(_) => paths(value, &format!("{path}."), found),
            Value::Array(items) if items.iter().any(Value::is_object) => {
                for item in items {
                    paths(item, &format!("{path}[]."), found);
                }
            }
            _ => {
                found.insert(path);
            }
        }
    }
}

#[tokio::test]
async fn a_person_is_told_exactly_what_meta_received_about_them() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let mut gateway = Gateway::start(&executable, recorded(&meta)).await;
    let (jane, john) = (format!("{MARK}.Jane@example.com"), format!("{MARK}.john@example.com"));
    let digest = sha256_hex(jane.to_lowercase().as_bytes());
    let mut hashed = purchase("jane-2");
    hashed["user_data"]["em"] = json!([digest]);
    let posted = [of(&jane, "jane-1"), hashed, of(&john, "john-1")];
    assert_eq!(gateway.client().post(&posted).await.unwrap().status, 200);
    gateway.drained().await;

    let report = told(&gateway, &["--email", &jane]).await;
    assert_eq!((events(&report), &report["identifiers_suppressed_now"]), (2, &json!(0)), "{report}");
    let kinds: BTreeSet<(String, BTreeSet<String>)> = report["deliveries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|delivery| {
            assert_eq!((&delivery["dataset"], &delivery["site"]), (&json!(DATASET), &json!(SITE)));
            assert_eq!((&delivery["policy"]["name"], &delivery["policy"]["version"]), (&json!("retail"), &json!(1)));
            let fields = delivery["fields"].as_array().unwrap().iter().map(|path| path.as_str().unwrap().to_owned());
            (delivery["event"].as_str().unwrap().to_owned(), fields.collect())
        })
        .collect();
    let received: BTreeSet<(String, BTreeSet<String>)> = meta
        .events()
        .await
        .into_iter()
        .filter(|sent| sent.event["user_data"]["em"].to_string().contains(&digest))
        .map(|sent| {
            let mut found = BTreeSet::new();
            paths(&sent.event, "", &mut found);
            (sent.event["event_name"].as_str().unwrap().to_owned(), found)
        })
        .collect();
    assert_eq!(received.len(), 2, "a bare event and a full one");
    assert_eq!(kinds, received);

    // The same by another id of hers, by her digest, and by one that is nobody's.
    let by_id = told(&gateway, &["--external-id", &format!("{MARK}-member-42")]).await;
    assert_eq!(events(&by_id), 1);
    assert_eq!(events(&told(&gateway, &["--sha256", &digest]).await), 2);
    assert_eq!(events(&told(&gateway, &["--phone", "+1 415 555 0107"]).await), 1);
    assert_eq!(events(&told(&gateway, &["--email", "nobody@example.com"]).await), 0);

    let text = gateway.command(&["subject", "report", "--email", &jane]).await;
    assert_eq!(text.code, Some(0), "{}", text.stderr);
    for words in ["Purchase from site shop", "user_data.em", "retail@1", "suppressed now   no", "What this cannot know"] {
        assert!(text.stdout.contains(words), "{words:?} is not in\n{}", text.stdout);
    }
    let added = gateway.command(&["suppress", "add", "--email", &john]).await;
    assert_eq!(added.code, Some(0), "{}", added.stderr);
    let report = told(&gateway, &["--email", &john]).await;
    assert_eq!((events(&report), &report["identifiers_suppressed_now"]), (1, &json!(1)));

    // Without a gateway the command reads the index itself, and forgets in it.
    gateway.stop(Signal::Terminate).await;
    assert_eq!(events(&told(&gateway, &["--email", &jane]).await), 2);
    let forgotten = gateway.command(&["subject", "forget", "--email", &jane, "--json"]).await;
    assert_eq!((forgotten.code, forgotten.stdout.trim()), (Some(0), "{\"rows_deleted\":2}"), "{}", forgotten.stderr);
    assert_eq!(events(&told(&gateway, &["--email", &jane]).await), 0);
    assert_eq!(events(&told(&gateway, &["--email", &john]).await), 1);

    let file = std::fs::read(gateway.data().join("subjects.db")).unwrap();
    let raw = parse_hex(&digest).unwrap();
    for part in [digest.as_bytes(), &raw[..], &raw[..16], b"SKU-10007".as_slice(), b"107.97".as_slice(), b"jane-1"] {
        assert!(!file.windows(part.len()).any(|window| window == part), "{}", String::from_utf8_lossy(part));
    }
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn a_crash_between_metas_yes_and_the_settling_never_leaves_a_delivery_out() {
    let executable = executable!();
    if !executable.has_failpoints().await {
        return;
    }
    for (failpoint, told_at_most) in [("after_send_before_settle", 1), ("after_recording_before_settle", 2)] {
        let meta = Meta::start(&executable).await;
        let setup = recorded(&meta);
        let failing = setup.clone().env("PORTCULLIS_FAILPOINT", &format!("{failpoint}=abort"));
        let mut gateway = Gateway::start(&executable, failing).await;
        gateway.expect_trouble_with_meta();
        let jane = format!("{MARK}.jane@example.com");
        // It may die before the answer is read.
        drop(gateway.client().post(&[of(&jane, "jane-1")]).await);
        eventually("it dies", PATIENCE, async || (!gateway.process().runs()).then_some(())).await;
        gateway.configure(setup);
        gateway.restart().await;
        gateway.drained().await;
        assert_eq!(meta.ids().await.get("jane-1"), Some(&2), "{failpoint}: Meta took it before the crash and after it");
        let report = told(&gateway, &["--email", &jane]).await;
        assert_eq!(events(&report), told_at_most, "{failpoint}: {report}");
        assert!(report["counts"].as_str().unwrap().contains("after a crash"));
        gateway.finish().await;
        meta.finish().await;
    }
}

/// What the readiness page says of the index.
async fn trouble(gateway: &Gateway) -> Option<String> {
    let answer = Client::new(gateway.admin()).get("/readyz").await.unwrap();
    assert_eq!(answer.status, 200, "events are taken all the same: {}", answer.text());
    answer.json()["reasons"]["subject_index"].as_str().map(str::to_owned)
}

#[tokio::test]
async fn a_failed_write_is_loud_and_sending_goes_on_and_the_report_says_what_is_missing() {
    let executable = executable!();
    if !executable.has_failpoints().await {
        return;
    }
    let meta = Meta::start(&executable).await;
    let setup = recorded(&meta).env("PORTCULLIS_FAILPOINT", "before_recording:1-1=disk_full");
    let mut gateway = Gateway::start(&executable, setup).await;
    gateway.expect_log("is not recorded for subject access");
    let jane = format!("{MARK}.jane@example.com");
    assert_eq!(gateway.client().post(&[of(&jane, "jane-1")]).await.unwrap().status, 200);
    gateway.drained().await;
    assert_eq!(meta.count().await, 1, "it was sent");
    assert!(trouble(&gateway).await.is_some_and(|text| text.contains("not recorded")));
    assert_eq!(gateway.metrics().await.sum("portcullis_subject_index_failures_total", &[("reason", "write")]), 1);
    assert_eq!(gateway.client().post(&[of(&jane, "jane-2")]).await.unwrap().status, 200);
    gateway.drained().await;
    assert_eq!(trouble(&gateway).await, None);
    let report = told(&gateway, &["--email", &jane]).await;
    assert_eq!((events(&report), &report["not_recorded"][0]["events"]), (1, &json!(1)), "{report}");
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn by_default_nothing_is_recorded_and_a_question_says_so() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let mut gateway = Gateway::start(&executable, Setup::new(&meta)).await;
    assert_eq!(gateway.client().post(&[purchase("jane-1")]).await.unwrap().status, 200);
    gateway.drained().await;
    let made = |gateway: &Gateway| -> Vec<String> {
        let names = std::fs::read_dir(gateway.data()).unwrap().map(|entry| entry.unwrap().file_name());
        names.map(|name| name.to_string_lossy().into_owned()).filter(|name| name.starts_with("subjects")).collect()
    };
    assert_eq!(made(&gateway), Vec::<String>::new());
    let asked = gateway.command(&["subject", "report", "--email", "jane@example.com"]).await;
    assert_eq!(asked.code, Some(64), "{}", asked.stdout);
    assert!(asked.stderr.contains("subject_access.retention_days"), "{}", asked.stderr);
    assert_eq!(made(&gateway), Vec::<String>::new(), "a question makes no file either");

    // What was kept while it was on goes when it is switched off.
    gateway.stop(Signal::Terminate).await;
    gateway.configure(recorded(&meta));
    gateway.restart().await;
    assert!(!made(&gateway).is_empty());
    gateway.stop(Signal::Terminate).await;
    gateway.configure(Setup::new(&meta));
    gateway.restart().await;
    eventually("the index is deleted", PATIENCE, async || {
        let left = made(&gateway);
        (left == ["subjects.key"]).then_some(())
    })
    .await;
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn an_index_without_its_key_refuses_the_start_with_the_cure() {
    let executable: Executable = executable!();
    let meta = Meta::start(&executable).await;
    let mut gateway = Gateway::start(&executable, recorded(&meta)).await;
    assert_eq!(gateway.client().post(&[purchase("jane-1")]).await.unwrap().status, 200);
    gateway.drained().await;
    gateway.stop(Signal::Terminate).await;
    let (key, aside) = (gateway.data().join("subjects.key"), gateway.data().join("aside"));
    std::fs::rename(&key, &aside).unwrap();
    let refused = gateway.command(&["serve"]).await;
    assert_eq!(refused.code, Some(64), "nobody in it would be found: {}", refused.stderr);
    for words in ["subjects.key", "subject_access.key", "put it back from your copy"] {
        assert!(refused.stderr.contains(words), "{words:?}: {}", refused.stderr);
    }
    std::fs::rename(&aside, &key).unwrap();
    gateway.restart().await;
    assert_eq!(events(&told(&gateway, &["--fbp", "fb.1.1558571054389.1098115397"]).await), 1);
    gateway.finish().await;
    meta.finish().await;
}
