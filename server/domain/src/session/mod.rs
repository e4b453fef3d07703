//! Sessions of people: what a person has after signing in, and the access tokens that carry it.
//!
//! A session is opened in three stages, as each belongs on another thread: [`begin`] reads who it is for and which key
//! signs, [`Draft::sign`] signs (slow), [`open`] writes it down. A token is good as long as its signature, its time, its
//! session, the person's consent, its user and its profile are: the signature is looked at once, all else whenever any
//! of it changes.
//!
//! | module | what |
//! | --- | --- |
//! | `key` | the keys that sign, their rotation, `jwks.json` |
//! | `record` | sessions: begin, sign, open, find, revoke |
//! | `scope` | how much a token may do |

pub mod key;
mod record;
mod scope;

pub use key::SigningKey;
pub use record::{
    Draft, Session, Signed, Terms, USER_TOKEN_PREFIX, begin, by_user_token, caller_of, may_act, open, person_on,
    profiles_of, revoke, revoke_all_of,
};
pub(crate) use record::{find, need_live};
pub use scope::{KNOWN as SCOPES, Scope};

/// How long an access token lasts, in seconds.
pub const LIFETIME_S: u32 = 3600;

/// The longest that any access token lasts, in seconds: so long a key that was retired is still published.
pub const MAX_LIFETIME_S: u32 = 86_400;
