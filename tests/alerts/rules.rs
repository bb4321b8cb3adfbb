//! The files hang together: rules, their unit tests, their pages, and what is tried here.

use std::collections::BTreeSet;

use harness::{Prometheus, promtool};

use crate::{MADE_UP, root};

/// Tests that bring alerts about for real.
const TRIED_IN: &[&str] = &[include_str!("faults.rs"), include_str!("filter.rs"), include_str!("fleet.rs")];

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every alert and what it says under `runbook_url`.
fn alerts() -> Vec<(String, String)> {
    let rules = read("deploy/prometheus/alerts.yaml");
    let alerts: Vec<(String, String)> = rules
        .split("- alert: ")
        .skip(1)
        .map(|rule| {
            let name = rule.lines().next().unwrap().trim().to_owned();
            let page = rule.split("runbook_url: ").nth(1).unwrap_or_else(|| panic!("{name} has no runbook_url"));
            for word in ["severity: ", "summary: ", "description: "] {
                assert!(rule.contains(word), "{name} has no {word}");
            }
            (name, page.lines().next().unwrap().trim().to_owned())
        })
        .collect();
    assert!(alerts.len() > 20, "the alerts are not where they were");
    alerts
}

/// `PortcullisNotReady` is `portcullis-not-ready`.
fn kebab(name: &str) -> String {
    let words = name.chars().flat_map(|letter| {
        let dash = letter.is_ascii_uppercase().then_some('-');
        dash.into_iter().chain([letter.to_ascii_lowercase()])
    });
    words.skip(1).collect()
}

#[tokio::test]
async fn promtool_takes_rules_and_configuration_and_their_unit_tests_pass() {
    let path = |name: &str| root().join("deploy/prometheus").join(name).display().to_string();
    for arguments in [
        vec!["check", "rules", &path("alerts.yaml")],
        vec!["check", "config", &path("prometheus.yaml")],
        vec!["test", "rules", &path("alerts_test.yaml"), &path("alerts_days_test.yaml")],
    ] {
        let (content, said) = promtool(&arguments, "").await;
        assert!(content && said.contains("SUCCESS"), "{said}");
    }
}

#[test]
fn each_alert_has_a_page_and_each_page_an_alert() {
    let mut pages = BTreeSet::new();
    for (name, page) in alerts() {
        assert_eq!(page, format!("deploy/runbooks/alerts/{}.md", kebab(&name)), "the page of {name}");
        let text = read(&page);
        assert!(text.starts_with(&format!("# {name}\n")), "{page} does not begin with its alert");
        for part in [
            "## What it means",
            "## Is data at risk",
            "## First looks",
            "## Causes and mends",
            "## Whom to wake",
            "## Over when",
        ] {
            assert!(text.contains(&format!("\n{part}\n")), "{page} has no part: {part}");
        }
        pages.insert(page.rsplit('/').next().unwrap().to_owned());
    }
    let there: BTreeSet<String> = std::fs::read_dir(root().join("deploy/runbooks/alerts"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(there, pages, "pages on the left, alerts on the right");
}

#[test]
fn each_alert_has_a_unit_test_that_fires_and_one_that_is_silent() {
    let tests = read("deploy/prometheus/alerts_test.yaml") + &read("deploy/prometheus/alerts_days_test.yaml");
    for (name, _) in alerts() {
        assert!(tests.contains(&format!("alertname: {name}\n        exp_alerts:")), "nothing fires {name}");
        assert!(tests.contains(&format!("alertname: {name} }}")), "nothing lets {name} be silent");
    }
    for name in tests.split("alertname: ").skip(1).map(|rest| rest.split([' ', '\n']).next().unwrap()) {
        assert!(alerts().iter().any(|(alert, _)| alert == name), "there is no alert {name}");
    }
}

#[test]
fn each_alert_fires_on_a_real_fault_or_is_said_to_be_made_up() {
    for (name, _) in alerts() {
        let tried = TRIED_IN.iter().any(|suite| suite.contains(&format!("\"{name}\"")));
        let made_up = MADE_UP.iter().any(|(alert, _)| *alert == name);
        assert!(tried != made_up, "{name}: tried for real {tried}, in MADE_UP {made_up}");
    }
    for (name, _) in MADE_UP {
        assert!(alerts().iter().any(|(alert, _)| alert == name), "MADE_UP: there is no alert {name}");
    }
}

#[tokio::test]
async fn each_query_on_a_page_is_one_that_prometheus_takes() {
    let prometheus = Prometheus::start(&[]).await;
    let mut asked = 0;
    for (name, page) in alerts() {
        let text = read(&page);
        for quoted in text.split('`').skip(1).step_by(2).filter(|quoted| quoted.contains("portcullis_")) {
            let query = quoted.split_whitespace().collect::<Vec<_>>().join(" ");
            if let Err(error) = prometheus.query(&query).await {
                panic!("the page of {name}: {query}: {error}");
            }
            asked += 1;
        }
    }
    assert!(asked > 60, "only {asked} queries were found");
    prometheus.finish().await;
}
