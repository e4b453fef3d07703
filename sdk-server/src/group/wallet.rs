//! Wallets, and the moving of money between them.

use crate::ProviderClient;
use florin_sdk_core::model::WalletEntry;
use florin_sdk_core::operation::{
    CloseWithdraw, CreateWallet, CreateWalletDepositAddress, CreatedWallet, CreditWallet, DebitWallet, DepositAddress,
    GetTrustLines, GetWallet, GetWalletDepositAddress, GetWalletList, GetWalletListByName, GetWalletListByUpid,
    ManualDeposit, Moved, NamedWalletList, ProfileWalletList, RefundTransaction, Transferred, TrustLines, Wallet,
    WalletTransfer, WalletWithdraw, WalletWithdrawTest, WithdrawPath,
};
use florin_sdk_core::{CurrencyCode, FlorinError, Upid, Waid};

/// Wallets, and the moving of money between them. Amounts are exact decimals in whole currency units ("12.50" is twelve
/// and a half EUR), never subunits. Errors: [`ProviderClient`].
#[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
#[derive(Debug)]
pub struct WalletGroup(pub(crate) ProviderClient);

#[cfg_attr(feature = "uniffi", uniffi::export(async_runtime = "tokio"))]
impl WalletGroup {
    /// Moves money from one wallet to another, once.
    ///
    /// `reference`: the caller's own name for this one payment, such as an order number, 1 to 255 visible ASCII
    /// characters; a random one when absent. Calling again with the same request and reference gives the first answer
    /// again and moves nothing; with another request it is refused (20007).
    ///
    /// Source: `WalletTransfer` in spec/omnigate/operations.json.
    pub async fn transfer(
        &self,
        request: WalletTransfer,
        reference: Option<String>,
    ) -> Result<Transferred, FlorinError> {
        self.0.send_money(request, reference).await
    }

    /// Gives a user money from the default wallet of the provider's profile, once.
    ///
    /// `reference`: as in [`Self::transfer`]; the request's own, if it has one, must be the same.
    ///
    /// Source: `CreditWallet` in spec/florin/extensions.md.
    pub async fn credit(&self, request: CreditWallet, reference: Option<String>) -> Result<Moved, FlorinError> {
        self.0.send_money(request, reference).await
    }

    /// Takes money from a user into the default wallet of the provider's profile, once.
    ///
    /// `reference`: as in [`Self::credit`].
    ///
    /// Source: `DebitWallet` in spec/florin/extensions.md.
    pub async fn debit(&self, request: DebitWallet, reference: Option<String>) -> Result<Moved, FlorinError> {
        self.0.send_money(request, reference).await
    }

    /// Pays a transaction back, once: from the wallet that received it to the one that paid. Without an amount, all that
    /// was not paid back yet; all refunds together never exceed the transaction (20010).
    ///
    /// `reference`: as in [`Self::credit`].
    ///
    /// Source: `RefundTransaction` in spec/florin/extensions.md.
    #[cfg_attr(feature = "uniffi", uniffi::method(default(reference = None)))]
    pub async fn refund(
        &self,
        request: RefundTransaction,
        reference: Option<String>,
    ) -> Result<Transferred, FlorinError> {
        self.0.send_money(request, reference).await
    }

    /// Enters money that came in from outside, once: for whoever sees the bank account. It is final at once.
    ///
    /// `reference`: as in [`Self::credit`]; the bank's own id of the payment is a good one.
    ///
    /// Source: `ManualDeposit`, an operation of Florin's own for the right `manualdeposit`.
    #[cfg_attr(feature = "uniffi", uniffi::method(default(reference = None)))]
    pub async fn deposit(&self, request: ManualDeposit, reference: Option<String>) -> Result<Moved, FlorinError> {
        self.0.send_money(request, reference).await
    }

    /// Sends money from a wallet to an address outside the platform, once. The amount and its fee are set aside at once;
    /// the transaction is `Pending` until the network has carried it out (`Completed`) or not (`Failed`: all of it can be
    /// spent again). Ask for it by [`TransactionGroup::get`](crate::group::TransactionGroup::get).
    ///
    /// `reference`: as in [`Self::transfer`].
    ///
    /// Refused with 20009 if amount and fee are not there, with 20010 if the owner's tier or `candowithdraw` does not allow
    /// it, with 20012 if wallet, owner or currency is inactive, with 20000 for a method that the currency does not have or
    /// an address that its network would not take.
    ///
    /// Source: `WalletWithdraw` in spec/omnigate/operations.json.
    #[cfg_attr(feature = "uniffi", uniffi::method(default(reference = None)))]
    pub async fn withdraw(
        &self,
        request: WalletWithdraw,
        reference: Option<String>,
    ) -> Result<Transferred, FlorinError> {
        self.0.send_money(request, reference).await
    }

