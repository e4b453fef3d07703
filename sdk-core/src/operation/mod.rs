//! The operations: each is a type that holds its request and says everything else about itself in constants.
//!
//! To add one: write its `operation!` block in the file of its group, add its name to the list in `list.rs`, and give
//! the server a handler. Routes, SDK calls, validation, the rights matrix, OpenAPI and the tables in the tests follow.

mod application;
mod bridge;
mod component;
mod credential;
mod currency;
mod fee;
#[cfg(feature = "write")]
mod hold;
mod list;
mod payment;
mod person;
mod profile;
mod role;
mod system;
mod team;
mod tier;
mod user;
mod wallet;

pub use application::*;
pub use bridge::*;
pub use component::*;
pub use credential::*;
pub use currency::*;
pub use fee::*;
#[cfg(feature = "write")]
pub use hold::*;
pub use list::{READ_SPECS, all};
pub use payment::*;
pub use person::*;
pub use profile::*;
pub use role::*;
pub use system::*;
pub use team::*;
pub use tier::*;
pub use user::*;
pub use wallet::*;

use crate::error::FieldError;
use crate::wire::Kind;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// The base of every path of the native surface.
pub const BASE_PATH: &str = "/api/v1";

/// An HTTP method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Fields travel in the query.
    Get,
    /// Fields travel in a JSON body.
    Post,
    /// Fields travel in the query.
    Delete,
}

impl Method {
    /// The name in a request line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }
}

/// Whether an operation changes anything. The first of the split's gates reads this, and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It changes nothing.
    Read,
    /// It changes something. No mobile credential gets through.
    Write,
}

/// Which side of the split may call an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Callers {
    /// Anyone, without a credential.
    Public,
    /// A provider's servers and staff.
    Provider,
    /// An end user's app, for its own user.
    Mobile,
    /// Either side.
    Both,
}

impl Callers {
    /// Whether a mobile credential may call it.
    #[must_use]
    pub const fn admits_mobile(self) -> bool {
        !matches!(self, Self::Provider)
    }

    /// Whether a provider's credential may call it.
    #[must_use]
    pub const fn admits_provider(self) -> bool {
        !matches!(self, Self::Mobile)
    }
}

/// How often an operation may be called. The numbers are the operator's; the class belongs to the operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateClass {
    /// Not limited.
    Unlimited,
    /// Limited for each credential and operation.
    Standard,
}

/// How long a client waits for an answer.
///
/// Source: spec/omnigate/errors.json, `timeouts`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeoutClass {
    /// Public and system operations: 5 s.
    Standard,
    /// Operations that go through a bridge: 15 s.
    Bridge,
}

impl TimeoutClass {
    /// The time.
    #[must_use]
    pub const fn duration(self) -> Duration {
        match self {
            Self::Standard => Duration::from_secs(5),
            Self::Bridge => Duration::from_secs(15),
        }
    }
}

/// The rights that open an operation: one of `own` for the caller's own profile, one of `child` for a profile below
/// it, one of `any` for every profile. `superuser` always does. All empty: any caller on the right side.
///
/// Source: `rights_inferred` of spec/omnigate/operations.json; for Florin's own operations, the right of the nearest
/// Omnigate operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rights {
    /// For the caller's own profile.
    pub own: &'static [&'static str],
    /// For a profile below the caller's.
    pub child: &'static [&'static str],
    /// For every profile.
    pub any: &'static [&'static str],
}

impl Rights {
    /// No right is needed.
    pub const NONE: Self = Self { own: &[], child: &[], any: &[] };

    /// Whether no right is needed.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        self.own.is_empty() && self.child.is_empty() && self.any.is_empty()
    }
}

/// One field of a request.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// The name on the wire.
    pub name: &'static str,
    /// Names that are read in its place, as the contract's pages do not agree on one. They are never written.
    pub aliases: &'static [&'static str],
    /// What its value looks like.
    pub kind: Kind,
    /// Whether it must be there.
    pub required: bool,
    /// Least and greatest length, in the unit of its kind, or the range of a number written `min..=max`.
    pub bounds: Option<(usize, usize)>,
    /// What it means.
    pub doc: &'static str,
}

