//! API users and their keys, in a sandbox. In production the Partner Portal makes them.

use super::{
    ApiUser, ApiUserRequest, ByApiUser, CreateApiKey, CreateApiUser, Empty, Extra, GetApiUser, HttpTransport, Identity,
    MomoClient, NoPath, Options, Product, ReasonCode, ReferenceId, Transport, new_reference, refusal,
};
use florin_sdk_core::{FlorinError, Secret};
use std::sync::Arc;

/// API users and their keys, in a sandbox. In production the Partner Portal makes them.
#[derive(Debug)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
#[cfg_attr(feature = "uniffi", uniffi(name = "MomoProvisioning"))]
pub struct Provisioning(MomoClient);

#[cfg_attr(feature = "uniffi", uniffi::export(async_runtime = "tokio", name = "MomoProvisioning"))]
impl Provisioning {
    /// A client that makes API users. `subscription_key`: of the product that they are for (K5). Nothing is sent yet.
    ///
    /// # Errors
    /// [`FlorinError::InvalidInput`] for an option out of its bounds, or a key that cannot stand in a header.
    #[cfg_attr(feature = "uniffi", uniffi::constructor)]
    pub fn new(options: Options, subscription_key: Secret) -> Result<Arc<Self>, FlorinError> {
        let transport = Arc::new(HttpTransport::new(&options.client)?);
        Self::with_transport(options, subscription_key, transport)
    }

    /// Makes an API user, once, and returns its id. `callback_host`: the bare name of the host that callbacks may go
    /// to; it cannot be changed. `id`: your own UUID; a new one if it is absent.
    pub async fn create_user(
        &self,
        callback_host: String,
        id: Option<ReferenceId>,
    ) -> Result<ReferenceId, FlorinError> {
        let id = id.map_or_else(new_reference, Ok)?;
        let extra = Extra { reference: Some(id), ..Extra::default() };
        let body = ApiUserRequest::new(callback_host);
        let made = self.0.send::<CreateApiUser>(&NoPath {}, &body, &extra).await;
        let error = match made {
            Ok(Empty {}) => return Ok(id),
            Err(error) => error,
        };
        // The first copy may have arrived: then there is a user of this id with this host.
        let unclear = matches!(error, FlorinError::InDoubt { .. });
        if unclear || refusal(&error) == Some(ReasonCode::ResourceAlreadyExist) {
            match self.user(id).await {
                Ok(user) if user.provider_callback_host == body.provider_callback_host => return Ok(id),
                Ok(_) => {
                    return Err(FlorinError::Refused {
                        code: 409,
                        name: ReasonCode::ResourceAlreadyExist.to_string(),
                        reason: "the id is of an API user with another callback host".to_owned(),
                        fields: Vec::new(),
                        request_id: None,
                    });
                }
                Err(_) => {}
            }
        }
        Err(error)
    }

    /// Makes a key of an API user. It is shown this once; the key before it is void.
    pub async fn create_key(&self, api_user: ReferenceId) -> Result<Secret, FlorinError> {
        let key = self.0.send::<CreateApiKey>(&ByApiUser { api_user }, &Empty {}, &Extra::default()).await?;
        Ok(key.api_key)
    }

    /// An API user.
    pub async fn user(&self, api_user: ReferenceId) -> Result<ApiUser, FlorinError> {
        self.0.send::<GetApiUser>(&ByApiUser { api_user }, &Empty {}, &Extra::default()).await
    }
}

/// In Rust only.
impl Provisioning {
    /// A client that sends through `transport` instead of HTTP: for tests.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_transport(
        options: Options,
        subscription_key: Secret,
        transport: Arc<dyn Transport>,
    ) -> Result<Arc<Self>, FlorinError> {
        let identity = Identity {
            product: Product::Provisioning,
            target_environment: options.environment,
            subscription_key,
            api_user: None,
        };
        Ok(Arc::new(Self(MomoClient::with_transport(options.client, &identity, transport)?)))
    }
}
