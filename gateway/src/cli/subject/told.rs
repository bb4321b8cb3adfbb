//! What a report says, put together from pages, with what it cannot know.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use serde::Serialize;
use x509_cert::der::DateTime;

use super::{Output, many};
use crate::subject::{Gap, KindTold, Page, PolicyTold};

/// What nobody can read from the index.
const UNKNOWN: &[&str] = &[
    "what was sent before that day, or while no index was kept",
    "what was sent past this gateway: by a pixel in the browser, by another server or by a partner",
    "what Meta did with it, and what Meta has from others",
    "events that carried none of the identifiers that were asked for, or the hash of one in a form that no library gives it",
    "which values were in the fields: they are kept nowhere; a hash of an identifier is still one",
    "who else has an identifier, such as a family with one address: what was sent about them is told here, too",
];

/// A report.
#[derive(Debug)]
pub(super) struct Told {
    retention_days: u32,
    identifiers: usize,
    suppressed: Option<usize>,
    since_day: i64,
    deliveries: BTreeMap<KindTold, BTreeMap<i64, u64>>,
    gaps: Vec<Gap>,
}

#[derive(Serialize)]
pub(super) struct Json<'a> {
    recorded_since: String,
    retention_days: u32,
    identifiers_asked_for: usize,
    /// Nothing if nobody knows.
    identifiers_suppressed_now: Option<usize>,
    deliveries: Vec<Delivery<'a>>,
    not_recorded: Vec<Missed<'a>>,
    counts: &'static str,
    cannot_know: &'static [&'static str],
}

#[derive(Serialize)]
struct Delivery<'a> {
    day: String,
    dataset: &'a str,
    site: &'a str,
    event: &'a str,
    fields: &'a [String],
    policy: &'a PolicyTold,
    events: u64,
}

#[derive(Serialize)]
struct Missed<'a> {
    day: String,
    dataset: &'a str,
    events: u64,
}

/// What a number of events is.
const COUNTS: &str = "a count can be too high, where a request to Meta was repeated after a crash or an event carries several of \
                      the identifiers, and never too low but for the events that are named as not recorded";

impl Told {
    /// Of nothing yet.
    pub(super) fn new(retention_days: u32, identifiers: usize, suppressed: Option<usize>) -> Self {
        Self { retention_days, identifiers, suppressed, since_day: 0, deliveries: BTreeMap::new(), gaps: Vec::new() }
    }

    /// Adds a page.
    pub(super) fn add(&mut self, page: Page) {
        let Page { since_day, mut kinds, rows, gaps, .. } = page;
        (self.since_day, self.gaps) = (since_day, gaps);
        let mut by_number: BTreeMap<i64, BTreeMap<i64, u64>> = BTreeMap::new();
        for (day, kind, events) in rows {
            *by_number.entry(kind).or_default().entry(day).or_default() += events;
        }
        for (number, days) in by_number {
            let Some(kind) = kinds.remove(&number) else { continue };
            let deliveries = self.deliveries.entry(kind).or_default();
            for (day, events) in days {
                *deliveries.entry(day).or_default() += events;
            }
        }
    }

    /// As JSON, the newest day last.
    pub(super) fn json(&self) -> Json<'_> {
        let mut deliveries: Vec<(i64, Delivery<'_>)> = Vec::new();
        for (kind, days) in &self.deliveries {
            for (day, events) in days {
                deliveries.push((
                    *day,
                    Delivery {
                        day: date(*day),
                        dataset: &kind.dataset,
                        site: &kind.site,
                        event: &kind.event,
                        fields: &kind.fields,
                        policy: &kind.policy,
                        events: *events,
                    },
                ));
            }
        }
        deliveries.sort_by_key(|(day, _)| *day);
        Json {
            recorded_since: date(self.since_day),
            retention_days: self.retention_days,
            identifiers_asked_for: self.identifiers,
            identifiers_suppressed_now: self.suppressed,
            deliveries: deliveries.into_iter().map(|(_, delivery)| delivery).collect(),
            not_recorded: self
                .gaps
                .iter()
                .map(|gap| Missed { day: date(gap.day), dataset: &gap.dataset, events: gap.events })
                .collect(),
            counts: COUNTS,
            cannot_know: UNKNOWN,
        }
    }

