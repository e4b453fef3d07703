//! Access tokens, and the tokens of consents. All of them are opaque, and only their hashes are kept.

use super::Denial;
use super::key::SubscriptionKey;
use super::sandbox::Mode;
use super::user::MomoUser;
use super::words::words;
use crate::identity::{need_active, need_profile};
use crate::secrets;
use crate::store::{Reader, Record, Writer, record};
use florin_sdk_core::momo::{Product, ReferenceId};
use florin_sdk_core::{Secret, Timestamp};

/// How long a token is good.
pub const LIFETIME_S: u32 = 3600;

words! {
    /// What a token is for.
    Purpose {
        /// Calls of a product.
        Access = "access",
        /// Reading what an account holder consented to.
        Consent = "consent",
        /// Getting another token of a consent.
        Refresh = "refresh",
    }
}

record! {
    /// A token. The token itself is not kept.
    MomoToken in "momo_token" key {
        /// Later ones are greater.
        number: i64,
    } {
        /// SHA-256 of the token.
        hash: [u8; 32],
        /// The API user that it was given to.
        api_user: ReferenceId,
        /// The product that it is for.
        product: Product,
        /// What it is for.
        purpose: Purpose,
        /// The consent that it is of.
        consent: Option<ReferenceId>,
        /// When it was made.
        created: Timestamp,
        /// When it ends.
        expires: Timestamp,
    }
}

/// The beginning of each of these tokens, by which scanners for leaked secrets know them.
pub const PREFIX: &str = "fmm_";

/// Makes a token. It is returned here and never again.
pub fn issue(
    store: &mut dyn Writer,
    user: ReferenceId,
    product: Product,
    purpose: Purpose,
    consent: Option<ReferenceId>,
) -> Result<Secret, Denial> {
    let token = Secret::from(format!("{PREFIX}{}", secrets::mobile_token().expose().trim_start_matches("fmt_")));
    let created = store.now();
    let row = MomoToken {
        number: store.next_id().cast_signed(),
        hash: secrets::fingerprint(token.expose()),
        api_user: user,
        product,
        purpose,
        consent,
        created,
        expires: created.plus_seconds(i64::from(LIFETIME_S)),
    };
    store.insert(&row)?;
    Ok(token)
}

/// The API user that a token was given to, if it is good now, for this and with this subscription key.
pub fn holder(
    store: &mut dyn Reader,
    subscription: &SubscriptionKey,
    token: &str,
    product: Product,
    purpose: Purpose,
    mode: &Mode,
) -> Result<(MomoUser, MomoToken), Denial> {
    let query = MomoToken::query().eq(MomoToken::hash, secrets::fingerprint(token));
    let row = store.first::<MomoToken>(query)?.ok_or(Denial::Token)?;
    if row.expires <= store.now() || row.purpose != purpose || row.product != product {
        return Err(Denial::Token);
    }
    let root = mode.root(store, subscription)?;
    let user = store.get::<MomoUser>(row.api_user)?.filter(|user| user.root == root).ok_or(Denial::Token)?;
    // A user of before the last reset may have had the same number.
    if user.created > row.created {
        return Err(Denial::Token);
    }
    need_active(&need_profile(store, user.upid)?.status, "The profile").map_err(|_| Denial::Token)?;
    Ok((user, row))
}
