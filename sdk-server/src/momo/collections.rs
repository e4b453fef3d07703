//! Money comes in.

use super::macros::{asks, begins, product};
use super::{
    ByHolder, ByPreApproval, ByReference, CancelInvoice, CancelInvoiceOperation, CancelPreApproval,
    DeliveryNotification, Empty, Extra, GetApprovedPreApprovals, Party, PreApprovalDetails, ReferenceId,
    RequestToPayDeliveryNotification, new_reference,
};
use florin_sdk_core::FlorinError;

product! {
    /// Money comes in: requests to pay and to withdraw, pre-approvals, invoices, payments for bills.
    ///
    /// Make one for each API user and keep it: it holds the connections, the token and the journal. All methods may be
    /// called at once and from any thread. Errors and what is done for money to move once: the module's own page.
    Collections of Collection as "MomoCollections"
}

begins! {
    Collections as "MomoCollections" {
        /// Asks a payer for money. The payer has five minutes to approve.
        request_to_pay: RequestToPayOperation, RequestToPay;
        /// Takes money from an account, to be paid out in cash: version 2, whose callback is a PUT.
        request_to_withdraw: RequestToWithdrawV2, RequestToPay;
        /// As `request_to_withdraw`, in version 1, whose callback is a POST.
        request_to_withdraw_v1: RequestToWithdrawV1, RequestToPay;
        /// Asks a payer to approve payments in advance.
        pre_approve: CreatePreApproval, PreApproval;
        /// Makes an invoice that can be paid for a while.
        create_invoice: CreateInvoiceOperation, CreateInvoice;
        /// Pays for a bill or for air time.
        create_payment: CreatePaymentOperation, CreatePayment;
    }
}

asks! {
    Collections as "MomoCollections" {
        /// What became of a request to pay.
        request_to_pay_status, wait_for_request_to_pay: GetRequestToPay, RequestToPayResult;
        /// What became of a request to withdraw, of either version.
        request_to_withdraw_status, wait_for_request_to_withdraw: GetRequestToWithdraw, RequestToPayResult;
        /// What became of a pre-approval.
        pre_approval_status, wait_for_pre_approval: GetPreApproval, PreApprovalResult;
        /// What became of an invoice.
        invoice_status, wait_for_invoice: GetInvoice, InvoiceResult;
        /// What became of a payment.
        payment_status, wait_for_payment: GetPayment, PaymentResult;
    }
}

#[cfg_attr(feature = "uniffi", uniffi::export(async_runtime = "tokio", name = "MomoCollections"))]
impl Collections {
    /// Sends a message to who paid a request to pay: once, soon after it succeeded. `language`: a code of ISO 639.
    pub async fn notify(
        &self,
        reference: ReferenceId,
        message: String,
        language: Option<String>,
    ) -> Result<(), FlorinError> {
        let body = DeliveryNotification::new(message.clone());
        let extra = Extra { notification: Some((message, language)), ..Extra::default() };
        let path = ByReference { reference_id: reference };
        self.0.send::<RequestToPayDeliveryNotification>(path, body, extra).await.map(|Empty {}| ())
    }

    /// The approved pre-approvals of a payer, of which the caller is payee.
    pub async fn approved_pre_approvals(&self, payer: Party) -> Result<Vec<PreApprovalDetails>, FlorinError> {
        self.0.read::<GetApprovedPreApprovals>(ByHolder::new(&payer.party_id_type, payer.party_id)).await
    }

    /// Ends an approved pre-approval. `id`: the platform's own, as on the list; older hosts take the reference (K21).
    pub async fn cancel_pre_approval(&self, id: String) -> Result<(), FlorinError> {
        let path = ByPreApproval { preapprovalid: id };
        self.0.send::<CancelPreApproval>(path, Empty {}, Extra::default()).await.map(|Empty {}| ())
    }

    /// Ends an invoice. `external_id`: your own id of the cancellation.
    pub async fn cancel_invoice(
        &self,
        invoice: ReferenceId,
        external_id: String,
        callback_url: Option<String>,
    ) -> Result<CancelInvoice, FlorinError> {
        let reference = new_reference()?;
        let callback_url = self.0.callback_url(reference, callback_url);
        let extra = Extra { reference: Some(reference), callback_url, ..Extra::default() };
        let path = ByReference { reference_id: invoice };
        self.0.send::<CancelInvoiceOperation>(path, CancelInvoice::new(external_id), extra).await
    }
}
