//! Cash transfers: money across a border, with who sends it.

use super::{
    Amount, Body, Party, Problems, Reason, Status, check_amount, check_currency, check_messages, check_present, lenient,
};

open_text_enum! {
    /// What a sender showed to say who they are (K28: two spellings of one).
    IdentificationType as "MomoIdentificationType" {
        /// A passport.
        Pass = "PASS",
        /// A CPF.
        Cpfa = "CPFA",
        /// A South African identity number.
        Srssa = "SRSSA",
        /// The same, spelt otherwise.
        Srsa = "SRSA",
        /// A national registration number.
        Nrin = "NRIN",
        /// Something else.
        Othr = "OTHR",
        /// A driving licence.
        Drlc = "DRLC",
        /// A social security number.
        Socs = "SOCS",
        /// An alien's registration.
        Areg = "AREG",
        /// An identity card.
        Idcd = "IDCD",
        /// An employer's card.
        Emid = "EMID",
    }
}

body! {
    fields "camelCase";

    /// Money for a payee in another country.
    pub struct CashTransfer as "MomoCashTransfer" {
        /// How much arrives.
        #[serde(deserialize_with = "lenient::amount")]
        amount: Amount,
        /// In this currency.
        currency: String,
        /// Who receives it.
        payee: Party,
        /// The caller's own id.
        #[serde(deserialize_with = "lenient::text")]
        external_id: String,
        ;
        /// From where: MTN spells the field so, others as one would think (K27).
        #[serde(rename = "orginatingCountry", alias = "originatingCountry")]
        originating_country: String,
        /// How much was sent.
        #[serde(deserialize_with = "lenient::some_amount")]
        original_amount: Amount,
        /// In this currency.
        original_currency: String,
        /// For the payer.
        payer_message: String,
        /// For the payee.
        payee_note: String,
        /// What the sender showed.
        payer_identification_type: IdentificationType,
        /// Its number.
        payer_identification_number: String,
        /// The sender's identity.
        payer_identity: String,
        /// The sender's given name.
        payer_first_name: String,
        /// The sender's family name.
        payer_sur_name: String,
        /// The sender's language.
        payer_language_code: String,
        /// The sender's address for e-mail.
        payer_email: String,
        /// The sender's number.
        payer_msisdn: String,
        /// The sender's gender.
        payer_gender: String,
    }
    check |this, problems| {
        check_amount("amount", this.amount, problems);
        check_currency("currency", &this.currency, problems);
        check_present("externalId", &this.external_id, problems);
        this.payee.check("payee", problems);
        if let Some(amount) = this.original_amount {
            check_amount("originalAmount", amount, problems);
        }
        let (message, note) = (this.payer_message.as_ref(), this.payee_note.as_ref());
        check_messages([("payerMessage", message), ("payeeNote", note)], problems);
    }

    /// What became of a cash transfer. It is also the body of its callback.
    pub struct CashTransferResult as "MomoCashTransferResult" {
        /// How much arrives.
        #[serde(deserialize_with = "lenient::amount")]
        amount: Amount,
        /// In this currency.
        currency: String,
        /// Who receives it.
        payee: Party,
        /// The caller's own id.
        #[serde(deserialize_with = "lenient::text")]
        external_id: String,
        /// How far it has come.
        status: Status,
        ;
        /// From where.
        #[serde(alias = "orginatingCountry")]
        originating_country: String,
        /// How much was sent.
        #[serde(deserialize_with = "lenient::some_amount")]
        original_amount: Amount,
        /// In this currency.
        original_currency: String,
        /// For the payer.
        payer_message: String,
        /// For the payee.
        payee_note: String,
        /// What the sender showed.
        payer_identification_type: IdentificationType,
        /// Its number.
        payer_identification_number: String,
        /// The sender's identity.
        payer_identity: String,
        /// The sender's given name.
        payer_first_name: String,
        /// The sender's family name.
        payer_sur_name: String,
        /// The sender's language.
        payer_language_code: String,
        /// The sender's address for e-mail.
        payer_email: String,
        /// The sender's number.
        payer_msisdn: String,
        /// The sender's gender.
        payer_gender: String,
        /// The platform's id of what moved; absent while nothing has.
        #[serde(deserialize_with = "lenient::some_text")]
        financial_transaction_id: String,
        /// Why it failed.
        reason: Reason,
    }
}
