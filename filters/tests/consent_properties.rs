//! Whatever is said of a person: adding something against sharing never lets more out, nothing that is said ever leaves, and no
//! text makes the filter fail.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod common;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use common::{DATASET, EVENTS, FRESH, NOW, PAGES, key, policy, text};
use portcullis_filters::pipeline::{Context, Outcome, sanitize};
use portcullis_filters::policy::Policy;
use portcullis_filters::suppression::Nobody;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

const LAW: &str = "[[jurisdiction]]\nname = \"TEXAS\"\nregions = [\"US-TX\"]\neffective = \"2020-01-01\"\n\
    citation = \"a law of a test\"\nbecause = \"a test\"\nrequire = \"opt_out\"\nlimited_data_use = true\n\
    remove = [\"user_data.client_ip_address\"]\n\
    [[jurisdiction]]\nname = \"FRANCE\"\nregions = [\"FR\"]\neffective = \"2020-01-01\"\ncitation = \"another\"\n\
    because = \"a test\"\nremove = [\"custom_data.value\", \"custom_data.tier\"]\n";

/// Each policy beside one that lists a law more.
static POLICIES: LazyLock<Vec<[Policy; 2]>> = LazyLock::new(|| {
    let compiled = |rest: &str| {
        let fields = "event_source_url = \"page\"\nuser_data.fbp = \"keep\"\nuser_data.client_ip_address = \"keep\"\n\
            user_data.country = \"hash\"\nuser_data.st = \"hash\"\ncustom_data.value = \"keep\"\ncustom_data.tier = { one_of = [\"gold\"] }";
        policy(&text(EVENTS, PAGES, fields, rest))
    };
    let pack = |name: &str| format!("[[jurisdiction]]\npack = \"{name}\"\n");
    let reads = "[residence]\nread = [\"residence\", \"address\"]\n";
    let collected = "[residence]\nread = [\"residence\"]\ncollected_in = [\"FR\"]\n";
    let none = "[consent]\nrequire = \"none\"\n";
    let opt_out = "[consent]\nrequire = \"opt_out\"\n";
    let opt_in = "[consent]\nrequire = \"opt_in\"\nmax_age_days = 30\n";
    let both = "[consent]\nrequire = \"opt_in\"\npurposes = [\"marketing\", \"health\"]\nhonor_gpc = false\n";
    [
        [none.to_owned(), format!("{none}{LAW}")],
        [opt_out.to_owned(), format!("{opt_out}{}", pack("US-LDU"))],
        [opt_in.to_owned(), format!("{opt_in}{LAW}")],
        [both.to_owned(), format!("{both}{}", pack("US-WA"))],
        [format!("{none}{reads}{LAW}"), format!("{none}{reads}{LAW}{}", pack("US-CA"))],
        [format!("{none}{collected}{LAW}"), format!("{none}{collected}{LAW}{}", pack("EEA"))],
    ]
    .map(|[one, more]| [compiled(&one), compiled(&more)])
    .into()
});

fn run(policy: &Policy, event: &Value) -> Outcome {
    let pseudonyms = key();
    let context = Context { dataset: DATASET, now_secs: NOW, fresh_id: FRESH, pseudonyms: &pseudonyms, suppressed: &Nobody };
    sanitize(policy, &context, &event.to_string())
}

/// What leaves, by path; `None` if nothing does.
fn leaves(policy: &Policy, event: &Value) -> Option<BTreeMap<String, Value>> {
    let Outcome::Forward(event, _) = run(policy, event) else { return None };
    let mut leaves = BTreeMap::new();
    flatten("", &serde_json::from_str(event.as_str()).unwrap(), &mut leaves);
    Some(leaves)
}

fn flatten(path: &str, value: &Value, into: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(key, value)| flatten(&format!("{path}/{key}"), value, into)),
        value => {
            into.insert(path.to_owned(), value.clone());
        }
    }
}

/// What Meta may do with the event, the higher the less: Limited Data Use, and whether its state is written.
fn limits(leaves: &BTreeMap<String, Value>) -> (bool, bool, bool) {
    let is = |name: &str, value: &Value| leaves.get(name) == Some(value);
    let limited = is("/data_processing_options", &json!(["LDU"]));
    let state = leaves.get("/data_processing_options_state").is_some_and(|state| *state != json!(0));
    (limited, limited && state, is("/opt_out", &json!(true)))
}

/// Whether no more leaves than left before.
fn is_no_wider(before: Option<&BTreeMap<String, Value>>, after: Option<&BTreeMap<String, Value>>) -> bool {
    let Some(after) = after else { return true };
    let Some(before) = before else { return false };
    let is_restriction = |path: &str| path == "/opt_out" || path.starts_with("/data_processing_options");
    let (limited, placed, out) = limits(before);
    let (still_limited, still_placed, still_out) = limits(after);
    after.iter().all(|(path, value)| is_restriction(path) || before.get(path) == Some(value))
        && limited <= still_limited
        && placed <= still_placed
        && out <= still_out
}

