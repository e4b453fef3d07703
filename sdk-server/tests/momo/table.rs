//! Every operation of every product has its method, and the method sends that operation as the facts have it.

use crate::platform::{SUBSCRIPTION, credentials, options, price};
use async_trait::async_trait;
use florin_sdk_core::client::transport::{Lost, WireAnswer, WireRequest};
use florin_sdk_server::MemoryJournal;
use florin_sdk_server::momo::*;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

/// Refuses everything but a token, and remembers it.
#[derive(Default)]
struct Refusing(Mutex<Vec<WireRequest>>);

#[async_trait]
impl Transport for Refusing {
    async fn exchange(&self, request: WireRequest) -> Result<WireAnswer, Lost> {
        let token = br#"{"access_token":"t","token_type":"access_token","expires_in":3600}"#;
        let (status, body) = if request.target.ends_with("/token/") && !request.target.contains("oauth2") {
            (200, token.to_vec())
        } else {
            (400, Vec::new())
        };
        self.0.lock().unwrap().push(request);
        Ok(WireAnswer { status, request_id: None, body })
    }
}

fn facts() -> Value {
    serde_json::from_str(include_str!("../../../tests/spec/momo/endpoints.json")).unwrap()
}

/// Compares a request with the row of its operation.
fn check(request: &WireRequest, id: &str, product: &str) {
    let facts = facts();
    let row = facts["operations"].as_array().unwrap().iter().find(|row| row["id"] == id).unwrap();
    assert_eq!(request.method.as_str(), row["method"], "{id}");
    let pattern = row["path"].as_str().unwrap().replace("{product}", product);
    let (pattern, path): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), request.target.split('/').collect());
    let fits = pattern.iter().zip(&path).all(|(p, s)| p == s || (p.starts_with('{') && !s.is_empty()));
    assert!(pattern.len() == path.len() && fits, "{id}: {}", request.target);
    assert_eq!(request.headers["ocp-apim-subscription-key"], SUBSCRIPTION, "{id}");
    let mut known: BTreeSet<_> =
        ["ocp-apim-subscription-key", "content-type", "content-length"].map(str::to_owned).into();
    for header in row["headers"].as_array().unwrap() {
        let text = header.as_str().unwrap();
        let name = text.split([' ', ':']).next().unwrap().to_ascii_lowercase();
        let sent = request.headers.get(&name);
        assert!(sent.is_some() || text.contains("optional"), "{id}: {name}");
        if name == "authorization" && id != "bc_authorize" {
            let scheme = text.split(' ').nth(1).unwrap();
            assert!(sent.unwrap().to_str().unwrap().starts_with(scheme), "{id}");
        }
        known.insert(name);
    }
    for name in request.headers.keys() {
        assert!(known.contains(name.as_str()), "{id}: {name} is not of the contract");
    }
    assert_eq!(request.body.is_some(), row["request"].is_object(), "{id}");
}

