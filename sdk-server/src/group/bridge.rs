//! The platform's ways to outside networks.

use crate::ProviderClient;
use florin_sdk_core::operation::{
    AccountAttribute, AccountIdentifierField, AssignBridgeDeposit, BridgeBalances, BridgeDepositList, BridgeEntry,
    BridgeOrderList, ExternalAccountList, GetExternalAccountIdentifierField, GetSystemActiveBridgeList,
    GetSystemBridgeBalances, GetSystemBridgeExternalAccountAttributeList, GetSystemBridgeExternalAccountList,
    ListBridgeDeposits, ListBridgeOrders, Moved, UpdateBridgeExternalAccount,
};
use florin_sdk_core::{FlorinError, JsonObject, SecretObject};

/// The platform's bridges to outside networks, for those who run it. Calls take up to 15 s, as a network may be asked.
/// Errors: [`ProviderClient`]; a network that does not answer is `Unavailable`, one that says no refuses with 20040.
#[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
#[derive(Debug)]
pub struct BridgeGroup(pub(crate) ProviderClient);

#[cfg_attr(feature = "uniffi", uniffi::export(async_runtime = "tokio"))]
impl BridgeGroup {
    /// The bridges that the platform has.
    ///
    /// Source: `GetSystemActiveBridgeList` in spec/omnigate/operations.json.
    pub async fn list(&self) -> Result<Vec<BridgeEntry>, FlorinError> {
        Ok(self.0.send(GetSystemActiveBridgeList {}).await?.bridges)
    }

    /// What the books and the network say of a bridge's accounts, in whole currency units.
    ///
    /// Source: `GetSystemBridgeBalances` in spec/omnigate/operations.json.
    pub async fn balances(&self, bridge_name: String, instance_id: u32) -> Result<BridgeBalances, FlorinError> {
        self.0.send(GetSystemBridgeBalances { bridge_name, instance_id }).await
    }

    /// A bridge's external accounts; secrets are masked.
    ///
    /// Source: `GetSystemBridgeExternalAccountList` in spec/omnigate/operations.json.
    pub async fn accounts(&self, bridge_name: String, instance_id: u32) -> Result<ExternalAccountList, FlorinError> {
        self.0.send(GetSystemBridgeExternalAccountList { bridge_name, instance_id }).await
    }

    /// Sets attributes of an external account, or adds the account. `data` names the attribute that identifies it
    /// ([`Self::account_identifier`]), and those to set; those that are not named stay. Secrets are stored sealed and
    /// never shown again.
    ///
    /// Source: `UpdateBridgeExternalAccount` in spec/omnigate/operations.json.
    pub async fn update_account(
        &self,
        bridge_name: String,
        instance_id: u32,
        data: JsonObject,
    ) -> Result<(), FlorinError> {
        self.0.send(UpdateBridgeExternalAccount::new(bridge_name, instance_id, SecretObject(data))).await?;
        Ok(())
    }

    /// Which attribute identifies an external account of a kind of bridge.
    ///
    /// Source: `GetExternalAccountIdentifierField` in spec/omnigate/operations.json.
    pub async fn account_identifier(&self, bridge_name: String) -> Result<AccountIdentifierField, FlorinError> {
        Ok(self.0.send(GetExternalAccountIdentifierField { bridge_name }).await?.identifier)
    }

    /// The attributes that external accounts of a kind of bridge have.
    ///
    /// Source: `GetSystemBridgeExternalAccountAttributeList` in spec/omnigate/operations.json.
    pub async fn account_attributes(&self, bridge_name: String) -> Result<Vec<AccountAttribute>, FlorinError> {
        Ok(self.0.send(GetSystemBridgeExternalAccountAttributeList { bridge_name }).await?.attributes)
    }

    /// What came in over a bridge, a page at a time, the newest first: with `status` `unassigned`, what nobody was known
    /// to have.
    ///
    /// Source: `ListBridgeDeposits` in tests/spec/florin/operations.json.
    pub async fn deposits(&self, request: ListBridgeDeposits) -> Result<BridgeDepositList, FlorinError> {
        self.0.send(request).await
    }

    /// Credits a wallet with what came in and nobody was known to have, once.
    ///
    /// `reference`: as in [`WalletGroup::transfer`](crate::group::WalletGroup::transfer).
    ///
    /// Source: `AssignBridgeDeposit` in tests/spec/florin/operations.json.
    #[cfg_attr(feature = "uniffi", uniffi::method(default(reference = None)))]
    pub async fn assign_deposit(
        &self,
        request: AssignBridgeDeposit,
        reference: Option<String>,
    ) -> Result<Moved, FlorinError> {
        self.0.send_money(request, reference).await
    }

    /// What was ordered to be sent over a bridge, a page at a time, the newest first: withdrawals and IOUs.
    ///
    /// Source: `ListBridgeOrders` in tests/spec/florin/operations.json.
    pub async fn orders(&self, request: ListBridgeOrders) -> Result<BridgeOrderList, FlorinError> {
        self.0.send(request).await
    }
}
