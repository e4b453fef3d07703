//! The users of profiles.

use crate::ProviderClient;
use florin_sdk_core::operation::{AddTeamUser, AddedTeamUser, DeleteTeamUser, GetTeamList, TeamMember, UpdateTeamUser};
use florin_sdk_core::{FlorinError, Upid, Uuid};

/// The users of the provider's profile and of those below it, and their roles there. Errors: [`ProviderClient`].
#[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
#[derive(Debug)]
pub struct TeamGroup(pub(crate) ProviderClient);

#[cfg_attr(feature = "uniffi", uniffi::export(async_runtime = "tokio"))]
impl TeamGroup {
    /// Gives a user roles on a profile. Who has no user yet gets one, and a link by mail to choose a password.
    ///
    /// Source: `AddTeamUser` in spec/omnigate/operations.json.
    pub async fn add(&self, request: AddTeamUser) -> Result<AddedTeamUser, FlorinError> {
        self.0.send(request).await
    }

    /// The users of a profile, with their roles there: of the provider's own when `upid` is absent.
    ///
    /// Source: `GetTeamList` in spec/omnigate/operations.json.
    pub async fn list(&self, upid: Option<Upid>) -> Result<Vec<TeamMember>, FlorinError> {
        Ok(self.0.send(GetTeamList { upid }).await?.team)
    }

    /// Gives a user of a profile other roles there, in place of all those before.
    ///
    /// Source: `UpdateTeamUser` in spec/omnigate/operations.json.
    pub async fn update(&self, request: UpdateTeamUser) -> Result<(), FlorinError> {
        self.0.send(request).await?;
        Ok(())
    }

    /// Takes a user off a profile: the provider's own when `upid` is absent. The user stays.
    ///
    /// Source: `DeleteTeamUser` in spec/omnigate/operations.json.
    pub async fn remove(&self, uuid: Uuid, upid: Option<Upid>) -> Result<(), FlorinError> {
        self.0.send(DeleteTeamUser { uuid, upid }).await?;
        Ok(())
    }
}