/// Everything that is to be known of an operation without its type: what tables, routers and documents walk.
#[derive(Debug, Clone, Copy)]
pub struct Spec {
    /// See [`Operation::NAME`].
    pub name: &'static str,
    /// See [`Operation::GROUP`].
    pub group: &'static str,
    /// See [`Operation::DOC`].
    pub doc: &'static str,
    /// See [`Operation::METHOD`].
    pub method: Method,
    /// See [`Operation::BASE`].
    pub base: &'static str,
    /// See [`Operation::PATHS`].
    pub paths: &'static [&'static str],
    /// See [`Operation::ACCESS`].
    pub access: Access,
    /// See [`Operation::MONEY`].
    pub money: bool,
    /// See [`Operation::CALLERS`].
    pub callers: Callers,
    /// See [`Operation::RATE`].
    pub rate: RateClass,
    /// See [`Operation::TIMEOUT`].
    pub timeout: TimeoutClass,
    /// See [`Operation::RIGHTS`].
    pub rights: Rights,
    /// See [`Operation::PARTY`].
    pub party: bool,
    /// See [`Operation::FIELDS`].
    pub fields: &'static [Field],
    /// The JSON schema of the answer beside the envelope.
    #[cfg(feature = "schema")]
    pub answer: fn(&mut schemars::SchemaGenerator) -> schemars::Schema,
}

/// What an answer's type can do.
#[cfg(not(feature = "schema"))]
pub trait Answer: Serialize + DeserializeOwned + Clone + PartialEq + std::fmt::Debug + Send + Sync + 'static {}
#[cfg(not(feature = "schema"))]
impl<T: Serialize + DeserializeOwned + Clone + PartialEq + std::fmt::Debug + Send + Sync + 'static> Answer for T {}

/// What an answer's type can do.
#[cfg(feature = "schema")]
pub trait Answer:
    Serialize + DeserializeOwned + Clone + PartialEq + std::fmt::Debug + Send + Sync + schemars::JsonSchema + 'static
{
}
#[cfg(feature = "schema")]
impl<T> Answer for T where
    T: Serialize
        + DeserializeOwned
        + Clone
        + PartialEq
        + std::fmt::Debug
        + Send
        + Sync
        + schemars::JsonSchema
        + 'static
{
}

/// An operation of the platform. The type itself is the request.
///
/// ```
/// # use florin_sdk_core::operation::{GetWallet, Operation};
/// assert_eq!(GetWallet::NAME, "GetWallet");
/// assert_eq!(GetWallet::PATHS, ["/wallet/{waid}", "/wallet"]);
/// ```
pub trait Operation:
    Serialize + DeserializeOwned + Clone + PartialEq + std::fmt::Debug + Send + Sync + 'static
{
    /// Its name.
    const NAME: &'static str;
    /// The group it stands in.
    const GROUP: &'static str;
    /// What it does.
    const DOC: &'static str;
    /// The HTTP method.
    const METHOD: Method;
    /// What its paths stand below.
    const BASE: &'static str = BASE_PATH;
    /// Its paths below [`Operation::BASE`], the one with most parameters first: a request takes the first whose
    /// parameters it has.
    const PATHS: &'static [&'static str];
    /// Whether it changes anything.
    const ACCESS: Access;
    /// Whether it is about money and must not run twice: it takes a client reference.
    const MONEY: bool;
    /// Who may call it.
    const CALLERS: Callers;
    /// How often it may be called.
    const RATE: RateClass;
    /// How long to wait for the answer.
    const TIMEOUT: TimeoutClass;
    /// The rights it needs.
    const RIGHTS: Rights;
    /// Whether being a party to the object opens it too, without a right.
    ///
    /// Source: the notes of `rights_inferred` in spec/omnigate/operations.json.
    const PARTY: bool = false;
    /// Its fields.
    const FIELDS: &'static [Field];

    /// What it answers beside the envelope.
    type Answer: Answer;

    /// The rules over several fields.
    fn check(&self, _problems: &mut Problems) {}

    /// The client reference in the body, where the wire has one.
    fn body_reference(&self) -> Option<&str> {
        None
    }

    /// All constants at once.
    #[must_use]
    fn spec() -> Spec {
        Spec {
            name: Self::NAME,
            group: Self::GROUP,
            doc: Self::DOC,
            method: Self::METHOD,
            base: Self::BASE,
            paths: Self::PATHS,
            access: Self::ACCESS,
            money: Self::MONEY,
            callers: Self::CALLERS,
            rate: Self::RATE,
            timeout: Self::TIMEOUT,
            rights: Self::RIGHTS,
            party: Self::PARTY,
            fields: Self::FIELDS,
            #[cfg(feature = "schema")]
            answer: |generator| generator.subschema_for::<Self::Answer>(),
        }
    }
}

