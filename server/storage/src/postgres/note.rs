//! What a database says of a move that it is, or was, part of.

use super::connect::Session;
use crate::copy::Note;
use tokio_postgres::Error;

/// Reads it.
pub(super) fn read(session: &Session) -> Result<Option<Note>, Error> {
    let there = "SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = current_schema() AND c.relname = 'florin_move')";
    if session.ask(there, &[])? != Some(true) {
        return Ok(None);
    }
    let word: Option<String> = session.ask("SELECT state FROM florin_move", &[])?;
    let peer: Option<String> = session.ask("SELECT peer FROM florin_move", &[])?;
    Ok(word.zip(peer).map(|(word, peer)| Note::from_cells(&word, peer)))
}

/// Writes it, inside the transaction that is open.
pub(super) fn write(session: &Session, note: &Note) -> Result<(), Error> {
    let (word, peer) = note.cells();
    session.step(
        "CREATE TABLE IF NOT EXISTS florin_move (state TEXT NOT NULL, peer TEXT NOT NULL); DELETE FROM florin_move",
    )?;
    let insert = "INSERT INTO florin_move VALUES ($1, $2) RETURNING state";
    session.ask::<String>(insert, &[word, peer]).map(|_| ())
}
