//! Sharing a table out among several threads.

use crate::store::{Scan, Snapshot, StoreError, Table, Value};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Rows that lie together.
#[derive(Debug, Clone)]
pub(super) struct Stretch {
    pub(super) table: &'static Table,
    /// The place after which it begins; the beginning if it is empty.
    pub(super) after: Vec<Value>,
    /// The place that it ends with; the end if it is empty.
    pub(super) until: Vec<Value>,
}

impl Stretch {
    /// The next so many rows of it after a place.
    pub(super) fn page(&self, after: Vec<Value>, rows: usize) -> Scan {
        Scan { table: self.table, after, until: self.until.clone(), limit: Some(rows) }
    }
}

/// What one thread makes of a stretch.
pub(super) type Walk<'a, T> = dyn Fn(&mut dyn Snapshot, &Stretch) -> Result<T, StoreError> + Sync + 'a;

/// What is not given out yet, and what is not taken in yet.
struct Desk<T> {
    after: Vec<Value>,
    given: usize,
    all_given: bool,
    taken: usize,
    early: BTreeMap<usize, T>,
}

/// Shares a table out in stretches of so many rows, and takes in what `work` makes of each, in their order.
pub(super) fn share<T: Send>(
    snapshots: &mut [Box<dyn Snapshot>],
    table: &'static Table,
    rows: usize,
    work: &Walk<'_, T>,
    take: &mut (dyn FnMut(T) + Send),
) -> Result<(), StoreError> {
    let desk = Desk { after: Vec::new(), given: 0, all_given: false, taken: 0, early: BTreeMap::new() };
    let desk = Mutex::new((desk, take));
    let lock = || -> MutexGuard<'_, _> { desk.lock().unwrap_or_else(PoisonError::into_inner) };
    let run = |snapshot: &mut dyn Snapshot| -> Result<(), StoreError> {
        loop {
            let (number, stretch) = {
                let mut desk = lock();
                let desk = &mut desk.0;
                if desk.all_given {
                    return Ok(());
                }
                let until = snapshot.step(table, &desk.after, rows).inspect_err(|_| desk.all_given = true)?;
                desk.all_given = until.is_none();
                let until = until.unwrap_or_default();
                let after = std::mem::replace(&mut desk.after, until.clone());
                desk.given += 1;
                (desk.given - 1, Stretch { table, after, until })
            };
            let done = work(snapshot, &stretch);
            let mut guard = lock();
            let (desk, take) = &mut *guard;
            desk.early.insert(number, done.inspect_err(|_| desk.all_given = true)?);
            while let Some(next) = desk.early.remove(&desk.taken) {
                desk.taken += 1;
                take(next);
            }
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = snapshots.iter_mut().map(|snapshot| scope.spawn(|| run(&mut **snapshot))).collect();
        let ended = threads.into_iter().map(|thread| {
            thread.join().unwrap_or_else(|_| Err(StoreError::Engine("a thread that verifies panicked".to_owned())))
        });
        ended.collect::<Vec<_>>().into_iter().collect()
    })
}
