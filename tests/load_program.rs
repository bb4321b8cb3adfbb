//! The program `load` runs, loses nothing and says what it measured. Its figures are judged by nobody here: machines differ.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a helper of a test may panic as the test may")]

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use harness::executable;
use serde_json::{Value, json};
use tempfile::TempDir;

/// How long a run may take on a machine that does much else.
const DEADLINE: Duration = Duration::from_secs(300);

#[tokio::test]
async fn the_load_program_measures_every_server_and_writes_its_report() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.json");
    let mut program = tokio::process::Command::new(env!("CARGO_BIN_EXE_load"));
    program.args(["--points", "1x2,10x2,100x1", "--seconds", "0.2", "--rounds", "1", "--mix", "--date", "today"]);
    program.arg("--json").arg(&file).env("PORTCULLIS_BIN", executable!().path());
    let ended = program.stdin(Stdio::null()).kill_on_drop(true).output();
    let output = tokio::time::timeout(DEADLINE, ended).await.expect("an end in time").unwrap();
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
    let output = tokio::time::timeout(DEADLINE, ended).await.expect("an end in time").unwrap();
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

/// Runs `load` with these arguments; a run in which anything is lost ends with an error. Gives what it printed.
async fn load(arguments: &[&str], folder: &Path) -> String {
    let mut program = tokio::process::Command::new(env!("CARGO_BIN_EXE_load"));
    program.args(arguments).current_dir(folder).env("PORTCULLIS_BIN", executable!().path());
    let ended = program.stdin(Stdio::null()).kill_on_drop(true).output();
    let output = tokio::time::timeout(DEADLINE, ended).await.expect("an end in time").unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Runs profiles for a moment. Gives the folder of the report and the figures.
async fn profiles(names: &str, more: &[&str]) -> (TempDir, Value) {
    let folder = tempfile::tempdir().unwrap();
    let given = ["--profile", names, "--seconds", "0.2", "--connections", "1", "--date", "today", "--report", "report"];
    load(&[&given, more].concat(), folder.path()).await;
    let figures = figures(&folder.path().join("report"));
    (folder, figures)
}

fn figures(report: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(report.join("figures.json")).unwrap()).unwrap()
}

/// The page names each of these plots, and each is a whole drawing.
fn shows(folder: &TempDir, plots: &[&str]) -> String {
    let report = folder.path().join("report");
    let page = std::fs::read_to_string(report.join("report.md")).unwrap();
    for plot in plots {
        assert!(page.contains(&format!("]({plot})")), "{plot}: {page}");
        let drawing = std::fs::read_to_string(report.join(plot)).unwrap();
        assert!(drawing.starts_with("<svg ") && drawing.trim_end().ends_with("</svg>") && drawing.contains("<polyline"));
        assert!(!drawing.contains("NaN"), "{plot}");
    }
    page
}

fn all<'a>(figures: &'a Value, pointer: &str, count: usize) -> &'a [Value] {
    let all = figures.pointer(pointer).and_then(Value::as_array).unwrap_or_else(|| panic!("{pointer}: {figures}"));
    assert_eq!(all.len(), count, "{pointer}");
    all
}

#[tokio::test]
async fn p4_steady_keeps_ten_rates_and_a_burst_is_answered_and_delivered_whole() {
    let (folder, figures) = profiles("steady,burst", &[]).await;
    for (tenth, load) in (1..).zip(all(&figures, "/steady/figures/loads", 10)) {
        assert_eq!(load["percent"], f64::from(10 * tenth));
        let [p50, p90, p99, p999] =
            ["p50_ms", "p90_ms", "p99_ms", "p999_ms"].map(|name| load["latency"][name].as_f64().unwrap());
        assert!(0.0 < p50 && p50 <= p90 && p90 <= p99 && p99 <= p999, "{load}");
    }
    let burst = &figures["burst"]["figures"];
    let times = burst["rate"].as_f64().unwrap() / burst["before_rate"].as_f64().unwrap();
    assert!((times - 10.0).abs() < 0.01 && burst["events"].as_u64() > Some(0), "{burst}");
    assert!(burst["drained_after_seconds"].as_f64() >= burst["answered_after_seconds"].as_f64(), "{burst}");
    let page = shows(&folder, &["latency.svg"]);
    assert!(page.contains("\n## A burst\n") && page.contains("today:") && page.contains("NOT OPTIMIZED"), "{page}");
}

