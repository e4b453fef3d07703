//! One connection, one transfer at a time.

use super::Plan;
use crate::machine::{Flush, flushes};
use crate::place::Engine;
use crate::request::Wallets;
use crate::table::{Row, Target};
use crate::world::{Filling, World};

pub(super) fn run(plan: &Plan, engine: &Engine) -> anyhow::Result<Vec<Row>> {
    let mut world = World::new(plan, engine, &Filling { wallets: plan.wallets, ..Filling::default() })?;
    let wallets = Wallets::new(&world.wallets, false);
    let (mut rates, mut appends, mut overs) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        appends.push(flushes(&plan.folder, Flush::Append, plan.time)?);
        rates.push(world.transfer(plan, 1, &wallets)?.rate());
        overs.push(flushes(&plan.folder, Flush::Over, plan.time)?);
    }
    world.check()?;
    let against = |disk: &str, flushes: &[f64]| {
        let what = format!("{}: one transfer at a time, and the disk {disk}", engine.name());
        Row::ratio(what, (&rates, "/s"), ("4 KiB, fdatasync", flushes), Some(Target::AtLeast(0.6)))
    };
    Ok(vec![against("at the end of a file", &appends), against("over what is there", &overs)])
}
