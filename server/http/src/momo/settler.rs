//! Settling requests when their time has come: payers who do not answer, transfers, and what a sandbox has decided.
//!
//! Each is a write job of its own on the stored request. Killed at any point, it is found again; run twice, it does
//! nothing the second time.

use crate::app::App;
use florin_domain::Refusal;
use florin_domain::momo::settle::{self, Due};
use florin_domain::momo::{Mode, Verdict};
use florin_domain::store::Writer;
use std::time::Duration;
use tokio::task::JoinSet;

/// The longest sleep: another process may have accepted something.
const IDLE: Duration = Duration::from_secs(1);

/// The most requests of a round.
const AT_ONCE: usize = 100;

/// Settles until it is dropped.
pub async fn run(app: App) {
    loop {
        let pause = round(&app).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "requests that are due could not be read");
            IDLE
        });
        tokio::select! {
            () = app.momo().news().notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Settles what is due, and says how long there is nothing more to do.
async fn round(app: &App) -> Result<Duration, Refusal> {
    let Due { requests, next } = app.read_little(|store| settle::due(store, AT_ONCE)).await?;
    let full = requests.len() == AT_ONCE;
    let mut settling = JoinSet::new();
    for (owner, reference) in requests {
        let app = app.clone();
        settling.spawn(async move {
            let mode: Mode = app.momo().mode(app.sandbox());
            let work =
                move |store: &mut dyn Writer| settle::settle(store, owner, reference, &Verdict::AsPlanned, &mode);
            if let Err(error) = app.write(work, |_: &Refusal| false).await {
                tracing::warn!(%reference, %error, "a request could not be settled; it is tried again");
                let later = app.write(move |store| settle::postpone(store, owner, reference), |_: &Refusal| false);
                if let Err(error) = later.await {
                    tracing::warn!(%error, "and that could not be noted");
                }
            }
        });
    }
    while let Some(ended) = settling.join_next().await {
        if let Err(error) = ended {
            tracing::error!(%error, "settling a request panicked");
        }
    }
    if full {
        return Ok(Duration::ZERO);
    }
    let wait = next.map_or(i64::MAX, |next| next.millis().saturating_sub(app.now().millis()));
    Ok(Duration::from_millis(u64::try_from(wait).unwrap_or(0)).clamp(Duration::from_millis(5), IDLE))
}
