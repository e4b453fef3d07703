//! Which bytes go over the wire.

use crate::lab::{transfer, transferred, wallet};
use florin_sdk_core::client::{Client, ClientOptions, Credential, MoneyCall};
use florin_sdk_core::operation::{
    CreditWallet, DeleteAPIKey, Done, GetWallet, GetWalletTransactionList, Moved, TransactionList, Transferred,
};
use serde_json::json;
use wiremock::matchers::{
    body_bytes, body_json, header, header_exists, method, path, query_param, query_param_is_missing,
};
use wiremock::{Mock, MockServer, ResponseTemplate};

fn client(server: &MockServer) -> Client {
    Client::new(ClientOptions::new(server.uri()), Credential::ApiKey("KEY".into())).unwrap()
}

fn ok() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({ "resultcode": 10000, "resultmessage": "Ok" }))
}

#[tokio::test]
async fn a_get_has_its_fields_in_the_path_and_the_query() {
    let server = MockServer::start().await;
    let expect = |at: &str| Mock::given(method("GET")).and(path(at)).and(body_bytes(b"".as_slice()));
    let wallet = || ResponseTemplate::new(200).set_body_json(wallet());
    expect("/api/v1/wallet/waid_1234567812345678").respond_with(wallet()).expect(1).mount(&server).await;
    expect("/api/v1/wallet").respond_with(wallet()).expect(1).mount(&server).await;
    let list = json!({ "resultcode": 10000, "resultmessage": "Ok", "transactionlist": [], "unknown": 1 });
    expect("/api/v1/wallet/transactionlist")
        .and(query_param("limit", "7"))
        .and(query_param("from", "2026-01-31T12:00:00Z"))
        .and(query_param_is_missing("after"))
        .respond_with(ResponseTemplate::new(200).set_body_json(list))
        .expect(1)
        .mount(&server)
        .await;

    let client = client(&server);
    let waid = Some("waid_1234567812345678".parse().unwrap());
    client.send(&GetWallet { waid }).await.unwrap();
    client.send(&GetWallet { waid: None }).await.unwrap();
    let request = GetWalletTransactionList {
        waid: None,
        limit: Some(7),
        after: None,
        reference_id: None,
        from: Some("2026-01-31T12:00:00Z".parse().unwrap()),
        to: None,
    };
    let page = client.send(&request).await.unwrap();
    assert_eq!(page, TransactionList { transactions: vec![], next: None });
}

#[tokio::test]
async fn a_post_has_its_fields_in_the_body_and_its_reference_in_the_header() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/api/v1/wallet/transfer"))
        .and(header("x-apikey", "KEY"))
        .and(header("content-type", "application/json"))
        .and(header("idempotency-key", "order-17"))
        .and(body_json(json!({
            "amount": "12.50", "currency": "EUR.acme", "sourcewaid": "waid_1111111111111111",
            "destinationwaid": "waid_2222222222222222",
        })))
        .respond_with(
            ResponseTemplate::new(200).insert_header("idempotency-replayed", "true").set_body_json(transferred()),
        )
        .expect(1)
        .mount(&server)
        .await;
    let call = MoneyCall::new(&transfer(), Some("order-17".into())).unwrap();
    client(&server).send_money::<Transferred>(&call).await.unwrap();
}

#[tokio::test]
async fn a_reference_in_the_body_is_also_in_the_header() {
    let server = MockServer::start().await;
    let moved = json!({ "resultcode": 10000, "txid": "txid_1234567812345678", "waid": "waid_1234567812345678" });
    Mock::given(method("POST"))
        .and(path("/api/v1/wallet/credit"))
        .and(header("idempotency-key", "order-17"))
        .and(body_json(json!({
            "amount": "1", "currency": "EUR", "provideruserid": "alice", "referenceid": "order-17",
        })))
        .respond_with(ResponseTemplate::new(200).set_body_json(moved))
        .expect(1)
        .mount(&server)
        .await;
    let credit = CreditWallet {
        currency: "EUR".parse().unwrap(),
        amount: "1".parse().unwrap(),
        provider_user_id: Some("alice".into()),
        uuid: None,
        waid: None,
        reference_id: Some("order-17".into()),
        description: None,
    };
    let call = MoneyCall::new(&credit, None).unwrap();
    client(&server).send_money::<Moved>(&call).await.unwrap();
}

#[tokio::test]
async fn a_delete_has_no_body() {
    let server = MockServer::start().await;
    Mock::given(method("DELETE"))
        .and(path("/api/v1/profile/apikey/akid_1234567812345678"))
        .and(header_exists("x-apikey"))
        .and(body_bytes(b"".as_slice()))
        .respond_with(ok())
        .expect(1)
        .mount(&server)
        .await;
    let delete = DeleteAPIKey { akid: "akid_1234567812345678".parse().unwrap(), upid: None };
    assert_eq!(client(&server).send(&delete).await.unwrap(), Done {});
}
