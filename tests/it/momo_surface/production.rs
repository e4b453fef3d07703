//! Outside a sandbox: API users are made by the operator, parties are real users, and payers decide.

use florin_sdk_core::code::Code;
use florin_sdk_core::operation::{AcceptPayment, GetPaymentTransactionList, RefusePayment, UpdateUser};
use florin_sdk_core::{JsonObject, Prid};
use florin_tests::http::{Api, Credential};
use florin_tests::momo::{Momo, order, send, subscription, uuid};
use florin_tests::server::{Home, Options, Server};
use florin_tests::world::{World, amount, currency};
use reqwest::Method;
use serde_json::{Value, json};

const CURRENCY: &str = "TOK.acme";
const ALICE: &str = "256770000001";

async fn world() -> World {
    let home = Home::new();
    let initialised = home.init().await;
    let server = Server::start(home, Options { sandbox: false, ..Options::default() }).await;
    World::on(server, initialised).await
}

async fn native(world: &World, credential: &Credential, method: Method, path: &str, body: &Value) -> Value {
    let mut request = reqwest_of(world, method, path);
    request = match credential {
        Credential::Key(key) => request.header("X-APIKey", key),
        Credential::Bearer(token) => request.bearer_auth(token),
        _ => request,
    };
    let request = if body.is_null() { request } else { request.json(body) };
    send(request).await.unwrap().expect(200).body
}

fn reqwest_of(world: &World, method: Method, path: &str) -> reqwest::RequestBuilder {
    florin_tests::momo::plain().request(method, format!("{}/api/v1{path}", world.server.base()))
}

/// An API user of the merchant.
async fn merchant(world: &World) -> Momo {
    let key = Credential::Key(world.initialised.apikey.clone());
    let wish = json!({
        "callbackhost": "shop.example", "targetenvironment": "mtnuganda", "currency": CURRENCY,
        "upid": world.merchant.upid,
    });
    let path = "/momo/user";
    for (credential, code) in [
        (Credential::Nobody, 20001),
        (Credential::Bearer(world.alice.token.clone()), 20004),
        (Credential::Key(world.read_only.clone()), 20003),
    ] {
        assert_eq!(native(world, &credential, Method::POST, path, &wish).await["resultcode"], code);
    }
    for wrong in [
        json!({}),
        json!({ "callbackhost": "", "targetenvironment": "mtnuganda", "currency": CURRENCY }),
        json!({ "callbackhost": "shop.example", "targetenvironment": "sandbox", "currency": CURRENCY }),
        json!({ "callbackhost": "shop.example", "targetenvironment": "mtnuganda", "currency": "XXX" }),
    ] {
        assert_eq!(native(world, &key, Method::POST, path, &wrong).await["resultcode"], 20000, "{wrong}");
    }
    let made = native(world, &key, Method::POST, path, &wish).await;
    assert_eq!(made["resultcode"], 10000, "{made}");
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    let base = world.server.base();
    Momo::of(&base, &text("apiuser"), &text("apikey"), &text("subscriptionkey"), "mtnuganda").await
}

async fn name_alice(world: &World) {
    let metadata = json!({ "momo": { "msisdn": ALICE, "email": "Alice@Example.com" } });
    let Value::Object(metadata) = metadata else { unreachable!() };
    let update = UpdateUser { metadata: Some(JsonObject(metadata)), uuid: Some(world.alice.uuid), ..UpdateUser::new() };
    world.provider.ok(&update).await;
}

fn wish(text: &str, role: &str, party: &str) -> Value {
    let mut body = order(text, role, party);
    body["currency"] = json!(CURRENCY);
    body
}

/// The newest payment request that alice's own app lists.
async fn asked(app: &Api) -> Prid {
    let list = app.ok(&GetPaymentTransactionList::new()).await;
    list.payments.first().expect("a payment request").prid
}

