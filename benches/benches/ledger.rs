//! The ledger without HTTP: transfers, each under a client reference, in shared commits on SQLite; and checking them.
#![allow(clippy::expect_used, reason = "a bench that cannot run says why and ends")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use florin_benches::books::Books;
use florin_sdk_core::Waid;

/// Wallets in use.
const WALLETS: usize = 1000;

/// Transfers that are asked for at once. The writer takes 512 a commit.
const BURST: u64 = 2048;

fn ledger(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let database = format!("sqlite://{}", folder.path().join("florin.db").display());
    let mut books = Books::create(&database).expect("books");
    let (wallets, _) = books.users(WALLETS, 0).expect("users");
    let pair = |rng: &mut fastrand::Rng| -> (Waid, Waid) {
        let one = rng.usize(..WALLETS);
        let other = (one + rng.usize(1..WALLETS)) % WALLETS;
        let at = |place: usize| *wallets.get(place).expect("a wallet");
        (at(one), at(other))
    };
    let mut group = criterion.benchmark_group("ledger");
    group.sample_size(10);
    for (name, count) in [("transfers that share commits", BURST), ("one transfer, one commit", 1)] {
        group.throughput(Throughput::Elements(count));
        group.bench_function(name, |bencher| bencher.iter(|| books.transfers(count, pair).expect("transfers")));
    }
    let postings = books.verify().expect("sound books");
    group.throughput(Throughput::Elements(postings));
    group.bench_function("verify, postings", |bencher| bencher.iter(|| books.verify().expect("sound books")));
    group.finish();
}

criterion_group!(benches, ledger);
criterion_main!(benches);
