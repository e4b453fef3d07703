//! The code flow, and what comes of it.

use super::browser::{Browser, CHALLENGE, Fields, REDIRECT, VERIFIER, fields, fields_of, location, query};
use super::world::{App, Json, World};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use florin_domain::sso;
use florin_sdk_core::jwt::{JwkSet, Unverified};
use florin_sdk_core::operation::{CreateAPIKey, DeleteApplication, GetProfile, GetWallet, RotateApplicationSecret};
use serde_json::{Value, json};

fn read() -> GetProfile {
    GetProfile::new()
}

/// Who asks, and how much.
fn request(app: &App, more: &[(&str, &str)]) -> Fields {
    let mut request = fields(&[("client_id", &app.id), ("redirect_uri", &app.redirect), ("response_type", "code")]);
    if app.secret.is_none() {
        request.extend(fields(&[("code_challenge", CHALLENGE), ("code_challenge_method", "S256")]));
    }
    request.extend(fields(more));
    request
}

fn code_of(address: &str) -> String {
    fields_of(address).remove("code").unwrap_or_else(|| panic!("no code in {address}"))
}

/// What the token endpoint wants for a code.
fn exchange(app: &App, code: &str) -> Fields {
    let mut exchange = fields(&[
        ("grant_type", "authorization_code"),
        ("client_id", &app.id),
        ("redirect_uri", &app.redirect),
        ("code", code),
    ]);
    match &app.secret {
        Some(secret) => exchange.insert("client_secret".to_owned(), secret.clone()),
        None => exchange.insert("code_verifier".to_owned(), VERIFIER.to_owned()),
    };
    exchange
}

fn renewal(app: &App, token: &str) -> Fields {
    let mut renewal = fields(&[("grant_type", "refresh_token"), ("client_id", &app.id), ("refresh_token", token)]);
    renewal.extend(app.secret.as_ref().map(|secret| ("client_secret".to_owned(), secret.clone())));
    renewal
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}")).to_owned()
}

