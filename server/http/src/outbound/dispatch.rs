//! Turning what happened into messages, as long as somebody wants to hear of it.

use super::push;
use crate::app::App;
use florin_domain::Refusal;
use florin_domain::notify::dispatch::{self, Plan};
use std::time::Duration;

/// How long to sleep when nothing seems to happen: other processes may have written.
const IDLE: Duration = Duration::from_secs(1);
const IDLE_SHARED: Duration = Duration::from_millis(250);

/// How long to wait after something happened, so that what comes with it is dealt with at once.
const PAUSE: Duration = Duration::from_millis(20);

/// Writes messages until it is dropped.
pub(crate) async fn run(app: &App) {
    let idle = if app.is_shared() { IDLE_SHARED } else { IDLE };
    let mut looked = None;
    loop {
        match round(app, &mut looked).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(%error, "messages could not be written");
                looked = None;
                tokio::time::sleep(IDLE).await;
            }
        }
        tokio::select! {
            () = app.outbound().happened.notified() => tokio::time::sleep(PAUSE).await,
            () = tokio::time::sleep(idle) => {}
        }
    }
}

/// Whether there is more to do at once.
async fn round(app: &App, looked: &mut Option<Plan>) -> Result<bool, Refusal> {
    let (push, before) = (push::is_there(app), looked.take());
    let Some(plan) = app.read(move |store| dispatch::plan(store, push, before)).await? else { return Ok(false) };
    let more = plan.more;
    if !plan.is_due() {
        *looked = Some(plan);
        return Ok(more);
    }
    let written = app.write(move |store| dispatch::carry_out(store, &plan), |_: &Refusal| false).await?;
    // If another process was first there may be more than it did.
    Ok(more || !written)
}
