//! One connection, one transfer at a time.

use super::{Plan, World};
use crate::load;
use crate::machine;
use crate::place::Engine;
use crate::request::{Transfers, Wallets};
use crate::table::{Row, Target};

pub(super) fn run(plan: &Plan, engine: &Engine) -> anyhow::Result<Vec<Row>> {
    let mut world = World::new(plan, engine)?;
    let wallets = Wallets::new(&world.wallets, false);
    let (mut rates, mut flushes) = (Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        flushes.push(machine::flushes(&plan.folder, plan.time)?);
        let senders = Transfers::many(1, &wallets, &world.currency, world.key.expose())?;
        let outcome = load::closed(world.server.address(), senders, plan.time)?;
        world.transactions += outcome.answered;
        rates.push(outcome.rate());
    }
    world.check()?;
    Ok(vec![Row::ratio(
        format!("{}: one connection, one transfer at a time", engine.name()),
        (&rates, "/s"),
        ("4 KiB appended and fdatasync", &flushes),
        Some(Target::AtLeast(0.6)),
    )])
}
