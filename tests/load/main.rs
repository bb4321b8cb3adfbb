//! `load`: what an event costs the gateway, beside a server that only parses it, and how it bears different kinds of load.
//!
//! Starts, each in a process of its own, the bare server or the gateway with the stand-in for Meta behind it, and calls it: for a
//! point as fast as it answers (a closed loop), for most profiles at a rate (an open loop, `pace.rs`). The server under test has a
//! core to itself. CPU time is that of its whole process as the system accounts it, read once everything that was accepted is
//! delivered. Rounds go through all servers in turn, so that a machine that drifts does so for all. A program, not a test: it
//! asserts that no event was lost, and judges no figure.

#![expect(clippy::print_stdout, reason = "a program that prints its results")]
#![expect(clippy::expect_used, reason = "a measurement that cannot be made ends with the reason")]

mod arguments;

mod bare;
mod cores;
mod meter;
mod server;
mod usage;
mod watch;

mod callers;
mod connection;
mod latency;
mod pace;
mod request;

mod run;

mod mix;

mod backlog;
mod pair;
mod plain;

mod profile;
mod trend;

mod figures;
mod report;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Parser as _;
use harness::Executable;

use arguments::{Arguments, Backend, Profile, Role};
use cores::Cores;
use figures::{Figures, Made};
use report::{Measured, Report};
use run::Bench;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    match &arguments.role {
        Some(Role::Bare) => bare::run(),
        Some(Role::Report { from, to }) => again(from, to.as_deref()),
        None if arguments.profiles.is_empty() => measure(&arguments),
        None => profiles(&arguments),
    }
}

fn measure(arguments: &Arguments) -> anyhow::Result<()> {
    let gateway = Executable::beside_this_program()?.path().to_owned();
    let cores = Cores::of_this_process()?;
    let bench = Bench::new(arguments, gateway.clone(), cores);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut report = Report::new(arguments, &gateway, cores);
    println!("{}", report.head());
    runtime.block_on(async {
        for round in 1..=arguments.rounds {
            for point in &arguments.points {
                for kind in &arguments.servers {
                    let run = bench.run(*kind, *point).await;
                    println!("{}", report::line(round, *kind, *point, &run));
                    report.add(Measured { server: *kind, point: *point, run });
                }
            }
            if arguments.backend == Some(Backend::Redis) {
                println!("{}", report.redis().add_plain(round, bench.plain().await));
                println!("{}", report.redis().add_backlog(round, bench.backlog().await));
                println!("{}", report.redis().add_pair(round, bench.pair().await));
            }
            if arguments.mix {
                for kind in &arguments.servers {
                    let mixed = bench.mix(*kind).await;
                    println!("{}", report::mixed_line(round, &mixed));
                    report.add_mix(mixed);
                }
            }
        }
    });
    println!("\n{}", report.table());
    if let Some(path) = &arguments.json {
        std::fs::write(path, report.json()).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(())
}

/// Runs profiles. Figures are written after each, so that a machine that stops keeps them; those of profiles that were run before
/// stay in the folder of the report.
fn profiles(arguments: &Arguments) -> anyhow::Result<()> {
    let gateway = Executable::beside_this_program()?.path().to_owned();
    let cores = Cores::of_this_process()?;
    let bench = Bench::new(arguments, gateway.clone(), cores);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut figures = match &arguments.report {
        Some(folder) => Figures::of_folder(folder)?,
        None => Figures::default(),
    };
    runtime.block_on(async {
        let needed = arguments.profiles.iter().any(|profile| !matches!(profile, Profile::LargeBatches | Profile::Soak));
        let capacity = if needed { bench.capacity().await } else { 0.0 };
        for profile in &arguments.profiles {
            let made = Made::now(arguments, *profile, &gateway, cores);
            figures.add(made, bench.profile(*profile, capacity).await);
            if let Some(folder) = &arguments.report {
                figures.write(folder)?;
            }
        }
        anyhow::Ok(())
    })?;
    Ok(())
}

/// Makes a report of figures that are there.
fn again(from: &[PathBuf], to: Option<&Path>) -> anyhow::Result<()> {
    let figures = from.iter().try_fold(Figures::default(), |all, path| anyhow::Ok(all.with(Figures::read(path)?)))?;
    let folder = to.or_else(|| from.first()?.parent()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    figures.write(folder)
}
