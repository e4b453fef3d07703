//! What was used last, read when a process begins to write: its first batches would ask for each of these rows, and take a
//! journey more.

use super::connect::Session;
use super::error::Failure;
use super::settled::EPOCH;
use super::statement::fetch_by;
use super::transaction::{Cells, Tools, cells};
use super::value::Given;
use crate::backend::{Kept, Set};
use florin_domain::identity::Profile;
use florin_domain::ledger::{Balance, Wallet};
use florin_domain::store::{Record, Table, Value};
use std::sync::Arc;
use tokio_postgres::types::Type;

/// How many of the newest postings are looked at. It takes some tenths of a second, however many there are.
const NEWEST: usize = 32_768;

/// The wallets that were used last, their profiles, and what they have. Of rows that nobody locked: whoever gives numbers
/// looks for the greatest that is there afterwards.
pub(super) fn up(Tools { session, settled, likely, .. }: &Tools) -> Result<(), Failure> {
    let (mut settled, mut likely) = (settled.borrow_mut(), likely.borrow_mut());
    // Before any row: see `settled.rs`.
    let epoch = session.ask(EPOCH.1, &[]).map_err(|e| Failure::of(EPOCH.0, &e))?;
    settled.begin(epoch.unwrap_or_default());
    let columns = Balance::TABLE.columns.join(", ");
    let newest = format!("SELECT waid, currency FROM posting ORDER BY posting DESC LIMIT {NEWEST}");
    let used = format!("SELECT {columns} FROM balance WHERE (waid, currency) IN ({newest})");
    let balances = rows(session, Balance::TABLE, &used, None)?;
    let wallets = rows_of(session, Wallet::TABLE, "waid", &balances, Balance::TABLE)?;
    let profiles = rows_of(session, Profile::TABLE, "upid", &wallets, Wallet::TABLE)?;
    for (table, found) in [(Wallet::TABLE, wallets), (Profile::TABLE, profiles)] {
        for row in found {
            settled.keep(table, row);
        }
    }
    for row in balances {
        likely.keep(Balance::TABLE, row);
    }
    Ok(())
}

/// The rows that these others name by the column, a number, which both have.
fn rows_of(
    session: &Session,
    table: &'static Table,
    column: &'static str,
    others: &[Kept],
    of: &'static Table,
) -> Result<Vec<Kept>, Failure> {
    let place = of.place(column).unwrap_or_default();
    let named: Set<&Value> = others.iter().filter_map(|row| row.get(place)).collect();
    let named = Cells::Many(named.into_iter().map(Given).collect());
    rows(session, table, &fetch_by(table, column, &Type::INT8), Some(&named))
}

fn rows(session: &Session, table: &'static Table, sql: &str, named: Option<&Cells<'_>>) -> Result<Vec<Kept>, Failure> {
    let parameters: Vec<_> = named.iter().map(|named| (named.parameter(), Type::INT8_ARRAY)).collect();
    let found = session.wait(session.client.query_typed(sql, &parameters)).map_err(|e| Failure::of(table.name, &e))?;
    Ok(cells(table, &found)?.into_iter().map(Arc::new).collect())
}
