//! The operations. To add one: its `operations!` block here; routes, SDK calls, OpenAPI and the tests' tables follow.

use super::value::PartyId;
use super::{
    Access, AccountBalance, ApiKey, ApiUser, ApiUserRequest, Asynchronous, Auth, BasicUserInfo, BcAuthorize,
    BcAuthorizeResult, BodyKind, BooleanResult, CallbackMethod, CancelInvoice, CashTransfer, CashTransferResult,
    CreateInvoice, CreatePayment, DeliveryNotification, Empty, Header, InvoiceResult, MomoOperation, MomoSpec,
    Oauth2Token, Oauth2TokenRequest, PartyIdType, PaymentResult, PreApproval, PreApprovalDetails, PreApprovalResult,
    Product, Progress, Reason, ReferenceId, Refund, RefundResult, Refusal, RequestToPay, RequestToPayResult, Status,
    Token, Transfer, TransferResult, UserInfo,
};
use crate::operation::Method;
use serde::{Deserialize, Serialize};
use std::any::TypeId;

/// A path without parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoPath {}

/// The reference that something was begun under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ByReference {
    /// The reference.
    pub reference_id: ReferenceId,
}

/// An API user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ByApiUser {
    /// Its id.
    pub api_user: ReferenceId,
}

/// A currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByCurrency {
    /// Its code, in any letter case (K25).
    pub currency: String,
}

/// An account holder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ByHolder {
    /// What the id is, in any letter case: see [`PartyIdType::from_path`].
    pub account_holder_id_type: String,
    /// The id.
    pub account_holder_id: PartyId,
}

impl ByHolder {
    /// The holder that a party is.
    #[must_use]
    pub fn new(kind: &PartyIdType, id: PartyId) -> Self {
        Self { account_holder_id_type: kind.to_path(), account_holder_id: id }
    }
}

/// A pre-approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByPreApproval {
    /// The platform's id, or the reference: a server tries both (K21).
    pub preapprovalid: String,
}

const PROVISIONING: &[Product] = &[Product::Provisioning];
const COLLECTION: &[Product] = &[Product::Collection];
const DISBURSEMENT: &[Product] = &[Product::Disbursement];
const REMITTANCE: &[Product] = &[Product::Remittance];
const SENDING: &[Product] = &[Product::Disbursement, Product::Remittance];
const NOTIFYING: &[Product] = &[Product::Collection, Product::Disbursement];
const ALL: &[Product] = &Product::SUBSCRIBED;

const NO_HEADERS: &[Header] = &[];
const TOKEN: &[Header] = &[Header::OptionalTargetEnvironment];
const REFERENCE: &[Header] = &[Header::ReferenceId];
const ENVIRONMENT: &[Header] = &[Header::TargetEnvironment];
const WRITING: &[Header] = &[Header::TargetEnvironment, Header::ReferenceId, Header::CallbackUrl];
const CONSENT: &[Header] = &[Header::TargetEnvironment, Header::CallbackUrl];
const NOTIFICATION: &[Header] = &[Header::TargetEnvironment, Header::NotificationMessage, Header::Language];

const fn refusal(status: u16, codes: &'static [&'static str]) -> Refusal {
    Refusal { status, codes }
}

const MALFORMED: Refusal = refusal(400, &["VALIDATION_ERROR"]);
const UNAUTHORIZED: Refusal = refusal(401, &[]);
const NOT_FOUND: Refusal = refusal(404, &["RESOURCE_NOT_FOUND"]);
const USED: Refusal = refusal(409, &["RESOURCE_ALREADY_EXIST"]);
const BUSY: Refusal = refusal(503, &["SERVICE_UNAVAILABLE"]);
const CALLER: Refusal = refusal(
    500,
    &[
        "NOT_ALLOWED",
        "NOT_ALLOWED_TARGET_ENVIRONMENT",
        "INVALID_CALLBACK_URL_HOST",
        "INVALID_CURRENCY",
        "INTERNAL_PROCESSING_ERROR",
    ],
);
const READER: Refusal = refusal(500, &["NOT_ALLOWED", "NOT_ALLOWED_TARGET_ENVIRONMENT", "INTERNAL_PROCESSING_ERROR"]);