/// A whole round: the tokens that an application gets.
async fn tokens(world: &World, app: &App, more: &[(&str, &str)]) -> Value {
    let mut browser = Browser::signed_in(world).await;
    let code = code_of(&browser.allow(&request(app, more)).await);
    world.token_ok(&exchange(app, &code)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_confidential_client_gets_tokens_of_the_provider_side() {
    let world = World::new().await;
    let app = world.confidential().await;
    let answer = tokens(&world, &app, &[]).await;
    assert_eq!(answer["token_type"], "Bearer");
    assert_eq!((&answer["expires_in"], &answer["scope"]), (&json!(3600), &json!("*")));
    assert_eq!(text(&answer, "refresh_token").len(), 32);
    let token = text(&answer, "access_token");
    let payload: Value = payload(&token);
    assert_eq!(payload["iss"], json!(app.id), "A-115");
    assert_eq!(world.code(&token, &read()).await, 10000);
    let make = CreateAPIKey::new("A key".to_owned(), vec!["profile-ro".to_owned()]);
    assert_eq!(world.code(&token, &make).await, 10000, "it may change what its user may change");
    assert!(answer.get("id_token").is_none(), "nobody asked for one");
}

fn payload(token: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_client_gets_tokens_of_the_mobile_side_that_read() {
    let world = World::new().await;
    let app = world.public().await;
    let answer = tokens(&world, &app, &[("scope", "*")]).await;
    assert_eq!(answer["scope"], "read", "more it cannot get, and it is told so");
    let token = text(&answer, "access_token");
    assert_eq!(world.code(&token, &GetWallet { waid: None }).await, 10000);
    let make = CreateAPIKey::new("A key".to_owned(), vec!["profile-ro".to_owned()]);
    let before = world.tables();
    assert_eq!(world.code(&token, &make).await, 20004);
    assert_eq!(world.tables(), before, "not a row has changed");
}

/// RFC 7636: a public client must send a challenge, of S256; the verifier must be its own.
#[tokio::test(flavor = "multi_thread")]
async fn pkce() {
    let world = World::new().await;
    let app = world.public().await;
    let mut browser = Browser::signed_in(&world).await;
    let mut without = request(&app, &[]);
    without.remove("code_challenge");
    without.remove("code_challenge_method");
    for (what, wrong) in [
        ("no challenge", without.clone()),
        ("plain", request(&app, &[("code_challenge_method", "plain")])),
        ("no method is plain", {
            let mut request = request(&app, &[]);
            request.remove("code_challenge_method");
            request
        }),
        ("too short", request(&app, &[("code_challenge", "abc")])),
    ] {
        let back = fields_of(&location(&browser.ask(&wrong).await));
        assert_eq!(back["error"], "invalid_request", "{what}");
    }
    for (what, verifier) in
        [("another", Some("x".repeat(43))), ("none", None), ("the challenge", Some(CHALLENGE.to_owned()))]
    {
        let code = code_of(&browser.allow(&request(&app, &[])).await);
        let mut wrong = exchange(&app, &code);
        match verifier {
            Some(verifier) => wrong.insert("code_verifier".to_owned(), verifier),
            None => wrong.remove("code_verifier"),
        };
        world.token_refused(&wrong, 400, "invalid_grant", what).await;
    }
    // A confidential client may use it; then it counts. And a verifier without a challenge is an attack.
    let secret = world.confidential().await;
    let challenged = request(&secret, &[("code_challenge", CHALLENGE), ("code_challenge_method", "S256")]);
    let code = code_of(&browser.allow(&challenged).await);
    world.token_refused(&exchange(&secret, &code), 400, "invalid_grant", "the verifier is missing").await;
    let mut proven = exchange(&secret, &code);
    proven.insert("code_verifier".to_owned(), VERIFIER.to_owned());
    world.token_ok(&proven).await;
    let plain = code_of(&browser.allow(&request(&secret, &[])).await);
    let mut attack = exchange(&secret, &plain);
    attack.insert("code_verifier".to_owned(), VERIFIER.to_owned());
    world.token_refused(&attack, 400, "invalid_grant", "a verifier without a challenge").await;
}

/// 32 characters, 60 s, once. The second time ends all that it gave.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_good_once_and_for_a_minute() {
    let world = World::new().await;
    let app = world.confidential().await;
    let mut browser = Browser::signed_in(&world).await;
    let code = code_of(&browser.allow(&request(&app, &[])).await);
    assert_eq!(code.len(), 32);
    let first = world.token_ok(&exchange(&app, &code)).await;
    let token = text(&first, "access_token");
    assert_eq!(world.code(&token, &read()).await, 10000);
    world.token_refused(&exchange(&app, &code), 400, "invalid_grant", "used").await;
    assert_eq!(world.code(&token, &read()).await, 20001, "what it gave has ended");
    world.token_refused(&renewal(&app, &text(&first, "refresh_token")), 400, "invalid_grant", "ended").await;

    let late = code_of(&browser.allow(&request(&app, &[])).await);
    world.pass(61);
    world.token_refused(&exchange(&app, &late), 400, "invalid_grant", "too late").await;
    world.token_refused(&exchange(&app, &"a".repeat(32)), 400, "invalid_grant", "unknown").await;
}

/// Two exchanges at the same moment: one of them gets tokens, and then all of them end.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_comes_twice_at_once_gives_nothing() {
    let world = World::new().await;
    let app = world.confidential().await;
    let mut browser = Browser::signed_in(&world).await;
    let code = code_of(&browser.allow(&request(&app, &[])).await);
    let exchange = exchange(&app, &code);
    let (one, two) = tokio::join!(world.token(&exchange), world.token(&exchange));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
    let won = if one.status == 200 { one } else { two };
    let token = text(&won.value(), "access_token");
    assert_eq!(world.code(&token, &read()).await, 20001);
}

/// A code is bound to its client and its redirect address.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_bound_to_its_client_and_address() {
    let world = World::new().await;
    let (app, other) = (world.confidential().await, world.confidential().await);
    let mut browser = Browser::signed_in(&world).await;
    let code = code_of(&browser.allow(&request(&app, &[])).await);
    world.token_refused(&exchange(&other, &code), 400, "invalid_grant", "another client").await;
    let mut elsewhere = exchange(&app, &code);
    elsewhere.insert("redirect_uri".to_owned(), format!("{REDIRECT}/"));
    world.token_refused(&elsewhere, 400, "invalid_grant", "another address").await;
    elsewhere.remove("redirect_uri");
    world.token_refused(&elsewhere, 400, "invalid_grant", "no address").await;
    world.token_ok(&exchange(&app, &code)).await;
}

