//! Bringing a database to the newest schema.
//!
//! Each step and the note that it was done are one transaction, under a lock that lasts as long: however many processes
//! start, each step runs once, and one that is killed at any statement leaves nothing of its step.

use super::address::Address;
use super::connect::{self, Session};
use crate::OpenError;

/// The steps, in order. A step that was ever released is never changed.
pub(super) const STEPS: &[&str] = &[
    include_str!("../../migrations/postgres/0001_initial.sql"), //
    include_str!("../../migrations/postgres/0002_momo.sql"),
    include_str!("../../migrations/postgres/0003_settled.sql"),
    include_str!("../../migrations/postgres/0004_identity.sql"),
    include_str!("../../migrations/postgres/0005_login.sql"),
    include_str!("../../migrations/postgres/0006_sso.sql"),
    include_str!("../../migrations/postgres/0007_ledger.sql"),
    include_str!("../../migrations/postgres/0008_bridge.sql"),
    include_str!("../../migrations/postgres/0010_component.sql"),
    include_str!("../../migrations/postgres/0014_attributes.sql"),
    include_str!("../../migrations/postgres/0017_ledger.sql"),
    include_str!("../../migrations/postgres/0009_notify.sql"),
    include_str!("../../migrations/postgres/0021_platform.sql"),
    include_str!("../../migrations/postgres/0023_settled.sql"),
    include_str!("../../migrations/postgres/0024_references.sql"),
];

/// Names our advisory locks ("FLRN"), of which this is the one for the schema; see also `slot.rs`.
pub(super) const LOCKS: i32 = 0x464C_524E;
pub(super) const SCHEMA_LOCK: i32 = 1000;

const NOTES: &str = "CREATE TABLE florin_schema (
    version BIGINT      PRIMARY KEY,
    done    TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP
)";

fn known() -> i64 {
    i64::try_from(STEPS.len()).unwrap_or(i64::MAX)
}

fn failed(address: &Address) -> impl Fn(tokio_postgres::Error) -> OpenError {
    move |error| connect::failed(address, &error)
}

/// Which step was the last; none if the database has none of our tables.
fn version(session: &Session) -> Result<Option<i64>, tokio_postgres::Error> {
    // Looked for in the table of tables: what a connection remembers of names may be older than a lock that it got.
    let ours = "SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = current_schema() AND c.relname = 'florin_schema')";
    if session.ask(ours, &[])? != Some(true) {
        return Ok(None);
    }
    session.ask("SELECT COALESCE(MAX(version), 0) FROM florin_schema", &[])
}

/// Does the steps that were not done yet.
pub(super) fn run(session: &Session, address: &Address) -> Result<(), OpenError> {
    // Nothing to do is the rule; then nobody waits for anybody, and no right to change the schema is needed.
    if check(session, address).is_ok() {
        return Ok(());
    }
    for (index, step) in STEPS.iter().enumerate() {
        let number = i64::try_from(index).unwrap_or(i64::MAX) + 1;
        session.step("BEGIN").map_err(failed(address))?;
        let done = run_step(session, address, number, step);
        let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
        let ended = session.step(end).map_err(failed(address));
        done.and(ended)?;
    }
    check(session, address)
}

fn run_step(session: &Session, address: &Address, number: i64, step: &str) -> Result<(), OpenError> {
    let failed = failed(address);
    // Waiting for another process that is at it is no reason to give up.
    session.step("SET LOCAL lock_timeout = 0").map_err(&failed)?;
    session.step(&format!("SELECT pg_advisory_xact_lock({LOCKS}, {SCHEMA_LOCK})")).map_err(&failed)?;
    // Asked under the lock: another process may have done it meanwhile.
    let found = version(session).map_err(&failed)?;
    if found.is_none() {
        let others = "SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p'))";
        if session.ask(others, &[]).map_err(&failed)? == Some(true) {
            return Err(OpenError::Engine(format!(
                "{address} holds other tables than Florin's: make a database of its own (createdb florin) and name that"
            )));
        }
        session.step(NOTES).map_err(&failed)?;
    }
    if found.unwrap_or_default() >= number {
        return Ok(());
    }
    session.step(step).map_err(&failed)?;
    session.step(&format!("INSERT INTO florin_schema (version) VALUES ({number})")).map_err(&failed)
}

/// Refuses a database that is not ours, or whose schema this program does not know.
pub(super) fn check(session: &Session, address: &Address) -> Result<(), OpenError> {
    match version(session).map_err(failed(address))? {
        None => Err(OpenError::Absent(address.to_string())),
        Some(found) if found > known() => Err(OpenError::TooNew { found, known: known() }),
        Some(found) if found < known() => Err(OpenError::Engine(format!(
            "the schema has version {found} of {}: start `florin serve` once to bring it up",
            known()
        ))),
        Some(_) => Ok(()),
    }
}
