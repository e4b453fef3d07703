//! Each call of the client.

use async_trait::async_trait;
use florin_sdk_core::client::transport::{Lost, WireAnswer, WireRequest};
use florin_sdk_core::client::{Client, FreshToken, Transport};
use florin_sdk_mobile::operation::{GetPaymentTransactionList, GetWalletTransactionList};
use florin_sdk_mobile::{CancelToken, ClientOptions, FlorinError, MobileClient, Secret, TokenError, TokenSource};
use futures_util::{StreamExt, TryStreamExt};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// Answers each path with what it was given, and remembers what came.
#[derive(Default)]
struct Platform {
    answers: Mutex<Vec<(&'static str, Value)>>,
    log: Mutex<Vec<String>>,
}

#[async_trait]
impl Transport for Platform {
    async fn exchange(&self, request: WireRequest) -> Result<WireAnswer, Lost> {
        assert_eq!(request.headers["authorization"], "Bearer mobile-token");
        self.log.lock().unwrap().push(format!("{} {}", request.method.as_str(), request.target));
        let mut answers = self.answers.lock().unwrap();
        let body = match answers.iter().position(|(target, _)| *target == request.target) {
            Some(found) => {
                let mut answer = answers.remove(found).1;
                answer["resultcode"] = 10000.into();
                answer
            }
            None => json!({ "resultcode": 20005, "resultmessage": "no such thing" }),
        };
        Ok(WireAnswer { status: 200, request_id: None, body: body.to_string().into_bytes() })
    }
}

struct Fixed;

#[async_trait]
impl FreshToken for Fixed {
    async fn fresh_token(&self) -> Result<Secret, FlorinError> {
        Ok("mobile-token".into())
    }
}

fn client(answers: Vec<(&'static str, Value)>) -> (Arc<Platform>, Arc<MobileClient>) {
    let platform = Arc::new(Platform { answers: Mutex::new(answers), ..Platform::default() });
    let credential = florin_sdk_core::client::Credential::Source(Arc::new(Fixed));
    let options = ClientOptions::new("http://127.0.0.1");
    let client = Client::with_transport(options, credential, Arc::clone(&platform) as _).unwrap();
    (platform, MobileClient::from_client(client))
}

fn transactions() -> GetWalletTransactionList {
    serde_json::from_str("{}").unwrap()
}

fn payments() -> GetPaymentTransactionList {
    serde_json::from_str("{}").unwrap()
}

#[tokio::test]
async fn each_call_sends_its_operation() {
    let (platform, client) = client(vec![]);
    client.me().await.unwrap_err();
    client.wallet(None).await.unwrap_err();
    client.wallet(Some("waid_1234567812345678".parse().unwrap())).await.unwrap_err();
    client.wallets().await.unwrap_err();
    client.transactions(transactions()).await.unwrap_err();
    client.transaction_pages(transactions()).next().await.unwrap_err();
    client.transaction("txid_1234567812345678".parse().unwrap()).await.unwrap_err();
    client.payment("prid_1234567812345678".parse().unwrap()).await.unwrap_err();
    client.payments(payments()).await.unwrap_err();
    client.payment_pages(payments()).next().await.unwrap_err();
    client.settings().await.unwrap_err();
    client.currencies().await.unwrap_err();
    client.roles().await.unwrap_err();
    assert_eq!(
        *platform.log.lock().unwrap(),
        [
            "GET /api/v1/me",
            "GET /api/v1/wallet",
            "GET /api/v1/wallet/waid_1234567812345678",
            "GET /api/v1/wallet/list",
            "GET /api/v1/wallet/transactionlist",
            "GET /api/v1/wallet/transactionlist",
            "GET /api/v1/wallet/transaction/txid_1234567812345678",
            "GET /api/v1/payment/prid_1234567812345678",
            "GET /api/v1/payment/transactionlist",
            "GET /api/v1/payment/transactionlist",
            "GET /api/v1/settings",
            "GET /api/v1/static/currencylist",
            "GET /api/v1/static/rolelist",
        ]
    );
}

#[tokio::test]
async fn values_this_version_does_not_know_are_kept() {
    let payment = json!({
        "statuscode": 99, "statusmessage": "Teleported", "prid": "prid_1234567812345678", "merchantname": "Café",
        "amount": "12.50", "currency": "EUR.acme", "destinationwaid": "waid_1234567812345678", "method": "wallet",
        "tip": false, "somethingnew": [1, 2, 3],
    });
    let user = json!({ "user": {
        "uuid": "uuid_1234567812345678", "upid": "upid_1234567812345678", "waid": "waid_1234567812345678",
        "provideruserid": "alice", "status": "hibernating", "created": "2026-01-31T12:00:00Z",
    }});
    let (_, client) = client(vec![("/api/v1/payment/prid_1234567812345678", payment), ("/api/v1/me", user)]);
    let payment = client.payment("prid_1234567812345678".parse().unwrap()).await.unwrap();
    assert_eq!(u32::from(payment.status), 99);
    assert_eq!(payment.amount.to_string(), "12.50");
    assert_eq!(client.me().await.unwrap().status.as_str(), "hibernating");
}

#[tokio::test]
async fn a_history_is_walked() {
    let transaction = |number: u32| {
        json!({
            "amount": "-1.50", "balance": "8.50", "fee": "0", "txid": format!("txid_{number:016}"), "description": "",
            "currency": "EUR.acme", "state": "Completed", "currencycode": 1001, "type": "debit",
            "timestamp": "2026-01-31T12:00:00Z",
        })
    };
    let answers = vec![
        ("/api/v1/wallet/transactionlist", json!({ "transactionlist": [transaction(1), transaction(2)], "next": "x" })),
        ("/api/v1/wallet/transactionlist?after=x", json!({ "transactionlist": [transaction(3)] })),
    ];
    let (_, client) = client([answers.clone(), answers].concat());
    let all: Vec<_> = client.all_transactions(transactions()).try_collect().await.unwrap();
    assert_eq!(all.iter().map(|t| t.txid.number()).collect::<Vec<_>>(), [1, 2, 3]);
    let pages = client.transaction_pages(transactions());
    assert_eq!(pages.next().await.unwrap().unwrap().len(), 2);
    assert_eq!(pages.next().await.unwrap().unwrap().len(), 1);
    assert_eq!(pages.next().await.unwrap(), None);
    let mut stream = Box::pin(client.all_payments(payments()));
    assert!(stream.next().await.unwrap().is_err());
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn cancelled_reads_end() {
    let (platform, client) = client(vec![]);
    let token = CancelToken::new();
    let cancelled = client.cancelled_by(Arc::clone(&token));
    let pages = cancelled.transaction_pages(transactions());
    token.cancel();
    assert_eq!(cancelled.me().await, Err(FlorinError::Cancelled));
    assert_eq!(pages.next().await, Err(FlorinError::Cancelled));
    assert!(platform.log.lock().unwrap().is_empty());
    assert!(matches!(client.me().await, Err(FlorinError::Refused { .. })), "the client itself goes on");
}

struct Failing(TokenError);

#[async_trait]
impl TokenSource for Failing {
    async fn fresh_token(&self) -> Result<Secret, TokenError> {
        Err(self.0.clone())
    }
}

#[tokio::test]
async fn what_the_apps_token_source_says_is_what_the_app_gets() {
    let reason = || "so it is".to_owned();
    for (error, signed_out) in [
        (TokenError::Denied { reason: reason() }, true),
        (TokenError::Unexpected { reason: reason() }, true),
        (TokenError::Unavailable { reason: reason() }, false),
    ] {
        let options = ClientOptions::new("http://127.0.0.1:9");
        let client = MobileClient::new(options, Arc::new(Failing(error))).unwrap();
        let error = client.me().await.unwrap_err();
        assert_eq!(matches!(error, FlorinError::Unauthorized { code: None, .. }), signed_out, "{error}");
        assert_eq!(matches!(error, FlorinError::Unavailable { code: None, .. }), !signed_out, "{error}");
        assert!(error.to_string().contains("so it is"));
    }
}

#[test]
fn calls_can_go_to_another_thread() {
    fn sendable<T: Send>(_: &T) {}
    let (_, client) = client(vec![]);
    sendable(&client.me());
    sendable(&client.all_transactions(transactions()));
}
