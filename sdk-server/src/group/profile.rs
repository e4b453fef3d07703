//! Profiles.

use crate::ProviderClient;
use florin_sdk_core::model::Status;
use florin_sdk_core::operation::{
    CreateProfile, CreatedProfile, DeleteExtendedAttribute, ExtendedAttribute, GetProfile,
    GetProfileExtendedAttributeList, GetProfileList, ListedProfile, Profile, SetExtendedAttribute, UpdateProfile,
    UpdateSystemProfile,
};
use florin_sdk_core::{FlorinError, KeyInPath, Secret, Upid, UserToken};

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
        self.0.send(GetProfile { upid, ..GetProfile::new() }).await
    }

    /// The profile that a live session acts for, and the roles that its user has there. `user_token` are the 32 digits, or
    /// `usertoken_` and the digits. It stands in the path of the request.
    ///
    /// Source: `GetProfile` in spec/omnigate/operations.json; ambiguities.
    pub async fn of_user_token(&self, user_token: Secret) -> Result<Profile, FlorinError> {
        let user_token = Some(UserToken::try_from(&user_token)?);
        self.0.send(GetProfile { user_token, ..GetProfile::new() }).await
    }

    /// The profile that an API key acts for, and the key's roles. The key stands in the path of the request: use it where
    /// nobody between the two writes paths down.
    ///
    /// Source: `GetProfile` in spec/omnigate/operations.json; ambiguities A-085.
    pub async fn of_api_key(&self, api_key: Secret) -> Result<Profile, FlorinError> {
        let api_key = Some(KeyInPath::try_from(&api_key)?);
        self.0.send(GetProfile { api_key, ..GetProfile::new() }).await
    }

    /// Changes what is given of a profile.
    ///
    /// Source: `UpdateProfile` in spec/omnigate/operations.json.
    pub async fn update(&self, request: UpdateProfile) -> Result<(), FlorinError> {
        Box::pin(self.0.send(request)).await?;
        Ok(())
    }

    /// Switches a profile on or off. An inactive one's credentials, and those of the profiles below it, are turned away.
    ///
    /// Source: `UpdateSystemProfile` in spec/omnigate/operations.json.
    pub async fn set_status(&self, upid: Upid, status: Status) -> Result<(), FlorinError> {
        self.0.send(UpdateSystemProfile { upid, status }).await?;
        Ok(())
    }

    /// The profiles on which the calling user has a place; with an API key, the key's own.
    ///
    /// Source: `GetProfileList` in spec/omnigate/operations.json.
    pub async fn list(&self) -> Result<Vec<ListedProfile>, FlorinError> {
        Ok(self.0.send(GetProfileList {}).await?.profiles)
    }

    /// The extended attributes that a profile can have.
    ///
    /// Source: `GetProfileExtendedAttributeList` in spec/omnigate/operations.json.
    pub async fn extended_attributes(&self) -> Result<Vec<ExtendedAttribute>, FlorinError> {
        Ok(self.0.send(GetProfileExtendedAttributeList {}).await?.attributes)
    }

    /// Describes a custom extended attribute, so that its type and flags are kept.
    ///
    /// Source: `SetExtendedAttribute` in spec/florin/extensions.md.
    pub async fn describe_attribute(&self, request: SetExtendedAttribute) -> Result<(), FlorinError> {
        self.0.send(request).await?;
        Ok(())
    }

    /// Takes the description of a custom extended attribute away; its values stay.
    ///
    /// Source: `DeleteExtendedAttribute` in spec/florin/extensions.md.
    pub async fn forget_attribute(&self, name: String) -> Result<(), FlorinError> {
        self.0.send(DeleteExtendedAttribute { name }).await?;
        Ok(())
    }
}
