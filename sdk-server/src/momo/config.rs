//! Whom to call, and as whom.

use florin_sdk_core::Secret;
use florin_sdk_core::client::ClientOptions;

/// Where the API is.
///
/// Source: spec/momo/contract.md, section 1.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "uniffi", uniffi(name = "MomoTarget"))]
pub enum Target {
    /// MTN's public sandbox: EUR only.
    Sandbox,
    /// `florin serve --sandbox`, at this address: every currency that it has.
    Local {
        /// Such as `http://127.0.0.1:8040`.
        base_url: String,
    },
    /// MTN's production host for most countries.
    Production {
        /// Such as `mtnuganda`.
        environment: String,
        /// The country's.
        currency: String,
    },
    /// Another host: some countries have their own, and the newer platform is at `https://momoapi.momo.africa`.
    At {
        /// Such as `https://momoapi.momo.africa`.
        base_url: String,
        /// Such as `mtnghana`.
        environment: String,
        /// What may be sent; all, if it is empty.
        currencies: Vec<String>,
    },
}

/// Whom to call and how patient to be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "uniffi", uniffi(name = "MomoOptions"))]
pub struct Options {
    /// The host, time-outs and retries. The time-outs are 15 s, and 30 s for a token.
    pub client: ClientOptions,
    /// The target environment. An open text, as MTN adds countries.
    pub environment: String,
    /// What may be sent; all, if it is empty. Another currency is refused here, before it is sent.
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub currencies: Vec<String>,
    /// Where callbacks go, unless a call says otherwise: its host must be the one that the API user was made with.
    /// `{reference}` in it becomes the reference, as a callback's body does not hold it (section 9).
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub callback_url: Option<String>,
}

impl Options {
    /// The contract's hosts and environments, for this target.
    #[must_use]
    pub fn new(target: Target) -> Self {
        let (base_url, environment, currencies) = match target {
            Target::Sandbox => {
                ("https://sandbox.momodeveloper.mtn.com".to_owned(), "sandbox".to_owned(), vec!["EUR".to_owned()])
            }
            Target::Local { base_url } => (base_url, "sandbox".to_owned(), Vec::new()),
            Target::Production { environment, currency } => {
                ("https://proxy.momoapi.mtn.com".to_owned(), environment, vec![currency])
            }
            Target::At { base_url, environment, currencies } => (base_url, environment, currencies),
        };
        Self { client: ClientOptions::new(base_url), environment, currencies, callback_url: None }
    }
}

/// The options for a target: take them as they are, or copy them with changes.
#[cfg(feature = "uniffi")]
#[uniffi::export]
pub fn momo_options(target: Target) -> Options {
    Options::new(target)
}

/// Who calls: a pair of user and key for each product, as a pair may serve one only (K5).
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "uniffi", uniffi(name = "MomoCredentials"))]
pub struct Credentials {
    /// The product's subscription key, primary or secondary.
    pub subscription_key: Secret,
    /// The API user's id: a UUID, on the newer platform any text.
    pub api_user: String,
    /// The API user's key.
    pub api_key: Secret,
}
