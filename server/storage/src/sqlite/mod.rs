//! The embedded engine: SQLite in a file, with a write-ahead log that is flushed at each commit.

mod find;
mod hashes;
mod keyed;
#[cfg(test)]
mod lab;
mod log;
mod migrate;
mod owned;
mod pages;
mod pool;
mod recent;
mod rows;
mod snapshot;
mod statement;
mod worker;

pub(crate) use owned::OwnedFile;
pub(crate) use pages::{check_file, copy_pages};

use crate::copy::Note;
use crate::queue::Queue;
use crate::{Mode, OpenError};
use find::Finder;
use florin_domain::clock::Clock;
use florin_domain::reference::ClientReference;
use florin_domain::store::{ReadJob, Record, Snapshot, Snapshots, Store, StoreError, WriteJob};
use hashes::Hashes;
use log::{BALANCES, Log};
use pool::Pool;
use recent::Recent;
use rows::Memory;
use rusqlite::config::DbConfig;
use rusqlite::hooks::Wal;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use worker::{Counter, Pen, Writing};

/// The most write jobs that wait. At a thousand commits a second and 512 jobs a commit this is not reached by load,
/// only by a disk that stands still.
const MAX_WAITING_WRITES: usize = 4096;

/// The most read jobs that wait.
const MAX_WAITING_READS: usize = 16_384;

/// Readers work beside the writer; more than the machine has cores gains nothing.
const READERS: usize = 2;

/// How much of the database the writer keeps in memory: balances of wallets in use are spread over all of it.
const WRITER_CACHE_KIB: i32 = 64 * 1024;

/// How many pages the log has when they are put into the database file: as many as SQLite itself would wait for.
const LOG_PAGES: i32 = 1000;

/// How long the log's file may stay after a long reader, such as a backup, has kept it from beginning anew.
const LOG_LIMIT: u32 = 64 << 20;

/// How long a connection waits for a lock. Only a checkpoint or an inspecting process ever holds one.
const LOCK_WAIT: Duration = Duration::from_secs(10);

/// A SQLite database.
pub struct SqliteStore {
    /// Nobody's if it was opened to be looked at.
    writing: Option<Arc<Writing>>,
    reads: Arc<Queue<Box<dyn ReadJob>>>,
    finder: Arc<Finder>,
    /// For those who read little and do not wait for a reader.
    pool: Arc<Pool>,
    clock: Clock,
    workers: Vec<JoinHandle<()>>,
    path: PathBuf,
    /// Held as long as the store lives, so that no second process writes.
    _lock: Option<File>,
}

impl SqliteStore {
    /// Opens the database in this file.
    pub fn open(path: &Path, mode: Mode, clock: Clock) -> Result<Self, OpenError> {
        let reads = Arc::new(Queue::new(MAX_WAITING_READS));
        let mut workers = Vec::new();
        let mut lock = None;
        let mut writing = None;
        let mut finder = None;
        let mut pool = None;
        let cores = std::thread::available_parallelism().map_or(READERS, usize::from);
        match mode {
            Mode::Serve => {
                lock = Some(lock_file(path)?);
                let mut connection = open_to_write(path)?;
                if let Some(note) = note_of(&connection)? {
                    return Err(note.forbids_serving(path.display().to_string()));
                }
                let last_id = rows::greatest_id(&connection).map_err(engine)?;
                let (hashes, moving) = Hashes::load(&connection, ClientReference::TABLE)?;
                let (log, pending) = Log::open(&connection, &BALANCES)?;
                let found = Arc::new(Finder { hashes: Some(hashes), log });
                finder = Some(found.clone());
                let readers = Arc::new(Pool::open(path, cores, true)?);
                pool = Some(readers.clone());
                keep_log_short(&mut connection, readers.clone())?;
                let memory = Memory { finder: found, moving, pending, recent: Recent::default(), pool: readers };
                let pen = Pen { connection, memory, numbers: Counter { clock: clock.clone(), last: last_id } };
                let writes = Arc::new(Writing::new(pen, MAX_WAITING_WRITES));
                writing = Some(writes.clone());
                workers.push(spawn("florin-writer", move || writes.run())?);
            }
            Mode::Inspect if !path.exists() => return Err(OpenError::Absent(path.display().to_string())),
            Mode::Inspect => {}
        }
        let finder = finder.unwrap_or_else(|| Arc::new(Finder { hashes: None, log: Log::of_others(&BALANCES) }));
        for _ in 0..READERS {
            let connection = open_to_read(path)?;
            if let Some(note) = note_of(&connection)? {
                note.check_reading(path.display().to_string())?;
            }
            let (finder, reads, clock) = (finder.clone(), reads.clone(), clock.clone());
            let read = move || pool::serve(connection, &finder, &reads, &clock);
            workers.push(spawn("florin-reader", read)?);
        }
        let pool = match pool {
            Some(pool) => pool,
            None => Arc::new(Pool::open(path, cores, false)?),
        };
        Ok(Self { writing, reads, finder, pool, clock, workers, path: path.to_owned(), _lock: lock })
    }
}

impl Snapshots for SqliteStore {
    fn snapshots(&self, readers: usize) -> Result<Vec<Box<dyn Snapshot>>, StoreError> {
        snapshot::snapshots(&self.path, readers, &self.clock)
    }
}

impl Store for SqliteStore {
    fn read(&self, job: Box<dyn ReadJob>) -> Result<(), StoreError> {
        self.reads.push(job).map_err(|_| StoreError::Busy)
    }

    fn read_little(&self, job: Box<dyn ReadJob>) -> Result<(), StoreError> {
        self.pool.read(job, &self.finder, &self.clock).or_else(|job| self.read(job))
    }

