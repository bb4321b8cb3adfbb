//! A compiled policy: its digest, its explanation, the built-ins.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

mod common;

use common::{policy, policy_for};
use portcullis_filters::policy::{BUILTINS, Explanation, Object, Policy, PolicyDigest, Protection, Standing};

const HOSTS: &[&str] = &["www.shop.example"];

fn digest(text: &str) -> String {
    policy_for(text, HOSTS).digest().to_string()
}

fn retail() -> &'static str {
    Policy::builtin("retail").unwrap().1
}

fn pharmacy() -> &'static str {
    Policy::builtin("pharmacy").unwrap().1
}

#[test]
fn built_ins_are_found_by_name_and_version() {
    for (full, text) in BUILTINS {
        let (bare, version) = full.split_once('@').unwrap();
        assert_eq!(Policy::builtin(full), Some((*full, *text)));
        let newest = BUILTINS.iter().rfind(|(other, _)| other.split_once('@').unwrap().0 == bare);
        assert_eq!(Policy::builtin(bare).as_ref(), newest, "a bare name is the newest version");
        let policy = policy(full);
        assert_eq!((policy.name(), policy.version().to_string().as_str()), (bare, version));
        assert!(text.lines().next().unwrap().starts_with(&format!("# {full}: ")), "the first line says what it is");
    }
    for (full, newest) in [("retail", "retail@1"), ("pharmacy", "pharmacy@1"), ("hospital", "hospital@2")] {
        assert_eq!(Policy::builtin(full).map(|(name, _)| name), Some(newest));
    }
    for name in ["", "@", "retail@", "retail@0", "retail@2", "Retail", "shop", "@1", "retail@1@1"] {
        assert_eq!(Policy::builtin(name), None, "{name}");
    }
}

#[test]
fn the_digest_is_that_of_the_canonical_text() {
    use sha2::{Digest, Sha256};
    let policy = policy("pharmacy");
    let bytes: [u8; 32] = Sha256::digest(policy.canonical()).into();
    assert_eq!(policy.digest(), PolicyDigest::from_bytes(bytes));
    assert_eq!(policy.digest().as_bytes(), &bytes);
    assert_eq!(policy.digest().to_string().len(), 64);
    assert_eq!(format!("{policy:?}"), format!("Policy(pharmacy@1 {})", policy.digest()));
}

#[test]
fn the_digest_is_the_same_whenever_the_same_is_decided() {
    let base = digest(pharmacy());
    assert_eq!(digest(pharmacy()), base);
    let same = [
        ("comments", pharmacy().replace("\n#", "\n# Now ")),
        ("owner", pharmacy().replace("owner   = \"portcullis\"", "owner = \"privacy@pharmacy.example\"")),
        ("no owner", pharmacy().replace("owner   = \"portcullis\"", "")),
        (
            "order of fields",
            pharmacy()
                .replace("em                = \"hash\"\nph                = \"hash\"", "ph = \"hash\"\nem = \"hash\"\n"),
        ),
        ("order of events", pharmacy().replace("\"PageView\", \"ViewContent\"", "\"ViewContent\", \"PageView\"")),
        (
            "order of keys",
            pharmacy().replace(
                "default = \"drop_event\"\nno_url  = \"drop_event\"",
                "no_url = \"drop_event\"\ndefault = \"drop_event\"",
            ),
        ),
        ("spelling", pharmacy().replace("\"order-\"", "'order-'")),
        ("a default that is not written", pharmacy().replace("sources = [\"website\"]\n", "")),
        ("a table that asks nothing", pharmacy().replace("[consent]\nrequire = \"none\"\n", "")),
        ("a default in writing", pharmacy().replace("\n[pages]", "\nevent_id_from = \"random\"\n[pages]")),
    ];
    for (what, text) in same {
        assert_ne!(text, pharmacy(), "{what} is no change of the text");
        assert_eq!(digest(&text), base, "{what}");
    }
}

