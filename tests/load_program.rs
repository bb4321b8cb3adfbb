//! The program `load` runs, loses nothing and says what it measured. Its figures are judged by nobody here: machines differ.

use std::process::Stdio;
use std::time::Duration;

use harness::executable;
use serde_json::Value;

#[tokio::test]
async fn the_load_program_measures_every_server_and_writes_its_report() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.json");
    let mut program = tokio::process::Command::new(env!("CARGO_BIN_EXE_load"));
    program.args(["--points", "1x2,10x2,100x1", "--seconds", "0.2", "--rounds", "1", "--mix", "--date", "today"]);
    program.arg("--json").arg(&file).env("PORTCULLIS_BIN", executable!().path());
    let ended = program.stdin(Stdio::null()).kill_on_drop(true).output();
    let output = tokio::time::timeout(Duration::from_secs(300), ended).await.expect("an end in time").unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let report: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(report["date"], "today");
    for text in ["portcullis", "system", "processor", "policy", "load"] {
        assert!(report[text].as_str().is_some_and(|text| !text.is_empty()), "{text}: {report}");
    }
    let points = report["points"].as_array().unwrap();
    assert_eq!((points.len(), report["runs"].as_array().unwrap().len()), (9, 9));
    for point in points {
        // A slow machine may answer nothing within so short a time, so that only these are sure to have moved.
        for figure in ["events", "p50_ms", "p99_ms", "peak_rss_mib"] {
            assert!(point[figure].as_f64().is_some_and(|figure| figure > 0.0), "{figure}: {point}");
        }
        assert!(point["cpu_us_per_event"].is_f64() && point["events_per_second"].is_f64(), "{point}");
        assert_eq!((&point["turned_away"], &point["broken"]), (&0.into(), &0.into()), "{point}");
    }
    let ratios = report["ratios_to_bare"].as_array().unwrap();
    assert_eq!((ratios.len(), &ratios[2]["server"], &ratios[2]["connections"]), (9, &"embedded".into(), &2.into()));
    let mixed = report["mixed"].as_array().unwrap();
    assert!(mixed.len() == 3 && mixed.iter().all(|one| one["beside_p99_ms"].as_f64() > Some(0.0)), "{mixed:?}");
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.contains("| 100x1 | embedded |") && table.contains("NOT OPTIMIZED"), "{table}");
}

#[tokio::test]
async fn the_load_program_measures_redis_beside_a_plain_client_and_two_gateways_beside_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.json");
    let mut program = tokio::process::Command::new(env!("CARGO_BIN_EXE_load"));
    program.args(["--backend", "redis", "--points", "10x4", "--seconds", "0.5", "--rounds", "1"]);
    program.arg("--json").arg(&file).env("PORTCULLIS_BIN", executable!().path());
    let ended = program.stdin(Stdio::null()).kill_on_drop(true).output();
    let output = tokio::time::timeout(Duration::from_secs(300), ended).await.expect("an end in time").unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let report: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let points = report["points"].as_array().unwrap();
    assert_eq!((points.len(), &points[0]["server"], &points[1]["server"]), (2, &"embedded".into(), &"redis".into()));
    assert!(points[0]["redis"].is_null(), "{points:?}");
    let is_more_than = |bound: f64, figures: &Value, names: &[&str]| {
        for name in names {
            assert!(figures[name].as_f64() > Some(bound), "{name}: {figures}");
        }
    };
    is_more_than(0.0, &points[1]["redis"], &["cpu_us_per_event", "commands_per_event", "events_per_entry"]);
    is_more_than(0.0, &report["redis"]["plain"][0], &["event_bytes", "add_us_per_event", "whole_us_per_event"]);
    is_more_than(0.0, &report["redis"]["pairs"][0], &["one", "two"]);
    // What waits is read in large portions, also by a slow machine.
    is_more_than(10.0, &report["redis"]["backlogs"][0]["cost"], &["entries_per_read"]);
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.contains("| 10x4 | redis |") && table.contains("two deliver"), "{table}");
}
