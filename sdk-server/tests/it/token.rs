//! Checking the access tokens of people.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use florin_sdk_core::client::transport::{Lost, WireAnswer, WireRequest};
use florin_sdk_core::client::{Transport, clock};
use florin_sdk_core::jwt::{Jwk, JwkSet, signing_input, with_signature};
use florin_sdk_server::token::REFETCH;
use florin_sdk_server::{FlorinError, Secret, TokenChecker, TokenPolicy};
use ring::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents};
use rsa::pkcs8::EncodePrivateKey as _;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A platform that shows these keys, and counts how often.
#[derive(Default)]
struct Platform {
    keys: Mutex<Vec<Jwk>>,
    asked: Mutex<u32>,
    down: Mutex<bool>,
}

#[async_trait]
impl Transport for Platform {
    async fn exchange(&self, request: WireRequest) -> Result<WireAnswer, Lost> {
        assert_eq!(request.target, "/auth/jwks.json");
        *self.asked.lock().unwrap() += 1;
        if *self.down.lock().unwrap() {
            return Ok(WireAnswer { status: 503, ..WireAnswer::default() });
        }
        let set = JwkSet { keys: self.keys.lock().unwrap().clone() };
        Ok(WireAnswer { status: 200, request_id: None, body: serde_json::to_vec(&set).unwrap() })
    }
}

struct Key {
    pair: RsaKeyPair,
    jwk: Jwk,
}

fn key(kid: &str) -> Key {
    let made = rsa::PrivateKey::new(&mut getrandom::SysRng, 2048).unwrap();
    let pair = RsaKeyPair::from_pkcs8(made.to_pkcs8_der().unwrap().as_bytes()).unwrap();
    let public: RsaPublicKeyComponents<Vec<u8>> = pair.public_key().into();
    Key { jwk: Jwk::rsa(kid.to_owned(), &public.n, &public.e), pair }
}

impl Key {
    fn sign(&self, claims: &Value) -> Secret {
        let signed = signing_input(&self.jwk.kid, claims).unwrap();
        let mut signature = vec![0; self.pair.public().modulus_len()];
        let random = ring::rand::SystemRandom::new();
        self.pair.sign(&RSA_PKCS1_SHA256, &random, signed.as_bytes(), &mut signature).unwrap();
        with_signature(&signed, &signature).into()
    }
}

fn claims() -> Value {
    let now = clock::now().millis() / 1000;
    json!({
        "iss": "abcd2345", "sub": "uuid_1234567812345678", "iat": now, "exp": now + 3600, "jti": "1", "scope": "*",
        "context": {"upid": "upid_1234567812345678", "roles": ["profile-admin"]},
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn checker(platform: &Arc<Platform>, scope: Option<&str>) -> Arc<TokenChecker> {
    let policy = TokenPolicy { client_id: Some("abcd2345".to_owned()), scope: scope.map(str::to_owned) };
    TokenChecker::with_transport(policy, platform.clone())
}

#[tokio::test(start_paused = true)]
async fn a_good_token_is_taken_and_no_other() {
    let (key, stranger) = (key("k1"), key("k1"));
    let platform = Arc::new(Platform { keys: Mutex::new(vec![key.jwk.clone()]), ..Platform::default() });
    let checker = checker(&platform, Some("read"));
    let checked = checker.check(key.sign(&claims())).await.unwrap();
    assert_eq!(checked.uuid.to_string(), "uuid_1234567812345678");
    assert_eq!((checked.scope.as_str(), checked.roles), ("*", vec!["profile-admin".to_owned()]));
    let now = clock::now().millis() / 1000;
    for (what, token) in [
        ("another's signature", stranger.sign(&claims())),
        ("over", key.sign(&with("exp", json!(now)))),
        ("from the future", key.sign(&with("iat", json!(now + 3600)))),
        ("given to another application", key.sign(&with("iss", json!("wxyz2345")))),
        ("given to none", key.sign(&with("iss", json!("")))),
        ("without the scope", key.sign(&with("scope", json!("openid")))),
        ("no token", Secret::from("a.b.c")),
    ] {
        let refused = checker.check(token).await.unwrap_err();
        assert!(matches!(refused, FlorinError::Unauthorized { .. }), "{what}: {refused}");
    }
    let good = key.sign(&claims());
    let payload = good.expose().split('.').nth(1).unwrap();
    for header in [json!({"alg": "none", "kid": "k1"}), json!({"alg": "HS256", "kid": "k1"})] {
        let forged = format!("{}.{payload}.", URL_SAFE_NO_PAD.encode(header.to_string()));
        assert!(checker.check(forged.into()).await.is_err());
    }
    assert_eq!(*platform.asked.lock().unwrap(), 1, "the keys are kept");
}

#[tokio::test(start_paused = true)]
async fn a_new_key_is_fetched_and_made_up_names_are_not_asked_for_all_the_time() {
    let (old, new) = (key("k1"), key("k2"));
    let platform = Arc::new(Platform { keys: Mutex::new(vec![old.jwk.clone()]), ..Platform::default() });
    let checker = checker(&platform, None);
    checker.check(old.sign(&claims())).await.unwrap();
    platform.keys.lock().unwrap().push(new.jwk.clone());
    tokio::time::advance(REFETCH).await;
    checker.check(new.sign(&claims())).await.unwrap();
    assert_eq!(*platform.asked.lock().unwrap(), 2);
    let made_up = Key { jwk: Jwk { kid: "k3".to_owned(), ..new.jwk.clone() }, pair: key("k3").pair };
    for _ in 0..100 {
        assert!(checker.check(made_up.sign(&claims())).await.is_err());
    }
    assert_eq!(*platform.asked.lock().unwrap(), 2, "not before its time");
    tokio::time::advance(REFETCH).await;
    assert!(checker.check(made_up.sign(&claims())).await.is_err());
    assert_eq!(*platform.asked.lock().unwrap(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_platform_that_is_down_is_no_reason_to_say_no() {
    let key = key("k1");
    let platform = Arc::new(Platform { down: Mutex::new(true), ..Platform::default() });
    let checker = checker(&platform, None);
    for _ in 0..2 {
        let unknown = checker.check(key.sign(&claims())).await.unwrap_err();
        assert!(matches!(unknown, FlorinError::Unavailable { .. }), "{unknown}");
    }
    *platform.down.lock().unwrap() = false;
    platform.keys.lock().unwrap().push(key.jwk.clone());
    tokio::time::advance(REFETCH).await;
    checker.check(key.sign(&claims())).await.unwrap();
    // What is known goes on serving when the platform is down later.
    *platform.down.lock().unwrap() = true;
    tokio::time::advance(Duration::from_secs(7200)).await;
    checker.check(key.sign(&claims())).await.unwrap();
}