mod sealed {
    pub trait Plain {}
    pub trait Read: Plain {}
    #[cfg(feature = "write")]
    pub trait Write {}
    #[cfg(feature = "write")]
    pub trait Money: Write {}
}

/// An operation that moves no money: it is sent without a client reference. Only this crate says which are.
pub trait PlainOperation: Operation + sealed::Plain {}
impl<O: Operation + sealed::Plain> PlainOperation for O {}

/// An operation that changes nothing. Only this crate says which are.
pub trait ReadOperation: PlainOperation + sealed::Read {}
impl<O: Operation + sealed::Read> ReadOperation for O {}

/// An operation that changes something. Only this crate says which are.
#[cfg(feature = "write")]
pub trait WriteOperation: Operation + sealed::Write {}
#[cfg(feature = "write")]
impl<O: Operation + sealed::Write> WriteOperation for O {}

/// An operation that moves money, or is about money and must not run twice. Only this crate says which are.
#[cfg(feature = "write")]
pub trait MoneyOperation: Operation + sealed::Money {}
#[cfg(feature = "write")]
impl<O: Operation + sealed::Money> MoneyOperation for O {}

/// The faults found in a request.
#[derive(Debug, Default)]
pub struct Problems(pub Vec<FieldError>);

impl Problems {
    /// Notes one.
    pub fn add(&mut self, field: &str, reason: impl Into<String>) {
        self.0.push(FieldError { field: field.to_owned(), reason: reason.into() });
    }

    /// Exactly one of these fields must be there.
    pub fn exactly_one(&mut self, fields: &[(&str, bool)]) {
        if fields.iter().filter(|(_, present)| *present).count() != 1 {
            let names: Vec<_> = fields.iter().map(|(name, _)| *name).collect();
            self.add(&names.join(", "), "exactly one of these must be given");
        }
    }
}

