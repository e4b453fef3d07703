//! Payment requests.

use crate::ProviderClient;
use florin_sdk_core::client::PaymentPager;
use florin_sdk_core::model::ListedPayment;
use florin_sdk_core::operation::{
    AcceptPayment, CreatePaymentRequest, CreatedPaymentRequest, GetPaymentStatus, GetPaymentTransactionList, Payment,
    PaymentList, RefusePayment, UpdateMerchantInfo,
};
use florin_sdk_core::{FlorinError, Prid};
use futures_core::Stream;
use std::sync::Arc;

/// Payment requests. Errors: [`ProviderClient`].
#[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
#[derive(Debug)]
pub struct PaymentGroup(pub(crate) ProviderClient);

#[cfg_attr(feature = "uniffi", uniffi::export(async_runtime = "tokio"))]
impl PaymentGroup {
    /// Asks somebody to pay. It moves nothing by itself, yet is made once like a payment.
    ///
    /// `reference`: as in [`WalletGroup::transfer`](crate::group::WalletGroup::transfer); the request's own, if it has
    /// one, must be the same.
    ///
    /// Source: `CreatePaymentRequest` in spec/omnigate/operations.json.
    pub async fn request(
        &self,
        request: CreatePaymentRequest,
        reference: Option<String>,
    ) -> Result<CreatedPaymentRequest, FlorinError> {
        self.0.send_money(request, reference).await
    }

    /// Pays a payment request, once. What another method's processor needs (`payment_processor_information`) is never
    /// written to the journal: after a crash such a payment can be asked about, but not sent again.
    ///
    /// `reference`: as in [`WalletGroup::transfer`](crate::group::WalletGroup::transfer).
    ///
    /// Source: `AcceptPayment` in spec/omnigate/operations.json.
    pub async fn accept(&self, request: AcceptPayment, reference: Option<String>) -> Result<(), FlorinError> {
        self.0.send_money(request, reference).await?;
        Ok(())
    }

    /// Declines a payment request, once.
    ///
    /// `reference`: as in [`WalletGroup::transfer`](crate::group::WalletGroup::transfer).
    ///
    /// Source: `RefusePayment` in spec/omnigate/operations.json.
    pub async fn refuse(&self, prid: Prid, reference: Option<String>) -> Result<(), FlorinError> {
        self.0.send_money(RefusePayment { prid }, reference).await?;
        Ok(())
    }

    /// Says who the provider is as a merchant: what a payment processor has to know, and the name that payers see.
    ///
    /// Source: `UpdateMerchantInfo` in spec/omnigate/operations.json.
    pub async fn update_merchant_info(&self, request: UpdateMerchantInfo) -> Result<(), FlorinError> {
        self.0.send(request).await?;
        Ok(())
    }

    /// Where a payment request stands.
    ///
    /// Source: `GetPaymentStatus` in spec/omnigate/operations.json.
    pub async fn get(&self, prid: Prid) -> Result<Payment, FlorinError> {
        self.0.send(GetPaymentStatus { prid }).await
    }

    /// One page of the payment requests that the profile made or is asked to pay, newest first. [`Self::pages`] walks
    /// them all.
    ///
    /// Source: `GetPaymentTransactionList` in spec/omnigate/operations.json.
    pub async fn list(&self, request: GetPaymentTransactionList) -> Result<PaymentList, FlorinError> {
        self.0.send(request).await
    }

    /// Walks payment requests from the page that `request` asks for, newest first. Nothing is sent yet.
    pub fn pages(&self, request: GetPaymentTransactionList) -> Arc<PaymentPager> {
        self.0.client.pages(request).into()
    }
}

/// In Rust only.
impl PaymentGroup {
    /// All payment requests from the page that `request` asks for, newest first. It ends after the first error.
    pub fn all(
        &self,
        request: GetPaymentTransactionList,
    ) -> impl Stream<Item = Result<ListedPayment, FlorinError>> + Send + use<> {
        self.0.client.pages(request).into_stream()
    }
}
