//! The keys that access tokens are signed with: one is there before the first request, and another takes its place when
//! its time has come.

use crate::app::App;
use florin_domain::Refusal;
use florin_domain::session::key;
use florin_domain::store::Writer;
use std::time::Duration;

/// How often to look whether a new key is due.
const PAUSE: Duration = Duration::from_secs(60);

/// Makes a key if one is due; whether it was.
///
/// # Errors
/// `MAINTENANCE_IN_PROGRESS` while the platform is locked.
pub async fn ensure(app: &App) -> Result<bool, Refusal> {
    if !app.read(key::is_due).await? {
        return Ok(false);
    }
    let new = app.slowly(key::generate).await?;
    let sealer = app.sealer().clone();
    app.write(move |store: &mut dyn Writer| key::rotate_if_due(store, &sealer, &new), |_: &Refusal| false).await
}

/// Looks after the keys until it is dropped.
pub async fn run(app: App) {
    loop {
        match ensure(&app).await {
            Ok(true) => tracing::info!("a new key signs access tokens"),
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "the signing keys could not be looked after"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}
