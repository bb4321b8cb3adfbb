//! No secret leaves, and no event that speaks of health leaves with an identity, however either is written. A short run; long ones are
//! `cargo run --release -p portcullis-hostile -- --help`.

use portcullis_filters::pipeline::Outcome;
use portcullis_hostile::{
    Chain, Chance, Checker, Encoding, Filter, Generator, Kind, OUTSIDE, Site, all_places, outside, run,
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

/// What is outside the claim is listed once, in `src/claims.rs`. An entry by which nothing leaves is not needed.
#[test]
fn every_entry_of_what_is_outside_the_claim_is_needed() {
    for entry in OUTSIDE {
        assert!(Site::ALL.iter().any(|site| leaves_by(*site, entry.why)), "nothing leaves by this way: {}", entry.why);
    }
}

/// Whether a secret, written plainly or wrapped once, leaves by a way that is outside the claim.
fn leaves_by(site: Site, why: &str) -> bool {
    [Encoding::Plain, Encoding::Base64Url].into_iter().any(|encoding| leaves_as(site, why, &Chain::one(encoding)))
}

fn leaves_as(site: Site, why: &str, chain: &Chain) -> bool {
    let (filter, generator) = (Filter::of(site), Generator::new(site, SEED));
    let (mut checker, mut chance) = (Checker::default(), Chance::new(SEED));
    let pairs = all_places().into_iter().flat_map(|place| Kind::ALL.iter().map(move |kind| (*kind, place)));
    let mut such = pairs.filter(|(kind, place)| outside(site, *kind, *place, chain) == Some(why));
    such.any(|(kind, place)| {
        (0..20).any(|_| {
            let event = generator.with(kind, place, chain.clone(), &mut chance);
            let outcome = filter.sanitize(&event.raw);
            matches!(&outcome, Outcome::Forward(left, _) if checker.find(left.as_str(), &event.secret).is_some())
        })
    })
}
