//! Measures the real server, and prints what it found as a table of ratios. How to read it: docs/performance.md.
#![allow(
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    reason = "rates and ratios of what was measured; the money in here is integers, as everywhere"
)]

mod load;
mod machine;
mod place;
mod request;
mod scenario;
mod server;
mod table;
mod world;

use anyhow::ensure;
use clap::{Parser, ValueEnum};
use place::Engine;
use scenario::{Plan, Scenario};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Measures a release build of `florin` on this machine: build it first (`cargo build --release -p florin-server`).
/// Ratios of one run count, single numbers do not.
#[derive(Debug, Parser)]
#[command(name = "florin-benches")]
struct Cli {
    /// What to measure; everything if nothing is named.
    #[arg(value_enum)]
    scenarios: Vec<Scenario>,
    /// Less of everything: to see that it works, not what it is.
    #[arg(long)]
    quick: bool,
    /// How often each is measured, in turns with what it is held against.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=100))]
    rounds: Option<u16>,
    /// Seconds each time.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=600))]
    seconds: Option<u16>,
    /// Postings of a large ledger, a tenth as many wallets, and as many entries of a long history as wallets.
    #[arg(long, value_parser = clap::value_parser!(u64).range(100_000..=1_000_000_000))]
    postings: Option<u64>,
    /// Which engines; SQLite, and PostgreSQL if there is an address.
    #[arg(long, value_enum)]
    engine: Option<EngineName>,
    /// A database on a PostgreSQL server whose user may make databases: postgres://USER:PASSWORD@HOST:PORT/DATABASE.
    /// `scripts/postgres run` gives one.
    #[arg(long, env = "FLORIN_TEST_POSTGRES", hide_env_values = true)]
    database: Option<String>,
    /// Where to put files: on the disk that is to be measured.
    #[arg(long, default_value_os_t = std::env::temp_dir())]
    folder: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum EngineName {
    Sqlite,
    Postgres,
}

fn main() -> anyhow::Result<ExitCode> {
    let cli = Cli::parse();
    let plan = plan(&cli)?;
    let scenarios = if cli.scenarios.is_empty() { Scenario::value_variants() } else { &cli.scenarios };
    let mut rows = Vec::new();
    let mut failed = Vec::new();
    for scenario in scenarios {
        match scenario::run(*scenario, &plan) {
            Ok(measured) => {
                // As soon as it is known: a whole run takes a while.
                writeln!(std::io::stderr(), "{}", table::print(&measured))?;
                rows.extend(measured);
            }
            Err(error) => {
                writeln!(std::io::stderr(), "{scenario:?}: {error:#}\n")?;
                failed.push(format!("{scenario:?}"));
            }
        }
    }
    writeln!(std::io::stdout(), "{}", table::print(&rows))?;
    if failed.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    // A target that is not reached is a result; a server that fails under load is not.
    writeln!(std::io::stderr(), "not measured: {}", failed.join(", "))?;
    Ok(ExitCode::FAILURE)
}

fn plan(cli: &Cli) -> anyhow::Result<Plan> {
    let mut engines = Vec::new();
    if cli.engine != Some(EngineName::Postgres) {
        engines.push(Engine::Sqlite(cli.folder.clone()));
    }
    if cli.engine != Some(EngineName::Sqlite) {
        engines.extend(cli.database.clone().filter(|address| !address.is_empty()).map(Engine::Postgres));
    }
    ensure!(!engines.is_empty(), "no PostgreSQL: name one with --database, or use `scripts/postgres run`");
    let postings = cli.postings.unwrap_or(if cli.quick { 200_000 } else { 10_000_000 });
    Ok(Plan {
        binary: server::binary()?,
        folder: cli.folder.clone(),
        engines,
        rounds: cli.rounds.map_or(if cli.quick { 2 } else { 5 }, usize::from),
        time: Duration::from_secs(cli.seconds.map_or(if cli.quick { 1 } else { 3 }, u64::from)),
        wallets: if cli.quick { 2_000 } else { 10_000 },
        entries: postings / 10,
        postings,
    })
}
