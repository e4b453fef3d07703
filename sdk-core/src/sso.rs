//! Single sign-on, `/auth`: the calls of the contract that stand beside the native surface, as one table for the server,
//! the provider SDK, and the tests. They have envelopes of their own, so they are no [`crate::Operation`]s.
//!
//! Source: spec/omnigate/operations.json, group SSO; spec/omnigate/concepts.md, section 7.

use crate::operation::{Access, Callers, Method, RateClass, Rights, TimeoutClass};
use crate::secret::Secret;
use serde::{Deserialize, Serialize};

/// The base of every path of single sign-on.
pub const BASE_PATH: &str = "/auth";

/// How an answer is wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Envelope {
    /// A JSON object with `status`: `ok`, or `error` and a `message`.
    Status,
    /// The fields of RFC 6749; on failure `error` and `error_description`.
    OAuth,
    /// A JWK set.
    KeySet,
    /// A redirect of the browser.
    Redirect,
}

impl Envelope {
    /// As spec/omnigate/operations.json calls it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::OAuth => "oauth",
            Self::KeySet => "jwk_set",
            Self::Redirect => "redirect",
        }
    }
}

/// A field of a request: its name, its least and greatest length in characters, and whether it must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SsoField {
    /// The name on the wire.
    pub name: &'static str,
    /// Whether the page's contract asks for it. One that is ours is never required by it.
    pub required: bool,
    /// Whether it is ours: of an RFC, or for safety.
    pub ours: bool,
    /// Least and greatest length, where the contract has them.
    pub bounds: Option<(usize, usize)>,
}

/// A call of single sign-on.
#[derive(Debug, Clone, Copy)]
pub struct SsoSpec {
    /// The name that the contract gives it.
    pub name: &'static str,
    /// The HTTP method.
    pub method: Method,
    /// Its path below [`BASE_PATH`].
    pub path: &'static str,
    /// Whether it changes anything.
    pub access: Access,
    /// Who may call it.
    pub callers: Callers,
    /// The rights that it needs.
    pub rights: Rights,
    /// How often it may be called.
    pub rate: RateClass,
    /// How long to wait for the answer.
    pub timeout: TimeoutClass,
    /// How its answer is wrapped.
    pub envelope: Envelope,
    /// Its fields.
    pub fields: &'static [SsoField],
}

const fn must(name: &'static str, bounds: Option<(usize, usize)>) -> SsoField {
    SsoField { name, required: true, ours: false, bounds }
}

const fn ours(name: &'static str) -> SsoField {
    SsoField { name, required: false, ours: true, bounds: None }
}

const fn public(
    name: &'static str,
    method: Method,
    path: &'static str,
    access: Access,
    envelope: Envelope,
    fields: &'static [SsoField],
) -> SsoSpec {
    SsoSpec {
        name,
        method,
        path,
        access,
        callers: Callers::Public,
        rights: Rights::NONE,
        rate: RateClass::Standard,
        timeout: TimeoutClass::Standard,
        envelope,
        fields,
    }
}

/// Opens single sign-on after a restart, with the application password.
pub const UNLOCK: SsoSpec =
    public("unlocksso", Method::Post, "/unlock", Access::Write, Envelope::Status, &[must("password", Some((16, 16)))]);

/// Lists the strategies to sign in by.
pub const LIST: SsoSpec = SsoSpec {
    callers: Callers::Provider,
    rights: Rights { own: &[], child: &[], any: &["readsystemdata"] },
    ..public("strategies_list", Method::Get, "/api/strategies", Access::Read, Envelope::Status, &[])
};

/// Configures strategies to sign in by.
pub const CONFIGURE: SsoSpec = SsoSpec {
    callers: Callers::Provider,
    rights: Rights { own: &[], child: &[], any: &["systemadmin"] },
    ..public(
        "strategies_configure",
        Method::Post,
        "/api/strategies",
        Access::Write,
        Envelope::Status,
        &[
            must("strategy_config", Some((2, 20_000))),
            must("clientID", Some((1, 128))),
            must("clientSecret", Some((1, 256))),
            must("callbackURL", Some((1, 2048))),
        ],
    )
};

/// Asks a person for access; the answer is a code.
pub const AUTHORIZE_CODE: SsoSpec = public(
    "authorize_code",
    Method::Get,
    "/authorize",
    Access::Read,
    Envelope::Redirect,
    &[
        must("client_id", Some((8, 8))),
        must("redirect_uri", Some((1, 2048))),
        must("response_type", Some((4, 4))),
        ours("scope"),
        ours("state"),
        ours("code_challenge"),
        ours("code_challenge_method"),
        ours("nonce"),
        ours("prompt"),
    ],
);

/// Asks a person for access; the answer is a token. Switched off unless the operator switches it on.
pub const AUTHORIZE_TOKEN: SsoSpec = public(
    "authorize_token",
    Method::Get,
    "/authorize",
    Access::Read,
    Envelope::Redirect,
    &[
        must("client_id", Some((8, 8))),
        must("redirect_uri", Some((1, 2048))),
        must("response_type", Some((5, 5))),
        ours("scope"),
        ours("state"),
    ],
);

/// Exchanges a code for tokens. An application without a secret sends `code_verifier` in its place.
pub const TOKEN_CODE: SsoSpec = public(
    "token_authorization_code",
    Method::Post,
    "/token",
    Access::Write,
    Envelope::OAuth,
    &[
        must("code", None),
        must("client_id", Some((8, 8))),
        must("client_secret", Some((32, 32))),
        must("redirect_uri", Some((1, 2048))),
        must("grant_type", Some((18, 18))),
        ours("code_verifier"),
    ],
);

/// Exchanges a refresh token for another and an access token.
pub const TOKEN_REFRESH: SsoSpec = public(
    "token_refresh_token",
    Method::Post,
    "/token",
    Access::Write,
    Envelope::OAuth,
    &[
        must("refresh_token", None),
        must("client_id", Some((8, 8))),
        must("client_secret", None),
        must("grant_type", Some((13, 13))),
        ours("scope"),
    ],
);

/// The public keys.
pub const JWKS: SsoSpec = SsoSpec {
    rate: RateClass::Unlimited,
    ..public("jwks", Method::Get, "/jwks.json", Access::Read, Envelope::KeySet, &[])
};

/// All of them.
pub const ALL: &[SsoSpec] =
    &[UNLOCK, LIST, CONFIGURE, AUTHORIZE_CODE, AUTHORIZE_TOKEN, TOKEN_CODE, TOKEN_REFRESH, JWKS];

/// What a strategy is configured with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StrategyConfig {
    /// Our id at the provider.
    #[serde(rename = "clientID")]
    pub client_id: String,
    /// Our secret there; masked in a list.
    #[serde(rename = "clientSecret")]
    pub client_secret: Secret,
    /// Where the provider sends people back to: `https://{domain}/auth/p/{strategy}/callback`.
    #[serde(rename = "callbackURL")]
    pub callback_url: String,
}

/// A strategy in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StrategyEntry {
    /// `facebook`, `google` or `linkedin`.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// What it is configured with, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<StrategyConfig>,
}

/// The list of strategies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StrategyList {
    /// `ok`.
    pub status: String,
    /// The strategies.
    pub results: Vec<StrategyEntry>,
}

/// What the token endpoint answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenAnswer {
    /// The access token, a JWT.
    pub access_token: Secret,
    /// `Bearer`.
    pub token_type: String,
    /// How many seconds it lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<u32>,
    /// The next refresh token; the one before is used up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<Secret>,
    /// What the access token may do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Who the person is, if `openid` was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token: Option<Secret>,
}
