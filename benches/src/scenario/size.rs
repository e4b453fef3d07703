//! What the server takes when it has nothing to do.

use super::Plan;
use crate::place::Engine;
use crate::table::{Row, Target, mib};
use crate::world::{Filling, World};
use std::time::Duration;

/// Time for what starts with the server to have started.
const SETTLING: Duration = Duration::from_millis(500);

pub(super) fn run(plan: &Plan, engine: &Engine) -> anyhow::Result<Vec<Row>> {
    let world = World::new(plan, engine, &Filling { wallets: 2, ..Filling::default() })?;
    std::thread::sleep(SETTLING);
    let idle = world.server.resident()?;
    world.check()?;
    let program = std::fs::metadata(&plan.binary)?.len();
    Ok(vec![
        Row::number("the program `florin`", vec![program as f64 / 1e6], "MB", Some(Target::AtMost(35.0))),
        Row::number(
            format!("{}: memory of an idle server", engine.name()),
            vec![mib(idle)],
            "MiB",
            Some(Target::AtMost(60.0)),
        ),
    ])
}