#[tokio::test]
async fn every_operation_has_its_method() {
    let platform = Arc::new(Refusing::default());
    let mut called = BTreeSet::new();
    let journal = || Arc::new(MemoryJournal::default());
    let mut options = options("http://127.0.0.1");
    options.callback_url = Some("https://shop.example/momo/{reference}".into());
    let reference = || "5b7f3c0e-2f0a-4c58-9f2a-0d6d1f6f7a01".parse().unwrap();
    let party = || Party::msisdn("256770000001");
    let amount = || "1".parse().unwrap();
    let eur = || "EUR".to_owned();

    macro_rules! call {
        ($product:literal $client:ident: $($id:literal $method:ident($($argument:expr),*);)+) => {$(
            platform.0.lock().unwrap().clear();
            $client.$method($($argument),*).await.unwrap_err();
            let request = platform.0.lock().unwrap().pop().unwrap();
            check(&request, $id, $product);
            called.insert((($id).to_owned(), ($product).to_owned()));
        )+};
    }
    macro_rules! common {
        ($product:literal $client:ident) => {
            call!($product $client:
                "bc_authorize" ask_for_consent(
                    BcAuthorize::new("ID:256770000001/MSISDN".into(), "profile".into(), "online".into()), None);
                "create_oauth2_token" consent_token(Oauth2TokenRequest::refresh("f".into()));
                "get_user_info_with_consent" user_info("c".into());
                "get_account_balance" balance();
                "get_account_balance_in_currency" balance_in(eur());
                "validate_account_holder_status" is_active(Party::email("a+b@c.example"));
                "get_basic_user_info" basic_user_info(party());
            );
            called.insert(("create_access_token".to_owned(), $product.to_owned()));
        };
    }
    let client = Collections::with_transport(options.clone(), credentials(), journal(), platform.clone()).unwrap();
    client.balance().await.unwrap_err();
    check(&platform.0.lock().unwrap()[0], "create_access_token", "collection");
    common!("collection" client);
    let pre_approval = PreApproval::new(party(), eur(), 3600);
    let invoice = CreateInvoice::new("i".into(), amount(), eur(), "60".into(), party(), party());
    let bill = CreatePayment::new("p".into(), Money::new(amount(), eur()), "256770000001".into(), "Water Works".into());
    call!("collection" client:
        "request_to_pay" request_to_pay(price(), None, None);
        "get_request_to_pay" request_to_pay_status(reference());
        "get_request_to_pay" wait_for_request_to_pay(reference(), None);
        "request_to_pay_delivery_notification" notify(reference(), "m".into(), None);
        "request_to_withdraw_v1" request_to_withdraw_v1(price(), None, None);
        "request_to_withdraw_v2" request_to_withdraw(price(), None, None);
        "get_request_to_withdraw" request_to_withdraw_status(reference());
        "get_request_to_withdraw" wait_for_request_to_withdraw(reference(), None);
        "create_pre_approval" pre_approve(pre_approval, None, None);
        "get_pre_approval" pre_approval_status(reference());
        "get_pre_approval" wait_for_pre_approval(reference(), None);
        "get_approved_pre_approvals" approved_pre_approvals(party());
        "cancel_pre_approval" cancel_pre_approval("7".into());
        "create_invoice" create_invoice(invoice, None, None);
        "get_invoice" invoice_status(reference());
        "get_invoice" wait_for_invoice(reference(), None);
        "cancel_invoice" cancel_invoice(reference(), "x".into(), None);
        "create_payment" create_payment(bill, None, None);
        "get_payment" payment_status(reference());
        "get_payment" wait_for_payment(reference(), None);
    );

    let payout = || Transfer::new(amount(), eur(), "t".into(), party());
    let refund = || Refund::new(amount(), eur(), "r".into(), String::from(reference()));
    let client = Disbursements::with_transport(options.clone(), credentials(), journal(), platform.clone()).unwrap();
    common!("disbursement" client);
    call!("disbursement" client:
        "transfer" transfer(payout(), Some(reference()), Some("https://shop.example/x".into()));
        "get_transfer" transfer_status(reference());
        "get_transfer" wait_for_transfer(reference(), None);
        "deposit_v1" deposit_v1(payout(), None, None);
        "deposit_v2" deposit(payout(), None, None);
        "get_deposit" deposit_status(reference());
        "get_deposit" wait_for_deposit(reference(), None);
        "refund_v1" refund_v1(refund(), None, None);
        "refund_v2" refund(refund(), None, None);
        "get_refund" refund_status(reference());
        "get_refund" wait_for_refund(reference(), None);
    );

    let client = Remittances::with_transport(options.clone(), credentials(), journal(), platform.clone()).unwrap();
    common!("remittance" client);
    let cash = CashTransfer::new(amount(), eur(), party(), "c".into());
    call!("remittance" client:
        "transfer" transfer(payout(), None, None);
        "get_transfer" transfer_status(reference());
        "get_transfer" wait_for_transfer(reference(), None);
        "cash_transfer" cash_transfer(cash, None, None);
        "get_cash_transfer" cash_transfer_status(reference());
        "get_cash_transfer" wait_for_cash_transfer(reference(), None);
    );

    let client = Provisioning::with_transport(options, SUBSCRIPTION.into(), platform.clone()).unwrap();
    call!("provisioning" client:
        "create_api_user" create_user("shop.example".into(), None);
        "create_api_key" create_key(reference());
        "get_api_user" user(reference());
    );

    let mut expected = BTreeSet::new();
    for row in facts()["operations"].as_array().unwrap() {
        for product in row["products"].as_array().unwrap() {
            expected.insert((row["id"].as_str().unwrap().to_owned(), product.as_str().unwrap().to_owned()));
        }
    }
    // An older portal had it on disbursement, too; it is sent where MTN's file has it.
    expected.remove(&("request_to_pay_delivery_notification".to_owned(), "disbursement".to_owned()));
    assert_eq!(called, expected);
}

#[tokio::test]
async fn the_callback_goes_where_the_options_or_the_call_say() {
    let platform = Arc::new(Refusing::default());
    let mut options = options("http://127.0.0.1");
    options.callback_url = Some("https://shop.example/momo/{reference}".into());
    let journal = Arc::new(MemoryJournal::default());
    let client = Collections::with_transport(options, credentials(), journal, platform.clone()).unwrap();
    let reference: ReferenceId = "5b7f3c0e-2f0a-4c58-9f2a-0d6d1f6f7a01".parse().unwrap();
    for (own, expected) in [
        (None, format!("https://shop.example/momo/{reference}")),
        (Some("https://shop.example/once"), "https://shop.example/once".to_owned()),
    ] {
        client.request_to_pay(price(), Some(reference), own.map(str::to_owned)).await.unwrap_err();
        let request = platform.0.lock().unwrap().pop().unwrap();
        assert_eq!(request.headers["x-callback-url"], expected);
        assert_eq!(request.headers["x-reference-id"], reference.to_string());
        let target = florin_sdk_server::momo::read_callback("PUT", &expected, br#"{"status":"FAILED"}"#).unwrap();
        assert_eq!(target.reference.is_some(), own.is_none());
    }
}
