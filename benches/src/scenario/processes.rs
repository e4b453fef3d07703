//! Two processes on one database, each with wallets of its own, against one with all of them.

use super::{CONNECTIONS, Plan};
use crate::load;
use crate::place::Engine;
use crate::request::Wallets;
use crate::table::{Row, Target};
use crate::world::{Filling, World};

pub(super) fn run(plan: &Plan, engine: &Engine) -> anyhow::Result<Vec<Row>> {
    let mut world = World::new(plan, engine, &Filling { wallets: plan.wallets, ..Filling::default() })?;
    let second = world.second_server()?;
    let (left, right) = world.wallets.split_at(world.wallets.len() / 2);
    let (left, right) = (Wallets::new(left, false), Wallets::new(right, false));
    let (mut one, mut two) = (Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        for (addresses, rates) in [
            ([world.server.address(), world.server.address()], &mut one),
            ([world.server.address(), second.address()], &mut two),
        ] {
            let [first, other] = addresses;
            let mut senders = world.senders(first, CONNECTIONS / 2, &left)?;
            senders.extend(world.senders(other, CONNECTIONS / 2, &right)?);
            let outcome = load::closed(senders, plan.time)?;
            rates.push(world.moved(outcome).rate());
        }
    }
    second.stop()?;
    world.check()?;
    Ok(vec![Row::ratio(
        format!("{}: two processes, each with wallets of its own", engine.name()),
        (&two, "transfers/s"),
        ("one process", &one),
        Some(Target::AtLeast(1.3)),
    )])
}
