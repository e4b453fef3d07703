//! What each product has alike.

/// A product's client: its type, how it is made, and the operations that all three products have.
macro_rules! product {
    ($(#[doc = $doc:literal])+ $name:ident of $product:ident as $foreign:literal) => {
        $(#[doc = $doc])+
        #[derive(Debug)]
        #[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
        #[cfg_attr(feature = "uniffi", uniffi(name = $foreign))]
        pub struct $name(pub(super) $crate::momo::runtime::Runtime);

        #[cfg_attr(feature = "uniffi", uniffi::export(async_runtime = "tokio", name = $foreign))]
        impl $name {
            /// A client of this product. Nothing is sent yet.
            ///
            /// # Errors
            /// [`FlorinError::InvalidInput`] for an option out of its bounds, or a key that cannot stand in a header.
            #[cfg_attr(feature = "uniffi", uniffi::constructor)]
            pub fn new(
                options: $crate::momo::Options,
                credentials: $crate::momo::Credentials,
                journal: std::sync::Arc<dyn $crate::Journal>,
            ) -> Result<std::sync::Arc<Self>, FlorinError> {
                let transport = std::sync::Arc::new($crate::momo::HttpTransport::new(&options.client)?);
                Self::with_transport(options, credentials, journal, transport)
            }

            /// The balance of the caller's account.
            pub async fn balance(&self) -> Result<$crate::momo::AccountBalance, FlorinError> {
                self.0.read::<$crate::momo::GetAccountBalance>($crate::momo::NoPath {}).await
            }

            /// The balance of the caller's account in one currency.
            pub async fn balance_in(&self, currency: String) -> Result<$crate::momo::AccountBalance, FlorinError> {
                let path = $crate::momo::ByCurrency { currency };
                self.0.read::<$crate::momo::GetAccountBalanceInCurrency>(path).await
            }

            /// Whether an account holder is active; none if there is no such holder (K13).
            pub async fn is_active(&self, holder: $crate::momo::Party) -> Result<Option<bool>, FlorinError> {
                let path = $crate::momo::ByHolder::new(&holder.party_id_type, holder.party_id);
                match self.0.read::<$crate::momo::ValidateAccountHolderStatus>(path).await {
                    Ok(answer) => Ok(Some(answer.result)),
                    Err(error)
                        if $crate::momo::refusal(&error) == Some($crate::momo::ReasonCode::ResourceNotFound) =>
                    {
                        Ok(None)
                    }
                    Err(error) => Err(error),
                }
            }

            /// What everybody may know of an account holder.
            pub async fn basic_user_info(
                &self,
                holder: $crate::momo::Party,
            ) -> Result<$crate::momo::BasicUserInfo, FlorinError> {
                let path = $crate::momo::ByHolder::new(&holder.party_id_type, holder.party_id);
                self.0.read::<$crate::momo::GetBasicUserInfo>(path).await
            }

            /// Asks an account holder for a consent. Its token is asked for with [`Self::consent_token`].
            pub async fn ask_for_consent(
                &self,
                request: $crate::momo::BcAuthorize,
                callback_url: Option<String>,
            ) -> Result<$crate::momo::BcAuthorizeResult, FlorinError> {
                let extra = $crate::momo::Extra { callback_url, ..Default::default() };
                self.0.send::<$crate::momo::BcAuthorizeOperation>($crate::momo::NoPath {}, request, extra).await
            }

            /// The token of a consent: of one that was asked for, or in place of an earlier token. Until the holder has
            /// decided it is refused, with the code 400.
            pub async fn consent_token(
                &self,
                request: $crate::momo::Oauth2TokenRequest,
            ) -> Result<$crate::momo::Oauth2Token, FlorinError> {
                let (path, extra) = ($crate::momo::NoPath {}, Default::default());
                self.0.send::<$crate::momo::CreateOauth2Token>(path, request, extra).await
            }

            /// What an account holder has consented to be known. `consent`: the consent's own token.
            pub async fn user_info(
                &self,
                consent: florin_sdk_core::Secret,
            ) -> Result<$crate::momo::UserInfo, FlorinError> {
                let extra = $crate::momo::Extra { consent: Some(consent), ..Default::default() };
                let path = $crate::momo::NoPath {};
                self.0.send::<$crate::momo::GetUserInfoWithConsent>(path, $crate::momo::Empty {}, extra).await
            }

            /// Goes on with every call of this product, API user and host that the journal still holds: asks what
            /// became of it, and sends it again, under its own reference, only if there is nothing. Call it when the
            /// process starts. What became of each is in the answer, never an error.
            ///
            /// # Errors
            /// [`FlorinError::Journal`] if the journal cannot be read.
            pub async fn resume_pending(&self) -> Result<Vec<$crate::Resumed>, FlorinError> {
                self.0.resume_pending().await
            }
        }

        /// In Rust only.
        impl $name {
            /// A client that sends through `transport` instead of HTTP: for tests.
            ///
            /// # Errors
            /// As [`Self::new`].
            pub fn with_transport(
                options: $crate::momo::Options,
                credentials: $crate::momo::Credentials,
                journal: std::sync::Arc<dyn $crate::Journal>,
                transport: std::sync::Arc<dyn $crate::momo::Transport>,
            ) -> Result<std::sync::Arc<Self>, FlorinError> {
                let product = $crate::momo::Product::$product;
                let runtime = $crate::momo::runtime::Runtime::new(product, options, credentials, journal, transport)?;
                Ok(std::sync::Arc::new(Self(runtime)))
            }
        }
    };
}

/// Methods that begin something: `name: Operation, Body;`.
macro_rules! begins {
    ($object:ident as $foreign:literal {
        $($(#[doc = $doc:literal])+ $name:ident: $operation:ident, $body:ident;)+
    }) => {
        #[cfg_attr(feature = "uniffi", uniffi::export(async_runtime = "tokio", name = $foreign))]
        impl $object {
            $(
                $(#[doc = $doc])+
                ///
                /// Returns its reference once it is accepted, which says nothing of how it ends. `reference`: your own
                /// UUID; a new one if it is absent. `callback_url`: in place of that in the options.
                pub async fn $name(
                    &self,
                    request: $crate::momo::$body,
                    reference: Option<$crate::momo::ReferenceId>,
                    callback_url: Option<String>,
                ) -> Result<$crate::momo::ReferenceId, FlorinError> {
                    self.0.begin::<$crate::momo::$operation>(request, reference, callback_url).await
                }
            )+
        }
    };
}

/// Methods that ask about it, once and until it is final: `status, wait: Operation, Answer;`.
macro_rules! asks {
    ($object:ident as $foreign:literal {
        $($(#[doc = $doc:literal])+ $status:ident, $wait:ident: $operation:ident, $answer:ident;)+
    }) => {
        #[cfg_attr(feature = "uniffi", uniffi::export(async_runtime = "tokio", name = $foreign))]
        impl $object {
            $(
                $(#[doc = $doc])+
                pub async fn $status(
                    &self,
                    reference: $crate::momo::ReferenceId,
                ) -> Result<$crate::momo::$answer, FlorinError> {
                    self.0.status::<$crate::momo::$operation>(reference).await
                }

                $(#[doc = $doc])+
                ///
                /// Asks until it is final, ever more rarely. A failure is an answer, not an error; not final at the
                /// deadline is [`FlorinError::InDoubt`].
                pub async fn $wait(
                    &self,
                    reference: $crate::momo::ReferenceId,
                    patience: Option<$crate::momo::Patience>,
                ) -> Result<$crate::momo::$answer, FlorinError> {
                    self.0.wait::<$crate::momo::$operation>(reference, patience).await
                }
            )+
        }
    };
}

pub(super) use {asks, begins, product};
