//! Copying a file page by page while it is in use.

use super::snapshot::look_up_note;
use super::{engine, open_to_read, private_file};
use crate::OpenError;
use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};
use std::path::Path;
use std::time::Duration;

/// How many pages are copied at a time.
const AT_ONCE: i32 = 4096;

/// How long it waits for the locks of the new file, which nobody else has.
const PAUSE: Duration = Duration::from_millis(10);

/// Copies a database, as it is now, into a new file, and tells how many pages are there.
pub(crate) fn copy_pages(from: &Path, to: &Path, tell: &mut dyn FnMut(u64)) -> Result<(), OpenError> {
    if !from.exists() {
        return Err(OpenError::Absent(from.display().to_string()));
    }
    let source = open_to_read(from)?;
    // As long as this transaction lasts, the copy sees one moment, and needs not begin again when somebody writes.
    source.execute_batch("BEGIN").map_err(engine)?;
    source.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())).map_err(engine)?;
    if let Some(note) = look_up_note(&source).map_err(|e| OpenError::Engine(e.to_string()))? {
        note.check_reading(from.display().to_string())?;
    }
    drop(private_file(to).map_err(|e| OpenError::Engine(format!("{}: {e}", to.display())))?);
    let mut copy = Connection::open(to).map_err(engine)?;
    copy.execute_batch("PRAGMA synchronous = FULL").map_err(engine)?;
    let backup = Backup::new(&source, &mut copy).map_err(engine)?;
    loop {
        let stepped = backup.step(AT_ONCE).map_err(engine)?;
        let progress = backup.progress();
        tell(u64::try_from(progress.pagecount.saturating_sub(progress.remaining)).unwrap_or_default());
        match stepped {
            StepResult::Done => return Ok(()),
            StepResult::More => {}
            _ => std::thread::sleep(PAUSE),
        }
    }
}

/// Reads a file as a whole and checks that it is a sound database of ours. It is left as one file.
pub(crate) fn check_file(path: &Path) -> Result<(), OpenError> {
    let connection = super::open_to_write(path)?;
    let said: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(engine)?;
    if said != "ok" {
        return Err(OpenError::Engine(format!("{} was not written as it was read: {said}", path.display())));
    }
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").map_err(engine)
}
