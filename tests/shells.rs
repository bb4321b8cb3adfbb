//! What a packager installs beside the executable: completions, as a real shell runs them, and the manual page, as a real
//! formatter sets it.

#![expect(clippy::unwrap_used, reason = "a helper of a test may panic as the test may")]

use std::path::Path;

use harness::{Executable, Output, executable};

async fn printed(arguments: &[&str], folder: &Path) -> String {
    let output = executable!().run(arguments, &[], folder).await;
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""), "{arguments:?}");
    output.stdout
}

/// What bash offers after these words; the last of them is being typed.
async fn offered(words: &[&str], folder: &Path) -> Vec<String> {
    let script = format!(
        "source completions.bash\n\
         complete -p portcullis >/dev/null || exit 1\n\
         COMP_WORDS=({}) COMP_CWORD={}\n\
         _portcullis portcullis '{}' '{}'\n\
         printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        words.join(" "),
        words.len() - 1,
        words.last().unwrap(),
        words.get(words.len() - 2).unwrap(),
    );
    let Output { code, stdout, stderr } =
        Executable::at("bash".into()).run(&["--norc", "--noprofile", "-c", &script], &[], folder).await;
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{words:?}");
    stdout.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn bash_completes_commands_their_parts_and_their_options() {
    let folder = tempfile::tempdir().unwrap();
    let script = printed(&["completions", "bash"], folder.path()).await;
    std::fs::write(folder.path().join("completions.bash"), script).unwrap();
    assert_eq!(offered(&["portcullis", "meta"], folder.path()).await, ["meta-simulator"]);
    assert_eq!(offered(&["portcullis", "outbox", "ins"], folder.path()).await, ["inspect"]);
    assert_eq!(offered(&["portcullis", "serve", "--conf"], folder.path()).await, ["--config"]);
    assert_eq!(offered(&["portcullis", "completions", "fi"], folder.path()).await, ["fish"]);
    let schemas = offered(&["portcullis", "schema", "\"\""], folder.path()).await;
    assert!(schemas.contains(&"config".to_owned()) && schemas.contains(&"policy".to_owned()), "{schemas:?}");
    std::fs::write(folder.path().join("portcullis.toml"), "").unwrap();
    let files = offered(&["portcullis", "check", "--config", "portc"], folder.path()).await;
    assert_eq!(files, ["portcullis.toml"]);
}

#[tokio::test]
async fn other_shells_read_their_scripts_where_they_are_installed() {
    let folder = tempfile::tempdir().unwrap();
    for (shell, check) in [("bash", "-n"), ("zsh", "-n"), ("fish", "--no-execute")] {
        let script = printed(&["completions", shell], folder.path()).await;
        std::fs::write(folder.path().join("script"), script).unwrap();
        let found = Executable::at("sh".into()).run(&["-c", &format!("command -v {shell}")], &[], folder.path()).await;
        if found.code == Some(0) {
            let read = Executable::at(shell.into()).run(&[check, "script"], &[], folder.path()).await;
            assert_eq!((read.code, read.stderr.as_str()), (Some(0), ""), "{shell}");
        }
    }
}

#[tokio::test]
async fn the_manual_page_is_set_without_a_warning_and_holds_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let page = printed(&["man"], folder.path()).await;
    std::fs::write(folder.path().join("portcullis.1"), page).unwrap();
    let set =
        Executable::at("groff".into()).run(&["-Tutf8", "-man", "-ww", "-P-cbou", "portcullis.1"], &[], folder.path()).await;
    assert_eq!((set.code, set.stderr.as_str()), (Some(0), ""));
    for command in
        ["serve", "demo", "check", "meta-simulator", "key new", "policy explain", "outbox inspect", "schema config", "man"]
    {
        let title = format!("portcullis {command}");
        assert!(set.stdout.lines().any(|line| line == title), "{title} is not in the page:\n{}", set.stdout);
    }
    assert!(set.stdout.contains("portcullis serve --config portcullis.toml"), "{}", set.stdout);
}