#[test]
fn whatever_decides_changes_the_digest() {
    let mut digests = vec![digest(pharmacy())];
    for (from, to) in [
        ("name    = \"pharmacy\"", "name = \"chemist\""),
        ("version = 1", "version = 2"),
        ("require = \"none\"", "require = \"none\"\nhonor_gpc = true"),
        ("require = \"none\"", "require = \"opt_out\""),
        ("require = \"none\"", "require = \"opt_out\"\nhonor_gpc = false"),
        ("require = \"none\"", "require = \"opt_in\""),
        ("require = \"none\"", "require = \"opt_in\"\npurposes = [\"marketing\", \"health\"]"),
        ("require = \"none\"", "require = \"opt_in\"\nmax_age_days = 30"),
        ("require = \"none\"", "require = \"opt_in\"\nmax_age_days = 31"),
        ("require = \"none\"", "require = \"none\"\n[[jurisdiction]]\npack = \"US-WA\""),
        ("require = \"none\"", "require = \"none\"\n[[jurisdiction]]\npack = \"US-NV\""),
        (
            "require = \"none\"",
            "require = \"none\"\n[[jurisdiction]]\npack = \"US-WA\"\n[residence]\nread = [\"residence\", \"address\"]",
        ),
        (
            "require = \"none\"",
            "require = \"none\"\n[[jurisdiction]]\npack = \"US-WA\"\n[residence]\ncollected_in = [\"US\"]",
        ),
        (
            "require = \"none\"",
            "require = \"none\"\n[[jurisdiction]]\nname = \"Ours\"\nregions = [\"US-WA\"]\neffective = \"2024-03-31\"\nbecause = \"x\"\nrequire = \"opt_in\"",
        ),
        (
            "require = \"none\"",
            "require = \"none\"\n[[jurisdiction]]\nname = \"Ours\"\nregions = [\"US-WA\"]\neffective = \"2024-04-01\"\nbecause = \"x\"\nrequire = \"opt_in\"",
        ),
        (
            "require = \"none\"",
            "require = \"none\"\n[[jurisdiction]]\nname = \"Ours\"\nregions = [\"US-OR\"]\neffective = \"2024-04-01\"\nbecause = \"x\"\nlimited_data_use = true",
        ),
        (
            "require = \"none\"",
            "require = \"none\"\n[[jurisdiction]]\nname = \"Ours\"\nregions = [\"US-OR\"]\neffective = \"2024-04-01\"\nbecause = \"x\"\nremove = [\"user_data.em\"]",
        ),
        (
            "require = \"none\"",
            "require = \"none\"\n[[jurisdiction]]\nname = \"Ours\"\nregions = [\"US-OR\"]\neffective = \"2024-04-01\"\nbecause = \"x\"\nremove = [\"user_data.ph\"]",
        ),
        ("\"AddToWishlist\", ", ""),
        ("sources = [\"website\"]", "sources = [\"email\"]"),
        ("sources = [\"website\"]", "sources = [\"email\", \"website\"]"),
        ("event_id = \"opaque\"", "event_id = \"opaque\"\nevent_id_from = \"content\""),
        ("prefixes = [\"order-\"]", "prefixes = [\"order-\", \"o-\"]"),
        ("prefixes = [\"order-\"]", ""),
        ("prefixes = [\"order-\"]", "rename = { Own = \"Purchase\" }"),
        ("prefixes = [\"order-\"]", "rename = { Other = \"Purchase\" }"),
        ("prefixes = [\"order-\"]", "rename = { Own = \"Search\" }"),
        ("default = \"drop_event\"", "default = \"origin\""),
        ("no_url  = \"drop_event\"", "no_url  = \"origin\""),
        ("\"/deals/**\", ", ""),
        ("\"/deals/**\"", "\"/deals/*\""),
        ("send_as = \"/store\"", "send_as = \"/shop\""),
        ("send_as = \"/store\"", "action = \"origin\""),
        ("name    = \"store\"", "name = \"shop\""),
        ("ph                = \"hash\"", ""),
        ("external_id       = \"pseudonymize\"", "external_id = \"hash\""),
        ("fbc               = \"keep\"", "fbc = \"keep\"\nclient_ip_address = \"keep\""),
        ("value    = \"keep\"", "value = { round_to = 1 }"),
        ("value    = \"keep\"", "value = { round_to = 2 }"),
        ("order_id = \"pseudonymize\"", "order_id = \"keep\""),
        ("[health]", "[[narrow]]\nwhen = { event = \"Purchase\" }\nremove = [\"user_data.em\"]\n[health]"),
        ("[health]", "[[narrow]]\nwhen = { event = \"Search\" }\nremove = [\"user_data.em\"]\n[health]"),
        ("[health]", "[[narrow]]\nwhen = { event = \"Search\", dataset = \"1\" }\nremove = [\"user_data.em\"]\n[health]"),
        ("[health]", "[[narrow]]\nwhen = { event = \"Search\" }\nremove = [\"user_data.ph\"]\n[health]"),
        ("scan      = \"whole_event\"", "scan = \"kept_fields\""),
        ("on_signal = \"drop_event\"", "on_signal = \"drop_goods\""),
        ("ambiguous = \"context\"", "ambiguous = \"always\""),
        ("ambiguous = \"context\"", "ambiguous = \"context\"\nadd_terms = [\"winter tonic\"]"),
        ("ambiguous = \"context\"", "ambiguous = \"context\"\nignore_terms = [{ term = \"metformin\", because = \"y\" }]"),
    ] {
        let text = pharmacy().replacen(from, to, 1);
        assert_ne!(text, pharmacy(), "{from} is not in the text");
        digests.push(digest(&text));
    }
    for hosts in
        [&["other.example"][..], &["www.shop.example", "other.example"], &["other.example", "www.shop.example"], &[]]
    {
        digests.push(policy_for(pharmacy(), hosts).digest().to_string());
    }
    let all = digests.len();
    digests.sort();
    digests.dedup();
    assert_eq!(digests.len(), all, "two policies that decide otherwise have one digest");
}