const BY_KEY: &[Refusal] = &[MALFORMED, UNAUTHORIZED, USED];
const OF_USER: &[Refusal] = &[MALFORMED, UNAUTHORIZED, NOT_FOUND];
/// The 500 is the old sandbox's, for a wrong pair (K7).
const OF_TOKEN: &[Refusal] = &[UNAUTHORIZED, refusal(500, &[])];
const OF_WRITE: &[Refusal] = &[MALFORMED, UNAUTHORIZED, USED, CALLER, BUSY];
const OF_READ: &[Refusal] = &[MALFORMED, UNAUTHORIZED, NOT_FOUND, READER];
const OF_BALANCE: &[Refusal] = &[UNAUTHORIZED, READER, BUSY];
const OF_HOLDER: &[Refusal] = &[MALFORMED, UNAUTHORIZED, NOT_FOUND, READER, BUSY];
const OF_INFO: &[Refusal] = &[UNAUTHORIZED, NOT_FOUND];
const OF_CONSENT: &[Refusal] = &[MALFORMED, UNAUTHORIZED, NOT_FOUND];
const OF_CONSENT_TOKEN: &[Refusal] = &[refusal(400, &[]), UNAUTHORIZED];
const OF_USER_INFO: &[Refusal] = &[UNAUTHORIZED];
const OF_NOTIFICATION: &[Refusal] = &[
    MALFORMED,
    UNAUTHORIZED,
    NOT_FOUND,
    refusal(409, &["NOT_SUCCESSFULLY_COMPLETED"]),
    refusal(410, &[]),
    refusal(429, &[]),
    READER,
];

/// `Name "id": METHOD PATHS; products, auth, access, money, status, headers, callback, refusals; path, body, answer`.
macro_rules! operations {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident $id:literal: $method:ident [$($path:literal),+];
        $products:ident $auth:ident $access:ident $money:literal $success:literal $headers:ident $callback:expr,
        $refusals:ident;
        $params:ty, $kind:ident $body:ty => $answer:ty;
    )+) => {
        $(
            $(#[doc = $doc])+
            #[derive(Debug, Clone, Copy)]
            pub enum $name {}

            impl MomoOperation for $name {
                const ID: &'static str = $id;
                const DOC: &'static str = concat!($($doc, "\n"),+);
                const METHOD: Method = Method::$method;
                const PATHS: &'static [&'static str] = &[$($path),+];
                const PRODUCTS: &'static [Product] = $products;
                const AUTH: Auth = Auth::$auth;
                const ACCESS: Access = Access::$access;
                const MONEY: bool = $money;
                const SUCCESS: u16 = $success;
                const HEADERS: &'static [Header] = $headers;
                const CALLBACK: Option<CallbackMethod> = $callback;
                const REFUSALS: &'static [Refusal] = $refusals;
                const BODY: BodyKind = BodyKind::$kind;
                type Path = $params;
                type Body = $body;
                type Answer = $answer;

                fn spec() -> MomoSpec {
                    MomoSpec {
                        id: Self::ID,
                        doc: Self::DOC,
                        method: Self::METHOD,
                        paths: Self::PATHS,
                        products: Self::PRODUCTS,
                        auth: Self::AUTH,
                        access: Self::ACCESS,
                        money: Self::MONEY,
                        success: Self::SUCCESS,
                        headers: Self::HEADERS,
                        callback: Self::CALLBACK,
                        refusals: Self::REFUSALS,
                        body: Self::BODY,
                        answers_nothing: TypeId::of::<$answer>() == TypeId::of::<Empty>(),
                        #[cfg(feature = "schema")]
                        body_schema: |generator| generator.subschema_for::<$body>(),
                        #[cfg(feature = "schema")]
                        answer_schema: (TypeId::of::<$answer>() != TypeId::of::<Empty>())
                            .then_some(|generator| generator.subschema_for::<$answer>()),
                    }
                }
            }
        )+

        /// All operations, in the order of spec/momo/endpoints.json.
        #[must_use]
        pub fn all() -> Vec<MomoSpec> {
            vec![$($name::spec()),+]
        }
    };
}

