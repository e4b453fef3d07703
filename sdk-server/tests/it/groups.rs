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
        // A word is no parameter; an id has an underscore, a code a point, a level digits.
        // Bridges and components are words.
        let is_value = |s: &str| {
            s.contains(['_', '-', '.'])
                || s.bytes().all(|byte| byte.is_ascii_digit())
                || ["ripple", "omnipay"].contains(&s)
        };
        let same = |(p, s): (&&str, &&str)| match p.split_once('{') {
            None => p == s,
            Some(("", _)) => is_value(s),
            Some((before, _)) => s.starts_with(before),
        };
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

const MERCHANT: &str = r#"{"accepttos":true,"firstname":"A","lastname":"B","dateofbirth":"1978-11-12","city":"C",
    "address":"D","postalcode":"E","state":"QC","entitytype":"company","businessname":"ACME","businesstaxid":"123456789"}"#;

#[tokio::test]
#[allow(clippy::too_many_lines, reason = "it is a table")]
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
    call!("GetWalletListByName": wallets.list_by_name("Main".to_owned()));
    call!("UpdateMerchantInfo": payments.update_merchant_info(request(MERCHANT)));
    let bridge = r#"{"parentcurrency":"USD.acme","bridgename":"ripple","issueraddress":"rXYZrXYZrXYZ","enabledeposit":true,"enablewithdraw":true}"#;
    call!("CreateBridgeCurrency": currencies.create_bridge(request(bridge)));
    let bridge = r#"{"parentcurrency":"USD","bridgename":"ripple","issuername":"acme","issueraddress":"rXYZrXYZrXYZ"}"#;
    call!("CreateSystemBridgeCurrency": currencies.create_system_bridge(request(bridge)));
    call!("GetSystemCurrencyList": currencies.list_of_system());
    let fsid = || "fsid_1234567812345678".parse().unwrap();
    call!("GetTierData": tiers.list());
    call!("SetTier": tiers.set(request(r#"{"level":4,"tiername":"Gold"}"#)));
    call!("AssignTier": tiers.assign(upid(), 4));
    call!("DeleteTier": tiers.delete(4));
    call!("ListFeeSchedules": fees.list());
    call!("SetFeeSchedule": fees.set(request(r#"{"schedulename":"Gold"}"#)));
    call!("AssignFeeSchedule": fees.assign(upid(), None));
    call!("DeleteFeeSchedule": fees.delete(fsid()));
    let close = r#"{"txid":"txid_1234567812345678","state":"Failed"}"#;
    call!("CloseWithdraw": wallets.close_withdraw(request(close), None));
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
    call!("GetProfile": profiles.of_user_token("0123456789ABCDEF0123456789ABCDEF".into()));
    call!("GetProfile": profiles.of_api_key("apikey_0123456789ABCDEF0123456789ABCDEF".into()));
    call!("UpdateProfile": profiles.update(request(r#"{"upid":"upid_1234567812345678"}"#)));
    call!("UpdateSystemProfile": profiles.set_status(upid(), "inactive".to_owned().into()));
    call!("GetProfileList": profiles.list());
    call!("GetProfileExtendedAttributeList": profiles.extended_attributes());
    call!("SetExtendedAttribute": profiles.describe_attribute(request(r#"{"name":"a","type":"string","label":"A"}"#)));
    call!("DeleteExtendedAttribute": profiles.forget_attribute("my-attribute".to_owned()));
    let uuid = || "uuid_1234567812345678".parse().unwrap();
    let member = r#"{"email":"a@b.example","roles":["profile-ro"],"callbackurl":"https://b.example/"}"#;
    call!("AddTeamUser": teams.add(request(member)));
    call!("GetTeamList": teams.list(None));
    call!("GetTeamList": teams.list(Some(upid())));
    call!("UpdateTeamUser": teams.update(request(r#"{"email":"a@b.example","roles":["profile-ro"]}"#)));
    call!("DeleteTeamUser": teams.remove(uuid(), None));
    call!("DeleteTeamUser": teams.remove(uuid(), Some(upid())));
    call!("GetSystemUser": system_users.get(uuid()));
    call!("GetSystemUser": system_users.by_email("a@b.example".parse().unwrap()));
    call!("UpdateSystemUser": system_users.set_status(uuid(), "active".to_owned().into()));
    call!("CreateRole": roles.create(request(r#"{"role":"front-desk","description":"Desk"}"#)));
    call!("ListRoles": roles.list(None));
    call!("DeleteRole": roles.delete("front-desk".to_owned(), None));
    let right = r#"{"role":"front-desk","right":"readmyprofile"}"#;
    call!("AssignRoleRight": roles.assign_right(request(right)));
    call!("UnassignRoleRight": roles.unassign_right(request(right)));
    let person = r#"{"type":"individual","email":"a@b.example","firstname":"A","lastname":"B"}"#;
    call!("CreateProfile": profiles.create(request(person)));
    call!("CreateAPIKey": api_keys.create(request(r#"{"description":"till","roles":["user"]}"#)));
    call!("GetAPIKeyList": api_keys.list(Some(upid())));
    call!("DeleteAPIKey": api_keys.delete("akid_1234567812345678".parse().unwrap(), None));
    let application = r#"{"name":"Shop","type":"public","redirecturis":"https://shop.example/cb"}"#;
    call!("CreateApplication": applications.create(request(application)));
    call!("ListApplications": applications.list(None));
    call!("DeleteApplication": applications.delete("ab-cd_ef".into(), None));
    call!("RotateApplicationSecret": applications.rotate_secret("ab-cd_ef".into(), None));
    call!("RotateSigningKey": applications.rotate_signing_key());
    call!("GetSettings": settings.get());
    call!("GetPublicCurrencyList": settings.currencies());
    call!("GetPublicRoleList": settings.roles());
    call!("GetOperationOutcome": operations.outcome("order-17".into(), None));

    let account = "rvYAfWj5gh67oV6fW32ZzP3Aw4Eubs59B";
    let out = format!(r#"{{"amount":"1","currency":"USD","method":"ripple","destinationaddress":"{account}"}}"#);
    call!("WalletWithdraw": wallets.withdraw(request(&out), None));
    let out = format!(r#"{{"method":"ripple","destinationaddress":"{account}","amount":"1","currency":"USD"}}"#);
    call!("WalletWithdrawTest": wallets.test_withdraw(request(&out)));
    let address = r#"{"method":"ripple","waid":"waid_1234567812345678","currencycode":"USD"}"#;
    call!("CreateWalletDepositAddress": wallets.create_deposit_address(request(address)));
    call!("GetWalletDepositAddress": wallets.deposit_address("ripple".into(), "USD.acme".parse().unwrap(), None));
    call!("GetTrustLines": wallets.trust_lines("ripple".into(), format!("{account}-1")));
    let iou = format!(
        r#"{{"network":"ripple","issueraddress":"{account}","receiveraddress":"{account}","currencycode":"USD","amount":"1"}}"#
    );
    call!("IssueIOU": currencies.issue_iou(request(&iou), None));
    call!("CreateProfileAddress": currencies.create_address("ripple".into()));
    call!("GetProfileAddressList": currencies.addresses(Some(upid())));
    let line = format!(
        r#"{{"bridgename":"ripple","hostedaddress":"{account}","trustedaddress":"{account}","currencycode":"USD","amount":"1"}}"#
    );
    call!("SetAddressTrustline": currencies.set_trust_line(request(&line)));
    let flag = format!(r#"{{"bridgename":"ripple","address":"{account}","destinationtagrequired":true}}"#);
    call!("SetAddressAttribute": currencies.set_address_attribute(request(&flag)));
    call!("GetSystemActiveBridgeList": bridges.list());
    call!("GetSystemBridgeBalances": bridges.balances("ripple".into(), 1));
    call!("GetSystemBridgeExternalAccountList": bridges.accounts("ripple".into(), 1));
    call!("UpdateBridgeExternalAccount": bridges.update_account("ripple".into(), 1, request(r#"{"secret":"s"}"#)));
    call!("GetExternalAccountIdentifierField": bridges.account_identifier("ripple".into()));
    call!("GetSystemBridgeExternalAccountAttributeList": bridges.account_attributes("ripple".into()));
    let bridge = r#"{"bridgename":"ripple","instanceid":1}"#;
    call!("ListBridgeDeposits": bridges.deposits(request(bridge)));
    call!("ListBridgeOrders": bridges.orders(request(bridge)));
    let assign = r#"{"bridgename":"ripple","externaltransactionid":"AB","waid":"waid_1234567812345678"}"#;
    call!("AssignBridgeDeposit": bridges.assign_deposit(request(assign), None));
    let proof = r#"{"email":"a@b.example","password":"Secret-99"}"#;
    call!("Login": credentials.login(request(proof)));
    call!("ActivationEmail": credentials.send_activation(request(proof)));
    let reset = r#"{"email":"a@b.example","callbackurl":"https://b.example/"}"#;
    call!("ResetUserPassword": credentials.reset_password(request(reset)));
    let change = r#"{"email":"a@b.example","password":"Secret-99","newpassword":"Secret-98"}"#;
    call!("ChangeUserPassword": credentials.change_password(request(change)));
    let change = r#"{"email":"a@b.example","newemail":"c@b.example","password":"Secret-99"}"#;
    call!("ChangeUserEmail": credentials.change_email(request(change)));
    call!("GetUserMFAStatus": credentials.mfa_status());
    call!("GetUserMFASeed": credentials.mfa_seed());
    let code = r#"{"email":"a@b.example","password":"Secret-99","mfacode":"123456"}"#;
    call!("EnableUserMFA": credentials.enable_mfa(request(code)));
    call!("DisableUserMFA": credentials.disable_mfa(request(r#"{"password":"Secret-99","mfacode":"123456"}"#)));
    let transport = r#"{"upid":"upid_1234567812345678","akid":"akid_1234567812345678","transporttype":"http","transport":{"url":"https://b.example/"}}"#;
    call!("SetNotificationTransport": notifications.add(request(transport)));
    call!("GetAllNotificationTransports": notifications.list(upid()));
    let pair = r#"{"upid":"upid_1234567812345678","akid":"akid_1234567812345678"}"#;
    call!("GetNotificationTransports": notifications.list_of(request(pair)));
    let ntid = || "ntid_1234567812345678".parse().unwrap();
    call!("UpdateNotificationTransport": notifications.update(ntid(), request(r#"{"url":"https://b.example/"}"#)));
    let named_by_id = r#"{"ntid":"ntid_1234567812345678"}"#;
    call!("DeleteNotificationTransport": notifications.delete(request(named_by_id)));
    call!("RotateTransportSecret": notifications.rotate_secret(request(named_by_id)));
    call!("ListFailedEvents": notifications.failures(request("{}")));
    call!("ReplayEvent": notifications.replay(request(named_by_id)));
    call!("GetEvents": notifications.events(request("{}")));
    call!("UnlockSystemComponent": components.unlock("omnipay".to_owned().into(), "0123456789abcdef".into()));
    call!("GetSystemAttributeList": components.attributes("omnipay".to_owned().into()));
    call!("SetSystemAttribute": components.set("omnipay".to_owned().into(), "notifierhost".into(), "x".into()));

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
