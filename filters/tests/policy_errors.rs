//! Every contradiction of a policy is an error that names the file, the key and the cure.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod common;

use portcullis_filters::policy::Policy;

/// The example of the design, word for word. Three lines of it belong to later versions.
const DESIGN: &str = r#"
name    = "pharmacy"
version = 3
owner   = "privacy@pharmacy.example"

[events]
allow    = ["PageView", "ViewContent", "AddToCart", "InitiateCheckout", "Purchase"]
rename   = { OrderPlaced = "Purchase" }        # a site's own names onto allowed ones
event_id = "opaque"                            # opaque | token
prefixes = ["order-"]

[pages]                                         # a class that drops wins over every other; then the first match
default = "drop_event"                          # drop_event | origin: an unlisted page (origin: it leaves as https://host/)
no_url  = "drop_event"                          # drop_event | origin: a website event that came without a usable URL
class   = [
  { name = "portal", match = ["/account/**", "/rx/**", "/appointments/**"], action = "drop_event" },
  { name = "store",  match = ["/", "/p/**", "/products/**", "/cart/**", "/checkout/**"], send_as = "/store" },
]

[fields]                                        # a field that is not here never leaves
event_source_url = "page"
[fields.user_data]
em = "hash"
ph = "hash"
external_id = "pseudonymize"
client_user_agent = "keep"                     # client_ip_address: whole or not at all, Meta refuses truncated ones; here not
fbp = "keep"
fbc = "keep"
[fields.custom_data]
value    = "keep"                               # or { round_to = 1 }
currency = "keep"
order_id = "pseudonymize"
content_ids = "catalog"                         # leaves only if the catalogue calls it neutral; no catalogue: removed
loyalty_tier = { one_of = ["gold", "silver"] }  # a custom property: closed forms only (one_of, or { integer = [0, 100] })

[[narrow]]                                      # rules that only ever take away
when   = { event = "ViewContent", page = "store" }   # event, page, action_source, dataset
remove = ["user_data.ph"]

[catalog]                                       # CSV: id,class  (neutral | sensitive | prescription)
file    = "catalog.csv"
unknown = "remove"                              # remove | neutral | drop_event; only sensitive and prescription are signals

[health]
scan      = "whole_event"                       # whole_event | kept_fields
on_signal = "drop_event"                        # drop_event | drop_goods
ambiguous = "context"                           # context | always (hospital)
add_terms = []
ignore_terms = [{ term = "android", because = "operating system" }]

[pii]
on_match = "drop_field"
"#;

fn error(text: &str) -> String {
    match Policy::compile(text, "pharmacy.toml", &["www.shop.example".to_owned()]) {
        Err(error) => error.to_string(),
        Ok(policy) => panic!("compiled: {policy:?}"),
    }
}

/// The example without what is not in force yet.
fn in_force() -> String {
    let without: Vec<&str> = DESIGN
        .lines()
        .filter(|line| !["loyalty_tier", "[catalog]", "file ", "unknown "].iter().any(|start| line.starts_with(start)))
        .collect();
    without.join("\n")
}

#[test]
fn the_example_of_the_design_says_what_is_not_in_force_and_compiles_without_it() {
    assert_eq!(
        error(DESIGN),
        "pharmacy.toml: catalog: catalogues come with a later version; without one, fields with the action \"catalog\" are removed"
    );
    let no_catalog =
        DESIGN.replace("[catalog] ", "").replace("file    = \"catalog.csv\"", "").replace("unknown = \"remove\"", "");
    assert_eq!(
        error(&no_catalog),
        "pharmacy.toml: fields.custom_data.loyalty_tier: is no field of the Conversions API; properties of a site's own come with a later version, and then in closed forms only"
    );
    let policy = common::policy(&in_force());
    assert_eq!((policy.name(), policy.version()), ("pharmacy", 3));
    let raw = common::purchase();
    assert!(common::forwarded(&in_force(), &raw).contains("\"event_source_url\":\"https://shop.example.com/store\""));
}

#[test]
fn every_contradiction_names_file_key_and_cure() {
    let text = in_force();
    for (from, to, wanted) in CASES {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from} is not in the example");
        assert_eq!(error(&changed), format!("pharmacy.toml: {wanted}"), "{to}");
    }
}

const CONTENTS: &str = "order_id = \"pseudonymize\"";
const RULE: &str = "when   = { event = \"ViewContent\", page = \"store\" }";

/// What stands in the example, what is written in its place, and the error.
#[rustfmt::skip]
const CASES: &[(&str, &str, &str)] = &[
    // Keys that nobody knows.
    ("owner   =", "ownr =", "line 4: unknown key `ownr`; did you mean `owner`?"),
    ("[health]", "[consent]\nrequired = true\n[health]", "?"),
];