/// An explanation as `policy explain` has it, for people to read.
fn tell(explanation: &Explanation) -> String {
    let Explanation { owner, persons, events, sources, renames, pages, objects, narrow, detectors, catalog, channels } =
        explanation;
    let told = |object: &Object| {
        let leaves = object.leaves.iter().map(|line| format!("leaves {} {} | {}", line.path, line.action, line.form));
        let nothing = object.leaves.is_empty().then(|| "leaves nothing".to_owned());
        let stays = object.stays.iter().map(|path| format!("stays {path}"));
        std::iter::once(format!("object {}: {}", object.path, object.doc))
            .chain(nothing)
            .chain(leaves)
            .chain(stays)
            .collect::<Vec<_>>()
    };
    let law = |law: &Protection| {
        let Protection { name, title, effective, citation, because, regions, asks } = law;
        let about = [title, citation, because].map(|text| text.as_deref().unwrap_or("none"));
        std::iter::once(format!("jurisdiction {name} from {effective} | {} | {}", about.join(" | "), regions.join(" ")))
            .chain(asks.iter().map(|line| format!("  asks {line}")))
            .collect::<Vec<_>>()
    };
    let lines = [
        persons.everybody.iter().map(|line| format!("everybody {line}")).collect(),
        persons.residence.iter().map(|line| format!("residence {line}")).collect(),
        persons.jurisdictions.iter().flat_map(law).collect(),
        vec![format!("owner {}", owner.as_deref().unwrap_or("none")), format!("events {}", events.join(" "))],
        vec![format!("sources {}", sources.join(" "))],
        renames.iter().map(|(own, name)| format!("rename {own} -> {name}")).collect(),
        pages.iter().map(|(page, becomes)| format!("page {page} | {becomes}")).collect(),
        objects.iter().flat_map(told).collect(),
        narrow.iter().map(|(when, fields)| format!("narrow {when} | {}", fields.join(" "))).collect(),
        // Without the digest: the lexicon grows more often than what is said of it.
        detectors.iter().filter_map(|line| line.split(", sha256").next()).map(|line| format!("detectors {line}")).collect(),
        catalog.iter().map(|goods| format!("catalog {goods:?}")).collect(),
        channels
            .iter()
            .map(|channel| {
                format!(
                    "OPEN{} {}",
                    match channel.standing {
                        Standing::Warned => " (warned of)",
                        Standing::Known => "",
                    },
                    channel.text
                )
            })
            .collect(),
    ];
    lines.concat().join("\n")
}

#[test]
fn retail_explained() {
    insta::assert_snapshot!(tell(&policy("retail@1").explain()));
}

#[test]
fn pharmacy_explained() {
    insta::assert_snapshot!(tell(&policy("pharmacy@1").explain()));
}

#[test]
fn hospital_explained() {
    insta::assert_snapshot!(tell(&policy("hospital@1").explain()));
}

/// What comes before the owner: the rest is told above, of the policy of which this one is a variant.
fn persons(name: &str) -> String {
    let told = tell(&policy(name).explain());
    told.split_once("owner ").unwrap().0.to_owned()
}

