//! Components of the platform.

use crate::ProviderClient;
use florin_sdk_core::model::ComponentName;
use florin_sdk_core::operation::{GetSystemAttributeList, SetSystemAttribute, SystemAttribute, UnlockSystemComponent};
use florin_sdk_core::{FlorinError, Secret};

/// Components of the platform: for its operator. Errors: [`ProviderClient`].
#[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
#[derive(Debug)]
pub struct ComponentGroup(pub(crate) ProviderClient);

#[cfg_attr(feature = "uniffi", uniffi::export(async_runtime = "tokio"))]
impl ComponentGroup {
    /// Unlocks a component of the server process that is asked, with the application password of 16 characters.
    ///
    /// Source: `UnlockSystemComponent` in spec/omnigate/operations.json.
    pub async fn unlock(&self, component: ComponentName, password: Secret) -> Result<(), FlorinError> {
        self.0.send(UnlockSystemComponent { component, password }).await?;
        Ok(())
    }

    /// What can be set of a component.
    ///
    /// Source: `GetSystemAttributeList` in spec/omnigate/operations.json.
    pub async fn attributes(&self, component: ComponentName) -> Result<Vec<SystemAttribute>, FlorinError> {
        Ok(self.0.send(GetSystemAttributeList { component }).await?.attributes)
    }

    /// Sets an attribute: numbers and flags as texts, too; `-` takes a text away.
    ///
    /// Source: `SetSystemAttribute` in spec/omnigate/operations.json.
    pub async fn set(&self, component: ComponentName, name: String, value: String) -> Result<(), FlorinError> {
        self.0.send(SetSystemAttribute { component, name, value }).await?;
        Ok(())
    }
}
