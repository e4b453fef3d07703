//! Whether an answer that says "done" will still be true after a power cut.

use super::address::Address;
use super::connect::{Session, failed};
use crate::OpenError;

fn setting(session: &Session, name: &str) -> Result<Option<String>, tokio_postgres::Error> {
    session.ask("SELECT current_setting($1, true)", &[name])
}

/// Refuses a server that does not flush commits, and one that cannot hold every text.
pub(super) fn check(session: &Session, address: &Address) -> Result<(), OpenError> {
    let failed = |e| failed(address, &e);
    if setting(session, "fsync").map_err(failed)?.as_deref() == Some("off") {
        return Err(OpenError::Engine(format!(
            "{address} runs with fsync=off and would lose money in a power cut: set fsync=on in its postgresql.conf and \
             restart it"
        )));
    }
    // What is stronger than `off` is the operator's choice. Said here in any case, so that it stays so however the
    // configuration changes meanwhile.
    let found = setting(session, "synchronous_commit").map_err(failed)?.filter(|found| found != "off");
    let wanted = found.unwrap_or_else(|| "on".to_owned());
    session.ask::<String>("SELECT set_config('synchronous_commit', $1, false)", &[&wanted]).map_err(failed)?;
    if setting(session, "synchronous_commit").map_err(failed)?.as_deref() == Some("off") {
        return Err(OpenError::Engine(format!(
            "{address} has synchronous_commit=off, and it cannot be set to on: say so in the server's configuration"
        )));
    }
    match setting(session, "server_encoding").map_err(failed)?.as_deref() {
        Some("UTF8") => Ok(()),
        other => Err(OpenError::Engine(format!(
            "{address} has the encoding {}: make a database with UTF8 (createdb --encoding=UTF8 --template=template0 {})",
            other.unwrap_or("?"),
            address.database()
        ))),
    }
}