fn place() -> impl Strategy<Value = Value> {
    select(vec![
        json!({"country": "US", "region": "TX"}),
        json!({"country": "US", "region": "WA"}),
        json!({"country": "US", "region": "CA"}),
        json!({"country": "US"}),
        json!({"country": "US", "region": "?"}),
        json!({"country": "FR"}),
        json!({"country": "JP"}),
        json!({"country": "??"}),
        json!("US"),
    ])
}

fn word() -> impl Strategy<Value = Value> {
    select(vec![json!("granted"), json!("granted"), json!("denied"), json!("yes")])
}

/// Events with something of all that counts; most would leave.
fn event() -> impl Strategy<Value = Value> {
    let consent = (
        proptest::option::of(word()),
        proptest::option::of(word()),
        proptest::option::of(select(vec![json!(false), json!(true), json!("1"), json!(2)])),
        proptest::option::of(select(vec![json!(NOW - 86_400), json!(NOW - 40 * 86_400), json!("?")])),
    );
    let limited = select(vec![
        json!({}),
        json!({"data_processing_options": []}),
        json!({"data_processing_options": ["LDU"]}),
        json!({"data_processing_options": ["LDU"], "data_processing_options_country": 0, "data_processing_options_state": 0}),
        json!({"data_processing_options": ["LDU"], "data_processing_options_country": 1, "data_processing_options_state": 1005}),
        json!({"opt_out": true}),
        json!({"opt_out": false}),
    ]);
    let address =
        select(vec![json!({}), json!({"country": "us", "st": "tx"}), json!({"country": "fr"}), json!({"country": "??"})]);
    let granted = any::<bool>();
    let places = (proptest::option::of(place()), proptest::option::of(place()));
    (consent, granted, places, limited, address).prop_map(|(consent, granted, (residence, collection), limited, address)| {
        let mut event = json!({
            "event_name": "PageView", "event_time": NOW - 100, "event_id": "e-1", "action_source": "website",
            "event_source_url": "https://www.shop.example/",
            "user_data": {"fbp": "fb.1.1558571054389.1098115397", "client_ip_address": "203.0.113.7"},
            "custom_data": {"value": 7, "tier": "gold"},
        });
        let (marketing, health, gpc, time) = consent;
        let said = [("marketing", marketing), ("health", health), ("gpc", gpc), ("time", time)];
        let said = said.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
        event["consent"] =
            if granted { json!({"marketing": "granted", "health": "granted", "time": NOW}) } else { said.collect() };
        for (key, place) in [("residence", residence), ("collection", collection)] {
            if let Some(place) = place {
                event[key] = place;
            }
        }
        for (key, value) in limited.as_object().unwrap() {
            event[key] = value.clone();
        }
        for (key, value) in address.as_object().unwrap() {
            event["user_data"][key] = value.clone();
        }
        event
    })
}

/// Something against sharing, said beside what an event says already; `None` where it would not be that.
type Against = fn(&mut Value, &Value) -> Option<()>;

const AGAINST: &[(&str, Against)] = &[
    ("marketing is denied", |event, _| put(event, "consent", "marketing", json!("denied"))),
    ("marketing is not readable", |event, _| put(event, "consent", "marketing", json!("Granted"))),
    ("marketing is not said", |event, _| unsay(event, "marketing")),
    ("health is denied", |event, _| put(event, "consent", "health", json!("denied"))),
    ("health is not said", |event, _| unsay(event, "health")),
    ("global privacy control is on", |event, _| put(event, "consent", "gpc", json!(true))),
    ("global privacy control is not readable", |event, _| put(event, "consent", "gpc", json!("on"))),
    ("consent has a key that is not known", |event, _| put(event, "consent", "marketting", json!("denied"))),
    ("consent is old", |event, _| put(event, "consent", "time", json!(1))),
    ("consent is of no time", |event, _| event["consent"].as_object_mut()?.remove("time").map(drop)),
    ("consent is of the future", |event, _| put(event, "consent", "time", json!(NOW + 86_400))),
    ("a string denies", |event, _| put(event, "consent", "gpp", json!("DBABTA~1YYN"))),
    ("a string is not readable", |event, _| put(event, "consent", "tcf", json!("?"))),
    ("consent is no object", |event, _| {
        event["consent"] = json!("granted");
        Some(())
    }),
    ("consent is said again, and denied", |event, _| put(event, "custom_data", "consent", json!({"marketing": "denied"}))),
    ("consent is said again, and old", |event, _| put(event, "custom_data", "consent", json!({"time": 1}))),
    ("opt_out is set", |event, _| {
        event["opt_out"] = json!(true);
        Some(())
    }),
    ("limited data use is asked for", |event, _| {
        event["data_processing_options"] = json!(["LDU"]);
        Some(())
    }),
    ("limited data use is not readable", |event, _| {
        event["data_processing_options"] = json!(["?"]);
        Some(())
    }),
    ("a second residence is said", |event, place| {
        event.get("residence")?;
        put(event, "custom_data", "residence", place.clone())
    }),
    ("a place of collection is said", |event, place| put(event, "custom_data", "collection", place.clone())),
    ("the only residence is not said", |event, _| {
        (event["user_data"].get("country").is_none()).then_some(())?;
        event.as_object_mut()?.remove("residence").map(drop)
    }),
    ("the residence is not readable", |event, _| {
        event.get("residence")?;
        event["residence"] = json!({"region": "TX"});
        Some(())
    }),
    ("the state is not said", |event, _| event.get_mut("residence")?.as_object_mut()?.remove("region").map(drop)),
];