const PUT: Option<CallbackMethod> = Some(CallbackMethod::Put);
const POST: Option<CallbackMethod> = Some(CallbackMethod::Post);

operations! {
    /// Makes an API user: its id is the reference.
    CreateApiUser "create_api_user":
        Post ["/v1_0/apiuser", "/provisioning/v1_0/apiuser", "/provisioning/apiuser", "/apiuser"];
        PROVISIONING SubscriptionKey Write false 201 REFERENCE None, BY_KEY;
        NoPath, Json ApiUserRequest => Empty;
    /// Makes a key of an API user; the one before is void.
    CreateApiKey "create_api_key":
        Post ["/v1_0/apiuser/{apiUser}/apikey", "/provisioning/v1_0/apiuser/{apiUser}/apikey",
            "/provisioning/apiuser/{apiUser}/apikey", "/apiuser/{apiUser}/apikey"];
        PROVISIONING SubscriptionKey Write false 201 NO_HEADERS None, OF_USER;
        ByApiUser, None Empty => ApiKey;
    /// An API user.
    GetApiUser "get_api_user":
        Get ["/v1_0/apiuser/{apiUser}", "/provisioning/v1_0/apiuser/{apiUser}", "/provisioning/apiuser/{apiUser}",
            "/apiuser/{apiUser}"];
        PROVISIONING SubscriptionKey Read false 200 NO_HEADERS None, OF_USER;
        ByApiUser, None Empty => ApiUser;
    /// An access token.
    CreateAccessToken "create_access_token": Post ["/{product}/token/", "/{product}/token"];
        ALL Basic Auth false 200 TOKEN None, OF_TOKEN;
        NoPath, None Empty => Token;
    /// Asks an account holder for a consent.
    BcAuthorizeOperation "bc_authorize": Post ["/{product}/v1_0/bc-authorize"];
        ALL BearerOrBasic Write false 200 CONSENT None, OF_CONSENT;
        NoPath, Form BcAuthorize => BcAuthorizeResult;
    /// The token of a consent.
    CreateOauth2Token "create_oauth2_token": Post ["/{product}/oauth2/token/", "/{product}/oauth2/token"];
        ALL Basic Auth false 200 ENVIRONMENT None, OF_CONSENT_TOKEN;
        NoPath, Form Oauth2TokenRequest => Oauth2Token;
    /// What an account holder has consented to be known.
    GetUserInfoWithConsent "get_user_info_with_consent": Get ["/{product}/oauth2/v1_0/userinfo"];
        ALL Consent Read false 200 ENVIRONMENT None, OF_USER_INFO;
        NoPath, None Empty => UserInfo;
    /// The balance of the caller's account.
    GetAccountBalance "get_account_balance": Get ["/{product}/v1_0/account/balance"];
        ALL Bearer Read false 200 ENVIRONMENT None, OF_BALANCE;
        NoPath, None Empty => AccountBalance;
    /// The balance of the caller's account in one currency.
    GetAccountBalanceInCurrency "get_account_balance_in_currency": Get ["/{product}/v1_0/account/balance/{currency}"];
        ALL Bearer Read false 200 ENVIRONMENT None, OF_BALANCE;
        ByCurrency, None Empty => AccountBalance;
    /// Whether an account holder is active.
    ValidateAccountHolderStatus "validate_account_holder_status":
        Get ["/{product}/v1_0/accountholder/{accountHolderIdType}/{accountHolderId}/active"];
        ALL Bearer Read false 200 ENVIRONMENT None, OF_HOLDER;
        ByHolder, None Empty => BooleanResult;
    /// What everybody may know of an account holder.
    GetBasicUserInfo "get_basic_user_info":
        Get ["/{product}/v1_0/accountholder/{accountHolderIdType}/{accountHolderId}/basicuserinfo"];
        ALL Bearer Read false 200 ENVIRONMENT None, OF_INFO;
        ByHolder, None Empty => BasicUserInfo;
    /// Asks a payer for money.
    RequestToPayOperation "request_to_pay": Post ["/{product}/v1_0/requesttopay"];
        COLLECTION Bearer Write true 202 WRITING PUT, OF_WRITE;
        NoPath, Json RequestToPay => Empty;
    /// What became of a request to pay.
    GetRequestToPay "get_request_to_pay": Get ["/{product}/v1_0/requesttopay/{referenceId}"];
        COLLECTION Bearer Read false 200 ENVIRONMENT None, OF_READ;
        ByReference, None Empty => RequestToPayResult;
    /// Sends a message to who paid.
    RequestToPayDeliveryNotification "request_to_pay_delivery_notification":
        Post ["/{product}/v1_0/requesttopay/{referenceId}/deliverynotification"];
        NOTIFYING Bearer Write false 200 NOTIFICATION None, OF_NOTIFICATION;
        ByReference, Json DeliveryNotification => Empty;
    /// Asks an account holder to pay out in cash what is taken from the account.
    RequestToWithdrawV1 "request_to_withdraw_v1": Post ["/{product}/v1_0/requesttowithdraw"];
        COLLECTION Bearer Write true 202 WRITING POST, OF_WRITE;
        NoPath, Json RequestToPay => Empty;
    /// As version 1; the callback is a PUT.
    RequestToWithdrawV2 "request_to_withdraw_v2": Post ["/{product}/v2_0/requesttowithdraw"];
        COLLECTION Bearer Write true 202 WRITING PUT, OF_WRITE;
        NoPath, Json RequestToPay => Empty;
    /// What became of a request to withdraw, of either version.
    GetRequestToWithdraw "get_request_to_withdraw": Get ["/{product}/v1_0/requesttowithdraw/{referenceId}"];
        COLLECTION Bearer Read false 200 ENVIRONMENT None, OF_READ;
        ByReference, None Empty => RequestToPayResult;
    /// Asks a payer to approve payments in advance.
    CreatePreApproval "create_pre_approval": Post ["/{product}/v2_0/preapproval", "/{product}/v1_0/preapproval"];
        COLLECTION Bearer Write false 202 WRITING PUT, OF_WRITE;
        NoPath, Json PreApproval => Empty;
    /// What became of a pre-approval.
    GetPreApproval "get_pre_approval":
        Get ["/{product}/v2_0/preapproval/{referenceId}", "/{product}/v1_0/preapproval/{referenceId}"];
        COLLECTION Bearer Read false 200 ENVIRONMENT None, OF_READ;
        ByReference, None Empty => PreApprovalResult;
    /// The approved pre-approvals of a payer, of which the caller is payee.
    GetApprovedPreApprovals "get_approved_pre_approvals":
        Get ["/{product}/v1_0/preapprovals/{accountHolderIdType}/{accountHolderId}"];
        COLLECTION Bearer Read false 200 ENVIRONMENT None, OF_READ;
        ByHolder, None Empty => Vec<PreApprovalDetails>;
    /// Ends an approved pre-approval.
    CancelPreApproval "cancel_pre_approval": Delete ["/{product}/v1_0/preapproval/{preapprovalid}"];
        COLLECTION Bearer Write false 200 ENVIRONMENT None, OF_READ;
        ByPreApproval, None Empty => Empty;
    /// Makes an invoice.
    CreateInvoiceOperation "create_invoice": Post ["/{product}/v2_0/invoice"];
        COLLECTION Bearer Write true 202 WRITING PUT, OF_WRITE;
        NoPath, Json CreateInvoice => Empty;
    /// What became of an invoice.
    GetInvoice "get_invoice": Get ["/{product}/v2_0/invoice/{referenceId}"];
        COLLECTION Bearer Read false 200 ENVIRONMENT None, OF_READ;
        ByReference, None Empty => InvoiceResult;
    /// Ends an invoice; the header holds a reference of its own.
    CancelInvoiceOperation "cancel_invoice": Delete ["/{product}/v2_0/invoice/{referenceId}"];
        COLLECTION Bearer Write false 200 WRITING PUT, OF_READ;
        ByReference, Json CancelInvoice => CancelInvoice;
    /// Pays for a bill or for air time.
    CreatePaymentOperation "create_payment": Post ["/{product}/v2_0/payment"];
        COLLECTION Bearer Write true 202 WRITING PUT, OF_WRITE;
        NoPath, Json CreatePayment => Empty;
    /// What became of a payment.
    GetPayment "get_payment": Get ["/{product}/v2_0/payment/{referenceId}"];
        COLLECTION Bearer Read false 200 ENVIRONMENT None, OF_READ;
        ByReference, None Empty => PaymentResult;
    /// Sends money to a payee.
    TransferOperation "transfer": Post ["/{product}/v1_0/transfer"];
        SENDING Bearer Write true 202 WRITING PUT, OF_WRITE;
        NoPath, Json Transfer => Empty;
    /// What became of a transfer.
    GetTransfer "get_transfer": Get ["/{product}/v1_0/transfer/{referenceId}"];
        SENDING Bearer Read false 200 ENVIRONMENT None, OF_READ;
        ByReference, None Empty => TransferResult;
    /// Puts money into a payee's account.
    DepositV1 "deposit_v1": Post ["/{product}/v1_0/deposit"];
        DISBURSEMENT Bearer Write true 202 WRITING POST, OF_WRITE;
        NoPath, Json Transfer => Empty;
    /// As version 1; the callback is a PUT.
    DepositV2 "deposit_v2": Post ["/{product}/v2_0/deposit"];
        DISBURSEMENT Bearer Write true 202 WRITING PUT, OF_WRITE;
        NoPath, Json Transfer => Empty;
    /// What became of a deposit, of either version.
    GetDeposit "get_deposit": Get ["/{product}/v1_0/deposit/{referenceId}"];
        DISBURSEMENT Bearer Read false 200 ENVIRONMENT None, OF_READ;
        ByReference, None Empty => TransferResult;
    /// Gives back money of a request to pay.
    RefundV1 "refund_v1": Post ["/{product}/v1_0/refund"];
        DISBURSEMENT Bearer Write true 202 WRITING POST, OF_WRITE;
        NoPath, Json Refund => Empty;
    /// As version 1; the callback is a PUT.
    RefundV2 "refund_v2": Post ["/{product}/v2_0/refund"];
        DISBURSEMENT Bearer Write true 202 WRITING PUT, OF_WRITE;
        NoPath, Json Refund => Empty;
    /// What became of a refund, of either version.
    GetRefund "get_refund": Get ["/{product}/v1_0/refund/{referenceId}"];
        DISBURSEMENT Bearer Read false 200 ENVIRONMENT None, OF_READ;
        ByReference, None Empty => RefundResult;
    /// Sends money to a payee in another country.
    CashTransferOperation "cash_transfer": Post ["/{product}/v2_0/cashtransfer"];
        REMITTANCE Bearer Write true 202 WRITING POST, OF_WRITE;
        NoPath, Json CashTransfer => Empty;
    /// What became of a cash transfer.
    GetCashTransfer "get_cash_transfer": Get ["/{product}/v2_0/cashtransfer/{referenceId}"];
        REMITTANCE Bearer Read false 200 ENVIRONMENT None, OF_READ;
        ByReference, None Empty => CashTransferResult;
}

