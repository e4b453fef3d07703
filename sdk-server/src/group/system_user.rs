//! Users of the whole platform.

use crate::ProviderClient;
use florin_sdk_core::model::Status;
use florin_sdk_core::operation::{GetSystemUser, SystemUser, UpdateSystemUser};
use florin_sdk_core::{Email, FlorinError, Uuid};

/// Users of the whole platform, for those who run it. Errors: [`ProviderClient`].
#[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
#[derive(Debug)]
pub struct SystemUserGroup(pub(crate) ProviderClient);

#[cfg_attr(feature = "uniffi", uniffi::export(async_runtime = "tokio"))]
impl SystemUserGroup {
    /// One user, by e-mail address.
    ///
    /// Source: `GetSystemUser` in spec/omnigate/operations.json.
    pub async fn by_email(&self, email: Email) -> Result<SystemUser, FlorinError> {
        Ok(self.0.send(GetSystemUser { email: Some(email), uuid: None }).await?.user)
    }

    /// One user, by id.
    ///
    /// Source: `GetSystemUser` in spec/omnigate/operations.json.
    pub async fn get(&self, uuid: Uuid) -> Result<SystemUser, FlorinError> {
        Ok(self.0.send(GetSystemUser { email: None, uuid: Some(uuid) }).await?.user)
    }

    /// Switches a user on or off. An inactive user's sessions and tokens end at once, and stay ended.
    ///
    /// Source: `UpdateSystemUser` in spec/omnigate/operations.json.
    pub async fn set_status(&self, uuid: Uuid, status: Status) -> Result<(), FlorinError> {
        self.0.send(UpdateSystemUser { uuid, status }).await?;
        Ok(())
    }
}
