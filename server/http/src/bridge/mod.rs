//! Bridges at work: orders are carried out, deposits are found, and a sandbox's networks live.
//!
//! | module | what |
//! | --- | --- |
//! | [`worker`] | carries out orders, looks for deposits, lets simulated networks close their blocks |
//! | [`sandbox`] | simulated networks: a page and an API to pay in, to close blocks, to let them fail |

pub mod sandbox;
pub mod worker;

use crate::app::App;
use axum::Router;
use florin_domain::Refusal;
use florin_domain::bridge::facts::{BANK, BITCOIN, RIPPLE, STELLAR};
use florin_domain::bridge::sim::Simulated;
use florin_domain::bridge::{Bridge, Bridges, Facts, Manual};
use florin_domain::store::Store;
use florin_sdk_core::code::Code;
use std::sync::Arc;
use tokio::sync::{Notify, Semaphore};

/// The networks that a sandbox simulates.
pub(crate) const SIMULATED: [&Facts; 4] = [&RIPPLE, &STELLAR, &BITCOIN, &BANK];

/// How many calls may wait for networks at once.
const AT_ONCE: usize = 32;

/// How many more may wait for a place among them.
const WAITING: usize = 256;

/// What requests and workers share.
pub(crate) struct State {
    bridges: Bridges,
    places: Arc<Semaphore>,
    waiting: Semaphore,
    /// Wakes whoever carries out orders.
    news: Notify,
}

impl State {
    pub(crate) fn new(store: &Arc<dyn Store>, sandbox: bool) -> Self {
        let simulated = SIMULATED.into_iter().filter(|_| sandbox);
        let simulated = simulated.map(|facts| -> Arc<dyn Bridge> { Arc::new(Simulated::new(facts, store.clone())) });
        let bridges = Bridges::new(simulated.chain([Arc::new(Manual) as Arc<dyn Bridge>]).collect());
        let (places, waiting) = (Arc::new(Semaphore::new(AT_ONCE)), Semaphore::new(WAITING));
        Self { bridges, places, waiting, news: Notify::new() }
    }

    pub(crate) fn bridges(&self) -> &Bridges {
        &self.bridges
    }

    pub(crate) fn news(&self) -> &Notify {
        &self.news
    }

    /// Does work that waits for a network, on a thread of its own; `TOO_BUSY` if too many wait already.
    pub(crate) async fn abroad<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let _waiting = self.waiting.try_acquire().map_err(|_| Refusal::new(Code::TOO_BUSY))?;
        let failed = || Refusal::new(Code::SYSTEM_ERROR);
        let place = self.places.clone().acquire_owned().await.map_err(|_| failed())?;
        let worked = tokio::task::spawn_blocking(move || {
            // Held by the work itself: whoever asked may go away, the work goes on.
            let _place = place;
            work()
        });
        worked.await.unwrap_or_else(|_| Err(failed()))
    }
}

/// What only a sandbox serves.
pub(crate) fn router(app: &App) -> Router<App> {
    if app.sandbox() { sandbox::router() } else { Router::new() }
}
