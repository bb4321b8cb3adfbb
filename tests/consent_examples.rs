//! What is written down of consent is what programs do: every example of docs/consent.md runs as it stands there, with the real
//! curl, Python, Node and SDKs, and comes to what stands below it; and the vectors of consent strings are what the libraries of
//! IAB Tech Lab give today.

#![expect(clippy::unwrap_used, reason = "a helper of a test may panic as the test may")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use harness::{Executable, Gateway, KEY, Meta, Output, Setup, executable, installed, now_secs, tcf_string};
use serde_json::Value;
use tempfile::TempDir;

/// Where the gateway of the document listens.
const WRITTEN_ADDRESS: &str = "127.0.0.1:8080";

/// A piece of code of the document, and the answer that stands below it.
struct Example {
    language: String,
    code: String,
    answer: Option<Value>,
}

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(project().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Language and text of every block of code.
fn blocks(document: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut lines = document.lines();
    while let Some(line) = lines.next() {
        let Some(language) = line.strip_prefix("```") else { continue };
        let code: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        blocks.push((language.to_owned(), code.join("\n")));
    }
    blocks
}

/// What can be run; a block of JSON is the answer to the one before it.
fn examples(blocks: &[(String, String)]) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    for (language, code) in blocks {
        match language.as_str() {
            "sh" | "python" | "js" => {
                examples.push(Example { language: language.clone(), code: code.clone(), answer: None });
            }
            "json" => examples.last_mut().unwrap().answer = Some(serde_json::from_str(code).unwrap()),
            "toml" => {}
            other => panic!("no example of the document may be in {other}: nothing here runs it"),
        }
    }
    examples
}

impl Example {
    /// The id of its event, however its language writes it.
    fn event_id(&self) -> String {
        let (_, rest) = self.code.split_once("by-").unwrap_or_else(|| panic!("no id in {}", self.code));
        let end = rest.find(|character: char| !character.is_ascii_lowercase() && character != '-').unwrap();
        format!("by-{}", rest.split_at(end).0)
    }

    async fn run(&self, gateway: &Gateway) -> Output {
        let folder = tempfile::tempdir().unwrap();
        let code = self.code.replace(WRITTEN_ADDRESS, &gateway.address().to_string());
        let (program, file) = match self.language.as_str() {
            "sh" => (PathBuf::from("sh"), "example.sh"),
            "python" => (installed("venv").join("bin/python"), "example.py"),
            _ => (PathBuf::from("node"), "example.mjs"),
        };
        with_packages(&folder);
        std::fs::write(folder.path().join(file), code).unwrap();
        let tcf = tcf_string(&[1, 2, 3, 4, 7], now_secs());
        let environment = [("PORTCULLIS_SHOP_KEY", KEY), ("TCF", &tcf)];
        Executable::at(program).run(&[file], &environment, folder.path()).await
    }
}

/// Where Node looks for packages.
fn with_packages(folder: &TempDir) {
    std::os::unix::fs::symlink(installed("node").join("node_modules"), folder.path().join("node_modules")).unwrap();
}

#[tokio::test]
async fn every_example_of_the_document_runs_and_does_what_is_written_below_it() {
    let blocks = blocks(&read("docs/consent.md"));
    let (_, configuration) = blocks.iter().find(|(language, _)| language == "toml").unwrap();
    let configuration: toml::Table = configuration.parse().unwrap();
    let policy = configuration["site"][0]["policy"].as_str().unwrap();

    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let mut gateway = Gateway::start(&executable, Setup::new(&meta).site(policy)).await;
    gateway.canaries.add("the address", "jane@example.com");
    gateway.canaries.add("the consent's source", "banner-3");

    let (mut owed, mut dropped) = (BTreeSet::new(), 0);
    let examples = examples(&blocks);
    for example in &examples {
        let (id, output) = (example.event_id(), example.run(&gateway).await);
        assert_eq!(output.code, Some(0), "{id}: {}{}", output.stdout, output.stderr);
        let Some(written) = &example.answer else {
            // An SDK does not show what it was answered.
            owed.insert(id);
            continue;
        };
        let answered: Value =
            serde_json::from_str(output.stdout.trim()).unwrap_or_else(|_| panic!("{id}: {}", output.stdout));
        for part in ["events_received", "messages", "portcullis"] {
            assert_eq!(answered[part], written[part], "{id}");
        }
        if written["portcullis"]["forwarded"] == 1 {
            owed.insert(id);
        } else {
            dropped += 1;
        }
    }
    for language in ["sh", "python", "js"] {
        assert!(examples.iter().any(|example| example.language == language), "no example is in {language}");
    }
    gateway.drained().await;
    let arrived: BTreeSet<String> = meta.ids().await.into_keys().collect();
    assert_eq!(arrived, owed);
    assert_eq!(gateway.metrics().await.sum("portcullis_events_dropped_total", &[("stage", "consent")]), dropped);
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn the_vectors_of_consent_strings_are_what_the_libraries_read() {
    let script = std::fs::canonicalize(project().join("tests/clients/consent_vectors.mjs")).unwrap().display().to_string();
    for which in ["tcf", "gpp"] {
        let output = Executable::at("node".into()).run(&[&script, which], &[], &installed("node")).await;
        assert_eq!(output.code, Some(0), "{}", output.stderr);
        let path = format!("filters/tests/fixtures/consent/{which}.json");
        let differs =
            output.stdout.lines().zip(read(&path).lines()).find(|(now, then)| now != then).map(|(now, _)| now.to_owned());
        assert!(output.stdout == read(&path), "{path} is not what tests/clients/consent_vectors.mjs prints: {differs:?}");
    }
}
