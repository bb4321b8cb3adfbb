//! The JSON Schemas, read by who will read them: a validator of the standard, and the checker behind editors of TOML.

#![expect(clippy::unwrap_used, reason = "a helper of a test may panic as the test may")]

use std::path::{Path, PathBuf};

use harness::{Executable, executable, installed};

const BUILT_IN: [&str; 5] = ["retail", "pharmacy", "hospital", "retail-consent", "pharmacy-consent"];
const SECRETS: [(&str, &str); 2] =
    [("PORTCULLIS_SHOP_KEY", "pcs_a_key_of_more_than_32_characters_0"), ("META_TOKEN_SHOP", "EAAtoken")];

/// A folder with a schema, and files to hold against it.
struct Desk {
    executable: Executable,
    folder: tempfile::TempDir,
    schema: &'static str,
}

impl Desk {
    async fn with(schema: &'static str) -> Self {
        let executable = executable!();
        let folder = tempfile::tempdir().unwrap();
        let printed = executable.run(&["schema", schema], &[], folder.path()).await;
        assert_eq!((printed.code, printed.stderr.as_str()), (Some(0), ""));
        std::fs::write(folder.path().join("schema.json"), printed.stdout).unwrap();
        Self { executable, folder, schema }
    }

    fn write(&self, name: &str, text: &str) -> String {
        std::fs::write(self.folder.path().join(name), text).unwrap();
        name.to_owned()
    }

    /// Whether the program itself takes the file.
    async fn is_taken_by_the_parser(&self, name: &str) -> bool {
        let arguments: &[&str] = match self.schema {
            "config" => &["check", "--config", name],
            _ => &["policy", "explain", name],
        };
        let output = self.executable.run(arguments, &SECRETS, self.folder.path()).await;
        assert!(matches!(output.code, Some(0 | 64)), "{name}: {}", output.stderr);
        output.code == Some(0)
    }

    /// The files that the schema takes, by the validator of the standard, and what it says of all.
    async fn taken_by_the_schema(&self, names: &[String]) -> (Vec<String>, String) {
        let script = root().join("tests/clients/validate.py").display().to_string();
        let arguments: Vec<&str> =
            [script.as_str(), "schema.json"].into_iter().chain(names.iter().map(String::as_str)).collect();
        let python = Executable::at(installed("editors").join("bin/python"));
        let output = python.run(&arguments, &[], self.folder.path()).await;
        assert_eq!(output.code, Some(0), "{}", output.stderr);
        assert_eq!(output.stdout.lines().count(), names.len(), "{}", output.stdout);
        let taken = output.stdout.lines().filter_map(|line| line.strip_suffix(" taken")).map(str::to_owned).collect();
        (taken, output.stdout)
    }

    /// Whether an editor marks nothing in a file that names the schema in its first line.
    async fn is_clean_in_an_editor(&self, text: &str) -> bool {
        let name = self.write("edited.toml", &format!("#:schema ./schema.json\n{text}"));
        let taplo = Executable::at(installed("editors").join("bin/taplo"));
        let output = taplo.run(&["lint", &name], &[], self.folder.path()).await;
        let said = format!("{}{}", output.stdout, output.stderr);
        // By its marks, not by its last line, which it does not always get out.
        assert_eq!(output.code == Some(0), !said.contains("\nerror: "), "{said}");
        output.code == Some(0)
    }
}

fn root() -> PathBuf {
    std::fs::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).unwrap()
}

fn example() -> String {
    std::fs::read_to_string(root().join("config.example.toml")).unwrap()
}

fn policy(name: &str) -> String {
    std::fs::read_to_string(root().join(format!("filters/policies/{name}.toml"))).unwrap()
}

