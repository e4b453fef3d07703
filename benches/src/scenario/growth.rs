//! A large ledger against an empty one.

use super::history::{FEW, PAGE};
use super::{CONNECTIONS, Plan};
use crate::machine::rate;
use crate::place::Engine;
use crate::request::Wallets;
use crate::table::{Row, Target, mib};
use crate::world::{Filling, World};
use florin_sdk_core::Waid;

/// Postings for each wallet of a large ledger: of its credit, and of four transfers.
const POSTINGS_EACH: u64 = 10;

/// How often transfers are made before it counts. PostgreSQL puts each page that is changed for the first time after a
/// checkpoint into its log, and a large ledger has more of them: this is soon over, and comes every few minutes.
const RUN_IN: u32 = 5;

pub(super) fn run(plan: &Plan, engine: &Engine) -> anyhow::Result<Vec<Row>> {
    let count = plan.postings / POSTINGS_EACH;
    let mut small = World::new(plan, engine, &Filling { wallets: plan.wallets, entries: vec![FEW], transfers: 0 })?;
    let mut large = World::new(
        plan,
        engine,
        &Filling {
            wallets: usize::try_from(count)?,
            entries: vec![FEW],
            transfers: (plan.postings / 2).saturating_sub(count + FEW),
        },
    )?;
    // As many wallets in use as in the small one, with many others between them.
    let between = large.wallets.len().div_ceil(plan.wallets);
    let in_use: Vec<Waid> = large.wallets.iter().copied().step_by(between).collect();
    let (few, many) = (Wallets::new(&small.wallets, false), Wallets::new(&in_use, false));
    let idle = large.server.resident()?;

    let mut measured: [(&str, Vec<f64>, Vec<f64>); 4] = [
        ("durable transfers, 64 connections", Vec::new(), Vec::new()),
        ("one transfer at a time", Vec::new(), Vec::new()),
        ("balance read", Vec::new(), Vec::new()),
        ("page of 50", Vec::new(), Vec::new()),
    ];
    let mut first = (Vec::new(), Vec::new());
    for _ in 0..RUN_IN {
        first.0.push(small.transfer(plan, CONNECTIONS, &few)?.rate());
        first.1.push(large.transfer(plan, CONNECTIONS, &many)?.rate());
    }
    for _ in 0..plan.rounds {
        let [transfers, single, balance, page] = &mut measured;
        transfers.1.push(small.transfer(plan, CONNECTIONS, &few)?.rate());
        transfers.2.push(large.transfer(plan, CONNECTIONS, &many)?.rate());
        single.1.push(small.transfer(plan, 1, &few)?.rate());
        single.2.push(large.transfer(plan, 1, &many)?.rate());
        balance.1.push(small.read(plan, "/wallet")?.rate());
        balance.2.push(large.read(plan, "/wallet")?.rate());
        page.1.push(small.read_as(plan, 0, PAGE)?.rate());
        page.2.push(large.read_as(plan, 0, PAGE)?.rate());
    }
    let busy = large.server.resident()?;
    let few = small.check()?;
    let verified = large.check()?;

    let name = engine.name();
    let size = format!("{} wallets and {} postings", in_use.len() * between, plan.postings);
    let slower = |what: &str, before: &[f64], after: &[f64], target| {
        let slower = before.iter().zip(after).map(|(before, after)| before / after).collect();
        let what = format!("{name}: {what} with {size}: how much slower than with none");
        Row::ratio(what, (after, "/s"), ("with none", before), target).of(slower)
    };
    let mut rows: Vec<Row> =
        measured.iter().map(|(what, before, after)| slower(what, before, after, Some(Target::AtMost(1.3)))).collect();
    rows.push(slower("the first transfers after it was filled", &first.0, &first.1, None));
    rows.extend([
        Row::number(
            format!("{name}: `florin verify` with {size}"),
            vec![rate(verified.postings, verified.time)],
            "postings/s",
            Some(Target::AtLeast(1e6)),
        ),
        Row::ratio(
            format!("{name}: its memory at most"),
            (&[mib(verified.peak)], "MiB"),
            ("with none", &[mib(few.peak)]),
            None,
        ),
        Row::number(format!("{name}: memory of the server with {size}, at its start"), vec![mib(idle)], "MiB", None),
        Row::number(format!("{name}: the same after that load"), vec![mib(busy)], "MiB", Some(Target::AtMost(400.0))),
    ]);
    Ok(rows)
}
