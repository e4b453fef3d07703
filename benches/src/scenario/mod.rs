//! What is measured.

mod balance;
mod growth;
mod history;
mod kotlin;
mod processes;
mod sdk;
mod single;
mod size;
mod transfers;

use crate::place::Engine;
use crate::table::Row;
use clap::ValueEnum;
use std::path::PathBuf;
use std::time::Duration;

/// As many connections as the targets are for.
pub(crate) const CONNECTIONS: usize = 64;

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
    /// The program, and its memory when it has nothing to do.
    Size,
    /// Durable transfers at 64 connections, spread and through one hot wallet, against the empty handler.
    Transfers,
    /// Transfers one at a time, against what the disk can do.
    Single,
    /// Reading a balance with a mobile token, against the empty handler.
    Balance,
    /// A page of a long history, against one of a short history.
    History,
    /// A large ledger against an empty one: speed, memory, `florin verify`.
    Growth,
    /// Two processes on one PostgreSQL, against one.
    Processes,
    /// The provider's SDK, against an HTTP client and a JSON parser.
    Sdk,
    /// The mobile SDK from Kotlin, against the same from Rust.
    Kotlin,
}

/// How to measure.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The `florin` command.
    pub(crate) binary: PathBuf,
    /// A folder on the disk that is measured.
    pub(crate) folder: PathBuf,
    /// Where databases are.
    pub(crate) engines: Vec<Engine>,
    /// How often each is measured, in turns with what it is held against.
    pub(crate) rounds: usize,
    /// How long each time.
    pub(crate) time: Duration,
    /// How many wallets there are.
    pub(crate) wallets: usize,
    /// How many entries a long history has.
    pub(crate) entries: u64,
    /// How many postings a large ledger has.
    pub(crate) postings: u64,
}

/// Measures one of them, on the engines that it is about.
pub(crate) fn run(scenario: Scenario, plan: &Plan) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for engine in &plan.engines {
        if scenario.is_about(engine) {
            eprintln!("{scenario:?} on {} …", engine.name());
            rows.extend(match scenario {
                Scenario::Size => size::run(plan, engine)?,
                Scenario::Transfers => transfers::run(plan, engine)?,
                Scenario::Single => single::run(plan, engine)?,
                Scenario::Balance => balance::run(plan, engine)?,
                Scenario::History => history::run(plan, engine)?,
                Scenario::Growth => growth::run(plan, engine)?,
                Scenario::Processes => processes::run(plan, engine)?,
                Scenario::Sdk => sdk::run(plan, engine)?,
                Scenario::Kotlin => kotlin::run(plan, engine)?,
            });
        }
    }
    Ok(rows)
}

impl Scenario {
    /// What the engine makes no difference to is measured on SQLite only.
    const fn is_about(self, engine: &Engine) -> bool {
        match self {
            Self::Sdk | Self::Kotlin => matches!(engine, Engine::Sqlite(_)),
            Self::Processes => matches!(engine, Engine::Postgres(_)),
            _ => true,
        }
    }
}
