//! Profiles.

use crate::ProviderClient;
use florin_sdk_core::operation::{CreateProfile, CreatedProfile, GetProfile, Profile};
use florin_sdk_core::{FlorinError, Upid};

/// Profiles: the provider's own and those below it. Errors: [`ProviderClient`].
#[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
#[derive(Debug)]
pub struct ProfileGroup(pub(crate) ProviderClient);

#[cfg_attr(feature = "uniffi", uniffi::export(async_runtime = "tokio"))]
impl ProfileGroup {
    /// Makes a profile: of an individual or an organization, standing alone or below the provider's.
    ///
    /// Source: `CreateProfile` in spec/omnigate/operations.json.
    pub async fn create(&self, request: CreateProfile) -> Result<CreatedProfile, FlorinError> {
        Box::pin(self.0.send(request)).await
    }

    /// One profile: the provider's own when `upid` is absent.
    ///
    /// Source: `GetProfile` in spec/omnigate/operations.json.
    pub async fn get(&self, upid: Option<Upid>) -> Result<Profile, FlorinError> {
        self.0.send(GetProfile { upid }).await
    }
}
