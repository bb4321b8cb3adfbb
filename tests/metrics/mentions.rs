//! Whoever names a metric names one that is declared: documents, alert rules and their tests, runbooks, dashboards.

use std::path::Path;

use harness::declared_of;

use crate::at_root;

/// What looks like a metric and is none: crates.
const OTHERS: &[&str] = &["portcullis_filters", "portcullis_tests"];

/// Names of metrics in a text. Not one are `site:portcullis_…:rate` (a recorded series), `- name: portcullis_…` (a group of rules)
/// and a beginning of names, such as `portcullis_events_*` or `portcullis_events_{…}`.
fn names(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let names_groups = |line: &&str| ["- name:", "group_eval_order:"].iter().any(|key| line.trim_start().starts_with(key));
    for line in text.lines().filter(|line| !names_groups(line)) {
        let begins = ["portcullis_", "process_"].iter().flat_map(|prefix| line.match_indices(prefix));
        for (at, _) in begins {
            let (before, rest) = line.split_at(at);
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            let is_part = before.ends_with(|c: char| c.is_ascii_alphanumeric() || "_:-/.".contains(c));
            let goes_on = name.ends_with('_') || after.starts_with([':', '(', '*', '.', '…']);
            if !is_part && !goes_on {
                names.push(name.to_owned());
            }
        }
    }
    names
}

fn texts(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            texts(&path, found);
        } else if path.extension().is_some_and(|ending| ["md", "yaml", "yml", "json"].iter().any(|known| ending == *known)) {
            found.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn what_documents_rules_and_dashboards_name_is_declared() {
    let mut found = Vec::new();
    for folder in ["docs", "deploy"] {
        texts(&at_root(folder), &mut found);
    }
    for file in ["README.md", "ARCHITECTURE.md", "SECURITY.md", "CONTRIBUTING.md"] {
        found.push((file.to_owned(), std::fs::read_to_string(at_root(file)).unwrap()));
    }
    let mut mentions = 0;
    for (file, text) in found {
        for name in names(&text) {
            assert!(
                declared_of(&name).is_some() || OTHERS.contains(&name.as_str()),
                "{file} names {name}, which is not declared in gateway/src/telemetry/declared"
            );
            mentions += 1;
        }
    }
    assert!(mentions > 100, "only {mentions} metrics are named: the documents are not where they were");
}

#[test]
fn what_is_no_name_of_a_metric_is_told_from_one() {
    let text = "rate(portcullis_a_total[1h]) site:portcullis_b:rate portcullis_events_(removed|changed) portcullis_c{d=\"e\"}\n\
                - name: portcullis_rates\n`portcullis_events_…` portcullis_events_* deploy/portcullis_f";
    assert_eq!(names(text), ["portcullis_a_total", "portcullis_c"]);
}