/// Rotation: each refresh token once. A-125 says "not rotated"; the issue asks for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_is_used_once() {
    let world = World::new().await;
    for app in [world.confidential().await, world.public().await] {
        let first = tokens(&world, &app, &[]).await;
        let second = world.token_ok(&renewal(&app, &text(&first, "refresh_token"))).await;
        assert_ne!(first["refresh_token"], second["refresh_token"]);
        assert_ne!(first["access_token"], second["access_token"]);
        let third = world.token_ok(&renewal(&app, &text(&second, "refresh_token"))).await;
        let token = text(&third, "access_token");
        let read = || GetWallet { waid: None };
        assert_eq!(world.code(&token, &read()).await, 10000);
        // The first comes again, though its successor was used: somebody has a copy. All ends.
        world.token_refused(&renewal(&app, &text(&first, "refresh_token")), 400, "invalid_grant", "a copy").await;
        assert_eq!(world.code(&token, &read()).await, 20001);
        world.token_refused(&renewal(&app, &text(&third, "refresh_token")), 400, "invalid_grant", "ended").await;
    }
}

/// An answer that was lost on the way costs nobody their session: once, soon, and as long as nothing else was used.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_does_not_end_the_consent() {
    let world = World::new().await;
    let app = world.confidential().await;
    let first = text(&tokens(&world, &app, &[]).await, "refresh_token");
    let lost = text(&world.token_ok(&renewal(&app, &first)).await, "refresh_token");
    let again = world.token_ok(&renewal(&app, &first)).await;
    let next = world.token_ok(&renewal(&app, &text(&again, "refresh_token"))).await;
    assert_eq!(world.code(&text(&next, "access_token"), &read()).await, 10000);
    // The token of the lost answer turns up after all: whoever has it is not the one who asked again.
    world.token_refused(&renewal(&app, &lost), 400, "invalid_grant", "the lost one").await;
    assert_eq!(world.code(&text(&next, "access_token"), &read()).await, 20001, "and all ends");

    let twice = text(&tokens(&world, &app, &[]).await, "refresh_token");
    world.token_ok(&renewal(&app, &twice)).await;
    world.token_ok(&renewal(&app, &twice)).await;
    world.token_refused(&renewal(&app, &twice), 400, "invalid_grant", "a third time").await;

    let late = text(&tokens(&world, &app, &[]).await, "refresh_token");
    world.token_ok(&renewal(&app, &late)).await;
    world.pass(31);
    world.token_refused(&renewal(&app, &late), 400, "invalid_grant", "too late").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_can_ask_for_less_and_never_for_more() {
    let world = World::new().await;
    let app = world.confidential().await;
    let first = tokens(&world, &app, &[("scope", "read")]).await;
    assert_eq!(first["scope"], "read");
    let mut more = renewal(&app, &text(&first, "refresh_token"));
    more.insert("scope".to_owned(), "*".to_owned());
    world.token_refused(&more, 400, "invalid_scope", "more").await;
    let all = tokens(&world, &app, &[("scope", "* openid")]).await;
    let mut less = renewal(&app, &text(&all, "refresh_token"));
    less.insert("scope".to_owned(), "read".to_owned());
    let less = world.token_ok(&less).await;
    assert_eq!(less["scope"], "read");
    let make = CreateAPIKey::new("A key".to_owned(), vec!["profile-ro".to_owned()]);
    assert_eq!(world.code(&text(&less, "access_token"), &make).await, 20003);
}

