//! What the server keeps in memory of its own database: the keys of its secrets, and what the operator has set.

use crate::app::App;
use florin_domain::{Refusal, seal, settings};
use florin_sdk_core::Secret;
use std::time::Duration;

/// How often what other processes have set is looked for.
const PAUSE: Duration = Duration::from_millis(500);

/// Makes ready: keys that are not sealed are at hand, those that are stay locked, and what was set counts.
pub(crate) async fn open(app: &App) -> Result<(), Refusal> {
    let mut keys = app.read(seal::keys).await?;
    if keys.len() < seal::Component::ALL.len() {
        app.write(seal::ensure_keys, |_: &Refusal| false).await?;
        keys = app.read(seal::keys).await?;
    }
    for row in keys.iter().filter(|row| !row.is_sealed()) {
        app.sealer().install(row.component, seal::unlock(row, &Secret::from(""))?);
    }
    load(app).await
}

async fn load(app: &App) -> Result<(), Refusal> {
    let before = app.settings().generation();
    let rows = app.read(settings::rows).await?;
    // What was set here meanwhile is newer than what was read.
    if app.settings().generation() == before {
        app.settings().load(&rows);
    }
    Ok(())
}

/// Looks for what others set, until it is dropped. Who is alone on a database needs no look.
pub async fn run(app: App) {
    while app.is_shared() {
        tokio::time::sleep(PAUSE).await;
        if let Err(error) = load(&app).await {
            tracing::warn!(%error, "what was set could not be read");
        }
    }
}
