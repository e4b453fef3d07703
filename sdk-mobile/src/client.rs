//! The client of a user's own app.

use crate::token::{Source, TokenSource};
use florin_sdk_core::client::{CancelToken, Client, ClientOptions, Credential, PaymentPager, TransactionPager};
use florin_sdk_core::model::{ListedPayment, ListedTransaction, PublicCurrency, Role, WalletEntry};
use florin_sdk_core::operation::{
    DepositAddress, ExtendedAttribute, GetMe, GetPaymentStatus, GetPaymentTransactionList, GetProfile,
    GetProfileExtendedAttributeList, GetProfileList, GetPublicCurrencyList, GetPublicRoleList, GetSettings, GetWallet,
    GetWalletDepositAddress, GetWalletList, GetWalletTransactionDetails, GetWalletTransactionList, ListedProfile,
    Payment, PaymentList, Profile, ReadOperation, Settings, TransactionDetails, TransactionList, User, Wallet,
};
use florin_sdk_core::{FlorinError, Prid, Txid, Waid};
use futures_core::Stream;
use std::sync::Arc;

mod sealed {
    pub trait Sealed {}
}

/// An operation that a user's app may call: it reads, and the server answers it to mobile tokens.
///
/// Nothing else compiles. What reads for a provider:
/// ```compile_fail,E0277
/// # async fn example(client: &florin_sdk_mobile::MobileClient) {
/// # use florin_sdk_mobile::operation::ListUsers;
/// client.send(ListUsers { limit: None, after: None, search: None }).await;
/// # }
/// ```
/// And what writes, which this library does not even hold, unless another crate of the same build does:
/// ```compile_fail
/// # async fn example(client: &florin_sdk_mobile::MobileClient) {
/// # use florin_sdk_mobile::{Prid, operation};
/// let prid: Prid = "prid_1234567812345678".parse().unwrap();
/// client.send(operation::RefusePayment { prid }).await;
/// # }
/// ```
/// While this does:
/// ```
/// # async fn example(client: &florin_sdk_mobile::MobileClient) {
/// # use florin_sdk_mobile::{Prid, operation};
/// let prid: Prid = "prid_1234567812345678".parse().unwrap();
/// client.send(operation::GetPaymentStatus { prid }).await;
/// # }
/// ```
pub trait MobileOperation: ReadOperation + sealed::Sealed {}

macro_rules! mobile {
    ($($operation:ident)+) => {
        $(impl sealed::Sealed for $operation {}
        impl MobileOperation for $operation {})+

        #[cfg(test)]
        const MOBILE: &[&str] = &[$(stringify!($operation)),+];
    };
}

mobile! {
    GetMe GetWallet GetWalletList GetWalletTransactionList GetWalletTransactionDetails GetPaymentStatus
    GetPaymentTransactionList GetSettings GetPublicCurrencyList GetPublicRoleList GetWalletDepositAddress
    GetProfile GetProfileList GetProfileExtendedAttributeList
}

/// Reads the wallet platform for the app's own user. It can change nothing.
///
/// Make one for each signed-in user and keep it: it holds the connections and the token. All methods may be called at
/// once and from any thread; dropping a call's future, or cancelling its coroutine or task, ends it.
///
/// # Errors
/// Every method fails with [`FlorinError`], which says what to do next:
/// - `InvalidInput`: nothing was sent; correct the argument.
/// - `Refused`: the server said no; for an object of somebody else it says the same as for one that is not there.
/// - `Unauthorized`: also after one fresh token, or the token source denied one; the person must sign in again.
/// - `Unavailable`: after the retries of [`florin_sdk_core::retry::RULES`]; try later.
/// - `Cancelled`: by the token given to [`Self::cancelled_by`].
#[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
#[derive(Debug)]
pub struct MobileClient {
    client: Client,
}

#[cfg_attr(feature = "uniffi", uniffi::export(async_runtime = "tokio"))]
impl MobileClient {
    /// A client that signs its calls with tokens from `tokens`. Nothing is sent yet.
    ///
    /// # Errors
    /// [`FlorinError::InvalidInput`] for an option out of its bounds.
    #[cfg_attr(feature = "uniffi", uniffi::constructor)]
    pub fn new(options: ClientOptions, tokens: Arc<dyn TokenSource>) -> Result<Arc<Self>, FlorinError> {
        let credential = Credential::Source(Arc::new(Source(tokens)));
        Ok(Self::from_client(Client::new(options, credential)?))
    }

    /// The same client, whose calls end with [`FlorinError::Cancelled`] once `token` is cancelled. For Swift, whose
    /// `Task` cannot end a call in Rust by itself.
    pub fn cancelled_by(&self, token: Arc<CancelToken>) -> Arc<Self> {
        Self::from_client(self.client.cancelled_by(token))
    }

    /// The user that the app belongs to.
    ///
    /// Source: `GetMe` in spec/florin/extensions.md.
    pub async fn me(&self) -> Result<User, FlorinError> {
        Ok(self.send(GetMe {}).await?.user)
    }

    /// The profile that the app's user acts for: name, address and the like.
    ///
    /// Source: `GetProfile` in spec/omnigate/operations.json.
    pub async fn profile(&self) -> Result<Profile, FlorinError> {
        self.send(GetProfile::new()).await
    }

    /// The profiles on which the app's user has a place.
    ///
    /// Source: `GetProfileList` in spec/omnigate/operations.json.
    pub async fn profiles(&self) -> Result<Vec<ListedProfile>, FlorinError> {
        Ok(self.send(GetProfileList {}).await?.profiles)
    }

    /// The extended attributes that a profile can have.
    ///
    /// Source: `GetProfileExtendedAttributeList` in spec/omnigate/operations.json.
    pub async fn extended_attributes(&self) -> Result<Vec<ExtendedAttribute>, FlorinError> {
        Ok(self.send(GetProfileExtendedAttributeList {}).await?.attributes)
    }

