//! Reading a balance with a mobile token.

use super::{CONNECTIONS, EMPTY, Plan, World};
use crate::load;
use crate::place::Engine;
use crate::request::Same;
use crate::table::{Row, Target};

pub(super) fn run(plan: &Plan, engine: &Engine) -> anyhow::Result<Vec<Row>> {
    let world = World::new(plan, engine)?;
    let address = world.server.address();
    let (mut rates, mut empties, mut p99) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        let empty = (0..CONNECTIONS).map(|_| Same::open(EMPTY)).collect();
        empties.push(load::closed(address, empty, plan.time)?.rate());
        let apps = world.tokens.iter().map(|token| Same::mobile("/wallet", token.expose())).collect();
        let outcome = load::closed(address, apps, plan.time)?;
        rates.push(outcome.rate());
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
        Row::number(format!("{name}: the same, p99"), p99, "ms", None),
    ])
}