/// RFC 6749, section 2.3 and 5.2.
#[tokio::test(flavor = "multi_thread")]
async fn the_token_endpoint_takes_forms_and_json_and_says_no_as_the_rfc_does() {
    let world = World::new().await;
    let app = world.confidential().await;
    let mut browser = Browser::signed_in(&world).await;
    let code = code_of(&browser.allow(&request(&app, &[])).await);
    let good = exchange(&app, &code);
    let json_answer = world.token_json(&json!(good)).await;
    assert_eq!(json_answer.status, 200, "{}", json_answer.text());
    assert_eq!(json_answer.headers["cache-control"], "no-store");

    let code = code_of(&browser.allow(&request(&app, &[])).await);
    let mut basic = exchange(&app, &code);
    let secret = basic.remove("client_secret").unwrap();
    basic.remove("client_id");
    let header = format!("Basic {}", STANDARD.encode(format!("{}:{secret}", app.id)));
    let answer = world.token_with(&basic, &[("Authorization", &header)]).await;
    assert_eq!(answer.status, 200, "{}", answer.text());

    let good = exchange(&app, &"a".repeat(32));
    let with = |name: &str, value: Option<&str>| {
        let mut fields = good.clone();
        match value {
            Some(value) => fields.insert(name.to_owned(), value.to_owned()),
            None => fields.remove(name),
        };
        fields
    };
    for (what, fields, status, error) in [
        ("no grant", with("grant_type", None), 400, "invalid_request"),
        ("another grant", with("grant_type", Some("password")), 400, "unsupported_grant_type"),
        ("no client", with("client_id", None), 400, "invalid_request"),
        ("unknown client", with("client_id", Some("abcdefgh")), 401, "invalid_client"),
        ("no secret", with("client_secret", None), 401, "invalid_client"),
        ("wrong secret", with("client_secret", Some(&"a".repeat(32))), 401, "invalid_client"),
        ("no code", with("code", None), 400, "invalid_request"),
    ] {
        world.token_refused(&fields, status, error, what).await;
    }
    let both = world.token_with(&good, &[("Authorization", &header)]).await;
    assert_eq!((both.status, text(&both.value(), "error").as_str()), (400, "invalid_request"), "two ways at once");
    let public = world.public().await;
    let mut with_secret = exchange(&public, &"a".repeat(32));
    with_secret.insert("client_secret".to_owned(), "a".repeat(32));
    world.token_refused(&with_secret, 401, "invalid_client", "a public client has no secret").await;
    let twice = world.token_text(&format!("{}&code=b", query(&good))).await;
    assert_eq!(twice.status, 400);
    let odd = world.token_json(&json!({ "grant_type": 7 })).await;
    assert_eq!((odd.status, text(&odd.value(), "error").as_str()), (400, "invalid_request"));
}

/// RFC 9207, RFC 6749: state comes back as it is, and iss says who answers; a refusal is told.
#[tokio::test(flavor = "multi_thread")]
async fn state_and_issuer_come_back() {
    let world = World::new().await;
    let app = world.confidential().await;
    let mut browser = Browser::signed_in(&world).await;
    let state = "a&b=c #ü";
    let back = fields_of(&browser.allow(&request(&app, &[("state", state)])).await);
    assert_eq!((back["state"].as_str(), back["iss"].as_str()), (state, world.issuer()));
    let page = browser.ask(&request(&app, &[("state", state)])).await;
    let denied = browser.submit(&page, "/auth/authorize", &[("decision", "deny")]).await;
    let back = fields_of(&location(&denied));
    assert_eq!((back["error"].as_str(), back["state"].as_str()), ("access_denied", state));
    assert_eq!(back["iss"], world.issuer());
    let unknown = fields_of(&location(&browser.ask(&request(&app, &[("scope", "admin")])).await));
    assert_eq!(unknown["error"], "invalid_scope");
    let kind = fields_of(&location(&browser.ask(&request(&app, &[("response_type", "id_token")])).await));
    assert_eq!(kind["error"], "unsupported_response_type");
}

