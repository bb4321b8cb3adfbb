//! What was decided because of the person, as people read it: what was said, where, what was asked, and what came of it.

use std::io::{self, Write};

use portcullis_filters::pipeline::ConsentTrace;

use crate::cli::Output;

pub(super) fn print<W: Write>(consent: &ConsentTrace, output: &mut Output<W>) -> io::Result<()> {
    let opt_out = if consent.opt_out { ", opt_out: true" } else { "" };
    output.line(format_args!(
        "  consent  marketing: {}, health: {}, gpc: {}, time: {}{opt_out}",
        consent.marketing, consent.health, consent.gpc, consent.time
    ))?;
    for place in &consent.places {
        output.line(format_args!("  place    {} ({})", place.region, place.source))?;
    }
    for law in &consent.jurisdictions {
        output.line(format_args!("  law      {} applies: {}", law.id, law.because))?;
    }
    let asked = &consent.asked;
    let gpc = if asked.honor_gpc { ", Global Privacy Control is a denial" } else { "" };
    let age = asked.max_age_days.map_or_else(String::new, |days| format!(", {days} days old at most"));
    match asked.require {
        "none" => output.line(format_args!("  asked    nothing{gpc}"))?,
        require => output.line(format_args!("  asked    {require} for {}{gpc}{age}", asked.purposes.join(" and ")))?,
    }
    if consent.drops_health {
        output.line("  health   an event that speaks of health is dropped, because of a law")?;
    }
    if let Some(limited) = &consent.limited_data_use {
        output.line(format_args!(
            "  LDU      asked for by the {}: country {}, state {}",
            limited.asked_by, limited.country, limited.state
        ))?;
    }
    output.line(format_args!("  person   {}", consent.outcome))
}
