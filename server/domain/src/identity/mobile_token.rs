//! Mobile tokens: what an end user's app reads with.

use super::user::User;
use crate::refusal::Refusal;
use crate::store::{Reader, Record, Writer, record};
use crate::{identity, ledger, secrets};
use florin_sdk_core::{Mtid, Secret, Timestamp, Uuid};

record! {
    /// A mobile token. The token itself is not kept, nor when it was used: reading with it writes nothing.
    MobileToken in "mobile_token" key {
        /// Its id.
        mtid: Mtid,
    } {
        /// The user that it reads as.
        uuid: Uuid,
        /// SHA-256 of the token.
        hash: [u8; 32],
        /// The name of the device that it is for.
        device: Option<String>,
        /// When it was made.
        created: Timestamp,
        /// When it ends by itself.
        expires: Timestamp,
        /// When it was ended.
        revoked: Option<Timestamp>,
    }
}

/// Makes a token for `user`. It is returned here and never again.
pub fn create_mobile_token(
    store: &mut dyn Writer,
    user: &User,
    ttl_seconds: u32,
    device: Option<String>,
) -> Result<(MobileToken, Secret), Refusal> {
    identity::need_active(&user.status, "The user")?;
    let token = secrets::mobile_token();
    let created = store.now();
    let row = MobileToken {
        mtid: ledger::id(Mtid::new(store.next_id()))?,
        uuid: user.uuid,
        hash: secrets::fingerprint(token.expose()),
        device,
        created,
        expires: created.plus_seconds(i64::from(ttl_seconds)),
        revoked: None,
    };
    store.insert(&row)?;
    Ok((row, token))
}

/// The tokens of a user that were not ended, newest first.
pub fn list_mobile_tokens(store: &mut dyn Reader, uuid: Uuid) -> Result<Vec<MobileToken>, Refusal> {
    let query = MobileToken::query().eq(MobileToken::uuid, uuid).descending(MobileToken::mtid);
    let mut tokens = store.list::<MobileToken>(query)?;
    tokens.retain(|token| token.revoked.is_none());
    Ok(tokens)
}

/// Ends a token. Ending it again is no error.
pub fn revoke_mobile_token(store: &mut dyn Writer, mtid: Mtid) -> Result<(), Refusal> {
    let mut token = store.claim::<MobileToken>(mtid)?.ok_or_else(Refusal::not_found)?;
    if token.revoked.is_none() {
        token.revoked = Some(store.now());
        store.update(&token)?;
    }
    Ok(())
}

/// Ends all tokens of a user; how many there were.
pub fn revoke_all(store: &mut dyn Writer, uuid: Uuid) -> Result<u32, Refusal> {
    let tokens = list_mobile_tokens(store.reader(), uuid)?;
    let count = u32::try_from(tokens.len()).unwrap_or(u32::MAX);
    for token in tokens {
        revoke_mobile_token(store, token.mtid)?;
    }
    Ok(count)
}