/// The text once for each of its keys, with a letter too many in that key.
fn with_a_typo_in_each_key(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let key_of = |line: &str| {
        let key = line.split_once('=')?.0.trim_end();
        (!key.is_empty() && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')).then_some(key.len())
    };
    let typo = |(at, line): (usize, &&str)| {
        let length = key_of(line)?;
        let mut mistyped: Vec<String> = lines.iter().map(ToString::to_string).collect();
        mistyped.get_mut(at)?.insert(length, 'x');
        Some(mistyped.join("\n"))
    };
    lines.iter().enumerate().filter_map(typo).collect()
}

#[tokio::test]
async fn the_example_is_taken_and_a_typo_in_any_key_is_refused_as_the_parser_does() {
    let desk = Desk::with("config").await;
    let good = desk.write("portcullis.toml", &example());
    assert!(desk.is_taken_by_the_parser(&good).await);
    let mut names = vec![good.clone()];
    for (at, text) in with_a_typo_in_each_key(&example()).iter().enumerate() {
        let name = desk.write(&format!("typo-{at}.toml"), text);
        assert!(!desk.is_taken_by_the_parser(&name).await, "{text}");
        names.push(name);
    }
    assert!(names.len() > 35, "few keys were tried");
    let (taken, said) = desk.taken_by_the_schema(&names).await;
    assert_eq!(taken, [good], "{said}");
}

#[tokio::test]
async fn each_built_in_policy_is_taken_and_a_typo_in_any_key_is_refused_as_the_parser_does() {
    let desk = Desk::with("policy").await;
    let (mut good, mut names) = (Vec::new(), Vec::new());
    for built_in in BUILT_IN {
        let name = desk.write(&format!("{built_in}.toml"), &policy(built_in));
        assert!(desk.is_taken_by_the_parser(&name).await);
        good.push(name.clone());
        names.push(name);
        for (at, text) in with_a_typo_in_each_key(&policy(built_in)).iter().enumerate() {
            let name = desk.write(&format!("{built_in}-typo-{at}.toml"), text);
            assert!(!desk.is_taken_by_the_parser(&name).await, "{text}");
            names.push(name);
        }
    }
    assert!(names.len() > 50, "few keys were tried");
    let (taken, said) = desk.taken_by_the_schema(&names).await;
    assert_eq!(taken, good, "{said}");
}

#[tokio::test]
async fn actions_and_forms_are_taken_and_refused_as_the_parser_does() {
    let desk = Desk::with("policy").await;
    // A file that decides otherwise than a built-in has a name of its own.
    let retail = policy("retail").replacen("\"retail\"", "\"own\"", 1);
    let line = |key: &str| retail.lines().find(|line| line.starts_with(key)).unwrap().to_owned();
    let with = |key: &str, new: &str| retail.replacen(&line(key), new, 1);
    let beside = |new: &str| with("currency ", &format!("{}\n{new}", line("currency ")));
    let below = |table: &str, new: &str| retail.replacen(&format!("\n{table}\n"), &format!("\n{table}\n{new}\n"), 1);
    let wrong = [
        with("em ", "em = \"keep\""),
        with("value ", "value = \"hash\""),
        with("value ", "value = { round_to = \"5\" }"),
        with("value ", "value = { round_to = 0 }"),
        with("value ", "value = { round = 5 }"),
        with("value ", "value = { round_to = 5, one_of = [\"5\"] }"),
        with("event_source_url ", "event_source_url = \"keep\""),
        with("on_match ", "on_match = \"keep_field\""),
        with("sources ", "sources = []"),
        with("sources ", "sources = [\"web\"]"),
        with("sources ", "sources = [\"website\", \"website\"]"),
        beside("content_name = \"keep\""),
        beside("content_name = { one_of = [] }"),
        beside("loyalty_tier = \"keep\""),
        beside("loyalty_tier = { one_of = [\"a word, and another\"] }"),
        beside("points = { integer = [0] }"),
        beside("points = { integer = [0, 5551234567] }"),
        beside("points = { keep_text = true, because = \"why not\" }"),
        beside("content_name = { keep_text = true }"),
        beside("content_name = { keep_text = false, because = \"why not\" }"),
        beside("contents_id = \"keep\""),
        below("[fields.app_data]", "ext_info = \"keep\""),
    ];
    let right = [
        with("value ", "value = { round_to = 5 }"),
        with("sources ", "sources = [\"app\", \"website\"]"),
        with("sources ", ""),
        beside("content_name = { one_of = [\"Starter bundle\"] }"),
        beside("content_name = { keep_text = true, because = \"names of our lamps\" }"),
        beside("loyalty_tier = { one_of = [\"gold\", \"silver\"] }\npoints = { integer = [0, 100] }"),
        below("[fields.custom_data.store_data]", "store_page_id = \"keep\""),
        below("[fields.app_data]", "extinfo = \"keep\""),
        below("[fields.attribution_data.attribution_setting]", "inactivity_window_hours = \"keep\""),
    ];
    let (mut names, mut good) = (Vec::new(), Vec::new());
    for (at, (text, is_right)) in
        wrong.iter().map(|text| (text, false)).chain(right.iter().map(|text| (text, true))).enumerate()
    {
        let name = desk.write(&format!("{at}.toml"), text);
        assert_eq!(desk.is_taken_by_the_parser(&name).await, is_right, "{at}: {text}");
        names.push(name.clone());
        good.extend(is_right.then_some(name));
    }
    let (taken, said) = desk.taken_by_the_schema(&names).await;
    assert_eq!(taken, good, "{said}");
}

/// The events in the commands of a document, with what the shell would put in.
fn events_shown(document: &str) -> Vec<String> {
    let text = std::fs::read_to_string(root().join(document)).unwrap();
    let bodies = text.split("-d '").skip(1).filter_map(|rest| rest.split("}'\n").next());
    let filled = |body: &str| format!("{body}}}").replace("'\"$(date +%s)\"'", "1795000000").replace("'\"$TCF\"'", "CPc");
    let event = |body: &str| {
        let body: serde_json::Value = serde_json::from_str(&filled(body)).unwrap();
        body.pointer("/data/0").unwrap().to_string()
    };
    bodies.map(event).collect()
}

#[tokio::test]
async fn the_events_that_documents_show_are_taken_and_what_is_misspelled_or_unreadable_is_not() {
    let desk = Desk::with("event").await;
    let schema = std::fs::read_to_string(desk.folder.path().join("schema.json")).unwrap();
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    let own = schema["examples"].as_array().unwrap().iter().map(ToString::to_string);
    let shown = events_shown("docs/consent.md");
    assert!(shown.len() >= 3 && own.len() >= 3, "the examples are not where they were");
    let more = [
        r#"{"consent":{"gpc":"1","health":"denied","gpp":"DBABMA~CPXxRfA","time":0}}"#,
        r#"{"custom_data":{"value":1,"consent":{"marketing":"granted"},"collection":{"country":"us"}},"user_data":{}}"#,
        r#"{"event_name":"Lead","opt_out":true,"data_processing_options":["LDU"]}"#,
        r#"{"event_name":"Lead","consent":null,"residence":{"country":"FR","region":null}}"#,
    ];
    let wrong = [
        r#"{"consent":{"marketting":"denied"}}"#,
        r#"{"consent":{"marketing":"yes"}}"#,
        r#"{"consent":{"marketing":true}}"#,
        r#"{"consent":"granted"}"#,
        r#"{"consent":{"gpc":"on"}}"#,
        r#"{"consent":{"time":1795000000000}}"#,
        r#"{"consent":{"time":"2026-11-23"}}"#,
        r#"{"consent":{"tcf":7}}"#,
        r#"{"residence":{"region":"WA"}}"#,
        r#"{"residence":{"country":"USA"}}"#,
        r#"{"residence":{"country":"US","region":"Washington"}}"#,
        r#"{"collection":{"country":"US","city":"Seattle"}}"#,
        r#"{"custom_data":{"consent":{"marketing":"no"}}}"#,
    ];
    let right = own.chain(shown).chain(more.map(str::to_owned)).map(|text| (text, true));
    let (mut names, mut good) = (Vec::new(), Vec::new());
    for (at, (text, is_right)) in right.chain(wrong.map(|text| (text.to_owned(), false))).enumerate() {
        let name = desk.write(&format!("{at}.json"), &text);
        names.push(name.clone());
        good.extend(is_right.then_some(name));
    }
    let (taken, said) = desk.taken_by_the_schema(&names).await;
    assert_eq!(taken, good, "{said}");
}

#[tokio::test]
async fn an_editor_takes_the_schema_from_the_first_line_and_marks_a_typo() {
    let config = Desk::with("config").await;
    assert!(config.is_clean_in_an_editor(&example()).await);
    assert!(!config.is_clean_in_an_editor(&example().replace("\nlinger_ms", "\nlingerms")).await);
    let policies = Desk::with("policy").await;
    for built_in in BUILT_IN {
        assert!(policies.is_clean_in_an_editor(&policy(built_in)).await, "{built_in}");
    }
    assert!(!policies.is_clean_in_an_editor(&policy("pharmacy").replace("\nfbp ", "\nfpb ")).await);
}
