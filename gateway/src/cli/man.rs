//! `portcullis man`: the manual page, made from the same words as `--help`.
//!
//! One page holds every command, so that there is one file to install and one place to search.

use std::io::{self, Write};

use anyhow::Context;
use clap::{Command, CommandFactory};
use roff::{Roff, roman};

use super::{Cli, Failure, Output};

/// Print the manual page, which holds every command.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  portcullis man | man -l -
  portcullis man > /usr/local/share/man/man1/portcullis.1")]
pub struct Man {}

/// Runs it.
pub(super) fn run(_: &Man) -> Result<(), Failure> {
    let page = page().context("the page cannot be written")?;
    Ok(Output::standard().line(page.trim_end())?)
}

fn page() -> io::Result<String> {
    // Every command takes --help, and repeating that would only make the page longer.
    let mut command = Cli::command().disable_help_subcommand(true).disable_help_flag(true);
    command.build();
    let mut page = Vec::new();
    let man = man_of(&command);
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    after_help(&command).to_writer(&mut page)?;
    below(&command, &mut page)?;
    Ok(without_repeated_preamble(&String::from_utf8_lossy(&page)))
}

/// Each part of the page brings the same definition of the apostrophe; once is enough.
fn without_repeated_preamble(page: &str) -> String {
    let preamble: Vec<&str> = page.lines().take_while(|line| !line.starts_with(".TH")).collect();
    let kept = page.lines().enumerate().filter(|(at, line)| *at < preamble.len() || !preamble.contains(line));
    kept.flat_map(|(_, line)| [line, "\n"]).collect()
}

/// The commands below this one, each a section, and its parts below that.
fn below(command: &Command, page: &mut Vec<u8>) -> io::Result<()> {
    for command in command.get_subcommands().filter(|command| !command.is_hide_set()) {
        let name = command.get_bin_name().unwrap_or(command.get_name());
        let mut title = Roff::default();
        title.control("SH", [name]);
        title.to_writer(page)?;

        let mut parts = Vec::new();
        let man = man_of(command);
        man.render_synopsis_section(&mut parts)?;
        man.render_description_section(&mut parts)?;
        if command.get_arguments().next().is_some() {
            man.render_options_section(&mut parts)?;
        }
        after_help(command).to_writer(&mut parts)?;
        for line in String::from_utf8_lossy(&parts).lines() {
            match line.strip_prefix(".SH ") {
                Some(part) => writeln!(page, ".SS {part}")?,
                None => writeln!(page, "{line}")?,
            }
        }
        below(command, page)?;
    }
    Ok(())
}

fn man_of(command: &Command) -> clap_mangen::Man {
    let version = concat!("portcullis ", env!("CARGO_PKG_VERSION"));
    // A release has a version, not a day. An empty date would make the version the date.
    clap_mangen::Man::new(command.clone()).date(" ").source(version).manual("Portcullis")
}

/// What stands below the options of `--help`, line for line as it stands there.
fn after_help(command: &Command) -> Roff {
    let mut roff = Roff::default();
    if let Some(text) = command.get_after_long_help().or(command.get_after_help()) {
        let text = text.to_string();
        let lines = text.lines().skip_while(|line| line.starts_with("Example"));
        roff.control("SH", ["EXAMPLES"]);
        roff.control("nf", []);
        for line in lines {
            roff.text([roman(line)]);
        }
        roff.control("fi", []);
    }
    roff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_a_section_for_each_command_with_its_examples() {
        let page = page().unwrap();
        for section in
            ["NAME", "SYNOPSIS", "DESCRIPTION", "EXAMPLES", "\"portcullis serve\"", "\"portcullis outbox inspect\""]
        {
            assert_eq!(page.matches(&format!("\n.SH {section}\n")).count(), 1, "{section}\n{page}");
        }
        assert_eq!(page.matches("\n.nf\n").count(), page.matches("EXAMPLES\n").count());
        assert_eq!(page.matches(".ds Aq").count(), 2, "{page}");
        let title = page.lines().find(|line| line.starts_with(".TH")).unwrap();
        assert_eq!(title, format!(".TH portcullis 1 \" \" \"portcullis {}\" Portcullis", env!("CARGO_PKG_VERSION")));
    }
}
