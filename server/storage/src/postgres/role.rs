//! A role that can read and nothing else, for the connections that serve reading credentials.
//!
//! The handle that they get has no method that writes, and their transactions are read-only; this is the third bar, and
//! the one that the server itself keeps, whatever we send.

use super::address::Address;
use super::connect::Session;
use super::error::describe;
use super::migrate::{LOCKS, SCHEMA_LOCK};
use tokio_postgres::Error;

/// PostgreSQL cuts longer names off.
const MAX_NAME: usize = 63;

/// The role of this database; none if its name gets too long.
fn name(session: &Session) -> Result<Option<String>, Error> {
    let database: Option<String> = session.ask("SELECT current_database()::text", &[])?;
    Ok(database.map(|name| format!("florin_reader_{name}")).filter(|name| name.len() <= MAX_NAME))
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Whether the role is there, may read every table, and is one that we may take.
const READY: &str = "SELECT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = $1
    AND pg_has_role(r.oid, 'MEMBER') AND has_schema_privilege(r.oid, current_schema(), 'USAGE')
    AND NOT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND NOT has_table_privilege(r.oid, c.oid, 'SELECT')))";

/// Makes the role if we may. It is a bar more, so without it the server runs all the same.
pub(super) fn prepare(session: &Session, address: &Address) {
    if let Err(error) = try_prepare(session) {
        // The rest of the transaction, if any, goes with it.
        let _ = session.step("ROLLBACK");
        tracing::warn!(
            database = %address, error = describe(&error),
            "no role for readers: readers keep to read-only transactions alone. To have one, give the server's user \
             CREATEROLE and start again"
        );
    }
}

fn try_prepare(session: &Session) -> Result<(), Error> {
    let Some(name) = name(session)? else { return Ok(()) };
    if session.ask(READY, &[&name])? == Some(true) {
        return Ok(());
    }
    session.step("BEGIN")?;
    // Processes that start together would hinder each other.
    session.step(&format!("SELECT pg_advisory_xact_lock({LOCKS}, {SCHEMA_LOCK})"))?;
    let role = quoted(&name);
    let known = session.ask("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", &[&name])? == Some(true);
    if !known {
        session.step(&format!("CREATE ROLE {role} NOLOGIN"))?;
    }
    // Whoever makes a role may give it away, and yet may not take it unless it was given.
    if !known || session.ask("SELECT pg_has_role($1, 'MEMBER')", &[&name])? != Some(true) {
        session.step(&format!("GRANT {role} TO CURRENT_USER"))?;
    }
    let schema: Option<String> = session.ask("SELECT quote_ident(current_schema())", &[])?;
    let schema = schema.unwrap_or_default();
    session.step(&format!(
        "GRANT USAGE ON SCHEMA {schema} TO {role}; GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}"
    ))?;
    session.step("COMMIT")
}

/// Makes this connection's user the role, if there is one that it may take.
pub(super) fn take(session: &Session, address: &Address) {
    let taken = name(session).and_then(|name| match name {
        Some(name) if session.ask(READY, &[&name])? == Some(true) => {
            session.step(&format!("SET ROLE {}", quoted(&name)))
        }
        _ => Ok(()),
    });
    if let Err(error) = taken {
        tracing::warn!(database = %address, error = describe(&error), "a reader cannot take the role for readers");
    }
}
