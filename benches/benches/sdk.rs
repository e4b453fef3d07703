//! What the provider's SDK itself costs a call: with a transport that has the answer already.
#![allow(clippy::expect_used, reason = "a bench that cannot run says why and ends")]

use async_trait::async_trait;
use criterion::{Criterion, criterion_group, criterion_main};
use florin_sdk_core::client::transport::{Lost, Transport, WireAnswer, WireRequest};
use florin_sdk_core::client::{Client, ClientOptions, Credential};
use florin_sdk_core::operation::{Wallet, WalletTransfer};
use florin_sdk_core::{Secret, Waid};
use florin_sdk_server::{MemoryJournal, ProviderClient};
use std::hint::black_box;
use std::sync::Arc;

const WALLET: &str = r#"{"resultcode":10000,"resultmessage":"Ok","upid":"upid_1234567812345678","trading":false,
    "waid":"waid_1234567812345678","default":true,"shortcode":"0123456789","walletname":"Main","expertmode":false,
    "balances":[{"currencyname":"Token","currencycode":"TOK.acme","available":"12.50","held":"0.00","total":"12.50"}]}"#;

const MOVED: &str = r#"{"resultcode":10000,"resultmessage":"Ok","txid":"txid_1234567812345678"}"#;

/// Answers the same to everything.
struct Answers(&'static str);

#[async_trait]
impl Transport for Answers {
    async fn exchange(&self, _: WireRequest) -> Result<WireAnswer, Lost> {
        Ok(WireAnswer { status: 200, request_id: None, body: self.0.as_bytes().to_vec() })
    }
}

fn client(answer: &'static str) -> Arc<ProviderClient> {
    let key = Credential::ApiKey(Secret::from("0123456789abcdef"));
    let client = Client::with_transport(ClientOptions::new("http://127.0.0.1"), key, Arc::new(Answers(answer)));
    ProviderClient::from_client(client.expect("options"), Arc::new(MemoryJournal::default()))
}

fn sdk(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (one, other) = (Waid::new(1).expect("an id"), Waid::new(2).expect("an id"));
    let mut group = criterion.benchmark_group("sdk");
    group.bench_function("the JSON of a balance alone", |bencher| {
        bencher.iter(|| serde_json::from_str::<Wallet>(black_box(WALLET)).expect("a wallet"));
    });
    let reader = client(WALLET);
    group.bench_function("a balance", |bencher| {
        bencher.iter(|| runtime.block_on(reader.wallets().get(Some(one))).expect("a wallet"));
    });
    let mover = client(MOVED);
    let transfer =
        WalletTransfer::new("1".parse().expect("an amount"), "TOK.acme".parse().expect("a currency"), other, one);
    group.bench_function("a transfer, with its journal in memory", |bencher| {
        bencher.iter(|| runtime.block_on(mover.wallets().transfer(transfer.clone(), None)).expect("a transfer"));
    });
    group.finish();
}

criterion_group!(benches, sdk);
criterion_main!(benches);