/// Names and texts that an operation shows in documents come from here: one definition, everything else derived.
macro_rules! operation {
    // A reading operation.
    ($(#[doc = $doc:literal])+ pub read struct $name:ident -> $answer:ty; $($rest:tt)+) => {
        operation!(@build [] [any()] [Read] false $name $answer; ($($doc)+) $($rest)+);
        impl $crate::operation::sealed::Plain for $name {}
        impl $crate::operation::sealed::Read for $name {}
    };
    // A reading operation whose request is a record of the exports to other languages, too: one with several fields.
    ($(#[doc = $doc:literal])+ pub read($ffi:literal) struct $name:ident -> $answer:ty; $($rest:tt)+) => {
        operation!(@build [] [feature = $ffi] [Read] false $name $answer; ($($doc)+) $($rest)+);
        impl $crate::operation::sealed::Plain for $name {}
        impl $crate::operation::sealed::Read for $name {}
    };
    // A writing operation that is about money.
    ($(#[doc = $doc:literal])+ pub money struct $name:ident -> $answer:ty; $($rest:tt)+) => {
        operation!(@build ["write"] [feature = "uniffi-write"] [Write] true $name $answer; ($($doc)+) $($rest)+);
        #[cfg(feature = "write")]
        impl $crate::operation::sealed::Write for $name {}
        #[cfg(feature = "write")]
        impl $crate::operation::sealed::Money for $name {}
    };
    // Any other writing operation.
    ($(#[doc = $doc:literal])+ pub write struct $name:ident -> $answer:ty; $($rest:tt)+) => {
        operation!(@build ["write"] [feature = "uniffi-write"] [Write] false $name $answer; ($($doc)+) $($rest)+);
        #[cfg(feature = "write")]
        impl $crate::operation::sealed::Write for $name {}
        #[cfg(feature = "write")]
        impl $crate::operation::sealed::Plain for $name {}
    };

    (@build [$($gate:literal)?] [$ffi:meta] [$access:ident] $money:literal $name:ident $answer:ty; ($($doc:literal)+)
        $method:ident $(at $base:literal)? $($path:literal)+; callers $callers:ident; group $group:literal; timeout $timeout:ident; rate $rate:ident;
        rights { own $own:expr, child $child:expr, any $any:expr $(, $party:ident)? }
        required { $($(#[doc = $rdoc:literal])+ $rwire:literal $(| $ralias:literal)* $rname:ident: $rty:ty $(= $rmin:literal ..= $rmax:literal)?;)* }
        optional { $($(#[doc = $odoc:literal])+ $owire:literal $(| $oalias:literal)* $oname:ident: $oty:ty $(= $omin:literal ..= $omax:literal)?;)* }
        $(reference $reference:ident;)?
        $(check |$this:ident, $problems:ident| $check:block)?
    ) => {
        $(#[doc = $doc])+
        $(#[cfg(feature = $gate)])?
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[cfg_attr($ffi, derive(uniffi::Record))]
        pub struct $name {
            $($(#[doc = $rdoc])+ #[serde(rename = $rwire)] pub $rname: $rty,)*
            $($(#[doc = $odoc])+
            #[serde(rename = $owire, default, skip_serializing_if = "Option::is_none")]
            #[cfg_attr($ffi, uniffi(default = None))]
            pub $oname: Option<$oty>,)*
        }

        $(#[cfg(feature = $gate)])?
        impl $name {
            /// With what is required; all else is absent, and can be set by its field.
            #[must_use]
            #[allow(clippy::new_without_default, reason = "what it takes differs from operation to operation")]
            pub const fn new($($rname: $rty),*) -> Self {
                Self { $($rname,)* $($oname: None,)* }
            }
        }

        $(#[cfg(feature = $gate)])?
        impl $crate::operation::Operation for $name {
            const NAME: &'static str = stringify!($name);
            const GROUP: &'static str = $group;
            const DOC: &'static str = concat!($($doc, "\n"),+);
            const METHOD: $crate::operation::Method = $crate::operation::Method::$method;
            $(const BASE: &'static str = $base;)?
            const PATHS: &'static [&'static str] = &[$($path),+];
            const ACCESS: $crate::operation::Access = $crate::operation::Access::$access;
            const MONEY: bool = $money;
            const CALLERS: $crate::operation::Callers = $crate::operation::Callers::$callers;
            const RATE: $crate::operation::RateClass = $crate::operation::RateClass::$rate;
            const TIMEOUT: $crate::operation::TimeoutClass = $crate::operation::TimeoutClass::$timeout;
            const RIGHTS: $crate::operation::Rights = $crate::operation::Rights { own: &$own, child: &$child, any: &$any };
            $(const PARTY: bool = operation!(@$party);)?
            const FIELDS: &'static [$crate::operation::Field] = &[
                $($crate::operation::Field {
                    name: $rwire,
                    aliases: &[$($ralias),*],
                    kind: <$rty as $crate::wire::Wire>::KIND,
                    required: true,
                    bounds: operation!(@bounds $($rmin $rmax)?),
                    doc: concat!($($rdoc, "\n"),+),
                },)*
                $($crate::operation::Field {
                    name: $owire,
                    aliases: &[$($oalias),*],
                    kind: <$oty as $crate::wire::Wire>::KIND,
                    required: false,
                    bounds: operation!(@bounds $($omin $omax)?),
                    doc: concat!($($odoc, "\n"),+),
                },)*
            ];
            type Answer = $answer;

            $(fn body_reference(&self) -> Option<&str> { self.$reference.as_deref() })?
            $(fn check(&self, $problems: &mut $crate::operation::Problems) { let $this = self; $check })?
        }
    };
    (@party) => { true };
    (@bounds) => { None };
    (@bounds $min:literal $max:literal) => { Some(($min, $max)) };
}
pub(crate) use operation;
