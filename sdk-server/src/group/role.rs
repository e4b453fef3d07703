//! Roles that profiles make.

use crate::ProviderClient;
use florin_sdk_core::operation::{AssignRoleRight, CreateRole, CustomRole, DeleteRole, ListRoles, UnassignRoleRight};
use florin_sdk_core::{FlorinError, Upid};

/// Roles that the provider makes for its profile and those below it, beside the built-in ones of
/// [`SettingsGroup`](crate::group::SettingsGroup). Errors: [`ProviderClient`].
#[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
#[derive(Debug)]
pub struct RoleGroup(pub(crate) ProviderClient);

#[cfg_attr(feature = "uniffi", uniffi::export(async_runtime = "tokio"))]
impl RoleGroup {
    /// Makes a role.
    ///
    /// Source: `CreateRole` in spec/florin/extensions.md.
    pub async fn create(&self, request: CreateRole) -> Result<(), FlorinError> {
        self.0.send(request).await?;
        Ok(())
    }

    /// The custom roles that count for a profile: for the provider's own when `upid` is absent.
    ///
    /// Source: `ListRoles` in spec/florin/extensions.md.
    pub async fn list(&self, upid: Option<Upid>) -> Result<Vec<CustomRole>, FlorinError> {
        Ok(self.0.send(ListRoles { upid }).await?.roles)
    }

    /// Deletes a role. Who has it loses at once what it gave.
    ///
    /// Source: `DeleteRole` in spec/florin/extensions.md.
    pub async fn delete(&self, role: String, upid: Option<Upid>) -> Result<(), FlorinError> {
        self.0.send(DeleteRole { role, upid }).await?;
        Ok(())
    }

    /// Gives a right to a role, and at once to all who have the role.
    ///
    /// Source: `AssignRoleRight` in spec/florin/extensions.md.
    pub async fn assign_right(&self, request: AssignRoleRight) -> Result<(), FlorinError> {
        self.0.send(request).await?;
        Ok(())
    }

    /// Takes a right from a role, and at once from all who have the role.
    ///
    /// Source: `UnassignRoleRight` in spec/florin/extensions.md.
    pub async fn unassign_right(&self, request: UnassignRoleRight) -> Result<(), FlorinError> {
        self.0.send(request).await?;
        Ok(())
    }
}
