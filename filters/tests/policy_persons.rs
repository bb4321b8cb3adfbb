//! `[consent]`, `[residence]` and `[[jurisdiction]]`: every contradiction is an error that names the key and the cure, and what
//! is allowed compiles, also under each built-in policy.

mod common;

use portcullis_filters::policy::{BUILTINS, Policy};

/// What stands around the three tables.
const AROUND: &str = r#"
name    = "shop"
version = 1
TABLES
[events]
allow    = ["Purchase"]
event_id = "token"
[pages]
default = "origin"
no_url  = "origin"
[fields]
event_source_url = "page"
[fields.user_data]
em = "hash"
[fields.custom_data]
value = "keep"
tier  = { one_of = ["gold"] }
[health]
scan      = "whole_event"
on_signal = "drop_goods"
ambiguous = "context"
[pii]
on_match = "drop_field"
"#;

const PACKS: [&str; 9] = ["US-WA", "US-NV", "US-CT", "US-VA", "US-CA", "US-LDU", "EEA", "GB", "CH"];

fn compile(tables: &str) -> Result<Policy, String> {
    let text = AROUND.replace("TABLES", tables);
    Policy::compile(&text, "shop.toml", &["www.shop.example".to_owned()]).map_err(|error| error.to_string())
}

/// A jurisdiction of the policy's own, with these keys besides.
fn own(keys: &str) -> String {
    format!(
        "[[jurisdiction]]\nname = \"Ours\"\nregions = [\"US-WA\"]\neffective = \"2026-01-01\"\ncitation = \"a law\"\n{keys}"
    )
}