macro_rules! progress {
    ($($result:ty: $reason:ident $(, $transaction:ident)?;)+) => {$(
        impl Progress for $result {
            fn status(&self) -> &Status {
                &self.status
            }
            fn reason(&self) -> Option<&Reason> {
                self.$reason.as_ref()
            }
            fn financial_transaction_id(&self) -> Option<&str> {
                None$(.or(self.$transaction.as_deref()))?
            }
        }
    )+};
}

progress! {
    RequestToPayResult: reason, financial_transaction_id;
    TransferResult: reason, financial_transaction_id;
    RefundResult: reason, financial_transaction_id;
    CashTransferResult: reason, financial_transaction_id;
    PaymentResult: reason, financial_transaction_id;
    PreApprovalResult: reason;
    InvoiceResult: error_reason;
}

/// `Operation => asked about by, answer; the currency's field; |body, answer| { "field" the sides are equal, .. }`.
macro_rules! asynchronous {
    ($(
        $operation:ty => $ask:ty, $result:ty; $currency:ident $(.$part:ident)?;
        |$body:ident, $found:ident| { $($field:literal $same:expr,)* }
    )+) => {$(
        impl Asynchronous for $operation {
            type Ask = $ask;
            type Result = $result;
            fn difference($body: &Self::Body, $found: &Self::Result) -> Option<&'static str> {
                $(if !$same {
                    return Some($field);
                })*
                None
            }
            fn currency(body: &Self::Body) -> &str {
                &body.$currency$(.$part)?
            }
        }
    )+};
}

