//! The fuzz targets over their seeds and small changes to them: short, on any Rust, in every test run. Long runs are libFuzzer's;
//! `tests/fuzz/README.md` says how.

#[path = "fuzz/decoder.rs"]
mod decoder;
#[path = "fuzz/targets.rs"]
mod targets;

use portcullis_hostile::{Chance, seeds};

/// Changes to each seed.
const CHANGES: u64 = 8;

#[test]
fn no_body_breaks_the_decoder() {
    drive("decode", decoder::decode);
}

#[test]
fn no_event_breaks_the_filter_and_what_leaves_is_readmitted_as_it_is() {
    drive("sanitize", targets::sanitize);
}

#[test]
fn no_text_breaks_the_compiler_of_policies() {
    drive("policy", targets::policy);
}

#[test]
fn of_no_address_more_leaves_than_host_and_a_path_of_the_policy() {
    drive("page", targets::page);
}

#[test]
fn no_text_breaks_the_unwrapper() {
    drive("unwrap", targets::unwrap);
}

/// Drives a target over its seeds and changes to them.
fn drive(name: &str, target: fn(&[u8])) {
    let mut chance = Chance::new(2026);
    let seeds = seeds::of(name);
    for seed in &seeds {
        target(seed);
        for _ in 0..CHANGES {
            target(&changed(seed, &seeds, &mut chance));
        }
    }
}

/// A seed with a few bytes changed, a part cut out, doubled, or put in from another.
fn changed(seed: &[u8], seeds: &[Vec<u8>], chance: &mut Chance) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=chance.below(3) {
        let at = place(bytes.len(), chance);
        let end = (at + 1 + place(24, chance)).min(bytes.len());
        match chance.below(5) {
            0 => bytes.insert(at, chance.pick(b"\"{}[]%&#\\/=;+-._:0Aa\x00\xff")),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let part: Vec<u8> = bytes.drain(at..end).collect();
                bytes.splice(at..at, part.repeat(3));
            }
            3 => {
                let other = seeds.get(place(seeds.len(), chance)).map_or(seed, Vec::as_slice);
                let from = place(other.len(), chance);
                bytes.splice(at..end, other.iter().skip(from).take(40).copied());
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << chance.below(8);
                }
            }
        }
    }
    bytes
}

fn place(length: usize, chance: &mut Chance) -> usize {
    usize::try_from(chance.below(length as u64)).unwrap_or(0)
}
