//! Power cuts: what was acknowledged is there afterwards, and nothing else is there by half.
//!
//! The store is the real one, on files; only the disk below it forgets. See [`crate::disk`].

use crate::books::{Answer, Books, Fate, books_in};
use crate::disk::{self, Disk};
use crate::support::{Pending, Place, Temporary, read, start, write};
use fastrand::Rng;
use florin_domain::ledger::{self, Transaction};
use florin_domain::reference::ClientReference;
use florin_domain::store::{Record, Snapshot, Snapshots, Store, StoreError};
use florin_sdk_core::code::Code;
use florin_storage::Mode;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many cuts, and how many of them the same books go through.
const CUTS: usize = 300;
const CUTS_OF_A_BOOK: usize = 15;

/// Who writes at the same time, so that commits are shared.
const WRITERS: usize = 8;

/// What the issuer has first.
const SUPPLY: i128 = 100_000;

/// A transfer under a client reference.
#[derive(Debug, Clone)]
struct Order {
    reference: String,
    from: usize,
    to: usize,
    units: i128,
}

struct Life {
    disk: Arc<Disk>,
    books: Books,
    /// What was acknowledged, ever.
    told: BTreeMap<String, (Order, Fate)>,
    /// What was sent and not acknowledged.
    unknown: Vec<Order>,
    orders: AtomicUsize,
}

/// When the cuts came, and what they met.
#[derive(Debug, Default)]
struct Tally {
    working: usize,
    closing: usize,
    orders: usize,
    /// Flushes of the log and of the database file, together those of all disks.
    commits: u64,
    checkpoints: u64,
}

fn need(sound: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if sound { Ok(()) } else { Err(what()) }
}

impl Drop for Life {
    fn drop(&mut self) {
        disk::remove(&self.disk);
    }
}

impl Life {
    fn new(flushing: bool) -> Self {
        let disk = Disk::new(flushing);
        let books = books_in(on(&disk), 3);
        books.supply(&format!("{}.00", SUPPLY / 100), true).unwrap();
        Self { disk, books, told: BTreeMap::new(), unknown: Vec::new(), orders: AtomicUsize::new(0) }
    }

    fn order(&self, rng: &mut Rng) -> Order {
        let number = self.orders.fetch_add(1, Ordering::Relaxed);
        let from = rng.usize(..4);
        let to = (from + rng.usize(1..4)) % 4;
        // Some are more than anybody has: a refusal is an answer, too.
        let units = if rng.u8(..8) == 0 { SUPPLY * 2 } else { rng.i128(1..2000) };
        Order { reference: format!("order-{number}"), from, to, units }
    }

    fn send(&self, order: &Order) -> Pending<Answer> {
        let Order { reference, from, to, units } = order;
        self.books.start_once(&*self.books.store, reference, *from, *to, *units)
    }

    /// Lets everybody write until the power goes or they have enough.
    fn work(&mut self, rng: &mut Rng) {
        let rounds = rng.usize(1..10);
        let seeds: Vec<u64> = (0..WRITERS).map(|_| rng.u64(..)).collect();
        let life = &*self;
        let sent: Vec<_> = std::thread::scope(|scope| {
            let writers: Vec<_> = seeds.into_iter().map(|seed| scope.spawn(move || life.write(seed, rounds))).collect();
            writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
        });
        for (order, answer) in sent {
            match answer {
                Some((fate, _)) => drop(self.told.insert(order.reference.clone(), (order, fate))),
                None => self.unknown.push(order),
            }
        }
    }

    /// One writer, who sends one or several at a time.
    fn write(&self, seed: u64, rounds: usize) -> Vec<(Order, Option<Answer>)> {
        let mut rng = Rng::with_seed(seed);
        let mut sent = Vec::new();
        for _ in 0..rounds {
            let orders: Vec<_> = (0..rng.usize(1..5)).map(|_| self.order(&mut rng)).collect();
            let pending: Vec<_> = orders.iter().map(|order| self.send(order)).collect();
            for (order, answer) in orders.into_iter().zip(pending) {
                sent.push((order, answer.recv().ok().and_then(Result::ok).and_then(Result::ok)));
            }
            if self.disk.is_off() {
                break;
            }
        }
        sent
    }

