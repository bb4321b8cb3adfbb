//! No secret leaves, and no event that speaks of health leaves with an identity, however either is written. A short run; long ones are
//! `cargo run --release -p portcullis-hostile -- --help`.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_filters::pipeline::Outcome;
use portcullis_filters::policy::{Channel, Explanation};
use portcullis_filters::schema::{Field, ROWS};
use portcullis_hostile::{
    Chain, Chance, Checker, Encoding, Filter, Generator, Kind, OUTSIDE, Place, Site, all_places, outside, run,
};

const SEED: u64 = 2026;
/// Enough to visit every place with some encodings.
const EVENTS: u64 = 3000;

#[test]
fn under_retail_nothing_hostile_leaves() {
    nothing_hostile_leaves(Site::Retail);
}

#[test]
fn under_pharmacy_nothing_hostile_leaves() {
    nothing_hostile_leaves(Site::Pharmacy);
}

#[test]
fn under_hospital_nothing_hostile_leaves() {
    nothing_hostile_leaves(Site::Hospital);
}

fn nothing_hostile_leaves(site: Site) {
    let tally = run(site, SEED, 0..EVENTS);
    assert_eq!(tally.failures(), (0, 0), "{tally}\n{}", tally.stories.join("\n"));
    assert!(tally.forwarded * 3 > tally.events, "most of what is left of the events passes, or nothing was tried: {tally}");
}

/// What is outside the claim is listed once, in `src/claims.rs`. An entry by which nothing leaves is not needed; and whoever asks
/// `policy explain` reads there of each way, with its field, as an open channel.
#[test]
fn every_entry_of_what_is_outside_the_claim_is_needed_and_explain_tells_of_it() {
    let mut needed = BTreeSet::new();
    for site in Site::ALL.iter().copied() {
        let explained = Filter::of(site).policy().explain();
        for (why, fields) in ways_outside(site, &explained) {
            let told = OUTSIDE.iter().find(|entry| entry.why == why).map_or("", |entry| entry.told);
            for field in fields {
                let tells = |channel: &Channel| channel.text.contains(told) && names(&channel.text, field);
                assert!(explained.channels.iter().any(tells), "{site:?} does not tell of {}: {why}", field.path());
            }
            needed.insert(why);
        }
    }
    for entry in OUTSIDE {
        assert!(needed.contains(entry.why), "nothing leaves by this way: {}", entry.why);
    }
}

/// The ways outside the claim by which a secret leaves, written plainly, in mixed case or wrapped once, and from which fields.
fn ways_outside(site: Site, explained: &Explanation) -> BTreeMap<&'static str, BTreeSet<Field>> {
    let (filter, generator) = (Filter::of(site), Generator::new(site, SEED));
    let (mut checker, mut chance) = (Checker::default(), Chance::new(SEED));
    let mut ways: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for chain in [Encoding::Plain, Encoding::MixedCase, Encoding::Base64Url].map(Chain::one) {
        let pairs = all_places().into_iter().flat_map(|place| Kind::ALL.iter().map(move |kind| (*kind, place)));
        for (kind, place) in pairs {
            let Some(why) = outside(site, kind, place, &chain) else { continue };
            let Some(field) = leaving_field(place) else { continue };
            let is_known = ways.get(why).is_some_and(|fields| fields.contains(&field));
            if is_known || !explained.leaves().any(|line| covers(&line.path, field)) {
                continue;
            }
            let leaves = (0..20).any(|_| {
                let event = generator.with(kind, place, chain.clone(), &mut chance);
                let outcome = filter.sanitize(&event.raw);
                matches!(&outcome, Outcome::Forward(left, _) if checker.find(left.as_str(), &event.secret).is_some())
            });
            if leaves {
                ways.entry(why).or_default().insert(field);
            }
        }
    }
    ways
}

/// The field in which a secret at a place would leave: a click id of a page makes the cookie.
fn leaving_field(place: Place) -> Option<Field> {
    match place {
        Place::Page(part) if part.is_click_id() => Some(Field::Fbc),
        other => other.field(),
    }
}

/// Whether a channel is of a field: it names it, or the list of goods that it is part of, or no field at all.
fn names(channel: &str, field: Field) -> bool {
    let of = channel.split_once(": ").map_or("", |(of, _)| of);
    let mut paths = of.split(", ").filter(|path| ROWS.iter().any(|row| row.path == *path)).peekable();
    paths.peek().is_none() || paths.any(|path| covers(path, field))
}

/// Whether a path is that of a field, or of the list of goods that it is part of.
fn covers(path: &str, field: Field) -> bool {
    field.path().strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with("[]"))
}
