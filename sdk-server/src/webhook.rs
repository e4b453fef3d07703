//! The receiver's side of notifications: is this message the platform's, and what does it say?
//!
//! ```
//! # use florin_sdk_server::{Secret, WebhookVerifier};
//! # fn handle(headers: &std::collections::HashMap<String, String>, body: &[u8]) -> Result<(), florin_sdk_server::FlorinError> {
//! let verifier = WebhookVerifier::new(vec![Secret::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")])?;
//! let header = |name: &str| headers.get(name).map(String::as_str).unwrap_or_default();
//! let webhook = verifier.verify(header("webhook-id"), header("webhook-timestamp"), header("webhook-signature"), body)?;
//! // Answer 2xx only once it is dealt with; it may come twice, with the same id.
//! println!("{} {:?}", webhook.id, webhook.event.kind);
//! # Ok(())
//! # }
//! ```
//!
//! Source: the Standard Webhooks specification, symmetric signatures (v1).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use florin_sdk_core::model::Event;
use florin_sdk_core::{FlorinError, Secret};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use zeroize::Zeroizing;

/// How old a message may be, and how far ahead of this machine's clock: five minutes, as the specification has it.
const TOLERANCE_S: u32 = 300;

/// The largest message that is read.
const BODY_LIMIT: usize = 1 << 20;

/// The most signatures that are looked at.
const MOST_SIGNATURES: usize = 16;

/// A message that is the platform's.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Webhook {
    /// The message's id: the same whenever it is sent again. Keep those that were dealt with.
    pub id: String,
    /// When it was sent, in seconds since 1970.
    pub sent: i64,
    /// What happened. A kind that this version does not know is kept as its name.
    pub event: Event,
}

/// Checks messages against one secret or several, as while a secret is being changed.
#[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
pub struct WebhookVerifier {
    keys: Vec<Zeroizing<Vec<u8>>>,
    tolerance_s: i64,
}

impl fmt::Debug for WebhookVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookVerifier").field("keys", &self.keys.len()).finish_non_exhaustive()
    }
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl WebhookVerifier {
    /// A verifier with these secrets, as the platform showed them (`whsec_…`).
    ///
    /// # Errors
    /// [`FlorinError::InvalidInput`] if there is none, or a text that is no secret.
    #[cfg_attr(feature = "uniffi", uniffi::constructor)]
    pub fn new(secrets: Vec<Secret>) -> Result<Arc<Self>, FlorinError> {
        Self::with_tolerance(secrets, TOLERANCE_S)
    }

    /// The same, for messages that may be so many seconds old, or ahead; 1 to 86400.
    ///
    /// # Errors
    /// As [`Self::new`].
    #[cfg_attr(feature = "uniffi", uniffi::constructor)]
    pub fn with_tolerance(secrets: Vec<Secret>, tolerance_seconds: u32) -> Result<Arc<Self>, FlorinError> {
        if !(1..=86_400).contains(&tolerance_seconds) {
            return Err(FlorinError::invalid("tolerance_seconds", "must be 1 to 86400"));
        }
        let key = |secret: &Secret| {
            let text = secret.expose();
            let bytes = STANDARD.decode(text.strip_prefix("whsec_").unwrap_or(text)).ok();
            bytes.filter(|bytes| bytes.len() >= 16).map(Zeroizing::new)
        };
        let keys: Option<Vec<_>> = secrets.iter().map(key).collect();
        match keys {
            Some(keys) if !keys.is_empty() => Ok(Arc::new(Self { keys, tolerance_s: i64::from(tolerance_seconds) })),
            _ => Err(FlorinError::invalid("secrets", "must be whsec_ and Base64 each, and one at least")),
        }
    }

    /// Checks a message and reads it. `id`, `timestamp` and `signature`: the headers `webhook-id`, `webhook-timestamp` and
    /// `webhook-signature`. `body`: the bytes as they came, before anything parsed them.
    ///
    /// # Errors
    /// [`FlorinError::InvalidInput`]: answer 400 and do nothing. `field` is the header that is wrong, or `body`. Nothing
    /// of the message is repeated in it.
    pub fn verify(&self, id: &str, timestamp: &str, signature: &str, body: &[u8]) -> Result<Webhook, FlorinError> {
        self.verify_at(id, timestamp, signature, body, now())
    }

    /// The same, as if it were so many seconds after 1970 now: for tests, and for messages that were kept.
    ///
    /// # Errors
    /// As [`Self::verify`].
    pub fn verify_at(
        &self,
        id: &str,
        timestamp: &str,
        signature: &str,
        body: &[u8],
        now: i64,
    ) -> Result<Webhook, FlorinError> {
        if id.is_empty() || id.len() > 256 {
            return Err(FlorinError::invalid("webhook-id", "is missing"));
        }
        if body.len() > BODY_LIMIT {
            return Err(FlorinError::invalid("body", "is too large for a message"));
        }
        let sent: i64 =
            timestamp.parse().map_err(|_| FlorinError::invalid("webhook-timestamp", "must be seconds since 1970"))?;
        // Whether it is ours first: an old message of ours and a forged one are not told apart otherwise.
        if !self.is_signed(id, timestamp, signature, body) {
            return Err(FlorinError::invalid("webhook-signature", "is none of ours"));
        }
        if now.saturating_sub(sent).saturating_abs() > self.tolerance_s {
            return Err(FlorinError::invalid("webhook-timestamp", "is too far from now"));
        }
        let event = serde_json::from_slice(body).map_err(|_| FlorinError::invalid("body", "is not an event"))?;
        Ok(Webhook { id: id.to_owned(), sent, event })
    }
}

impl WebhookVerifier {
    /// Each signature against each key; how long a comparison takes does not say how much of it was right.
    fn is_signed(&self, id: &str, timestamp: &str, signature: &str, body: &[u8]) -> bool {
        let signatures = signature.split(' ').filter_map(|one| one.strip_prefix("v1,")).take(MOST_SIGNATURES);
        let signatures: Vec<Vec<u8>> = signatures.filter_map(|text| STANDARD.decode(text).ok()).collect();
        self.keys.iter().any(|key| {
            let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return false };
            for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
                mac.update(part);
            }
            signatures.iter().any(|signature| mac.clone().verify_slice(signature).is_ok())
        })
    }
}

#[expect(clippy::disallowed_methods, reason = "how old a message is shows only by the clock")]
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
