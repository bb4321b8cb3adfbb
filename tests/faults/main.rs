//! `faults`: the whole gateway while things go wrong, judged by what was promised.
//!
//! Each run starts the stand-in for Meta, a network that can be broken and the gateway, calls it without a pause, and lets one
//! fault come and go, or many at random, also `kill -9`. Then the faults stop, the outbox drains, and it is judged: every event
//! that was answered 2xx arrived or is in quarantine for a reason that the fault explains, nothing arrived that was never
//! issued, each is what its id says, the accounts of the process hold (P5), and no canary is anywhere. Other modes count
//! kills, hold Meta away for long, start on a large backlog, and let three gateways share one Redis. Prints a table; ends with 1, and the seed, if a run failed.

#![expect(clippy::print_stdout, reason = "a program that prints its results")]
#![expect(clippy::expect_used, reason = "a run that cannot be made ends with the reason")]

mod arguments;

mod fault;
mod stage;

mod judge;

mod run;
mod schedule;

mod kills;

mod backlog;
mod outage;

mod many;

mod report;

use std::process::ExitCode;

use clap::Parser as _;
use harness::{Chance, Executable, now_millis};

use arguments::Arguments;
use report::Report;
use run::Runs;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    if arguments.list {
        for fault in fault::ALL {
            println!("{:<16} {}", fault.name, fault.what);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let executable = Executable::beside_this_program()?;
    let seed = arguments.seed.unwrap_or_else(now_millis);
    println!("faults --seed {seed}, of {}", executable.path().display());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(async {
        let mut runs = Runs::new(executable, Chance::new(seed)).await;
        let mut report = Report::default();
        println!("{}", report::HEAD);
        if let Some(kills) = arguments.kills {
            report.add(runs.kills(kills).await);
        } else if let Some(minutes) = arguments.outage {
            report.add(runs.outage(minutes, arguments.rate).await);
        } else if let Some(events) = arguments.pending {
            report.add(runs.backlog(events).await);
        } else if arguments.redis {
            report.add(runs.many(arguments.time(), arguments.rate).await);
        } else {
            schedule::all(&mut runs, &arguments, &mut report).await;
        }
        report
    });
    println!("\n{}", report.summary());
    if report.failed() {
        println!("to repeat it: faults --seed {seed} with the same arguments");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}
