//! What was used last, read when a process begins to write: its first batches would ask for each of these rows, and take a
//! journey more.

use super::connect::Session;
use super::error::Failure;
use super::settled::EPOCH;
use super::transaction::{Tools, cells};
use crate::backend::Kept;
use florin_domain::identity::Profile;
use florin_domain::ledger::{Balance, Wallet};
use florin_domain::store::{Record, Table};
use std::sync::Arc;

/// How many of the newest postings are looked at. It takes some tenths of a second, however many there are.
const NEWEST: usize = 32_768;

/// The wallets that were used last, their profiles, and what they have. Of rows that nobody locked: whoever gives numbers
/// looks for the greatest that is there afterwards.
pub(super) fn up(Tools { session, settled, likely, .. }: &Tools) -> Result<(), Failure> {
    let (mut settled, mut likely) = (settled.borrow_mut(), likely.borrow_mut());
    // Before any row: see `settled.rs`.
    let epoch = session.ask(EPOCH.1, &[]).map_err(|e| Failure::of(EPOCH.0, &e))?;
    settled.begin(epoch.unwrap_or_default());
    let newest = format!("SELECT waid, currency FROM posting ORDER BY posting DESC LIMIT {NEWEST}");
    let wallets = format!("SELECT waid FROM ({newest}) AS newest");
    for row in rows(session, Balance::TABLE, &format!("(waid, currency) IN ({newest})"))? {
        likely.keep(Balance::TABLE, row);
    }
    for row in rows(session, Wallet::TABLE, &format!("waid IN ({wallets})"))? {
        settled.keep(Wallet::TABLE, row);
    }
    let profiles = format!("upid IN (SELECT upid FROM wallet WHERE waid IN ({wallets}))");
    for row in rows(session, Profile::TABLE, &profiles)? {
        settled.keep(Profile::TABLE, row);
    }
    Ok(())
}

fn rows(session: &Session, table: &'static Table, which: &str) -> Result<Vec<Kept>, Failure> {
    let sql = format!("SELECT {} FROM {} WHERE {which}", table.columns.join(", "), table.name);
    let found = session.wait(session.client.query_typed(&sql, &[])).map_err(|e| Failure::of(table.name, &e))?;
    Ok(cells(table, &found)?.into_iter().map(Arc::new).collect())
}
