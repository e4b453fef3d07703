//! From JSON to types and back, and the fingerprint of a request.
#![allow(clippy::expect_used, reason = "a bench that cannot run says why and ends")]

use criterion::{Criterion, criterion_group, criterion_main};
use florin_domain::reference;
use florin_sdk_core::Txid;
use florin_sdk_core::operation::{Operation, Problems, TransactionList, Transferred, WalletTransfer};

use serde_json::{Value, json};
use std::hint::black_box;

const TRANSFER: &str = r#"{"amount":"12.50","currency":"TOK.acme","destinationwaid":"waid_1234567812345678",
    "sourcewaid":"waid_8765432187654321","description":"Two coffees"}"#;

/// Transactions of a page.
const PAGE: usize = 50;

fn page() -> String {
    let entry = json!({
        "amount": "-12.50", "balance": "987.50", "fee": "0.00", "txid": "txid_1234567812345678",
        "description": "Two coffees", "currency": "TOK.acme", "state": "completed", "currencycode": 1004,
        "type": "transfer", "timestamp": "2026-01-02T03:04:05.678Z", "referenceid": "6f1c5a1e0d3b4c5d8e9f0a1b2c3d4e5f",
    });
    json!({ "transactionlist": vec![entry; PAGE], "next": "1234567812345678" }).to_string()
}

fn wire(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("wire");
    group.bench_function("a transfer's request to its type, checked", |bencher| {
        bencher.iter(|| {
            let transfer: WalletTransfer = serde_json::from_str(black_box(TRANSFER)).expect("a transfer");
            let mut problems = Problems::default();
            transfer.check(&mut problems);
            (transfer, problems)
        });
    });
    let transfer: WalletTransfer = serde_json::from_str(TRANSFER).expect("a transfer");
    group.bench_function("its fingerprint", |bencher| {
        bencher.iter(|| {
            let request: Value = serde_json::to_value(black_box(&transfer)).expect("JSON");
            reference::fingerprint(WalletTransfer::NAME, &request)
        });
    });
    let answer = Transferred { txid: Txid::new(1_234_567_812_345_678).expect("an id") };
    group.bench_function("its answer to JSON", |bencher| {
        bencher.iter(|| serde_json::to_string(black_box(&answer)).expect("JSON"));
    });
    let text = page();
    let list: TransactionList = serde_json::from_str(&text).expect("a page");
    group.bench_function("a page of 50 to JSON", |bencher| {
        bencher.iter(|| serde_json::to_string(black_box(&list)).expect("JSON"));
    });
    group.bench_function("a page of 50 to its type", |bencher| {
        bencher.iter(|| serde_json::from_str::<TransactionList>(black_box(&text)).expect("a page"));
    });
    group.finish();
}

criterion_group!(benches, wire);
criterion_main!(benches);
