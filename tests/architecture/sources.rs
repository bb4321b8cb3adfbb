//! The files that are held to the rules, and how lines of code are found in them.

use std::path::{Path, PathBuf};

pub(super) struct Source {
    /// From the root, with `/`.
    pub(super) name: String,
    pub(super) text: String,
}

pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every file of ours with one of these endings, but for what is built or installed.
pub(super) fn files(endings: &[&str]) -> Vec<Source> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && !matches!(name.as_str(), "target" | ".git" | "node_modules" | "portcullis-data") {
                walk(&path, found);
            } else if path.is_file() {
                found.push(path);
            }
        }
    }
    let mut paths = Vec::new();
    walk(&root(), &mut paths);
    paths.sort();
    let wanted = |path: &PathBuf| endings.iter().any(|ending| path.to_string_lossy().ends_with(ending));
    let source = |path: PathBuf| Source {
        name: path.strip_prefix(root()).unwrap().to_string_lossy().into_owned(),
        text: String::from_utf8(std::fs::read(&path).unwrap()).unwrap_or_default(),
    };
    paths.into_iter().filter(wanted).map(source).collect()
}

pub(super) fn rust() -> Vec<Source> {
    // The rules name what they forbid; the programs that trybuild compiles are wrong on purpose.
    let ours = |source: &Source| {
        !source.name.starts_with("tests/architecture/") && !source.name.starts_with("filters/tests/compile_fail/")
    };
    let sources: Vec<Source> = files(&[".rs"]).into_iter().filter(ours).collect();
    assert!(sources.len() > 30, "the sources are not where they were");
    sources
}

impl Source {
    /// Whether the file is a module of unit tests.
    pub(super) fn is_unit_tests(&self) -> bool {
        self.name.contains("/src/") && (self.name.contains("/tests/") || self.name.ends_with("tests.rs"))
    }

    /// Numbered lines, without comments.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(at, line)| (at + 1, line.split("//").next().unwrap_or_default()))
    }

    /// The same without unit tests, which are a file or the end of one.
    pub(super) fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let tests = self.text.find("\n#[cfg(test)]\nmod tests {").and_then(|end| self.text.get(..end));
        let end = if self.is_unit_tests() { 0 } else { tests.unwrap_or(&self.text).lines().count() };
        self.lines().take(end)
    }

    /// Every line of code that holds the word, as `file:line: rule`.
    pub(super) fn holding(&self, word: &str, rule: &str) -> Vec<String> {
        self.found_in(self.code(), word, rule)
    }

    pub(super) fn found_in<'s>(&self, lines: impl Iterator<Item = (usize, &'s str)>, word: &str, rule: &str) -> Vec<String> {
        let holds = |(_, line): &(usize, &str)| line.contains(word);
        lines.filter(holds).map(|(at, _)| format!("{}:{at}: `{word}`: {rule}", self.name)).collect()
    }
}
