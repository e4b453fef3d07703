//! Sessions, access tokens, and the keys that sign them.

use super::world::World;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use florin_domain::identity::User;
use florin_domain::session::{self, Scope, Terms, key};
use florin_sdk_core::jwt::Claims;
use florin_sdk_core::model::Status;
use florin_sdk_core::operation::{CreateAPIKey, GetAPIKeyList, GetProfile, GetWallet};
use serde_json::{Value, json};

fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).expect("three parts");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}

fn scoped(scope: &str) -> Terms {
    Terms { scope: Scope::parse(Some(scope)).expect("a scope"), ..Terms::login() }
}

/// concepts.md, section 7.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_has_the_documented_shape() {
    let world = World::new().await;
    let signed = world.session(Terms::login()).await;
    let (header, payload) = (part(signed.token.expose(), 0), part(signed.token.expose(), 1));
    let set = world.read(key::published).await;
    assert_eq!(header, json!({ "alg": "RS256", "typ": "JWT", "kid": set.keys[0].kid }));
    assert_eq!(payload.get("iss"), None, "none in a token of Login");
    assert_eq!(payload["sub"], json!(world.uuid));
    assert_eq!(payload["exp"].as_i64().unwrap() - payload["iat"].as_i64().unwrap(), 3600);
    let now = world.clock.now().millis() / 1000;
    assert!((now - payload["iat"].as_i64().unwrap()).abs() < 60, "seconds, not milliseconds");
    assert_eq!(payload["scope"], "*");
    assert_eq!(payload["context"], json!({ "upid": world.upid, "roles": ["system-admin"] }));
    assert_eq!(payload["jti"], signed.session.jti());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_works_until_its_session_user_or_time_ends() {
    let world = World::new().await;
    let read = GetProfile::new();
    let (one, two) = (world.session(Terms::login()).await, world.session(Terms::login()).await);
    let (first, second) = (one.token.expose().to_owned(), two.token.expose().to_owned());
    for _ in 0..2 {
        assert_eq!(world.code(&first, &read).await, 10000);
    }
    let id = one.session.id;
    world.write(move |store| session::revoke(store, id)).await;
    assert_eq!(world.code(&first, &read).await, 20001, "with the very next request");
    assert_eq!(world.code(&second, &read).await, 10000, "others are not touched");

    let uuid = world.uuid;
    let set = move |status: Status| {
        move |store: &mut dyn florin_domain::store::Writer| {
            let mut user = store.claim::<User>(uuid)?.expect("the user");
            user.status = status.clone();
            Ok(store.update(&user)?)
        }
    };
    world.write(set(Status::Inactive)).await;
    assert_eq!(world.code(&second, &read).await, 20001, "an inactive user is nobody");
    world.write(set(Status::Active)).await;
    assert_eq!(world.code(&second, &read).await, 10000);
    world.pass(3601);
    assert_eq!(world.code(&second, &read).await, 20002);
    let third = world.session(Terms::login()).await;
    assert_eq!(world.code(third.token.expose(), &read).await, 10000);
    world.write(move |store| session::revoke_all_of(store, uuid)).await;
    assert_eq!(world.code(third.token.expose(), &read).await, 20001);
}

/// A person who walks away: the session ends after the minutes that are set, and stays ended.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_nobody_uses_ends() {
    let world = World::new().await;
    let read = GetProfile::new();
    let token = world.session(Terms::login()).await.token.expose().to_owned();
    for _ in 0..3 {
        assert_eq!(world.code(&token, &read).await, 10000);
        world.pass(14 * 60);
    }
    assert_eq!(world.code(&token, &read).await, 10000);
    world.pass(15 * 60 + 1);
    assert_eq!(world.code(&token, &read).await, 20001);
    assert_eq!(world.code(&token, &read).await, 20001, "and stays ended");
    world.set("inactivitytimeoutinminutes", "2").await;
    let token = world.session(Terms::login()).await.token.expose().to_owned();
    assert_eq!(world.code(&token, &read).await, 10000);
    world.pass(121);
    assert_eq!(world.code(&token, &read).await, 20001);
}

/// Scopes: `*` is all that the user may, `read` what of it changes nothing, `openid` nothing of the platform.
#[tokio::test(flavor = "multi_thread")]
async fn a_scope_bounds_what_a_token_may() {
    let world = World::new().await;
    let (list, make) =
        (GetAPIKeyList { upid: None }, CreateAPIKey::new("A key".to_owned(), vec!["profile-ro".to_owned()]));
    for (scope, reads, writes) in [("*", 10000, 10000), ("read", 10000, 20003), ("openid", 20003, 20003)] {
        let token = world.session(scoped(scope)).await.token;
        assert_eq!(world.code(token.expose(), &list).await, reads, "{scope} reads");
        assert_eq!(world.code(token.expose(), &make).await, writes, "{scope} writes");
    }
    let mobile = world.session(Terms { mobile: true, ..scoped("read") }).await.token;
    assert_eq!(world.code(mobile.expose(), &make).await, 20004, "the mobile side changes nothing");
    assert_eq!(world.code(mobile.expose(), &list).await, 20003, "and reads what is the user's own only");
    assert_eq!(world.code(mobile.expose(), &GetWallet { waid: None }).await, 10000);
    // Whatever stands in its session: the side decides.
    let forged = world.session(Terms { mobile: true, ..scoped("*") }).await.token;
    assert_eq!(world.code(forged.expose(), &make).await, 20004);
}

