//! What the npm client plays in tests/momo-client, played by ours.

use super::{api_user, collections, credentials, disbursements, options, subscription};
use florin_sdk_server::momo::*;
use florin_sdk_server::{FlorinError, MemoryJournal};
use florin_tests::http::Api;
use florin_tests::server::Server;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

const PATIENCE: Option<Patience> = Some(Patience { first_delay_ms: 100, most_delay_ms: 500, deadline_s: 60 });

fn price(number: &str) -> RequestToPay {
    RequestToPay::new("12.50".parse().unwrap(), "EUR".into(), "order-1".into(), Party::msisdn(number))
}

fn payout(number: &str) -> Transfer {
    Transfer::new("12.50".parse().unwrap(), "EUR".into(), "out-1".into(), Party::msisdn(number))
}

fn documented(operation: &str) -> Vec<(String, Value)> {
    let facts: Value = serde_json::from_str(include_str!("../../spec/momo/endpoints.json")).unwrap();
    let values = facts["sandbox"][operation]["values"].as_object().unwrap();
    values.iter().map(|(number, outcome)| (number.clone(), outcome.clone())).collect()
}

async fn clock(api: &Api, seconds: u32) {
    let body = json!({ "advanceSeconds": seconds }).to_string().into_bytes();
    assert_eq!(api.exchange("POST", "/sandbox/momo/clock", Some(body)).await.status, 200);
}

/// Takes callbacks on this machine: method, target and body of each.
async fn receiver() -> (String, mpsc::UnboundedReceiver<(String, String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (sender, received) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut bytes = Vec::new();
            // The body is JSON: complete when it parses.
            let (head, body) = loop {
                let mut chunk = [0; 4096];
                let read = stream.read(&mut chunk).await.unwrap();
                bytes.extend_from_slice(&chunk[..read]);
                let text = String::from_utf8_lossy(&bytes).into_owned();
                match text.split_once("\r\n\r\n") {
                    Some((head, body)) if serde_json::from_str::<Value>(body).is_ok() => {
                        break (head.to_owned(), body.as_bytes().to_vec());
                    }
                    _ => assert!(read > 0, "half a callback: {text}"),
                }
            };
            let mut line = head.split(' ').map(str::to_owned);
            let (method, target) = (line.next().unwrap(), line.next().unwrap());
            sender.send((method, target, body)).unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await.unwrap();
        }
    });
    (base, received)
}

fn journal() -> Arc<MemoryJournal> {
    Arc::new(MemoryJournal::default())
}

#[tokio::test]
async fn our_client_lives_its_whole_life_against_the_sandbox() {
    let (server, _) = Server::fresh().await;
    let base = server.base();
    let user = api_user(&base).await;
    let (receiver, mut callbacks) = receiver().await;
    let mut with_callback = options(&base);
    with_callback.callback_url = Some(format!("{receiver}/momo/{{reference}}"));
    let collections = collections(with_callback.clone(), &user, journal());
    let disbursements = disbursements(with_callback, &user, journal());

    // Paid, told, and in the balance.
    let before = collections.balance().await.unwrap();
    assert_eq!(before.currency, "EUR");
    let reference = collections.request_to_pay(price("256770000001"), None, None).await.unwrap();
    let paid = collections.wait_for_request_to_pay(reference, PATIENCE).await.unwrap();
    assert_eq!(paid.status, Status::Successful);
    let after = collections.balance().await.unwrap();
    let gained = after.available_balance.decimal() - before.available_balance.decimal();
    assert_eq!(gained.to_string(), "12.5");
    let (method, target, body) =
        tokio::time::timeout(Duration::from_secs(60), callbacks.recv()).await.unwrap().unwrap();
    let told = read_callback(&method, &target, &body).unwrap();
    assert_eq!((method.as_str(), told.reference, told.status), ("PUT", Some(reference), Status::Successful));
    assert_eq!(typed_callback::<RequestToPayOperation>(&method, &body).unwrap(), paid);

    // The same under the same reference is ours; another is a conflict; neither moves anything.
    collections.request_to_pay(price("256770000001"), Some(reference), None).await.unwrap();
    let other = RequestToPay { amount: "12.51".parse().unwrap(), ..price("256770000001") };
    let error = collections.request_to_pay(other, Some(reference), None).await.unwrap_err();
    assert_eq!(refusal(&error), Some(ReasonCode::ResourceAlreadyExist));
    assert_eq!(collections.balance().await.unwrap(), after);

    // A transfer, and a reference that nobody used.
    let sent = disbursements.transfer(payout("256770000002"), None, None).await.unwrap();
    let sent = disbursements.wait_for_transfer(sent, PATIENCE).await.unwrap();
    assert_eq!(sent.status, Status::Successful);
    assert_eq!(disbursements.balance().await.unwrap(), before);
    let unknown = new_reference().unwrap();
    for error in [
        collections.request_to_pay_status(unknown).await.unwrap_err(),
        disbursements.transfer_status(unknown).await.unwrap_err(),
    ] {
        assert_eq!(refusal(&error), Some(ReasonCode::ResourceNotFound));
    }

    // A callback to another host is a caller's mistake, and makes nothing.
    let elsewhere = Some("http://elsewhere.example/".to_owned());
    let error = disbursements.transfer(payout("256770000002"), Some(unknown), elsewhere).await.unwrap_err();
    assert_eq!(refusal(&error), Some(ReasonCode::InvalidCallbackUrlHost));
    disbursements.transfer_status(unknown).await.unwrap_err();

    // A refund of what was paid, and a message to who paid it.
    let back = Refund::new("2.50".parse().unwrap(), "EUR".into(), "back-1".into(), String::from(reference));
    let back = disbursements.refund(back, None, None).await.unwrap();
    assert_eq!(disbursements.wait_for_refund(back, PATIENCE).await.unwrap().status, Status::Successful);
    collections.notify(reference, "Your order left the shop".into(), Some("en".into())).await.unwrap();
    let error = collections.notify(reference, "Again".into(), None).await.unwrap_err();
    assert!(matches!(error, FlorinError::Refused { code: 429, .. }), "{error:?}");

    // Holders.
    assert_eq!(collections.is_active(Party::msisdn("256770000001")).await.unwrap(), Some(true));
    assert_eq!(collections.is_active(Party::msisdn("46733123451")).await.unwrap(), Some(false));
    assert_eq!(collections.is_active(Party::msisdn("46733123450")).await.unwrap(), None);
    let error = collections.is_active(Party::msisdn("46733123455")).await.unwrap_err();
    assert!(matches!(error, FlorinError::Unavailable { code: Some(503), .. }), "{error:?}");
    let info = collections.basic_user_info(Party::msisdn("256770000001")).await.unwrap();
    assert!(info.given_name.is_some());
}

