//! Notifications.

use crate::ProviderClient;
use florin_sdk_core::client::EventStream;
use florin_sdk_core::operation::{
    DeleteNotificationTransport, EventPage, FailedEventList, GetAllNotificationTransports, GetEvents,
    GetNotificationTransports, ListFailedEvents, NewTransport, ReplayEvent, RotateTransportSecret,
    SetNotificationTransport, TransportList, TransportSettings, UpdateNotificationTransport,
};
use florin_sdk_core::{FlorinError, Ntid, Secret, Upid};
use std::sync::Arc;

/// Where to tell whom of what, and what happens, live. Errors: [`ProviderClient`].
#[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
#[derive(Debug)]
pub struct NotificationGroup(pub(crate) ProviderClient);

#[cfg_attr(feature = "uniffi", uniffi::export(async_runtime = "tokio"))]
impl NotificationGroup {
    /// Adds a transport. The answer has the secret that messages are signed with, for
    /// [`WebhookVerifier`](crate::WebhookVerifier): it is not shown again.
    ///
    /// Source: `SetNotificationTransport` in spec/omnigate/operations.json.
    pub async fn add(&self, request: SetNotificationTransport) -> Result<NewTransport, FlorinError> {
        self.0.send(request).await
    }

    /// The transports of a profile, by user and API key.
    ///
    /// Source: `GetAllNotificationTransports` in spec/omnigate/operations.json.
    pub async fn list(&self, upid: Upid) -> Result<Vec<TransportList>, FlorinError> {
        Ok(self.0.send(GetAllNotificationTransports { upid }).await?.results)
    }

    /// The transports of a profile and one user or API key.
    ///
    /// Source: `GetNotificationTransports` in spec/omnigate/operations.json.
    pub async fn list_of(&self, request: GetNotificationTransports) -> Result<Vec<TransportList>, FlorinError> {
        Ok(self.0.send(request).await?.results)
    }

    /// Replaces where to and of what a transport tells, and switches it on if it was off.
    ///
    /// Source: `UpdateNotificationTransport` in spec/omnigate/operations.json.
    pub async fn update(&self, ntid: Ntid, transport: TransportSettings) -> Result<(), FlorinError> {
        self.0.send(UpdateNotificationTransport { ntid, transport }).await?;
        Ok(())
    }

    /// Deletes a transport, or all of a device.
    ///
    /// Source: `DeleteNotificationTransport` in spec/omnigate/operations.json.
    pub async fn delete(&self, request: DeleteNotificationTransport) -> Result<(), FlorinError> {
        self.0.send(request).await?;
        Ok(())
    }

    /// A new secret for a transport, or for a merchant's address. For a day messages are signed with the old one, too, so
    /// that a verifier with both misses none.
    ///
    /// Source: `RotateTransportSecret` in spec/florin/operations.json.
    pub async fn rotate_secret(&self, request: RotateTransportSecret) -> Result<Secret, FlorinError> {
        Ok(self.0.send(request).await?.secret)
    }

    /// What could not be told, newest first.
    ///
    /// Source: `ListFailedEvents` in spec/florin/operations.json.
    pub async fn failures(&self, request: ListFailedEvents) -> Result<FailedEventList, FlorinError> {
        self.0.send(request).await
    }

    /// Sends again what could not be told; how many events.
    ///
    /// Source: `ReplayEvent` in spec/florin/operations.json.
    pub async fn replay(&self, request: ReplayEvent) -> Result<u32, FlorinError> {
        Ok(self.0.send(request).await?.replayed)
    }

    /// What happens in the provider's profile and those below it, as it happens: a stream that goes on by itself when the
    /// connection breaks. `after`: where to go on, from [`EventStream::position`]; from now on without it. Nothing is sent
    /// yet.
    ///
    /// Source: `GetEvents` in spec/florin/operations.json.
    pub fn live(&self, after: Option<String>) -> Arc<EventStream> {
        Arc::new(self.0.client.live(after))
    }

    /// What happened since `after`, oldest first. Without `after` it says where to begin.
    ///
    /// Source: `GetEvents` in spec/florin/operations.json.
    pub async fn events(&self, request: GetEvents) -> Result<EventPage, FlorinError> {
        self.0.send(request).await
    }
}
