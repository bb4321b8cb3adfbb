//! CPU time and allocations an event: the parse, each stage, and the whole of `sanitize`, beside a typed borrowed `serde_json`
//! parse of the same bytes.
//!
//! CPU time of the process, not wall time, all variants in turn, and of each the best of many short rounds, because machines are
//! shared: ratios within a table are worth more than its figures. A stage's cost is the difference to the run that ends before it.
//!
//! `cargo bench -p portcullis-filters` prints the table; `-- --json` prints it as JSON.
#![expect(clippy::print_stdout, clippy::unwrap_used, clippy::cast_precision_loss, reason = "a program that prints")]

use std::borrow::Cow;
use std::hint::black_box;
use std::time::Duration;

use cpu_time::ProcessTime;
use hmac::{Hmac, KeyInit as _, Mac as _};
use portcullis_filters::pipeline::{Context, Outcome, run_through, sanitize};
use portcullis_filters::policy::Policy;
use portcullis_filters::pseudonym::PseudonymKey;
use portcullis_filters::report::StageName;
use portcullis_filters::suppression::{Identifier, Nobody, Suppressed};
use serde::Deserialize;
use sha2::Sha256;

const NOW_SECS: u64 = 1_791_000_100;
const ROUNDS: usize = 60;
/// CPU time of one variant in one round, about.
const ROUND: Duration = Duration::from_millis(8);

/// What a server that filters nothing would read: the same fields, borrowed from the body.
#[derive(Deserialize)]
#[expect(dead_code, reason = "read for the cost of reading")]
struct PlainEvent<'a> {
    #[serde(borrow)]
    event_name: Cow<'a, str>,
    event_time: i64,
    #[serde(borrow)]
    event_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    event_source_url: Option<Cow<'a, str>>,
    #[serde(borrow)]
    action_source: Cow<'a, str>,
    #[serde(borrow)]
    user_data: PlainUser<'a>,
    #[serde(borrow)]
    custom_data: Option<PlainCustom<'a>>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "read for the cost of reading")]
struct PlainUser<'a> {
    #[serde(borrow, default)]
    em: Vec<Cow<'a, str>>,
    #[serde(borrow, default)]
    ph: Vec<Cow<'a, str>>,
    #[serde(borrow, default)]
    r#fn: Vec<Cow<'a, str>>,
    #[serde(borrow, default)]
    ln: Vec<Cow<'a, str>>,
    #[serde(borrow, default)]
    ct: Vec<Cow<'a, str>>,
    #[serde(borrow, default)]
    zp: Vec<Cow<'a, str>>,
    #[serde(borrow)]
    client_ip_address: Option<Cow<'a, str>>,
    #[serde(borrow)]
    client_user_agent: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "read for the cost of reading")]
struct PlainCustom<'a> {
    #[serde(borrow)]
    currency: Option<Cow<'a, str>>,
    value: Option<f64>,
    #[serde(borrow)]
    order_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    content_type: Option<Cow<'a, str>>,
    #[serde(borrow)]
    content_name: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    contents: Vec<PlainItem<'a>>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "read for the cost of reading")]
struct PlainItem<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    quantity: u32,
    item_price: f64,
}

/// Somebody is suppressed, but nobody of these events.
#[derive(Debug)]
struct Others(Hmac<Sha256>);

impl Suppressed for Others {
    fn is_empty(&self) -> bool {
        false
    }

    fn holds(&self, identifier: &Identifier) -> bool {
        let mark = self.0.clone().chain_update(identifier.digest()).finalize().into_bytes();
        black_box(mark.first() == Some(&0) && mark.iter().all(|byte| *byte == 0))
    }
}

/// One thing to measure: runs over every event once.
struct Variant<'v> {
    name: String,
    run: Box<dyn Fn() + 'v>,
    micros: Vec<f64>,
    allocations: f64,
}

fn main() {
    let as_json = std::env::args().any(|argument| argument == "--json");
    let body = include_str!("../tests/fixtures/purchase_1kb.json");
    let event = body.split_once("\"data\":[").unwrap().1.strip_suffix("]}\n").or_else(|| body.trim_end().strip_suffix("]}"));
    let event = event.map_or_else(|| panic!("the fixture"), |event| event.trim_start_matches(|c| c != '{'));
    let event = event.split_once("\"data\":[").map_or(event, |(_, event)| event);
    for (policy_name, count) in [("pharmacy", 1), ("retail", 1), ("retail", 10), ("retail", 1000)] {
        // Events of a request differ, as they do in life.
        let events: Vec<String> = (0..count).map(|n| event.replace("00000007", &format!("{n:08}"))).collect();
        let rows = measure(policy_name, &events);
        report(policy_name, count, &rows, as_json);
    }
}

