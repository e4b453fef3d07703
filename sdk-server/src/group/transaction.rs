//! What happened in wallets.

use crate::ProviderClient;
use florin_sdk_core::client::TransactionPager;
use florin_sdk_core::model::ListedTransaction;
use florin_sdk_core::operation::{
    GetWalletTransactionDetails, GetWalletTransactionList, TransactionDetails, TransactionList,
};
use florin_sdk_core::{FlorinError, Txid};
use futures_core::Stream;
use std::sync::Arc;

/// What happened in wallets. Errors: [`ProviderClient`].
#[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
#[derive(Debug)]
pub struct TransactionGroup(pub(crate) ProviderClient);

#[cfg_attr(feature = "uniffi", uniffi::export(async_runtime = "tokio"))]
impl TransactionGroup {
    /// Everything about one transaction.
    ///
    /// Source: `GetWalletTransactionDetails` in spec/omnigate/operations.json.
    pub async fn get(&self, txid: Txid) -> Result<TransactionDetails, FlorinError> {
        self.0.send(GetWalletTransactionDetails { txid }).await
    }

    /// One page of a wallet's transactions, newest first. [`Self::pages`] walks them all.
    ///
    /// Source: `GetWalletTransactionList` in spec/omnigate/operations.json.
    pub async fn list(&self, request: GetWalletTransactionList) -> Result<TransactionList, FlorinError> {
        self.0.send(request).await
    }

    /// Walks a wallet's transactions from the page that `request` asks for, newest first. Nothing is sent yet.
    pub fn pages(&self, request: GetWalletTransactionList) -> Arc<TransactionPager> {
        self.0.client.pages(request).into()
    }
}

/// In Rust only.
impl TransactionGroup {
    /// All transactions of a wallet from the page that `request` asks for, newest first. It ends after the first error.
    pub fn all(
        &self,
        request: GetWalletTransactionList,
    ) -> impl Stream<Item = Result<ListedTransaction, FlorinError>> + Send + use<> {
        self.0.client.pages(request).into_stream()
    }
}
