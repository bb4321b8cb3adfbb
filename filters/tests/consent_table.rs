//! Whose event may leave, as a table that a lawyer can read: `consent_table/cells.txt` has one row for every combination of
//! policy, consent, Global Privacy Control, Limited Data Use and residence, each with its outcome and its reason.
//!
//! Here it is checked that no cell is missing or written twice, that every reason is one that the table explains and fits its
//! outcome, and that the filter decides as the table says.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{DATASET, EVENTS, FBP, FRESH, NOW, PAGES, key, policy, text};
use portcullis_filters::pipeline::{Context, Trace, Verdict, trace};
use portcullis_filters::policy::Policy;
use portcullis_filters::suppression::Nobody;

const TABLE: &str = include_str!("consent_table/cells.txt");

const POLICIES: [&str; 5] = ["nothing", "opt_out", "opt_in", "shop", "clinic"];
const CONSENTS: [&str; 5] = ["silent", "granted", "granted+health", "denied", "unreadable"];
const GPC: [&str; 2] = ["silent", "on"];
const LIMITED: [&str; 3] = ["silent", "off", "own"];
const RESIDENCES: [&str; 5] = ["US-CA", "US-WA", "FR", "JP", "unknown"];

/// Reasons that name where a law applies.
const PLACES: [&str; 5] = ["US-CA", "US-WA", "EEA", "elsewhere", "unknown"];
/// Reasons of Limited Data Use.
const OF_LIMITED: [&str; 3] = ["ldu-law", "ldu-own", "ldu-off"];

/// One row.
struct Cell {
    /// Policy, consent, GPC, LDU and residence.
    inputs: [&'static str; 5],
    outcome: &'static str,
    state: &'static str,
    because: Vec<&'static str>,
}

fn cells() -> Vec<Cell> {
    let rows = TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let cell = |row: &'static str| {
        let words: Vec<&str> = row.split_whitespace().collect();
        Cell { inputs: words[..5].try_into().unwrap(), outcome: words[5], state: words[6], because: words[7..].to_vec() }
    };
    rows.map(cell).collect()
}

/// The reasons that the head of the table explains.
fn explained() -> BTreeSet<&'static str> {
    let lines = TABLE.lines().skip_while(|line| *line != "# Because:").skip(1);
    lines.take_while(|line| line.starts_with("#   ")).filter_map(|line| line.split_whitespace().nth(1)).collect()
}

fn policy_of(name: &str) -> Policy {
    let laws: String = ["US-CA", "US-WA", "EEA"].map(|pack| format!("[[jurisdiction]]\npack = \"{pack}\"\n")).concat();
    let (require, laws) = match name {
        "nothing" => ("none", ""),
        "shop" | "clinic" => ("none", laws.as_str()),
        require => (require, ""),
    };
    let fields = "event_source_url = \"page\"\nuser_data.fbp = \"keep\"";
    let text = text(EVENTS, PAGES, fields, &format!("[consent]\nrequire = \"{require}\"\n{laws}"));
    // What tells a retailer from who deals in health.
    policy(&if name == "shop" { text.replace("drop_event\"\nambiguous", "drop_goods\"\nambiguous") } else { text })
}

fn event_of([_, consent, gpc, limited, residence]: [&str; 5]) -> String {
    let consent = match consent {
        "silent" => "",
        "granted" => r#""marketing":"granted""#,
        "granted+health" => r#""marketing":"granted","health":"granted""#,
        "denied" => r#""marketing":"denied""#,
        "unreadable" => r#""marketing":"yes""#,
        other => panic!("{other}"),
    };
    let comma = if consent.is_empty() || gpc == "silent" { "" } else { "," };
    let gpc = if gpc == "on" { r#""gpc":"1""# } else { "" };
    let limited = match limited {
        "silent" => "",
        "off" => r#","data_processing_options":[]"#,
        "own" => {
            r#","data_processing_options":["LDU"],"data_processing_options_country":1,"data_processing_options_state":1001"#
        }
        other => panic!("{other}"),
    };
    let residence = match residence.split_once('-') {
        _ if residence == "unknown" => String::new(),
        Some((country, region)) => format!(r#","residence":{{"country":"{country}","region":"{region}"}}"#),
        None => format!(r#","residence":{{"country":"{residence}"}}"#),
    };
    format!(
        r#"{{"event_name":"PageView","event_time":1791000000,"event_id":"e-1","action_source":"website",
        "event_source_url":"https://www.shop.example/","user_data":{{{FBP}}},"consent":{{{consent}{comma}{gpc}}}{limited}{residence}}}"#
    )
}

/// Outcome and state, in the words of the table.
fn decided(trace: &Trace) -> (String, String) {
    match trace.verdict {
        Verdict::Drop(stage, reason) => {
            assert_eq!(stage.as_str(), "consent");
            (reason.to_string(), "-".to_owned())
        }
        Verdict::Refuse(refusal) => panic!("{refusal}"),
        Verdict::Forward => {
            let sanitized = trace.sanitized.as_ref().unwrap();
            let out: serde_json::Value = serde_json::from_str(sanitized.as_str()).unwrap();
            let state = match out["data_processing_options"].to_string().as_str() {
                "null" => "-".to_owned(),
                "[]" => "off".to_owned(),
                r#"["LDU"]"# => {
                    assert_eq!(out["data_processing_options_country"], 1, "{out}");
                    out["data_processing_options_state"].to_string()
                }
                other => panic!("{other}"),
            };
            ("leaves".to_owned(), state)
        }
    }
}

