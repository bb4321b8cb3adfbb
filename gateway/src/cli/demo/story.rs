//! What the demo tells: for each event what came in, what was removed and why, and what the simulator received.

use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, bail};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::{Output, http};
use super::events::{Event, SITES, Site};
use super::series::Series;
use crate::simulator::Received;

/// How long an event may take from the gateway to the simulator.
const DELIVERY: Duration = Duration::from_secs(20);
/// How often that is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// The parts that are running.
#[derive(Debug)]
pub(super) struct Story {
    pub(super) gateway: SocketAddr,
    pub(super) admin: SocketAddr,
    pub(super) received: Received,
    pub(super) now_secs: u64,
}

impl Story {
    /// Tells it from beginning to end. `keys` are those of the sites, in their order.
    pub(super) async fn tell<W: Write>(&self, output: &mut Output<W>, keys: &[String]) -> anyhow::Result<()> {
        output.line(
            "Portcullis stands between a site and Meta's Conversions API. The gateway and a stand-in for Meta run in this",
        )?;
        output.line("process. Eight events of three sites go through; all of them are made up.")?;
        let start = self.series().await?;
        for (site, key) in SITES.iter().zip(keys) {
            output.line(format_args!("\n=== {}, policy {} {}", site.id, site.policy, "=".repeat(60)))?;
            for event in site.events {
                self.show(output, site, event, key).await?;
            }
        }
        output.line(format_args!("\n=== what Prometheus would see {}", "=".repeat(62)))?;
        let end = self.series().await?;
        for (series, value) in end.counters_grown(&start) {
            output.line(format_args!("{series} {value}"))?;
        }
        output.line(format_args!("\n=== how to go on {}", "=".repeat(75)))?;
        for line in [
            "portcullis policy explain pharmacy@1     what leaves under a policy, and which channels stay open",
            "  ... --event FILE                       what would become of an event of yours, field by field",
            "portcullis key new                       a key for your site, in the place of Meta's token",
            "config.example.toml                      every setting with its default; copy it and name your site",
            "portcullis check --config FILE           whether a configuration is right",
            "portcullis serve --config FILE           the gateway; point Meta's SDK at it",
            "portcullis meta-simulator                the stand-in for Meta, to try your own events on",
        ] {
            output.line(format_args!("  {line}"))?;
        }
        Ok(())
    }

    async fn show<W: Write>(&self, output: &mut Output<W>, site: &Site, event: &Event, key: &str) -> anyhow::Result<()> {
        let body = event.at(self.now_secs);
        output.line(format_args!("\n--- {}: {}\n\ncame in:", site.id, event.title))?;
        output.line(indented(&body))?;
        let before = self.series().await?;
        let seen = self.received.events().len();
        let request = format!("{{\"data\":[{body}],\"access_token\":\"{key}\"}}");
        let answer = http::post(self.gateway, &format!("/v26.0/{}/events", site.dataset), &request).await?.done()?;
        self.settled().await?;
        let after = self.series().await?;

        output.line(format_args!("answered:\n  {answer}"))?;
        for (labels, _) in after.grown(&before, "portcullis_health_signals_total") {
            output.line(format_args!("speaks of health: {}", labels.get("kind")))?;
        }
        let dropped = after.grown(&before, "portcullis_events_dropped_total").next();
        if let Some((labels, _)) = dropped {
            let (stage, reason) = (labels.get("stage"), labels.get("reason"));
            output.line(format_args!("dropped by the stage {stage}: {reason}. Meta received nothing of it."))?;
            return Ok(());
        }
        output.line("removed, with the reason:")?;
        for (labels, count) in after.grown(&before, "portcullis_fields_removed_total") {
            output.line(format_args!("  {:<40} {:<18} {count}", labels.get("field"), labels.get("reason")))?;
        }
        output.line("changed:")?;
        for (labels, _) in after.grown(&before, "portcullis_fields_changed_total") {
            output.line(format_args!("  {:<40} {}", labels.get("field"), labels.get("action")))?;
        }
        output.line("Meta received:")?;
        let received = self.received.events();
        let Some(event) = received.get(seen) else { bail!("the simulator received nothing; please report this") };
        let event: ReceivedEvent<'_> = serde_json::from_str(event)?;
        output.line(spread(event.event.get(), "  "))?;
        Ok(())
    }

    /// Waits until nothing is pending.
    async fn settled(&self) -> anyhow::Result<()> {
        let drained = async {
            while self.series().await?.value("portcullis_outbox_pending_events") > 0.0 {
                tokio::time::sleep(LOOK).await;
            }
            anyhow::Ok(())
        };
        tokio::time::timeout(DELIVERY, drained).await.context("the event did not arrive in time")?
    }

    async fn series(&self) -> anyhow::Result<Series> {
        Ok(Series::read(&http::get(self.admin, "/metrics").await?.done()?))
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

/// An entry of the simulator's record; the event is left as it was received.
#[derive(Deserialize)]
struct ReceivedEvent<'a> {
    #[serde(borrow)]
    event: &'a RawValue,
}

/// JSON on several lines, its texts and numbers digit for digit. Lists stay on one line.
fn spread(json: &str, margin: &str) -> String {
    let mut text = margin.to_owned();
    let (mut depth, mut lists, mut in_string, mut escaped) = (0_usize, 0_usize, false, false);
    let break_line = |text: &mut String, depth: usize| {
        text.push('\n');
        text.push_str(margin);
        text.push_str(&"  ".repeat(depth));
    };
    for character in json.chars() {
        let outside = !in_string;
        if outside && lists == 0 && character == '}' {
            depth = depth.saturating_sub(1);
            break_line(&mut text, depth);
        }
        text.push(character);
        match character {
            '"' if !escaped => in_string = !in_string,
            '[' if outside => lists += 1,
            ']' if outside => lists = lists.saturating_sub(1),
            '{' if outside && lists == 0 => {
                depth += 1;
                break_line(&mut text, depth);
            }
            ',' if outside && lists == 0 => break_line(&mut text, depth),
            ':' if outside => text.push(' '),
            _ => {}
        }
        escaped = in_string && character == '\\' && !escaped;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::spread;

    #[test]
    fn json_is_spread_without_a_change_of_its_texts_and_numbers() {
        let json = r#"{"a":18.40,"b":{"c":"x,{\"y"},"d":[{"e":1},2]}"#;
        let lines =
            "> {\n>   \"a\": 18.40,\n>   \"b\": {\n>     \"c\": \"x,{\\\"y\"\n>   },\n>   \"d\": [{\"e\": 1},2]\n> }";
        assert_eq!(spread(json, "> "), lines);
    }
}
