//! Requests to pay and to withdraw, transfers, deposits and refunds: what most of the contract is about.

use super::{
    Amount, Body, Party, Problems, Reason, Status, check_amount, check_currency, check_messages, check_present, lenient,
};

body! {
    fields "camelCase";

    /// Money that a payer is asked for: also of a request to withdraw.
    pub struct RequestToPay as "MomoRequestToPay" {
        /// How much.
        #[serde(deserialize_with = "lenient::amount")]
        amount: Amount,
        /// In this currency: ISO 4217.
        currency: String,
        /// The caller's own id. It need not be unique; the real API refuses blanks in it.
        #[serde(deserialize_with = "lenient::text")]
        external_id: String,
        /// Who is asked.
        payer: Party,
        ;
        /// For the payer: at most 160 characters, to be safe 128 letters, digits, blanks, dots, commas and hyphens.
        payer_message: String,
        /// For the payee's own books: the same limits.
        payee_note: String,
    }
    check |this, problems| {
        check_amount("amount", this.amount, problems);
        check_currency("currency", &this.currency, problems);
        check_present("externalId", &this.external_id, problems);
        this.payer.check("payer", problems);
        let (message, note) = (this.payer_message.as_ref(), this.payee_note.as_ref());
        check_messages([("payerMessage", message), ("payeeNote", note)], problems);
    }

    /// What became of a request to pay or to withdraw. It is also the body of its callback.
    pub struct RequestToPayResult as "MomoRequestToPayResult" {
        /// How much.
        #[serde(deserialize_with = "lenient::amount")]
        amount: Amount,
        /// In this currency.
        currency: String,
        /// The caller's own id.
        #[serde(deserialize_with = "lenient::text")]
        external_id: String,
        /// Who was asked.
        payer: Party,
        /// How far it has come.
        status: Status,
        ;
        /// The platform's id of what moved; absent while nothing has.
        #[serde(deserialize_with = "lenient::some_text")]
        financial_transaction_id: String,
        /// For the payer.
        payer_message: String,
        /// For the payee's own books.
        payee_note: String,
        /// Why it failed.
        reason: Reason,
    }

    /// Money for a payee: a transfer or a deposit.
    pub struct Transfer as "MomoTransfer" {
        /// How much.
        #[serde(deserialize_with = "lenient::amount")]
        amount: Amount,
        /// In this currency: ISO 4217.
        currency: String,
        /// The caller's own id. It need not be unique; the real API refuses blanks in it.
        #[serde(deserialize_with = "lenient::text")]
        external_id: String,
        /// Who receives it. Some clients call the receiver of a deposit its payer (K26).
        #[serde(alias = "payer")]
        payee: Party,
        ;
        /// For the payer's own books: at most 160 characters.
        payer_message: String,
        /// For the payee: at most 160 characters.
        payee_note: String,
        /// For aggregators only: `CUSTOM_PAYMENT` and the like.
        transfer_type: String,
    }
    check |this, problems| {
        check_amount("amount", this.amount, problems);
        check_currency("currency", &this.currency, problems);
        check_present("externalId", &this.external_id, problems);
        this.payee.check("payee", problems);
        let (message, note) = (this.payer_message.as_ref(), this.payee_note.as_ref());
        check_messages([("payerMessage", message), ("payeeNote", note)], problems);
    }

    /// What became of a transfer or a deposit. It is also the body of its callback.
    pub struct TransferResult as "MomoTransferResult" {
        /// How much.
        #[serde(deserialize_with = "lenient::amount")]
        amount: Amount,
        /// In this currency.
        currency: String,
        /// The caller's own id.
        #[serde(deserialize_with = "lenient::text")]
        external_id: String,
        /// Who receives it.
        #[serde(alias = "payer")]
        payee: Party,
        /// How far it has come.
        status: Status,
        ;
        /// The platform's id of what moved; absent while nothing has.
        #[serde(deserialize_with = "lenient::some_text")]
        financial_transaction_id: String,
        /// For the payer's own books.
        payer_message: String,
        /// For the payee.
        payee_note: String,
        /// Why it failed.
        reason: Reason,
    }

    /// Money of a request to pay that goes back.
    pub struct Refund as "MomoRefund" {
        /// How much.
        #[serde(deserialize_with = "lenient::amount")]
        amount: Amount,
        /// In this currency: ISO 4217.
        currency: String,
        /// The caller's own id. It need not be unique.
        #[serde(deserialize_with = "lenient::text")]
        external_id: String,
        /// The reference of the request to pay. A text, as the sandbox's test values are `1` to `13`.
        #[serde(deserialize_with = "lenient::text")]
        reference_id_to_refund: String,
        ;
        /// For the payer: at most 160 characters.
        payer_message: String,
        /// For the payee: at most 160 characters.
        payee_note: String,
    }
    check |this, problems| {
        check_amount("amount", this.amount, problems);
        check_currency("currency", &this.currency, problems);
        check_present("externalId", &this.external_id, problems);
        check_present("referenceIdToRefund", &this.reference_id_to_refund, problems);
        let (message, note) = (this.payer_message.as_ref(), this.payee_note.as_ref());
        check_messages([("payerMessage", message), ("payeeNote", note)], problems);
    }

    /// What became of a refund. It is also the body of its callback.
    pub struct RefundResult as "MomoRefundResult" {
        /// How much.
        #[serde(deserialize_with = "lenient::amount")]
        amount: Amount,
        /// In this currency.
        currency: String,
        /// The caller's own id.
        #[serde(deserialize_with = "lenient::text")]
        external_id: String,
        /// How far it has come.
        status: Status,
        ;
        /// Who gets it back.
        payee: Party,
        /// The platform's id of what moved; absent while nothing has.
        #[serde(deserialize_with = "lenient::some_text")]
        financial_transaction_id: String,
        /// For the payer.
        payer_message: String,
        /// For the payee.
        payee_note: String,
        /// Why it failed.
        reason: Reason,
    }

    /// A message to who paid.
    pub struct DeliveryNotification as "MomoDeliveryNotification" {
        /// At most 160 characters. It also stands in the header of the same name.
        notification_message: String,
    }
    check |this, problems| {
        let length = this.notification_message.chars().count();
        if !(1..=super::MESSAGE_LIMIT).contains(&length) {
            problems.add("notificationMessage", format!("must have 1 to {} characters", super::MESSAGE_LIMIT));
        }
    }
}
