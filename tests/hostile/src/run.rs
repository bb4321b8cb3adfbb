//! A run: so many hostile events through the filter under one policy, and what became of them.

use std::collections::BTreeMap;

use portcullis_filters::pipeline::{Context, Outcome, sanitize};
use portcullis_filters::policy::Policy;
use portcullis_filters::pseudonym::PseudonymKey;
use portcullis_filters::suppression::Nobody;
use serde_json::Value;

use crate::checker::Checker;
use crate::claims::{self, Must};
use crate::event::{Generator, Hostile};
use crate::ordinary::{DATASET, HOSTS, NOW, Site};

/// Finds of each sort that are kept with their story.
const MOST_STORIES: usize = 40;

/// What became of the events of a run.
#[derive(Debug, Default)]
pub struct Tally {
    pub events: u64,
    pub forwarded: u64,
    pub refused: u64,
    /// By stage and reason.
    pub dropped: BTreeMap<String, u64>,
    /// Secrets that left though that is claimed not to happen, by kind, place and encoding.
    pub leaks: BTreeMap<String, u64>,
    /// Secrets that left by a way that is outside the claim, by the reason.
    pub outside: BTreeMap<&'static str, u64>,
    /// Events that speak of health and left with an identity, by kind, place and encoding.
    pub missed: BTreeMap<String, u64>,
    /// The first finds: number, what was found, the event.
    pub stories: Vec<String>,
}

/// The filter under one built-in policy.
#[derive(Debug)]
pub struct Filter {
    policy: Policy,
    pseudonyms: PseudonymKey,
}

impl Filter {
    /// Of a site.
    pub fn of(site: Site) -> Self {
        let (name, text) = Policy::builtin(site.policy()).expect("a built-in policy");
        Self::with(name, text)
    }

    /// Of a policy's text.
    pub fn with(name: &str, text: &str) -> Self {
        let hosts: Vec<String> = HOSTS.iter().map(ToString::to_string).collect();
        let policy = Policy::compile(text, name, &hosts).unwrap_or_else(|error| panic!("{error}"));
        Self { policy, pseudonyms: PseudonymKey::new([7; 32]) }
    }

    /// The policy.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What becomes of an event.
    pub fn sanitize(&self, raw: &str) -> Outcome {
        let context = Context {
            dataset: DATASET,
            now_secs: NOW,
            fresh_id: [9; 16],
            pseudonyms: &self.pseudonyms,
            suppressed: &Nobody,
        };
        sanitize(&self.policy, &context, raw)
    }
}

/// Runs the events of these numbers.
pub fn run(site: Site, seed: u64, numbers: std::ops::Range<u64>) -> Tally {
    let (filter, generator) = (Filter::of(site), Generator::new(site, seed));
    let (mut checker, mut tally) = (Checker::default(), Tally::default());
    for number in numbers {
        let hostile = generator.event(number);
        judge(&mut tally, &mut checker, site, number, &hostile, &filter.sanitize(&hostile.raw));
    }
    tally
}

fn judge(tally: &mut Tally, checker: &mut Checker, site: Site, number: u64, hostile: &Hostile, outcome: &Outcome) {
    tally.events += 1;
    let body = match outcome {
        Outcome::Forward(event, _) => event.as_str(),
        Outcome::Drop(stage, reason, _) => {
            *tally.dropped.entry(format!("{stage} {reason}")).or_default() += 1;
            return;
        }
        Outcome::Refuse(_) => {
            tally.refused += 1;
            return;
        }
    };
    tally.forwarded += 1;
    let Hostile { secret, place, chain, .. } = hostile;
    let what = format!("{:?} | {} | {}", secret.kind, place.name(), chain.name());
    let mut tell = |sort: &str, find: &str| {
        if tally.stories.len() < MOST_STORIES {
            tally.stories.push(format!("{sort} {number}: {what}: {find}\n  in  {}\n  out {body}", hostile.raw));
        }
    };
    if let Some(find) = checker.find(body, secret) {
        if let Some(why) = claims::outside(site, secret.kind, *place, chain) {
            *tally.outside.entry(why).or_default() += 1;
        } else {
            tell("leak", &find);
            *tally.leaks.entry(what.clone()).or_default() += 1;
        }
    }
    let is_missed = match claims::must(site, secret.kind, *place, chain) {
        Must::Nothing => false,
        Must::Drop => true,
        Must::LoseGoods => has_goods(body),
    };
    if is_missed {
        tell("missed", &secret.text);
        *tally.missed.entry(what).or_default() += 1;
    }
}

/// Whether anything of the goods is left that could tell what was bought.
fn has_goods(body: &str) -> bool {
    let event: Value = serde_json::from_str(body).unwrap_or_default();
    ["contents", "content_ids", "content_type", "num_items", "order_id"]
        .iter()
        .any(|name| event["custom_data"].get(name).is_some())
}

impl Tally {
    /// Adds another run's.
    pub fn add(&mut self, other: Self) {
        self.events += other.events;
        self.forwarded += other.forwarded;
        self.refused += other.refused;
        add(&mut self.dropped, other.dropped);
        add(&mut self.leaks, other.leaks);
        add(&mut self.outside, other.outside);
        add(&mut self.missed, other.missed);
        self.stories.extend(other.stories);
    }

    /// How often something left that must not, and how often a signal was missed.
    pub fn failures(&self) -> (u64, u64) {
        (self.leaks.values().sum(), self.missed.values().sum())
    }
}

fn add<K: Ord>(into: &mut BTreeMap<K, u64>, from: BTreeMap<K, u64>) {
    for (key, count) in from {
        *into.entry(key).or_default() += count;
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{} events: {} forwarded, {} refused", self.events, self.forwarded, self.refused)?;
        self.dropped.iter().try_for_each(|(why, count)| writeln!(f, "  dropped {count}: {why}"))?;
        self.outside.iter().try_for_each(|(why, count)| writeln!(f, "  outside the claim {count}: {why}"))?;
        let (leaks, missed) = self.failures();
        writeln!(f, "  leaks: {leaks}, missed signals: {missed}")?;
        self.leaks.iter().try_for_each(|(what, count)| writeln!(f, "    leak {count}: {what}"))?;
        self.missed.iter().try_for_each(|(what, count)| writeln!(f, "    missed {count}: {what}"))
    }
}
