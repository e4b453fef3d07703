//! The surface against the contract for machines: each route, in its order of checks, with its shapes of error.

use florin_tests::momo::{Momo, contract, order, send, uuid};
use florin_tests::server::Server;
use reqwest::Method;
use serde_json::{Value, json};

/// One route of the contract.
struct Route {
    id: String,
    product: String,
    method: Method,
    path: String,
    access: String,
    success: u16,
    empty: bool,
    headers: Vec<String>,
    example: Value,
}

/// All routes, with an example of each request.
fn routes(contract: &Value) -> Vec<Route> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut routes = Vec::new();
    for operation in contract["operations"].as_array().unwrap() {
        let id = text(&operation["id"]);
        let examples = contract["examples"].as_array().unwrap();
        let schema = &operation["request"]["schema"];
        // Versions of one operation share their examples.
        let same = |other: &&Value| {
            let of = contract["operations"].as_array().unwrap().iter().find(|o| o["id"] == other["operation"]).unwrap();
            other.get("request").is_some() && of["request"]["schema"] == *schema
        };
        let example = examples.iter().find(same).map_or(json!({}), |example| example["request"].clone());
        for product in operation["products"].as_array().unwrap() {
            let product = text(product);
            routes.push(Route {
                id: id.clone(),
                method: text(&operation["method"]).parse().unwrap(),
                path: text(&operation["path"]).replace("{product}", &product),
                access: text(&operation["access"]),
                success: u16::try_from(operation["success"]["status"].as_u64().unwrap()).unwrap(),
                empty: operation["success"]["body"] == "empty",
                headers: operation["headers"].as_array().unwrap().iter().map(text).collect(),
                example: example.clone(),
                product,
            });
        }
    }
    routes
}

/// With parameters in it that name nothing.
fn filled(path: &str) -> String {
    let parts = path.split('/').map(|part| match part.strip_prefix('{').and_then(|p| p.strip_suffix('}')) {
        None => part.to_owned(),
        Some("currency") => "EUR".to_owned(),
        Some("accountHolderIdType") => "msisdn".to_owned(),
        Some("accountHolderId") => "256770000001".to_owned(),
        Some(_) => uuid(),
    });
    parts.collect::<Vec<_>>().join("/")
}

