//! `hostile`: runs hostile events through the filter in this process and tells what became of them. It ends with 1 if a secret
//! left or a signal of health was missed.

#![expect(clippy::print_stdout, reason = "a program that reports")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use portcullis_hostile::utility::losses;
use portcullis_hostile::{Site, Tally, run, seeds};

/// Attacks the filters with events that were made to carry secrets out.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many events for each policy.
    #[arg(long, default_value_t = 100_000)]
    events: u64,
    /// The policy: retail, pharmacy, hospital or all.
    #[arg(long, default_value = "all")]
    policy: String,
    /// The same seed gives the same events.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Begin at this number; with `--events 1` one event is made again.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Show the first finds whole: what came and what left.
    #[arg(long)]
    stories: bool,
    /// Send ordinary events instead, and tell what they lose.
    #[arg(long)]
    ordinary: bool,
    /// Write the seeds of the fuzz targets into this folder, a folder each, and do nothing else.
    #[arg(long)]
    seeds: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(folder) = &arguments.seeds {
        write_seeds(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        return ExitCode::SUCCESS;
    }
    if arguments.ordinary {
        return ordinary(&arguments);
    }
    let wanted = |site: &&Site| arguments.policy == "all" || site.policy().starts_with(arguments.policy.as_str());
    let (mut leaks, mut missed) = (0, 0);
    for site in Site::ALL.iter().filter(wanted) {
        let tally: Tally = run(*site, arguments.seed, arguments.from..arguments.from + arguments.events);
        println!("{}, seed {}: {tally}", site.policy(), arguments.seed);
        if arguments.stories {
            tally.stories.iter().for_each(|story| println!("{story}"));
        }
        leaks += tally.failures().0;
        missed += tally.failures().1;
    }
    println!("leaks: {leaks}, missed signals: {missed}");
    ExitCode::from(u8::from(leaks + missed > 0))
}

fn ordinary(arguments: &Arguments) -> ExitCode {
    for site in [Site::Retail, Site::Pharmacy] {
        let losses = losses(site, arguments.seed, arguments.events);
        println!("{}, seed {}: {losses}", site.policy(), arguments.seed);
        if arguments.stories {
            losses.stories.iter().for_each(|story| println!("{story}"));
        }
    }
    ExitCode::SUCCESS
}

fn write_seeds(folder: &Path) -> std::io::Result<()> {
    for target in seeds::TARGETS {
        let folder = folder.join(target);
        std::fs::create_dir_all(&folder)?;
        for (number, seed) in seeds::of(target).into_iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{number:03}")), seed)?;
        }
    }
    Ok(())
}