/// an unknown client or another address is a page, and nobody is sent anywhere.
#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_client_or_address_is_a_page_and_no_redirect() {
    let world = World::new().await;
    let app = world.confidential().await;
    let mut browser = Browser::signed_in(&world).await;
    for (what, wrong) in [
        ("unknown client", request(&app, &[("client_id", "abcdefgh")])),
        ("another path", request(&app, &[("redirect_uri", "https://merchant.example/other")])),
        ("a slash more", request(&app, &[("redirect_uri", "https://merchant.example/auth-endpoint/")])),
        ("upper case", request(&app, &[("redirect_uri", "https://Merchant.example/auth-endpoint")])),
        ("a query more", request(&app, &[("redirect_uri", "https://merchant.example/auth-endpoint?a=b")])),
        ("another scheme", request(&app, &[("redirect_uri", "http://merchant.example/auth-endpoint")])),
        ("a port more", request(&app, &[("redirect_uri", "https://merchant.example:443/auth-endpoint")])),
    ] {
        let answer = browser.ask(&wrong).await;
        assert_eq!(answer.status, 400, "{what}");
        assert!(answer.headers.get("location").is_none(), "{what}");
    }
    let mut none = request(&app, &[]);
    none.remove("redirect_uri");
    assert_eq!(browser.ask(&none).await.status, 400);
    let twice = browser.get(&format!("/auth/authorize?{}&client_id={}", query(&request(&app, &[])), app.id)).await;
    assert_eq!(twice.status, 400);
}

/// The implicit flow: off unless switched on, and then for reading only, without a refresh token.
#[tokio::test(flavor = "multi_thread")]
async fn the_implicit_flow_is_off_and_only_reads() {
    let world = World::new().await;
    for app in [world.public().await, world.confidential().await] {
        let mut browser = Browser::signed_in(&world).await;
        let request = fields(&[
            ("client_id", &app.id),
            ("redirect_uri", &app.redirect),
            ("response_type", "token"),
            ("state", "s"),
        ]);
        world.set("implicitflow", "false").await;
        let off = location(&browser.ask(&request).await);
        assert_eq!(fields_of(&off)["error"], "unsupported_response_type");
        assert!(off.contains('#'), "its answers are in the fragment");
        world.set("implicitflow", "true").await;
        let address = browser.allow(&request).await;
        assert!(address.starts_with(&format!("{}#", app.redirect)), "{address}");
        let back = fields_of(&address);
        assert_eq!(
            (back["token_type"].as_str(), back["scope"].as_str(), back["state"].as_str()),
            ("Bearer", "read", "s")
        );
        assert!(!back.contains_key("refresh_token"));
        let token = &back["access_token"];
        assert_eq!(world.code(token, &GetWallet { waid: None }).await, 10000);
        let make = CreateAPIKey::new("A key".to_owned(), vec!["profile-ro".to_owned()]);
        assert_eq!(world.code(token, &make).await, 20004);
    }
}

