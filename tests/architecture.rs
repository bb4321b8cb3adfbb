//! What the compiler cannot hold: who may know whom, where secrets are read, how long a file may be, what must be documented.
//!
//! Each rule stands in ARCHITECTURE.md or CONTRIBUTING.md; a failure here names the file, the line and the rule. An exception
//! is a line in a list below, with its reason.

#![expect(clippy::unwrap_used, reason = "a helper of a test may panic as the test may")]

use std::path::{Path, PathBuf};

/// A file with more lines than this needs an entry here, with the reason why it is better in one piece.
const LONGEST: usize = 600;
const LONG_FILES: &[(&str, &str)] = &[];
/// Nine in ten files are shorter than this, half are shorter than [`SHORT`].
const LONG: usize = 400;
const SHORT: usize = 150;

/// A module says what it promises in so many lines.
const LONGEST_DOCS: usize = 10;
const LONG_DOCS: &[(&str, &str)] = &[
    ("gateway/src/outbox/mod.rs", "the contract of every back end, point by point"),
    ("gateway/src/outbox/redis/mod.rs", "every key in Redis, and why it is one"),
];

/// Where a secret's text is read, and what for.
const EXPOSE_SECRET: &[(&str, &str)] = &[
    ("gateway/src/dispatch/meta.rs", "the token and the proof go into the request to Meta"),
    ("gateway/src/ingest/events.rs", "the key outside the body must be the one inside it"),
    ("gateway/src/config/resolve.rs", "a secret file's last newline is trimmed, and key material is decoded"),
    ("gateway/src/config/resolve/redis.rs", "the address of Redis is taken apart, once"),
    ("gateway/src/shared/link/dial.rs", "the password goes to Redis when a connection is made"),
    ("gateway/src/telemetry/traces/export.rs", "headers that the collector of traces asks for go to it"),
    ("gateway/src/simulator/tokens.rs", "the stand-in compares tokens as Meta would"),
];

/// Where JSON may be handled without a type.
const UNTYPED_JSON: &[(&str, &str)] = &[
    ("gateway/src/simulator/", "a stand-in for Meta judges whatever it is sent"),
    ("gateway/src/cli/demo", "shows events as they came and as they left"),
    ("gateway/src/config/json_schema.rs", "a schema of keys; no event is near"),
];

/// What a folder must not name, and why.
const UNKNOWN_TO: &[(&str, &[&str], &str)] = &[
    (
        "filters/src/",
        &[
            "portcullis::",
            "tokio",
            "reqwest",
            "axum",
            "SystemTime",
            "Instant",
            "std::fs",
            "std::net::Tcp",
            "std::env",
            "std::thread",
            "async fn",
        ],
        "the filters are pure: no I/O, no clock, no async",
    ),
    (
        "gateway/src/listener/",
        &[
            "crate::ingest",
            "crate::dispatch",
            "crate::outbox",
            "crate::simulator",
            "crate::cli",
            "crate::admin",
            "rusqlite",
            "reqwest",
        ],
        "a listener knows connections, not what is asked on them",
    ),
    (
        "gateway/src/ingest/",
        &["crate::dispatch", "crate::simulator", "crate::cli", "rusqlite", "reqwest"],
        "receiving does not know sending",
    ),
    (
        "gateway/src/dispatch/",
        &["crate::ingest", "crate::simulator", "crate::cli", "rusqlite", "axum"],
        "sending does not know receiving",
    ),
    (
        "gateway/src/outbox/",
        &["crate::ingest", "crate::dispatch", "crate::cli", "axum", "reqwest"],
        "the outbox knows neither side",
    ),
    (
        "gateway/src/subject/",
        &["crate::ingest", "crate::dispatch", "crate::outbox", "crate::cli", "axum", "reqwest"],
        "the index of what was delivered is written by who sends and asked by who commands",
    ),
    (
        "gateway/src/config/",
        &["crate::ingest", "crate::dispatch", "crate::outbox::embedded", "crate::cli"],
        "configuration is read by others",
    ),
    (
        "gateway/src/telemetry/",
        &["crate::ingest", "crate::dispatch", "crate::outbox", "crate::cli"],
        "telemetry is written by others",
    ),
    ("gateway/src/admin/", &["crate::ingest", "crate::dispatch", "crate::cli"], "the admin listener only reads"),
];

