//! The currencies that the provider issues.

use crate::ProviderClient;
use florin_sdk_core::model::{ProfileCurrency, SystemCurrency};
use florin_sdk_core::operation::{
    BridgeCurrencyCreated, Circulation, CreateBridgeCurrency, CreateExtendedCurrency, CreateProfileAddress,
    CreateSystemBridgeCurrency, CreatedProfileAddress, GetCirculation, GetProfileAddressList, GetProfileCurrencyList,
    GetSystemCurrencyList, IssueGatewayCurrency, IssueIOU, Issued, IssuerLine, Moved, RedeemCurrency,
    SetAddressAttribute, SetAddressTrustline,
};
use florin_sdk_core::{CurrencyCode, FlorinError, Upid};

/// An address at which a profile receives IOUs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct NamedProfileAddress {
    /// The bridge.
    pub bridge_name: String,
    /// The address.
    pub profile_address: String,
    /// The trust lines that it needs.
    pub trust_lines: Vec<IssuerLine>,
}

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

    /// Sends IOUs on a network from an issuing address of the profile's, once. The answer says that it was accepted; it
    /// is sent in the background, and stands in no transaction list.
    ///
    /// It is never repeated by itself: after an outcome that proves nothing it fails with `InDoubt`, and resuming asks
    /// the server for what became of it, but never sends it again. If the server does not know either, look at the
    /// network itself.
    ///
    /// `reference`: as in [`WalletGroup::transfer`](crate::group::WalletGroup::transfer).
    ///
    /// Source: `IssueIOU` in spec/omnigate/operations.json.
    #[cfg_attr(feature = "uniffi", uniffi::method(default(reference = None)))]
    pub async fn issue_iou(&self, request: IssueIOU, reference: Option<String>) -> Result<(), FlorinError> {
        self.0.send_money(request, reference).await?;
        Ok(())
    }

    /// Makes an address at which the provider's profile receives IOUs on a network, once for each network.
    ///
    /// Source: `CreateProfileAddress` in spec/omnigate/operations.json.
    pub async fn create_address(&self, bridge_name: String) -> Result<CreatedProfileAddress, FlorinError> {
        self.0.send(CreateProfileAddress { bridge_name }).await
    }

    /// The addresses at which a profile receives IOUs, by bridge: the provider's own profile when `upid` is absent.
    ///
    /// Source: `GetProfileAddressList` in spec/omnigate/operations.json.
    #[cfg_attr(feature = "uniffi", uniffi::method(default(upid = None)))]
    pub async fn addresses(&self, upid: Option<Upid>) -> Result<Vec<NamedProfileAddress>, FlorinError> {
        let list = self.0.send(GetProfileAddressList { upid }).await?.addresses;
        let named = list.into_iter().map(|(bridge_name, address)| NamedProfileAddress {
            bridge_name,
            profile_address: address.profile_address,
            trust_lines: address.trust_lines,
        });
        Ok(named.collect())
    }

    /// Lets an address of the profile's accept a currency of an issuer, up to an amount.
    ///
    /// Source: `SetAddressTrustline` in spec/omnigate/operations.json.
    pub async fn set_trust_line(&self, request: SetAddressTrustline) -> Result<(), FlorinError> {
        self.0.send(request).await?;
        Ok(())
    }

    /// Says whether an address of the profile's refuses what comes without a destination tag.
    ///
    /// Source: `SetAddressAttribute` in spec/omnigate/operations.json.
    pub async fn set_address_attribute(&self, request: SetAddressAttribute) -> Result<(), FlorinError> {
        self.0.send(request).await?;
        Ok(())
    }
}
