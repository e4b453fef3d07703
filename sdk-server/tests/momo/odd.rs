//! MTN's documented odd answers, over HTTP. Each names where the contract has it.

use crate::platform::{NUMBER, credentials, options, price};
use florin_sdk_server::momo::*;
use florin_sdk_server::{FlorinError, MemoryJournal};
use serde_json::{Value, json};
use std::sync::Arc;
use wiremock::matchers::{header, method, path, path_regex};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// A host that hands out a token.
async fn host() -> MockServer {
    let host = MockServer::start().await;
    let token = json!({ "access_token": "t", "token_type": "access_token", "expires_in": 3600 });
    Mock::given(path_regex("^/[a-z]+/token/$"))
        .respond_with(ResponseTemplate::new(200).set_body_json(token))
        .mount(&host)
        .await;
    host
}

fn impatient(host: &MockServer) -> Options {
    let mut options = options(&host.uri());
    options.client.retry_delay_scale_percent = 0;
    options
}

fn collections(host: &MockServer) -> Arc<Collections> {
    Collections::new(impatient(host), credentials(), Arc::new(MemoryJournal::default())).unwrap()
}

fn raw(status: u16, body: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_string(body)
}

/// What `GET` answers about a request to pay.
async fn found(host: &MockServer, body: &str) {
    Mock::given(method("GET"))
        .and(path_regex("^/collection/v1_0/requesttopay/"))
        .respond_with(raw(200, body))
        .mount(host)
        .await;
}

