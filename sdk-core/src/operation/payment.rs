//! Payment requests. Source: spec/omnigate/operations.json, group Payment.

use super::operation;
#[cfg(feature = "write")]
use crate::id::Uuid;
use crate::id::{Prid, Waid};
#[cfg(feature = "write")]
use crate::json::JsonObject;
#[cfg(feature = "write")]
use crate::lenient::{Assent, Digits};
#[cfg(feature = "write")]
use crate::model::PaymentAmount;
use crate::model::{ListedPayment, PaymentStatus};
use crate::money::{Amount, CurrencyCode};
use crate::timestamp::Timestamp;

operation! {
    /// Asks somebody to pay. It moves nothing by itself.
    pub money struct CreatePaymentRequest -> CreatedPaymentRequest;
    Post "/payment/request"; callers Provider; group "payments"; timeout Standard; rate Standard;
    rights { own ["createpaymentrequest"], child ["chargechildprofile"], any [] }
    required {
        /// How much, in whole currency units.
        "amount" amount: Amount = 1..=20;
        /// The currency to be paid in.
        "currency" currency: CurrencyCode = 3..=16;
        /// How to pay: `wallet`, `ripple`, `bitcoin`, `applepay`.
        "method" method: String = 3..=16;
    }
    optional {
        /// The payer's wallet; required for the methods `wallet` and `applepay`.
        "sourcewaid" source_waid: Waid = 21..=21;
        /// The caller's own reference, also the client reference: letters, digits, `_` and `-`.
        "referenceid" reference_id: String = 4..=64;
        /// The wallet to be paid; the default one of the caller's profile when absent.
        "destinationwaid" destination_waid: Waid = 21..=21;
        /// The clerk's name.
        "clerkname" clerk_name: String = 4..=30;
        /// The clerk, as a user.
        "creatoruuid" creator_uuid: Uuid = 21..=21;
        /// Whether the payer may add a tip. Default false.
        "tip" tip: bool;
    }
    reference reference_id;
    check |op, problems| {
        if matches!(op.method.as_str(), "wallet" | "applepay") && op.source_waid.is_none() {
            problems.add("sourcewaid", format!("is required for the method {}", op.method));
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if op.reference_id.as_deref().is_some_and(|text| !text.chars().all(plain)) {
            problems.add("referenceid", "must be letters, digits, '_' and '-'");
        }
    }
}

wire_record! {
    write
    /// The new payment request.
    pub struct CreatedPaymentRequest {
        /// Where it stands.
        "statuscode" status: PaymentStatus;
        /// The same in words.
        "statusmessage" status_message: String;
        /// The payment request.
        "prid" prid: Prid;
        /// How to pay.
        "method" method: String;
        /// The ways in which it can be paid.
        "paymentamounts" payment_amounts: Option<Vec<PaymentAmount>>;
        /// The text to show as a QR code; as a picture at `/payment/{prid}/qr.png` and `/payment/{prid}/qr.svg`.
        "qrpayload" qr_payload: Option<String>;
        /// When it can no longer be paid.
        "expires" expires: Option<Timestamp>;
    }
}

operation! {
    /// Reads where a payment request stands.
    pub read struct GetPaymentStatus -> Payment;
    Get "/payment/{prid}"; callers Both; group "payments"; timeout Standard; rate Standard;
    rights { own ["managepaymentrequest"], child [], any [], party }
    required {
        /// Which payment request.
        "prid" prid: Prid = 21..=21;
    }
    optional {}
}

wire_record! {
    /// A payment request.
    pub struct Payment {
        /// Where it stands.
        "statuscode" status: PaymentStatus;
        /// The same in words.
        "statusmessage" status_message: String;
        /// The payment request.
        "prid" prid: Prid;
        /// Who asks for the money.
        "merchantname" merchant_name: String;
        /// How much is to be paid, in whole currency units.
        "amount" amount: Amount;
        /// The currency to be paid in.
        "currency" currency: CurrencyCode;
        /// The wallet to be paid.
        "destinationwaid" | "destinationwallet" destination_waid: Waid;
        /// How to pay.
        "method" method: String;
        /// Whether the payer may add a tip.
        "tip" tip: bool;
        /// The maker's own reference, if any.
        "referenceid" reference_id: Option<String>;
        /// Confirmation of the payment, once it is paid.
        "pcid" pcid: Option<String>;
        /// The text to show as a QR code.
        "qrpayload" qr_payload: Option<String>;
        /// When it can no longer be paid.
        "expires" expires: Option<Timestamp>;
    }
}

operation! {
    /// Pays a payment request, once.
    pub money struct AcceptPayment -> super::Done;
    Post "/payment/accept"; callers Provider; group "payments"; timeout Standard; rate Standard;
    rights { own ["initiatetransfer"], child ["chargechildprofile"], any [] }
    required {
        /// Which payment request.
        "prid" prid: Prid = 21..=21;
        /// The request's currency, or one that the merchant takes at par.
        "currency" currency: CurrencyCode = 3..=16;
        /// How to pay: `wallet`.
        "method" method: String = 1..=20;
        /// What the payer's wallet gives: the request's amount, and a tip where it allows one.
        "totalamount" total_amount: Amount = 1..=20;
    }
    optional {
        /// What another method's processor needs. Never logged, never stored.
        "paymentprocessorinformation" payment_processor_information: JsonObject = 2..=20000;
    }
}

operation! {
    /// Declines a payment request, once.
    pub money struct RefusePayment -> super::Done;
    Post "/payment/refuse"; callers Provider; group "payments"; timeout Standard; rate Standard;
    rights { own ["initiatetransfer"], child ["chargechildprofile"], any [] }
    required {
        /// Which payment request.
        "prid" prid: Prid = 21..=21;
    }
    optional {}
}

operation! {
    /// Says who a merchant is: what a payment processor has to know, and the name that payers see.
    pub write struct UpdateMerchantInfo -> super::Done;
    Post "/payment/merchantinfo"; callers Provider; group "payments"; timeout Standard; rate Standard;
    rights { own ["managepaymentrequest"], child [], any ["managemerchants"] }
    required {
        /// That the terms of service are accepted: `true`.
        "accepttos" accept_tos: Assent;
        /// First name.
        "firstname" first_name: String = 1..=20;
        /// Last name.
        "lastname" last_name: String = 1..=20;
        /// Date of birth, `YYYY-MM-DD`.
        "dateofbirth" date_of_birth: String = 10..=10;
        /// City.
        "city" city: String = 1..=20;
        /// Address.
        "address" address: String = 1..=20;
        /// Postal code.
        "postalcode" postal_code: String = 1..=20;
        /// State or province: two letters.
        "state" state: String = 2..=2;
        /// What kind of merchant: `company`.
        "entitytype" entity_type: String = 7..=7;
        /// The name of the business, as payers see it.
        "businessname" business_name: String = 2..=30;
        /// The business's tax id.
        "businesstaxid" business_tax_id: String = 9..=15;
    }
    optional {
        /// The last four digits of the social security number. Checked, never kept.
        "ssnlast4" ssn_last4: Digits = 4..=4;
    }
    check |op, problems| {
        if op.entity_type != "company" {
            problems.add("entitytype", "must be company");
        }
        if !crate::timestamp::is_date(&op.date_of_birth) {
            problems.add("dateofbirth", "must be a date such as 1978-11-12");
        }
    }
}

operation! {
    /// Lists the payment requests that the caller made or is asked to pay, newest first.
    pub read("uniffi") struct GetPaymentTransactionList -> PaymentList;
    Get "/payment/transactionlist"; callers Both; group "payments"; timeout Standard; rate Standard;
    rights { own ["getpaymentlist", "managepaymentrequest"], child [], any [], party }
    required {}
    optional {
        /// At most so many, 1 to 200. Default 50.
        "limit" limit: u32 = 1..=200;
        /// Go on after this cursor, from `next` of the page before.
        "after" after: String = 1..=64;
        /// Only requests with this reference of their maker.
        "referenceid" reference_id: String = 1..=255;
    }
}

wire_record! {
    /// A page of payment requests.
    pub struct PaymentList {
        /// The payment requests, newest first.
        "transactionlist" payments: Vec<ListedPayment>;
        /// The cursor of the next page; absent at the end.
        "next" next: Option<String>;
    }
}
