//! A server with users on it.

use crate::load::{self, Outcome, Requests, Sender};
use crate::machine::now;
use crate::place::{Engine, Place};
use crate::request::{Same, Transfers, Wallets};
use crate::scenario::{CONNECTIONS, Plan};
use crate::server::{self, Server, Verified};
use anyhow::{Context, ensure};
use florin_benches::books::Books;
use florin_sdk_core::{CurrencyCode, Secret, Waid};
use std::net::SocketAddr;
use std::path::PathBuf;

/// What is in the books before the server starts.
#[derive(Debug, Default, Clone)]
pub(crate) struct Filling {
    /// How many wallets there are, each with a credit.
    pub(crate) wallets: usize,
    /// How many transfers the first wallets have, each with others.
    pub(crate) entries: Vec<u64>,
    /// How many more transfers there are, between any.
    pub(crate) transfers: u64,
}

/// See the module.
pub(crate) struct World {
    binary: PathBuf,
    // Before its database, so that it has ended when that is taken away.
    pub(crate) server: Server,
    place: Place,
    pub(crate) wallets: Vec<Waid>,
    /// Of the apps of the first users.
    pub(crate) tokens: Vec<Secret>,
    currency: CurrencyCode,
    pub(crate) key: Secret,
    /// How many transactions are to be in the books.
    transactions: u64,
}

impl World {
    /// A new one.
    pub(crate) fn new(plan: &Plan, engine: &Engine, filling: &Filling) -> anyhow::Result<Self> {
        let start = now();
        let place = Place::new(engine)?;
        let database = place.address()?;
        let mut books = Books::create(&database)?;
        let (wallets, tokens) = books.users(filling.wallets, CONNECTIONS)?;
        for (place, count) in filling.entries.iter().enumerate() {
            books.transfers(*count, |rng| {
                let other = (place + rng.usize(1..wallets.len())) % wallets.len();
                let pair = (pick(&wallets, place), pick(&wallets, other));
                if rng.bool() { pair } else { (pair.1, pair.0) }
            })?;
        }
        let quiet = filling.entries.len();
        books.transfers(filling.transfers, |rng| {
            let one = rng.usize(quiet..wallets.len());
            let other = quiet + (one - quiet + rng.usize(1..wallets.len() - quiet)) % (wallets.len() - quiet);
            (pick(&wallets, one), pick(&wallets, other))
        })?;
        eprintln!("  {} transactions put in place in {:.1} s", books.transactions, start.elapsed().as_secs_f64());
        let (currency, key, transactions) = (books.currency().clone(), books.key.clone(), books.transactions);
        drop(books);
        place.settle()?;
        let server = Server::start(&plan.binary, &database)?;
        Ok(Self { binary: plan.binary.clone(), server, place, wallets, tokens, currency, key, transactions })
    }

    /// Another server on the same database.
    pub(crate) fn second_server(&self) -> anyhow::Result<Server> {
        Server::start(&self.binary, &self.place.address()?)
    }

    /// A closed loop, and what it costs the first server.
    fn load(&self, plan: &Plan, connections: Vec<Sender>) -> anyhow::Result<Outcome> {
        let before = self.server.cpu()?;
        let mut outcome = load::closed(connections, plan.time)?;
        outcome.cpu = self.server.cpu()?.saturating_sub(before);
        Ok(outcome)
    }

    /// Connections to the empty handler: JSON in, nothing done, JSON out.
    pub(crate) fn empty(&self, plan: &Plan) -> anyhow::Result<Outcome> {
        self.same(plan, Same::empty)
    }

    /// The same without JSON.
    pub(crate) fn bare(&self, plan: &Plan) -> anyhow::Result<Outcome> {
        self.same(plan, Same::bare)
    }

    fn same(&self, plan: &Plan, request: fn() -> Box<dyn Requests>) -> anyhow::Result<Outcome> {
        let address = self.server.address();
        self.load(plan, (0..CONNECTIONS).map(|_| (address, request())).collect())
    }

    /// Connections that transfer between these wallets.
    pub(crate) fn senders(
        &self,
        address: SocketAddr,
        connections: usize,
        wallets: &Wallets,
    ) -> anyhow::Result<Vec<Sender>> {
        let senders = (0..connections).map(|_| {
            let requests = Transfers::sender(wallets.clone(), &self.currency, self.key.expose())?;
            Ok((address, requests))
        });
        senders.collect()
    }

    /// Notes what was answered, for [`Self::check`].
    pub(crate) fn moved(&mut self, outcome: Outcome) -> Outcome {
        self.transactions += outcome.answered;
        outcome
    }

    /// Transfers in a closed loop.
    pub(crate) fn transfer(&mut self, plan: &Plan, connections: usize, wallets: &Wallets) -> anyhow::Result<Outcome> {
        let senders = self.senders(self.server.address(), connections, wallets)?;
        let outcome = self.load(plan, senders)?;
        Ok(self.moved(outcome))
    }

    /// Apps of the first users that read this, each its own.
    pub(crate) fn read(&self, plan: &Plan, path: &str) -> anyhow::Result<Outcome> {
        let address = self.server.address();
        let apps = self.tokens.iter().map(|token| (address, Same::mobile(path, token.expose())));
        self.load(plan, apps.collect())
    }

    /// The same user's app on all connections.
    pub(crate) fn read_as(&self, plan: &Plan, user: usize, path: &str) -> anyhow::Result<Outcome> {
        let address = self.server.address();
        let token = self.tokens.get(user).context("a user with an app")?.expose();
        self.load(plan, (0..CONNECTIONS).map(|_| (address, Same::mobile(path, token))).collect())
    }

    /// Stops the server, and checks that the books have every transaction that was answered, and no other.
    pub(crate) fn check(self) -> anyhow::Result<Verified> {
        self.server.stop()?;
        let verified = server::verify(&self.binary, &self.place.address()?)?;
        ensure!(
            verified.transactions == self.transactions,
            "{} transactions were answered, {} are in the books",
            self.transactions,
            verified.transactions
        );
        Ok(verified)
    }
}

fn pick(wallets: &[Waid], place: usize) -> Waid {
    #[expect(clippy::indexing_slicing, reason = "places are made from the length")]
    wallets[place]
}