/// RFC 7009: an access token ends alone, a refresh token ends the consent; others' tokens are left alone.
#[tokio::test(flavor = "multi_thread")]
async fn revocation() {
    let world = World::new().await;
    let (app, other) = (world.confidential().await, world.confidential().await);
    let answer = tokens(&world, &app, &[]).await;
    let (token, refresh) = (text(&answer, "access_token"), text(&answer, "refresh_token"));
    for unknown in [&token, &refresh] {
        assert_eq!(world.form("/auth/revoke", &other.with(&[("token", unknown)])).await.status, 200);
    }
    assert_eq!(world.code(&token, &read()).await, 10000, "another client cannot end it");
    assert_eq!(world.form("/auth/revoke", &app.with(&[("token", &token)])).await.status, 200);
    assert_eq!(world.code(&token, &read()).await, 20001);
    let next = world.token_ok(&renewal(&app, &refresh)).await;
    assert_eq!(world.form("/auth/revoke", &app.with(&[("token", &text(&next, "refresh_token"))])).await.status, 200);
    assert_eq!(world.code(&text(&next, "access_token"), &read()).await, 20001);
    world.token_refused(&renewal(&app, &text(&next, "refresh_token")), 400, "invalid_grant", "ended").await;
    assert_eq!(world.form("/auth/revoke", &app.with(&[("token", "nonsense")])).await.status, 200);
    assert_eq!(world.form("/auth/revoke", &fields(&[("token", &token)])).await.status, 400);
}

/// RFC 7662.
#[tokio::test(flavor = "multi_thread")]
async fn introspection() {
    let world = World::new().await;
    let (app, other, public) = (world.confidential().await, world.confidential().await, world.public().await);
    let answer = tokens(&world, &app, &[]).await;
    let token = text(&answer, "access_token");
    let ask =
        async |app: &App, token: &str| world.form("/auth/introspect", &app.with(&[("token", token)])).await.value();
    let active = ask(&app, &token).await;
    assert_eq!((&active["active"], &active["scope"], &active["sub"]), (&json!(true), &json!("*"), &json!(world.uuid)));
    assert_eq!((&active["client_id"], &active["token_type"]), (&json!(app.id), &json!("Bearer")));
    assert_eq!(ask(&app, &text(&answer, "refresh_token")).await["active"], true);
    assert_eq!(ask(&other, &token).await, json!({ "active": false }));
    assert_eq!(ask(&app, "nonsense").await, json!({ "active": false }));
    assert_eq!(ask(&public, &token).await["error"], "unauthorized_client");
    world.pass(3601);
    assert_eq!(ask(&app, &token).await, json!({ "active": false }));
}

/// A deleted application, a changed secret, a consent that the person ended: all at once.
#[tokio::test(flavor = "multi_thread")]
async fn applications_end_and_consents_end() {
    let world = World::new().await;
    let app = world.confidential().await;
    let answer = tokens(&world, &app, &[]).await;
    let token = text(&answer, "access_token");
    let fresh = world.ok(&RotateApplicationSecret::new(app.id.clone())).await.client_secret;
    world.token_refused(&renewal(&app, &text(&answer, "refresh_token")), 401, "invalid_client", "the old secret").await;
    let app = App { secret: Some(fresh.expose().to_owned()), ..app };
    assert_eq!(world.code(&token, &read()).await, 10000);

    let mut browser = Browser::signed_in(&world).await;
    let page = browser.get("/auth/apps").await;
    assert!(page.text().contains("Shop &#38; Co") || page.text().contains("Shop &amp; Co"), "{}", page.text());
    let ended = browser.submit(&page, "/auth/apps/revoke", &[]).await;
    assert_eq!(location(&ended), "/auth/apps");
    assert_eq!(world.code(&token, &read()).await, 20001, "the person has ended it");
    world.token_refused(&renewal(&app, &text(&answer, "refresh_token")), 400, "invalid_grant", "ended").await;

    let token = text(&tokens(&world, &app, &[]).await, "access_token");
    world.ok(&DeleteApplication::new(app.id.clone())).await;
    assert_eq!(world.code(&token, &read()).await, 20001);
    assert_eq!(browser.ask(&request(&app, &[])).await.status, 400);
}

