//! Applications of single sign-on.

use crate::ProviderClient;
use florin_sdk_core::operation::{
    Application, CreateApplication, CreatedApplication, DeleteApplication, ListApplications, RotateApplicationSecret,
    RotateSigningKey,
};
use florin_sdk_core::{FlorinError, Secret, Upid};

/// Applications that ask people for access, of the provider's profile and of those below it. Errors: [`ProviderClient`].
#[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
#[derive(Debug)]
pub struct ApplicationGroup(pub(crate) ProviderClient);

#[cfg_attr(feature = "uniffi", uniffi::export(async_runtime = "tokio"))]
impl ApplicationGroup {
    /// Registers an application. The secret of a confidential one is in this answer only.
    ///
    /// Source: `CreateApplication` in spec/florin/operations.json.
    pub async fn create(&self, request: CreateApplication) -> Result<CreatedApplication, FlorinError> {
        self.0.send(request).await
    }

    /// The applications of a profile: of the provider's own when `upid` is absent.
    ///
    /// Source: `ListApplications` in spec/florin/operations.json.
    pub async fn list(&self, upid: Option<Upid>) -> Result<Vec<Application>, FlorinError> {
        Ok(self.0.send(ListApplications { upid }).await?.applications)
    }

    /// Deletes an application; all that people granted it ends at once.
    ///
    /// Source: `DeleteApplication` in spec/florin/operations.json.
    pub async fn delete(&self, client_id: String, upid: Option<Upid>) -> Result<(), FlorinError> {
        self.0.send(DeleteApplication { client_id, upid }).await?;
        Ok(())
    }

    /// Gives a confidential application another secret; the one before is no longer good.
    ///
    /// Source: `RotateApplicationSecret` in spec/florin/operations.json.
    pub async fn rotate_secret(&self, client_id: String, upid: Option<Upid>) -> Result<Secret, FlorinError> {
        Ok(self.0.send(RotateApplicationSecret { client_id, upid }).await?.client_secret)
    }

    /// Puts a new key in the place of the one that signs access tokens; its name. Tokens that the old one signed stay
    /// good.
    ///
    /// Source: `RotateSigningKey` in spec/florin/operations.json.
    pub async fn rotate_signing_key(&self) -> Result<String, FlorinError> {
        Ok(self.0.send(RotateSigningKey {}).await?.kid)
    }
}
