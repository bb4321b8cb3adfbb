//! `docs/metrics.md`: its tables are those of the declarations, and its prose has every word that a label can say.

use harness::Settings;
use portcullis::telemetry::declared::all;

use crate::at_root;
use crate::tables::tables;

const DOCUMENT: &str = "docs/metrics.md";

/// The document with each table between its marks made anew.
fn filled(text: &str) -> String {
    let mut filled = text.to_owned();
    for (name, table) in tables() {
        let (mark, end) = (format!("<!-- table: {name} -->\n"), "<!-- end of table -->");
        let (before, rest) = filled.split_once(&mark).unwrap_or_else(|| panic!("{DOCUMENT} has no {mark}"));
        let (_, after) = rest.split_once(end).unwrap_or_else(|| panic!("{DOCUMENT}: the table {name} has no end"));
        filled = format!("{before}{mark}\n{table}\n{end}{after}");
    }
    filled
}

#[test]
fn the_tables_of_the_document_are_those_of_the_declarations() {
    let path = at_root(DOCUMENT);
    let written = std::fs::read_to_string(&path).unwrap();
    let filled = filled(&written);
    if Settings::writes_documents() {
        std::fs::write(path, &filled).unwrap();
    } else {
        let hint = "write it anew: PORTCULLIS_WRITE_DOCS=1 cargo test -p portcullis-tests --test metrics";
        let differs = written.lines().zip(filled.lines()).find(|(old, new)| old != new);
        assert!(written == filled, "{DOCUMENT} is not what is declared; {hint}\n{differs:?}");
    }
}

#[test]
fn each_word_that_a_label_can_say_is_explained() {
    let text = std::fs::read_to_string(at_root(DOCUMENT)).unwrap();
    let mut silent = Vec::new();
    for metric in all() {
        for label in metric.label_names() {
            let words = metric.words(label).unwrap_or_default().into_iter();
            let unexplained = words.filter(|word| !text.contains(&format!("`{word}`")));
            silent.extend(unexplained.map(|word| format!("{label} of {} can say {word}", metric.name)));
        }
    }
    assert_eq!(silent, Vec::<String>::new(), "{DOCUMENT} does not explain them");
}

#[test]
fn a_help_text_is_one_plain_sentence() {
    let mut odd = Vec::new();
    for metric in all() {
        let help = metric.help();
        let is_plain = !help.contains(['`', '[', '|', '\n', '*']) && help.ends_with('.') && !help.ends_with("..");
        let has_prefix = metric.name.starts_with("portcullis_") || metric.name.starts_with("process_");
        if !is_plain || help.len() > 160 || !has_prefix {
            odd.push(format!("{}: {help}", metric.name));
        }
    }
    assert_eq!(odd, Vec::<String>::new());
}