fn needs(route: &Route, header: &str) -> bool {
    route.headers.iter().any(|listed| listed.starts_with(header))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_route_checks_its_caller_in_the_order_of_the_contract() {
    let (server, _) = Server::fresh().await;
    let momo = Momo::provision(&server).await;
    let contract = contract();
    let routes = routes(&contract);
    assert_eq!(routes.len(), 55, "as the contract counts them");
    for route in &routes {
        let place = format!("{} {} {}", route.product, route.method, route.path);
        let path = filled(&route.path);
        let bare = || momo.bare(route.method.clone(), &path);
        // First the subscription key, with the gateway's shape.
        for request in [bare(), bare().header("Ocp-Apim-Subscription-Key", "0".repeat(32))] {
            let refused = send(request.bearer_auth("whatever")).await.unwrap();
            assert_eq!((refused.status, &refused.body["statusCode"]), (401, &json!(401)), "{place}");
            assert!(refused.body["message"].is_string(), "{place}");
        }
        if route.product == "provisioning" {
            continue;
        }
        let other = if route.product == "collection" { "disbursement" } else { "collection" };
        let of_other = bare().header("Ocp-Apim-Subscription-Key", momo.subscription_of(other));
        assert_eq!(send(of_other).await.unwrap().status, 401, "{place}: another product's key");
        // Then the token.
        let keyed = || bare().header("Ocp-Apim-Subscription-Key", momo.subscription_of(&route.product));
        for request in [keyed(), keyed().bearer_auth("unknown"), keyed().basic_auth("a", Some("b"))] {
            let refused = send(request.header("X-Target-Environment", "sandbox")).await.unwrap();
            assert_eq!(refused.status, 401, "{place}: {}", refused.body);
        }
        // A token of another product is none.
        let swapped = keyed().header("X-Target-Environment", "sandbox").bearer_auth(&momo.tokens[other]);
        assert_eq!(send(swapped).await.unwrap().status, 401, "{place}: another product's token");
        if !needs(route, "Authorization: Bearer") || route.id.contains("consent") || route.id.contains("bc_") {
            continue;
        }
        // Then the environment.
        for request in [keyed(), keyed().header("X-Target-Environment", "mtnuganda")] {
            let refused = send(request.bearer_auth(&momo.tokens[route.product.as_str()])).await.unwrap();
            assert_eq!(refused.status, 500, "{place}: {}", refused.body);
            assert_eq!(refused.code(), "NOT_ALLOWED_TARGET_ENVIRONMENT", "{place}");
        }
        // Then the reference.
        if needs(route, "X-Reference-Id") {
            let request = || momo.request(route.method.clone(), &path).json(&route.example);
            for request in [request(), request().header("X-Reference-Id", "not-a-uuid")] {
                assert_eq!(send(request).await.unwrap().expect(400).code(), "VALIDATION_ERROR", "{place}");
            }
        }
        // A reference in the path that names nothing, or is none.
        if route.access == "read" && path != route.path && route.path.contains("eferenceId") {
            assert_eq!(momo.get(&path).await.expect(404).code(), "RESOURCE_NOT_FOUND", "{place}");
            let malformed = route.path.split('{').next().unwrap();
            assert_eq!(momo.get(&format!("{malformed}not-a-uuid")).await.status, 400, "{place}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_write_is_accepted_once() {
    let (server, _) = Server::fresh().await;
    let momo = Momo::provision(&server).await;
    let contract = contract();
    let mut tried = 0;
    for route in routes(&contract).iter().filter(|route| route.success == 202) {
        tried += 1;
        let place = format!("{} {}", route.product, route.path);
        let mut body = route.example.clone();
        if body["currency"].is_null() && body["money"].is_null() {
            assert_eq!(body["payerCurrency"], "EUR", "{place}: {body}");
        }
        let reference = uuid();
        // A body that is none, or lacks what it needs, leaves the reference free.
        for wrong in [json!({}), json!([]), json!("text"), Value::Null] {
            let refused = momo.post(&route.path, &reference, &wrong).await;
            assert_eq!((refused.status, refused.code()), (400, "VALIDATION_ERROR"), "{place}");
        }
        // So does a callback to another host, and a currency that is none: both a 500 by the contract.
        let request = || momo.request(Method::POST, &route.path).header("X-Reference-Id", &reference);
        let elsewhere = request().header("X-Callback-Url", "https://elsewhere.example/").json(&body);
        let refused = send(elsewhere).await.unwrap().expect(500);
        assert_eq!(refused.code(), "INVALID_CALLBACK_URL_HOST", "{place}");
        let empty = request().header("X-Callback-Url", "").json(&body);
        assert_eq!(send(empty).await.unwrap().status, 400, "{place}");
        let mut strange = body.clone();
        for pointer in ["/currency", "/payerCurrency", "/money/currency"] {
            if let Some(currency) = strange.pointer_mut(pointer) {
                *currency = json!("XXX");
            }
        }
        let refused = momo.post(&route.path, &reference, &strange).await.expect(500);
        assert_eq!(refused.code(), "INVALID_CURRENCY", "{place}");
        // What the contract does not know is not looked at, and null is absent.
        body["unknown"] = json!({ "a": 1 });
        body["payeeNote"] = Value::Null;
        let accepted = momo.post(&route.path, &reference, &body).await;
        assert_eq!((accepted.status, &accepted.body, route.empty), (202, &Value::Null, true), "{place}");
        for again in [&body, &route.example] {
            let refused = momo.post(&route.path, &reference, again).await.expect(409);
            assert_eq!(refused.code(), "RESOURCE_ALREADY_EXIST", "{place}");
        }
        // Both versions of these are read at the first.
        let both = ["requesttowithdraw", "deposit", "refund"].iter().any(|name| route.path.contains(name));
        let read = if both { route.path.replace("v2_0", "v1_0") } else { route.path.clone() };
        let found = momo.get(&format!("{read}/{reference}")).await.expect(200);
        assert!(found.body["status"].is_string(), "{place}: {}", found.body);
        // A reference is looked for among its own kind only.
        let other = if route.path.contains("requesttopay") { "requesttowithdraw" } else { "requesttopay" };
        let stranger = momo.get(&format!("/collection/v1_0/{other}/{reference}")).await;
        assert_eq!(stranger.status, 404, "{place}");
    }
    assert_eq!(tried, 13);
    server.home.verify().await.sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_equal_requests_at_once_are_one() {
    let (server, _) = Server::fresh().await;
    let momo = Momo::provision(&server).await;
    let before = momo.balance("EUR").await;
    let reference = uuid();
    let body = order("1.25", "payee", "256770000002");
    let sent = (0..20).map(|_| momo.post("/disbursement/v1_0/transfer", &reference, &body));
    let mut statuses: Vec<_> = futures_util::future::join_all(sent).await.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [&[202][..], &[409; 19]].concat());
    let done = momo.settled(&format!("/disbursement/v1_0/transfer/{reference}")).await;
    assert_eq!(done["status"], "SUCCESSFUL");
    assert_eq!((before.as_str(), momo.balance("EUR").await.as_str()), ("10000", "9998.75"));
}

#[tokio::test(flavor = "multi_thread")]
async fn other_paths_and_methods_are_the_gateways_404() {
    let (server, _) = Server::fresh().await;
    let momo = Momo::provision(&server).await;
    for (method, path) in [
        (Method::GET, "/collection/v1_0/nothing"),
        (Method::POST, "/disbursement/v2_0/transfer"),
        (Method::PUT, "/collection/v1_0/requesttopay"),
        (Method::GET, "/remittance"),
        (Method::GET, "/v1_0/apiuser"),
    ] {
        let refused = send(momo.bare(method, path)).await.unwrap().expect(404);
        assert_eq!(refused.body["statusCode"], 404, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_spellings_of_the_token_and_all_of_provisioning_are_served() {
    let (server, _) = Server::fresh().await;
    let momo = Momo::provision(&server).await;
    let key = momo.subscription_of("collection");
    for path in ["/collection/token/", "/collection/token"] {
        let request = momo.bare(Method::POST, path).header("Ocp-Apim-Subscription-Key", &key);
        let token = send(request.basic_auth(&momo.user, Some(&momo.key))).await.unwrap().expect(200).body;
        assert_eq!(token["token_type"], "access_token");
        // The key in the query is as good.
        let path = format!("{path}?subscription-key={key}");
        let request = momo.bare(Method::POST, &path).basic_auth(&momo.user, Some(&momo.key));
        assert_eq!(send(request).await.unwrap().status, 200);
    }
    for prefix in ["/v1_0/apiuser", "/provisioning/v1_0/apiuser", "/provisioning/apiuser", "/apiuser"] {
        let keyed = |method, path: &str| momo.bare(method, path).header("Ocp-Apim-Subscription-Key", &key);
        let user = uuid();
        let made = keyed(Method::POST, prefix).header("X-Reference-Id", &user);
        let made = send(made.json(&json!({ "providerCallbackHost": "https://Shop.Example/hook" }))).await.unwrap();
        assert_eq!((made.status, made.body), (201, Value::Null), "{prefix}");
        let found = send(keyed(Method::GET, &format!("{prefix}/{user}"))).await.unwrap().expect(200).body;
        let wanted = json!({ "providerCallbackHost": "https://Shop.Example/hook", "targetEnvironment": "sandbox" });
        assert_eq!(found, wanted, "{prefix}");
        let made = send(keyed(Method::POST, &format!("{prefix}/{user}/apikey"))).await.unwrap().expect(201);
        assert_eq!(made.body["apiKey"].as_str().unwrap().len(), 32);
        let again = keyed(Method::POST, prefix).header("X-Reference-Id", &user);
        let again = send(again.json(&json!({ "providerCallbackHost": "shop.example" }))).await.unwrap().expect(409);
        assert_eq!(again.code(), "RESOURCE_ALREADY_EXIST");
        for host in ["", " ", "a b"] {
            let request = keyed(Method::POST, prefix).header("X-Reference-Id", uuid());
            let request = request.json(&json!({ "providerCallbackHost": host }));
            assert_eq!(send(request).await.unwrap().status, 400, "{host:?}");
        }
        for path in [format!("{prefix}/{}", uuid()), format!("{prefix}/{}/apikey", uuid())] {
            let method = if path.ends_with("apikey") { Method::POST } else { Method::GET };
            assert_eq!(send(keyed(method, &path)).await.unwrap().expect(404).code(), "RESOURCE_NOT_FOUND");
        }
    }
}
