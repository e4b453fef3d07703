//! A copy in one file of a database that may be in use.

use super::tables::{self, Digesting, Progress, Stage, Tell};
use super::{CopyError, Owned, Place, own_file};
use crate::sqlite;
use florin_domain::clock::Clock;
use florin_domain::store::{Snapshots as _, ValueRef};
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// How many rows of a copy from another engine are written at a time. Nobody waits for one of them.
const BATCH: usize = 100_000;

/// Copies the database `from`, as it is at one moment, into the new file `to`: a SQLite database, its owner's alone. It
/// is there when it is whole, on disk, and was read back.
pub fn backup(from: &str, to: &Path, tell: &mut Tell<'_>) -> Result<(), CopyError> {
    let from = Place::parse(from)?;
    let failed = |file: &Path| {
        let file = file.to_owned();
        move |error| CopyError::File { file, error }
    };
    if to.try_exists().map_err(failed(to))? {
        return Err(CopyError::NotEmpty(to.display().to_string()));
    }
    let part = Part::new(to);
    match &from {
        Place::Sqlite(path) => sqlite::copy_pages(path, &part.0, &mut |done| {
            tell(Progress { stage: Stage::Copying, table: "", done });
        })?,
        Place::Postgres(address) => copy_rows(address, &from.shown()?, &part.0, tell)?,
    }
    tell(Progress { stage: Stage::Checking, table: "", done: 0 });
    sqlite::check_file(&part.0)?;
    File::open(&part.0).and_then(|file| file.sync_all()).map_err(failed(&part.0))?;
    // A link does not replace what somebody else put there meanwhile; a new name would. Not each file system has them.
    std::fs::hard_link(&part.0, to)
        .or_else(|error| match error.kind() {
            ErrorKind::Unsupported | ErrorKind::PermissionDenied => std::fs::rename(&part.0, to),
            _ => Err(error),
        })
        .map_err(failed(to))?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed(folder))
}

/// Copies row by row, and compares what was read with what was written.
fn copy_rows(address: &str, from: &str, part: &Path, tell: &mut Tell<'_>) -> Result<(), CopyError> {
    let store = crate::PostgresStore::open(address, crate::Mode::Inspect, Clock::system())?;
    let mut source = store.snapshots(1)?;
    let Some(source) = source.first_mut() else { return Ok(()) };
    let mut copy: Box<dyn Owned> = own_file(part)?;
    copy.begin_arriving(from)?;
    for table in florin_domain::tables() {
        let mut read = Digesting::default();
        let mut seen = |cells: &[ValueRef<'_>]| read.row(cells);
        tables::copy(&mut **source, &mut *copy, table, Vec::new(), BATCH, &mut seen, tell)?;
        if tables::digest(&mut *copy.snapshot()?, table, tell)? != read.end(table) {
            return Err(CopyError::Differs { table: table.name });
        }
    }
    Ok(copy.arrived()?)
}

/// The file under the name that it has until it is whole. It goes, with what SQLite puts beside it, when this goes.
struct Part(PathBuf);

impl Part {
    fn new(to: &Path) -> Self {
        let mut name = to.as_os_str().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        let part = Self(name.into());
        part.remove(); // What a killed process of the same number left.
        part
    }

    fn remove(&self) {
        for suffix in ["", "-wal", "-shm", "-journal", ".lock"] {
            let mut name = self.0.as_os_str().to_owned();
            name.push(suffix);
            // Most are not there.
            let _ = std::fs::remove_file(name);
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.remove();
    }
}
