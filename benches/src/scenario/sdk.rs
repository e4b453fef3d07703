//! One read through the provider's SDK, against an HTTP client and a JSON parser.

use super::Plan;
use crate::machine::now;
use crate::place::Engine;
use crate::table::{Row, Target, median};
use crate::world::{Filling, World};
use anyhow::Context;
use florin_sdk_core::client::ClientOptions;
use florin_sdk_core::operation::{BASE_PATH, Wallet};
use florin_sdk_server::{MemoryJournal, ProviderClient};
use std::sync::Arc;

pub(super) fn run(plan: &Plan, engine: &Engine) -> anyhow::Result<Vec<Row>> {
    let world = World::new(plan, engine, &Filling { wallets: plan.wallets, ..Filling::default() })?;
    let base = format!("http://{}", world.server.address());
    let waid = *world.wallets.first().context("a wallet")?;
    let client = ProviderClient::new(ClientOptions::new(&base), world.key.clone(), Arc::new(MemoryJournal::default()))?;
    let raw = raw_client()?;
    let url = format!("{base}{BASE_PATH}/wallet/{waid}");
    let (mut through_sdk, mut through_raw) = (Vec::new(), Vec::new());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        for _ in 0..plan.rounds {
            let (mut sdk_us, mut raw_us) = (Vec::new(), Vec::new());
            let start = now();
            // In turns, so that whatever else the machine does happens to both.
            while start.elapsed() < plan.time {
                let sent = now();
                let wallet = client.wallets().get(Some(waid)).await?;
                sdk_us.push(sent.elapsed().as_secs_f64() * 1e6);
                let sent = now();
                let answer = raw.get(&url).header("X-APIKey", world.key.expose()).send().await?.bytes().await?;
                let same: Wallet = serde_json::from_slice(&answer)?;
                raw_us.push(sent.elapsed().as_secs_f64() * 1e6);
                anyhow::ensure!(same == wallet, "two answers");
            }
            through_sdk.push(median(&sdk_us));
            through_raw.push(median(&raw_us));
        }
        anyhow::Ok(())
    })?;
    world.check()?;
    Ok(vec![Row::ratio(
        "provider SDK: one GET of a balance, p50",
        (&through_sdk, "µs"),
        ("reqwest and serde_json", &through_raw),
        Some(Target::AtMost(1.10)),
    )])
}

/// What a provider would write who has no SDK.
fn raw_client() -> anyhow::Result<reqwest::Client> {
    // Plain HTTP only, so a TLS that trusts nobody will do.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    Ok(reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().build()?)
}
