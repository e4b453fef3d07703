//! What is agreed in advance: pre-approvals, invoices, consents; and messages about payments.

use florin_tests::momo::{Momo, order, send, uuid};
use florin_tests::server::Server;
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_pre_approval_lets_requests_through_until_it_ends() {
    let (server, _) = Server::fresh().await;
    let momo = Momo::provision(&server).await;
    let payer = json!({ "partyIdType": "MSISDN", "partyId": "+256770000001" });
    let wish = json!({ "payer": payer, "payerCurrency": "EUR", "payerMessage": "Monthly", "validityTime": 7200 });
    let reference = uuid();
    let _ = momo.post("/collection/v2_0/preapproval", &reference, &wish).await.expect(202);
    let found = momo.settled(&format!("/collection/v2_0/preapproval/{reference}")).await;
    assert_eq!(found["status"], "SUCCESSFUL");
    assert_eq!(found["expirationDateTime"].as_str().unwrap().len(), 19);
    let list = "/collection/v1_0/preapprovals/msisdn/256770000001";
    let listed = momo.get(list).await.expect(200).body;
    assert_eq!(listed.as_array().unwrap().len(), 1);
    let one = &listed[0];
    assert_eq!((&one["status"], &one["fromFri"]), (&json!("APPROVED"), &json!("FRI:256770000001/MSISDN")));
    let other = momo.get("/collection/v1_0/preapprovals/msisdn/256770000009").await.expect(200);
    assert_eq!(other.body, json!([]));
    let stranger = Momo::provision(&server).await;
    assert_eq!(stranger.get(list).await.expect(200).body, json!([]), "another's");
    // Cancelled by the platform's number or by the reference.
    for id in [one["preApprovalId"].as_str().unwrap(), &reference] {
        let request = stranger.request(Method::DELETE, &format!("/collection/v1_0/preapproval/{id}"));
        assert_eq!(send(request).await.unwrap().status, 404, "another's");
    }
    let cancel = |id: String| send(momo.request(Method::DELETE, &format!("/collection/v1_0/preapproval/{id}")));
    let ended = cancel(one["preApprovalId"].as_str().unwrap().to_owned()).await.unwrap();
    assert_eq!((ended.status, ended.body), (200, Value::Null));
    assert_eq!(momo.get(list).await.expect(200).body, json!([]));
    assert_eq!(cancel(reference).await.unwrap().status, 404, "only one that is in force");
    let brief = uuid();
    let _ = momo.post("/collection/v1_0/preapproval", &brief, &wish).await.expect(202);
    momo.settled(&format!("/collection/v1_0/preapproval/{brief}")).await;
    assert_eq!(momo.get(list).await.body.as_array().unwrap().len(), 1);
    momo.advance(3590).await;
    assert_eq!(momo.get(list).await.body.as_array().unwrap().len(), 1);
    let mut later = momo.clone();
    later.advance(3611).await;
    later.renew().await;
    assert_eq!(later.get(list).await.expect(200).body, json!([]), "its time is over");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invoice_waits_to_be_paid_cancelled_or_forgotten() {
    let (server, _) = Server::fresh().await;
    let momo = Momo::provision(&server).await;
    let invoice = json!({
        "externalId": "inv-1", "amount": "40.00", "currency": "EUR", "validityDuration": "600", "description": "Rent",
        "intendedPayer": { "partyIdType": "MSISDN", "partyId": "256770000001" },
        "payee": { "partyIdType": "MSISDN", "partyId": "256770000002" },
    });
    let mut references = Vec::new();
    for _ in 0..3 {
        let reference = uuid();
        let _ = momo.post("/collection/v2_0/invoice", &reference, &invoice).await.expect(202);
        let open = momo.get(&format!("/collection/v2_0/invoice/{reference}")).await.expect(200).body;
        assert_eq!(
            (&open["status"], &open["amount"], &open["referenceId"]),
            (&json!("CREATED"), &json!("40"), &json!(reference))
        );
        references.push(format!("/collection/v2_0/invoice/{reference}"));
    }
    let paid = references[0].rsplit('/').next().unwrap();
    momo.sandbox(Method::POST, &format!("requests/{paid}/approve"), &json!({})).await;
    assert_eq!(momo.settled(&references[0]).await["status"], "SUCCESSFUL");
    // A cancellation has a reference of its own.
    let cancel = |path: &str, reference: &str| {
        let request = momo.request(Method::DELETE, path).header("X-Reference-Id", reference);
        send(request.json(&json!({ "externalId": "cancel-1" })))
    };
    let own = uuid();
    let done = cancel(&references[1], &own).await.unwrap();
    assert_eq!((done.status, done.body), (200, json!({ "externalId": "cancel-1" })));
    let ended = momo.settled(&references[1]).await;
    assert_eq!(ended["errorReason"]["code"], "TRANSACTION_CANCELED", "an object, by the contract: {ended}");
    assert_eq!(cancel(&references[2], &own).await.unwrap().status, 409, "used before");
    let again = cancel(&references[1], &uuid()).await.unwrap();
    assert_eq!((again.status, again.code()), (500, "NOT_ALLOWED"));
    assert_eq!(cancel(&format!("/collection/v2_0/invoice/{}", uuid()), &uuid()).await.unwrap().status, 404);
    momo.advance(601).await;
    assert_eq!(momo.settled(&references[2]).await["errorReason"]["code"], "EXPIRED");
    server.home.verify().await.sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_about_a_payment_is_sent_once_and_in_time() {
    let (server, _) = Server::fresh().await;
    let momo = Momo::provision(&server).await;
    let tell = |reference: &str, text: String| {
        let path = format!("/collection/v1_0/requesttopay/{reference}/deliverynotification");
        let request = momo.request(Method::POST, &path).header("notificationMessage", "as in the body");
        send(request.json(&json!({ "notificationMessage": text })))
    };
    let open = momo.request_to_pay("46733123453", "2").await;
    let early = tell(&open, "Hello".to_owned()).await.unwrap().expect(409);
    assert_eq!(early.code(), "NOT_SUCCESSFULLY_COMPLETED");
    assert_eq!(tell(&uuid(), "Hello".to_owned()).await.unwrap().status, 404);
    let paid = momo.request_to_pay("256770000001", "2").await;
    momo.settled(&format!("/collection/v1_0/requesttopay/{paid}")).await;
    for wrong in [String::new(), "x".repeat(161)] {
        assert_eq!(tell(&paid, wrong).await.unwrap().status, 400);
    }
    let sent = tell(&paid, "é".repeat(160)).await.unwrap();
    assert_eq!((sent.status, sent.body), (200, Value::Null));
    assert_eq!(tell(&paid, "Again".to_owned()).await.unwrap().status, 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_gives_tokens_that_read_and_can_be_renewed() {
    let (server, _) = Server::fresh().await;
    let momo = Momo::provision(&server).await;
    let ask = |hint: &str, basic: bool| {
        let path = "/collection/v1_0/bc-authorize";
        let request = momo.request(Method::POST, path);
        let request = if basic {
            let key = momo.subscription_of("collection");
            let bare = momo.bare(Method::POST, path).header("Ocp-Apim-Subscription-Key", key);
            bare.header("X-Target-Environment", "sandbox").basic_auth(&momo.user, Some(&momo.key))
        } else {
            request
        };
        send(request.form(&[
            ("login_hint", hint),
            ("scope", "profile"),
            ("access_type", "offline"),
            ("consent_valid_in", "3600"),
        ]))
    };
    let token = |fields: Vec<(&'static str, String)>| {
        let request = momo.bare(Method::POST, "/collection/oauth2/token/").form(&fields);
        let request = request.header("Ocp-Apim-Subscription-Key", momo.subscription_of("collection"));
        send(request.header("X-Target-Environment", "sandbox").basic_auth(&momo.user, Some(&momo.key)))
    };
    let ciba = |id: &Value| {
        let grant = "urn:openid:params:grant-type:ciba".to_owned();
        token(vec![("grant_type", grant), ("auth_req_id", id.as_str().unwrap_or_default().to_owned())])
    };
    let read = |bearer: &Value| {
        let request = momo.bare(Method::GET, "/collection/oauth2/v1_0/userinfo");
        let request = request.header("Ocp-Apim-Subscription-Key", momo.subscription_of("collection"));
        send(request.header("X-Target-Environment", "sandbox").bearer_auth(bearer.as_str().unwrap()))
    };
    let asked = ask("ID:256770000001/MSISDN", false).await.unwrap().expect(200).body;
    assert_eq!((&asked["interval"], &asked["expires_in"]), (&json!(5), &json!(3600)));
    let early = ciba(&asked["auth_req_id"]).await.unwrap();
    assert_eq!((early.status, early.body), (400, json!({ "error": "authorization_pending" })));
    momo.advance(1).await;
    let given = loop {
        let answer = ciba(&asked["auth_req_id"]).await.unwrap();
        if answer.status == 200 {
            break answer.body;
        }
        assert_eq!(answer.body["error"], "authorization_pending");
    };
    assert_eq!((&given["token_type"], &given["scope"]), (&json!("Bearer"), &json!("profile")));
    let who = read(&given["access_token"]).await.unwrap().expect(200).body;
    assert_eq!((&who["given_name"], &who["phone_number"]), (&json!("Sand"), &json!("256770000001")));
    // Each token opens its own door only.
    assert_eq!(read(&json!(momo.tokens["collection"])).await.unwrap().status, 401);
    let balance = momo.bare(Method::GET, "/collection/v1_0/account/balance").header("X-Target-Environment", "sandbox");
    let balance = balance.header("Ocp-Apim-Subscription-Key", momo.subscription_of("collection"));
    let balance = balance.bearer_auth(given["access_token"].as_str().unwrap());
    assert_eq!(send(balance).await.unwrap().status, 401);
    let renew = given["refresh_token"].as_str().unwrap().to_owned();
    let renewed = token(vec![("grant_type", "refresh_token".to_owned()), ("refresh_token", renew)]).await.unwrap();
    assert_eq!(read(&renewed.expect(200).body["access_token"]).await.unwrap().status, 200);
    for (number, error) in
        [("46733123451", "access_denied"), ("46733123453", "expired_token"), ("46733123452", "authorization_pending")]
    {
        let asked = ask(&format!("ID:{number}/MSISDN"), true).await.unwrap().expect(200).body;
        momo.advance(2).await;
        for _ in 0..200 {
            let answer = ciba(&asked["auth_req_id"]).await.unwrap().expect(400);
            if answer.body["error"] == error {
                break;
            }
            assert_eq!(answer.body["error"], "authorization_pending", "{number}");
        }
        assert_eq!(ciba(&asked["auth_req_id"]).await.unwrap().body["error"], error, "{number}");
    }
    assert_eq!(ask("ID:46733123450/MSISDN", false).await.unwrap().status, 404);
    assert_eq!(ask("256770000001", false).await.unwrap().status, 400);
    assert_eq!(ciba(&json!(uuid())).await.unwrap().body["error"], "invalid_grant");
    let paid = order("1", "payer", "256770000001");
    assert_eq!(momo.post("/collection/v1_0/requesttopay", &uuid(), &paid).await.status, 202);
}
