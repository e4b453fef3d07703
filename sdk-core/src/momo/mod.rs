//! MTN's MoMo Open API, as one definition: what the reference server mounts and documents, and what the provider SDK
//! sends. Money is asked for or sent under a reference, answered with 202, and asked about until it is final.
//!
//! Start with [`MomoOperation`]; the list of all is [`operation::all`]. Facts and their sources: spec/momo/contract.md,
//! whose sections and rows of contradictions (K1 to K34) are named where a rule follows one.

mod body;
mod operation;
mod reason;
mod value;

pub use body::*;
pub use operation::*;
pub use reason::{ErrorReason, GatewayError, Reason, ReasonCode, TokenError};
pub use value::{Party, PartyId, PartyIdType, ReferenceId, Status};

use crate::operation::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A part of the API with a subscription of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum), uniffi(name = "MomoProduct"))]
pub enum Product {
    /// API users and keys, in the sandbox only. It has no name in a path, and takes any product's key.
    Provisioning,
    /// Money comes in.
    Collection,
    /// Money goes out.
    Disbursement,
    /// Money goes out across a border.
    Remittance,
}

impl Product {
    /// The products with a subscription of their own.
    pub const SUBSCRIBED: [Self; 3] = [Self::Collection, Self::Disbursement, Self::Remittance];

    /// The name: that in a path, but for provisioning.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Provisioning => "provisioning",
            Self::Collection => "collection",
            Self::Disbursement => "disbursement",
            Self::Remittance => "remittance",
        }
    }
}

/// What an operation needs beside the subscription key (sections 3 to 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// Nothing.
    SubscriptionKey,
    /// The API user and its key.
    Basic,
    /// The product's access token.
    Bearer,
    /// The consent's own token.
    Consent,
    /// The access token, or user and key: as each product has it, and a server takes both (K20).
    BearerOrBasic,
}

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It makes a token.
    Auth,
    /// It changes nothing.
    Read,
    /// It changes something.
    Write,
}

/// A header beside `Ocp-Apim-Subscription-Key` and `Authorization`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Header {
    /// `X-Target-Environment`, required.
    TargetEnvironment,
    /// `X-Target-Environment`, which the token call needs on the newer platform only (K33).
    OptionalTargetEnvironment,
    /// `X-Reference-Id`.
    ReferenceId,
    /// `X-Callback-Url`, optional.
    CallbackUrl,
    /// `notificationMessage`.
    NotificationMessage,
    /// `Language`, optional: ISO 639-1 or 639-3.
    Language,
}

/// The header of the subscription key.
pub const SUBSCRIPTION_KEY: &str = "Ocp-Apim-Subscription-Key";

impl Header {
    /// The header's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TargetEnvironment | Self::OptionalTargetEnvironment => "X-Target-Environment",
            Self::ReferenceId => "X-Reference-Id",
            Self::CallbackUrl => "X-Callback-Url",
            Self::NotificationMessage => "notificationMessage",
            Self::Language => "Language",
        }
    }

    /// Whether a request without it is refused.
    #[must_use]
    pub const fn is_required(self) -> bool {
        matches!(self, Self::TargetEnvironment | Self::ReferenceId | Self::NotificationMessage)
    }
}

/// How a request's body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyKind {
    /// There is none.
    None,
    /// `application/json`.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
}

/// How a callback arrives (K9). Receivers take both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallbackMethod {
    /// `PUT`: nearly all.
    Put,
    /// `POST`: version 1 of withdrawals, deposits and refunds, and cash transfers.
    Post,
}

impl CallbackMethod {
    /// The name in a request line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Put => "PUT",
            Self::Post => "POST",
        }
    }
}

/// A documented refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The codes that come with it; none where the body is empty, or the gateway's or token service's own.
    pub codes: &'static [&'static str],
}

/// What an answer's type can do.
pub trait Answer: Serialize + DeserializeOwned + Clone + PartialEq + std::fmt::Debug + Send + Sync + 'static {}
impl<T: Serialize + DeserializeOwned + Clone + PartialEq + std::fmt::Debug + Send + Sync + 'static> Answer for T {}