    /// What a withdrawal would take from the wallet, without making it: on ripple. Empty if nothing there suffices; if it
    /// would be refused for another reason, so is this.
    ///
    /// Source: `WalletWithdrawTest` in spec/omnigate/operations.json.
    pub async fn test_withdraw(&self, request: WalletWithdrawTest) -> Result<Vec<WithdrawPath>, FlorinError> {
        Ok(self.0.send(request).await?.paths.unwrap_or_default())
    }

    /// Makes a new address at which a wallet receives deposits, with its destination tag on a network that has them.
    ///
    /// Source: `CreateWalletDepositAddress` in spec/omnigate/operations.json.
    pub async fn create_deposit_address(
        &self,
        request: CreateWalletDepositAddress,
    ) -> Result<DepositAddress, FlorinError> {
        self.0.send(request).await
    }

    /// The newest address at which a wallet receives deposits of a currency; the profile's default wallet when `waid` is
    /// absent. Refused (20005) if it has none of this method yet.
    ///
    /// Source: `GetWalletDepositAddress` in spec/omnigate/operations.json.
    #[cfg_attr(feature = "uniffi", uniffi::method(default(waid = None)))]
    pub async fn deposit_address(
        &self,
        method: String,
        currency_code: CurrencyCode,
        waid: Option<Waid>,
    ) -> Result<DepositAddress, FlorinError> {
        self.0.send(GetWalletDepositAddress { method, currency_code, waid }).await
    }

    /// The currencies that an address of a network accepts.
    ///
    /// Source: `GetTrustLines` in spec/omnigate/operations.json.
    pub async fn trust_lines(&self, network: String, address: String) -> Result<TrustLines, FlorinError> {
        self.0.send(GetTrustLines { network, address }).await
    }

    /// Ends a withdrawal that people send, once: completed, or failed. What a bridge is at, only the bridge ends (20000);
    /// what has ended is refused (20017). Answers the transaction that ended it.
    ///
    /// `reference`: as in [`Self::credit`].
    ///
    /// Source: `CloseWithdraw`, an operation of Florin's own for the right `closewithdraw`.
    #[cfg_attr(feature = "uniffi", uniffi::method(default(reference = None)))]
    pub async fn close_withdraw(
        &self,
        request: CloseWithdraw,
        reference: Option<String>,
    ) -> Result<Transferred, FlorinError> {
        self.0.send_money(request, reference).await
    }

    /// Makes a wallet.
    ///
    /// Source: `CreateWallet` in spec/omnigate/operations.json.
    pub async fn create(&self, request: CreateWallet) -> Result<CreatedWallet, FlorinError> {
        self.0.send(request).await
    }

    /// One wallet and its balances, as of the server's last commit: the profile's default wallet when `waid` is absent.
    ///
    /// Source: `GetWallet` in spec/omnigate/operations.json.
    pub async fn get(&self, waid: Option<Waid>) -> Result<Wallet, FlorinError> {
        self.0.send(GetWallet { waid }).await
    }

    /// The wallets of the provider's profile and their balances, the default wallet first.
    ///
    /// Source: `GetWalletList` in spec/omnigate/operations.json.
    pub async fn list(&self) -> Result<Vec<WalletEntry>, FlorinError> {
        Ok(self.0.send(GetWalletList {}).await?.wallets)
    }

    /// The wallets of this whole name, upper and lower case alike, without balances: the provider's own, or everybody's for
    /// a superuser.
    ///
    /// Source: `GetWalletListByName` in spec/omnigate/operations.json.
    pub async fn list_by_name(&self, wallet_name: String) -> Result<NamedWalletList, FlorinError> {
        self.0.send(GetWalletListByName { wallet_name }).await
    }

    /// The wallets of another profile and their balances: a user's, for example.
    ///
    /// Source: `GetWalletListByUpid` in spec/omnigate/operations.json.
    pub async fn list_of_profile(&self, upid: Upid) -> Result<ProfileWalletList, FlorinError> {
        self.0.send(GetWalletListByUpid { upid }).await
    }
}
