//! The currencies that the provider issues.

use crate::ProviderClient;
use florin_sdk_core::model::{ProfileCurrency, SystemCurrency};
use florin_sdk_core::operation::{
    BridgeCurrencyCreated, Circulation, CreateBridgeCurrency, CreateExtendedCurrency, CreateSystemBridgeCurrency,
    GetCirculation, GetProfileCurrencyList, GetSystemCurrencyList, IssueGatewayCurrency, Issued, Moved, RedeemCurrency,
};
use florin_sdk_core::{CurrencyCode, FlorinError};

/// The currencies that the provider issues. Errors: [`ProviderClient`].
#[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
#[derive(Debug)]
pub struct CurrencyGroup(pub(crate) ProviderClient);

#[cfg_attr(feature = "uniffi", uniffi::export(async_runtime = "tokio"))]
impl CurrencyGroup {
    /// Makes a currency. Its code is the three letters, a point and the provider's issuer name: `EUR.acme`.
    ///
    /// Source: `CreateExtendedCurrency` in spec/omnigate/operations.json.
    pub async fn create(&self, request: CreateExtendedCurrency) -> Result<(), FlorinError> {
        self.0.send(request).await?;
        Ok(())
    }

    /// Makes a bridge currency of one that the provider issues: what it is on one network. Answers the address that it is
    /// issued from.
    ///
    /// Source: `CreateBridgeCurrency` in spec/omnigate/operations.json.
    pub async fn create_bridge(&self, request: CreateBridgeCurrency) -> Result<BridgeCurrencyCreated, FlorinError> {
        self.0.send(request).await
    }

    /// Makes a bridge currency for the whole platform, also of a base currency. For superusers.
    ///
    /// Source: `CreateSystemBridgeCurrency` in spec/omnigate/operations.json.
    pub async fn create_system_bridge(&self, request: CreateSystemBridgeCurrency) -> Result<(), FlorinError> {
        self.0.send(request).await?;
        Ok(())
    }

    /// All currencies of the platform, with what only its operators see.
    ///
    /// Source: `GetSystemCurrencyList` in spec/omnigate/operations.json.
    pub async fn list_of_system(&self) -> Result<Vec<SystemCurrency>, FlorinError> {
        Ok(self.0.send(GetSystemCurrencyList {}).await?.currencies)
    }

    /// Puts new units into circulation, in the default wallet of the provider's profile, once.
    ///
    /// `reference`: as in [`WalletGroup::transfer`](crate::group::WalletGroup::transfer).
    ///
    /// Source: `IssueGatewayCurrency` in spec/omnigate/operations.json.
    pub async fn issue(&self, request: IssueGatewayCurrency, reference: Option<String>) -> Result<Issued, FlorinError> {
        self.0.send_money(request, reference).await
    }

    /// Takes units out of circulation, from the default wallet of the provider's profile, once.
    ///
    /// `reference`: as in [`WalletGroup::credit`](crate::group::WalletGroup::credit).
    ///
    /// Source: `RedeemCurrency` in spec/florin/extensions.md.
    pub async fn redeem(&self, request: RedeemCurrency, reference: Option<String>) -> Result<Moved, FlorinError> {
        self.0.send_money(request, reference).await
    }

    /// How much of a currency was issued, redeemed and is in circulation.
    ///
    /// Source: `GetCirculation` in spec/florin/extensions.md.
    pub async fn circulation(&self, currency_code: CurrencyCode) -> Result<Circulation, FlorinError> {
        self.0.send(GetCirculation { currency_code }).await
    }

    /// The currencies that the provider's profile issues.
    ///
    /// Source: `GetProfileCurrencyList` in spec/omnigate/operations.json.
    pub async fn list(&self) -> Result<Vec<ProfileCurrency>, FlorinError> {
        Ok(self.0.send(GetProfileCurrencyList {}).await?.currencies)
    }
}
