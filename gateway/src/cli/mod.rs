//! (skeleton)

pub mod meta_simulator;
