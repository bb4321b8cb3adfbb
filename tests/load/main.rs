//! `load`: what an event costs the gateway, beside a server that only parses it.
//!
//! Starts, each in a process of its own, the bare server or the gateway with the stand-in for Meta behind it, and calls it as
//! fast as it answers: every connection sends its next request when the last one is answered (a closed loop), so a slow server
//! is asked less and latencies tell of this load alone. The server under test has a core to itself. CPU time is that of its
//! whole process as the system accounts it, read once everything that was accepted is delivered. Rounds go through all
//! servers in turn, so that a machine that drifts does so for all. A program, not a test: it asserts that no event was lost,
//! and judges no figure.

#![expect(clippy::print_stdout, reason = "a program that prints its results")]
#![expect(clippy::expect_used, reason = "a measurement that cannot be made ends with the reason")]

mod arguments;

mod bare;
mod cores;
mod server;
mod usage;

mod callers;
mod connection;
mod request;

mod run;

mod mix;

mod backlog;
mod pair;
mod plain;

mod report;

use anyhow::Context as _;
use clap::Parser as _;
use harness::Executable;

use arguments::{Arguments, Backend, Role};
use cores::Cores;
use report::{Measured, Report};
use run::Bench;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    match arguments.role {
        Some(Role::Bare) => bare::run(),
        None => measure(&arguments),
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
