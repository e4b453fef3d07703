//! PostgreSQL, for several `florin` processes on one database, and for servers that have one already.
//!
//! | file | what |
//! | --- | --- |
//! | `address` | the database's address, shown without its password |
//! | `connect` | a connection with its runtime and prepared statements |
//! | `durable` | refuses a server that would lose what was acknowledged |
//! | `note`, `owned` | what is kept of a move, and a database that nobody else writes |
//! | `migrate`, `role` | the schema, and the role that readers take |
//! | `slot` | what makes a process one of several: its class of ids and its chain |
//! | `settled` | rows that change rarely, kept as long as nobody changes any |
//! | `generations` | the newest rows by their keys, and no more than so many |
//! | `likely` | rows that change with every transaction, as this process saw or left them |
//! | `warm` | what was used last, read when a process begins to write |
//! | `statement`, `value`, `numeric` | from tables and queries to SQL, from cells to bytes and back |
//! | `transaction` | rows by key, by query, and changes, in as few journeys as can be |
//! | `changes` | what a batch changed, as one statement |
//! | `write`, `read`, `together` | the threads |
//! | `teller` | tells those whose batch has ended |
//! | `snapshot` | readers that all see one moment, and walk whole tables |
//! | `error` | what PostgreSQL's errors mean to us |
//!
//! There is no TLS yet: connect over a unix socket, a private network or a tunnel. A connection must be a session of
//! its own: a pooler that hands out transactions would break the lock that holds a slot.

mod address;
mod changes;
mod connect;
mod durable;
mod error;
mod generations;
mod likely;
#[cfg(test)]
mod live;
mod migrate;
mod note;
mod numeric;
mod owned;
mod read;
mod role;
mod settled;
mod slot;
mod snapshot;
mod statement;
mod teller;
mod together;
mod transaction;
mod value;
mod warm;
mod write;

pub use address::without_secrets;
pub(crate) use owned::OwnedDatabase;

use crate::queue::Queue;
use crate::{Mode, OpenError};
use address::Address;
use florin_domain::clock::Clock;
use florin_domain::store::{ReadJob, Snapshot, Snapshots, Store, StoreError, WriteJob};
use read::Reading;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use together::{Together, Turn};
use write::{Health, Pen, Writing};

/// The most write jobs that wait. At a thousand commits a second and 512 jobs a commit this is not reached by load,
/// only by a server that stands still.
const MAX_WAITING_WRITES: usize = 4096;

/// The most read jobs that wait.
const MAX_WAITING_READS: usize = 16_384;

/// Readers wait for the server rather than for a core, so there may be more of them than cores. With the writer, a
/// process takes five connections: sixteen processes stay below the server's usual hundred.
const READERS: usize = 2;

/// Those that read for many at once: one, and another in case that one is busy for long.
const READERS_TOGETHER: usize = 2;

/// The address of a database, without its password.
pub(crate) fn shown(address: &str) -> Result<String, OpenError> {
    Ok(Address::parse(address)?.to_string())
}

/// A PostgreSQL database.
pub struct PostgresStore {
    writes: Arc<Queue<Box<dyn WriteJob>>>,
    reads: Arc<Queue<Box<dyn ReadJob>>>,
    together: Arc<Queue<Box<dyn ReadJob>>>,
    health: Health,
    workers: Vec<JoinHandle<()>>,
    address: Address,
    clock: Clock,
}

impl PostgresStore {
    /// Opens the database at this address: `postgres://USER:PASSWORD@HOST:PORT/DATABASE`.
    pub fn open(address: &str, mode: Mode, clock: Clock) -> Result<Self, OpenError> {
        let address = Address::parse(address)?;
        let mut store = Self {
            writes: Arc::new(Queue::new(MAX_WAITING_WRITES)),
            reads: Arc::new(Queue::new(MAX_WAITING_READS)),
            together: Arc::new(Queue::new(MAX_WAITING_READS)),
            health: Arc::new(Mutex::new(Ok(()))),
            workers: Vec::new(),
            address: address.clone(),
            clock: clock.clone(),
        };
        match mode {
            Mode::Serve => {
                let pen = Pen::open(&address)?;
                let (writes, health) = (store.writes.clone(), store.health.clone());
                let writing = Writing::new(address.clone(), writes, health, clock.clone(), pen);
                store.spawn("florin-writer", || writing.run())?;
            }
            Mode::Inspect => store.writes.close(),
        }
        let connected = Arc::new(AtomicUsize::new(0));
        for _ in 0..READERS {
            let session = read::connect(&address)?;
            let (address, jobs, clock) = (address.clone(), store.reads.clone(), clock.clone());
            let reading = Reading { address, jobs, clock, connected: connected.clone() };
            store.spawn("florin-reader", || reading.run(session))?;
        }
        let turn = Arc::<Turn>::default();
        for _ in 0..READERS_TOGETHER {
            let (address, jobs, clock, turn) = (address.clone(), store.together.clone(), clock.clone(), turn.clone());
            store.spawn("florin-reader", || Together { address, jobs, clock, turn }.run())?;
        }
        Ok(store)
    }

    fn spawn(&mut self, name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), OpenError> {
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(work);
        self.workers.push(thread.map_err(|e| OpenError::Engine(e.to_string()))?);
        Ok(())
    }
}

impl Snapshots for PostgresStore {
    fn snapshots(&self, readers: usize) -> Result<Vec<Box<dyn Snapshot>>, StoreError> {
        snapshot::snapshots(&self.address, readers, &self.clock)
    }
}

impl Store for PostgresStore {
    fn read(&self, job: Box<dyn ReadJob>) -> Result<(), StoreError> {
        self.reads.push(job).map_err(|_| StoreError::Busy)
    }

    fn read_again(&self, job: Box<dyn ReadJob>) -> Result<(), StoreError> {
        self.together.push(job).map_err(|_| StoreError::Busy)
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn write(&self, job: Box<dyn WriteJob>) -> Result<(), StoreError> {
        self.writes.push(job).map_err(|_| StoreError::Busy)
    }

    fn health(&self) -> Result<(), StoreError> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        self.writes.close();
        self.reads.close();
        self.together.close();
        for worker in self.workers.drain(..) {
            // The last who held the store may be a job, and then this is its worker: that ends by itself.
            if worker.thread().id() != std::thread::current().id() {
                // A worker that panicked has said so itself.
                let _ = worker.join();
            }
        }
    }
}
