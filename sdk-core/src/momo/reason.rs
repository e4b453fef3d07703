//! Why a transaction failed or a request was refused.

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

open_text_enum! {
    /// Why: one space of codes for failed transactions and refused requests. It is open: MTN's countries add their own.
    ///
    /// Source: spec/momo/contract.md, section 8.
    ReasonCode as "MomoReasonCode" {
        /// The receiver is unknown.
        PayeeNotFound = "PAYEE_NOT_FOUND",
        /// The payer is unknown.
        PayerNotFound = "PAYER_NOT_FOUND",
        /// The user may not do this.
        NotAllowed = "NOT_ALLOWED",
        /// The target environment is not the user's.
        NotAllowedTargetEnvironment = "NOT_ALLOWED_TARGET_ENVIRONMENT",
        /// The callback's host is not the one that the user registered.
        InvalidCallbackUrlHost = "INVALID_CALLBACK_URL_HOST",
        /// The currency is not one of this environment.
        InvalidCurrency = "INVALID_CURRENCY",
        /// Try later.
        ServiceUnavailable = "SERVICE_UNAVAILABLE",
        /// Anything else; in some countries a lack of funds. It is not "try again" (K24).
        InternalProcessingError = "INTERNAL_PROCESSING_ERROR",
        /// The payer cannot pay.
        NotEnoughFunds = "NOT_ENOUGH_FUNDS",
        /// The payer's limit.
        PayerLimitReached = "PAYER_LIMIT_REACHED",
        /// The receiver may not receive.
        PayeeNotAllowedToReceive = "PAYEE_NOT_ALLOWED_TO_RECEIVE",
        /// Not approved.
        PaymentNotApproved = "PAYMENT_NOT_APPROVED",
        /// The reference or the account holder is unknown.
        ResourceNotFound = "RESOURCE_NOT_FOUND",
        /// The payer said no.
        ApprovalRejected = "APPROVAL_REJECTED",
        /// The payer did not answer in time.
        Expired = "EXPIRED",
        /// Cancelled.
        TransactionCanceled = "TRANSACTION_CANCELED",
        /// The reference was used before.
        ResourceAlreadyExist = "RESOURCE_ALREADY_EXIST",
        /// The payer did not approve within five minutes, or it could not be carried out otherwise.
        CouldNotPerformTransaction = "COULD_NOT_PERFORM_TRANSACTION",
        /// Not completed.
        TransactionNotCompleted = "TRANSACTION_NOT_COMPLETED",
        /// The transaction to give back is unknown.
        TransactionNotFound = "TRANSACTION_NOT_FOUND",
        /// The sender's account is not active.
        SenderAccountNotActive = "SENDER_ACCOUNT_NOT_ACTIVE",
        /// The receiver's limit.
        PayeeLimitReached = "PAYEE_LIMIT_REACHED",
        /// The request is malformed.
        ValidationError = "VALIDATION_ERROR",
        /// A notification of a request that was not paid.
        NotSuccessfullyCompleted = "NOT_SUCCESSFULLY_COMPLETED",
        /// Not found.
        NotFound = "NOT_FOUND",
        /// For information.
        Informational = "INFORMATIONAL",
        /// The consent's scope lacks its instruction.
        MissingScopeInstruction = "MISSING_SCOPE_INSTRUCTION",
        /// A consent to one financial scope at a time.
        MoreThanOneFinancialScopeNotSupported = "MORE_THAN_ONE_FINANCIAL_SCOPE_NOT_SUPPORTED",
        /// The scope is unknown.
        UnsupportedScope = "UNSUPPORTED_SCOPE",
        /// These scopes do not go together.
        UnsupportedScopeCombination = "UNSUPPORTED_SCOPE_COMBINATION",
        /// The consent is not for this.
        ConsentMismatch = "CONSENT_MISMATCH",
        /// One of three, as some countries answer.
        LowBalanceOrPayeeLimitReachedOrNotAllowed = "LOW_BALANCE_OR_PAYEE_LIMIT_REACHED_OR_NOT_ALLOWED",
    }
}

impl ReasonCode {
    /// The code in a text of the wire: a trailing dot and blanks have been seen (K30).
    #[must_use]
    pub fn read(text: &str) -> Self {
        Self::from(text.trim().trim_end_matches('.').to_owned())
    }

    /// Whether a refusal with this code is a mistake of the caller, whatever the HTTP status (500 included): nothing
    /// was created, and sending the same again does not help.
    ///
    /// Source: spec/momo/contract.md, sections 6 (5) and 8.
    #[must_use]
    pub const fn is_callers_mistake(&self) -> bool {
        matches!(
            self,
            Self::NotAllowed
                | Self::NotAllowedTargetEnvironment
                | Self::InvalidCallbackUrlHost
                | Self::InvalidCurrency
                | Self::ValidationError
        )
    }
}

/// A reason on the wire: a bare code, or an object of code and message. Both are read everywhere (K8).
///
/// It is written as the bare code; [`Reason::as_object`] is for the fields that have the object.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record), uniffi(name = "MomoReason"))]
pub struct Reason {
    /// The code.
    pub code: ReasonCode,
    /// The server's words, where it has some.
    pub message: Option<String>,
}

impl From<ReasonCode> for Reason {
    fn from(code: ReasonCode) -> Self {
        Self { code, message: None }
    }
}

/// The body of a refusal of the wallet platform: `{"code","message"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ErrorReason {
    /// The code.
    pub code: ReasonCode,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// The body of a refusal of the gateway: `{"statusCode","message"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct GatewayError {
    /// The HTTP status.
    pub status_code: u16,
    /// For people.
    pub message: String,
}

/// The body of a refusal of the token service: `{"error"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TokenError {
    /// `login_failed` for a wrong pair; for consents the names of CIBA.
    pub error: String,
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code.as_str())
    }
}

impl Reason {
    /// Writes it as `{"code","message"}`: for an invoice's `errorReason` and a payment's `reason`.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn as_object<S: Serializer>(reason: &Option<Self>, serializer: S) -> Result<S::Ok, S::Error> {
        reason.as_ref().map(|r| ErrorReason { code: r.code.clone(), message: r.message.clone() }).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Reason {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Reason;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a code, or an object with one")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Reason, E> {
                Ok(ReasonCode::read(text).into())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Reason, A::Error> {
                let (mut code, mut message) = (None, None);
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "code" => code = Some(map.next_value::<String>()?),
                        "message" => message = map.next_value::<Option<String>>()?,
                        _ => drop(map.next_value::<serde::de::IgnoredAny>()?),
                    }
                }
                let code = code.ok_or_else(|| A::Error::missing_field("code"))?;
                Ok(Reason { code: ReasonCode::read(&code), message })
            }
        }
        deserializer.deserialize_any(Either)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Reason {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Reason".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let (code, object) = (generator.subschema_for::<ReasonCode>(), generator.subschema_for::<ErrorReason>());
        schemars::json_schema!({ "oneOf": [code, object] })
    }
}
