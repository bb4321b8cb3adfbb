//! Every contradiction of a policy is an error that names the file, the key and the cure.

mod common;

use portcullis_filters::policy::Policy;

/// The example of the design, word for word. Its catalogue belongs to a later version.
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

/// The example without its catalogue, which is a file.
fn without_catalog() -> String {
    let without: Vec<&str> = DESIGN
        .lines()
        .filter(|line| !["[catalog]", "file ", "unknown "].iter().any(|start| line.starts_with(start)))
        .collect();
    without.join("\n")
}

#[test]
fn the_example_of_the_design_compiles_with_its_catalogue_and_without() {
    assert_eq!(error(DESIGN), "pharmacy.toml: catalog.file: no catalogue can be read here; remove [catalog]");
    assert!(common::policy_with_catalog(DESIGN, "id,class\nA,neutral\n").catalog().is_some());
    let policy = common::policy(&without_catalog());
    assert_eq!((policy.name(), policy.version()), ("pharmacy", 3));
    let raw = common::purchase();
    assert!(common::forwarded(&without_catalog(), &raw).contains("\"event_source_url\":\"https://shop.example.com/store\""));
}

#[test]
fn every_contradiction_names_file_key_and_cure() {
    let text = without_catalog();
    let mut wrong = Vec::new();
    for (from, to, wanted) in CASES {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from} is not in the example");
        let told = error(&changed);
        if told != format!("pharmacy.toml: {wanted}") {
            wrong.push(format!("{to}\n    says   {told}\n    wanted {wanted}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What stands in the example, what is written in its place, and the error.
#[rustfmt::skip]
const CASES: &[(&str, &str, &str)] = &[
    // Keys that nobody knows, table by table.
    ("owner   =", "ownr =", "line 4: unknown key `ownr`; did you mean `owner`?"),
    ("[health]", "[consnt]\nrequired = true\n[health]", "line 41: unknown key `consnt`; did you mean `consent`?"),
    ("prefixes =", "prefix =", "[events] line 10: unknown key `prefix`; did you mean `prefixes`?"),
    ("no_url  =", "nourl =", "[pages] line 14: unknown key `nourl`; did you mean `no_url`?"),
    ("action = \"drop_event\" }", "acton = \"drop_event\" }", "[pages.class#1] line 16: unknown key `acton`; did you mean `action`?"),
    ("when   =", "wen =", "[narrow#1] line 37: unknown key `wen`; did you mean `when`?"),
    ("event = \"ViewContent\", page", "event = \"ViewContent\", pag", "[narrow#1.when] line 37: unknown key `pag`; did you mean `page`?"),
    ("scan      =", "scann =", "[health] line 42: unknown key `scann`; did you mean `scan`?"),
    ("term = \"android\"", "trm = \"android\"", "[health.ignore_terms#1] line 46: unknown key `trm`; did you mean `term`?"),
    ("on_match =", "on_mach =", "[pii] line 49: unknown key `on_mach`; did you mean `on_match`?"),
    // Keys that are missing.
    ("version = 3", "", "the key `version` is missing"),
    ("name    = \"pharmacy\"", "", "the key `name` is missing"),
    ("event_id = \"opaque\"", "", "[events] line 6: the key `event_id` is missing"),
    ("default = \"drop_event\"", "", "[pages] line 12: the key `default` is missing"),
    ("[pii]\non_match = \"drop_field\"", "", "the key `pii` is missing"),
    ("ambiguous = \"context\"", "", "[health] line 41: the key `ambiguous` is missing"),
    ("remove = [\"user_data.ph\"]", "", "[narrow#1] line 36: the key `remove` is missing"),
    // Words and types.
    ("event_id = \"opaque\"", "event_id = \"opaqe\"", "events.event_id line 9: unknown word `opaqe`; did you mean `opaque`?"),
    ("event_id = \"opaque\"", "event_id = \"anything\"", "events.event_id line 9: unknown word; it can be `opaque`, `token`"),
    ("event_id = \"opaque\"", "event_id = true", "events.event_id line 9: expected one of its words in quotes, found true or false"),
    ("default = \"drop_event\"", "default = \"keep_event\"", "pages.default line 13: unknown word `keep_event`; did you mean `drop_event`?"),
    ("scan      = \"whole_event\"", "scan = \"off\"", "health.scan line 42: unknown word; it can be `whole_event`, `kept_fields`"),
    ("on_signal = \"drop_event\"", "on_signal = \"drop_good\"", "health.on_signal line 43: unknown word `drop_good`; did you mean `drop_goods`?"),
    ("on_match = \"drop_field\"", "on_match = \"ignore\"", "pii.on_match line 49: unknown word; it can be `drop_field`"),
    ("ambiguous = \"context\"", "ambiguous = \"never\"", "health.ambiguous line 44: unknown word; it can be `context`, `always`"),
    ("version = 3", "version = \"3\"", "version line 3: expected a whole number, not negative and not too large, found a text"),
    ("version = 3", "version = -1", "version line 3: this value will not do: expected a whole number, not negative and not too large"),
    ("version = 3", "version = 4294967296", "version line 3: this value will not do: expected a whole number, not negative and not too large"),
    ("allow    = [\"PageView\",", "allow    = [7,", "events.allow#1 line 7: expected a text in quotes, found a whole number"),
    // Name and version.
    ("version = 3", "version = 0", "version: must be 1 or more"),
    ("name    = \"pharmacy\"", "name = \"\"", "name: must be made of lower case letters, digits and dashes"),
    ("name    = \"pharmacy\"", "name = \"Pharmacy 2\"", "name: must be made of lower case letters, digits and dashes"),
    // Events.
    ("[\"PageView\", \"ViewContent\", \"AddToCart\", \"InitiateCheckout\", \"Purchase\"]", "[]", "events.allow: must list the names of the events that may leave"),
    ("[\"PageView\", \"ViewContent\"", "[\"PageView\", \"PageView\"", "events.allow#2: is listed twice"),
    ("event_id = \"opaque\"", "event_id = \"opaque\"\nsources = []", "events.sources: must list action sources whose events may leave, such as [\"website\"]"),
    ("event_id = \"opaque\"", "event_id = \"opaque\"\nsources = [\"website\", \"physical_stor\"]", "events.sources#2: is none of Meta's action sources; did you mean \"physical_store\"?"),
    ("event_id = \"opaque\"", "event_id = \"opaque\"\nsources = [\"shop\"]", "events.sources#1: is none of Meta's action sources; it can be email, website, app, phone_call, chat, physical_store, system_generated, business_messaging, other"),
    ("event_id = \"opaque\"", "event_id = \"opaque\"\nsources = [\"Website\"]", "events.sources#1: is none of Meta's action sources; did you mean \"website\"?"),
    ("event_id = \"opaque\"", "event_id = \"opaque\"\nsources = [\"website\", \"email\", \"website\"]", "events.sources#3: is listed twice; remove one of the two"),
    ("event_id = \"opaque\"", "event_id = \"opaque\"\nsources = \"website\"", "events.sources line 10: expected a list, found a text; put it in one more pair of brackets"),
    ("[\"PageView\",", "[\"Page/View\",", "events.allow#1: must start with a letter or digit and hold only letters, digits, spaces and _ . : -, 50 characters at most"),
    ("[\"PageView\",", "[\"\",", "events.allow#1: must start with a letter or digit and hold only letters, digits, spaces and _ . : -, 50 characters at most"),
    ("OrderPlaced = \"Purchase\"", "OrderPlaced = \"Purchas\"", "events.rename.OrderPlaced: becomes a name that events.allow does not list; did you mean \"Purchase\"?"),
    ("OrderPlaced = \"Purchase\"", "OrderPlaced = \"Subscribe\"", "events.rename.OrderPlaced: becomes a name that events.allow does not list"),
    ("OrderPlaced = \"Purchase\"", "PageView = \"Purchase\"", "events.rename.PageView: is also listed in events.allow, so it would never be renamed; remove one of the two"),
    ("OrderPlaced = \"Purchase\"", "\"\" = \"Purchase\"", "events.rename.: the site's own name must have 1 to 100 bytes"),
    ("event_id = \"opaque\"", "event_id = \"token\"", "events.prefixes: only stands before opaque ids; with event_id = \"token\" remove it"),
    ("[\"order-\"]", "[\"\"]", "events.prefixes#1: must be 1 to 20 letters, digits and . _ -"),
    ("[\"order-\"]", "[\"order \"]", "events.prefixes#1: must be 1 to 20 letters, digits and . _ -"),
    ("[\"order-\"]", "[\"a-very-long-prefix-indeed-\"]", "events.prefixes#1: must be 1 to 20 letters, digits and . _ -"),
    // Pages.
    ("name = \"store\"", "name = \"portal\"", "pages.class#2.name: is the name of an earlier class"),
    ("name = \"store\"", "name = \"The Store\"", "pages.class#2.name: must be 1 to 40 lower case letters, digits, _ and -"),
    ("send_as = \"/store\" }", "send_as = \"/store\", action = \"origin\" }", "pages.class#2: has both action and send_as; say one of them"),
    (", send_as = \"/store\" }", " }", "pages.class#2: must say action = \"drop_event\", action = \"origin\" or send_as = \"/a-path\""),
    ("send_as = \"/store\"", "send_as = \"store\"", "pages.class#2: send_as must be a path of letters, digits and / _ - . that starts with a slash"),
    ("send_as = \"/store\"", "send_as = \"/store?x=1\"", "pages.class#2: send_as must be a path of letters, digits and / _ - . that starts with a slash"),
    ("send_as = \"/store\"", "send_as = \"/../rx\"", "pages.class#2: send_as must be a path of letters, digits and / _ - . that starts with a slash"),
    ("[\"/account/**\", \"/rx/**\", \"/appointments/**\"]", "[]", "pages.class#1.match: must list at least one pattern"),
    ("\"/p/**\"", "\"p/**\"", "pages.class#2.match#2: must start with a slash"),
    ("\"/p/**\"", "\"/p/**/x\"", "pages.class#2.match#2: can have `**` only at its end"),
    ("\"/p/**\"", "\"/p*\"", "pages.class#2.match#2: has a segment that is neither plain text nor `*` nor `**`"),
    ("\"/p/**\"", "\"/p?x\"", "pages.class#2.match#2: has a segment that is neither plain text nor `*` nor `**`"),
    ("\"/p/**\"", "\"/%70/x\"", "pages.class#2.match#2: has a segment that is neither plain text nor `*` nor `**`"),
    ("\"/p/**\"", "\"/../p\"", "pages.class#2.match#2: has a segment that is neither plain text nor `*` nor `**`"),
    ("[\"/\", \"/p/**\", \"/products/**\", \"/cart/**\", \"/checkout/**\"]", "[\"/rx/refill\", \"/account/*\"]", "pages.class#2.match: no page reaches the class \"store\": earlier classes, or classes that drop, match all of it"),
    ("send_as = \"/store\" },", "send_as = \"/store\" },\n  { name = \"again\", match = [\"/p/x\", \"/CART\"], action = \"origin\" },", "pages.class#3.match: no page reaches the class \"again\": earlier classes, or classes that drop, match all of it"),
    // Fields.
    ("em = \"hash\"", "em = \"keep\"", "fields.user_data.em: must never leave in clear: write \"hash\", or remove the line"),
    ("em = \"hash\"", "em = \"hsah\"", "fields.user_data.em: unknown action \"hsah\"; did you mean \"hash\"?"),
    ("em = \"hash\"", "em = \"pseudonymize\"", "fields.user_data.em: takes \"hash\""),
    ("em = \"hash\"", "em = \"drop\"", "fields.user_data.em: takes \"hash\""),
    ("em = \"hash\"", "em = true", "fields.user_data.em line 23: expected an action such as \"keep\" or { round_to = 1 }, found true or false"),
    ("em = \"hash\"", "emial = \"hash\"", "fields.user_data.emial: is no field of the Conversions API; did you mean \"user_data.email\"?"),
    ("em = \"hash\"", "EM = \"hash\"", "fields.user_data.EM: is no field of the Conversions API; did you mean \"user_data.em\"?"),
    ("em = \"hash\"", "em = \"hash\"\nem = \"hash\"", "line 24: the key `em` stands twice (column 1)"),
    ("external_id = \"pseudonymize\"", "external_id = \"keep\"", "fields.user_data.external_id: names a person: write \"pseudonymize\" or \"hash\", or remove the line"),
    ("fbp = \"keep\"", "fbp = \"hash\"", "fields.user_data.fbp: takes \"keep\""),
    ("client_user_agent = \"keep\"", "client_user_agent = \"hash\"", "fields.user_data.client_user_agent: takes \"keep\""),
    ("currency = \"keep\"", "currency = { round_to = 1 }", "fields.custom_data.currency: is no amount that could be rounded; it takes \"keep\""),
    ("value    = \"keep\"", "value = \"hash\"", "fields.custom_data.value: takes \"keep\" or { round_to = N }"),
    ("value    = \"keep\"", "value = { round_to = 0 }", "fields.custom_data.value: round_to must be from 0.0001 to 1000000, with four fraction digits at most"),
    ("value    = \"keep\"", "value = { round_to = -5 }", "fields.custom_data.value: round_to must be from 0.0001 to 1000000, with four fraction digits at most"),
    ("value    = \"keep\"", "value = { round_to = 0.00001 }", "fields.custom_data.value: round_to must be from 0.0001 to 1000000, with four fraction digits at most"),
    ("value    = \"keep\"", "value = { round_to = 1.00005 }", "fields.custom_data.value: round_to must be from 0.0001 to 1000000, with four fraction digits at most"),
    ("value    = \"keep\"", "value = { round_to = 1000001 }", "fields.custom_data.value: round_to must be from 0.0001 to 1000000, with four fraction digits at most"),
    ("value    = \"keep\"", "value = { round_to = 99999999999 }", "fields.custom_data.value.round_to line 30: the number is too large"),
    ("value    = \"keep\"", "value = { round_to = nan }", "fields.custom_data.value: round_to must be from 0.0001 to 1000000, with four fraction digits at most"),
    ("value    = \"keep\"", "value = { round_to = \"1\" }", "fields.custom_data.value.round_to line 30: expected a number, found a text"),
    ("value    = \"keep\"", "value = { round = 1 }", "[fields.custom_data.value] line 30: unknown key `round`; the keys here are `round_to`, `one_of`, `integer`, `keep_text`, `because`"),
    ("value    = \"keep\"", "value = { round_to = 1, keep = true }", "[fields.custom_data.value] line 30: unknown key `keep`; no key may stand here"),
    ("value    = \"keep\"", "value = {}", "fields.custom_data.value line 30: an action is missing, such as { round_to = 1 }"),
    ("value    = \"keep\"", "value = { integer = [0, 100] }", "fields.custom_data.value: { integer = … } is for properties of the site's own; this field takes \"keep\" or { round_to = N }"),
    ("order_id = \"pseudonymize\"", "content_name = \"keep\"", "fields.custom_data.content_name: is free text, which has no closed form; list the words that may leave, such as { one_of = [\"a word\", \"another\"] }, or remove this line, so that nothing of it leaves; whoever answers for letting it out writes { keep_text = true, because = \"why\" }"),
    ("order_id = \"pseudonymize\"", "content_name = \"keep_text\"", "fields.custom_data.content_name: is free text, which has no closed form; list the words that may leave, such as { one_of = [\"a word\", \"another\"] }, or remove this line, so that nothing of it leaves; whoever answers for letting it out writes { keep_text = true, because = \"why\" }"),
    ("order_id = \"pseudonymize\"", "search_string = { keep_text = true }", "fields.custom_data.search_string line 32: free text leaves only with its reason: { keep_text = true, because = \"why\" }"),
    ("order_id = \"pseudonymize\"", "order_id = \"keep_text\"", "fields.custom_data.order_id: keep_text is for free text only; this field takes \"keep\" or \"pseudonymize\" or \"catalog\""),
    ("order_id = \"pseudonymize\"", "order_id = { keep_text = true, because = \"why not\" }", "fields.custom_data.order_id: { keep_text = … } is for free text; this field takes \"keep\" or \"pseudonymize\" or \"catalog\""),
    ("order_id = \"pseudonymize\"", "order_id = { one_of = [\"a\"] }", "fields.custom_data.order_id: { one_of = … } is for properties of the site's own and for free text; this field takes \"keep\" or \"pseudonymize\" or \"catalog\""),
    ("order_id = \"pseudonymize\"", "contents = \"pseudonymize\"", "fields.custom_data.contents: takes \"keep\" or \"catalog\""),
    ("order_id = \"pseudonymize\"", "num_items = \"round\"", "fields.custom_data.num_items: takes \"keep\""),
    ("order_id = \"pseudonymize\"", "coupon = \"keep\"", "fields.custom_data.coupon: is no field of the Conversions API; a property of the site's own leaves only in a form that you write: { one_of = [\"gold\", \"silver\"] } or { integer = [0, 100] }"),
    ("order_id = \"pseudonymize\"", "\"contents[].id\" = \"keep\"", "fields.custom_data.contents[].id: is decided by fields.custom_data.contents; remove this line"),
    ("event_source_url = \"page\"", "event_source_url = \"keep\"", "fields.event_source_url: takes \"page\""),
    ("event_source_url = \"page\"", "event_sorce_url = \"page\"", "fields.event_sorce_url: is no field of the Conversions API; did you mean \"event_source_url\"?"),
    ("event_source_url = \"page\"", "event_id = \"keep\"", "fields.event_id: is always handled and can only become stricter; remove this line"),
    ("event_source_url = \"page\"", "opt_out = \"keep\"", "fields.opt_out: is always handled and can only become stricter; remove this line"),
    ("event_source_url = \"page\"", "data_processing_options = \"keep\"", "fields.data_processing_options: is always handled and can only become stricter; remove this line"),
    ("event_source_url = \"page\"", "\"user_data.em\" = \"hash\"", "fields line 20: a path in quotes is no field; write it in the table of its object, such as [fields.user_data]"),
    ("event_source_url = \"page\"", "app_data = { x = \"keep\" }", "fields.app_data.x: is no field of the Conversions API"),
    ("event_source_url = \"page\"", "app_data = \"keep\"", "fields.app_data line 21: expected a table of fields, found a text"),
    ("[[narrow]]", "[fields.custom_data.store_data]\nstore_cod = \"keep\"\n[[narrow]]", "fields.custom_data.store_data.store_cod: is no field of the Conversions API; did you mean \"custom_data.store_data.store_code\"?"),
    ("[[narrow]]", "[fields.custom_data.store_data]\nstore_code = \"hash\"\n[[narrow]]", "fields.custom_data.store_data.store_code: takes \"keep\" or \"pseudonymize\" or \"catalog\""),
    ("[[narrow]]", "[fields.app_data]\nadvertiser_tracking_enabled = \"keep\"\n[[narrow]]", "fields.app_data.advertiser_tracking_enabled: is always handled and can only become stricter; remove this line"),
    ("[[narrow]]", "[fields.app_data]\nreceipt_data = \"keep\"\n[[narrow]]", "fields.app_data.receipt_data: never leaves: holds the whole receipt of a purchase, which nothing here can read; remove this line"),
    ("[[narrow]]", "[fields.app_data]\ninstall_referrer = \"keep\"\n[[narrow]]", "fields.app_data.install_referrer: is free text, which has no closed form; list the words that may leave, such as { one_of = [\"a word\", \"another\"] }, or remove this line, so that nothing of it leaves; whoever answers for letting it out writes { keep_text = true, because = \"why\" }"),
    ("[[narrow]]", "[fields.app_data]\nextinfo = \"hash\"\n[[narrow]]", "fields.app_data.extinfo: takes \"keep\""),
    ("[[narrow]]", "[fields.original_event_data]\nevent_name = \"page\"\n[[narrow]]", "fields.original_event_data.event_name: takes \"keep\""),
    ("[fields.user_data]", "[fields.user]", "fields.user line 22: is no object of an event; the objects are [fields.user_data], [fields.custom_data], [fields.app_data], [fields.original_event_data], [fields.attribution_data], [fields.custom_data.store_data], [fields.custom_data.mileage], [fields.attribution_data.attribution_setting]"),
    ("[fields.user_data]", "[fields.userdata]", "fields.userdata line 22: is no object of an event; did you mean [fields.user_data]?"),
    ("[[narrow]]", "[fields.mileage]\n[[narrow]]", "fields.mileage line 36: is no object of an event; did you mean [fields.custom_data.mileage]?"),
    ("[[narrow]]", "[fields.custom_data.stor_data]\nstore_code = \"keep\"\n[[narrow]]", "fields.custom_data.stor_data line 36: is no object of an event; did you mean [fields.custom_data.store_data]?"),
    ("event_source_url = \"page\"", "em = \"hash\"", "fields.em: is no field of the Conversions API; did you mean \"user_data.em\"?"),
    ("order_id = \"pseudonymize\"", "tier = { words = [\"gold\"] }", "[fields.custom_data.tier] line 32: unknown key `words`; the keys here are `round_to`, `one_of`, `integer`, `keep_text`, `because`"),
    // Rules that narrow.
    ("event = \"ViewContent\", page", "event = \"ViewContents\", page", "narrow#1.when.event: is not listed in events.allow; did you mean \"ViewContent\"?"),
    ("event = \"ViewContent\", page", "event = \"OrderPlaced\", page", "narrow#1.when.event: is not listed in events.allow"),
    ("page = \"store\" }", "page = \"stores\" }", "narrow#1.when.page: is no class of [pages]; did you mean \"store\"?"),
    ("page = \"store\" }", "page = \"portal\" }", "narrow#1.when.page: is a class that drops its events, so the rule would do nothing; remove it"),
    ("page = \"store\" }", "action_source = \"web\" }", "narrow#1.when.action_source: is none of Meta's action sources; it can be email, website, app, phone_call, chat, physical_store, system_generated, business_messaging, other"),
    ("page = \"store\" }", "action_source = \"websites\" }", "narrow#1.when.action_source: is none of Meta's action sources; did you mean \"website\"?"),
    ("page = \"store\" }", "action_source = \"physical_store\" }", "narrow#1.when.action_source: is not listed in events.sources, so the rule would do nothing; remove it"),
    ("page = \"store\" }", "dataset = \"shop\" }", "narrow#1.when.dataset: must be the digits of a dataset's id"),
    ("page = \"store\" }", "dataset = \"\" }", "narrow#1.when.dataset: must be the digits of a dataset's id"),
    ("[\"user_data.ph\"]", "[]", "narrow#1.remove: must list the fields to take away"),
    ("[\"user_data.ph\"]", "[\"user_data.phones\"]", "narrow#1.remove#1: is no field of the Conversions API; did you mean \"user_data.phone\"?"),
    ("[\"user_data.ph\"]", "[\"user_data.p\"]", "narrow#1.remove#1: is no field of the Conversions API; did you mean \"user_data.ph\"?"),
    ("[\"user_data.ph\"]", "[\"user_data.fn\"]", "narrow#1.remove#1: is not a field that this policy lets leave, so the rule would do nothing; remove it"),
    ("[\"user_data.ph\"]", "[\"event_id\"]", "narrow#1.remove#1: is not a field that this policy lets leave, so the rule would do nothing; remove it"),
    ("[\"user_data.ph\"]", "[\"user_data\"]", "narrow#1.remove#1: is not a field that this policy lets leave, so the rule would do nothing; remove it"),
    ("[\"user_data.ph\"]", "[\"custom_data.contents[].id\"]", "narrow#1.remove#1: is not a field that this policy lets leave, so the rule would do nothing; remove it"),
    // Health.
    ("because = \"operating system\"", "because = \" \"", "health.ignore_terms#1: must name a term and say why it is ignored"),
    ("term = \"android\"", "term = \"\"", "health.ignore_terms#1: must name a term and say why it is ignored"),
    ("because = \"operating system\" ", "", "[health.ignore_terms#1] line 46: the key `because` is missing"),
    // No TOML at all.
    ("[health]", "[health", "line 41: unclosed table, expected `]` (column 8)"),
    ("[health]", "[pages]", "line 41: the key `pages` stands twice (column 2)"),
];
