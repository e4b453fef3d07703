//! Moving to another database.
//!
//! At each moment, one of the two at most can be served: the destination says from its first moment that it is half of
//! a copy; the source is closed when both were compared; then the destination is opened. Killed anywhere, the same move
//! started again goes on: what was copied is found by its place, what was changed meanwhile by the comparison.

use super::owned::Note;
use super::tables::{self, Tell};
use super::{Copied, CopyError, Owned, Place};
use florin_domain::store::{Snapshot, Table};

/// What a move did.
#[derive(Debug)]
pub struct Moved {
    /// The source, which is closed now.
    pub from: String,
    /// The destination, which can be served now.
    pub to: String,
    /// All tables, which were the same on both sides when the source was closed. None if all was done before already.
    pub tables: Vec<Copied>,
}

/// Moves all rows of the database `from` to the database `to`, which must be new, empty, or the half copy of an earlier
/// try. `batch` rows are copied at a time. Nobody may serve either meanwhile.
pub fn relocate(from: &str, to: &str, batch: usize, tell: &mut Tell<'_>) -> Result<Moved, CopyError> {
    let (from, to) = (Place::parse(from)?, Place::parse(to)?);
    let mut source = from.own()?;
    let mut destination = to.own_or_make()?;
    let (from, to) = (from.shown()?, to.shown()?);
    if !prepare(&mut *source, &mut *destination, &from, &to)? {
        return Ok(Moved { from, to, tables: Vec::new() });
    }
    // Nobody else writes either, so one look at each will do.
    let (mut read, mut there) = (source.snapshot()?, destination.snapshot()?);
    for table in florin_domain::tables() {
        // Batches go in order and stand as a whole or not at all, so what is there is the beginning.
        let after = there.last(table)?.unwrap_or_default();
        tables::copy(&mut *read, &mut *destination, table, after, batch, &mut |_| (), tell)?;
    }
    there = destination.snapshot()?;
    let mut moved = Vec::new();
    for table in florin_domain::tables() {
        let wanted = tables::digest(&mut *read, table, tell)?;
        if tables::digest(&mut *there, table, tell)? != wanted {
            copy_again(&mut *read, &mut *destination, &wanted, table, batch, tell)?;
        }
        moved.push(wanted);
    }
    drop((read, there));
    source.write_note(&Note::Left { to: to.clone() })?;
    destination.arrived()?;
    Ok(Moved { from, to, tables: moved })
}

/// Whether there is anything to do; if so, the destination has said that it is half of a copy.
fn prepare(source: &mut dyn Owned, destination: &mut dyn Owned, from: &str, to: &str) -> Result<bool, CopyError> {
    let closed = match source.note()? {
        None => false,
        Some(Note::Left { to: there }) if there == to => true,
        Some(note) => return Err(note.forbids_serving(from.to_owned()).into()),
    };
    match destination.note()? {
        Some(Note::Arriving { from: there }) if there == from => Ok(true),
        Some(Note::Arriving { from: other }) => Err(CopyError::OtherMove { database: to.to_owned(), other }),
        // It went on from there.
        Some(Note::Left { .. }) if closed => Ok(false),
        Some(note) => Err(note.forbids_serving(to.to_owned()).into()),
        None if is_empty(destination)? => {
            destination.begin_arriving(from)?;
            Ok(true)
        }
        // All was done, but whoever did it did not get to say so.
        None if closed => Ok(false),
        None => Err(CopyError::NotEmpty(to.to_owned())),
    }
}

fn is_empty(destination: &dyn Owned) -> Result<bool, CopyError> {
    let mut snapshot = destination.snapshot()?;
    for table in florin_domain::tables() {
        if snapshot.last(table)?.is_some() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Copies a table once more as a whole. Rows that were copied by an earlier try may have changed since, if the source was
/// served in between.
fn copy_again(
    source: &mut dyn Snapshot,
    destination: &mut dyn Owned,
    wanted: &Copied,
    table: &'static Table,
    batch: usize,
    tell: &mut Tell<'_>,
) -> Result<(), CopyError> {
    tracing::info!(table = table.name, "changed since it was copied: copied again");
    destination.clear(table)?;
    tables::copy(source, destination, table, Vec::new(), batch, &mut |_| (), tell)?;
    let copied = tables::digest(&mut *destination.snapshot()?, table, tell)?;
    if copied == *wanted { Ok(()) } else { Err(CopyError::Differs { table: table.name }) }
}
