//! The client of a provider's own servers.

use crate::group::{
    ApiKeyGroup, ApplicationGroup, BridgeGroup, ComponentGroup, CredentialGroup, CurrencyGroup, FeeGroup, HoldGroup,
    MobileTokenGroup, OperationGroup, PaymentGroup, ProfileGroup, RoleGroup, SettingsGroup, SystemUserGroup, TeamGroup,
    TierGroup, TransactionGroup, UserGroup, WalletGroup,
};
use crate::journal::Journal;
use crate::money::Money;
use florin_sdk_core::client::{CancelToken, Client, ClientOptions, Credential};
use florin_sdk_core::operation::{MoneyOperation, PlainOperation};
use florin_sdk_core::{FlorinError, Secret};
use std::sync::Arc;

/// Everything that a provider's server does on the wallet platform. Calls stand in groups:
/// `client.wallets().transfer(..)`.
///
/// Make one for each API key and keep it: it holds the connections and the journal. All methods may be called at once
/// and from any thread.
///
/// # Money
/// A call that moves money runs once, whatever happens on the way: it carries a client reference, is noted in the
/// journal before it is sent, and goes on in a task of its own to its end although its caller no longer waits. If its
/// outcome cannot be found out, it fails with [`FlorinError::InDoubt`]: go on with
/// [`resume`](OperationGroup::resume), or after a restart with [`resume_pending`](OperationGroup::resume_pending).
///
/// # Errors
/// Every call fails with [`FlorinError`], which says what to do next:
/// - `InvalidInput`: nothing was sent; correct the argument.
/// - `Refused`: the server said no, for good. Nothing changed.
/// - `Unauthorized`: the API key is wrong or revoked. Nothing changed.
/// - `Unavailable`: after the retries of [`florin_sdk_core::retry::RULES`]; nothing ran, call again later.
/// - `InDoubt`: it may have run. Never start a new one: resume, or without a reference (a call that moves no money)
///   look whether the change is there.
/// - `Journal`: the journal could not be written, so nothing was sent.
/// - `Cancelled`: a read, by the token given to [`Self::cancelled_by`].
#[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
#[derive(Debug, Clone)]
pub struct ProviderClient {
    pub(crate) client: Client,
    pub(crate) money: Arc<Money>,
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl ProviderClient {
    /// A client that signs its calls with an API key. Nothing is sent yet.
    ///
    /// # Errors
    /// [`FlorinError::InvalidInput`] for an option out of its bounds, or a text that cannot be an API key.
    #[cfg_attr(feature = "uniffi", uniffi::constructor)]
    pub fn new(options: ClientOptions, api_key: Secret, journal: Arc<dyn Journal>) -> Result<Arc<Self>, FlorinError> {
        let client = Client::new(options, Credential::ApiKey(api_key))?;
        Ok(Self::from_client(client, journal))
    }

    /// The same client, whose reads end with [`FlorinError::Cancelled`] once `token` is cancelled. What changes
    /// something goes on. For Swift, whose `Task` cannot end a call in Rust by itself.
    pub fn cancelled_by(&self, token: Arc<CancelToken>) -> Arc<Self> {
        Arc::new(Self { client: self.client.cancelled_by(token), money: Arc::clone(&self.money) })
    }

    /// Wallets, and the moving of money between them.
    pub fn wallets(&self) -> Arc<WalletGroup> {
        Arc::new(WalletGroup(self.clone()))
    }

    /// Money that is set aside before it is taken.
    pub fn holds(&self) -> Arc<HoldGroup> {
        Arc::new(HoldGroup(self.clone()))
    }

    /// What happened in wallets.
    pub fn transactions(&self) -> Arc<TransactionGroup> {
        Arc::new(TransactionGroup(self.clone()))
    }

    /// The provider's end users.
    pub fn users(&self) -> Arc<UserGroup> {
        Arc::new(UserGroup(self.clone()))
    }

    /// What the provider's people sign in with: passwords, second factors, e-mail addresses.
    pub fn credentials(&self) -> Arc<CredentialGroup> {
        Arc::new(CredentialGroup(self.clone()))
    }

    /// The tokens with which users' apps read.
    pub fn mobile_tokens(&self) -> Arc<MobileTokenGroup> {
        Arc::new(MobileTokenGroup(self.clone()))
    }

    /// Payment requests.
    pub fn payments(&self) -> Arc<PaymentGroup> {
        Arc::new(PaymentGroup(self.clone()))
    }

    /// The currencies that the provider issues.
    pub fn currencies(&self) -> Arc<CurrencyGroup> {
        Arc::new(CurrencyGroup(self.clone()))
    }

    /// The platform's ways to outside networks.
    pub fn bridges(&self) -> Arc<BridgeGroup> {
        Arc::new(BridgeGroup(self.clone()))
    }

    /// KYC tiers.
    pub fn tiers(&self) -> Arc<TierGroup> {
        Arc::new(TierGroup(self.clone()))
    }

    /// Fee schedules.
    pub fn fees(&self) -> Arc<FeeGroup> {
        Arc::new(FeeGroup(self.clone()))
    }

    /// Profiles: the provider's own and those below it.
    pub fn profiles(&self) -> Arc<ProfileGroup> {
        Arc::new(ProfileGroup(self.clone()))
    }

    /// API keys.
    pub fn api_keys(&self) -> Arc<ApiKeyGroup> {
        Arc::new(ApiKeyGroup(self.clone()))
    }

    /// The users of profiles, and their roles there.
    pub fn teams(&self) -> Arc<TeamGroup> {
        Arc::new(TeamGroup(self.clone()))
    }

    /// Roles that the provider makes for itself and the profiles below it.
    pub fn roles(&self) -> Arc<RoleGroup> {
        Arc::new(RoleGroup(self.clone()))
    }

    /// Users of the whole platform, for those who run it.
    pub fn system_users(&self) -> Arc<SystemUserGroup> {
        Arc::new(SystemUserGroup(self.clone()))
    }

    /// Applications of single sign-on.
    pub fn applications(&self) -> Arc<ApplicationGroup> {
        Arc::new(ApplicationGroup(self.clone()))
    }

    /// What is to be known of the platform.
    pub fn settings(&self) -> Arc<SettingsGroup> {
        Arc::new(SettingsGroup(self.clone()))
    }

    /// Components of the platform, for its operator: unlocking, and what can be set.
    pub fn components(&self) -> Arc<ComponentGroup> {
        Arc::new(ComponentGroup(self.clone()))
    }

    /// What became of calls that moved money.
    pub fn operations(&self) -> Arc<OperationGroup> {
        Arc::new(OperationGroup(self.clone()))
    }
}

/// In Rust only.
impl ProviderClient {
    /// A client on top of one that was made otherwise: with another transport, or a bearer token in place of the key.
    #[must_use]
    pub fn from_client(client: Client, journal: Arc<dyn Journal>) -> Arc<Self> {
        let money = Arc::new(Money::new(client.clone(), journal));
        Arc::new(Self { client, money })
    }

    /// Sends one operation that moves no money. One that does, does not compile here:
    /// ```compile_fail,E0277
    /// # async fn example(client: &florin_sdk_server::ProviderClient) {
    /// # use florin_sdk_server::{Prid, operation::RefusePayment};
    /// let prid: Prid = "prid_1234567812345678".parse().unwrap();
    /// client.send(RefusePayment { prid }).await;
    /// # }
    /// ```
    pub async fn send<O: PlainOperation>(&self, operation: O) -> Result<O::Answer, FlorinError> {
        self.client.send(&operation).await
    }

    /// Sends one operation that moves money, once: under `reference`; without one, under the reference in the request;
    /// without that, under a new random one.
    pub async fn send_money<O: MoneyOperation>(
        &self,
        operation: O,
        reference: Option<String>,
    ) -> Result<O::Answer, FlorinError> {
        self.money.send(&operation, reference).await
    }
}
