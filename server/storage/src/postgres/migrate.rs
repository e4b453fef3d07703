//! Bringing a database to the newest schema.
//!
//! Each step and the note that it was done are one transaction, under a lock that lasts as long: however many processes
//! start, each step runs once, and one that is killed at any statement leaves nothing of its step.

use super::address::Address;
use super::connect::{self, Session};
use crate::OpenError;
use std::time::Duration;
use tokio_postgres::error::SqlState;

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

/// How long a step waits for a table that is in use, how often it tries, and how long it leaves the table to others between.
const LOCK_WAIT: Duration = Duration::from_secs(2);
const TRIES: u32 = 60;
const PAUSE: Duration = Duration::from_secs(1);

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
        bring_up(session, address, number, step)?;
    }
    check(session, address)
}

/// Does a step, as soon as the tables that it changes are free.
fn bring_up(session: &Session, address: &Address, number: i64, step: &str) -> Result<(), OpenError> {
    for tries in 1..=TRIES {
        session.step("BEGIN").map_err(failed(address))?;
        let done = run_step(session, address, number, step);
        let end = if matches!(done, Ok(Ran::Done)) { "COMMIT" } else { "ROLLBACK" };
        let ended = session.step(end).map_err(failed(address));
        if done.and_then(|ran| ended.map(|()| ran))? == Ran::Done {
            return Ok(());
        }
        if tries < TRIES {
            tracing::info!(database = %address, step = number, "a table is in use; the schema is brought up when it is not");
            std::thread::sleep(PAUSE);
        }
    }
    Err(OpenError::Engine(format!(
        "{address}: step {number} of the schema waits for a table that is in use. End what reads it (florin verify, backup \
         or move, or a transaction that stands in pg_stat_activity), and start again"
    )))
}

/// How a step went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ran {
    Done,
    /// A table that it changes is in use, and it waited long enough: whoever else wants the table waits behind it.
    Held,
}

fn run_step(session: &Session, address: &Address, number: i64, step: &str) -> Result<Ran, OpenError> {
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
        return Ok(Ran::Done);
    }
    session.step(&format!("SET LOCAL lock_timeout = {}", LOCK_WAIT.as_millis())).map_err(&failed)?;
    match session.step(step) {
        Err(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => return Ok(Ran::Held),
        done => done.map_err(&failed)?,
    }
    session.step(&format!("INSERT INTO florin_schema (version) VALUES ({number})")).map_err(&failed)?;
    Ok(Ran::Done)
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