fn result(extra: Value) -> Value {
    let mut body = serde_json::to_value(price()).unwrap();
    for (name, value) in extra.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// K8, K23, K30, K32: states and reasons as they have been seen.
#[tokio::test]
async fn every_shape_of_a_result_is_read() {
    for (extra, status, code) in [
        (json!({ "status": "FAILED", "reason": "APPROVAL_REJECTED" }), Status::Failed, Some("APPROVAL_REJECTED")),
        (
            json!({ "status": "FAILED", "reason": { "code": "EXPIRED", "message": "approval window closed" } }),
            Status::Failed,
            Some("EXPIRED"),
        ),
        (json!({ "status": "FAILED", "reason": { "code": "EXPIRED" } }), Status::Failed, Some("EXPIRED")),
        (
            json!({ "status": "FAILED", "reason": "TRANSACTION_CANCELED." }),
            Status::Failed,
            Some("TRANSACTION_CANCELED"),
        ),
        (json!({ "status": "FAILED", "reason": "A_NEW_ONE" }), Status::Failed, Some("A_NEW_ONE")),
        (json!({ "status": "FAILED" }), Status::Failed, None),
        (json!({ "status": "CREATED" }), Status::Created, None),
        (json!({ "status": "ONGOING" }), Status::Other { raw: "ONGOING".into() }, None),
        (
            json!({ "status": "SUCCESSFUL", "amount": 25.5, "financialTransactionId": 4_180_552_071_u64 }),
            Status::Successful,
            None,
        ),
        (
            json!({ "status": "SUCCESSFUL", "amount": "25.5", "reason": null, "payeeNote": null, "new": {} }),
            Status::Successful,
            None,
        ),
    ] {
        let host = host().await;
        found(&host, &result(extra.clone()).to_string()).await;
        let read = collections(&host).request_to_pay_status(new_reference().unwrap()).await.unwrap();
        assert_eq!(read.status, status, "{extra}");
        assert_eq!(read.reason.as_ref().map(|reason| reason.code.as_str()), code, "{extra}");
        assert_eq!(read.amount, "25.5".parse().unwrap(), "{extra}");
    }
}

/// K32: `CREATED`, then done; an unknown state counts as open, too.
#[tokio::test]
async fn what_is_neither_successful_nor_failed_is_open() {
    let host = host().await;
    for status in ["CREATED", "ONGOING", "PENDING"] {
        Mock::given(method("GET"))
            .and(path_regex("^/collection/v1_0/requesttopay/"))
            .respond_with(raw(200, &result(json!({ "status": status })).to_string()))
            .up_to_n_times(1)
            .mount(&host)
            .await;
    }
    found(&host, &result(json!({ "status": "SUCCESSFUL" })).to_string()).await;
    let patience = Patience { first_delay_ms: 100, most_delay_ms: 100, deadline_s: 60 };
    let collections = collections(&host);
    let end = collections.wait_for_request_to_pay(new_reference().unwrap(), Some(patience)).await.unwrap();
    assert_eq!(end.status, Status::Successful);
}

/// K3, K29, S4: 202 with no body is usual; other statuses of success and bodies have been seen.
#[tokio::test]
async fn any_2xx_is_accepted_with_any_body() {
    for answer in [raw(202, ""), raw(200, ""), raw(201, "{}"), raw(202, "Accepted"), raw(202, "<html/>")] {
        let host = host().await;
        Mock::given(method("POST"))
            .and(path("/collection/v1_0/requesttopay"))
            .respond_with(answer)
            .expect(1)
            .mount(&host)
            .await;
        collections(&host).request_to_pay(price(), None, None).await.unwrap();
    }
    // But not a page of some proxy: then the reference is asked about.
    let proxied = host().await;
    Mock::given(method("POST"))
        .and(path("/collection/v1_0/requesttopay"))
        .respond_with(raw(200, "<html/>"))
        .expect(1)
        .mount(&proxied)
        .await;
    found(&proxied, &result(json!({ "status": "PENDING" })).to_string()).await;
    collections(&proxied).request_to_pay(price(), None, None).await.unwrap();
    // A read needs its fields.
    let host = host().await;
    Mock::given(method("GET")).respond_with(raw(200, "")).expect(3).mount(&host).await;
    let error = collections(&host).basic_user_info(Party::msisdn(NUMBER)).await.unwrap_err();
    assert!(matches!(error, FlorinError::Unavailable { .. }), "{error:?}");
}

/// K7, section 4: a wrong pair is 401, or 500 with `login_failed`; a wrong subscription key is the gateway's 401.
#[tokio::test]
async fn a_wrong_pair_is_bad_credentials_and_not_tried_again() {
    for answer in [
        raw(401, r#"{"error":"login_failed"}"#),
        raw(500, r#"{"error":"login_failed"}"#),
        raw(401, r#"{"statusCode":401,"message":"Access denied due to invalid subscription key."}"#),
        raw(401, ""),
    ] {
        let host = MockServer::start().await;
        Mock::given(path("/collection/token/")).respond_with(answer).expect(1).mount(&host).await;
        let error = collections(&host).request_to_pay(price(), None, None).await.unwrap_err();
        assert!(matches!(error, FlorinError::Unauthorized { .. }), "{error:?}");
    }
    // An empty 500 is the service's trouble: asked again.
    let host = MockServer::start().await;
    Mock::given(path("/collection/token/")).respond_with(raw(500, "")).expect(3).mount(&host).await;
    let error = collections(&host).balance().await.unwrap_err();
    assert!(matches!(error, FlorinError::Unavailable { .. }), "{error:?}");
}

/// K31 and section 13: `expires_in` as a text or with a point; `token_type` missing.
#[tokio::test]
async fn tokens_are_read_with_little_in_them() {
    for token in [
        r#"{"access_token":"t","expires_in":"3600"}"#,
        r#"{"access_token":"t","token_type":"Bearer","expires_in":3600.0}"#,
        r#"{"access_token":"t","token_type":"access_token","expires_in":3600,"scope":"x"}"#,
    ] {
        let host = MockServer::start().await;
        Mock::given(path("/collection/token/")).respond_with(raw(200, token)).expect(1).mount(&host).await;
        Mock::given(method("GET"))
            .and(header("authorization", "Bearer t"))
            .respond_with(raw(200, r#"{"availableBalance":1000,"currency":"EUR"}"#))
            .mount(&host)
            .await;
        let balance = collections(&host).balance().await.unwrap();
        assert_eq!(balance.available_balance.to_string(), "1000");
    }
}

/// Section 1: the newer host sends a page of HTML with 403.
#[tokio::test]
async fn a_page_of_html_is_a_refusal_or_proves_nothing() {
    let host = MockServer::start().await;
    Mock::given(path("/collection/token/")).respond_with(raw(403, "<html>no</html>")).expect(1).mount(&host).await;
    let error = collections(&host).balance().await.unwrap_err();
    assert!(matches!(&error, FlorinError::Refused { code: 403, name, .. } if name == "HTTP_403"), "{error:?}");
    assert_eq!(refusal(&error), None);
}

/// K13: an unknown holder is 404 in the sandbox, and `false` elsewhere.
#[tokio::test]
async fn a_holder_that_is_not_there_is_no_fault() {
    for (answer, expected) in [
        (raw(404, r#"{"code":"RESOURCE_NOT_FOUND","message":"Requested resource was not found."}"#), None),
        (raw(200, r#"{"result":false}"#), Some(false)),
        (raw(200, r#"{"result":true}"#), Some(true)),
    ] {
        let host = host().await;
        // K14: lower case.
        Mock::given(method("GET"))
            .and(path(format!("/collection/v1_0/accountholder/msisdn/{NUMBER}/active")))
            .respond_with(answer)
            .expect(1)
            .mount(&host)
            .await;
        assert_eq!(collections(&host).is_active(Party::msisdn(NUMBER)).await.unwrap(), expected);
    }
}

/// Section 8: 500 with the caller's mistake in it, on a read; other 500s and 503 are asked again.
#[tokio::test]
async fn the_code_decides_whether_a_read_is_repeated() {
    for (status, code, times) in [
        (500, "NOT_ALLOWED", 1),
        (500, "NOT_ALLOWED_TARGET_ENVIRONMENT", 1),
        (500, "RESOURCE_NOT_FOUND", 1),
        (500, "INTERNAL_PROCESSING_ERROR", 3),
        (503, "SERVICE_UNAVAILABLE", 3),
    ] {
        let host = host().await;
        let body = format!(r#"{{"code":"{code}","message":"m"}}"#);
        Mock::given(method("GET")).respond_with(raw(status, &body)).expect(times).mount(&host).await;
        let error = collections(&host).balance().await.unwrap_err();
        assert_eq!(matches!(error, FlorinError::Refused { .. }), times == 1, "{error:?}");
    }
}

/// Section 7: a notification's 429 means that it was sent before; elsewhere it is the gateway's.
#[tokio::test]
async fn a_second_notification_is_refused_and_not_sent_again() {
    for (status, body, name) in [
        (429, "", "HTTP_429"),
        (429, r#"{"statusCode":429,"message":"sent before"}"#, "HTTP_429"),
        (410, "", "HTTP_410"),
        (409, r#"{"code":"NOT_SUCCESSFULLY_COMPLETED"}"#, "NOT_SUCCESSFULLY_COMPLETED"),
        (404, "", "RESOURCE_NOT_FOUND"),
    ] {
        let host = host().await;
        Mock::given(method("POST"))
            .and(path_regex("/deliverynotification$"))
            .and(header("notificationMessage", "Your order left"))
            .and(header("language", "en"))
            .respond_with(raw(status, body))
            .expect(1)
            .mount(&host)
            .await;
        let reference = new_reference().unwrap();
        let notify = collections(&host).notify(reference, "Your order left".into(), Some("en".into())).await;
        assert!(matches!(&notify, Err(FlorinError::Refused { name: n, .. }) if n == name), "{notify:?}");
    }
}

/// Section 3 and K3: a user is made once although its answer is lost; a key with 200 is a key.
#[tokio::test]
async fn provisioning_survives_lost_answers() {
    let host = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/v1_0/apiuser"))
        .respond_with(raw(500, ""))
        .up_to_n_times(1)
        .mount(&host)
        .await;
    Mock::given(method("POST"))
        .and(path("/v1_0/apiuser"))
        .respond_with(raw(409, r#"{"code":"RESOURCE_ALREADY_EXIST","message":"Duplicated reference id."}"#))
        .mount(&host)
        .await;
    Mock::given(method("GET"))
        .and(path_regex("^/v1_0/apiuser/[0-9a-f-]{36}$"))
        .respond_with(raw(200, r#"{"providerCallbackHost":"shop.example","targetEnvironment":"sandbox"}"#))
        .mount(&host)
        .await;
    Mock::given(method("POST"))
        .and(path_regex("^/v1_0/apiuser/[0-9a-f-]{36}/apikey$"))
        .respond_with(raw(200, r#"{"apiKey":"9a3d5c1e7b0f42c6a8e4d2b1907f6a53"}"#))
        .mount(&host)
        .await;
    let provisioning = Provisioning::new(impatient(&host), crate::platform::SUBSCRIPTION.into()).unwrap();
    let user = provisioning.create_user("shop.example".into(), None).await.unwrap();
    assert_eq!(provisioning.create_key(user).await.unwrap().expose(), "9a3d5c1e7b0f42c6a8e4d2b1907f6a53");
    // Another host under the same id is a conflict.
    let error = provisioning.create_user("other.example".into(), Some(user)).await.unwrap_err();
    assert_eq!(refusal(&error), Some(ReasonCode::ResourceAlreadyExist));
    for request in host.received_requests().await.unwrap() {
        assert!(!request.headers.contains_key("authorization"));
        assert!(!request.headers.contains_key("x-target-environment"));
    }
}

/// K20: which of the two goes with `bc-authorize`, as each product's file has it; the consent's token is its own.
#[tokio::test]
async fn consents_are_asked_for_as_each_product_has_it() {
    let host = host().await;
    for (product, auth) in [("collection", "Bearer t"), ("disbursement", "Basic "), ("remittance", "Basic ")] {
        Mock::given(method("POST"))
            .and(path(format!("/{product}/v1_0/bc-authorize")))
            .and(header("content-type", "application/x-www-form-urlencoded"))
            .and(move |request: &wiremock::Request| {
                request.headers["authorization"].to_str().unwrap().starts_with(auth)
                    && request.body == b"access_type=offline&login_hint=ID%3A256770000001%2FMSISDN&scope=profile"
            })
            .respond_with(raw(200, r#"{"auth_req_id":"r","interval":"5","expires_in":3600}"#))
            .expect(1)
            .mount(&host)
            .await;
    }
    let ask = || BcAuthorize::new(format!("ID:{NUMBER}/MSISDN"), "profile".into(), "offline".into());
    let journal = || Arc::new(MemoryJournal::default());
    let collections = collections(&host);
    let asked = collections.ask_for_consent(ask(), None).await.unwrap();
    assert_eq!((asked.auth_req_id.expose(), asked.interval), ("r", 5));
    let disbursements = Disbursements::new(impatient(&host), credentials(), journal()).unwrap();
    disbursements.ask_for_consent(ask(), None).await.unwrap();
    let remittances = Remittances::new(impatient(&host), credentials(), journal()).unwrap();
    remittances.ask_for_consent(ask(), None).await.unwrap();

    Mock::given(method("POST"))
        .and(path("/collection/oauth2/token/"))
        .and(|request: &wiremock::Request| {
            request.body == b"auth_req_id=r&grant_type=urn%3Aopenid%3Aparams%3Agrant-type%3Aciba"
        })
        .respond_with(raw(400, r#"{"error":"authorization_pending"}"#))
        .up_to_n_times(1)
        .mount(&host)
        .await;
    let grant = || Oauth2TokenRequest::ciba("r".into());
    let error = collections.consent_token(grant()).await.unwrap_err();
    assert!(error.to_string().contains("authorization_pending"), "{error}");
    Mock::given(method("POST"))
        .and(path("/collection/oauth2/token/"))
        .respond_with(raw(200, r#"{"access_token":"consent","expires_in":3600,"refresh_token":"f"}"#))
        .mount(&host)
        .await;
    let token = collections.consent_token(grant()).await.unwrap();
    Mock::given(method("GET"))
        .and(path("/collection/oauth2/v1_0/userinfo"))
        .and(header("authorization", "Bearer consent"))
        .respond_with(raw(200, r#"{"sub":0,"given_name":"Sand","updated_at":1e3}"#))
        .mount(&host)
        .await;
    let info = collections.user_info(token.access_token).await.unwrap();
    assert_eq!((info.given_name.as_deref(), info.updated_at), (Some("Sand"), Some(1000)));
}

/// Section 5 and configuration: another country's currency is refused before it is sent.
#[tokio::test]
async fn only_the_targets_currencies_are_sent() {
    let target = Target::Production { environment: "mtnuganda".into(), currency: "UGX".into() };
    let options = Options::new(target);
    assert_eq!(options.client.base_url, "https://proxy.momoapi.mtn.com");
    let collections = Collections::new(options, credentials(), Arc::new(MemoryJournal::default())).unwrap();
    let error = collections.request_to_pay(price(), None, None).await.unwrap_err();
    assert!(matches!(&error, FlorinError::InvalidInput { field, .. } if field == "currency"), "{error:?}");
    let sandbox = Options::new(Target::Sandbox);
    assert_eq!((sandbox.environment.as_str(), sandbox.currencies), ("sandbox", vec!["EUR".to_owned()]));
}
