//! The executable `portcullis`. What it does stands in the library, under `cli`.

use std::process::ExitCode;

use portcullis::cli::{self, Failure};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The configuration or the command line is wrong; `EX_USAGE` of BSD's sysexits.
const CONFIGURATION: u8 = 64;

/// A question could not be answered, where 1 is the answer "no".
const NO_ANSWER: u8 = 2;

fn main() -> ExitCode {
    let ended = cli::process::harden().and_then(|()| cli::run(std::env::args_os()));
    let Err(failure) = ended else { return ExitCode::SUCCESS };
    failure.report();
    match failure {
        Failure::CommandLine(_) | Failure::Configuration(_) => ExitCode::from(CONFIGURATION),
        Failure::Other(_) | Failure::No => ExitCode::FAILURE,
        Failure::NoAnswer(_) => ExitCode::from(NO_ANSWER),
    }
}
