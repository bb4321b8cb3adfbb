//! Documents against the program: each command line in a runbook or document is one that it takes, and each line of the log that
//! docs/logs.md explains is one that it writes.
//!
//! That the files exist which documents name is held by the suite `architecture`, that the metrics do by the suite `metrics`.

#![expect(clippy::unwrap_used, reason = "a helper of a test may panic as the test may")]

use std::path::{Path, PathBuf};

use clap::CommandFactory as _;
use clap::error::ErrorKind;
use portcullis::cli::Cli;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn collect(folder: &Path, ending: &str, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, ending, found);
        } else if path.to_string_lossy().ends_with(ending) {
            let name = path.strip_prefix(root()).unwrap().display().to_string();
            found.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
}

/// README.md, and every document under `docs/` and `deploy/`.
fn documents() -> Vec<(String, String)> {
    let mut found = vec![("README.md".to_owned(), std::fs::read_to_string(root().join("README.md")).unwrap())];
    collect(&root().join("docs"), ".md", &mut found);
    collect(&root().join("deploy"), ".md", &mut found);
    assert!(found.iter().filter(|(name, _)| name.starts_with("deploy/runbooks/")).count() >= 9, "runbooks are missing");
    found
}

/// A command line of ours, as a document has it, and whether it is one to be typed as it stands.
struct Line {
    text: String,
    is_whole: bool,
}

/// The lines of blocks for a shell, and what stands in backticks.
fn command_lines(document: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    for (at, part) in document.split("```").enumerate() {
        if at % 2 == 1 {
            let (language, text) = part.split_once('\n').unwrap_or_default();
            if matches!(language.trim(), "sh" | "bash" | "console") {
                // What the shell puts in its place is a word as any.
                let joined = text.replace("\\\n", " ").replace("$(date +%F-%H)", "NOW");
                let pieces = joined.lines().flat_map(|line| line.split(['|', ';']).flat_map(|piece| piece.split("&&")));
                lines.extend(pieces.map(|piece| Line { text: piece.trim().to_owned(), is_whole: true }));
            }
        } else {
            let quoted = part.split('`').skip(1).step_by(2);
            lines.extend(quoted.map(|text| {
                let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
                let text = text.split(" | ").next().unwrap_or_default().to_owned();
                Line { is_whole: text.contains(" --config "), text }
            }));
        }
    }
    lines.retain(|line| {
        let text = line.text.strip_prefix("$ ").unwrap_or(&line.text);
        // `COMMAND` stands for any of them.
        text.starts_with("portcullis ") && !text.contains("COMMAND")
    });
    lines
}

/// The words that a shell would pass on.
fn words(line: &str) -> Vec<String> {
    let line = line.strip_prefix("$ ").unwrap_or(line);
    let line = line.split(" #").next().unwrap_or(line);
    let is_redirection = |word: &&str| word.starts_with(['>', '<']) || word.starts_with("2>");
    let passed = line.split_whitespace().take_while(|word| !is_redirection(word) && *word != "&");
    passed.map(|word| word.trim_matches(['\'', '"']).to_owned()).collect()
}

#[test]
fn each_command_line_of_a_document_is_one_that_the_program_takes() {
    let (mut wrong, mut read) = (Vec::new(), 0);
    for (name, text) in documents() {
        for line in command_lines(&text) {
            let words = words(&line.text);
            // What names a command and leaves its arguments to the sentence around it, such as "`portcullis outbox purge` with …".
            let names_it = |kind: ErrorKind| {
                !line.is_whole
                    && matches!(
                        kind,
                        ErrorKind::MissingRequiredArgument
                            | ErrorKind::InvalidValue
                            | ErrorKind::ValueValidation
                            | ErrorKind::MissingSubcommand
                            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
                    )
            };
            read += 1;
            if let Err(error) = Cli::command().try_get_matches_from(&words)
                && !matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion)
                && !names_it(error.kind())
            {
                wrong.push(format!("{name}: {}: {}", line.text, error.kind()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(read > 80, "only {read} command lines were found");
}

#[test]
fn each_line_of_the_log_that_is_explained_is_one_that_the_program_writes() {
    let mut sources = Vec::new();
    collect(&root().join("gateway/src"), ".rs", &mut sources);
    // As one text without the breaks of long lines.
    let code: String = sources.into_iter().map(|(_, text)| text.replace("\\\n", " ")).collect();
    let code = code.split_whitespace().collect::<Vec<_>>().join(" ");
    let document = std::fs::read_to_string(root().join("docs/logs.md")).unwrap();
    let (_, lines) = document.split_once("## Lines that call for somebody").unwrap();
    let (lines, _) = lines.split_once("\n## ").unwrap();
    let explained: Vec<&str> = lines.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    assert!(explained.len() > 15, "{explained:?}");
    let gone: Vec<_> = explained.into_iter().filter(|line| !code.contains(line)).collect();
    assert!(gone.is_empty(), "no such line is written: {gone:#?}");
}
