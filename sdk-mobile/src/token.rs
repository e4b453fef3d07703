//! What the app gives: a way to a fresh token.

use async_trait::async_trait;
use florin_sdk_core::client::FreshToken;
use florin_sdk_core::{FlorinError, Secret};
use std::sync::Arc;

/// Why there is no token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Error), uniffi::export(Display))]
#[non_exhaustive]
pub enum TokenError {
    /// The provider's server gives none to this person: they must sign in to the app again.
    #[error("denied: {reason}")]
    Denied {
        /// Why, in the app's own words; never the token.
        reason: String,
    },
    /// The provider's server could not be reached: try later.
    #[error("unavailable: {reason}")]
    Unavailable {
        /// Why, in the app's own words.
        reason: String,
    },
    /// The token source threw something else.
    #[error("the token source threw: {reason}")]
    Unexpected {
        /// What it threw.
        reason: String,
    },
}

#[cfg(feature = "uniffi")]
impl From<uniffi::UnexpectedUniFFICallbackError> for TokenError {
    fn from(e: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Unexpected { reason: e.reason }
    }
}

impl From<TokenError> for FlorinError {
    fn from(error: TokenError) -> Self {
        let reason = error.to_string();
        match error {
            TokenError::Unavailable { .. } => Self::Unavailable { code: None, reason, request_id: None },
            TokenError::Denied { .. } | TokenError::Unexpected { .. } => {
                Self::Unauthorized { code: None, reason, request_id: None }
            }
        }
    }
}

/// The app's way to a fresh token.
///
/// It is asked for the first call, and again when the server says that the token is over: once, however many calls
/// wait. It may be called on any thread, has 30 s, and must not call back into the client.
#[cfg_attr(feature = "uniffi", uniffi::export(rust, foreign, async_runtime = "tokio"))]
#[async_trait]
pub trait TokenSource: Send + Sync + 'static {
    /// A mobile token that was made just now, fetched from the provider's own server.
    async fn fresh_token(&self) -> Result<Secret, TokenError>;
}

/// A [`TokenSource`] as the core knows it.
pub(crate) struct Source(pub(crate) Arc<dyn TokenSource>);

#[async_trait]
impl FreshToken for Source {
    async fn fresh_token(&self) -> Result<Secret, FlorinError> {
        Ok(self.0.fresh_token().await?)
    }
}
