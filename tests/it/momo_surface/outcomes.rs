//! The sandbox: what test values lead to, what is decided by hand or by the clock, and starting again from nothing.

use florin_tests::momo::{Momo, contract, order, send, uuid};
use florin_tests::server::Server;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

/// Makes a body with a test value in it.
type Body = Box<dyn Fn(&str) -> Value + Sync>;

/// The path, the body and the test values of an operation.
fn tables() -> Vec<(&'static str, &'static str, Body)> {
    let pull = |value: &str| order("3", "payer", value);
    let push = |value: &str| order("3", "payee", value);
    vec![
        ("request_to_pay", "/collection/v1_0/requesttopay", Box::new(pull)),
        ("request_to_pay", "/collection/v1_0/requesttowithdraw", Box::new(pull)),
        ("request_to_pay", "/disbursement/v1_0/deposit", Box::new(push)),
        ("transfer", "/disbursement/v1_0/transfer", Box::new(push)),
        ("transfer", "/remittance/v1_0/transfer", Box::new(push)),
        (
            "create_pre_approval",
            "/collection/v2_0/preapproval",
            Box::new(|value| {
                let payer = json!({ "partyIdType": "MSISDN", "partyId": value });
                json!({ "payer": payer, "payerCurrency": "EUR", "payerMessage": "Monthly", "validityTime": "3600" })
            }),
        ),
        (
            "refund",
            "/disbursement/v1_0/refund",
            Box::new(
                |value| json!({ "amount": "3", "currency": "EUR", "externalId": "r", "referenceIdToRefund": value }),
            ),
        ),
        (
            "cash_transfer",
            "/remittance/v2_0/cashtransfer",
            Box::new(|value| {
                let mut body = order("3", "payee", "256770000002");
                body["externalId"] = json!(value);
                body["orginatingCountry"] = json!("UGA");
                body
            }),
        ),
        (
            "create_payment",
            "/collection/v2_0/payment",
            Box::new(|value| {
                json!({
                    "externalTransactionId": "p", "customerReference": "256770000001",
                    "serviceProviderUserName": "Water", "money": { "amount": value, "currency": "EUR" },
                })
            }),
        ),
    ]
}