#[test]
fn whose_events_leave_explained() {
    let names = ["retail@1", "retail-consent@1", "pharmacy-consent@1"];
    let told: Vec<String> = names.map(|name| format!("{name}\n{}", persons(name))).into();
    insta::assert_snapshot!(told.join("\n"));
    assert_eq!(persons("hospital@2"), persons("pharmacy-consent@1"));
}

#[test]
fn what_stays_away_and_what_leaves_are_the_whole_table() {
    use portcullis_filters::schema::{Kind, ROWS, Section};
    for (name, _) in BUILTINS {
        let explanation = policy(name).explain();
        let mut paths: Vec<&str> = explanation.leaves().map(|line| line.path.as_str()).chain(explanation.stays()).collect();
        paths.sort_unstable();
        let mut table: Vec<&str> = ROWS
            .iter()
            .filter(|row| row.section != Section::Contents && !matches!(row.kind, Kind::Object(_)))
            .map(|row| row.path)
            .collect();
        table.sort_unstable();
        assert_eq!(paths, table, "{name}");
    }
}

#[test]
fn ways_out_that_a_reader_might_not_expect_are_open_and_said_so() {
    let channels =
        |text: &str| -> String { policy(text).explain().channels.into_iter().map(|channel| channel.text + "\n").collect() };
    let plain = retail()
        .replace("order_id     = \"pseudonymize\"", "order_id = \"catalog\"\nitem_number = \"keep\"")
        .replace("fbp               = \"keep\"", "fbp = \"keep\"\nfb_login_id = \"keep\"\nmadid = \"keep\"\nctwa_clid = \"keep\"")
        .replace("[fields.app_data]", "[fields.app_data]\nextinfo = \"keep\"")
        .replace("[fields.attribution_data]", "[fields.attribution_data]\nvisit_time = \"keep\"")
        .replace("[fields.original_event_data]", "[fields.original_event_data]\nevent_id = \"keep\"")
        .replace("item_number = \"keep\"", "item_number = \"keep\"\nstatus = { one_of = [\"done\"] }\ncheckin_date = \"keep\"\norigin_airport = \"keep\"\ncountry = \"keep\"\nprice = \"keep\"");
    let told = channels(
        &plain
            .replace("event_source_url = \"page\"\n", "")
            .replace("event_id = \"token\"", "event_id = \"token\"\nevent_id_from = \"content\""),
    );
    for part in [
        "event_id, custom_data.content_ids, custom_data.contents, custom_data.item_number, original_event_data.event_id: any id",
        "in an id runs of digits, telephone and card numbers among them, plain names and addresses, and, in ids of goods, departments of medicine are not recognised",
        "event_id: an event without one gets the HMAC of its content",
        "custom_data.content_ids, custom_data.contents: ids of goods leave",
        "user_data.fb_login_id: any number of so many digits leaves",
        "user_data.fbp, user_data.madid, user_data.ctwa_clid, app_data.extinfo: leaves as it is",
        "custom_data.checkin_date, attribution_data.visit_time: a day or a time",
        "custom_data.country, custom_data.origin_airport: tells where",
        "app_data.extinfo: the name of the app and",
        "custom_data.value, custom_data.price, custom_data.contents[].item_price: an exact price",
        "event_source_url has no line",
        "user_data.em, user_data.ph",
        "user_data.fbc, user_data.ctwa_clid: any text of 20",
        "custom_data.status: what the listed words tell",
        "namespace_id, upload_id and",
    ] {
        assert!(told.contains(part), "{part} is not in {told}");
    }
    // Where pages hold events back, who reads it must know which they do not.
    let unpaged = "one of physical_store can leave without";
    let counter =
        |text: &str| channels(&text.replace("sources = [\"website\"", "sources = [\"physical_store\", \"website\""));
    assert!(counter(pharmacy()).contains(unpaged), "{}", counter(pharmacy()));
    for name in ["retail", "pharmacy", "hospital@1"] {
        assert!(!channels(name).contains("can leave without"), "{name}");
    }
    assert!(channels(&retail().replace("default = \"origin\"", "default = \"drop_event\"")).contains("can leave without"));
    assert!(
        policy(&plain)
            .explain()
            .leaves()
            .any(|line| line.path == "custom_data.order_id" && line.form.contains("no catalogue"))
    );
}