/// OpenID Connect: the id token is about this person, this client and this nonce.
#[tokio::test(flavor = "multi_thread")]
async fn an_id_token_on_request() {
    let world = World::new().await;
    let app = world.confidential().await;
    let answer = tokens(&world, &app, &[("scope", "openid read"), ("nonce", "n-1")]).await;
    let set: JwkSet = serde_json::from_value(world.get("/auth/jwks.json").await.value()).unwrap();
    let id_token = text(&answer, "id_token");
    let unverified = Unverified::read(&id_token).unwrap();
    let claims: Value = unverified.verify(set.find(unverified.kid()).unwrap()).unwrap();
    assert_eq!((&claims["iss"], &claims["aud"]), (&json!(world.issuer()), &json!(app.id)));
    assert_eq!(
        (&claims["sub"], &claims["nonce"], &claims["email"]),
        (&json!(world.uuid), &json!("n-1"), &json!("admin@florin.local"))
    );
    assert_eq!(world.code(&id_token, &read()).await, 20001, "it is no access token");
    let token = text(&answer, "access_token");
    let info = world.bearer("/auth/userinfo", &token).await;
    assert_eq!(info.value(), json!({ "sub": world.uuid, "email": "admin@florin.local" }));
    let narrow = text(&tokens(&world, &app, &[]).await, "access_token");
    assert_eq!(world.bearer("/auth/userinfo", &narrow).await.status, 403);
    assert_eq!(world.bearer("/auth/userinfo", "nonsense").await.status, 401);
    let mut nobody = Browser::new(&world);
    let silent = fields_of(&location(&nobody.ask(&request(&app, &[("prompt", "none")])).await));
    assert_eq!(silent["error"], "login_required");
}

/// RFC 8414: what the metadata name is there.
#[tokio::test(flavor = "multi_thread")]
async fn metadata() {
    let world = World::new().await;
    for path in ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"] {
        let document = world.get(path).await.value();
        assert_eq!(document["issuer"], world.issuer());
        assert_eq!(document["response_types_supported"], json!(["code"]));
        assert_eq!(document["code_challenge_methods_supported"], json!(["S256"]));
        assert_eq!(document["authorization_response_iss_parameter_supported"], true);
        for (name, value) in document.as_object().unwrap().iter().filter(|(name, _)| name.ends_with("_endpoint")) {
            let path = value.as_str().unwrap().strip_prefix(world.issuer()).expect("ours");
            let answer = world.get(path).await;
            assert!(answer.status != 404, "{name}");
        }
    }
    let keys = world.get("/auth/jwks.json").await;
    let key = &keys.value()["keys"][0];
    assert_eq!(
        (&key["kty"], &key["alg"], &key["use"], &key["e"]),
        (&json!("RSA"), &json!("RS256"), &json!("sig"), &json!("AQAB"))
    );
    assert!(key.get("d").is_none() && key.get("p").is_none(), "the private part stays here");
}

/// What is asked of a person is on no other site's page, and no other site's form decides.
#[tokio::test(flavor = "multi_thread")]
async fn pages_are_guarded() {
    let world = World::new().await;
    let app = world.public().await;
    let mut browser = Browser::signed_in(&world).await;
    let page = browser.ask(&request(&app, &[])).await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    for part in
        ["default-src 'none'", "frame-ancestors 'none'", "form-action 'self' com.example.app:", "base-uri 'none'"]
    {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe") && !page.text().contains("<script") && !page.text().contains(" style="));
    assert_eq!(page.headers["x-frame-options"], "DENY");
    let decision = [("decision", "allow"), ("csrf", "forged")];
    let forged = browser.submit(&page, "/auth/authorize", &decision).await;
    assert_eq!((forged.status, forged.headers.get("location")), (400, None));
    let mut form = request(&app, &[("decision", "allow"), ("upid", &world.upid.to_string())]);
    let bare = browser.post("/auth/authorize", &form).await;
    assert_eq!((bare.status, bare.headers.get("location")), (400, None), "no token at all");
    // Another browser's token is no good here.
    let mut other = Browser::signed_in(&world).await;
    let theirs = other.ask(&request(&app, &[])).await.text();
    let token = theirs.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    form.insert("csrf".to_owned(), token);
    assert_eq!(browser.post("/auth/authorize", &form).await.status, 400);
    // A profile that is not the person's.
    let page = browser.ask(&request(&app, &[])).await;
    let stranger = [("decision", "allow"), ("upid", "upid_0000000000000007")];
    let refused = browser.submit(&page, "/auth/authorize", &stranger).await;
    assert!(refused.headers.get("location").is_none(), "{}", refused.text());
    let cookie = {
        let mut fresh = Browser::new(&world);
        let page = fresh.get("/auth/login").await;
        let answer = fresh
            .submit(&page, "/auth/login", &[("email", "admin@florin.local"), ("password", super::world::PASSWORD)])
            .await;
        answer
            .headers
            .get_all("set-cookie")
            .iter()
            .map(|v| v.to_str().unwrap().to_owned())
            .find(|c| c.starts_with("florin_login="))
            .unwrap()
    };
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Path=/auth"),
        "{cookie}"
    );
}