fn judge(cases: &[(String, &str)]) {
    let mut wrong = Vec::new();
    for (tables, wanted) in cases {
        let told = compile(tables).map_or_else(|error| error, |policy| format!("compiled: {policy:?}"));
        if told != format!("shop.toml: {wanted}") {
            wrong.push(format!("{tables}\n    says   {told}\n    wanted {wanted}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[rustfmt::skip]
#[test]
fn what_consent_says_is_what_it_does_or_an_error() {
    let consent = |keys: &str| format!("[consent]\n{keys}");
    judge(&[
        (consent(""), "[consent] line 4: the key `require` is missing"),
        (consent("require = \"optin\""), "consent.require line 5: unknown word `optin`; did you mean `opt_in`?"),
        (consent("require = \"yes\""), "consent.require line 5: unknown word; it can be `none`, `opt_out`, `opt_in`"),
        (consent("require = true"), "consent.require line 5: expected one of its words in quotes, found true or false"),
        (consent("require = \"none\"\nhonour_gpc = true"), "[consent] line 6: unknown key `honour_gpc`; did you mean `honor_gpc`?"),
        (consent("require = \"opt_in\"\npurposes = [\"marketing\", \"helth\"]"), "consent.purposes#2 line 6: unknown word `helth`; did you mean `health`?"),
        (consent("require = \"opt_in\"\npurposes = []"), "consent.purposes: must name \"marketing\": that Meta learns of an event is marketing, also of one that speaks of health"),
        (consent("require = \"opt_in\"\npurposes = [\"health\"]"), "consent.purposes: must name \"marketing\": that Meta learns of an event is marketing, also of one that speaks of health"),
        (consent("require = \"opt_in\"\npurposes = [\"marketing\", \"marketing\"]"), "consent.purposes: names a purpose twice; remove one of the two"),
        (consent("require = \"none\"\npurposes = [\"marketing\"]"), "consent.purposes: asks for nothing where nothing is opt_in; write require = \"opt_in\", or remove this line"),
        (consent("require = \"opt_out\"\npurposes = [\"marketing\", \"health\"]"), "consent.purposes: asks for nothing where nothing is opt_in; write require = \"opt_in\", or remove this line"),
        (consent("require = \"opt_out\"\nmax_age_days = 30"), "consent.max_age_days: does nothing where no consent is asked for; write require = \"opt_in\", or remove this line"),
        (consent("require = \"opt_in\"\nmax_age_days = 0"), "consent.max_age_days: must be from 1 to 3650; without this line consent does not age"),
        (consent("require = \"opt_in\"\nmax_age_days = 3651"), "consent.max_age_days: must be from 1 to 3650; without this line consent does not age"),
        (consent("require = \"opt_in\"\nmax_age_days = -1"), "consent.max_age_days line 6: this value will not do: expected a whole number, not negative and not too large"),
    ]);
    for right in [
        "require = \"none\"",
        "require = \"none\"\nhonor_gpc = true",
        "require = \"opt_out\"\npurposes = [\"marketing\"]\nhonor_gpc = false",
        "require = \"opt_in\"\npurposes = [\"health\", \"marketing\"]\nmax_age_days = 3650",
        "require = \"opt_out\"\npurposes = [\"marketing\", \"health\"]\nmax_age_days = 1\n[[jurisdiction]]\npack = \"EEA\"",
    ] {
        compile(&consent(right)).unwrap();
    }
}

#[rustfmt::skip]
#[test]
fn what_residence_says_is_what_it_does_or_an_error() {
    let residence = |keys: &str| format!("[[jurisdiction]]\npack = \"US-WA\"\n[residence]\n{keys}");
    let nowhere = "is no country of ISO 3166, such as \"FR\", and no part of one, such as \"US-WA\"; the United Kingdom is \"GB\", and of unions each country is listed";
    judge(&[
        ("[residence]\nread = [\"residence\"]".to_owned(), "residence: does nothing without a [[jurisdiction]]; list one, or remove this table"),
        (residence("read = []"), "residence.read: must name \"residence\": what a sender says of it always counts, and without it every event would be of a residence that is not known"),
        (residence("read = [\"address\"]"), "residence.read: must name \"residence\": what a sender says of it always counts, and without it every event would be of a residence that is not known"),
        (residence("read = [\"residence\", \"adress\"]"), "residence.read#2 line 7: unknown word `adress`; did you mean `address`?"),
        (residence("read = [\"residence\", \"address\", \"address\"]"), "residence.read: names a source twice; remove one of the two"),
        (residence("colected_in = []"), "[residence] line 7: unknown key `colected_in`; did you mean `collected_in`?"),
        (residence("collected_in = [\"FR\"]"), "residence.collected_in#1: is in the regions of no [[jurisdiction]], so it would do nothing; list the one that is meant, or remove it"),
        (residence("collected_in = [\"US-WA\", \"Washington\"]"), &format!("residence.collected_in#2: {nowhere}")),
        (residence("collected_in = [\"US-WS\"]"), &format!("residence.collected_in#1: {nowhere}")),
        (residence("collected_in = [\"UK\"]"), &format!("residence.collected_in#1: {nowhere}")),
        (residence("collected_in = [\"US\", \"US-WA\"]"), "residence.collected_in#2: is listed twice, or is a part of another that is; remove one of the two"),
    ]);
    for right in ["read = [\"address\", \"residence\"]", "collected_in = [\"us-wa\"]", "collected_in = [\"US\"]", ""] {
        compile(&residence(right)).unwrap();
    }
}

#[rustfmt::skip]
#[test]
fn a_jurisdiction_is_a_pack_or_says_itself_what_it_asks() {
    let pack = |name: &str| format!("[[jurisdiction]]\npack = \"{name}\"");
    let beside = "stands beside a pack, which cannot be changed; remove it, or write it in a [[jurisdiction]] with a name of its own";
    judge(&[
        ("[[jurisdiction]]".to_owned(), "jurisdiction#1: must name a pack, such as pack = \"US-WA\", or have a name and regions of its own"),
        ("jurisdiction = [\"US-WA\"]".to_owned(), "jurisdiction#1 line 4: expected a table, found a text"),
        (pack("us-wa"), "jurisdiction#1.pack: is no pack; did you mean \"US-WA\"?"),
        (pack("US-W"), "jurisdiction#1.pack: is no pack; did you mean \"US-WA\"?"),
        (pack("EU"), "jurisdiction#1.pack: is no pack; the European Union is in \"EEA\", and the United Kingdom is \"GB\""),
        (pack("Texas"), "jurisdiction#1.pack: is no pack; there are US-WA, US-NV, US-CT, US-VA, US-CA, US-LDU, EEA, GB, CH"),
        (format!("{}\n{}", pack("US-WA"), pack("US-WA")), "jurisdiction#2.pack: is listed twice; remove one of the two"),
        (pack("US-WA") + "\nname = \"Ours\"", "jurisdiction#1: has both pack and name; a pack stands alone"),
        (pack("US-WA") + "\nregions = [\"US-WA\"]", &format!("jurisdiction#1.regions: {beside}")),
        (pack("US-WA") + "\nrequire = \"opt_in\"", &format!("jurisdiction#1.require: {beside}")),
        (pack("US-WA") + "\nbecause = \"x\"", &format!("jurisdiction#1.because: {beside}")),
        (pack("US-WA") + "\nremove = []", &format!("jurisdiction#1.remove: {beside}")),
        (pack("US-WA") + "\nrequires = \"opt_in\"", "[jurisdiction#1] line 6: unknown key `requires`; did you mean `require`?"),
    ]);
}

#[rustfmt::skip]
#[test]
fn a_jurisdiction_of_a_policys_own_narrows_or_is_an_error() {
    let with = |keys: &str, from: &str, to: &str| {
        let changed = own(keys).replace(from, to);
        assert_ne!(changed, own(keys), "{from} is not there");
        changed
    };
    let narrows = "require = \"opt_in\"";
    judge(&[
        (with(narrows, "\"Ours\"", "\"\""), "jurisdiction#1.name: must be 1 to 20 letters, digits and -"),
        (with(narrows, "\"Ours\"", "\"our law\""), "jurisdiction#1.name: must be 1 to 20 letters, digits and -"),
        (with(narrows, "\"Ours\"", "\"us-wa\""), "jurisdiction#1.name: is the name of a pack; write pack = \"US-WA\" alone, or choose another name"),
        (format!("{}\n{}", own(narrows), own(narrows)), "jurisdiction#2.name: is listed twice; remove one of the two"),
        (with(narrows, "[\"US-WA\"]", "[]"), "jurisdiction#1.regions: must list whom it protects, such as [\"US-WA\"] or [\"FR\", \"DE\"]"),
        (with(narrows, "regions = [\"US-WA\"]\n", ""), "jurisdiction#1.regions: must list whom it protects, such as [\"US-WA\"] or [\"FR\", \"DE\"]"),
        (with(narrows, "[\"US-WA\"]", "[\"EU\"]"), "jurisdiction#1.regions#1: is no country of ISO 3166, such as \"FR\", and no part of one, such as \"US-WA\"; the United Kingdom is \"GB\", and of unions each country is listed"),
        (with(narrows, "citation = \"a law\"", ""), "jurisdiction#1: must say by which law, citation = \"…\", or else why, because = \"…\""),
        (with(narrows, "\"a law\"", "\" \""), "jurisdiction#1: must say by which law, citation = \"…\", or else why, because = \"…\""),
        (with(narrows, "effective = \"2026-01-01\"\n", ""), "jurisdiction#1.effective: must be the day from which on it applies, such as \"2024-03-31\""),
        (with(narrows, "\"2026-01-01\"", "\"1.1.2026\""), "jurisdiction#1.effective: must be the day from which on it applies, such as \"2024-03-31\""),
        (with(narrows, "\"2026-01-01\"", "\"2026-02-29\""), "jurisdiction#1.effective: must be the day from which on it applies, such as \"2024-03-31\""),
        (with(narrows, "\"2026-01-01\"", "2026-01-01"), "jurisdiction#1.effective line 7: expected a text in quotes, found a date"),
        (own(""), "jurisdiction#1: narrows nothing that [consent] does not ask of every event; say what it asks for, such as require = \"opt_in\", limited_data_use = true or remove = [\"user_data.ph\"], or remove it"),
        (format!("[consent]\nrequire = \"opt_in\"\n{}", own("require = \"opt_out\"")), "jurisdiction#1: narrows nothing that [consent] does not ask of every event; say what it asks for, such as require = \"opt_in\", limited_data_use = true or remove = [\"user_data.ph\"], or remove it"),
        (own("require = \"none\""), "jurisdiction#1.require: asks for nothing, and a jurisdiction can only ask for more; remove this line"),
        (own("honor_gpc = false"), "jurisdiction#1.honor_gpc: asks for nothing, and a jurisdiction can only ask for more; remove this line"),
        (own("limited_data_use = false"), "jurisdiction#1.limited_data_use: asks for nothing, and a jurisdiction can only ask for more; remove this line"),
        (own("drop_health = false"), "jurisdiction#1.drop_health: asks for nothing, and a jurisdiction can only ask for more; remove this line"),
        (own("purposes = [\"marketing\", \"health\"]"), "jurisdiction#1.purposes: does nothing where no consent is asked for; write require = \"opt_in\" beside it, or remove this line"),
        (own("max_age_days = 30"), "jurisdiction#1.max_age_days: does nothing where no consent is asked for; write require = \"opt_in\" beside it, or remove this line"),
        (own("require = \"opt_in\"\nmax_age_days = 0"), "jurisdiction#1.max_age_days: must be from 1 to 3650; without this line consent does not age"),
        (own("require = \"opt_in\"\npurposes = [\"health\"]"), "jurisdiction#1.purposes: must name \"marketing\": that Meta learns of an event is marketing, also of one that speaks of health"),
        (with("limited_data_use = true", "[\"US-WA\"]", "[\"US-CA\", \"CA\"]"), "jurisdiction#1.limited_data_use: is for regions of the United States: Meta limits the use of no other's data"),
        (own("remove = []"), "jurisdiction#1.remove: must list the fields to take away"),
        (own("remove = [\"user_data.ph\"]"), "jurisdiction#1.remove#1: is not a field that this policy lets leave, so the rule would do nothing; remove it"),
        (own("remove = [\"user_data.emm\"]"), "jurisdiction#1.remove#1: is no field of the Conversions API; did you mean \"user_data.em\"?"),
        (own("remove = [\"event_name\"]"), "jurisdiction#1.remove#1: is not a field that this policy lets leave, so the rule would do nothing; remove it"),
    ]);
    for right in [
        narrows, "require = \"opt_out\"", "honor_gpc = true", "limited_data_use = true", "drop_health = true",
        "remove = [\"user_data.em\", \"custom_data.tier\"]", "require = \"opt_in\"\npurposes = [\"marketing\", \"health\"]\nmax_age_days = 9",
    ] {
        compile(&own(right)).unwrap();
    }
    let text = AROUND.replace("TABLES", &own("drop_health = true")).replace("drop_goods", "drop_event");
    let told = Policy::compile(&text, "shop.toml", &[]).map(|_| ()).unwrap_err().to_string();
    assert_eq!(told, "shop.toml: jurisdiction#1.drop_health: does nothing: health.on_signal = \"drop_event\" drops every event that speaks of health; remove it");
}

#[test]
fn what_a_jurisdiction_of_a_policys_own_takes_away_is_explained() {
    let persons = compile(&own("remove = [\"user_data.em\"]\nbecause = \"counsel\"")).unwrap().explain().persons;
    let told = persons.jurisdictions.first().unwrap();
    assert_eq!((told.name.as_str(), told.effective.as_str(), told.title.as_deref()), ("Ours", "2026-01-01", None));
    assert_eq!((told.citation.as_deref(), told.because.as_deref()), (Some("a law"), Some("counsel")));
    assert_eq!(told.asks, ["does not leave: user_data.em"]);
}

#[test]
fn a_policy_has_no_more_jurisdictions_than_are_looked_at() {
    let laws = |count: usize| {
        (0..count).map(|at| own("honor_gpc = true").replace("Ours", &format!("Ours-{at}"))).collect::<Vec<_>>().join("\n")
    };
    compile(&laws(32)).unwrap();
    assert_eq!(compile(&laws(33)).unwrap_err(), "shop.toml: jurisdiction: has 33 entries; 32 is the most");
}

#[test]
fn no_property_of_a_sites_own_is_called_as_what_is_said_of_persons() {
    for name in ["consent", "residence", "collection", "Consent"] {
        let text = AROUND.replace("TABLES", "").replace("tier  =", &format!("{name} ="));
        let told = Policy::compile(&text, "shop.toml", &[]).map(|_| ()).unwrap_err().to_string();
        let reserved = name.to_lowercase();
        let wanted = format!(
            "shop.toml: fields.custom_data.{name}: `{reserved}` is what a sender says of the person to this gateway, and never leaves; \
             choose another name"
        );
        assert_eq!(told, wanted);
    }
}

#[test]
fn every_pack_compiles_under_every_built_in_and_is_explained_with_citation_and_day() {
    for (name, text) in BUILTINS {
        for pack in PACKS {
            let listed = format!("[[jurisdiction]]\npack = \"{pack}\"");
            // Those that list it already list it once.
            let text = if text.contains(&listed) {
                (*text).to_owned()
            } else {
                text.replacen("\n[events]", &format!("\n{listed}\n[events]"), 1)
            };
            let policy = Policy::compile(&text, name, &["www.shop.example".to_owned()]).unwrap();
            let persons = policy.explain().persons;
            let told = persons.jurisdictions.iter().find(|told| told.name == pack).unwrap();
            assert_eq!(told.effective.len(), 10, "{pack}");
            for text in [&told.title, &told.citation, &told.because] {
                assert!(text.as_deref().is_some_and(|text| text.len() > 10), "{pack}: {told:?}");
            }
            assert!(!told.regions.is_empty() && !told.asks.is_empty(), "{pack} under {name}: {told:?}");
        }
    }
}

#[test]
fn a_consent_variant_lets_out_what_its_policy_does() {
    for (plain, variant) in
        [("retail@1", "retail-consent@1"), ("pharmacy@1", "pharmacy-consent@1"), ("hospital@1", "hospital@2")]
    {
        let rest = |name: &str| {
            let mut text: toml::Table = Policy::builtin(name).unwrap().1.parse().unwrap();
            for key in ["name", "version", "consent", "residence", "jurisdiction"] {
                text.remove(key);
            }
            text
        };
        assert_eq!(rest(plain), rest(variant), "{variant}");
        let variant = common::policy(variant).explain();
        let packs: Vec<&str> = variant.persons.jurisdictions.iter().map(|law| law.name.as_str()).collect();
        assert_eq!(packs, PACKS);
        let loud = |explanation: &portcullis_filters::policy::Explanation| {
            explanation.channels.iter().any(|channel| channel.text.contains("nobody's consent is asked for"))
        };
        assert!(!loud(&variant) && loud(&common::policy(plain).explain()), "{plain}");
    }
}