    /// Cuts the power, if it is not off yet; then there is power again.
    fn go_on(&mut self, rng: &mut Rng) -> Result<(), String> {
        let disk = self.disk.power_on(rng);
        disk::remove(&self.disk);
        self.books.place = on(&disk);
        self.disk = disk;
        let opened = self.books.place.try_open(Mode::Serve);
        self.books.store = opened.map_err(|error| format!("it cannot be opened: {error}"))?;
        Ok(())
    }

    /// Closes the store.
    fn close(&mut self) {
        self.books.store = Arc::new(Closed);
    }

    /// Whether what must be there is, and nothing else.
    fn check(&mut self) -> Result<(), String> {
        let connection = rusqlite::Connection::open(self.books.place.path()).unwrap();
        let sound: String = connection
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .map_err(|error| format!("integrity_check: {error}"))?;
        need(sound == "ok", || format!("integrity_check: {sound}"))?;
        drop(connection);
        let report = self.books.verify();
        need(report.ok, || format!("verify: {:?}", report.faults))?;

        let (kept, moved) = read(&*self.books.store, |r| {
            let kept = r.list::<ClientReference>(ClientReference::query()).unwrap();
            (kept, r.list::<Transaction>(Transaction::query()).unwrap())
        });
        let kept: BTreeMap<_, _> = kept.into_iter().map(|row| (row.reference.clone(), row)).collect();
        let mut moved: BTreeMap<_, Vec<_>> = moved.into_iter().fold(BTreeMap::new(), |mut all, row| {
            if let Some(reference) = row.reference.clone() {
                all.entry(reference).or_insert_with(Vec::new).push(row);
            }
            all
        });
        // The fates of orders whose answer nobody got are in the books: done, refused, or nothing at all.
        let mut fates: Vec<(Order, Fate)> = self.told.values().cloned().collect();
        let lost: Vec<Order> = std::mem::take(&mut self.unknown)
            .into_iter()
            .filter_map(|order| match kept.get(&order.reference) {
                Some(row) => {
                    fates.push((order, row.txid.ok_or(Code(row.code))));
                    None
                }
                None => Some(order),
            })
            .collect();
        need(kept.len() == fates.len(), || format!("{} references of {} are kept", kept.len(), fates.len()))?;
        let mut balances = [SUPPLY, 0, 0, 0];
        for (order, fate) in &fates {
            let row = kept.get(&order.reference).ok_or_else(|| format!("{order:?} was acknowledged and is lost"))?;
            need(row.txid.ok_or(Code(row.code)) == *fate, || format!("{order:?} was told {fate:?}, kept is {row:?}"))?;
            let rows = moved.remove(&order.reference).unwrap_or_default();
            let Ok(txid) = fate else {
                need(rows.is_empty(), || format!("{order:?} was refused and moved"))?;
                continue;
            };
            need(rows.len() == 1 && rows[0].txid == *txid && rows[0].units == order.units, || {
                format!("{order:?} made {rows:?}")
            })?;
            balances[order.from] -= order.units;
            balances[order.to] += order.units;
        }
        need(moved.is_empty(), || format!("nobody sent {:?}", moved.keys()))?;
        let found: Vec<_> = (0..4).map(|wallet| self.books.balance(wallet).0).collect();
        need(found == balances, || format!("the balances are {found:?} instead of {balances:?}"))?;
        self.repeat(fates, lost)
    }

    /// Sends again what was decided, which must get the first answer, and what was not, which must be done now.
    fn repeat(&mut self, fates: Vec<(Order, Fate)>, lost: Vec<Order>) -> Result<(), String> {
        // The newest are the ones in question.
        let newest = fates.len().saturating_sub(40);
        let pending: Vec<_> = fates[newest..].iter().map(|(order, _)| self.send(order)).collect();
        for ((order, fate), answer) in fates[newest..].iter().zip(pending) {
            let answer = answer.recv().unwrap().unwrap().unwrap();
            need(answer == (*fate, true), || format!("{order:?} again: {answer:?} instead of {fate:?}"))?;
        }
        let pending: Vec<_> = lost.iter().map(|order| self.send(order)).collect();
        self.told = fates.into_iter().map(|(order, fate)| (order.reference.clone(), (order, fate))).collect();
        for (order, answer) in lost.into_iter().zip(pending) {
            let (fate, replayed) = answer.recv().unwrap().unwrap().unwrap();
            need(!replayed, || format!("{order:?} was not there, and is answered again"))?;
            self.told.insert(order.reference.clone(), (order, fate));
        }
        Ok(())
    }

