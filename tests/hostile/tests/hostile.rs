//! No secret leaves, and no event that speaks of health leaves with an identity, however either is written. A short run; long ones are
//! `cargo run --release -p portcullis-hostile -- --help`.

#![expect(clippy::print_stdout, reason = "the tally of a run is worth reading, also when nothing was found")]

use portcullis_hostile::{OUTSIDE, Site, run};

const SEED: u64 = 2026;
/// Enough to visit every place with some encodings.
const EVENTS: u64 = 4000;

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
    println!("{}: {tally}", site.policy());
    assert_eq!(tally.failures(), (0, 0), "{tally}\n{}", tally.stories.join("\n"));
    assert!(tally.forwarded * 3 > tally.events, "most of what is left of the events passes, or nothing was tried: {tally}");
}

/// What is outside the claim is listed once, in `src/claims.rs`. An entry that no event needs is not needed.
#[test]
fn every_entry_of_what_is_outside_the_claim_is_needed() {
    let mut tally = run(Site::Retail, SEED, 0..EVENTS * 3);
    tally.add(run(Site::Pharmacy, SEED, 0..EVENTS * 3));
    for outside in OUTSIDE {
        assert!(tally.outside.contains_key(outside.why), "{} is not needed\n{tally}", outside.why);
    }
}
