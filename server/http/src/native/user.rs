//! A provider's users and their mobile tokens.

use crate::exchange::{Reading, Writing};
use florin_domain::Refusal;
use florin_domain::access::{Caller, reach};
use florin_domain::identity::{self, MobileToken, Selector, User, need_user, public_user};
use florin_domain::store::Reader;
use florin_sdk_core::Uuid;
use florin_sdk_core::operation::{
    self, CreateMobileToken, CreateUser, CreatedMobileToken, CreatedUser, Done, GetMe, GetUser, ListMobileTokens,
    ListUsers, MobileTokenList, Operation, RevokeMobileToken, RevokeMobileTokens, RevokedMobileTokens, UpdateUser,
    UserAnswer, UserList,
};

/// Seconds that a mobile token lasts when nothing is said.
const DEFAULT_TTL_S: u32 = 3600;

/// How many users a page has when nothing is said.
pub(super) const DEFAULT_PAGE: u32 = 50;

/// The end user that a request names, if the caller reaches them. People who sign in are no end users.
fn user_for<O: Operation>(
    store: &mut dyn Reader,
    caller: &Caller,
    provider_user_id: Option<&str>,
    uuid: Option<Uuid>,
) -> Result<User, Refusal> {
    let user = need_user(store, caller.upid, Selector { provider_user_id, uuid })?;
    if user.provider_user_id.is_none() {
        return Err(Refusal::not_found());
    }
    reach::<O>(store, caller, user.upid)?;
    Ok(user)
}

pub(super) fn create_user(call: &mut Writing<'_>, op: CreateUser) -> Result<CreatedUser, Refusal> {
    let metadata = op.metadata.unwrap_or_default();
    let (user, waid) =
        identity::create_user(call.store, call.caller.upid, &op.provider_user_id, op.display_name, metadata)?;
    Ok(CreatedUser { uuid: user.uuid, upid: user.upid, waid, provider_user_id: op.provider_user_id })
}

pub(super) fn get_user(call: &mut Reading<'_>, op: GetUser) -> Result<UserAnswer, Refusal> {
    let user = user_for::<GetUser>(call.store, call.caller, op.provider_user_id.as_deref(), op.uuid)?;
    Ok(UserAnswer { user: public_user(call.store, user, true)? })
}

pub(super) fn update_user(call: &mut Writing<'_>, op: UpdateUser) -> Result<Done, Refusal> {
    let user = user_for::<UpdateUser>(call.store.reader(), call.caller, op.provider_user_id.as_deref(), op.uuid)?;
    identity::update_user(call.store, user.uuid, op.display_name, op.metadata, op.status)?;
    Ok(Done {})
}

pub(super) fn list_users(call: &mut Reading<'_>, op: ListUsers) -> Result<UserList, Refusal> {
    let after = op.after.map(|cursor| cursor.parse()).transpose().map_err(|e| Refusal::value("after", &e))?;
    let limit = op.limit.unwrap_or(DEFAULT_PAGE) as usize;
    let (found, more) = identity::list_users(call.store, call.caller.upid, after, op.search.as_deref(), limit)?;
    let next = found.last().filter(|_| more).map(|user| user.uuid.to_string());
    let users = found.into_iter().map(|user| public_user(call.store, user, true)).collect::<Result<_, _>>()?;
    Ok(UserList { users, next })
}

pub(super) fn get_me(call: &mut Reading<'_>, _: GetMe) -> Result<UserAnswer, Refusal> {
    let user = need_user(call.store, call.caller.upid, Selector { provider_user_id: None, uuid: call.caller.uuid })?;
    Ok(UserAnswer { user: public_user(call.store, user, false)? })
}

pub(super) fn create_mobile_token(
    call: &mut Writing<'_>,
    op: CreateMobileToken,
) -> Result<CreatedMobileToken, Refusal> {
    let id = op.provider_user_id.as_deref();
    let user = user_for::<CreateMobileToken>(call.store.reader(), call.caller, id, op.uuid)?;
    let ttl = op.ttl_seconds.unwrap_or(DEFAULT_TTL_S);
    let (row, token) = identity::create_mobile_token(call.store, &user, ttl, op.device)?;
    Ok(CreatedMobileToken { token, mtid: row.mtid, expires: row.expires, scope: "read".to_owned() })
}

pub(super) fn list_mobile_tokens(call: &mut Reading<'_>, op: ListMobileTokens) -> Result<MobileTokenList, Refusal> {
    let user = user_for::<ListMobileTokens>(call.store, call.caller, op.provider_user_id.as_deref(), op.uuid)?;
    let tokens = identity::list_mobile_tokens(call.store, user.uuid)?.into_iter().map(|token| operation::MobileToken {
        mtid: token.mtid,
        device: token.device,
        created: token.created,
        expires: token.expires,
        last_used: call.last_use.of(token.mtid),
    });
    Ok(MobileTokenList { tokens: tokens.collect() })
}

pub(super) fn revoke_mobile_token(call: &mut Writing<'_>, op: RevokeMobileToken) -> Result<Done, Refusal> {
    let token = call.store.get::<MobileToken>(op.mtid)?.ok_or_else(Refusal::not_found)?;
    user_for::<RevokeMobileToken>(call.store.reader(), call.caller, None, Some(token.uuid))?;
    identity::revoke_mobile_token(call.store, token.mtid)?;
    Ok(Done {})
}

pub(super) fn revoke_mobile_tokens(
    call: &mut Writing<'_>,
    op: RevokeMobileTokens,
) -> Result<RevokedMobileTokens, Refusal> {
    let id = op.provider_user_id.as_deref();
    let user = user_for::<RevokeMobileTokens>(call.store.reader(), call.caller, id, op.uuid)?;
    Ok(RevokedMobileTokens { revoked: identity::revoke_all(call.store, user.uuid)? })
}