/// Everything that is to be known of an operation without its type: what tables, routers and documents walk.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "each field is the constant of that name")]
pub struct MomoSpec {
    pub id: &'static str,
    pub doc: &'static str,
    pub method: Method,
    pub paths: &'static [&'static str],
    pub products: &'static [Product],
    pub auth: Auth,
    pub access: Access,
    pub money: bool,
    pub success: u16,
    pub headers: &'static [Header],
    pub callback: Option<CallbackMethod>,
    pub refusals: &'static [Refusal],
    pub body: BodyKind,
    /// Whether it answers with nothing: [`Empty`].
    pub answers_nothing: bool,
    /// The schema of the body.
    #[cfg(feature = "schema")]
    pub body_schema: fn(&mut schemars::SchemaGenerator) -> schemars::Schema,
    /// The schema of the answer; `None` where it is empty.
    #[cfg(feature = "schema")]
    pub answer_schema: Option<fn(&mut schemars::SchemaGenerator) -> schemars::Schema>,
}

impl MomoSpec {
    /// Its paths for one product, the first the one to call, with `{name}` for each parameter.
    pub fn paths_of(&self, product: Product) -> impl Iterator<Item = String> {
        self.paths.iter().map(move |path| path.replace("{product}", product.as_str()))
    }
}

/// An operation of the API. The type is a mark without a value: path parameters, body and answer are types of its own.
///
/// ```
/// # use florin_sdk_core::momo::{MomoOperation, RequestToPayOperation as Op};
/// assert_eq!(Op::ID, "request_to_pay");
/// assert_eq!(Op::PATHS, ["/{product}/v1_0/requesttopay"]);
/// assert_eq!(Op::SUCCESS, 202);
/// ```
pub trait MomoOperation: Send + Sync + 'static {
    /// Its name in spec/momo/endpoints.json.
    const ID: &'static str;
    /// What it does.
    const DOC: &'static str;
    /// The HTTP method.
    const METHOD: Method;
    /// Its paths, the first the one to call, the others older spellings that a server also takes. `{product}` stands
    /// for the product's name.
    const PATHS: &'static [&'static str];
    /// The products that have it.
    const PRODUCTS: &'static [Product];
    /// What it needs beside the subscription key.
    const AUTH: Auth;
    /// What it does.
    const ACCESS: Access;
    /// Whether money moves, and it must not run twice.
    const MONEY: bool;
    /// The status of success.
    const SUCCESS: u16;
    /// The headers that it takes.
    const HEADERS: &'static [Header];
    /// How the callback arrives, if there is one.
    const CALLBACK: Option<CallbackMethod>;
    /// The documented refusals.
    const REFUSALS: &'static [Refusal];
    /// How the body is written.
    const BODY: BodyKind;

    /// The parameters of its path, by the names in braces.
    type Path: Serialize + DeserializeOwned + Clone + std::fmt::Debug + Send + Sync + 'static;
    /// Its body.
    type Body: Body;
    /// What it answers; [`Empty`] where that is nothing.
    type Answer: Answer;

    /// All constants at once.
    #[must_use]
    fn spec() -> MomoSpec;
}

/// An operation that is accepted with 202 under a reference, and asked about by that reference.
pub trait Asynchronous: MomoOperation<Path = NoPath, Answer = Empty> {
    /// The operation that asks.
    type Ask: MomoOperation<Path = ByReference, Body = Empty, Answer = Self::Result>;
    /// What it says.
    type Result: Progress;

    /// The first field in which what the server has under the reference differs from `body`; `None` if it is ours.
    /// Amounts are compared as numbers, as the server writes `6.0` as `6` (K19, K23).
    fn difference(body: &Self::Body, found: &Self::Result) -> Option<&'static str>;

    /// The currency of the request.
    fn currency(body: &Self::Body) -> &str;
}

/// How far an asynchronous operation has come.
pub trait Progress: Answer {
    /// How far.
    fn status(&self) -> &Status;
    /// Why it failed.
    fn reason(&self) -> Option<&Reason>;
    /// The platform's id of what moved.
    fn financial_transaction_id(&self) -> Option<&str>;
}
