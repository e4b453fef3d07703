//! Durable transfers at 64 connections.

use super::{CONNECTIONS, Plan};
use crate::load;
use crate::place::Engine;
use crate::request::Wallets;
use crate::table::{Row, Target, median};
use crate::world::{Filling, World};

pub(super) fn run(plan: &Plan, engine: &Engine) -> anyhow::Result<Vec<Row>> {
    let mut world = World::new(plan, engine, &Filling { wallets: plan.wallets, ..Filling::default() })?;
    let [spread, hot] = [false, true].map(|hot| Wallets::new(&world.wallets, hot));
    let (mut empties, mut spreads, mut hots) = (Vec::new(), Vec::new(), Vec::new());
    let (mut spread_p50, mut spread_p99, mut hot_p99) = (Vec::new(), Vec::new(), Vec::new());
    let (mut empty_cpu, mut spread_cpu, mut bare) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        let outcome = world.empty(plan)?;
        empties.push(outcome.rate());
        empty_cpu.push(outcome.cpu_us());
        bare.push(world.bare(plan)?.rate());
        let outcome = world.transfer(plan, CONNECTIONS, &spread)?;
        spreads.push(outcome.rate());
        spread_cpu.push(outcome.cpu_us());
        spread_p50.push(outcome.millis(0.5));
        spread_p99.push(outcome.millis(0.99));
        let outcome = world.transfer(plan, CONNECTIONS, &hot)?;
        hots.push(outcome.rate());
        hot_p99.push(outcome.millis(0.99));
    }
    // As callers come that know nothing of each other, at half of what was reached.
    let rate = median(&spreads) / 2.0;
    let senders = world.senders(world.server.address(), CONNECTIONS, &spread)?;
    let open = load::open(senders, rate, plan.time)?;
    let open = world.moved(open);
    world.check()?;

    let name = engine.name();
    let least = if matches!(engine, Engine::Sqlite(_)) { 0.30 } else { 0.20 };
    let late = |what: &str, numbers, target| Row::number(format!("{name}: {what}"), numbers, "ms", target);
    Ok(vec![
        Row::ratio(
            format!("{name}: durable transfers, {CONNECTIONS} connections, {} wallets", plan.wallets),
            (&spreads, "/s"),
            ("empty handler", &empties),
            Some(Target::AtLeast(least)),
        ),
        Row::ratio(
            format!("{name}: the same, CPU of the server for each"),
            (&spread_cpu, "µs"),
            ("empty handler", &empty_cpu),
            None,
        ),
        Row::ratio(format!("{name}: the same"), (&spreads, "/s"), ("/healthz without any JSON", &bare), None),
        late("spread, p50", spread_p50, None),
        late("spread, p99", spread_p99, Some(Target::AtMost(25.0))),
        Row::ratio(
            format!("{name}: one hot wallet in each transfer"),
            (&hots, "/s"),
            ("spread", &spreads),
            Some(Target::AtLeast(0.8)),
        ),
        late("one hot wallet, p99", hot_p99, Some(Target::AtMost(25.0))),
        late(&format!("spread, at a steady {rate:.0}/s, p50"), vec![open.millis(0.5)], None),
        late(&format!("spread, at a steady {rate:.0}/s, p99"), vec![open.millis(0.99)], None),
    ])
}
