//! The table that people read.

use std::io::{self, Write};

use super::person;
use super::told::{Event, Row, Told};
use crate::cli::Output;

const TITLES: [&str; 7] = ["FIELD", "CLASS", "STAGE", "ACTION", "BECAME", "REASON", "VALUES"];
/// Stands where there is nothing to say.
const NOTHING: &str = "-";

pub(super) fn print<W: Write>(told: &Told<'_>, output: &mut Output<W>) -> io::Result<()> {
    let dataset = told.dataset.map_or_else(|| "no dataset".to_owned(), |id| format!("the dataset {id}"));
    output.line(format_args!("policy   {}", told.policy))?;
    output.line(format_args!("digest   {}", told.digest))?;
    output.line(format_args!("for      the hosts {} and {dataset}", told.hosts.join(", ")))?;
    if told.throw_away_key {
        output.line("key      made for this run and forgotten: pseudonyms are not those of the gateway")?;
    }
    for event in &told.events {
        print_event(event, told.events.len(), output)?;
    }
    Ok(())
}

fn print_event<W: Write>(event: &Event, of: usize, output: &mut Output<W>) -> io::Result<()> {
    let stage = event.stage.map_or_else(String::new, |stage| format!(" by the stage {stage}"));
    let reason = event.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
    let missing = event.missing.map_or_else(String::new, |path| format!(" ({path})"));
    output.line(format_args!("\nevent {} of {of}: {}{stage}{reason}{missing}", event.number, event.outcome))?;
    if let Some(name) = &event.name {
        output.line(format_args!("  name     {name}, which the policy lists"))?;
    }
    if let Some(class) = &event.page_class {
        output.line(format_args!("  page     of the class {class}"))?;
    }
    if let Some(consent) = &event.consent {
        person::print(consent, output)?;
    }
    for signal in &event.signals {
        output.line(format_args!("  signal   {} in {}", signal.kind, signal.field))?;
    }
    if !event.fields.is_empty() {
        print_rows(&event.fields, output)?;
    }
    for values in &event.values {
        output.line(format_args!("  {}", values.field))?;
        output.line(format_args!("    came    {}", values.came.as_deref().map_or(NOTHING, |raw| raw.get())))?;
        output.line(format_args!("    leaves  {}", values.leaves.as_deref().map_or(NOTHING, |raw| raw.get())))?;
    }
    Ok(())
}

fn print_rows<W: Write>(rows: &[Row], output: &mut Output<W>) -> io::Result<()> {
    let cells: Vec<[String; 7]> = std::iter::once(TITLES.map(str::to_owned)).chain(rows.iter().map(cells)).collect();
    let width = |column: usize| cells.iter().filter_map(|row| row.get(column)).map(String::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..TITLES.len()).map(width).collect();
    for row in &cells {
        let line = row.iter().zip(&widths).fold(String::new(), |line, (cell, width)| format!("{line}  {cell:<width$}"));
        output.line(line.trim_end())?;
    }
    Ok(())
}

fn cells(row: &Row) -> [String; 7] {
    let words = [&row.field, row.class.unwrap_or(NOTHING), row.stage, row.action, row.became, row.reason.unwrap_or(NOTHING)];
    let [field, class, stage, action, became, reason] = words.map(str::to_owned);
    [field, class, stage, action, became, reason, row.count.to_string()]
}