fn expected(outcome: &Value) -> (Value, Value) {
    let late = outcome["status"] == "PENDING" && outcome["later"] == "SUCCESSFUL";
    let status = if late { json!("SUCCESSFUL") } else { outcome["status"].clone() };
    (status, outcome.get("reason").cloned().unwrap_or(Value::Null))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_documented_test_value_has_its_outcome() {
    let (server, _) = Server::fresh().await;
    let momo = Momo::provision(&server).await;
    let documented = contract()["sandbox"].clone();
    let (mut asked, mut late) = (Vec::new(), 0);
    for (table, path, body) in tables() {
        let values = documented[table]["values"].as_object().unwrap();
        for (value, outcome) in values {
            let reference = uuid();
            let accepted = momo.post(path, &reference, &body(value)).await;
            assert_eq!(accepted.status, 202, "{path} {value}: {}", accepted.body);
            late += usize::from(outcome["status"] == "PENDING");
            asked.push((format!("{path}/{reference}"), value.clone(), outcome.clone()));
        }
    }
    assert!(asked.len() > 100 && late > 12, "{} values, {late} of them pending first", asked.len());
    // What is pending stays so until the clock moves; GET asks nobody but the store.
    for (path, value, _) in asked.iter().filter(|(.., outcome)| outcome["status"] == "PENDING") {
        assert_eq!(momo.get(path).await.expect(200).body["status"], "PENDING", "{path} {value}");
    }
    momo.advance(30).await;
    let is_open = |outcome: &Value| expected(outcome).0 == "PENDING";
    let settled = asked.iter().filter(|(.., outcome)| !is_open(outcome)).map(|(path, value, outcome)| {
        let momo = &momo;
        async move {
            let found = momo.settled(path).await;
            let reason = found["reason"].get("code").unwrap_or(&found["reason"]).clone();
            assert_eq!((found["status"].clone(), reason), expected(outcome), "{path} {value}");
            let moved = found["status"] == "SUCCESSFUL" && !path.contains("preapproval");
            assert_eq!(found["financialTransactionId"].is_string(), moved, "{path} {value}: {found}");
        }
    });
    join_all(settled).await;
    momo.advance(300).await;
    for (path, value, _) in asked.iter().filter(|(.., outcome)| is_open(outcome)) {
        let found = momo.settled(path).await;
        assert_eq!(found["reason"], "COULD_NOT_PERFORM_TRANSACTION", "{path} {value}: five minutes are over");
    }
    assert!(!server.logs().contains("4673312345"), "a number is in the log");
    server.home.verify().await.sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn each_test_holder_has_its_answer() {
    let (server, _) = Server::fresh().await;
    let momo = Momo::provision(&server).await;
    let holders = contract()["sandbox"]["validate_account_holder_status"].clone();
    for kind in ["msisdn", "email", "party_code"] {
        for (value, answer) in holders[kind].as_object().unwrap() {
            let spelt = if value.len() % 2 == 0 { kind.to_uppercase() } else { kind.to_owned() };
            let found = momo.get(&format!("/remittance/v1_0/accountholder/{spelt}/{value}/active")).await;
            assert_eq!(json!(found.status), answer["http"], "{value}");
            match answer.get("code") {
                Some(code) => assert_eq!(found.body["code"], *code, "{value}"),
                None => assert_eq!(found.body, json!({ "result": answer["result"] }), "{value}"),
            }
        }
    }
    let other = momo.get("/collection/v1_0/accountholder/msisdn/256770000001/active").await;
    assert_eq!(other.expect(200).body, json!({ "result": true }));
    let info = momo.get("/collection/v1_0/accountholder/MSISDN/256770000001/basicuserinfo").await.expect(200).body;
    assert_eq!(
        (&info["given_name"], &info["family_name"], &info["birthdate"]),
        (&json!("Sand"), &json!("Box"), &json!("1976-08-13"))
    );
    assert_eq!(momo.get("/collection/v1_0/accountholder/shoe/1/active").await.status, 400);
    assert_eq!(momo.get("/collection/v1_0/accountholder/msisdn/12/active").await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hand_decides_and_settings_and_a_reset_take_effect() {
    let (server, _) = Server::fresh().await;
    let momo = Momo::provision(&server).await;
    let page = momo.bare(Method::GET, "/sandbox/momo").send().await.unwrap().text().await.unwrap();
    assert!(page.contains("MoMo sandbox"));
    momo.sandbox(Method::PUT, "settings", &json!({ "waitForHand": true })).await;
    let verdicts = [
        ("approve", "SUCCESSFUL", Value::Null),
        ("reject", "FAILED", json!("APPROVAL_REJECTED")),
        ("timeout", "FAILED", json!("EXPIRED")),
    ];
    for (verdict, status, reason) in verdicts {
        let reference = momo.request_to_pay("256770000001", "2").await;
        let path = format!("/collection/v1_0/requesttopay/{reference}");
        momo.advance(60).await;
        assert_eq!(momo.get(&path).await.body["status"], "PENDING");
        let listed = momo.bare(Method::GET, "/sandbox/momo/requests");
        let listed = send(listed).await.unwrap().expect(200).body["requests"].clone();
        assert!(listed.as_array().unwrap().iter().any(|one| one["reference"] == reference && !one["due"].is_null()));
        let decided = momo.sandbox(Method::POST, &format!("requests/{reference}/{verdict}"), &json!({})).await;
        assert_eq!((&decided["status"], &decided["reason"]), (&json!(status), &reason));
        assert_eq!(momo.get(&path).await.body["status"], status);
        let again = momo.bare(Method::POST, &format!("/sandbox/momo/requests/{reference}/approve"));
        assert_eq!(send(again).await.unwrap().status, 409, "what is decided stays");
    }
    assert_eq!(momo.balance("EUR").await, "10002", "one of three was paid");
    // A table of one's own.
    let outcomes = json!({ "request_to_pay": { "256770000001": { "status": "FAILED", "reason": "SOMETHING_NEW" } } });
    momo.sandbox(Method::PUT, "settings", &json!({ "outcomes": outcomes, "settleAfterMs": 1 })).await;
    let reference = momo.request_to_pay("256770000001", "2").await;
    let found = momo.settled(&format!("/collection/v1_0/requesttopay/{reference}")).await;
    assert_eq!(found["reason"], "SOMETHING_NEW");
    let wrong = momo.bare(Method::PUT, "/sandbox/momo/settings").json(&json!({ "settleAfter": 1 }));
    assert_eq!(send(wrong).await.unwrap().status, 400);
    // From nothing.
    let open = momo.request_to_pay("46733123453", "2").await;
    momo.sandbox(Method::POST, "reset", &json!({})).await;
    assert_eq!(momo.get(&format!("/collection/v1_0/requesttopay/{open}")).await.status, 401, "tokens are gone");
    assert_eq!(momo.token("collection").await.status, 401, "so are API users");
    let key = momo.subscription_of("collection");
    let make = momo.bare(Method::POST, "/v1_0/apiuser").header("Ocp-Apim-Subscription-Key", &key);
    let make = make.header("X-Reference-Id", &momo.user).json(&json!({ "providerCallbackHost": "127.0.0.1" }));
    assert_eq!(send(make).await.unwrap().status, 201, "their numbers are free again");
    assert_eq!(momo.token("collection").await.status, 401, "under another key");
    let fresh = Momo::provision(&server).await;
    assert_eq!(fresh.balance("EUR").await, "10000");
    assert_eq!(
        fresh.post("/collection/v1_0/requesttopay", &open, &order("1", "payer", "256770000001")).await.status,
        202
    );
    server.home.verify().await.sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn any_currency_a_refund_of_anybodys_and_not_enough_funds() {
    let (server, _) = Server::fresh().await;
    let (seller, payer) = (Momo::provision(&server).await, Momo::provision(&server).await);
    for (currency, amount, after) in [("UGX", "1500", "11500"), ("BTC", "0.00000001", "10000.00000001")] {
        let mut body = order(amount, "payer", "256770000001");
        body["currency"] = json!(currency);
        let reference = uuid();
        let _ = seller.post("/collection/v1_0/requesttopay", &reference, &body).await.expect(202);
        let paid = seller.settled(&format!("/collection/v1_0/requesttopay/{reference}")).await;
        assert_eq!((&paid["status"], &paid["amount"]), (&json!("SUCCESSFUL"), &json!(amount)));
        assert_eq!(seller.balance(&currency.to_lowercase().to_uppercase()).await, after);
        // More decimals than it has: nothing is made.
        body["amount"] = json!(format!("{amount}.5").replace("0.00000001.5", "0.000000001"));
        assert_eq!(seller.post("/collection/v1_0/requesttopay", &uuid(), &body).await.status, 400);
    }
    let paid = seller.request_to_pay("256770000001", "10").await;
    let refund =
        |amount: &str| json!({ "amount": amount, "currency": "EUR", "externalId": "r", "referenceIdToRefund": paid });
    // Too early: it is not paid yet, or it is and then it can be refunded; both are answers.
    seller.settled(&format!("/collection/v1_0/requesttopay/{paid}")).await;
    for (who, amount, status, reason) in [
        (&seller, "4", "SUCCESSFUL", Value::Null),
        (&payer, "5.99", "SUCCESSFUL", Value::Null),
        (&payer, "0.02", "FAILED", json!("NOT_ALLOWED")),
        (&seller, "0.01", "SUCCESSFUL", Value::Null),
        (&seller, "0.01", "FAILED", json!("NOT_ALLOWED")),
    ] {
        let reference = uuid();
        let _ = who.post("/disbursement/v2_0/refund", &reference, &refund(amount)).await.expect(202);
        let done = who.settled(&format!("/disbursement/v1_0/refund/{reference}")).await;
        assert_eq!((&done["status"], &done["reason"]), (&json!(status), &reason), "{amount}");
        assert_eq!(done["payee"]["partyId"], "256770000001");
    }
    assert_eq!(seller.balance("EUR").await, "10005.99");
    assert_eq!(payer.balance("EUR").await, "9994.01");
    let reference = uuid();
    let body = order("9994.02", "payee", "256770000002");
    let _ = payer.post("/disbursement/v1_0/transfer", &reference, &body).await.expect(202);
    let failed = payer.settled(&format!("/disbursement/v1_0/transfer/{reference}")).await;
    assert_eq!(failed["reason"], "NOT_ENOUGH_FUNDS");
    server.home.verify().await.sound();
}
