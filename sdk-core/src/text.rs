//! Texts with a form of their own: e-mail and web addresses, checked where they enter.

use crate::error::FlorinError;
use crate::wire::{Kind, Wire};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Declares a text that is checked once, where it enters.
macro_rules! checked_text {
    ($(#[doc = $doc:literal])+ $name:ident, $kind:ident, $pattern:literal, |$text:ident| $check:block) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// What each has to look like, as a regular expression; there are further rules.
            pub const PATTERN: &'static str = $pattern;

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = FlorinError;

            fn try_from($text: String) -> Result<Self, FlorinError> {
                $check
                Ok(Self($text))
            }
        }

        impl FromStr for $name {
            type Err = FlorinError;

            fn from_str(text: &str) -> Result<Self, FlorinError> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Wire for $name {
            const KIND: Kind = Kind::$kind;
        }

        #[cfg(feature = "schema")]
        text_schema!($name, $pattern);

        #[cfg(feature = "uniffi")]
        uniffi::custom_type!($name, String);
    };
}

checked_text! {
    /// An e-mail address: one `@` with something before and after it, no white space. Whether it exists shows only when
    /// a mail arrives there, so no more is asked of it.
    ///
    /// ```
    /// # use florin_sdk_core::Email;
    /// assert!("john@email.com".parse::<Email>().is_ok());
    /// assert!("john".parse::<Email>().is_err());
    /// ```
    Email, Email, r"^[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+$", |text| {
        let parts = text.split_once('@').filter(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'));
        if parts.is_none() || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(FlorinError::invalid("email", "must be an e-mail address"));
        }
    }
}

impl Email {
    /// In small letters: two addresses that differ only in these are one user.
    #[must_use]
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
    }
}

checked_text! {
    /// An absolute `http` or `https` address with a host, and without user and password in it.
    ///
    /// ```
    /// # use florin_sdk_core::WebUrl;
    /// assert!("https://shop.example.com/paid?x=1".parse::<WebUrl>().is_ok());
    /// assert!("shop.example.com".parse::<WebUrl>().is_err());
    /// ```
    WebUrl, Url, r"^https?://[A-Za-z0-9\[]", |text| {
        let url = url::Url::parse(&text).ok().filter(|url| {
            matches!(url.scheme(), "http" | "https") && url.has_host() && url.username().is_empty() && url.password().is_none()
        });
        if url.is_none() || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(FlorinError::invalid("url", "must be an http or https address"));
        }
    }
}
