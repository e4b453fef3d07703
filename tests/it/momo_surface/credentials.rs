//! Who gets in: nobody with a credential of another surface, nobody after a key was replaced or a token expired.

use florin_sdk_core::momo::all;
use florin_tests::momo::{Momo, PRODUCTS, send, uuid};
use florin_tests::world::World;
use reqwest::Method;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn credentials_of_the_native_surface_open_nothing_here_and_none_of_these_there() {
    let world = World::new().await;
    let momo = Momo::provision(&world.server).await;
    let before = world.server.tables();
    for spec in all() {
        let method: Method = spec.method.as_str().parse().unwrap();
        for product in spec.products {
            for path in spec.paths_of(*product) {
                let path = path.replace("{accountHolderIdType}", "msisdn").replace("{currency}", "EUR");
                let path: String = path
                    .split('/')
                    .map(|part| if part.starts_with('{') { uuid() } else { part.to_owned() })
                    .collect::<Vec<_>>()
                    .join("/");
                // Everything else is as it must be, also a good token beside.
                let good = || {
                    let request = momo
                        .bare(method.clone(), &path)
                        .header("Ocp-Apim-Subscription-Key", momo.subscription_of(product.as_str()))
                        .header("X-Target-Environment", "sandbox")
                        .header("X-Reference-Id", uuid())
                        .header("notificationMessage", "Hello");
                    request.json(&json!({ "providerCallbackHost": "127.0.0.1" }))
                };
                let token = momo.tokens.get(product.as_str()).cloned().unwrap_or_default();
                for (name, request) in [
                    ("a mobile token", good().bearer_auth(&world.alice.token)),
                    ("an API key", good().header("X-APIKey", &world.initialised.apikey)),
                    ("both", good().header("X-APIKey", &world.initialised.apikey).bearer_auth(&world.alice.token)),
                    ("an API key beside a token", good().header("X-APIKey", &world.read_only).bearer_auth(token)),
                ] {
                    let refused = send(request).await.unwrap();
                    assert_eq!(refused.status, 401, "{} {path}: {name}", spec.id);
                }
            }
        }
    }
    assert_eq!(world.server.tables(), before, "nothing was written");
    // And the other way round.
    for token in momo.tokens.values() {
        let request = momo.bare(Method::GET, "/api/v1/wallet/list").bearer_auth(token);
        assert_eq!(send(request).await.unwrap().body["resultcode"], 20001);
        let request = momo.bare(Method::POST, "/api/v1/user/create").bearer_auth(token);
        assert_eq!(send(request.json(&json!({ "provideruserid": "x" }))).await.unwrap().body["resultcode"], 20001);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_key_is_lost_and_a_token_ends_by_the_clock() {
    let (server, _) = florin_tests::server::Server::fresh().await;
    let mut momo = Momo::provision(&server).await;
    let path = format!("/v1_0/apiuser/{}/apikey", momo.user);
    let request =
        momo.bare(Method::POST, &path).header("Ocp-Apim-Subscription-Key", momo.subscription_of("collection"));
    let fresh = send(request).await.unwrap().expect(201).body["apiKey"].as_str().unwrap().to_owned();
    assert_ne!(fresh, momo.key);
    for product in PRODUCTS {
        let refused = momo.token(product).await.expect(401);
        assert_eq!(refused.body, json!({ "error": "login_failed" }));
    }
    momo.key = fresh;
    momo.renew().await;
    momo.advance(3599).await;
    for product in PRODUCTS {
        assert_eq!(momo.get(&format!("/{product}/v1_0/account/balance")).await.status, 200, "used again and again");
    }
    momo.advance(2).await;
    for product in PRODUCTS {
        assert_eq!(momo.get(&format!("/{product}/v1_0/account/balance")).await.status, 401);
    }
    momo.renew().await;
    assert_eq!(momo.get("/collection/v1_0/account/balance").await.status, 200);
    let logs = server.logs();
    for secret in momo.tokens.values().chain([&momo.key]) {
        assert!(!logs.contains(secret.as_str()), "a secret is in the log");
    }
}
