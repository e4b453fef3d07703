//! What is to be done because its time has come: the release of expired holds is written, and that payment requests have
//! timed out, which their makers are told; secrets that lie open are sealed; what is over is deleted.
//!
//! Nothing waits for it. Expired holds free their money for whoever reads or spends as soon as they expire; the sweeper
//! writes that down, so that the books of wallets that nobody touches say it, too.

use crate::app::App;
use crate::retention::Walks;
use florin_domain::seal::Component;
use florin_domain::{Refusal, identity, ledger, payment};
use std::time::Duration;
use tokio::task::JoinSet;

/// How long to sleep between two rounds.
const PAUSE: Duration = Duration::from_secs(1);

/// The most holds of a round. Each is a write job of its own, so requests get in between, and one that fails does not
/// hold up the others.
const AT_ONCE: usize = 100;

/// Sweeps until it is dropped.
pub async fn run(app: App) {
    let mut walks = Walks::default();
    loop {
        match both(&app).await {
            Ok(AT_ONCE..) => continue, // There may be more.
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "what has expired could not be read"),
        }
        if let Err(error) = seal(&app).await {
            tracing::warn!(%error, "secrets that lie open could not be sealed");
        }
        walks.go_on(&app).await;
        tokio::time::sleep(PAUSE).await;
    }
}

/// Seals secrets of profiles that an older version kept open, or that are secrets only now.
async fn seal(app: &App) -> Result<(), Refusal> {
    while !app.sealer().is_locked(Component::Omnipass) {
        let Some(found) = app.read(identity::find_unsealed).await? else { break };
        let sealer = app.sealer().clone();
        app.write(move |store| identity::seal_found(store, &sealer, &found), |_: &Refusal| false).await?;
    }
    Ok(())
}

/// Expired holds and payment requests; how many of those of which there were more.
async fn both(app: &App) -> Result<usize, Refusal> {
    Ok(round(app).await?.max(payments(app).await?))
}

/// Writes that payment requests have timed out, and tells their makers; how many.
async fn payments(app: &App) -> Result<usize, Refusal> {
    let late = app.read(|store| payment::timed_out(store, AT_ONCE)).await?;
    let mut closing = JoinSet::new();
    for prid in late {
        let app = app.clone();
        closing.spawn(async move {
            let closed = app.write(move |store| payment::time_out(store, prid), |_: &Refusal| false).await;
            closed.inspect_err(|error| tracing::warn!(%prid, %error, "a payment request could not be closed"))
        });
    }
    let mut closed = 0;
    while let Some(result) = closing.join_next().await {
        closed += usize::from(matches!(result, Ok(Ok(true))));
    }
    Ok(closed)
}

/// Releases expired holds; how many.
async fn round(app: &App) -> Result<usize, Refusal> {
    let expired = app.read(|store| ledger::expired_holds(store, AT_ONCE)).await?;
    let mut releasing = JoinSet::new();
    for hoid in expired {
        let app = app.clone();
        releasing.spawn(async move {
            let released = app.write(move |store| ledger::expire_hold(store, hoid), |_: &Refusal| false).await;
            released.inspect_err(|error| tracing::warn!(%hoid, %error, "an expired hold could not be released"))
        });
    }
    let mut released = 0;
    while let Some(result) = releasing.join_next().await {
        released += usize::from(matches!(result, Ok(Ok(true))));
    }
    Ok(released)
}
