//! The provider's end users.

use crate::ProviderClient;
use florin_sdk_core::FlorinError;
use florin_sdk_core::client::Pager;
use florin_sdk_core::operation::{CreateUser, CreatedUser, GetUser, ListUsers, UpdateUser, User, UserList};
use futures_core::Stream;
use std::sync::Arc;
use tokio::sync::Mutex;

/// The provider's end users. Errors: [`ProviderClient`].
#[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
#[derive(Debug)]
pub struct UserGroup(pub(crate) ProviderClient);

#[cfg_attr(feature = "uniffi", uniffi::export(async_runtime = "tokio"))]
impl UserGroup {
    /// Makes a user, with a profile and a default wallet of its own.
    ///
    /// Source: `CreateUser` in spec/florin/extensions.md.
    pub async fn create(&self, request: CreateUser) -> Result<CreatedUser, FlorinError> {
        self.0.send(request).await
    }

    /// One user, by exactly one of the provider's own name for them and their `uuid`.
    ///
    /// Source: `GetUser` in spec/florin/extensions.md.
    pub async fn get(&self, request: GetUser) -> Result<User, FlorinError> {
        Ok(self.0.send(request).await?.user)
    }

    /// Changes a user's display name, metadata or status; what is absent stays. An inactive user's mobile tokens end
    /// at once.
    ///
    /// Source: `UpdateUser` in spec/florin/extensions.md.
    pub async fn update(&self, request: UpdateUser) -> Result<(), FlorinError> {
        self.0.send(request).await?;
        Ok(())
    }

    /// One page of the provider's users, oldest first. [`Self::pages`] walks them all.
    ///
    /// Source: `ListUsers` in spec/florin/extensions.md.
    pub async fn list(&self, request: ListUsers) -> Result<UserList, FlorinError> {
        self.0.send(request).await
    }

    /// Walks the provider's users from the page that `request` asks for, oldest first. Nothing is sent yet.
    pub fn pages(&self, request: ListUsers) -> Arc<UserPager> {
        Arc::new(UserPager(Mutex::new(self.0.client.pages(request))))
    }
}

/// In Rust only.
impl UserGroup {
    /// All users from the page that `request` asks for, oldest first. It ends after the first error.
    pub fn all(&self, request: ListUsers) -> impl Stream<Item = Result<User, FlorinError>> + Send + use<> {
        self.0.client.pages(request).into_stream()
    }
}

/// Walks the provider's users from page to page, oldest first.
#[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
#[derive(Debug)]
pub struct UserPager(Mutex<Pager<ListUsers>>);

#[cfg_attr(feature = "uniffi", uniffi::export(async_runtime = "tokio"))]
impl UserPager {
    /// The next page, or none behind the last one. A page may be empty.
    ///
    /// After an error, or when the call was cancelled, the same page comes next. Calls at the same time get one page
    /// each.
    pub async fn next(&self) -> Result<Option<Vec<User>>, FlorinError> {
        self.0.lock().await.next().await
    }
}
