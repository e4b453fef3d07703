//! Requests and answers, as the server reads them and the client writes them, and the other way round.
//!
//! `Debug` shows the type's name and nothing in it: these hold people's numbers, names and keys.

use super::reason::Reason;
use super::value::{Party, ReferenceId, Status, digits, lenient};
use crate::money::Amount;
use crate::operation::Problems;
use crate::secret::Secret;

/// A request's body.
pub trait Body: serde::Serialize + serde::de::DeserializeOwned + Clone + PartialEq + Send + Sync + 'static {
    /// Notes what is wrong with it, without repeating it. Names are those of the wire.
    fn check(&self, _problems: &mut Problems) {}
}

/// No body at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Empty {}

impl Body for Empty {}

/// `fields`: how names are spelt on the wire; `as`: the type's name in other languages, where all surfaces share one
/// space. The rule over a body, as `|this, problems| { .. }` behind its fields, is its [`Body::check`].
macro_rules! body {
    (fields $case:literal; $(
        $(#[$meta:meta])+
        pub struct $name:ident as $foreign:literal {
            $($(#[$rmeta:meta])+ $rname:ident: $rty:ty,)*
            $(; $($(#[$ometa:meta])+ $oname:ident: $oty:ty,)*)?
        }
        $(check |$this:ident, $problems:ident| $check:block)?
    )+) => {$(
        #[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = $case)]
        #[cfg_attr(feature = "uniffi", derive(uniffi::Record), uniffi(name = $foreign))]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        $(#[$meta])+
        pub struct $name {
            $($(#[$rmeta])+ pub $rname: $rty,)*
            $($(
                $(#[$ometa])+
                #[serde(default, skip_serializing_if = "Option::is_none")]
                #[cfg_attr(feature = "uniffi", uniffi(default = None))]
                pub $oname: Option<$oty>,
            )*)?
        }

        impl $name {
            /// With what is required; all else is absent, and can be set by its field.
            #[must_use]
            #[allow(clippy::new_without_default, clippy::too_many_arguments, reason = "the wire's fields")]
            pub fn new($($rname: $rty),*) -> Self {
                Self { $($rname,)* $($($oname: None,)*)? }
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }

        $(impl Body for $name {
            fn check(&self, $problems: &mut Problems) {
                let $this = self;
                $check
            }
        })?
    )+};
}

mod account;
mod approval;
mod cash;
mod consent;
mod payment;
mod provisioning;

pub use account::*;
pub use approval::*;
pub use cash::*;
pub use consent::*;
pub use payment::*;
pub use provisioning::*;

/// The most characters of a message (K16: some pages say 128).
const MESSAGE_LIMIT: usize = 160;

/// Above this a message is refused in some countries (K16).
pub const MESSAGE_SAFE_LIMIT: usize = 128;

fn check_amount(field: &str, amount: Amount, problems: &mut Problems) {
    if !amount.is_positive() {
        problems.add(field, "must be more than nothing");
    }
}

/// Three capitals, and perhaps what Florin's own extended currencies add.
fn check_currency(field: &str, currency: &str, problems: &mut Problems) {
    if currency.parse::<crate::money::CurrencyCode>().is_err() {
        problems.add(field, "must be a currency code such as EUR");
    }
}

fn check_present(field: &str, text: &str, problems: &mut Problems) {
    if text.trim().is_empty() || text.chars().count() > 255 {
        problems.add(field, "must have 1 to 255 characters");
    }
}

fn check_messages(messages: [(&str, Option<&String>); 2], problems: &mut Problems) {
    for (field, message) in messages {
        if message.is_some_and(|text| text.chars().count() > MESSAGE_LIMIT) {
            problems.add(field, format!("must have at most {MESSAGE_LIMIT} characters"));
        }
    }
}

fn check_seconds(field: &str, text: &str, problems: &mut Problems) {
    if !digits(text) || text.parse::<u32>().is_err() {
        problems.add(field, "must be a number of seconds");
    }
}