#[tokio::test]
async fn each_test_number_ends_as_documented() {
    let (server, _) = Server::fresh().await;
    let user = api_user(&server.base()).await;
    let collections = collections(options(&server.base()), &user, journal());
    let disbursements = disbursements(options(&server.base()), &user, journal());
    let mut open = Vec::new();
    for (number, outcome) in documented("request_to_pay") {
        let reference = collections.request_to_pay(price(&number), None, None).await.unwrap();
        if outcome["status"] == "PENDING" {
            open.push((reference, outcome["later"].clone()));
            continue;
        }
        let end = collections.wait_for_request_to_pay(reference, PATIENCE).await.unwrap();
        assert_eq!(end.status, Status::Failed, "{number}");
        assert_eq!(end.reason.unwrap().code.as_str(), outcome["reason"], "{number}");
    }
    for (number, outcome) in documented("transfer") {
        let reference = disbursements.transfer(payout(&number), None, None).await.unwrap();
        if outcome["status"] == "FAILED" {
            let end = disbursements.wait_for_transfer(reference, PATIENCE).await.unwrap();
            assert_eq!(end.reason.unwrap().code.as_str(), outcome["reason"], "{number}");
        }
    }
    assert_eq!(open.len(), 2);
    // The one that succeeds late, and the one that nobody ever approves.
    clock(&server.api(), 30).await;
    for (reference, later) in &open {
        if later == "SUCCESSFUL" {
            let end = collections.wait_for_request_to_pay(*reference, PATIENCE).await.unwrap();
            assert_eq!(end.status, Status::Successful);
        } else {
            assert!(!collections.request_to_pay_status(*reference).await.unwrap().status.is_final());
        }
    }
    clock(&server.api(), 300).await;
    for (reference, _) in open.iter().filter(|(_, later)| later.is_null()) {
        let end = collections.wait_for_request_to_pay(*reference, PATIENCE).await.unwrap();
        assert_eq!(end.reason.unwrap().code, ReasonCode::CouldNotPerformTransaction);
    }
}

#[tokio::test]
async fn wrong_keys_open_nothing() {
    let (server, initialised) = Server::fresh().await;
    let base = server.base();
    let user = api_user(&base).await;
    let unauthorized = |result: Result<AccountBalance, FlorinError>| {
        let error = result.unwrap_err();
        assert!(matches!(error, FlorinError::Unauthorized { .. }), "{error:?}");
    };
    // Another product's subscription key, a wrong one, and a wrong pair.
    for credentials in [
        credentials("disbursement", &user),
        Credentials { subscription_key: "0".repeat(32).into(), ..credentials("collection", &user) },
        Credentials { api_key: "0".repeat(32).into(), ..credentials("collection", &user) },
        Credentials { api_key: initialised.apikey.into(), ..credentials("collection", &user) },
    ] {
        unauthorized(Collections::new(options(&base), credentials, journal()).unwrap().balance().await);
    }
    let provisioning = Provisioning::new(options(&base), "0".repeat(32).into()).unwrap();
    let error = provisioning.create_user("127.0.0.1".into(), None).await.unwrap_err();
    assert!(matches!(error, FlorinError::Unauthorized { .. }), "{error:?}");
    // A key that was replaced is void; the new one is good.
    let provisioning = Provisioning::new(options(&base), subscription("collection")).unwrap();
    let key = provisioning.create_key(user.0.parse().unwrap()).await.unwrap();
    unauthorized(collections(options(&base), &user, journal()).balance().await);
    collections(options(&base), &(user.0.clone(), key), journal()).balance().await.unwrap();
    assert_eq!(provisioning.user(user.0.parse().unwrap()).await.unwrap().provider_callback_host, "127.0.0.1");
}