fn acceptance(prid: Prid, text: &str) -> AcceptPayment {
    AcceptPayment::new(prid, currency(), "wallet".to_owned(), amount(text))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_belongs_to_a_sandbox_is_not_there() {
    let world = world().await;
    let bare = |method: Method, path: &str| {
        florin_tests::momo::plain().request(method, format!("{}{path}", world.server.base()))
    };
    for path in ["/sandbox/momo", "/sandbox/momo/requests", "/v1_0/apiuser"] {
        assert_eq!(bare(Method::GET, path).send().await.unwrap().status(), 404, "{path}");
    }
    let make = bare(Method::POST, "/v1_0/apiuser").header("Ocp-Apim-Subscription-Key", subscription("collection"));
    let make = make.header("X-Reference-Id", uuid()).json(&json!({ "providerCallbackHost": "shop.example" }));
    assert_eq!(send(make).await.unwrap().status, 404);
    let momo = merchant(&world).await;
    let token =
        bare(Method::POST, "/collection/token/").header("Ocp-Apim-Subscription-Key", subscription("collection"));
    assert_eq!(send(token.basic_auth(&momo.user, Some(&momo.key))).await.unwrap().status, 401);
    // Faults are not to be had, either.
    let balance = momo.request(Method::GET, "/collection/v1_0/account/balance").header("X-Florin-Fault", "error=10003");
    assert_eq!(send(balance).await.unwrap().expect(200).body["currency"], CURRENCY);
    let wrong = momo.request(Method::GET, "/collection/v1_0/account/balance").header("X-Target-Environment", "sandbox");
    assert_eq!(send(wrong).await.unwrap().status, 500, "two environments are none");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payer_decides_in_their_own_list() {
    let world = world().await;
    let momo = merchant(&world).await;
    let path = "/collection/v1_0/requesttopay";
    // Nobody has this number yet.
    let reference = uuid();
    let _ = momo.post(path, &reference, &wish("3.50", "payer", ALICE)).await.expect(202);
    assert_eq!(momo.settled(&format!("{path}/{reference}")).await["reason"], "PAYER_NOT_FOUND");
    let holder = format!("/collection/v1_0/accountholder/msisdn/{ALICE}/active");
    assert_eq!(momo.get(&holder).await.expect(200).body["result"], false);
    name_alice(&world).await;
    assert_eq!(momo.get(&holder).await.expect(200).body["result"], true);
    let info = momo.get(&format!("/collection/v1_0/accountholder/msisdn/{ALICE}/basicuserinfo")).await.expect(200);
    assert_eq!((&info.body["name"], &info.body["status"]), (&json!("The user alice"), &json!("ACTIVE")));

    let before = momo.balance(CURRENCY).await.parse::<florin_sdk_core::Amount>().unwrap();
    let reference = uuid();
    let _ = momo.post(path, &reference, &wish("3.50", "payer", ALICE)).await.expect(202);
    let found = format!("{path}/{reference}");
    assert_eq!(momo.get(&found).await.body["status"], "PENDING");
    // Her own app sees it, and cannot pay it; her provider can, once.
    let prid = asked(&world.alice.app).await;
    assert_eq!(world.alice.app.code(&acceptance(prid, "3.50")).await, Code::MOBILE_READ_ONLY.0);
    assert_eq!(momo.get(&found).await.body["status"], "PENDING");
    world.provider.ok(&acceptance(prid, "3.50")).await;
    let paid = momo.get(&found).await.expect(200).body;
    assert_eq!((&paid["status"], &paid["amount"]), (&json!("SUCCESSFUL"), &json!("3.5")));
    let after = momo.balance(CURRENCY).await.parse::<florin_sdk_core::Amount>().unwrap();
    assert_eq!(after.units(2).unwrap() - before.units(2).unwrap(), 350);

    let reference = uuid();
    let _ = momo.post(path, &reference, &wish("1", "payer", ALICE)).await.expect(202);
    world.provider.ok(&RefusePayment::new(asked(&world.alice.app).await)).await;
    let found = momo.get(&format!("{path}/{reference}")).await.body;
    assert_eq!((&found["status"], &found["reason"]), (&json!("FAILED"), &json!("APPROVAL_REJECTED")));
    world.server.home.verify().await.sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_answer_in_time_does_not_pay() {
    let mut world = world().await;
    let momo = merchant(&world).await;
    name_alice(&world).await;
    let path = "/collection/v1_0/requesttopay";
    let reference = uuid();
    let _ = momo.post(path, &reference, &wish("3.50", "payer", ALICE)).await.expect(202);
    let prid = asked(&world.alice.app).await;
    // Nobody waits for five minutes: its time is moved into the past while the server is not looking.
    let changed = world.server.while_stopped(|database| {
        database.execute("UPDATE momo_request SET due = created + 1 WHERE due IS NOT NULL");
        database.execute("UPDATE payment_request SET expires = created + 1 WHERE status = 0")
    });
    assert!(changed.await >= 1);
    let found = momo.settled(&format!("{path}/{reference}")).await;
    assert_eq!((&found["status"], &found["reason"]), (&json!("FAILED"), &json!("COULD_NOT_PERFORM_TRANSACTION")));
    assert_eq!(world.provider.code(&acceptance(prid, "3.50")).await, Code::NOT_PAYABLE.0);
    world.server.home.verify().await.sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn transfers_go_to_real_users_and_agreements_let_requests_through() {
    let world = world().await;
    let momo = merchant(&world).await;
    name_alice(&world).await;
    // From nothing, nothing.
    let send_to = |party: Value, text: &'static str| {
        let momo = momo.clone();
        async move {
            let (reference, mut body) = (uuid(), wish(text, "payee", ALICE));
            body["payee"] = party;
            let _ = momo.post("/disbursement/v1_0/transfer", &reference, &body).await.expect(202);
            momo.settled(&format!("/disbursement/v1_0/transfer/{reference}")).await
        }
    };
    let by_mail = json!({ "partyIdType": "EMAIL", "partyId": "alice@example.com" });
    let nobody = json!({ "partyIdType": "MSISDN", "partyId": "256770009999" });
    assert_eq!(send_to(by_mail.clone(), "1").await["reason"], "NOT_ENOUGH_FUNDS");
    assert_eq!(send_to(nobody, "1").await["reason"], "PAYEE_NOT_FOUND");

    // She agrees in advance, by her provider's word.
    let agreement = uuid();
    let payer = json!({ "partyIdType": "MSISDN", "partyId": ALICE });
    let ask = json!({ "payer": payer, "payerCurrency": CURRENCY, "payerMessage": "Monthly", "validityTime": 600 });
    let _ = momo.post("/collection/v2_0/preapproval", &agreement, &ask).await.expect(202);
    let key = Credential::Key(world.initialised.apikey.clone());
    let path = format!("/momo/agreement/{}", world.alice.uuid);
    let listed = native(&world, &key, Method::GET, &path, &Value::Null).await;
    assert_eq!(listed["agreements"][0]["reference"], agreement, "{listed}");
    let approve = format!("{path}/{agreement}/approve");
    let by_app =
        native(&world, &Credential::Bearer(world.alice.token.clone()), Method::POST, &approve, &json!({})).await;
    assert_eq!(by_app["resultcode"], 20004);
    let other = format!("/momo/agreement/{}/{agreement}/approve", world.bob.uuid);
    assert_eq!(native(&world, &key, Method::POST, &other, &json!({})).await["resultcode"], 20005, "not bob's");
    assert_eq!(native(&world, &key, Method::POST, &approve, &json!({})).await["resultcode"], 10000);
    assert_ne!(native(&world, &key, Method::POST, &approve, &json!({})).await["resultcode"], 10000, "once");
    let reference = uuid();
    let _ = momo.post("/collection/v1_0/requesttopay", &reference, &wish("2", "payer", ALICE)).await.expect(202);
    assert_eq!(momo.settled(&format!("/collection/v1_0/requesttopay/{reference}")).await["status"], "SUCCESSFUL");
    assert_eq!(send_to(by_mail, "1.50").await["status"], "SUCCESSFUL");
    assert_eq!(momo.balance(CURRENCY).await, "0.5");
    world.server.home.verify().await.sound();
}