/// Signing in: same words whether the user or the password is wrong; a cookie ends with the person.
#[tokio::test(flavor = "multi_thread")]
async fn signing_in_and_out() {
    let world = World::new().await;
    let mut browser = Browser::new(&world);
    let page = browser.get("/auth/login").await;
    let wrong =
        browser.submit(&page, "/auth/login", &[("email", "admin@florin.local"), ("password", "Wrong-pass-1!")]).await;
    let nobody =
        browser.submit(&page, "/auth/login", &[("email", "nobody@florin.local"), ("password", "Wrong-pass-1!")]).await;
    assert_eq!((wrong.status, nobody.status), (401, 401));
    assert_eq!(wrong.text().replace("admin@", ""), nobody.text().replace("nobody@", ""));
    assert!(!browser.cookies.contains_key("florin_login"));
    let forged = [("email", "admin@florin.local"), ("password", super::world::PASSWORD), ("csrf", "0")];
    assert_eq!(browser.submit(&page, "/auth/login", &forged).await.status, 400);
    let next =
        [("email", "admin@florin.local"), ("password", super::world::PASSWORD), ("next", "https://evil.example/")];
    let page = browser.get("/auth/login").await;
    let answer = browser.submit(&page, "/auth/login", &next).await;
    assert_eq!(location(&answer), "/auth/apps", "nobody is sent elsewhere");
    let page = browser.get("/auth/apps").await;
    assert!(page.text().contains("Sign out"));
    let kept = browser.cookies.clone();
    let out = browser.submit(&page, "/auth/logout", &[]).await;
    assert_eq!(location(&out), "/auth/login");
    browser.cookies = kept;
    assert!(browser.get("/auth/apps").await.text().contains("Password"), "the cookie is dead, not only gone");
}

/// The page on which people register applications does what the operations do.
#[tokio::test(flavor = "multi_thread")]
async fn applications_are_registered_on_the_page() {
    let world = World::new().await;
    let mut browser = Browser::signed_in(&world).await;
    let page = browser.get("/auth/apps").await;
    let typed = [
        ("name", "Till <1>"),
        ("kind", "confidential"),
        ("redirects", "https://till.example/cb\r\nhttp://localhost:3000/cb"),
    ];
    let made = browser.submit(&page, "/auth/apps", &typed).await;
    assert_eq!(made.status, 200, "{}", made.text());
    let secret = made.text().split("id=\"secret\">").nth(1).expect("a secret").split('<').next().unwrap().to_owned();
    assert_eq!(secret.len(), 32);
    let later = browser.get("/auth/apps").await.text();
    assert!(!later.contains(&secret), "it is shown once");
    assert!(later.contains("Till &#60;1&#62;") || later.contains("Till &lt;1&gt;"), "{later}");
    let typed = [("name", "Bad"), ("kind", "confidential"), ("redirects", "http://till.example/cb")];
    let refused = browser.submit(&page, "/auth/apps", &typed).await;
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("role=\"alert\"") && refused.text().contains("http://till.example/cb"));
    let list = world.read({
        let upid = world.upid;
        move |store| sso::list(store, upid)
    });
    assert_eq!(list.await.len(), 1);
}
