//! How fast money moves, and how fast it is counted. No tests but measurements:
//! `scripts/postgres run cargo test --release -p florin-storage -- --ignored --nocapture transfers_a_second`
//! `scripts/postgres run cargo test --release -p florin-storage -- --ignored --nocapture verified_a_second`
//! with `FLORIN_TRANSFERS=1000000`, say, for the latter. `FLORIN_BOOKS` may name a SQLite file that is kept and used
//! again.

use crate::books::{Answer, Books, books_on as books, settled};
use crate::support::{Engine, Pending};
use florin_domain::clock::Clock;
use florin_storage::Mode;
use std::collections::VecDeque;

const WALLETS: usize = 1000;
const SECONDS: u64 = 4;

#[test]
#[ignore = "a measurement"]
fn transfers_a_second_on_sqlite() {
    measure(Engine::Sqlite);
}

#[test]
#[ignore = "a measurement"]
fn transfers_a_second_on_postgres() {
    if crate::server::address().is_some() {
        measure(Engine::Postgres);
    }
}

/// Keeps so many transfers under way, each between two random wallets.
fn measure(engine: Engine) {
    let books = books(engine, WALLETS);
    books.supply("1000000000", true).unwrap();
    let funded: Vec<_> =
        (1..=WALLETS).map(|wallet| books.start_transfer(&*books.store, 0, wallet, 10_000_000)).collect();
    for one in funded {
        one.recv().unwrap().unwrap().unwrap();
    }
    let clock = Clock::system();
    for under_way in [1, 2, 16, 64, 256, 1024] {
        let (begin, mut done, mut pending) = (clock.micros(), 0_u64, VecDeque::new());
        let mut latencies = Vec::new();
        while clock.micros() - begin < SECONDS * 1_000_000 {
            while pending.len() < under_way {
                let from = fastrand::usize(1..=WALLETS);
                let to = 1 + (from + fastrand::usize(0..WALLETS - 1)) % WALLETS;
                pending.push_back((clock.micros(), books.start_transfer(&*books.store, from, to, 1)));
            }
            let (asked, answer) = pending.pop_front().unwrap();
            answer.recv().unwrap().unwrap().unwrap();
            latencies.push(clock.micros() - asked);
            done += 1;
        }
        for (_, answer) in pending {
            answer.recv().unwrap().unwrap().unwrap();
        }
        latencies.sort_unstable();
        let at = |percent: usize| latencies[latencies.len() * percent / 100];
        eprintln!(
            "{engine:?}: {under_way:4} under way: {:6} transfers/s, p50 {:6} µs, p99 {:6} µs",
            done / SECONDS,
            at(50),
            at(99)
        );
    }
    let report = books.verify();
    assert!(report.ok, "{:?}", report.faults);
}

#[test]
#[ignore = "a measurement"]
fn verified_a_second_on_sqlite() {
    if let Ok(file) = std::env::var("FLORIN_BOOKS") {
        let address = format!("sqlite://{file}");
        if !std::path::Path::new(&file).exists() {
            let books = filled(Engine::Sqlite);
            florin_storage::backup(&books.place.address(), std::path::Path::new(&file), &mut |_| ()).unwrap();
        }
        return count(&address);
    }
    count(&filled(Engine::Sqlite).place.address());
}

#[test]
#[ignore = "a measurement"]
fn verified_a_second_on_postgres() {
    if crate::server::address().is_some() {
        count(&filled(Engine::Postgres).place.address());
    }
}

/// Books with many transfers, each under a client reference.
fn filled(engine: Engine) -> Books {
    let transfers: u64 = std::env::var("FLORIN_TRANSFERS").map_or(100_000, |count| count.parse().unwrap());
    let books = books(engine, WALLETS);
    books.supply("1000000000", true).unwrap();
    for wallet in 1..=WALLETS {
        books.transfer(0, wallet, 10_000_000).unwrap();
    }
    let mut pending: VecDeque<Pending<Answer>> = VecDeque::new();
    for number in 0..transfers {
        if pending.len() == 1024 {
            settled(&pending.pop_front().unwrap()).unwrap().0.unwrap();
        }
        let from = fastrand::usize(1..=WALLETS);
        let to = 1 + (from + fastrand::usize(0..WALLETS - 1)) % WALLETS;
        let reference = format!("{:016x}-{number}", fastrand::u64(..));
        pending.push_back(books.start_once(&*books.store, &reference, from, to, 1));
    }
    for one in pending {
        settled(&one).unwrap().0.unwrap();
    }
    books
}

fn count(address: &str) {
    let store = florin_storage::open(address, Mode::Inspect, Clock::system()).unwrap();
    let clock = Clock::system();
    for _ in 0..3 {
        let begin = clock.micros();
        let report = florin_domain::ledger::verify(&*store, &mut |_| ()).unwrap();
        let took = (clock.micros() - begin).max(1);
        assert!(report.ok, "{:?}", report.faults);
        let rate = report.postings * 1_000_000 / took;
        eprintln!("{} postings verified in {} ms: {rate} postings/s", report.postings, took / 1000);
    }
}
