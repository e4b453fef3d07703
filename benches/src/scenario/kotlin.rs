//! A balance through the mobile SDK from Kotlin, against the same from Rust.

use super::Plan;
use crate::machine::now;
use crate::place::Engine;
use crate::table::{Row, Target, median};
use crate::world::{Filling, World};
use anyhow::{Context, ensure};
use async_trait::async_trait;
use florin_sdk_core::Secret;
use florin_sdk_core::client::ClientOptions;
use florin_sdk_mobile::{MobileClient, TokenError, TokenSource};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

/// How the script's lines with results begin: microseconds, the median of a round.
const RESULT: &str = "balance, p50 in microseconds: ";

pub(super) fn run(plan: &Plan, engine: &Engine) -> anyhow::Result<Vec<Row>> {
    let world = World::new(plan, engine, &Filling { wallets: plan.wallets, ..Filling::default() })?;
    let base = format!("http://{}", world.server.address());
    let token = world.tokens.first().context("a user with an app")?;
    let mut rust = from_rust(plan, &base, token)?;
    let kotlin = from_kotlin(plan, &base, token)?;
    // Before and after, as the two cannot take turns.
    rust.extend(from_rust(plan, &base, token)?);
    world.check()?;
    let rust = median(&rust);
    let more = kotlin.iter().map(|kotlin| kotlin - rust).collect();
    Ok(vec![
        Row::ratio(
            "mobile SDK: a balance from Kotlin, p50: µs more than from Rust",
            (&kotlin, "µs"),
            ("Rust", &[rust]),
            Some(Target::AtMost(150.0)),
        )
        .of(more),
    ])
}

struct Always(Secret);

#[async_trait]
impl TokenSource for Always {
    async fn fresh_token(&self) -> Result<Secret, TokenError> {
        Ok(self.0.clone())
    }
}

fn from_rust(plan: &Plan, base: &str, token: &Secret) -> anyhow::Result<Vec<f64>> {
    let client = MobileClient::new(ClientOptions::new(base), Arc::new(Always(token.clone())))?;
    // As uniffi runs it for Kotlin: on the threads of a runtime.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let mut rounds = Vec::new();
        for _ in 0..plan.rounds {
            let (start, mut us) = (now(), Vec::new());
            while start.elapsed() < plan.time {
                let sent = now();
                client.wallet(None).await?;
                us.push(sent.elapsed().as_secs_f64() * 1e6);
            }
            rounds.push(median(&us));
        }
        Ok(rounds)
    })
}

fn from_kotlin(plan: &Plan, base: &str, token: &Secret) -> anyhow::Result<Vec<f64>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/measure-kotlin");
    let output = Command::new(&script)
        .env("FLORIN_BENCH_URL", base)
        .env("FLORIN_BENCH_TOKEN", token.expose())
        .env("FLORIN_BENCH_ROUNDS", plan.rounds.to_string())
        .env("FLORIN_BENCH_MILLIS", Duration::as_millis(&plan.time).to_string())
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| script.display().to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "{} failed: {}\n{text}", script.display(), output.status);
    let results = text.lines().filter_map(|line| line.split(RESULT).nth(1));
    let results = results.map(|text| text.trim().parse::<f64>()).collect::<Result<Vec<_>, _>>()?;
    ensure!(!results.is_empty(), "{} printed no result:\n{text}", script.display());
    Ok(results)
}