/// Lines that may name what [`UNKNOWN_TO`] forbids there, and why.
const KNOWN_TO: &[(&str, &str, &str)] = &[(
    "gateway/src/admin/",
    "use crate::dispatch::DispatchStatus;",
    "a handle that can only be read: which gates are closed",
)];

/// What no file of ours holds.
const NOWHERE: &[(&str, &str)] = &[
    ("#[ignore", "a test runs or goes; assert the present behaviour in place of ignoring it"),
    ("#[allow(", "use #[expect(…, reason = …)], which is noticed when it is not needed any more"),
    ("#![allow(", "use #![expect(…, reason = …)], which is noticed when it is not needed any more"),
    ("thread::sleep", "wait for a condition"),
    ("todo!(", "finish it"),
];

/// Of which each suite uses a part, so that no expectation would hold in all of them.
const SHARED_BY_SUITES: &str = "filters/tests/common/mod.rs";

/// Where a thread sleeps or a suite waits for a time, and what for.
const WAITS: &[(&str, &str)] = &[
    ("gateway/src/outbox/embedded/writer.rs", "a busy writer lingers, so that one fsync serves many callers"),
    ("gateway/src/failpoint.rs", "a disk that stalls, in debug builds"),
    ("tests/harness/eventually.rs", "the steps between two looks at a condition"),
    ("tests/harness/load.rs", "a caller that was answered 503 pauses, and one that keeps a rate waits for its turn"),
    ("tests/harness/chaos_proxy.rs", "a network that is slow"),
    ("tests/crash.rs", "the random moment of a kill"),
    ("tests/faults/stage.rs", "a fault lasts a time"),
    ("tests/load/pair.rs", "a measurement lasts a time"),
    ("tests/load/pace.rs", "a request waits until it is due"),
    ("tests/load/callers.rs", "a measurement lasts a time, and a caller that was answered 503 pauses"),
];

struct Source {
    /// From the root, with `/`.
    name: String,
    text: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every file of ours with one of these endings, but for what is built or installed.
fn files(endings: &[&str]) -> Vec<Source> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && !matches!(name.as_str(), "target" | ".git" | "node_modules" | "portcullis-data") {
                walk(&path, found);
            } else if path.is_file() {
                found.push(path);
            }
        }
    }
    let mut paths = Vec::new();
    walk(&root(), &mut paths);
    paths.sort();
    let wanted = |path: &PathBuf| endings.iter().any(|ending| path.to_string_lossy().ends_with(ending));
    let source = |path: PathBuf| Source {
        name: path.strip_prefix(root()).unwrap().to_string_lossy().into_owned(),
        text: String::from_utf8(std::fs::read(&path).unwrap()).unwrap_or_default(),
    };
    paths.into_iter().filter(wanted).map(source).collect()
}

fn rust() -> Vec<Source> {
    // This file names what it forbids; the programs that trybuild compiles are wrong on purpose.
    let ours =
        |source: &Source| source.name != "tests/architecture.rs" && !source.name.starts_with("filters/tests/compile_fail/");
    let sources: Vec<Source> = files(&[".rs"]).into_iter().filter(ours).collect();
    assert!(sources.len() > 30, "the sources are not where they were");
    sources
}

impl Source {
    /// Whether the file is a module of unit tests.
    fn is_unit_tests(&self) -> bool {
        self.name.contains("/src/") && (self.name.contains("/tests/") || self.name.ends_with("tests.rs"))
    }

    /// Numbered lines, without comments.
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(at, line)| (at + 1, line.split("//").next().unwrap_or_default()))
    }

    /// The same without unit tests, which are a file or the end of one.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let tests = self.text.find("\n#[cfg(test)]\nmod tests {").and_then(|end| self.text.get(..end));
        let end = if self.is_unit_tests() { 0 } else { tests.unwrap_or(&self.text).lines().count() };
        self.lines().take(end)
    }

    /// Every line of code that holds the word, as `file:line: rule`.
    fn holding(&self, word: &str, rule: &str) -> Vec<String> {
        self.found_in(self.code(), word, rule)
    }

    fn found_in<'s>(&self, lines: impl Iterator<Item = (usize, &'s str)>, word: &str, rule: &str) -> Vec<String> {
        let holds = |(_, line): &(usize, &str)| line.contains(word);
        lines.filter(holds).map(|(at, _)| format!("{}:{at}: `{word}`: {rule}", self.name)).collect()
    }
}