#[tokio::test]
async fn a_thousand_sites_are_served_by_one_gateway() {
    let (folder, figures) = profiles("many-sites", &[]).await;
    for (one, sites) in all(&figures, "/many_sites/figures/counts", 4).iter().zip([1, 10, 100, 1000]) {
        assert_eq!(one["count"], sites);
        assert!(one["events"].as_u64() > Some(0) && one["peak_rss_mib"].as_f64() > Some(0.0), "{one}");
    }
    shows(&folder, &["sites.svg"]);
}

#[tokio::test]
async fn requests_and_events_of_every_size_arrive() {
    let (folder, figures) = profiles("large-batches", &[]).await;
    let batches = all(&figures, "/large_batches/figures/batches", 14);
    assert_eq!((&batches[13]["server"], &batches[13]["events_per_request"]), (&"embedded".into(), &1000.into()));
    let sizes: Vec<u64> = all(&figures, "/large_batches/figures/sizes", 14)
        .iter()
        .map(|sized| sized["event_bytes"].as_u64().unwrap())
        .collect();
    assert!(sizes[7] < 600 && sizes[7..].is_sorted() && sizes[13] > 49_000 && sizes[..7] == sizes[7..], "{sizes:?}");
    shows(&folder, &["batches.svg", "sizes.svg"]);
}

#[tokio::test]
async fn p4_however_late_meta_answers_callers_are_answered_and_each_event_arrives_once() {
    let (folder, figures) = profiles("slow-meta", &[]).await;
    let cases = all(&figures, "/slow_meta/figures/cases", 4);
    let names: Vec<&str> = cases.iter().map(|case| case["meta"].as_str().unwrap()).collect();
    assert_eq!(names, ["at once", "after 200 ms", "after 2 s", "never"]);
    for case in cases {
        let samples = case["samples"].as_array().unwrap();
        let ended = samples.last().unwrap();
        assert!(case["events"].as_u64() > Some(0) && ended["pending"] == 0.0, "{case}");
    }
    // Who gets no answer keeps what it has.
    assert!(cases[3]["samples"].as_array().unwrap().iter().any(|sample| sample["pending"].as_f64() > Some(0.0)));
    shows(&folder, &["slow.svg"]);
}

#[tokio::test]
async fn a_soak_says_what_grows_and_the_report_can_be_made_again_from_its_figures() {
    let (folder, mut figures) = profiles("soak", &["--minutes", "0.05", "--rate", "40"]).await;
    let page = shows(&folder, &["soak.svg"]);
    assert!(
        page.contains("\n- open files: ") && page.contains("--profile soak --rate 40 --minutes 0.05 --connections 1"),
        "{page}"
    );

    // An hour in which memory grows by 8 MiB, and the disk not at all.
    let sample = |minute: i32| {
        json!({ "seconds": 60 * minute, "rss_mib": 30.0 + 8.0 * f64::from(minute) / 60.0, "descriptors": 20 + minute % 2,
            "disk_mib": 20, "pending": 0 })
    };
    figures["soak"]["figures"]["samples"] = (0..=60).map(sample).collect();
    let file = folder.path().join("changed.json");
    std::fs::write(&file, figures.to_string()).unwrap();
    load(&["report", "--from", "report/figures.json", "--from", "changed.json", "--to", "report"], folder.path()).await;
    let page = shows(&folder, &["soak.svg"]);
    for verdict in ["- memory: GROWTH, +8.00 MiB an hour", "- open files: no growth, ", "- disk: no growth, +0.00 MiB"] {
        assert!(page.contains(verdict), "{verdict}: {page}");
    }
    let again = self::figures(&folder.path().join("report"));
    assert_eq!(again["soak"]["made"], figures["soak"]["made"]);
    assert_eq!(all(&again, "/soak/figures/samples", 61)[60]["rss_mib"], 38.0);
}