asynchronous! {
    RequestToPayOperation => GetRequestToPay, RequestToPayResult; currency; |sent, found| {
        "amount" sent.amount == found.amount,
        "currency" sent.currency == found.currency,
        "payer" sent.payer.is(&found.payer),
        "externalId" sent.external_id == found.external_id,
    }
    RequestToWithdrawV1 => GetRequestToWithdraw, RequestToPayResult; currency; |sent, found| {
        "amount" sent.amount == found.amount,
        "currency" sent.currency == found.currency,
        "payer" sent.payer.is(&found.payer),
        "externalId" sent.external_id == found.external_id,
    }
    RequestToWithdrawV2 => GetRequestToWithdraw, RequestToPayResult; currency; |sent, found| {
        "amount" sent.amount == found.amount,
        "currency" sent.currency == found.currency,
        "payer" sent.payer.is(&found.payer),
        "externalId" sent.external_id == found.external_id,
    }
    CreatePreApproval => GetPreApproval, PreApprovalResult; payer_currency; |sent, found| {
        "payerCurrency" sent.payer_currency == found.payer_currency,
        "payer" sent.payer.is(&found.payer),
    }
    CreateInvoiceOperation => GetInvoice, InvoiceResult; currency; |sent, found| {
        "amount" sent.amount == found.amount,
        "currency" sent.currency == found.currency,
        "intendedPayer" found.intended_payer.as_ref().is_none_or(|payer| sent.intended_payer.is(payer)),
        "externalId" sent.external_id == found.external_id,
    }
    CreatePaymentOperation => GetPayment, PaymentResult; money.currency; |_sent, _found| {}
    TransferOperation => GetTransfer, TransferResult; currency; |sent, found| {
        "amount" sent.amount == found.amount,
        "currency" sent.currency == found.currency,
        "payee" sent.payee.is(&found.payee),
        "externalId" sent.external_id == found.external_id,
    }
    DepositV1 => GetDeposit, TransferResult; currency; |sent, found| {
        "amount" sent.amount == found.amount,
        "currency" sent.currency == found.currency,
        "payee" sent.payee.is(&found.payee),
        "externalId" sent.external_id == found.external_id,
    }
    DepositV2 => GetDeposit, TransferResult; currency; |sent, found| {
        "amount" sent.amount == found.amount,
        "currency" sent.currency == found.currency,
        "payee" sent.payee.is(&found.payee),
        "externalId" sent.external_id == found.external_id,
    }
    RefundV1 => GetRefund, RefundResult; currency; |sent, found| {
        "amount" sent.amount == found.amount,
        "currency" sent.currency == found.currency,
        "externalId" sent.external_id == found.external_id,
    }
    RefundV2 => GetRefund, RefundResult; currency; |sent, found| {
        "amount" sent.amount == found.amount,
        "currency" sent.currency == found.currency,
        "externalId" sent.external_id == found.external_id,
    }
    CashTransferOperation => GetCashTransfer, CashTransferResult; currency; |sent, found| {
        "amount" sent.amount == found.amount,
        "currency" sent.currency == found.currency,
        "payee" sent.payee.is(&found.payee),
        "externalId" sent.external_id == found.external_id,
    }
}
