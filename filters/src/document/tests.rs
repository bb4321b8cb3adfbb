//! What an operator writes is read with all its slips named, and no value of it is ever quoted.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{MAX_DOCUMENT_BYTES, nearest, read};

/// Stands for a secret that was written in the wrong place. No error may hold it, nor a recognisable piece of it.
const CANARY: &str = "EAAcanary7LEAKED9token";

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Document {
    name: String,
    version: Option<u32>,
    #[serde(default)]
    strict: bool,
    pages: Option<Pages>,
    #[serde(default)]
    fields: BTreeMap<String, Action>,
    #[serde(default)]
    site: Vec<Site>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Pages {
    default: Word,
    #[serde(default)]
    class: Vec<Class>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Class {
    name: String,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Site {
    id: String,
    keys: Vec<Class>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Word {
    Origin,
    DropEvent,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Action {
    Keep,
    RoundTo(u32),
    Range { low: i64, high: i64 },
    Pair(i64, i64),
}

fn problem(text: &str) -> String {
    let message = read::<Document>(text, "pharmacy.toml").unwrap_err().to_string();
    assert!(message.starts_with("pharmacy.toml: "), "{message}");
    for piece in [CANARY, "canary", "LEAKED"] {
        assert!(!message.contains(piece), "a value is quoted: {message}");
    }
    message.trim_start_matches("pharmacy.toml: ").to_owned()
}

#[test]
fn a_good_document_is_read() {
    let document: Document = read(
        "name = 'a'\nversion = 3\nstrict = true\n[pages]\ndefault = 'origin'\nclass = [{ name = 'x' }]\n[fields]\na = 'keep'\n\
         b = { round_to = 1 }\nc = { range = { low = -1, high = 0x10 } }\nd = { pair = [1, 2] }\n[[site]]\nid = 's'\nkeys = []\n",
        "f",
    )
    .unwrap();
    assert_eq!(document.version, Some(3));
    assert_eq!(document.pages, Some(Pages { default: Word::Origin, class: vec![Class { name: "x".into() }] }));
    let actions: Vec<_> = document.fields.into_values().collect();
    let range = Action::Range { low: -1, high: 16 };
    assert_eq!(actions, [Action::Keep, Action::RoundTo(1), range, Action::Pair(1, 2)]);
}

#[test]
fn a_typo_at_each_level_names_path_line_and_the_nearest_word() {
    for (text, expected) in [
        ("nmae = 'a'", "line 1: unknown key `nmae`; did you mean `name`?"),
        ("name = 'a'\n\n[paegs]\ndefault = 'origin'", "line 3: unknown key `paegs`; did you mean `pages`?"),
        ("name = 'a'\n[pages]\n# why\ndefualt = 'origin'", "[pages] line 4: unknown key `defualt`; did you mean `default`?"),
        (
            "name = 'a'\n[pages]\ndefault = 'origin'\nclass = [\n  { name = 'x' },\n  { nam = 'y' },\n]",
            "[pages.class#2] line 6: unknown key `nam`; did you mean `name`?",
        ),
        (
            "name = 'a'\n[[site]]\nid = '1'\nkeys = []\n[[site]]\nid = '2'\nkeys = [{ name = 'x' }, { nome = 'y' }]",
            "[site#2.keys#2] line 7: unknown key `nome`; did you mean `name`?",
        ),
        ("name = 'a'\n[pages]\ndefault = 'orign'", "pages.default line 3: unknown word `orign`; did you mean `origin`?"),
        (
            "name = 'a'\n[fields]\nem = { rond_to = 1 }",
            "[fields.em] line 3: unknown key `rond_to`; did you mean `round_to`?",
        ),
        ("name = 'a'\n[fields]\nem = { range = { low = 1 } }", "[fields.em.range] line 3: the key `high` is missing"),
    ] {
        assert_eq!(problem(text), expected);
    }
}

#[test]
fn an_unknown_key_far_from_every_word_lists_the_words() {
    assert_eq!(
        problem("name = 'a'\n[pages]\nzebra = 1"),
        "[pages] line 3: unknown key `zebra`; the keys here are `default`, `class`"
    );
    assert_eq!(
        problem("name = 'a'\n[pages]\ndefault = 'everything'"),
        "pages.default line 3: unknown word; it can be `origin`, `drop_event`"
    );
}

#[test]
fn a_missing_key_names_its_table() {
    assert_eq!(problem("version = 1"), "the key `name` is missing");
    assert_eq!(problem("name = 'a'\n[pages]\nclass = []"), "[pages] line 2: the key `default` is missing");
    assert_eq!(problem("name = 'a'\n\n[[site]]\nid = 'x'"), "[site#1] line 3: the key `keys` is missing");
}

#[test]
fn the_first_problem_in_the_file_is_the_one_reported() {
    assert_eq!(
        problem("zz = 1\naa = 2\nname = 'a'"),
        "line 1: unknown key `zz`; the keys here are `name`, `version`, `strict`, `pages`, `fields`, `site`"
    );
}

#[test]
fn a_wrong_type_says_what_was_expected_and_never_what_was_found() {
    for (text, expected) in [
        (
            format!("name = 'a'\nversion = '{CANARY}'"),
            "version line 2: expected a whole number, not negative and not too large, found a text",
        ),
        (format!("name = 'a'\nstrict = '{CANARY}'"), "strict line 2: expected true or false, found a text"),
        (format!("name = ['{CANARY}']"), "name line 1: expected a text in quotes, found a list"),
        (format!("name = {{ inline = '{CANARY}' }}"), "name line 1: expected a text in quotes, found a table"),
        ("name = 1979-05-27".to_owned(), "name line 1: expected a text in quotes, found a date"),
        ("name = 1234567890".to_owned(), "name line 1: expected a text in quotes, found a whole number"),
        ("name = 1.5".to_owned(), "name line 1: expected a text in quotes, found a number with a fraction"),
        ("name = true".to_owned(), "name line 1: expected a text in quotes, found true or false"),
        (format!("name = 'a'\npages = '{CANARY}'"), "pages line 2: expected a table, found a text"),
        (
            format!("name = 'a'\n[pages]\ndefault = '{CANARY}'"),
            "pages.default line 3: unknown word; it can be `origin`, `drop_event`",
        ),
        (
            "name = 'a'\n[pages]\ndefault = 3".to_owned(),
            "pages.default line 3: expected one of its words in quotes, found a whole number",
        ),
        (
            format!("name = 'a'\nsite = '{CANARY}'"),
            "site line 2: expected a list, found a text; put it in one more pair of brackets",
        ),
        (
            "name = 'a'\n[site]\nid = 'x'".to_owned(),
            "site line 2: expected a list, found a table; put it in one more pair of brackets",
        ),
        (
            format!("name = 'a'\n[[pages]]\ndefault = '{CANARY}'"),
            "pages line 2: expected a table, found a list; take one pair of brackets away",
        ),
        (
            format!("name = 'a'\n[[site]]\nid = 'x'\nkeys = ['{CANARY}']"),
            "site#1.keys#1 line 4: expected a table, found a text",
        ),
    ] {
        assert_eq!(problem(&text), expected);
    }
    assert!(problem("name = 'a'\nversion = -7").contains("this value will not do: expected a whole number, not negative"));
    assert!(problem("name = 'a'\nversion = 99999999999").contains("this value will not do"));
    assert!(problem("name = 'a'\nversion = 99999999999999999999999").contains("too large"));
    assert!(problem("name = 'a'\n[fields]\na = { round_to = 1, keep = 2 }").contains("exactly one key"));
    assert!(problem("name = 'a'\n[fields]\na = { keep = 2 }").contains("stands alone"));
}

#[test]
fn syntax_errors_give_line_and_column_without_the_line() {
    for (text, place) in [
        (format!("name = 'a'\nversion = {CANARY}"), "line 2"),
        (format!("name = '{CANARY}"), "line 1"),
        (format!("name = \"{CANARY}\nversion = 1"), "line 1"),
        (format!("name = '{CANARY}' '{CANARY}'"), "line 1"),
        (format!("name = 'a'\n\n{CANARY}{CANARY}{CANARY}"), "line 3"),
        (format!("name = \"\\q{CANARY}\""), "line 1"),
        (format!("name = 1979-99-99T{CANARY}"), "line 1"),
        (format!("name = 'a'\n[pages\n{CANARY} = 1"), "line 2"),
        (format!("name = 'a'\nname.x = '{CANARY}'"), "line 2"),
        (format!("name = 'a'\n[name]\nx = '{CANARY}'"), "line 2"),
    ] {
        let message = problem(&text);
        assert!(message.starts_with(place) && message.contains("(column "), "{text}: {message}");
    }
}

#[test]
fn duplicate_keys_are_refused_and_named() {
    assert_eq!(problem(&format!("name = 'a'\nname = '{CANARY}'")), "line 2: the key `name` stands twice (column 1)");
    assert_eq!(
        problem("name = 'a'\n[pages]\ndefault = 'origin'\ndefault = 'origin'"),
        "line 4: the key `default` stands twice (column 1)"
    );
    assert!(
        problem("name = 'a'\n[pages]\ndefault = 'origin'\n[pages]\n").starts_with("line 4: the key `pages` stands twice")
    );
    assert!(problem("name = 'a'\nsite = [{ id = 'a', id = 'b', keys = [] }]").contains("`id` stands twice"));
}

#[test]
fn keys_that_look_like_secrets_are_not_quoted() {
    let long = "k".repeat(41);
    assert!(!problem(&format!("{long} = 1\nname = 'a'")).contains(&long));
    assert!(problem("\"a key; with\\u0000 things\" = 1\nname = 'a'").starts_with("line 1: unknown key; the keys here are"));
    let in_path = problem(&format!("name = 'a'\n[fields]\n\"a b {CANARY}\" = 3"));
    assert!(in_path.starts_with("fields.… line 3: "), "{in_path}");
}

#[test]
fn no_damage_to_a_document_full_of_secrets_brings_one_into_the_error() {
    let whole = format!(
        "name = '{CANARY}'\nversion = 3\n[pages]\ndefault = \"{CANARY}\"\nclass = [{{ name = '{CANARY}' }}]\n[fields]\n\
         k_9 = {{ range = {{ low = '{CANARY}' }} }}\n[[site]]\nid = \"\"\"\n{CANARY}\"\"\"\nkeys = ['{CANARY}']\n"
    );
    let quiet = |text: &str| {
        if let Err(error) = read::<Document>(text, "f") {
            assert!(!error.to_string().contains("canary"), "{text}\n{error}");
        }
    };
    for (at, _) in whole.char_indices() {
        let (before, after) = whole.split_at(at);
        quiet(before);
        quiet(after);
        for inserted in ["'", "\"", "\n", "=", "[", "]", "{", ".", ",", "#", "\\", "7", "\0"] {
            quiet(&format!("{before}{inserted}{after}"));
        }
        quiet(&format!("{before}{}", after.chars().skip(1).collect::<String>()));
    }
}

#[test]
fn huge_and_deep_documents_are_refused_quickly() {
    let mut huge = "name = 'a'\n".to_owned();
    huge.push_str(&"# filler\n".repeat(MAX_DOCUMENT_BYTES / 9 + 1));
    assert_eq!(problem(&huge), format!("is larger than {MAX_DOCUMENT_BYTES} bytes"));
    problem(&format!("name = {}", "[".repeat(500_000)));
    problem(&format!("name = {}", "{ a = ".repeat(100_000)));
    problem(&format!("{} = 1", vec!["a"; 200_000].join(".")));
    problem(&format!("name = 'a'\nversion = {}", "9".repeat(900_000)));
}

#[test]
fn text_beyond_ascii_and_windows_line_ends_keep_the_line_right() {
    assert_eq!(
        problem("# größer ✓\r\nname = 'ü'\r\nversoin = 1\r\n"),
        "line 3: unknown key `versoin`; did you mean `version`?"
    );
}

#[test]
fn nearest_forgives_slips_case_and_dashes_but_does_not_guess() {
    let words = ["listen", "max_body_bytes", "max_connections"];
    assert_eq!(nearest("lisetn", &words), Some("listen"));
    assert_eq!(nearest("LISTEN", &words), Some("listen"));
    assert_eq!(nearest("max-body-bytes", &words), Some("max_body_bytes"));
    assert_eq!(nearest("max_body", &words), None);
    assert_eq!(nearest("", &words), None);
}
