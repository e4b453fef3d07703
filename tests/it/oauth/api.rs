//! Strategies, unlocking, switching profiles.

use super::world::{Json, World};
use florin_domain::session::{Scope, Terms};
use florin_sdk_core::operation::{CreateAPIKey, GetProfile};
use serde_json::json;

///
#[tokio::test(flavor = "multi_thread")]
async fn strategies_are_listed_and_configured_and_their_secrets_masked() {
    let world = World::new().await;
    let key = ("X-APIKey", world.key.as_str());
    let list = world.api(key, "GET", "/auth/api/strategies", None).await;
    let names = json!([{"id": "facebook", "name": "Facebook"}, {"id": "google", "name": "Google"}, {"id": "linkedin", "name": "LinkedIn"}]);
    assert_eq!(list.value(), json!({ "status": "ok", "results": names }));
    let example = json!({"google": {"clientID": "0987654321987654", "clientSecret": "ab12345c6d789ef0g", "callbackURL": "https://test.example.com/auth/p/google"}});
    let done = world.api(key, "POST", "/auth/api/strategies", Some(&example)).await;
    assert_eq!((done.status, done.value()), (200, json!({ "status": "ok" })));
    let list = world.api(key, "GET", "/auth/api/strategies", None).await;
    let config = json!({"clientID": "0987654321987654", "clientSecret": "********", "callbackURL": "https://test.example.com/auth/p/google"});
    assert_eq!(list.value()["results"][1]["config"], config);
    assert!(!list.text().contains("ab12345c"));
    let long = |name: &str, length: usize| {
        let mut wrong = example["google"].clone();
        wrong[name] = json!("a".repeat(length));
        json!({ "google": wrong })
    };
    for wrong in [
        json!({}),
        json!([]),
        json!({ "twitter": example["google"] }),
        json!({ "google": {} }),
        json!({ "google": {"clientID": "a", "clientSecret": "b", "callbackURL": "nowhere"} }),
        json!({ "google": {"clientID": "", "clientSecret": "b", "callbackURL": "https://a.example"} }),
        long("clientID", 129),
        long("clientSecret", 257),
    ] {
        let refused = world.api(key, "POST", "/auth/api/strategies", Some(&wrong)).await;
        assert_eq!((refused.status, &refused.value()["status"]), (400, &json!("error")), "{wrong}");
    }
    assert_eq!(world.api(("", ""), "GET", "/auth/api/strategies", None).await.status, 401);
    let few = world.ok(&CreateAPIKey::new("Few".to_owned(), vec!["profile-ro".to_owned()])).await.api_key;
    let few = ("X-APIKey", few.expose());
    assert_eq!(world.api(few, "GET", "/auth/api/strategies", None).await.status, 403);
    let mobile = Terms { mobile: true, scope: Scope::ALL, ..Terms::login() };
    let mobile = format!("Bearer {}", world.session(mobile).await.token.expose());
    let before = world.tables();
    for (method, body) in [("GET", None), ("POST", Some(&example))] {
        assert_eq!(world.api(("Authorization", &mobile), method, "/auth/api/strategies", body).await.status, 403);
    }
    assert_eq!(world.tables(), before);
}

/// another profile by a token of its own; only for the person's own session.
#[tokio::test(flavor = "multi_thread")]
async fn a_person_switches_profiles_and_ends_the_session() {
    let world = World::new().await;
    let own = format!("Bearer {}", world.session(Terms::login()).await.token.expose());
    let own = ("Authorization", own.as_str());
    let wanted = json!({ "upid": world.upid });
    let answer = world.api(own, "POST", "/auth/api/session/profile", Some(&wanted)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let token = answer.value()["token"].as_str().unwrap().to_owned();
    let read = GetProfile::new();
    assert_eq!(world.code(&token, &read).await, 10000);
    let stranger = json!({ "upid": "upid_0000000000000007" });
    assert_eq!(world.api(own, "POST", "/auth/api/session/profile", Some(&stranger)).await.value()["status"], "error");
    let key = ("X-APIKey", world.key.as_str());
    assert_eq!(world.api(key, "POST", "/auth/api/session/profile", Some(&wanted)).await.status, 403);
    let narrow = world.session(Terms { scope: Scope::parse(Some("read")).unwrap(), ..Terms::login() }).await;
    let narrow = format!("Bearer {}", narrow.token.expose());
    assert_eq!(
        world.api(("Authorization", &narrow), "POST", "/auth/api/session/profile", Some(&wanted)).await.status,
        403
    );
    assert_eq!(world.api(own, "POST", "/auth/api/session/end", None).await.status, 200);
    assert_eq!(world.api(own, "POST", "/auth/api/session/end", None).await.status, 401);
    assert_eq!(world.code(&token, &read).await, 10000, "the other session goes on");
}
