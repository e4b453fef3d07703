//! Access tokens of people: signed JSON Web Tokens, their shape, and checking them.
//!
//! There is one algorithm, RS256 (RSASSA-PKCS1-v1_5 with SHA-256), and no code for any other: a token that names another
//! one, `none` and `HS256` among them, is refused before anything else of it is looked at. The signature is checked by
//! `ring`.
//!
//! Source: spec/omnigate/concepts.md, section 7; ambiguities; RFC 7515, 7517, 7519, 8725.

use crate::{Upid, Uuid};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The only algorithm.
pub const ALGORITHM: &str = "RS256";

/// The longest token that is looked at, in bytes: a header field holds no more.
pub const MAX_LEN: usize = 8192;

/// What an access token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The client id of the application that it was given to; absent in a token of `Login`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// The user.
    pub sub: Uuid,
    /// When it was made, in seconds since 1970.
    pub iat: i64,
    /// When it ends, in seconds since 1970.
    pub exp: i64,
    /// The session.
    #[serde(default)]
    pub jti: String,
    /// What it may do: `*` (all that the user may), `read`, `openid`, with a space between them.
    pub scope: String,
    /// The profile that it acts for.
    pub context: Context,
}

/// The profile that a token acts for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Context {
    /// The profile.
    pub upid: Upid,
    /// The user's roles on it when the token was made. The server asks for those of now.
    pub roles: Vec<String>,
}

impl Claims {
    /// Whether `word` is in the scope.
    #[must_use]
    pub fn has_scope(&self, word: &str) -> bool {
        self.scope.split(' ').any(|known| known == word)
    }
}

/// Why a token is not good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwtFault {
    /// It has not the form of one.
    #[error("not a signed JSON Web Token")]
    Malformed,
    /// It names another algorithm than RS256.
    #[error("the algorithm is not RS256")]
    Algorithm,
    /// No key is known by the name in its header.
    #[error("no key of this name is known")]
    UnknownKey,
    /// The signature is not the key's.
    #[error("the signature is wrong")]
    Signature,
    /// Its time is over.
    #[error("the token has ended")]
    Expired,
    /// It was made in the future.
    #[error("the token was made in the future")]
    TooEarly,
    /// It was given to another application.
    #[error("the token was given to another application")]
    Issuer,
    /// It may not do what is wanted.
    #[error("the token has not the scope that is needed")]
    Scope,
}

/// A public key, as `jwks.json` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Jwk {
    /// `RSA`.
    pub kty: String,
    /// What tokens call it.
    #[serde(default)]
    pub kid: String,
    /// `sig`.
    #[serde(rename = "use", default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<String>,
    /// `RS256`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
    /// The modulus, base64url.
    #[serde(default)]
    pub n: String,
    /// The exponent, base64url.
    #[serde(default)]
    pub e: String,
}

impl Jwk {
    /// An RSA key for signatures.
    #[must_use]
    pub fn rsa(kid: String, modulus: &[u8], exponent: &[u8]) -> Self {
        Self {
            kty: "RSA".to_owned(),
            kid,
            usage: Some("sig".to_owned()),
            alg: Some(ALGORITHM.to_owned()),
            n: URL_SAFE_NO_PAD.encode(modulus),
            e: URL_SAFE_NO_PAD.encode(exponent),
        }
    }

    /// Whether it can check our signatures. A set may hold keys for other purposes, too.
    #[must_use]
    pub fn serves(&self) -> bool {
        self.kty == "RSA"
            && self.usage.as_deref().is_none_or(|usage| usage == "sig")
            && self.alg.as_deref().is_none_or(|alg| alg == ALGORITHM)
    }
}

/// The public keys, as `jwks.json` shows them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JwkSet {
    /// The keys.
    pub keys: Vec<Jwk>,
}

impl JwkSet {
    /// The key of this name.
    #[must_use]
    pub fn find(&self, kid: &str) -> Option<&Jwk> {
        self.keys.iter().find(|key| key.kid == kid && key.serves())
    }
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    typ: Option<String>,
    #[serde(default)]
    kid: Option<String>,
    /// Extensions that must be understood. We understand none.
    #[serde(default)]
    crit: Option<serde_json::Value>,
}

/// A token whose header was read, and nothing else.
#[derive(Debug)]
pub struct Unverified<'a> {
    kid: String,
    signed: &'a str,
    payload: &'a str,
    signature: &'a str,
}

impl<'a> Unverified<'a> {
    /// Reads the header.
    ///
    /// # Errors
    /// [`JwtFault::Malformed`] and [`JwtFault::Algorithm`].
    pub fn read(token: &'a str) -> Result<Self, JwtFault> {
        if token.len() > MAX_LEN {
            return Err(JwtFault::Malformed);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(JwtFault::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(JwtFault::Malformed)?;
        let header: Header = part(header)?;
        if header.alg != ALGORITHM {
            return Err(JwtFault::Algorithm);
        }
        let typ = header.typ.as_deref().is_none_or(|typ| typ.eq_ignore_ascii_case("JWT"));
        if header.crit.is_some() || !typ || payload.contains('.') {
            return Err(JwtFault::Malformed);
        }
        Ok(Self { kid: header.kid.ok_or(JwtFault::UnknownKey)?, signed, payload, signature })
    }

    /// The name of the key that is said to have signed it.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// What it says, if this key signed it. Its time is not looked at.
    ///
    /// # Errors
    /// [`JwtFault::Signature`], and [`JwtFault::Malformed`] for what is signed and yet none of ours.
    pub fn verify<T: DeserializeOwned>(&self, key: &Jwk) -> Result<T, JwtFault> {
        if key.kid != self.kid || !key.serves() {
            return Err(JwtFault::UnknownKey);
        }
        let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| JwtFault::Malformed);
        let public = RsaPublicKeyComponents { n: bytes(&key.n)?, e: bytes(&key.e)? };
        let signature = bytes(self.signature)?;
        public
            .verify(&RSA_PKCS1_2048_8192_SHA256, self.signed.as_bytes(), &signature)
            .map_err(|_| JwtFault::Signature)?;
        part(self.payload)
    }
}

fn part<T: DeserializeOwned>(text: &str) -> Result<T, JwtFault> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| JwtFault::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| JwtFault::Malformed)
}

/// The part of a token that is signed: header and payload.
///
/// # Errors
/// If the claims cannot be written as JSON.
pub fn signing_input<T: Serialize>(kid: &str, claims: &T) -> Result<String, serde_json::Error> {
    let header = serde_json::json!({ "alg": ALGORITHM, "typ": "JWT", "kid": kid });
    let encode = |bytes: Vec<u8>| URL_SAFE_NO_PAD.encode(bytes);
    Ok(format!("{}.{}", encode(serde_json::to_vec(&header)?), encode(serde_json::to_vec(claims)?)))
}

/// The whole token: what is signed, and its signature.
#[must_use]
pub fn with_signature(signed: &str, signature: &[u8]) -> String {
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}
