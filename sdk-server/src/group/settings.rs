//! What is to be known of the platform.

use crate::ProviderClient;
use florin_sdk_core::FlorinError;
use florin_sdk_core::model::{PublicCurrency, Role};
use florin_sdk_core::operation::{GetPublicCurrencyList, GetPublicRoleList, GetSettings, Settings};

/// What is to be known of the platform. Errors: [`ProviderClient`].
#[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
#[derive(Debug)]
pub struct SettingsGroup(pub(crate) ProviderClient);

#[cfg_attr(feature = "uniffi", uniffi::export(async_runtime = "tokio"))]
impl SettingsGroup {
    /// Currencies, clock, version and features of the server.
    ///
    /// Source: `GetSettings` in spec/florin/extensions.md.
    pub async fn get(&self) -> Result<Settings, FlorinError> {
        self.0.send(GetSettings {}).await
    }

    /// The currencies of the platform.
    ///
    /// Source: `GetPublicCurrencyList` in spec/omnigate/operations.json.
    pub async fn currencies(&self) -> Result<Vec<PublicCurrency>, FlorinError> {
        Ok(self.0.send(GetPublicCurrencyList {}).await?.currencies)
    }

    /// The roles of the platform and their rights.
    ///
    /// Source: `GetPublicRoleList` in spec/omnigate/operations.json.
    pub async fn roles(&self) -> Result<Vec<Role>, FlorinError> {
        Ok(self.0.send(GetPublicRoleList {}).await?.roles)
    }
}
