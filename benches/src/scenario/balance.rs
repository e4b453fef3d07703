//! Reading a balance with a mobile token.

use super::{CONNECTIONS, Plan};
use crate::place::Engine;
use crate::table::{Row, Target};
use crate::world::{Filling, World};

pub(super) fn run(plan: &Plan, engine: &Engine) -> anyhow::Result<Vec<Row>> {
    let world = World::new(plan, engine, &Filling { wallets: plan.wallets, ..Filling::default() })?;
    let (mut rates, mut empties, mut p99) = (Vec::new(), Vec::new(), Vec::new());
    let (mut cpu, mut empty_cpu) = (Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        let outcome = world.empty(plan)?;
        empties.push(outcome.rate());
        empty_cpu.push(outcome.cpu_us());
        let outcome = world.read(plan, "/wallet")?;
        rates.push(outcome.rate());
        cpu.push(outcome.cpu_us());
        p99.push(outcome.millis(0.99));
    }
    world.check()?;
    let name = engine.name();
    Ok(vec![
        Row::ratio(
            format!("{name}: balance read with a mobile token, {CONNECTIONS} connections"),
            (&rates, "/s"),
            ("empty handler", &empties),
            Some(Target::AtLeast(0.6)),
        ),
        Row::ratio(
            format!("{name}: a balance, CPU of the server for each"),
            (&cpu, "µs"),
            ("empty handler", &empty_cpu),
            None,
        ),
        Row::number(format!("{name}: balance read, p99"), p99, "ms", None),
    ])
}
