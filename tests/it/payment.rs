//! Payment requests: tips, currencies at par, time, charges, who the merchant is.

use florin_sdk_core::code::Code;
use florin_sdk_core::model::{ComponentName, PaymentStatus};
use florin_sdk_core::operation::{
    AcceptPayment, CreateExtendedCurrency, CreatePaymentRequest, CreditWallet, GetOperationOutcome, GetPaymentStatus,
    GetPaymentTransactionList, GetWallet, IssueGatewayCurrency, SetSystemAttribute,
};
use florin_sdk_core::{Amount, CurrencyCode, Digits, Prid, Waid};
use florin_tests::http::Api;
use florin_tests::world::{self, World, amount, currency};
use serde_json::json;

fn accept(prid: Prid, code: &str, text: &str) -> AcceptPayment {
    AcceptPayment::new(prid, code.parse().expect("a code"), "wallet".to_owned(), amount(text))
}

async fn balance(api: &Api, waid: Waid, code: &CurrencyCode) -> Amount {
    let wallet = api.ok(&GetWallet { waid: Some(waid) }).await;
    let balance = wallet.balances.into_iter().find(|balance| balance.currency_code == *code);
    balance.map_or(Amount::ZERO, |balance| balance.available)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tip_is_for_requests_that_take_one() {
    let world = World::new().await;
    let World { provider, alice, merchant, .. } = &world;
    let asked = CreatePaymentRequest { tip: Some(true), ..world::payment_of(alice, "20") };
    let prid = merchant.api.ok(&asked).await.prid;
    assert!(alice.app.ok(&GetPaymentStatus { prid }).await.tip);
    provider.send(&accept(prid, "TOK.acme", "19.99")).await.refused(20000, "too little");
    provider.ok(&accept(prid, "TOK.acme", "23")).await;
    let paid = alice.app.ok(&GetPaymentStatus { prid }).await;
    assert_eq!((paid.status, paid.amount), (PaymentStatus::Paid, amount("20")));
    assert!(paid.pcid.is_some());
    assert_eq!(world.balance(merchant.waid).await, amount("23"));
    let without = world.payment_request(alice, "20").await;
    provider.send(&accept(without, "TOK.acme", "20.01")).await.refused(20000, "it takes none");
    world.server.home.verify().await.sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invoice_is_paid_at_par_where_the_merchant_takes_that() {
    let world = World::new().await;
    let World { provider, alice, merchant, .. } = &world;
    let (usd, own): (CurrencyCode, CurrencyCode) =
        ("USD".parse().expect("a code"), "USD.acme".parse().expect("a code"));
    let issued = CreateExtendedCurrency { reference_currency: Some(usd.clone()), ..world::new_currency("USD", None) };
    provider.ok(&issued).await;
    provider.ok(&IssueGatewayCurrency { currency_code: own.clone(), amount: amount("500") }).await;
    provider.ok(&CreditWallet { currency: own.clone(), ..world::credit_of(alice, "100") }).await;
    let ask = CreatePaymentRequest { currency: usd, ..world::payment_of(alice, "30") };
    // This merchant says nothing of the kind.
    let prid = merchant.api.ok(&ask).await.prid;
    provider.send(&accept(prid, "USD.acme", "30")).await.refused(20000, "not accepted here");
    // This one does.
    let mut shop = world::new_merchant("parshop");
    shop.extended =
        Some(serde_json::from_value(json!({"merchantacceptedcurrencylist": ["USD.acme"]})).expect("an object"));
    let upid = provider.ok(&shop).await.upid;
    let key = provider.ok(&world::new_key("Till", &["merchant-rw", "profile-rw"], Some(upid))).await;
    let till = provider.key(key.api_key.expose());
    let prid = till.ok(&CreatePaymentRequest { tip: Some(true), ..ask }).await.prid;
    provider.send(&accept(prid, "TOK.acme", "30")).await.refused(20000, "another currency");
    provider.send(&accept(prid, "USD.acme", "29.99")).await.refused(20000, "not in part");
    provider.ok(&accept(prid, "USD.acme", "31")).await;
    let paid = till.ok(&GetPaymentStatus { prid }).await;
    assert_eq!((paid.status, paid.currency.as_str(), paid.amount), (PaymentStatus::Paid, "USD", amount("30")));
    assert_eq!(balance(provider, alice.waid, &own).await, amount("69"));
    assert_eq!(balance(&till, paid.destination_waid, &own).await, amount("31"));
    world.server.home.verify().await.sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_lasts_as_long_as_the_operator_says_and_ends_by_itself() {
    let mut world = World::new().await;
    let minutes = |text: &str| SetSystemAttribute {
        component: ComponentName::Omnipay,
        name: "paymentexpiryminutes".to_owned(),
        value: text.to_owned(),
    };
    let lasts = async |world: &World| {
        let prid = world.payment_request(&world.alice, "1").await;
        let expires = world.alice.app.ok(&GetPaymentStatus { prid }).await.expires.expect("an end");
        let list =
            world.merchant.api.ok(&GetPaymentTransactionList { limit: Some(1), after: None, reference_id: None });
        let opened = list.await.payments.remove(0).opened;
        (prid, (expires.millis() - opened.millis()) / 60_000)
    };
    assert_eq!(lasts(&world).await.1, 30);
    world.provider.ok(&minutes("5")).await;
    let (prid, five) = lasts(&world).await;
    assert_eq!(five, 5);
    // Nobody waits for minutes: its time is moved into the past while the server is not looking.
    let moved = format!("UPDATE payment_request SET expires = created + 1 WHERE prid = {}", prid.number());
    assert_eq!(world.server.while_stopped(|database| database.execute(&moved)).await, 1);
    let late = world.alice.app.ok(&GetPaymentStatus { prid }).await;
    assert_eq!((late.status, late.status_message.as_str()), (PaymentStatus::Timeout, "Timeout"));
    world.provider.send(&accept(prid, "TOK.acme", "1")).await.refused(20011, "its time is over");
    let database = world.server.home.open_read_only();
    let swept = format!("SELECT count(*) FROM payment_request WHERE prid = {} AND status = 3", prid.number());
    let merchant = world.merchant.upid.number();
    let told = format!("SELECT count(*) FROM notice WHERE kind = 'payment.timeout' AND upid = {merchant}");
    for _ in 0..400 {
        if database.number(&swept) == 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    assert_eq!((database.number(&swept), database.number(&told)), (1, 1), "the sweeper writes it down once");
    world.server.home.verify().await.sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn charging_at_once_is_behind_a_setting() {
    let world = World::new().await;
    let World { provider, alice, bob, merchant, .. } = &world;
    let charge = world::payment_of(alice, "12");
    assert_eq!(provider.ok(&charge).await.status, PaymentStatus::Waiting);
    let at_once = SetSystemAttribute {
        component: ComponentName::Omnipay,
        name: "chargeatonce".to_owned(),
        value: "true".to_owned(),
    };
    provider.ok(&at_once).await;
    let api = provider.reference("charge-1");
    let charged = api.ok(&charge).await;
    assert_eq!((charged.status, charged.status_message.as_str()), (PaymentStatus::Paid, "Paid"));
    assert_eq!(world.balance(alice.waid).await, amount("988"));
    assert!(api.send(&charge).await.is_replay());
    let question = GetOperationOutcome { reference: "charge-1".to_owned(), operation: None };
    let outcome = provider.ok(&question).await;
    assert!(outcome.txid.is_some() && outcome.prid == Some(charged.prid));
    // A merchant is not above its customers: it asks.
    assert_eq!(merchant.api.ok(&world::payment_of(alice, "1")).await.status, PaymentStatus::Waiting);
    // What cannot be paid is refused, and no request is left behind.
    let before = provider.ok(&GetPaymentTransactionList { limit: None, after: None, reference_id: None }).await;
    provider.send(&world::payment_of(bob, "1000.01")).await.refused(20009, "there is not so much");
    let after = provider.ok(&GetPaymentTransactionList { limit: None, after: None, reference_id: None }).await;
    assert_eq!(before.payments, after.payments);
    world.server.home.verify().await.sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merchant_says_who_it_is() {
    let world = World::new().await;
    let World { alice, merchant, .. } = &world;
    let prid = world.payment_request(alice, "3").await;
    let name = async || alice.app.ok(&GetPaymentStatus { prid }).await.merchant_name;
    assert_eq!(name().await, "cornershop");
    let mut info = world::merchant_info("Corner & Sons");
    info.ssn_last4 = Digits::read(&json!("0042"));
    merchant.api.ok(&info).await;
    assert_eq!(name().await, "Corner & Sons");
    merchant.api.ok(&world::merchant_info("Corner Ltd")).await;
    assert_eq!(name().await, "Corner Ltd");
    // What identifies is not kept.
    let database = world.server.home.open_read_only();
    let kept = database.number("SELECT count(*) FROM merchant WHERE info LIKE '%***********Q001%' AND info NOT LIKE '%1234567890%' AND info NOT LIKE '%0042%'");
    assert_eq!(kept, 1);
    for (field, value) in [
        ("accepttos", json!(false)),
        ("accepttos", json!("yes")),
        ("entitytype", json!("private")),
        ("dateofbirth", json!("1978-13-12")),
        ("businesstaxid", json!("12345678")),
        ("state", json!("QUE")),
        ("ssnlast4", json!("12x4")),
        ("ssnlast4", json!(12345)),
    ] {
        let mut wrong = serde_json::to_value(world::merchant_info("Corner Ltd")).expect("a request");
        wrong[field] = value;
        let spec = <florin_sdk_core::operation::UpdateMerchantInfo as florin_sdk_core::Operation>::spec();
        let answer = merchant.api.send_json(&spec, &wrong).await;
        answer.refused(Code::INVALID_REQUEST.0, field);
        assert_eq!(answer.faults()[0].field, field);
    }
    let mut written_otherwise = serde_json::to_value(world::merchant_info("Corner Ltd")).expect("a request");
    written_otherwise["accepttos"] = json!("true");
    written_otherwise["ssnlast4"] = json!(42);
    let spec = <florin_sdk_core::operation::UpdateMerchantInfo as florin_sdk_core::Operation>::spec();
    assert_eq!(merchant.api.send_json(&spec, &written_otherwise).await.code(), 10000);
    assert_eq!(currency().as_str(), "TOK.acme");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_is_neither_kept_nor_logged() {
    let world = World::new().await;
    let prid = world.payment_request(&world.alice, "3").await;
    let card = json!({"number": 7_263_726_376_273_u64, "cvc": 123, "note": "mark-of-a-card"});
    let mut accept = accept(prid, "TOK.acme", "3");
    accept.payment_processor_information = Some(serde_json::from_value(card).expect("an object"));
    let api = world.provider.reference("card-1");
    api.ok(&accept).await;
    let logs = world.server.logs();
    assert!(!logs.contains("7263726376273") && !logs.contains("mark-of-a-card"));
    for (_, bytes) in world.server.home.bytes() {
        assert!(!bytes.windows(14).any(|window| window == b"mark-of-a-card"));
    }
    // It is no part of what makes a request the same, as then a hash of it would be kept.
    accept.payment_processor_information = None;
    assert!(api.send(&accept).await.is_replay());
}
