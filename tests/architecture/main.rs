//! What the compiler cannot hold: who may know whom, where secrets are read, how long a file may be, what must be documented.
//!
//! Each rule stands in ARCHITECTURE.md or CONTRIBUTING.md; a failure here names the file, the line and the rule. An exception
//! is a line in a list of `rules.rs`, with its reason.

#![expect(clippy::unwrap_used, reason = "a helper of a test may panic as the test may")]

mod rules;
mod sources;

use rules::{
    EXPOSE_SECRET, IMPURE, KNOWN_TO, LONG, LONG_DOCS, LONG_FILES, LONGEST, LONGEST_DOCS, NOWHERE, SHARED_BY_SUITES, SHORT,
    UNKNOWN_TO, UNTYPED_JSON, WAITS,
};
use sources::{Source, files, root, rust};

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
        assert!(!IMPURE.contains(&name.as_str()), "filters/Cargo.toml: {name} is not pure");
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
