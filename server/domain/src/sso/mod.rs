//! Single sign-on: applications that act for a person, the person's consent, and the tokens that come of it.
//!
//! | module | what |
//! | --- | --- |
//! | `application` | who may ask: client ids, secrets, redirect addresses |
//! | `authorize` | what an application asks a person for |
//! | `consent` | what the person consented to: codes, refresh tokens, ending them |
//! | `browser` | who is signed in on the pages |
//! | `strategy` | signing in with an account elsewhere |
//!
//! Source: spec/omnigate/concepts.md, section 7; ambiguities; RFC 6749, 7009, 7636, 7662, 8252, 9207, 9700.

mod application;
mod authorize;
mod browser;
mod consent;
mod strategy;

pub use application::{
    Application, Kind, MAX_REDIRECTS, NewApplication, authenticate, by_client_id, check_redirect, create, delete, list,
    rotate_secret,
};
pub use authorize::{Asked, Flow, Params, Reject, check};
pub use browser::{COOKIE_LIFETIME_S, SignIn, sign_in, sign_out, signed_in};
pub use consent::{
    CODE_LIFETIME_S, Code, Consent, Exchange, Exchanged, GRACE_S, Introspection, NewCode, Presented, RefreshToken,
    Verdict, begin_implicit, consents_of, end_all_of, exchange_code, introspect, issue_code, look_at_code,
    look_at_refresh, new_secret, note_consent, refresh, revoke_consent, revoke_token, stands,
};
pub use strategy::{
    Configuration, ExternalIdentity, Strategy, StrategyKind, configure, configured, configured_all, find_identity,
    link_identity,
};

use crate::refusal::Refusal;
use crate::store::StoreError;
use florin_sdk_core::code::Code as ResultCode;

/// Why the token endpoint says no.
///
/// Source: RFC 6749, section 5.2; ambiguities A-122.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denial {
    /// The request is not as it must be.
    InvalidRequest(&'static str),
    /// The application is unknown, or its secret is wrong or missing.
    InvalidClient,
    /// Code or refresh token: unknown, used, over, or another application's.
    InvalidGrant(&'static str),
    /// The application may not do this.
    UnauthorizedClient(&'static str),
    /// There is no such kind of grant.
    UnsupportedGrantType,
    /// More was asked for than was granted, or what nobody knows.
    InvalidScope,
    /// A rule of the platform, or a failure of ours.
    Refused(Refusal),
}

impl From<Refusal> for Denial {
    fn from(refusal: Refusal) -> Self {
        // A user or profile that ended since: to the application its grant is over.
        match refusal.code {
            ResultCode::INACTIVE | ResultCode::NOT_AUTHENTICATED | ResultCode::FORBIDDEN => {
                Self::InvalidGrant("the user or the profile is no longer active")
            }
            _ => Self::Refused(refusal),
        }
    }
}

impl From<StoreError> for Denial {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}