/// A run over every event.
fn each<'v>(events: &'v [String], run: impl Fn(&str) + 'v) -> Box<dyn Fn() + 'v> {
    Box::new(move || events.iter().for_each(|event| run(event)))
}

fn measure(policy_name: &str, events: &[String]) -> Vec<(String, f64, f64)> {
    let (file, text) = Policy::builtin(policy_name).unwrap();
    let policy = Policy::compile(text, file, &["shop.example.com".to_owned()]).unwrap();
    let key = PseudonymKey::new([7; 32]);
    let context =
        Context { dataset: "1234567890", now_secs: NOW_SECS, fresh_id: [9; 16], pseudonyms: &key, suppressed: &Nobody };
    // Each look costs a keyed digest, as in the gateway's store.
    let others = Others(Hmac::new_from_slice(&[7; 32]).unwrap());
    let looked = Context { suppressed: &others, ..context };
    for event in events {
        assert!(matches!(sanitize(&policy, &context, event), Outcome::Forward(..)), "the benchmark's event must leave");
    }
    let variant = |name: &str, run| Variant { name: name.to_owned(), run, micros: Vec::new(), allocations: 0.0 };
    let mut variants = vec![
        variant(
            "plain serde_json",
            each(events, |event| {
                black_box(serde_json::from_str::<PlainEvent<'_>>(event).unwrap());
            }),
        ),
        variant(
            "parse",
            each(events, |event| {
                black_box(run_through(&policy, &context, event, None));
            }),
        ),
    ];
    for stage in StageName::ALL {
        let (policy, context) = (&policy, &context);
        variants.push(variant(
            stage.as_str(),
            each(events, move |event| {
                black_box(run_through(policy, context, event, Some(*stage)));
            }),
        ));
    }
    variants.push(variant(
        "sanitize",
        each(events, |event| {
            black_box(sanitize(&policy, &context, event));
        }),
    ));
    variants.push(variant(
        "sanitize, others suppressed",
        each(events, |event| {
            black_box(sanitize(&policy, &looked, event));
        }),
    ));
    let count = events.len() as f64;
    let repeats = calibrate(&variants);
    for _ in 0..ROUNDS {
        for variant in &mut variants {
            let start = ProcessTime::now();
            for _ in 0..repeats {
                (variant.run)();
            }
            variant.micros.push(start.elapsed().as_secs_f64() * 1e6 / (repeats as f64 * count));
        }
    }
    for variant in &mut variants {
        let counted = allocation_counter::measure(|| (variant.run)());
        variant.allocations = counted.count_total as f64 / count;
    }
    variants.into_iter().map(|variant| (variant.name, best(&variant.micros), variant.allocations)).collect()
}

/// So many repeats that a round of the dearest variant takes about [`ROUND`].
fn calibrate(variants: &[Variant<'_>]) -> usize {
    let dearest = variants.last().unwrap();
    let mut repeats = 1;
    loop {
        let start = ProcessTime::now();
        (0..repeats).for_each(|_| (dearest.run)());
        if start.elapsed() > ROUND {
            return repeats;
        }
        repeats *= 2;
    }
}

fn best(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NAN, f64::min)
}

fn report(policy: &str, count: usize, rows: &[(String, f64, f64)], as_json: bool) {
    let plain = rows.first().map_or(f64::NAN, |(_, micros, _)| *micros);
    let mut before = (0.0, 0.0);
    if !as_json {
        println!("\n{policy}, {count} event(s) a request        us/event   x plain   allocations/event");
    }
    for (name, micros, allocations) in rows {
        let is_stage = StageName::ALL.iter().any(|stage| stage.as_str() == name);
        let (cost, allocated) = if is_stage { (micros - before.0, allocations - before.1) } else { (*micros, *allocations) };
        before = (*micros, *allocations);
        let ratio = cost / plain;
        let label = if is_stage { format!("  stage {name}") } else { name.clone() };
        if as_json {
            println!(
                "{{\"policy\":\"{policy}\",\"events\":{count},\"part\":\"{name}\",\"us\":{cost:.3},\"ratio\":{ratio:.2},\"allocations\":{allocated:.1}}}"
            );
        } else {
            println!("{label:<34} {cost:>9.3} {ratio:>9.2} {allocated:>12.1}");
        }
    }
}