    /// One wallet and its balances, as of the server's last commit: the user's default wallet when `waid` is absent.
    ///
    /// Amounts are exact decimals in whole currency units ("12.50" is twelve and a half EUR), never subunits.
    ///
    /// Source: `GetWallet` in spec/omnigate/operations.json.
    pub async fn wallet(&self, waid: Option<Waid>) -> Result<Wallet, FlorinError> {
        self.send(GetWallet { waid }).await
    }

    /// Where a wallet receives deposits of a currency by a method such as `ripple`, with the destination tag on a network
    /// that has them. Refused (20005) if the provider has made no such address yet.
    ///
    /// Source: `GetWalletDepositAddress` in spec/omnigate/operations.json.
    pub async fn deposit_address(&self, request: GetWalletDepositAddress) -> Result<DepositAddress, FlorinError> {
        self.send(request).await
    }

    /// The user's wallets and their balances, the default wallet first.
    ///
    /// Source: `GetWalletList` in spec/omnigate/operations.json.
    pub async fn wallets(&self) -> Result<Vec<WalletEntry>, FlorinError> {
        Ok(self.send(GetWalletList {}).await?.wallets)
    }

    /// One page of a wallet's transactions, newest first. [`Self::transaction_pages`] walks them all.
    ///
    /// Source: `GetWalletTransactionList` in spec/omnigate/operations.json.
    pub async fn transactions(&self, request: GetWalletTransactionList) -> Result<TransactionList, FlorinError> {
        self.send(request).await
    }

    /// Walks a wallet's transactions from the page that `request` asks for, newest first. Nothing is sent yet.
    pub fn transaction_pages(&self, request: GetWalletTransactionList) -> Arc<TransactionPager> {
        self.client.pages(request).into()
    }

    /// Everything about one transaction of the user's wallets.
    ///
    /// Source: `GetWalletTransactionDetails` in spec/omnigate/operations.json.
    pub async fn transaction(&self, txid: Txid) -> Result<TransactionDetails, FlorinError> {
        self.send(GetWalletTransactionDetails { txid }).await
    }

    /// Where a payment request stands, and what the server says of it: show this to the user, never the text of a
    /// scanned code.
    ///
    /// Source: `GetPaymentStatus` in spec/omnigate/operations.json.
    pub async fn payment(&self, prid: Prid) -> Result<Payment, FlorinError> {
        self.send(GetPaymentStatus { prid }).await
    }

    /// One page of the payment requests that the user is asked to pay or made, newest first.
    /// [`Self::payment_pages`] walks them all.
    ///
    /// Source: `GetPaymentTransactionList` in spec/omnigate/operations.json.
    pub async fn payments(&self, request: GetPaymentTransactionList) -> Result<PaymentList, FlorinError> {
        self.send(request).await
    }

    /// Walks payment requests from the page that `request` asks for, newest first. Nothing is sent yet.
    pub fn payment_pages(&self, request: GetPaymentTransactionList) -> Arc<PaymentPager> {
        self.client.pages(request).into()
    }

    /// What an app needs to know of the platform.
    ///
    /// Source: `GetSettings` in spec/florin/extensions.md.
    pub async fn settings(&self) -> Result<Settings, FlorinError> {
        self.send(GetSettings {}).await
    }

    /// The currencies of the platform.
    ///
    /// Source: `GetPublicCurrencyList` in spec/omnigate/operations.json.
    pub async fn currencies(&self) -> Result<Vec<PublicCurrency>, FlorinError> {
        Ok(self.send(GetPublicCurrencyList {}).await?.currencies)
    }

    /// The roles of the platform and their rights.
    ///
    /// Source: `GetPublicRoleList` in spec/omnigate/operations.json.
    pub async fn roles(&self) -> Result<Vec<Role>, FlorinError> {
        Ok(self.send(GetPublicRoleList {}).await?.roles)
    }
}

/// In Rust only.
impl MobileClient {
    /// A client on top of one that was made otherwise: with another transport, or a token that is not renewed.
    #[must_use]
    pub fn from_client(client: Client) -> Arc<Self> {
        Arc::new(Self { client })
    }

    /// Sends one operation.
    pub async fn send<O: MobileOperation>(&self, operation: O) -> Result<O::Answer, FlorinError> {
        self.client.send(&operation).await
    }

    /// All transactions of a wallet from the page that `request` asks for, newest first. It ends after the first error.
    pub fn all_transactions(
        &self,
        request: GetWalletTransactionList,
    ) -> impl Stream<Item = Result<ListedTransaction, FlorinError>> + Send + use<> {
        self.client.pages(request).into_stream()
    }

    /// All payment requests from the page that `request` asks for, newest first. It ends after the first error.
    pub fn all_payments(
        &self,
        request: GetPaymentTransactionList,
    ) -> impl Stream<Item = Result<ListedPayment, FlorinError>> + Send + use<> {
        self.client.pages(request).into_stream()
    }
}

#[cfg(test)]
mod tests {
    use super::MOBILE;
    use florin_sdk_core::operation::{Access, READ_SPECS};
    use std::collections::BTreeSet;

    #[test]
    fn an_app_may_call_what_the_server_answers_to_it() {
        let specs = READ_SPECS.iter().map(|spec| spec());
        let expected: BTreeSet<_> = specs
            .filter(|spec| spec.callers.admits_mobile())
            .inspect(|spec| assert!(spec.access == Access::Read && !spec.money))
            .map(|spec| spec.name)
            .collect();
        assert_eq!(MOBILE.iter().copied().collect::<BTreeSet<_>>(), expected);
    }
}
