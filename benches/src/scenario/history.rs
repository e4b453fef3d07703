//! A page of 50 from a long history.

use super::{CONNECTIONS, Plan};
use crate::place::Engine;
use crate::table::{Row, Target};
use crate::world::{Filling, World};

/// The page that apps ask for.
pub(super) const PAGE: &str = "/wallet/transactionlist?limit=50";

/// What a short history has: two pages.
pub(super) const FEW: u64 = 100;

pub(super) fn run(plan: &Plan, engine: &Engine) -> anyhow::Result<Vec<Row>> {
    let filling = Filling { wallets: plan.wallets, entries: vec![FEW, plan.entries], transfers: 0 };
    let world = World::new(plan, engine, &filling)?;
    let (mut short, mut long) = (Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        short.push(world.read_as(plan, 0, PAGE)?.rate());
        long.push(world.read_as(plan, 1, PAGE)?.rate());
    }
    world.check()?;
    let slower = short.iter().zip(&long).map(|(short, long)| short / long).collect();
    Ok(vec![
        Row::ratio(
            format!(
                "{}: page of 50 of {} entries, {CONNECTIONS} connections: how much slower than of {FEW}",
                engine.name(),
                plan.entries
            ),
            (&long, "/s"),
            (&format!("of {FEW}"), &short),
            Some(Target::AtMost(2.0)),
        )
        .of(slower),
    ])
}
