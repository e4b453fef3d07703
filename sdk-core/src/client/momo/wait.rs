//! Asking until it is final.

use super::MomoClient;
use super::money::is_missing;
use crate::error::FlorinError;
use crate::momo::{ByReference, Empty, MomoOperation, Progress, ReferenceId};
use std::time::Duration;
use tokio::time::Instant;

/// How often in a row nothing may be found under a reference that was accepted: MTN's platform is not one machine.
const MISSING_LIMIT: u32 = 3;

/// How long to ask, and how often. A payer has five minutes to approve (section 6, rule 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record), uniffi(name = "MomoPatience"))]
pub struct Patience {
    /// Before the first question but one, in milliseconds; then half as long again each time.
    #[cfg_attr(feature = "uniffi", uniffi(default = 1_000))]
    pub first_delay_ms: u32,
    /// The longest delay, in milliseconds.
    #[cfg_attr(feature = "uniffi", uniffi(default = 15_000))]
    pub most_delay_ms: u32,
    /// When to give up, in seconds.
    #[cfg_attr(feature = "uniffi", uniffi(default = 360))]
    pub deadline_s: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self { first_delay_ms: 1_000, most_delay_ms: 15_000, deadline_s: 360 }
    }
}

impl MomoClient {
    /// Asks until what was begun under `reference` is final, and says how it ended: a failure is an answer here, not an
    /// error.
    ///
    /// # Errors
    /// [`FlorinError::InDoubt`] if it is not final at the deadline: ask again later, and never begin a new one in its
    /// place. Else as [`Self::status`]; a question without an answer is asked again until the deadline.
    pub async fn wait_until_final<O>(
        &self,
        reference: ReferenceId,
        patience: Patience,
    ) -> Result<O::Answer, FlorinError>
    where
        O: MomoOperation<Path = ByReference, Body = Empty>,
        O::Answer: Progress,
    {
        let deadline = Instant::now() + Duration::from_secs(patience.deadline_s.into());
        let most = Duration::from_millis(patience.most_delay_ms.into());
        // No more than ten questions a second, whatever is asked for (section 6, rule 4).
        let mut delay = Duration::from_millis(patience.first_delay_ms.into()).max(Duration::from_millis(100));
        let mut missing = 0;
        loop {
            let last = match self.status::<O>(reference).await {
                Ok(found) if found.status().is_final() => return Ok(found),
                Ok(found) => format!("it is still {}", found.status()),
                Err(error) if is_missing(&error) && missing < MISSING_LIMIT => {
                    missing += 1;
                    error.to_string()
                }
                Err(error) if error.may_retry() => error.to_string(),
                Err(error) => return Err(error),
            };
            if Instant::now() + delay > deadline {
                return Err(FlorinError::InDoubt {
                    operation: O::ID.to_owned(),
                    reference: Some(reference.to_string()),
                    reason: format!("{last} after {} s", patience.deadline_s),
                    request_id: None,
                });
            }
            tokio::time::sleep(delay).await;
            delay = (delay * 3 / 2).min(most).max(Duration::from_millis(100));
        }
    }
}