    fn is_shared(&self) -> bool {
        false
    }

    fn write(&self, job: Box<dyn WriteJob>) -> Result<(), StoreError> {
        self.writing.as_ref().ok_or(StoreError::Busy)?.add(job)
    }

    fn health(&self) -> Result<(), StoreError> {
        self.writing.as_ref().map_or(Ok(()), |writing| writing.health())
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.pool.close();
        if let Some(writing) = &self.writing {
            writing.close();
        }
        self.reads.close();
        for worker in self.workers.drain(..) {
            // The last who held the store may be a job, and then this is its worker: that ends by itself.
            if worker.thread().id() != std::thread::current().id() {
                // A worker that panicked has said so itself.
                let _ = worker.join();
            }
        }
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, OpenError> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work).map_err(|e| OpenError::Engine(e.to_string()))
}

fn note_of(connection: &Connection) -> Result<Option<Note>, OpenError> {
    snapshot::look_up_note(connection).map_err(|e| OpenError::Engine(e.to_string()))
}

fn engine(error: rusqlite::Error) -> OpenError {
    OpenError::Engine(error.to_string())
}

/// Puts what is in the log into the database file whenever it has grown so long, so that it can begin anew.
fn keep_log_short(connection: &mut Connection, pool: Arc<Pool>) -> Result<(), OpenError> {
    let hook = move |log: &mut Wal, pages| {
        if pages >= LOG_PAGES {
            // Without success it is tried again after the next commit; that one stands in any case.
            if let Err(error) = pool.without_views(|| log.checkpoint()) {
                tracing::warn!(%error, "a checkpoint failed");
            }
        }
        Ok(())
    };
    connection.wal_hook(Some(hook)).map_err(engine)
}

/// One process at a time writes a database: its ids and its chain depend on it.
fn lock_file(path: &Path) -> Result<File, OpenError> {
    // By the file's own name: whoever comes by a link finds the same tables.
    let real = private_file(path).and_then(|_| path.canonicalize());
    let mut lock = real.map_err(|e| OpenError::Engine(format!("{}: {e}", path.display())))?.into_os_string();
    lock.push(".lock");
    let lock = PathBuf::from(lock);
    let place = |e: std::io::Error| OpenError::Engine(format!("{}: {e}", lock.display()));
    let file = private_file(&lock).map_err(place)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(OpenError::InUse(path.display().to_string())),
        Err(std::fs::TryLockError::Error(e)) => Err(place(e)),
    }
}

fn open_to_write(path: &Path) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    drop(private_file(path).map_err(|e| OpenError::Engine(format!("{}: {e}", path.display())))?);
    let mut connection =
        Connection::open_with_flags(path, flags).map_err(|e| OpenError::Engine(format!("{}: {e}", path.display())))?;
    connection.busy_timeout(LOCK_WAIT).map_err(engine)?;
    keep_plans(&connection)?;
    connection.set_prepared_statement_cache_capacity(128);
    migrate::need_ours_or_empty(&connection).map_err(|e| match e {
        OpenError::Engine(reason) => OpenError::Engine(format!("{}: {reason}", path.display())),
        other => other,
    })?;
    // FULL: each commit is on disk before it is acknowledged. NORMAL would lose the last ones in a power cut.
    connection
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;")
        .map_err(engine)?;
    migrate::run(&mut connection)?;
    connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB).map_err(engine)?;
    connection.execute_batch(&format!("PRAGMA journal_size_limit = {LOG_LIMIT}")).map_err(engine)?;
    Ok(connection)
}

fn open_to_read(path: &Path) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection =
        Connection::open_with_flags(path, flags).map_err(|e| OpenError::Engine(format!("{}: {e}", path.display())))?;
    connection.busy_timeout(LOCK_WAIT).map_err(engine)?;
    keep_plans(&connection)?;
    connection.set_prepared_statement_cache_capacity(128);
    connection.execute_batch("PRAGMA query_only = ON; PRAGMA temp_store = MEMORY;").map_err(engine)?;
    migrate::check(&connection)?;
    Ok(connection)
}

/// Where a table has a partial index, SQLite would make its plan anew for each value that is bound: that took longer
/// than the search.
fn keep_plans(connection: &Connection) -> Result<(), OpenError> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(|_| ()).map_err(engine)
}

/// What an error of the engine's means, wherever it came from.
fn failed(error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => StoreError::Constraint { table: "" },
        // What is written without its commit mark does not count.
        Some(ErrorCode::DiskFull | ErrorCode::ReadOnly) => StoreError::Undone(error.to_string()),
        _ => StoreError::Engine(error.to_string()),
    }
}

/// Runs a statement that takes and gives nothing.
fn step(connection: &Connection, sql: &str) -> Result<(), StoreError> {
    connection.prepare_cached(sql).and_then(|mut prepared| prepared.execute([])).map(|_| ()).map_err(failed)
}

/// Does something in a transaction of its own.
fn whole(connection: &Connection, work: impl FnOnce() -> Result<(), StoreError>) -> Result<(), StoreError> {
    step(connection, "BEGIN IMMEDIATE")?;
    let done = work().and_then(|()| step(connection, "COMMIT"));
    if done.is_err() {
        undo(connection);
    }
    done
}

/// Undoes the transaction that is open, if one still is: a full disk ends it by itself.
fn undo(connection: &Connection) {
    if !connection.is_autocommit()
        && let Err(error) = step(connection, "ROLLBACK")
    {
        tracing::error!(%error, "a transaction could not be undone");
    }
}

/// Opens a file, and makes it if it is not there: its owner's alone, as everybody's balances are in it. SQLite gives
/// the files beside it the same rights.
fn private_file(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
