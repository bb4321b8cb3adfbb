//! `targets::decode`, driven by libFuzzer.
#![no_main]

#[path = "../targets.rs"]
#[expect(dead_code, reason = "each program drives one of them")]
mod targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::decode(bytes));