    /// A cut, sooner or later, and what is left.
    fn cut(&mut self, rng: &mut Rng, tally: &mut Tally) -> Result<(), String> {
        // A commit is some dozens of changes; a life has up to a thousand, with the checkpoint at its end.
        let most = if rng.bool() { 60 } else { 1000 };
        self.disk.cut_after(rng.u64(1..most));
        self.work(rng);
        let worked = self.disk.is_off();
        self.close();
        *if worked { &mut tally.working } else { &mut tally.closing } += 1;
        tally.commits += self.disk.flushes("books.db-wal");
        tally.checkpoints += self.disk.flushes("books.db");
        self.go_on(rng)?;
        self.check()
    }
}

/// A database on a disk.
fn on(disk: &Disk) -> Temporary {
    Temporary { place: Place::Folder(disk.folder().to_owned()), clock: florin_domain::clock::Clock::system() }
}

/// In place of a store that is closed.
struct Closed;

impl Snapshots for Closed {
    fn snapshots(&self, _: usize) -> Result<Vec<Box<dyn Snapshot>>, StoreError> {
        Err(StoreError::Busy)
    }
}

impl Store for Closed {
    fn read(&self, _: Box<dyn florin_domain::store::ReadJob>) -> Result<(), StoreError> {
        Err(StoreError::Busy)
    }

    fn write(&self, _: Box<dyn florin_domain::store::WriteJob>) -> Result<(), StoreError> {
        Err(StoreError::Busy)
    }

    fn health(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn is_shared(&self) -> bool {
        false
    }
}

/// Books that live through cuts, one after the other; the first thing that is not as it must be.
fn survive(name: &str, flushing: bool, cuts: usize) -> Result<Tally, String> {
    let seed = std::env::var("FLORIN_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let mut rng = Rng::with_seed(seed.unwrap_or_else(|| fastrand::u64(..)));
    eprintln!("{name}: to repeat the plan, set FLORIN_TEST_SEED={}", rng.get_seed());
    let mut tally = Tally::default();
    for _ in 0..cuts / CUTS_OF_A_BOOK {
        let mut life = Life::new(flushing);
        for number in 0..CUTS_OF_A_BOOK {
            life.cut(&mut rng, &mut tally).map_err(|what| format!("{what} (cut {number}, {tally:?})"))?;
        }
        tally.orders += life.told.len();
    }
    Ok(tally)
}

#[test]
fn what_was_acknowledged_survives_power_cuts() {
    let tally = survive("power cuts", true, CUTS).unwrap();
    eprintln!("{tally:?}");
    assert!(tally.working > 50 && tally.closing > 5 && tally.checkpoints > 20, "{tally:?}");
}

#[test]
fn without_flushes_the_same_test_finds_the_loss() {
    let found = survive("power cuts, synchronous = OFF", false, CUTS);
    let found = found.expect_err("a store that does not flush must not pass");
    eprintln!("{found}");
    assert!(found.contains("commits: 0, checkpoints: 0"), "it was to lose because nothing is flushed: {found}");
}

/// Cuts while a database is made: it is made by the next start, and whoever was told the credentials has them.
#[test]
fn a_database_can_be_made_after_a_cut_in_its_making() {
    let mut rng = Rng::new();
    eprintln!("cuts in the making: seed {}", rng.get_seed());
    for _ in 0..40 {
        let disk = Disk::new(true);
        disk.cut_after(rng.u64(1..120));
        let initialise = |store: &dyn Store| {
            use florin_domain::system;
            start(store, |w| system::initialise(w, "x".into(), "hash".to_owned())).recv().unwrap()
        };
        let told = on(&disk).try_open(Mode::Serve).ok().and_then(|store| initialise(&*store).ok());
        let after = disk.power_on(&mut rng);
        let store = on(&after).open();
        match told {
            Some(told) => {
                let upid = told.unwrap().upid;
                assert!(write(&*store, move |w| florin_domain::identity::default_wallet(w.reader(), upid)).is_ok());
            }
            None => assert!(initialise(&*store).is_ok()),
        }
        assert!(ledger::verify(&*store, &mut |_| ()).unwrap().ok);
        drop(store);
        disk::remove(&disk);
        disk::remove(&after);
    }
}
