//! `portcullis completions`: a script by which a shell completes commands and options.

use std::io::Write;

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use super::{Cli, Failure, Output};

/// Print the script by which a shell completes the commands and options of portcullis.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  portcullis completions bash > ~/.local/share/bash-completion/completions/portcullis
  portcullis completions fish > ~/.config/fish/completions/portcullis.fish
  portcullis completions zsh > \"${fpath[1]}/_portcullis\"")]
pub struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

/// Runs it.
pub(super) fn run(command: &Completions) -> Result<(), Failure> {
    print(command.shell, Output::standard())
}

fn print<W: Write>(shell: Shell, mut output: Output<W>) -> Result<(), Failure> {
    let mut script = Vec::new();
    generate(shell, &mut Cli::command(), "portcullis", &mut script);
    Ok(output.line(String::from_utf8_lossy(&script).trim_end())?)
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    #[test]
    fn each_shell_gets_a_script_that_knows_the_commands() {
        for shell in Shell::value_variants() {
            let mut text = Vec::new();
            print(*shell, Output::to(&mut text)).unwrap();
            let text = String::from_utf8(text).unwrap();
            for word in ["meta-simulator", "inspect", "--config"] {
                let word = if *shell == Shell::Fish { word.trim_start_matches("--") } else { word };
                assert!(text.contains(word), "{shell}: {word} is missing");
            }
        }
    }
}
