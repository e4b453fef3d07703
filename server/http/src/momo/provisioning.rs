//! API users, their keys and tokens.

use super::asked::{Asked, callback_host};
use florin_domain::momo::{Denial, Mode, Purpose, token, user};
use florin_domain::store::{Reader, Writer};
use florin_sdk_core::momo::{ApiKey, ApiUser, ApiUserRequest, ByApiUser, Empty, NoPath, Token};

pub(super) fn create_api_user(
    store: &mut dyn Writer,
    asked: &Asked,
    _: NoPath,
    body: ApiUserRequest,
) -> Result<Empty, Denial> {
    // Outside a sandbox the path is not served at all.
    let Mode::Sandbox(settings) = &asked.mode else { return Err(Denial::not_found()) };
    let host = callback_host(&body.provider_callback_host)?;
    user::create_in_sandbox(store, &asked.key, asked.reference()?, host, settings)?;
    Ok(Empty {})
}

pub(super) fn create_api_key(
    store: &mut dyn Writer,
    asked: &Asked,
    path: ByApiUser,
    _: Empty,
) -> Result<ApiKey, Denial> {
    Ok(ApiKey::new(user::replace_key(store, &asked.key, path.api_user, &asked.mode)?))
}

pub(super) fn get_api_user(store: &mut dyn Reader, asked: &Asked, path: ByApiUser) -> Result<ApiUser, Denial> {
    let found = user::find(store, &asked.key, path.api_user, &asked.mode)?;
    Ok(ApiUser::new(found.callback_host, found.environment))
}

pub(super) fn create_access_token(store: &mut dyn Writer, asked: &Asked, _: NoPath, _: Empty) -> Result<Token, Denial> {
    let token = token::issue(store, asked.user()?.id, asked.product, Purpose::Access, None)?;
    Ok(Token::new(token, "access_token".to_owned(), u64::from(token::LIFETIME_S)))
}
