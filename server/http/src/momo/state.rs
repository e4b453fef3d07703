//! What the surface keeps in memory: a sandbox's settings, and a bell.

use florin_domain::momo::{Mode, Sandbox};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::Notify;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct State {
    settings: RwLock<Arc<Sandbox>>,
    /// Wakes whoever settles requests.
    news: Notify,
}

impl State {
    /// The sandbox's settings.
    pub(crate) fn settings(&self) -> Arc<Sandbox> {
        self.settings.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces them.
    pub(crate) fn set(&self, settings: Sandbox) {
        *self.settings.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
    }

    /// The mode that requests are decided in.
    pub(crate) fn mode(&self, sandbox: bool) -> Mode {
        if sandbox { Mode::Sandbox(self.settings()) } else { Mode::Production }
    }

    /// How often a callback is sent that is not taken.
    pub(crate) fn callback_attempts(&self) -> u32 {
        self.settings().callback_attempts
    }

    /// Wakes, and is awaited by, whoever settles requests.
    pub(crate) fn news(&self) -> &Notify {
        &self.news
    }
}
