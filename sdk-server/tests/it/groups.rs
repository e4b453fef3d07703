//! Every operation has its call, and the call sends that operation.

use async_trait::async_trait;
use florin_sdk_core::client::transport::{Lost, WireAnswer, WireRequest};
use florin_sdk_core::client::{Client, ClientOptions, Credential, Transport};
use florin_sdk_core::operation::*;
use florin_sdk_server::{MemoryJournal, ProviderClient};
use futures_util::TryStreamExt;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

/// Refuses everything, and remembers what it was.
#[derive(Default)]
struct Refusing(Mutex<Vec<String>>);

#[async_trait]
impl Transport for Refusing {
    async fn exchange(&self, request: WireRequest) -> Result<WireAnswer, Lost> {
        let path = request.target.split('?').next().unwrap();
        self.0.lock().unwrap().push(format!("{} {path}", request.method.as_str()));
        let body = br#"{"resultcode":20005}"#.to_vec();
        Ok(WireAnswer { status: 200, request_id: None, body })
    }
}

/// The operations whose method and path fit.
fn named(line: &str) -> BTreeSet<&'static str> {
    let (method, path) = line.split_once(" /api/v1").unwrap();
    let fits = |pattern: &str| {
        let (pattern, path): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), path.split('/').collect());
        let same = |(p, s): (&&str, &&str)| p == s || (p.starts_with('{') && s.contains(['_', '-', '.']));
        pattern.len() == path.len() && pattern.iter().zip(&path).all(same)
    };
    all()
        .into_iter()
        .filter(|spec| spec.method.as_str() == method && spec.paths.iter().any(|p| fits(p)))
        .map(|spec| spec.name)
        .collect()
}

fn request<O: serde::de::DeserializeOwned>(json: &str) -> O {
    serde_json::from_str(json).unwrap()
}