#[test]
fn every_cell_is_written_once() {
    let written: Vec<[&str; 5]> = cells().iter().map(|cell| cell.inputs).collect();
    let mut wanted = BTreeSet::new();
    for policy in POLICIES {
        for consent in CONSENTS {
            for gpc in GPC {
                for limited in LIMITED {
                    wanted.extend(RESIDENCES.map(|residence| [policy, consent, gpc, limited, residence]));
                }
            }
        }
    }
    assert_eq!(written.iter().copied().collect::<BTreeSet<_>>(), wanted);
    assert_eq!(written.len(), wanted.len(), "a cell is written twice");
}

#[test]
fn every_cell_is_justified_by_reasons_that_the_table_explains_and_that_fit_its_outcome() {
    let explained = explained();
    let mut used = BTreeSet::new();
    for Cell { inputs, outcome, because, .. } in cells() {
        let has = |reasons: &[&str]| because.iter().filter(|reason| reasons.contains(reason)).count();
        assert!(because.iter().all(|reason| explained.contains(reason)), "{inputs:?}: {because:?}");
        let fits = match outcome {
            "leaves" => has(&["none", "quiet", "granted"]) == 1 && has(&OF_LIMITED) == 1,
            "consent_denied" => has(&["denied", "unreadable"]) == 1,
            "global_privacy_control" => has(&["gpc"]) == 1,
            "no_consent" => has(&["silence", "health"]) == 1,
            _ => false,
        };
        assert!(fits, "{inputs:?}: {outcome} because {because:?}");
        let lists_laws = matches!(inputs[0], "shop" | "clinic");
        assert_eq!(has(&PLACES), usize::from(lists_laws), "{inputs:?}: {because:?}");
        used.extend(because);
    }
    assert_eq!(used, explained, "a reason that no cell needs");
}

#[test]
fn the_filter_decides_as_the_table_says() {
    let policies: BTreeMap<&str, Policy> = POLICIES.into_iter().map(|name| (name, policy_of(name))).collect();
    let pseudonyms = key();
    let mut wrong = Vec::new();
    for Cell { inputs, outcome, state, because } in cells() {
        let context =
            Context { dataset: DATASET, now_secs: NOW, fresh_id: FRESH, pseudonyms: &pseudonyms, suppressed: &Nobody };
        let trace = trace(&policies[inputs[0]], &context, &event_of(inputs));
        if decided(&trace) != (outcome.to_owned(), state.to_owned()) {
            wrong.push(format!("{inputs:?}: {:?}, not {outcome} {state}", decided(&trace)));
        }
        let consent = trace.consent.unwrap();
        let applied: Vec<&str> = consent.jurisdictions.iter().map(|law| law.id.as_str()).collect();
        let place = because.iter().find(|reason| PLACES.contains(reason));
        let expected: &[&str] = match place {
            None | Some(&"elsewhere") => &[],
            Some(&"unknown") => &["US-CA", "US-WA", "EEA"],
            Some(law) => &[law],
        };
        assert_eq!(applied, expected, "{inputs:?}");
        let told = if outcome == "leaves" { "may leave" } else { outcome };
        assert_eq!(consent.outcome, told, "{inputs:?}");
    }
    assert!(wrong.is_empty(), "{} cells:\n{}", wrong.len(), wrong.join("\n"));
}
