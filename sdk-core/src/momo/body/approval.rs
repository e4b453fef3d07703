//! Pre-approvals, invoices and payments for bills.

use super::{
    Amount, Body, Party, Problems, Reason, ReferenceId, Status, check_amount, check_currency, check_messages,
    check_present, check_seconds, lenient,
};

open_text_enum! {
    /// How far a pre-approval on the list has come.
    PreApprovalStatus as "MomoPreApprovalStatus" {
        /// In force.
        Approved = "APPROVED",
        /// Cancelled.
        Cancelled = "CANCELLED",
        /// Over.
        Expired = "EXPIRED",
        /// The payer said no.
        Rejected = "REJECTED",
        /// Not decided.
        Pending = "PENDING",
    }
}

body! {
    fields "camelCase";

    /// Asks a payer to approve payments in advance.
    pub struct PreApproval as "MomoPreApproval" {
        /// Who is asked.
        payer: Party,
        /// In this currency.
        payer_currency: String,
        /// How many seconds it holds once it is approved.
        #[serde(deserialize_with = "lenient::number")]
        validity_time: u64,
        ;
        /// For the payer: at most 160 characters.
        payer_message: String,
    }
    check |this, problems| {
        this.payer.check("payer", problems);
        check_currency("payerCurrency", &this.payer_currency, problems);
        if this.validity_time == 0 || this.validity_time > u64::from(u32::MAX) {
            problems.add("validityTime", "must be a number of seconds");
        }
        check_messages([("payerMessage", this.payer_message.as_ref()), ("payeeNote", None)], problems);
    }

    /// What became of a pre-approval. It is also the body of its callback.
    pub struct PreApprovalResult as "MomoPreApprovalResult" {
        /// Who was asked.
        payer: Party,
        /// In this currency.
        payer_currency: String,
        /// How far it has come.
        status: Status,
        ;
        /// For the payer.
        payer_message: String,
        /// Until when it holds: `YYYY-MM-DDTHH:MM:SS`; a number has been documented (K22).
        #[serde(deserialize_with = "lenient::some_text")]
        expiration_date_time: String,
        /// Why it failed.
        reason: Reason,
    }

    /// A pre-approval of the list.
    pub struct PreApprovalDetails as "MomoPreApprovalDetails" {
        /// The platform's id.
        #[serde(deserialize_with = "lenient::text")]
        pre_approval_id: String,
        /// Who may take: a financial resource identifier.
        to_fri: String,
        /// Who pays: a financial resource identifier.
        from_fri: String,
        /// In this currency.
        from_currency: String,
        /// When it was asked for.
        created_time: String,
        /// How far it has come.
        status: PreApprovalStatus,
        /// For the payer.
        #[serde(default)]
        message: String,
        ;
        /// When it was approved.
        approved_time: String,
        /// When it ends.
        expiry_time: String,
        /// How often money may be taken: `DAILY`, `WEEKLY`, `MONTHLY`.
        frequency: String,
        /// From when on.
        start_date: String,
        /// When it was last used.
        last_used_date: String,
        /// What it is for.
        offer: String,
        /// The caller's own id.
        #[serde(deserialize_with = "lenient::some_text")]
        external_id: String,
        /// The most that may be taken.
        #[serde(deserialize_with = "lenient::some_amount")]
        max_debit_amount: Amount,
    }

    /// An invoice that can be paid for a while.
    pub struct CreateInvoice as "MomoCreateInvoice" {
        /// The caller's own id.
        #[serde(deserialize_with = "lenient::text")]
        external_id: String,
        /// How much.
        #[serde(deserialize_with = "lenient::amount")]
        amount: Amount,
        /// In this currency.
        currency: String,
        /// For how many seconds, as a text.
        #[serde(deserialize_with = "lenient::text")]
        validity_duration: String,
        /// Who is to pay it.
        intended_payer: Party,
        /// Who is paid.
        payee: Party,
        ;
        /// What for.
        description: String,
    }
    check |this, problems| {
        check_present("externalId", &this.external_id, problems);
        check_amount("amount", this.amount, problems);
        check_currency("currency", &this.currency, problems);
        check_seconds("validityDuration", &this.validity_duration, problems);
        this.intended_payer.check("intendedPayer", problems);
        this.payee.check("payee", problems);
        check_messages([("description", this.description.as_ref()), ("payeeNote", None)], problems);
    }

    /// What became of an invoice. It is also the body of its callback.
    pub struct InvoiceResult as "MomoInvoiceResult" {
        /// The invoice's reference.
        reference_id: ReferenceId,
        /// The caller's own id.
        #[serde(deserialize_with = "lenient::text")]
        external_id: String,
        /// How much.
        #[serde(deserialize_with = "lenient::amount")]
        amount: Amount,
        /// In this currency.
        currency: String,
        /// How far it has come.
        status: Status,
        ;
        /// What the payer names to pay it.
        #[serde(deserialize_with = "lenient::some_text")]
        payment_reference: String,
        /// The platform's id.
        #[serde(deserialize_with = "lenient::some_text")]
        invoice_id: String,
        /// Until when it can be paid.
        #[serde(deserialize_with = "lenient::some_text")]
        expiry_date_time: String,
        /// Who is paid: given name.
        payee_first_name: String,
        /// Who is paid: family name.
        payee_last_name: String,
        /// Why it failed.
        #[serde(serialize_with = "Reason::as_object")]
        error_reason: Reason,
        /// Who is to pay it.
        intended_payer: Party,
        /// What for.
        description: String,
    }

    /// Ends an invoice; the answer has the same shape.
    pub struct CancelInvoice as "MomoCancelInvoice" {
        /// The caller's own id of the cancellation.
        #[serde(deserialize_with = "lenient::text")]
        external_id: String,
    }
    check |this, problems| { check_present("externalId", &this.external_id, problems); }

    /// An amount in a currency.
    pub struct Money as "MomoMoney" {
        /// How much.
        #[serde(deserialize_with = "lenient::amount")]
        amount: Amount,
        /// In this currency.
        currency: String,
    }

    /// A payment for a bill or for air time.
    pub struct CreatePayment as "MomoCreatePayment" {
        /// The caller's own id.
        #[serde(deserialize_with = "lenient::text")]
        external_transaction_id: String,
        /// How much.
        money: Money,
        /// Whose bill.
        #[serde(deserialize_with = "lenient::text")]
        customer_reference: String,
        /// Who sent the bill.
        service_provider_user_name: String,
        ;
        /// A coupon.
        coupon_id: String,
        /// The product.
        product_id: String,
        /// The offer.
        product_offering_id: String,
        /// For the receiver.
        receiver_message: String,
        /// For the sender.
        sender_note: String,
        /// How often it may be tried again.
        #[serde(deserialize_with = "lenient::some_number")]
        max_number_of_retries: u64,
        /// Whether the sender's charges are in the amount.
        include_sender_charges: bool,
    }
    check |this, problems| {
        check_present("externalTransactionId", &this.external_transaction_id, problems);
        check_amount("money.amount", this.money.amount, problems);
        check_currency("money.currency", &this.money.currency, problems);
        check_present("customerReference", &this.customer_reference, problems);
        check_present("serviceProviderUserName", &this.service_provider_user_name, problems);
        let (message, note) = (this.receiver_message.as_ref(), this.sender_note.as_ref());
        check_messages([("receiverMessage", message), ("senderNote", note)], problems);
    }

    /// What became of a payment. It is also the body of its callback.
    pub struct PaymentResult as "MomoPaymentResult" {
        /// The payment's reference.
        reference_id: ReferenceId,
        /// How far it has come.
        status: Status,
        ;
        /// The platform's id of what moved; absent while nothing has.
        #[serde(deserialize_with = "lenient::some_text")]
        financial_transaction_id: String,
        /// Why it failed.
        #[serde(serialize_with = "Reason::as_object")]
        reason: Reason,
    }
}
