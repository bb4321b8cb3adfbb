//! The table.

use std::fmt::Write as _;

use crate::judge::Figures;

/// The head of the table; [`Line::print`] writes its lines as they come.
pub(crate) const HEAD: &str = "| fault | seconds | issued | owed | arrived | repeats | quarantined | 503s | kills | requests | verdict |\n\
                               |---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|";

/// What a run came to.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) seconds: f64,
    pub(crate) figures: Figures,
    /// What is wrong, if anything is.
    pub(crate) problem: Option<String>,
    /// What else was measured.
    pub(crate) note: Option<String>,
}

impl Line {
    pub(crate) fn print(&self) {
        let Figures { issued, owed, arrived, repeats, quarantined, turned_away, requests, kills } = &self.figures;
        let first_line = |problem: &String| problem.lines().next().unwrap_or_default().to_owned();
        let verdict =
            self.problem.as_ref().map_or_else(|| "well".to_owned(), |problem| format!("FAILED: {}", first_line(problem)));
        println!(
            "| {} | {:.1} | {issued} | {owed} | {arrived} | {repeats} | {quarantined} | {turned_away} | {kills} | {requests} | {verdict} |",
            self.name, self.seconds
        );
    }
}

/// All runs.
#[derive(Debug, Default)]
pub(crate) struct Report(Vec<Line>);

impl Report {
    pub(crate) fn add(&mut self, line: Line) {
        self.0.push(line);
    }

    pub(crate) fn failed(&self) -> bool {
        self.0.iter().any(|line| line.problem.is_some())
    }

    /// Totals, what was measured, and each failure in full.
    pub(crate) fn summary(&self) -> String {
        let sum = |of: fn(&Figures) -> u64| self.0.iter().map(|line| of(&line.figures)).sum::<u64>();
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let failed = self.0.iter().filter(|line| line.problem.is_some()).count();
        let mut text = format!(
            "{} runs, {failed} failed: {} events answered 2xx, {} arrived, {} repeats, {} in quarantine, {} kills",
            self.0.len(),
            sum(|figures| u64::try_from(figures.owed).unwrap_or(u64::MAX)),
            self.0.iter().map(|line| count(line.figures.arrived)).sum::<u64>(),
            sum(|figures| figures.repeats),
            sum(|figures| figures.quarantined),
            sum(|figures| figures.kills),
        );
        for line in &self.0 {
            for (what, told) in [("", &line.note), ("FAILED: ", &line.problem)] {
                if let Some(told) = told {
                    // Writing to a string cannot fail.
                    _ = write!(text, "\n\n{}: {what}{told}", line.name);
                }
            }
        }
        text
    }
}
