//! What a caller may adjust.

use crate::error::FlorinError;
use crate::operation::TimeoutClass;
use crate::retry::Rule;
use std::ops::RangeInclusive;
use std::time::Duration;
use url::{Host, Url};

/// Beyond this a call would last for hours.
const MOST_RETRIES: u32 = 10;
/// A hundredth to a hundred times the table.
const SCALES: RangeInclusive<u32> = 1..=10_000;
/// Waiting may also be switched off.
const DELAY_SCALES: RangeInclusive<u32> = 0..=10_000;
const JITTERS: RangeInclusive<u32> = 0..=100;

/// Where the server is and how patient to be. Whole numbers only; a percentage of 100 is the published table's value.
///
/// ```
/// # use florin_sdk_core::client::ClientOptions;
/// let options = ClientOptions { max_retries: Some(0), ..ClientOptions::new("https://wallet.example.com") };
/// assert_eq!(options.timeout_scale_percent, 100);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ClientOptions {
    /// The server: `https://host` with a port and a path if it has them, without `/api/v1`. Plain `http` is for a
    /// server on the same machine; elsewhere it works, with a warning in the log.
    pub base_url: String,
    /// How long to wait for an answer, in percent of the operation's own time-out (5 s; 15 s through a bridge);
    /// 1 to 10000.
    #[cfg_attr(feature = "uniffi", uniffi(default = 100))]
    pub timeout_scale_percent: u32,
    /// How long to wait before a repeat, in percent of the table's delay (1 to 10 s); 0 to 10000.
    #[cfg_attr(feature = "uniffi", uniffi(default = 100))]
    pub retry_delay_scale_percent: u32,
    /// How often to repeat at most, 0 to 10; the table's number (2) when absent.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub max_retries: Option<u32>,
    /// A random part on top of each delay, so that clients which failed together do not return together: up to so many
    /// percent of it, 0 to 100.
    #[cfg_attr(feature = "uniffi", uniffi(default = 10))]
    pub jitter_percent: u32,
    /// What to call oneself in the `User-Agent` header; the SDK's own name when absent.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub user_agent: Option<String>,
    /// Certificates (PEM, one or more) to trust beside the well-known ones: of a private authority.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub root_certificates_pem: Option<String>,
}

impl ClientOptions {
    /// The table as published, for the server at `base_url`.
    #[must_use]
    pub fn new(base_url: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            timeout_scale_percent: 100,
            retry_delay_scale_percent: 100,
            max_retries: None,
            jitter_percent: 10,
            user_agent: None,
            root_certificates_pem: None,
        }
    }

    pub(super) fn check(&self) -> Result<(), FlorinError> {
        let within = |name: &str, value: u32, bounds: RangeInclusive<u32>| {
            if bounds.contains(&value) {
                return Ok(());
            }
            let (least, most) = bounds.into_inner();
            Err(FlorinError::invalid(name, format!("must be {least} to {most}")))
        };
        within("timeout_scale_percent", self.timeout_scale_percent, SCALES)?;
        within("retry_delay_scale_percent", self.retry_delay_scale_percent, DELAY_SCALES)?;
        within("max_retries", self.max_retries.unwrap_or(0), 0..=MOST_RETRIES)?;
        within("jitter_percent", self.jitter_percent, JITTERS)
    }

    /// The server's address without a slash at its end.
    pub(super) fn base(&self) -> Result<String, FlorinError> {
        let wrong = |reason: &str| FlorinError::invalid("base_url", reason);
        let url = Url::parse(&self.base_url).map_err(|_| wrong("must be a URL such as https://wallet.example.com"))?;
        let Some(host) = url.host() else {
            return Err(wrong("has no host"));
        };
        if !matches!(url.scheme(), "https" | "http") {
            return Err(wrong("must begin with https:// or http://"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("must not hold a user name or password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("must not hold a query or fragment"));
        }
        if url.scheme() == "http" && !is_loopback(&host) {
            tracing::warn!(%host, "plain http: everybody on the way can read the credential");
        }
        Ok(url.as_str().trim_end_matches('/').to_owned())
    }

    pub(super) fn timeout(&self, class: TimeoutClass) -> Duration {
        self.scaled_timeout(class.duration())
    }

    pub(crate) fn scaled_timeout(&self, time: Duration) -> Duration {
        time * self.timeout_scale_percent / 100
    }

    /// The delay of a rule; the random part only ever makes it longer.
    pub(super) fn delay(&self, rule: &Rule) -> Duration {
        let delay = rule.delay() * self.retry_delay_scale_percent / 100;
        let most = delay * self.jitter_percent / 100;
        delay + most * fastrand::u32(0..=100) / 100
    }

    pub(super) fn max_retries(&self, rule: &Rule) -> u32 {
        self.max_retries.unwrap_or(rule.max_retries)
    }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}
