//! What is measured.

mod balance;
mod single;
mod transfers;

use crate::books::Books;
use crate::place::{Engine, Place};
use crate::server::{self, Server};
use crate::table::Row;
use anyhow::ensure;
use clap::ValueEnum;
use florin_sdk_core::{CurrencyCode, Secret, Waid};
use std::path::PathBuf;
use std::time::Duration;

/// As many connections as the targets are for.
const CONNECTIONS: usize = 64;

/// The route that does least: three bytes, no JSON, no credential, no table.
const EMPTY: &str = "/healthz";

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
    /// Durable transfers at 64 connections, spread and through one hot wallet, against the empty handler.
    Transfers,
    /// Transfers one at a time, against what the disk can do.
    Single,
    /// Reading a balance with a mobile token, against the empty handler.
    Balance,
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
}

/// Measures one of them, on all engines.
pub(crate) fn run(scenario: Scenario, plan: &Plan) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for engine in &plan.engines {
        eprintln!("{scenario:?} on {} …", engine.name());
        rows.extend(match scenario {
            Scenario::Transfers => transfers::run(plan, engine)?,
            Scenario::Single => single::run(plan, engine)?,
            Scenario::Balance => balance::run(plan, engine)?,
        });
    }
    Ok(rows)
}

/// A server with users on it.
struct World {
    plan_binary: PathBuf,
    // Before its database, so that it has ended when that is taken away.
    server: Server,
    place: Place,
    wallets: Vec<Waid>,
    tokens: Vec<Secret>,
    currency: CurrencyCode,
    key: Secret,
    /// How many transactions are to be in the books.
    transactions: u64,
}

impl World {
    /// A new one.
    fn new(plan: &Plan, engine: &Engine) -> anyhow::Result<Self> {
        let place = Place::new(engine)?;
        let database = place.address()?;
        let mut books = Books::create(&database)?;
        let (wallets, tokens) = books.users(plan.wallets, CONNECTIONS)?;
        let (currency, key, transactions) = (books.currency().clone(), books.key.clone(), books.transactions);
        drop(books);
        let server = Server::start(&plan.binary, &database)?;
        Ok(Self { plan_binary: plan.binary.clone(), server, place, wallets, tokens, currency, key, transactions })
    }

    /// Stops the server, and checks that the books have every transaction that was answered, and no other.
    fn check(self) -> anyhow::Result<()> {
        self.server.stop()?;
        let verified = server::verify(&self.plan_binary, &self.place.address()?)?;
        ensure!(
            verified.transactions == self.transactions,
            "{} transactions were answered, {} are in the books",
            self.transactions,
            verified.transactions
        );
        Ok(())
    }
}
