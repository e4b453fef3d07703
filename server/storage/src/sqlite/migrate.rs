//! Bringing a database to the newest schema.
//!
//! Each step and the note that it was done are one transaction, so a process that is killed at any statement leaves
//! either the whole step or nothing of it, and the next start goes on from there.

use super::engine;
use crate::OpenError;
use rusqlite::{Connection, TransactionBehavior};

/// The steps, in order. A step that was ever released is never changed.
const STEPS: &[&str] = &[
    include_str!("../../migrations/sqlite/0001_initial.sql"), //
    include_str!("../../migrations/sqlite/0002_momo.sql"),
    include_str!("../../migrations/sqlite/0003_references.sql"),
    include_str!("../../migrations/sqlite/0004_identity.sql"),
    include_str!("../../migrations/sqlite/0005_login.sql"),
    include_str!("../../migrations/sqlite/0006_sso.sql"),
    include_str!("../../migrations/sqlite/0007_ledger.sql"),
    include_str!("../../migrations/sqlite/0008_bridge.sql"),
    include_str!("../../migrations/sqlite/0010_component.sql"),
    include_str!("../../migrations/sqlite/0014_attributes.sql"),
    include_str!("../../migrations/sqlite/0017_ledger.sql"),
    include_str!("../../migrations/sqlite/0009_notify.sql"),
    include_str!("../../migrations/sqlite/0021_platform.sql"),
    include_str!("../../migrations/sqlite/0022_log.sql"),
];

/// Marks a file as ours ("FLRN"), so that no other program's database is taken for one.
const APPLICATION_ID: i64 = 0x464C_524E;

fn known() -> i64 {
    i64::try_from(STEPS.len()).unwrap_or(i64::MAX)
}

fn pragma(connection: &Connection, name: &str) -> Result<i64, OpenError> {
    connection.pragma_query_value(None, name, |row| row.get(0)).map_err(engine)
}

/// Refuses a file that another program uses, before anything in it is touched.
pub(super) fn need_ours_or_empty(connection: &Connection) -> Result<(), OpenError> {
    let ours = pragma(connection, "application_id")? == APPLICATION_ID;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(engine)?;
    if ours || tables == 0 { Ok(()) } else { Err(OpenError::Foreign) }
}

/// Does the steps that were not done yet.
pub(super) fn run(connection: &mut Connection) -> Result<(), OpenError> {
    for (index, step) in STEPS.iter().enumerate() {
        let number = i64::try_from(index).unwrap_or(i64::MAX) + 1;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(engine)?;
        // Asked inside the transaction: another process may have done it meanwhile.
        if pragma(&transaction, "user_version")? < number {
            transaction.execute_batch(step).map_err(engine)?;
            transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(engine)?;
            transaction.pragma_update(None, "user_version", number).map_err(engine)?;
        }
        transaction.commit().map_err(engine)?;
    }
    check(connection)
}

/// Refuses a database that is not ours, or whose schema this program does not know.
pub(super) fn check(connection: &Connection) -> Result<(), OpenError> {
    if pragma(connection, "application_id")? != APPLICATION_ID {
        return Err(OpenError::Foreign);
    }
    match pragma(connection, "user_version")? {
        found if found > known() => Err(OpenError::TooNew { found, known: known() }),
        found if found < known() => Err(OpenError::Engine(format!(
            "the schema has version {found} of {}: start `florin serve` once to bring it up",
            known()
        ))),
        _ => Ok(()),
    }
}
