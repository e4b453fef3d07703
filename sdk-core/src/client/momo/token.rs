//! The access token: one call for it, however many need it.

use super::request::{Extra, Request};
use super::{MomoCall, Wire};
use crate::client::credential::FreshToken;
use crate::client::plain;
use crate::error::FlorinError;
use crate::momo::{CreateAccessToken, Empty, NoPath, Token};
use crate::secret::Secret;
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;

pub(super) struct Source(pub(super) Arc<Wire>);

#[async_trait]
impl FreshToken for Source {
    async fn fresh_token(&self) -> Result<Secret, FlorinError> {
        Ok(self.fresh_token_with_life().await?.0)
    }

    async fn fresh_token_with_life(&self) -> Result<(Secret, Option<Duration>), FlorinError> {
        let request = Request::of::<CreateAccessToken>(&self.0, &NoPath {}, &Empty {}, &Extra::default())?;
        let call = MomoCall { wire: &self.0, tokens: None, request: &request };
        // A token that nobody uses harms nobody: it is asked for again as a read is.
        let token: Token = plain::run(&call, false).await?;
        Ok((token.access_token, Some(Duration::from_secs(token.expires_in))))
    }
}