/// Takes a consent back that was given.
fn unsay(event: &mut Value, purpose: &str) -> Option<()> {
    let consent = event["consent"].as_object_mut()?;
    consent.remove(purpose).filter(|said| *said == json!("granted")).map(drop)
}

fn put(event: &mut Value, object: &str, key: &str, value: Value) -> Option<()> {
    event.get_mut(object)?.as_object_mut()?.insert(key.to_owned(), value);
    Some(())
}

/// Texts that look like what frameworks write.
fn framework() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Za-z0-9_~.-]{0,200}",
        "DB[A-C][A-Za-z0-9_-]{1,40}(~[A-Za-z0-9_-]{0,60}(\\.[A-Za-z0-9_-]{0,4})?){0,4}",
        "C[A-Za-z0-9_-]{30,80}(\\.[A-Za-z0-9_-]{0,40}){0,3}",
        "DBAB[A-Za-z0-9_-]{2}~[1Bb][A-Za-z0-9_-]{3,30}",
        any::<String>(),
    ]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        framework().prop_map(Value::from),
        "qzcanary[a-z]{0,5}".prop_map(Value::from),
    ];
    let key = select(vec!["marketing", "health", "gpc", "source", "time", "tcf", "gpp", "country", "region", "qzcanary"]);
    leaf.prop_recursive(3, 24, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(key.clone().prop_map(str::to_owned), inner, 0..6)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_said_against_sharing_never_lets_more_out(
        event in event(), nth in 0..AGAINST.len(), place in place(), at in 0..6_usize, more in 0..2_usize
    ) {
        let policy = &POLICIES[at][more];
        // The first, from this one on, that can be said of this event.
        let (what, changed) = (nth..nth + AGAINST.len()).find_map(|nth| {
            let (what, apply) = AGAINST[nth % AGAINST.len()];
            let mut changed = event.clone();
            apply(&mut changed, &place).map(|()| (what, changed))
        }).unwrap();
        let (before, after) = (leaves(policy, &event), leaves(policy, &changed));
        prop_assert!(is_no_wider(before.as_ref(), after.as_ref()), "{what}:\n{before:?}\n{after:?}\n{changed}");
    }

    #[test]
    fn a_law_more_never_lets_more_out(event in event(), at in 0..6_usize) {
        let [one, more] = &POLICIES[at];
        let (before, after) = (leaves(one, &event), leaves(more, &event));
        prop_assert!(is_no_wider(before.as_ref(), after.as_ref()), "{before:?}\n{after:?}\n{event}");
    }

    #[test]
    fn whatever_is_said_of_a_person_nothing_of_it_leaves(
        event in event(), said in select(vec!["consent", "residence", "collection"]), value in any_json(), inside in any::<bool>()
    ) {
        let mut event = event;
        if inside {
            event["custom_data"][said] = value;
        } else {
            event[said] = value;
        }
        for policies in POLICIES.iter() {
            if let Outcome::Forward(out, report) = run(&policies[1], &event) {
                for word in ["qzcanary", "\"consent\"", "\"residence\"", "\"collection\"", "granted"] {
                    prop_assert!(!out.as_str().contains(word), "{}", out.as_str());
                }
                let told = format!("{report:?}");
                prop_assert!(!told.contains("qzcanary"), "{}", told);
            }
        }
    }

    #[test]
    fn no_string_of_a_framework_makes_the_filter_fail(text in framework(), gpp in any::<bool>()) {
        let key = if gpp { "gpp" } else { "tcf" };
        let event = json!({
            "event_name": "PageView", "event_time": NOW - 100, "event_id": "e-1", "action_source": "website",
            "user_data": {"fbp": "fb.1.1558571054389.1098115397"}, "consent": {key: text},
        });
        // A string is no consent of its own to what it does not speak of.
        let both = &POLICIES[3][0];
        prop_assert!(gpp || !matches!(run(both, &event), Outcome::Forward(..)));
        drop(run(&POLICIES[0][0], &event));
    }
}

#[test]
fn most_events_of_these_properties_would_leave_or_the_properties_would_say_little() {
    use proptest::strategy::ValueTree as _;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let left = (0..300).filter(|at| {
        let event = event().new_tree(&mut runner).unwrap().current();
        leaves(&POLICIES[at % 6][0], &event).is_some()
    });
    let left = left.count();
    assert!(left > 80, "{left} of 300");
}
