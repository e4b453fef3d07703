//! How fast money moves. No tests but a measurement:
//! `scripts/postgres run cargo test --release -p florin-storage -- --ignored --nocapture transfers_a_second`

use crate::books::books_on as books;
use crate::support::Engine;
use florin_domain::clock::Clock;
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
