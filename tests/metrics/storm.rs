//! Callers that send whatever comes to mind make no series: names, fields, paths, methods, encodings, keys, hosts, statements of
//! consent and bodies are made up, and what is scraped stays within the closed form of the bound (P6).

use std::collections::BTreeSet;

use harness::{
    Chance, Client, DATASET, Gateway, KEY, MARK, Meta, Request, SITE, Settings, Setup, executable, now_secs,
    promtool_approves, purchase,
};
use portcullis::telemetry::declared::bound::{Extent, most_series};
use portcullis::telemetry::declared::{Values, all, named};
use portcullis::telemetry::site::places;
use portcullis_filters::policy::Policy;
use serde_json::{Value, json};

const REQUESTS: usize = 400;

#[tokio::test]
async fn p6_e10_a_storm_of_made_up_requests_makes_no_series() {
    let policy = policy();
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let setup = Setup::new(&meta).site("own.toml");
    let gateway = Gateway::start_in(&executable, setup, &[("own.toml", &policy.text)]).await;
    let seed = Settings::seed();
    println!("PORTCULLIS_SEED={seed}");
    let mut chance = Chance::new(seed);
    let client = gateway.client();
    let (mut answered, mut taken) = (0, 0);
    for _ in 0..REQUESTS {
        // Some are so odd that the connection is closed.
        if let Ok(answer) = client.send(&request(&mut chance, &client)).await {
            answered += 1;
            taken += usize::from(answer.status == 200);
        }
    }
    assert!(answered > REQUESTS / 2 && taken > REQUESTS / 20, "{answered} answered, {taken} taken of {REQUESTS}");

    let metrics = gateway.metrics().await;
    assert_eq!(metrics.undeclared(), Vec::<String>::new());
    for (series, label, value) in metrics.label_values() {
        assert!(policy.allows(series, label, value), "{series}: {label} says {value}");
    }
    let extent =
        Extent { sites: 1, properties: policy.properties.len(), jurisdictions: policy.jurisdictions.len(), datasets: 1 };
    for metric in all() {
        let (most, are) = (metric.most_series(extent), metrics.series_of(metric.name));
        assert!(are <= most, "{}: {are} series, and {most} at most", metric.name);
    }
    assert!(metrics.series() <= most_series(extent));
    assert!(metrics.series_of("portcullis_fields_removed_total") > 10, "the storm removed nothing: {}", metrics.text());
    promtool_approves(&metrics).await;
    gateway.drained().await;
    gateway.finish().await;
    meta.finish_with_custom_properties(&["tier"]).await;
}

/// The policy of the site, and what of it may stand in labels.
struct Known {
    text: String,
    properties: BTreeSet<String>,
    jurisdictions: BTreeSet<String>,
}

fn policy() -> Known {
    let (_, retail) = Policy::builtin("retail@1").unwrap();
    let text = retail.replacen("[fields.custom_data]", "[fields.custom_data]\ntier = { one_of = [\"gold\"] }", 1);
    let text = format!("{text}\n[[jurisdiction]]\npack = 'EEA'\n[[jurisdiction]]\npack = 'US-WA'\n");
    let text = text.replacen("\"retail\"", "\"own\"", 1);
    let policy = Policy::compile(&text, "own.toml", &["www.shop.example".to_owned()]).unwrap();
    let properties = policy.property_paths().map(ToString::to_string).collect();
    let jurisdictions = policy.jurisdictions().map(str::to_owned).collect();
    Known { text, properties, jurisdictions }
}

impl Known {
    /// Whether a label may say this: what is configured, or what does not come from outside.
    fn allows(&self, series: &str, label: &str, value: &str) -> bool {
        let bare = ["_bucket", "_sum", "_count"].iter().find_map(|ending| series.strip_suffix(ending)).unwrap_or(series);
        let definition = named(series).or_else(|| named(bare)).unwrap();
        let Some(label) = definition.labels.iter().find(|own| own.name == label) else { return label == "le" };
        match label.values {
            Values::Sites => value == SITE,
            Values::Datasets => value == DATASET,
            Values::Places => places().any(|place| place == value) || self.properties.contains(value),
            Values::Jurisdictions => self.jurisdictions.contains(value),
            Values::Words(list) | Values::FollowsWithin(list) => list().contains(&value),
            Values::Follows => !value.contains(MARK),
        }
    }
}

