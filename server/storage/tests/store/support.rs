//! A store on a temporary database, and synchronous ways to use it.

use crate::server;
use florin_domain::Refusal;
use florin_domain::clock::Clock;
use florin_domain::store::{Reader, Store, StoreError, WriteJob, Writer, read_job};
use florin_storage::{Mode, OpenError, open};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};

/// The engines that the tests run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    /// On the server that `FLORIN_TEST_POSTGRES` names; see `scripts/postgres`.
    Postgres,
}

/// Makes a test of each of these functions for each engine; on PostgreSQL only if there is a server.
macro_rules! engine_tests {
    ($($name:ident)+) => {
        mod sqlite {
            $(#[test]
            fn $name() {
                super::$name(crate::support::Engine::Sqlite);
            })+
        }
        mod postgres {
            $(#[test]
            fn $name() {
                if crate::server::address().is_some() {
                    super::$name(crate::support::Engine::Postgres);
                }
            })+
        }
    };
}
pub(crate) use engine_tests;

/// A temporary database.
pub(crate) struct Temporary {
    pub(crate) place: Place,
    pub(crate) clock: Clock,
}

pub(crate) enum Place {
    File(tempfile::TempDir),
    /// A folder that somebody else looks after.
    #[cfg(target_os = "linux")]
    Folder(PathBuf),
    Server(server::Database),
}

impl Temporary {
    pub(crate) fn new(engine: Engine) -> Self {
        let place = match engine {
            Engine::Sqlite => Place::File(tempfile::tempdir().unwrap()),
            Engine::Postgres => Place::Server(server::Database::new()),
        };
        Self { place, clock: Clock::system() }
    }

    /// The file of a SQLite database.
    pub(crate) fn path(&self) -> PathBuf {
        match &self.place {
            Place::File(folder) => folder.path().join("books.db"),
            #[cfg(target_os = "linux")]
            Place::Folder(folder) => folder.join("books.db"),
            Place::Server(_) => panic!("a database on a server has no file"),
        }
    }

    /// The database on a server.
    pub(crate) fn database(&self) -> &server::Database {
        match &self.place {
            Place::Server(database) => database,
            _ => panic!("a database in a file has no server"),
        }
    }

    pub(crate) fn address(&self) -> String {
        match &self.place {
            Place::Server(database) => database.address(),
            _ => format!("sqlite://{}", self.path().display()),
        }
    }

    pub(crate) fn try_open(&self, mode: Mode) -> Result<Arc<dyn Store>, OpenError> {
        open(&self.address(), mode, self.clock.clone())
    }

    pub(crate) fn open(&self) -> Arc<dyn Store> {
        self.try_open(Mode::Serve).unwrap()
    }

    /// Changes rows behind the server's back, foreign keys or not; says how many. Bytes of zeros are written as SQLite
    /// does: `zeroblob(32)`.
    pub(crate) fn edit(&self, sql: &str) -> u64 {
        if let Place::Server(database) = &self.place {
            let sql = sql.replace("zeroblob(32)", "decode(repeat('00', 32), 'hex')");
            return database.changes(&format!("SET session_replication_role = replica; {sql}"));
        }
        let connection = rusqlite::Connection::open(self.path()).unwrap();
        connection.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
        connection.execute_batch(sql).unwrap();
        connection.changes()
    }
}

pub(crate) fn read<T: Send + 'static>(
    store: &dyn Store,
    work: impl FnOnce(&mut dyn Reader) -> T + Send + 'static,
) -> T {
    let (send, receive) = channel();
    let mut work = Some(work);
    let once = move |reader: &mut dyn Reader| work.take().expect("a read runs once")(reader);
    store.read(read_job(once, move |result| send.send(result).unwrap())).unwrap();
    receive.recv().unwrap()
}

struct Job<F, T> {
    work: F,
    result: Option<Result<T, Refusal>>,
    done: Sender<Result<Result<T, Refusal>, StoreError>>,
}

impl<T: Send, F: FnMut(&mut dyn Writer) -> Result<T, Refusal> + Send> WriteJob for Job<F, T> {
    fn run(&mut self, writer: &mut dyn Writer) -> bool {
        self.result.insert((self.work)(writer)).is_ok()
    }

    fn finish(self: Box<Self>, committed: Result<(), StoreError>) {
        let panicked = || Err(Refusal::new(florin_sdk_core::code::Code::SYSTEM_ERROR));
        let Self { result, done, .. } = *self;
        done.send(committed.map(|()| result.unwrap_or_else(panicked))).unwrap();
    }
}

/// What a write job will have said, when it has.
pub(crate) type Pending<T> = std::sync::mpsc::Receiver<Result<Result<T, Refusal>, StoreError>>;

pub(crate) fn start<T: Send + 'static>(
    store: &dyn Store,
    work: impl FnMut(&mut dyn Writer) -> Result<T, Refusal> + Send + 'static,
) -> Pending<T> {
    let (done, receive) = channel();
    store.write(Box::new(Job { work, result: None, done })).unwrap();
    receive
}

/// Keeps whoever writes busy, so that what comes meanwhile meets in one batch, until it is let go.
pub(crate) fn occupy(store: &Arc<dyn Store>) -> (Sender<()>, Pending<()>) {
    let ((begin, begun), (hold, held), (done, receive)) = (channel(), channel::<()>(), channel());
    // A batch that is taken apart runs it again; it waits only the first time.
    let mut held = Some(held);
    let work = move |_: &mut dyn Writer| {
        if let Some(held) = held.take() {
            begin.send(()).unwrap();
            held.recv().unwrap();
        }
        Ok(())
    };
    // On a thread of its own, as it may be done on the one that asks.
    let store = store.clone();
    std::thread::spawn(move || store.write(Box::new(Job { work, result: None, done })).unwrap());
    begun.recv().unwrap();
    (hold, receive)
}

pub(crate) fn write<T: Send + 'static>(
    store: &dyn Store,
    work: impl FnMut(&mut dyn Writer) -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    start(store, work).recv().unwrap().unwrap()
}
