//! Ending reads from outside.

use crate::error::FlorinError;
use std::sync::Arc;
use tokio::sync::watch;

/// Ends the reads of the clients that were given it, once and for all.
///
/// Rust, Kotlin and Python end a call by dropping its future or cancelling its coroutine or task. Swift's `Task`
/// cannot reach a call in Rust: its `withTaskCancellationHandler` cancels a token instead.
#[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
#[derive(Debug)]
pub struct CancelToken(watch::Sender<bool>);

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl CancelToken {
    /// A token that is not cancelled.
    #[cfg_attr(feature = "uniffi", uniffi::constructor)]
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::new(Self(watch::Sender::new(false)))
    }

    /// Ends the reads under way, and those to come, with [`FlorinError::Cancelled`]. A second time it does nothing.
    pub fn cancel(&self) {
        self.0.send_replace(true);
    }

    /// Whether it is cancelled.
    pub fn is_cancelled(&self) -> bool {
        *self.0.borrow()
    }
}

impl CancelToken {
    pub(super) async fn or_cancelled<T>(
        &self,
        work: impl Future<Output = Result<T, FlorinError>>,
    ) -> Result<T, FlorinError> {
        let mut cancelled = self.0.subscribe();
        tokio::select! {
            biased;
            _ = cancelled.wait_for(|cancelled| *cancelled) => Err(FlorinError::Cancelled),
            result = work => result,
        }
    }
}