/// A word that nobody has seen, with the mark of a raw value.
fn word(chance: &mut Chance) -> String {
    format!("{MARK}{}", chance.text("abcxyz0189_.", 6))
}

/// A request of some kind, with something made up in it.
fn request(chance: &mut Chance, client: &Client) -> Request {
    let made_up = word(chance);
    let path = format!("{}?access_token={KEY}", client.path());
    match chance.below(8) {
        0 => Request::new(&made_up.to_uppercase().replace(['_', '.'], "X"), &path),
        1 => Request::post(
            &format!("/{made_up}/{DATASET}/{}", chance.pick(&["events", "instruments", "%ff", ""])),
            "text/plain",
            "x",
        ),
        2 => posted(chance, &format!("{path}&{made_up}={made_up}")).header(&made_up, &made_up),
        3 => posted(chance, &path).header("content-encoding", chance.pick(&["gzip", "br", "zstd", "", &made_up])),
        4 => Request::post(
            &path,
            chance.pick(&["application/json", "text/plain", "multipart/form-data", &made_up]),
            broken(chance),
        ),
        5 => posted(chance, &path.replace(KEY, &made_up)),
        _ => posted(chance, &path),
    }
}

/// Events of which anything may be made up, in JSON.
fn posted(chance: &mut Chance, path: &str) -> Request {
    let events: Vec<Value> = (0..=chance.below(3)).map(|_| event(chance)).collect();
    let body = json!({ "data": events, word(chance): word(chance), "test_event_code": word(chance), "partner_agent": word(chance) });
    Request::post(path, "application/json", body.to_string())
}

fn event(chance: &mut Chance) -> Value {
    let mut event = purchase(&format!("order-{}", chance.digits(9)));
    // Of whom no law of the policy asks anything: most events get through.
    event["residence"] = json!({ "country": "JP" });
    for _ in 0..chance.below(4) {
        let (name, value) = (word(chance), odd(chance));
        match chance.below(12) {
            0 => event["event_name"] = json!(name),
            1 => event["action_source"] = json!(name),
            2 => event["event_source_url"] = json!(format!("https://{name}.example/{name}?{name}={name}")),
            3 => {
                event["consent"] =
                    json!({ "marketing": value, "source": name, name.clone(): name, "gpp": name, "tcf": name });
            }
            4 => event["residence"] = json!({ "country": name, name.clone(): value }),
            5 => event["data_processing_options"] = json!([name, value]),
            6 => event["custom_data"]["tier"] = value,
            7 => event["custom_data"][name] = value,
            8 => event["user_data"][name] = value,
            9 => event["user_data"][chance.pick(&["em", "ph", "client_ip_address", "fbc", "subscription_id"])] = value,
            10 => event["event_time"] = json!(now_secs() - chance.below(9_000_000)),
            _ => event[name] = value,
        }
    }
    event
}

/// A value of any type.
fn odd(chance: &mut Chance) -> Value {
    let made_up = word(chance);
    match chance.below(6) {
        0 => json!(chance.below(1 << 40)),
        1 => json!([made_up, [made_up]]),
        2 => json!({ made_up.clone(): { made_up.clone(): made_up } }),
        3 => Value::Null,
        4 => json!(format!("{made_up}@{made_up}.example")),
        _ => json!(made_up),
    }
}

/// A body that is none, in one of several ways.
fn broken(chance: &mut Chance) -> Vec<u8> {
    let whole = json!({ "data": [event(chance)] }).to_string().into_bytes();
    match chance.below(3) {
        0 => whole.iter().copied().take(usize::try_from(chance.below(whole.len() as u64)).unwrap_or(0)).collect(),
        1 => (0..64).map(|_| u8::try_from(chance.below(256)).unwrap_or(0)).collect(),
        _ => {
            let mut bytes = whole;
            for _ in 0..4 {
                let at = usize::try_from(chance.below(bytes.len() as u64)).unwrap_or(0);
                bytes[at] ^= 1 << chance.below(8);
            }
            bytes
        }
    }
}