    /// As text.
    pub(super) fn print<W: Write>(&self, output: &mut Output<W>) -> std::io::Result<()> {
        let since = date(self.since_day);
        output.line("What this gateway sent to Meta about the person who is asked for. Days are in UTC.")?;
        output.line(format_args!(
            "recorded since   {since} (of that day perhaps not all), each delivery for {}",
            many(self.retention_days.into(), "day")
        ))?;
        output.line(format_args!("suppressed now   {}", self.suppressed_now()))?;
        if self.deliveries.is_empty() {
            output.line("\nNothing is recorded.")?;
        }
        for (kind, by_day) in &self.deliveries {
            let PolicyTold { name, version, digest } = &kind.policy;
            output.line(format_args!("\n{} from site {} to dataset {}", kind.event, kind.site, kind.dataset))?;
            output.line(format_args!("  policy   {name}@{version}, digest {digest}"))?;
            output.line(format_args!("  fields   {}", kind.fields.join(", ")))?;
            for (day, events) in by_day {
                output.line(format_args!(
                    "  {}   {events:>6} {}",
                    date(*day),
                    if *events == 1 { "event" } else { "events" }
                ))?;
            }
        }
        if !self.gaps.is_empty() {
            output.line("\nDelivered and not recorded, about whomever it was:")?;
        }
        for Gap { day, dataset, events } in &self.gaps {
            output.line(format_args!("  {}   {events:>6} to dataset {dataset}", date(*day)))?;
        }
        output.line(format_args!("\nOf the counts: {COUNTS}."))?;
        output.line("\nWhat this cannot know:")?;
        UNKNOWN.iter().try_for_each(|unknown| output.line(format_args!("  - {unknown}")))
    }

    fn suppressed_now(&self) -> String {
        match self.suppressed {
            None => "not known".to_owned(),
            Some(0) => "no".to_owned(),
            Some(held) if held == self.identifiers => "yes".to_owned(),
            Some(held) => format!("{held} of the {} identifiers", self.identifiers),
        }
    }
}

/// A day since 1970 as `2026-11-23`.
fn date(day: i64) -> String {
    let since = u64::try_from(day).ok().and_then(|day| day.checked_mul(86_400)).map(Duration::from_secs);
    let time = since.and_then(|since| DateTime::from_unix_duration(since).ok());
    time.map_or_else(|| format!("day {day}"), |time| format!("{:04}-{:02}-{:02}", time.year(), time.month(), time.day()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(event: &str) -> KindTold {
        KindTold {
            site: "shop".to_owned(),
            dataset: "1234567890123456".to_owned(),
            event: event.to_owned(),
            fields: vec!["event_name".to_owned(), "user_data.em".to_owned()],
            policy: PolicyTold { name: "retail".to_owned(), version: 1, digest: "ab".repeat(32) },
        }
    }

    /// Two pages, of which the second names the same kind by another number.
    fn told() -> Told {
        let mut told = Told::new(30, 2, Some(1));
        let kinds = BTreeMap::from([(1, kind("Purchase")), (2, kind("Lead"))]);
        told.add(Page { since_day: 20_000, kinds, rows: vec![(20_700, 1, 2), (20_700, 2, 1)], ..Page::default() });
        let gaps = vec![Gap { day: 20_701, dataset: "1234567890123456".to_owned(), events: 7 }];
        let kinds = BTreeMap::from([(3, kind("Purchase"))]);
        told.add(Page { since_day: 20_000, kinds, rows: vec![(20_701, 3, 1)], gaps, ..Page::default() });
        told
    }

    #[test]
    fn the_text_tells_each_kind_with_its_days_and_what_it_cannot_know() {
        let mut text = Vec::new();
        told().print(&mut Output::to(&mut text)).unwrap();
        let text = String::from_utf8(text).unwrap();
        for line in [
            "recorded since   2024-10-04 (of that day perhaps not all), each delivery for 30 days",
            "suppressed now   1 of the 2 identifiers",
            "Purchase from site shop to dataset 1234567890123456",
            "  fields   event_name, user_data.em",
            "  2026-09-04        2 events",
            "  2026-09-05        1 event",
            "  2026-09-05        7 to dataset 1234567890123456",
        ] {
            assert!(text.lines().any(|has| has == line), "{line:?} is not in\n{text}");
        }
        assert_eq!(text.matches("Purchase from").count(), 1);
        assert!(text.contains("a pixel in the browser"));
    }

    #[test]
    fn the_json_has_a_row_a_day_and_kind_in_the_order_of_days() {
        let told = told();
        let json = serde_json::to_string(&told.json()).unwrap();
        let days: Vec<&str> = json.match_indices("\"day\":\"").filter_map(|(at, _)| json.get(at + 7..at + 17)).collect();
        assert_eq!(days, ["2026-09-04", "2026-09-04", "2026-09-05", "2026-09-05"], "the last one is the gap");
        assert!(json.contains("\"identifiers_suppressed_now\":1") && json.contains("\"version\":1"), "{json}");
    }

    #[test]
    fn nothing_is_told_as_nothing() {
        let mut text = Vec::new();
        Told::new(1, 1, None).print(&mut Output::to(&mut text)).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert!(
            text.contains("Nothing is recorded.") && text.contains("for 1 day\n") && text.contains("not known"),
            "{text}"
        );
    }
}
