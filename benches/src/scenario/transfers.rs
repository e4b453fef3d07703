//! Durable transfers at 64 connections.

use super::{CONNECTIONS, EMPTY, Plan, World};
use crate::load::{self, Outcome};
use crate::place::Engine;
use crate::request::{Same, Transfers, Wallets};
use crate::table::{Row, Target};

pub(super) fn run(plan: &Plan, engine: &Engine) -> anyhow::Result<Vec<Row>> {
    let mut world = World::new(plan, engine)?;
    let address = world.server.address();
    let [spread, hot] = [false, true].map(|hot| Wallets::new(&world.wallets, hot));
    let mut send = |wallets: &Wallets| -> anyhow::Result<Outcome> {
        let senders = Transfers::many(CONNECTIONS, wallets, &world.currency, world.key.expose())?;
        let outcome = load::closed(address, senders, plan.time)?;
        world.transactions += outcome.answered;
        Ok(outcome)
    };
    let empty = || load::closed(address, (0..CONNECTIONS).map(|_| Same::open(EMPTY)).collect(), plan.time);
    let (mut empties, mut spreads, mut hots) = (Vec::new(), Vec::new(), Vec::new());
    let (mut spread_p99, mut hot_p99, mut spread_p50) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        empties.push(empty()?.rate());
        let outcome = send(&spread)?;
        spreads.push(outcome.rate());
        spread_p50.push(outcome.millis(0.5));
        spread_p99.push(outcome.millis(0.99));
        let outcome = send(&hot)?;
        hots.push(outcome.rate());
        hot_p99.push(outcome.millis(0.99));
    }
    world.check()?;
    let name = engine.name();
    let least = if matches!(engine, Engine::Sqlite(_)) { 0.30 } else { 0.20 };
    Ok(vec![
        Row::ratio(
            format!("{name}: durable transfers, {CONNECTIONS} connections, {} wallets", plan.wallets),
            (&spreads, "/s"),
            ("empty handler", &empties),
            Some(Target::AtLeast(least)),
        ),
        Row::number(format!("{name}: the same, p50"), spread_p50, "ms", None),
        Row::number(format!("{name}: the same, p99"), spread_p99, "ms", Some(Target::AtMost(25.0))),
        Row::ratio(
            format!("{name}: one hot wallet in each transfer"),
            (&hots, "/s"),
            ("spread", &spreads),
            Some(Target::AtLeast(0.8)),
        ),
        Row::number(format!("{name}: the same, p99"), hot_p99, "ms", Some(Target::AtMost(25.0))),
    ])
}
