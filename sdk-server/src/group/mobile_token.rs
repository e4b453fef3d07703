//! The tokens with which users' apps read.

use crate::ProviderClient;
use florin_sdk_core::operation::{
    CreateMobileToken, CreatedMobileToken, ListMobileTokens, MobileToken, RevokeMobileToken, RevokeMobileTokens,
};
use florin_sdk_core::{FlorinError, Mtid};

/// The tokens with which users' apps read, and only read. Errors: [`ProviderClient`].
#[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
#[derive(Debug)]
pub struct MobileTokenGroup(pub(crate) ProviderClient);

#[cfg_attr(feature = "uniffi", uniffi::export(async_runtime = "tokio"))]
impl MobileTokenGroup {
    /// Makes a token for a user's app. It is in this answer only: hand it to the app over a safe channel.
    ///
    /// Source: `CreateMobileToken` in spec/florin/extensions.md.
    pub async fn create(&self, request: CreateMobileToken) -> Result<CreatedMobileToken, FlorinError> {
        self.0.send(request).await
    }

    /// A user's tokens that have not been revoked, newest first; never the tokens themselves.
    ///
    /// Source: `ListMobileTokens` in spec/florin/extensions.md.
    pub async fn list(&self, request: ListMobileTokens) -> Result<Vec<MobileToken>, FlorinError> {
        Ok(self.0.send(request).await?.tokens)
    }

    /// Ends one token, at once.
    ///
    /// Source: `RevokeMobileToken` in spec/florin/extensions.md.
    pub async fn revoke(&self, mtid: Mtid) -> Result<(), FlorinError> {
        self.0.send(RevokeMobileToken { mtid }).await?;
        Ok(())
    }

    /// Ends all tokens of a user, at once. How many these were.
    ///
    /// Source: `RevokeMobileTokens` in spec/florin/extensions.md.
    pub async fn revoke_all(&self, request: RevokeMobileTokens) -> Result<u32, FlorinError> {
        Ok(self.0.send(request).await?.revoked)
    }
}
