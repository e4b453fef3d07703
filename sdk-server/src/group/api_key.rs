//! API keys.

use crate::ProviderClient;
use florin_sdk_core::operation::{ApiKey, CreateAPIKey, CreatedApiKey, DeleteAPIKey, GetAPIKeyList};
use florin_sdk_core::{Akid, FlorinError, Upid};

/// API keys of the provider's profile and of those below it. Errors: [`ProviderClient`].
#[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
#[derive(Debug)]
pub struct ApiKeyGroup(pub(crate) ProviderClient);

#[cfg_attr(feature = "uniffi", uniffi::export(async_runtime = "tokio"))]
impl ApiKeyGroup {
    /// Makes an API key. The key itself is in this answer only.
    ///
    /// Source: `CreateAPIKey` in spec/omnigate/operations.json.
    pub async fn create(&self, request: CreateAPIKey) -> Result<CreatedApiKey, FlorinError> {
        self.0.send(request).await
    }

    /// The keys of a profile, masked: of the provider's own when `upid` is absent.
    ///
    /// Source: `GetAPIKeyList` in spec/omnigate/operations.json.
    pub async fn list(&self, upid: Option<Upid>) -> Result<Vec<ApiKey>, FlorinError> {
        Ok(self.0.send(GetAPIKeyList { upid }).await?.api_keys)
    }

    /// Ends a key, at once: one of the provider's own profile when `upid` is absent.
    ///
    /// Source: `DeleteAPIKey` in spec/omnigate/operations.json.
    pub async fn delete(&self, akid: Akid, upid: Option<Upid>) -> Result<(), FlorinError> {
        self.0.send(DeleteAPIKey { akid, upid }).await?;
        Ok(())
    }
}