/// never `none`, never HS256 with the public key; and nothing that was tampered with.
#[tokio::test(flavor = "multi_thread")]
async fn no_other_algorithm_and_no_forgery() {
    let world = World::new().await;
    let token = world.session(Terms::login()).await.token.expose().to_owned();
    let read = GetProfile::new();
    let parts: Vec<_> = token.split('.').collect();
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = |alg: &str| {
        let mut header = part(&token, 0);
        header["alg"] = json!(alg);
        encode(&header)
    };
    let mut later = part(&token, 1);
    later["exp"] = json!(later["exp"].as_i64().unwrap() + 1);
    let key = world.read(key::published).await.keys.remove(0);
    let hs256 = {
        use hmac::{Hmac, KeyInit, Mac};
        let signed = format!("{}.{}", header("HS256"), parts[1]);
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key.n.as_bytes()).unwrap();
        mac.update(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    };
    let mut critical = part(&token, 0);
    critical["crit"] = json!(["exp"]);
    for forged in [
        format!("{}.{}.", header("none"), parts[1]),
        format!("{}.{}.{}", header("none"), parts[1], parts[2]),
        format!("{}.{}.{}", header("rs256"), parts[1], parts[2]),
        format!("{}.{}.{}", header("RS512"), parts[1], parts[2]),
        hs256,
        format!("{}.{}.{}", parts[0], encode(&later), parts[2]),
        format!("{}.{}.{}", encode(&critical), parts[1], parts[2]),
        format!("{}.{}", parts[0], parts[1]),
        format!("{token}.{}", parts[2]),
        format!("{token}A"),
        "..".to_owned(),
        "a.b.c".to_owned(),
    ] {
        assert_eq!(world.code(&forged, &read).await, 20001, "{forged}");
    }
    assert_eq!(world.code(&token, &read).await, 10000);
}

/// A key that was retired still verifies what it signed; when the last of that has ended it is no longer shown.
#[tokio::test(flavor = "multi_thread")]
async fn keys_are_rotated_by_hand_and_by_age() {
    let world = World::new().await;
    let read = GetProfile::new();
    let old = world.session(Terms::login()).await.token.expose().to_owned();
    let fresh = key::generate().expect("a key");
    let sealer = world.app.sealer().clone();
    world.write(move |store| key::rotate(store, &sealer, &fresh)).await;
    let new = world.session(Terms::login()).await.token.expose().to_owned();
    assert_ne!(part(&old, 0)["kid"], part(&new, 0)["kid"]);
    assert_eq!((world.code(&old, &read).await, world.code(&new, &read).await), (10000, 10000));
    assert_eq!(world.read(key::published).await.keys.len(), 2);
    world.pass(session::MAX_LIFETIME_S + 1);
    let left = world.read(key::published).await;
    assert_eq!(
        left.keys.iter().map(|key| key.kid.as_str()).collect::<Vec<_>>(),
        [part(&new, 0)["kid"].as_str().unwrap()]
    );
    assert!(!florin_http::sso::keys::ensure(&world.app).await.unwrap(), "none is due");
    world.pass(u32::try_from(key::KEY_AGE_S).unwrap() / 2);
    world.pass(u32::try_from(key::KEY_AGE_S).unwrap() / 2);
    assert!(florin_http::sso::keys::ensure(&world.app).await.unwrap(), "its time has come");
}

/// a session can be looked up by its user token, while it lives.
#[tokio::test(flavor = "multi_thread")]
async fn a_user_token_looks_a_live_session_up() {
    let world = World::new().await;
    let signed = world.session(Terms::login()).await;
    let text = signed.user_token.expose().to_owned();
    assert_eq!(text.len(), "usertoken_".len() + 32);
    let asked = text.clone();
    let found = world.read(move |store| session::by_user_token(store, &asked)).await;
    assert_eq!(found.id, signed.session.id);
    let id = found.id;
    world.write(move |store| session::revoke(store, id)).await;
    let gone = world.app.read(move |store| session::by_user_token(store, &text)).await;
    assert!(gone.is_err());
    let claims: Claims = serde_json::from_value(part(signed.token.expose(), 1)).expect("claims");
    assert!(claims.has_scope("*") && claims.iss.is_none());
}
