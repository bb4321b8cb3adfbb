//! The executable `portcullis`.
fn main() {}