fn none(broken: &[String]) {
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

#[test]
fn each_module_says_what_it_promises() {
    let silent = rust().into_iter().filter(|source| !source.text.starts_with("//!")).map(|source| source.name);
    none(&silent.map(|name| format!("{name}: begins without `//!`")).collect::<Vec<_>>());
    let long = |source: &Source| {
        let listed = LONG_DOCS.iter().any(|(file, _)| *file == source.name);
        source.text.lines().take_while(|line| line.starts_with("//!")).count() > LONGEST_DOCS && !listed
    };
    none(
        &rust()
            .iter()
            .filter(|source| long(source))
            .map(|source| format!("{}: module docs too long", source.name))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn files_stay_small() {
    let sizes: Vec<(String, usize)> = rust().into_iter().map(|source| (source.name, source.text.lines().count())).collect();
    let listed = |name: &str| LONG_FILES.iter().any(|(file, _)| *file == name);
    let too_long = sizes.iter().filter(|(name, lines)| *lines > LONGEST && !listed(name));
    none(
        &too_long
            .map(|(name, lines)| format!("{name}: {lines} lines; split it by role, or say in LONG_FILES why not"))
            .collect::<Vec<_>>(),
    );
    for (file, _) in LONG_FILES {
        assert!(sizes.iter().any(|(name, lines)| name == file && *lines > LONGEST), "{file} needs its entry no more");
    }
    let longer_than = |limit: usize| sizes.iter().filter(|(_, lines)| *lines > limit).count();
    assert!(longer_than(LONG) * 10 <= sizes.len(), "more than one file in ten has over {LONG} lines: {sizes:?}");
    assert!(longer_than(SHORT) * 2 <= sizes.len(), "more than half of the files have over {SHORT} lines: {sizes:?}");
}

#[test]
fn nobody_knows_whom_it_must_not_know() {
    let mut broken = Vec::new();
    for source in rust() {
        let is_known =
            |line: &str| KNOWN_TO.iter().any(|(folder, known, _)| source.name.starts_with(folder) && line.trim() == *known);
        for (folder, words, why) in UNKNOWN_TO {
            if source.name.starts_with(folder) {
                let unknown = || source.code().filter(|(_, line)| !is_known(line));
                broken.extend(words.iter().flat_map(|word| source.found_in(unknown(), word, why)));
            }
        }
    }
    none(&broken);
}

#[test]
fn the_filters_depend_on_nothing_that_can_do_io() {
    let manifest: toml::Table = std::fs::read_to_string(root().join("filters/Cargo.toml")).unwrap().parse().unwrap();
    for name in manifest.get("dependencies").and_then(|table| table.as_table()).unwrap().keys() {
        for impure in [
            "tokio",
            "reqwest",
            "axum",
            "hyper",
            "rusqlite",
            "redis",
            "portcullis",
            "tracing",
            "prometheus",
            "rand",
            "getrandom",
        ] {
            assert_ne!(name, impure, "filters/Cargo.toml");
        }
    }
}

#[test]
fn json_is_typed_where_events_pass() {
    let mut broken = Vec::new();
    for source in rust() {
        let listed = UNTYPED_JSON.iter().any(|(place, _)| source.name.starts_with(place));
        if (source.name.starts_with("gateway/src/") || source.name.starts_with("filters/src/")) && !listed {
            for word in ["serde_json::Value", "json!(", "serde_json::Map"] {
                broken.extend(source.holding(word, "a `Value` can hold what no policy has seen"));
            }
        }
    }
    none(&broken);
}

#[test]
fn secrets_are_read_only_where_they_are_used() {
    let mut broken = Vec::new();
    for source in rust() {
        let listed = EXPOSE_SECRET.iter().any(|(place, _)| *place == source.name);
        if !source.name.starts_with("tests/") && !listed {
            broken.extend(source.holding("expose_secret", "not in the list of places that read a secret's text"));
        }
        if listed && source.holding("expose_secret", "").is_empty() {
            broken.push(format!("{}: needs its entry no more", source.name));
        }
    }
    none(&broken);
}

#[test]
fn what_we_do_not_do_is_nowhere() {
    let mut broken = Vec::new();
    for source in rust() {
        let waits = WAITS.iter().any(|(file, _)| *file == source.name);
        let excepted =
            |word: &str| (waits && word == "thread::sleep") || (source.name == SHARED_BY_SUITES && word == "#![allow(");
        for (word, why) in NOWHERE.iter().filter(|(word, _)| !excepted(word)) {
            broken.extend(source.found_in(source.lines(), word, why));
        }
        if source.name.starts_with("tests/") && !waits {
            broken.extend(source.found_in(source.lines(), "time::sleep", "wait for a condition: harness::eventually"));
        }
        if waits && source.found_in(source.lines(), "sleep(", "").is_empty() {
            broken.push(format!("{}: needs its entry no more", source.name));
        }
    }
    none(&broken);
}

/// Whether a document's text in backticks is a path of ours: what it names must be there.
fn is_path(text: &str) -> bool {
    let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
    let ends = ["/", ".rs", ".toml", ".md", ".conf", ".txt", ".json"].iter().any(|end| text.ends_with(end));
    plain && ends && text.contains('/') && !text.starts_with('/')
}

#[test]
fn documents_name_files_and_tests_that_exist() {
    let sources = files(&[".rs"]);
    let mut broken = Vec::new();
    for document in files(&[".md"]) {
        let folder = root().join(&document.name).with_file_name("");
        let quoted: Vec<&str> = document.text.split('`').skip(1).step_by(2).filter(|text| is_path(text)).collect();
        let linked = document.text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
        let linked = linked.filter(|link| !link.is_empty() && !link.contains("://"));
        let there = |path: &&str| root().join(path).exists() || folder.join(path).exists();
        let missing = quoted.into_iter().chain(linked).filter(|path| !there(path));
        broken.extend(missing.map(|path| format!("{}: {path} is not there", document.name)));
        // The table of promises: the last column names tests.
        for row in document.text.lines().filter(|line| document.name == "ARCHITECTURE.md" && line.starts_with("| P")) {
            let names = row.rsplit('|').nth(1).unwrap_or_default().split('`').skip(1).step_by(2);
            let tests = names.filter(|name| name.contains('_') && !name.contains(['/', '.']));
            let unknown = tests.filter(|name| !sources.iter().any(|source| source.text.contains(&format!("fn {name}("))));
            broken.extend(unknown.map(|name| format!("{}: there is no test {name}", document.name)));
        }
    }
    none(&broken);
}

#[test]
fn each_key_of_the_example_has_a_comment_and_each_policy_an_owner() {
    let example = std::fs::read_to_string(root().join("config.example.toml")).unwrap();
    let mut commented = false;
    for line in example.lines() {
        let is_key = !line.starts_with(['#', '[', ' ']) && line.contains('=');
        assert!(!is_key || commented || line.contains(" # "), "config.example.toml: no comment on: {line}");
        // What stands above a table of a list explains its first key, its id, too.
        commented = line.starts_with('#') || (commented && (is_key || line.starts_with("[[")));
    }
    for file in std::fs::read_dir(root().join("filters/policies")).unwrap() {
        let file = file.unwrap().path();
        let parsed: toml::Table = std::fs::read_to_string(&file).unwrap().parse().unwrap();
        // A later version of a policy stands in a file of its own, such as `hospital-2.toml`.
        let name = file.file_stem().unwrap().to_str().unwrap().trim_end_matches(|c: char| c == '-' || c.is_ascii_digit());
        assert_eq!(parsed.get("name").and_then(|name| name.as_str()), Some(name));
        assert!(parsed.get("owner").and_then(|owner| owner.as_str()).is_some_and(|owner| !owner.is_empty()), "{name}");
    }
}

#[test]
fn no_file_names_the_machine_it_was_written_on() {
    let ours = files(&[".rs", ".toml", ".md", ".py", ".mjs", ".json", ".yml", ".yaml", ".txt", "run", "justfile"]);
    // In pieces, so that this file is not a find.
    let machine = [["/wo", "rk/"].concat(), ["/ro", "ot/"].concat(), ["/ho", "me/"].concat(), ["../sha", "red"].concat()];
    let mut broken = Vec::new();
    for source in &ours {
        for (at, line) in source.text.lines().enumerate() {
            let names = machine.iter().find(|path| line.contains(path.as_str()));
            broken.extend(names.map(|path| format!("{}:{}: {path}", source.name, at + 1)));
        }
    }
    none(&broken);
}
