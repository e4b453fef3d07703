//! Signatures of events, after the Standard Webhooks specification (version 1, symmetric): whoever has the secret can
//! tell that an event is ours, and how old it is.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use florin_domain::notify::Signing;
use florin_sdk_core::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderValue};
use sha2::Sha256;

/// The headers that sign `body`, sent at `now`: a signature for each secret; none if one of them is none.
pub(crate) fn sign(signing: &Signing, now: Timestamp, body: &str) -> Option<HeaderMap> {
    let seconds = (now.millis() / 1000).to_string();
    let mut signatures = Vec::with_capacity(signing.secrets.len());
    for secret in &signing.secrets {
        let key = STANDARD.decode(secret.expose().strip_prefix("whsec_")?).ok()?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
        mac.update(format!("{}.{seconds}.{body}", signing.id).as_bytes());
        signatures.push(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())));
    }
    let signatures = signatures.join(" ");
    let mut headers = HeaderMap::new();
    for (name, value) in
        [("webhook-id", signing.id.as_str()), ("webhook-timestamp", &seconds), ("webhook-signature", &signatures)]
    {
        headers.insert(name, HeaderValue::from_str(value).ok()?);
    }
    Some(headers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use florin_sdk_core::Secret;

    /// The example of the specification.
    #[test]
    fn the_signature_is_the_standard_one() {
        let signing = Signing {
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek".to_owned(),
            secrets: vec![Secret::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned())],
        };
        let headers = sign(&signing, Timestamp::from_millis(1_614_265_330_000), r#"{"test": 2432232314}"#).unwrap();
        assert_eq!(headers["webhook-signature"], "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(headers["webhook-timestamp"], "1614265330");
        let both = Signing { secrets: [signing.secrets.clone(), signing.secrets.clone()].concat(), ..signing };
        let headers = sign(&both, Timestamp::from_millis(1_614_265_330_000), r#"{"test": 2432232314}"#).unwrap();
        assert_eq!(headers["webhook-signature"].to_str().unwrap().split(' ').count(), 2, "each secret signs");
    }
}