#[tokio::test]
async fn every_operation_but_the_apps_own_has_a_call() {
    let platform = Arc::new(Refusing::default());
    let client = Client::with_transport(
        ClientOptions::new("http://127.0.0.1"),
        Credential::ApiKey("KEY".into()),
        Arc::clone(&platform) as _,
    );
    let client = ProviderClient::from_client(client.unwrap(), Arc::new(MemoryJournal::default()));
    let mut called = BTreeSet::new();
    macro_rules! call {
        ($operation:literal: $group:ident.$method:ident($($argument:expr),*)) => {
            client.$group().$method($($argument),*).await.unwrap_err();
            let line = platform.0.lock().unwrap().pop().unwrap();
            assert!(named(&line).contains($operation), "{line} is not {}", $operation);
            called.insert($operation);
        };
    }
    let (waid, prid) = (|| "waid_1234567812345678".parse().unwrap(), || "prid_1234567812345678".parse().unwrap());
    let upid = || "upid_1234567812345678".parse().unwrap();
    let user = r#"{"provideruserid":"alice"}"#;
    let credit = r#"{"currency":"EUR","amount":"1","provideruserid":"alice"}"#;
    let code = r#"{"currencycode":"EUR","amount":"1"}"#;

    call!("CreateWallet": wallets.create(request(r#"{"walletname":"w"}"#)));
    call!("GetWallet": wallets.get(Some(waid())));
    call!("GetWallet": wallets.get(None));
    call!("GetWalletList": wallets.list());
    call!("GetWalletListByUpid": wallets.list_of_profile(upid()));
    let transfer = r#"{"amount":"1","currency":"EUR","sourcewaid":"waid_1234567812345678","destinationwaid":"waid_1234567812345678"}"#;
    call!("WalletTransfer": wallets.transfer(request(transfer), None));
    call!("CreditWallet": wallets.credit(request(credit), None));
    call!("DebitWallet": wallets.debit(request(credit), None));
    call!("ManualDeposit": wallets.deposit(request(credit), None));
    call!("RefundTransaction": wallets.refund(request(r#"{"txid":"txid_1234567812345678"}"#), None));
    let hoid = "hoid_1234567812345678";
    call!("PlaceHold": holds.place(request(credit), None));
    call!("CaptureHold": holds.capture(request(&format!(r#"{{"hoid":"{hoid}","amount":"1"}}"#)), None));
    call!("ReleaseHold": holds.release(hoid.parse().unwrap(), None));
    call!("GetWalletTransactionList": transactions.list(request("{}")));
    call!("GetWalletTransactionDetails": transactions.get("txid_1234567812345678".parse().unwrap()));
    call!("CreateUser": users.create(request(user)));
    call!("GetUser": users.get(request(user)));
    call!("UpdateUser": users.update(request(user)));
    call!("ListUsers": users.list(request("{}")));
    call!("CreateMobileToken": mobile_tokens.create(request(user)));
    call!("ListMobileTokens": mobile_tokens.list(request(user)));
    call!("RevokeMobileToken": mobile_tokens.revoke("mtid_1234567812345678".parse().unwrap()));
    call!("RevokeMobileTokens": mobile_tokens.revoke_all(request(user)));
    let ask = r#"{"amount":"1","currency":"EUR","method":"ripple"}"#;
    call!("CreatePaymentRequest": payments.request(request(ask), None));
    let accept = r#"{"prid":"prid_1234567812345678","currency":"EUR","method":"wallet","totalamount":"1"}"#;
    call!("AcceptPayment": payments.accept(request(accept), None));
    call!("RefusePayment": payments.refuse(prid(), None));
    call!("GetPaymentStatus": payments.get(prid()));
    call!("GetPaymentTransactionList": payments.list(request("{}")));
    let extended = r#"{"currencycode":"EUR","currencyname":"Euro","currencydecimals":2,"displaydecimals":2}"#;
    call!("CreateExtendedCurrency": currencies.create(request(extended)));
    call!("IssueGatewayCurrency": currencies.issue(request(code), None));
    call!("RedeemCurrency": currencies.redeem(request(code), None));
    call!("GetCirculation": currencies.circulation("EUR.acme".parse().unwrap()));
    call!("GetProfileCurrencyList": currencies.list());
    call!("GetProfile": profiles.get(None));
    let person = r#"{"type":"individual","email":"a@b.example","firstname":"A","lastname":"B"}"#;
    call!("CreateProfile": profiles.create(request(person)));
    call!("CreateAPIKey": api_keys.create(request(r#"{"description":"till","roles":["user"]}"#)));
    call!("GetAPIKeyList": api_keys.list(Some(upid())));
    call!("DeleteAPIKey": api_keys.delete("akid_1234567812345678".parse().unwrap(), None));
    call!("GetSettings": settings.get());
    call!("GetPublicCurrencyList": settings.currencies());
    call!("GetPublicRoleList": settings.roles());
    call!("GetOperationOutcome": operations.outcome("order-17".into(), None));

    let expected: BTreeSet<_> = all().iter().map(|spec| spec.name).filter(|name| *name != "GetMe").collect();
    assert_eq!(called, expected);
}

#[tokio::test]
async fn lists_are_walked_from_the_groups_too() {
    let platform = Arc::new(Refusing::default());
    let client = Client::with_transport(
        ClientOptions::new("http://127.0.0.1"),
        Credential::ApiKey("KEY".into()),
        Arc::clone(&platform) as _,
    );
    let client = ProviderClient::from_client(client.unwrap(), Arc::new(MemoryJournal::default()));
    let empty = "{}";
    client.users().pages(serde_json::from_str(empty).unwrap()).next().await.unwrap_err();
    client.transactions().pages(serde_json::from_str(empty).unwrap()).next().await.unwrap_err();
    client.payments().pages(serde_json::from_str(empty).unwrap()).next().await.unwrap_err();
    let users: Result<Vec<_>, _> = client.users().all(serde_json::from_str(empty).unwrap()).try_collect().await;
    users.unwrap_err();
    let all = client.transactions().all(serde_json::from_str(empty).unwrap());
    all.try_collect::<Vec<_>>().await.unwrap_err();
    let all = client.payments().all(serde_json::from_str(empty).unwrap());
    all.try_collect::<Vec<_>>().await.unwrap_err();
    assert_eq!(platform.0.lock().unwrap().len(), 6);
}
