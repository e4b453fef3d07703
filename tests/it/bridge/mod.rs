//! Outside networks, as an integrator meets them: the simulated ones of a sandbox.

mod addresses;
mod closed;
mod methods;
mod paths;

use florin_sdk_core::model::TransactionState;
use florin_sdk_core::operation::{
    AssignBridgeDeposit, Balance, CreateProfileAddress, CreateWalletDepositAddress, GetProfileAddressList,
    GetSystemActiveBridgeList, GetSystemBridgeBalances, GetSystemBridgeExternalAccountList, GetTrustLines, GetWallet,
    GetWalletDepositAddress, GetWalletTransactionDetails, IssueIOU, ListBridgeDeposits, ListBridgeOrders,
    SetAddressAttribute, SetAddressTrustline, TransactionDetails, WalletWithdraw, WalletWithdrawTest,
};
use florin_sdk_core::{Amount, CurrencyCode, JsonObject, Txid, Waid};
use florin_tests::digest::changes;
use florin_tests::http::Api;
use florin_tests::sample::{account_data, outside_address};
use florin_tests::server::{Home, Options, Server};
use florin_tests::world::{self, Merchant, World, amount};
use serde_json::{Value, json};
use std::time::Duration;

/// How often something is asked for before the test gives up: far more often than it needs.
const PATIENCE: usize = 600;

fn code(text: &str) -> CurrencyCode {
    text.parse().expect("a code")
}

/// Asks the sandbox for something that it has.
pub(crate) async fn sandbox(api: &Api, path: &str, body: Value) -> Value {
    let (method, body) = if body.is_null() { ("GET", None) } else { ("POST", Some(body.to_string().into_bytes())) };
    let answer = api.exchange(method, &format!("/sandbox/bridge/{path}"), body).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    Value::Object(answer.json().expect("an object"))
}

/// Pays somebody of the platform from outside.
pub(crate) async fn pay_in(api: &Api, network: &str, to: &str, text: &str, asset: Option<&str>) -> String {
    let paid = sandbox(api, &format!("{network}/send"), json!({ "to": to, "amount": text, "asset": asset })).await;
    paid["transaction"].as_str().expect("a transaction").to_owned()
}

/// Asks again until there is an answer.
pub(crate) async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..PATIENCE {
        if let Some(found) = ask().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{what} never comes");
}

async fn balance(api: &Api, waid: Waid, currency: &str) -> Option<Balance> {
    let wallet = api.ok(&GetWallet { waid: Some(waid) }).await;
    wallet.balances.into_iter().find(|balance| balance.currency_code == code(currency))
}

/// What can be spent and what is set aside.
async fn parts(api: &Api, waid: Waid, currency: &str) -> (String, String) {
    let found = balance(api, waid, currency).await;
    found.map_or(("none".to_owned(), "none".to_owned()), |b| (b.available.to_string(), b.held.to_string()))
}

fn two(available: &str, held: &str) -> (String, String) {
    (available.to_owned(), held.to_owned())
}

/// Waits until a wallet can spend so much.
pub(crate) async fn has(api: &Api, waid: Waid, currency: &str, text: &str) {
    let wanted = amount(text).decimal();
    until(&format!("{text} {currency}"), async || {
        balance(api, waid, currency).await.filter(|b| b.available.decimal() == wanted)
    })
    .await;
}

pub(crate) async fn address(world: &World, method: &str, waid: Waid) -> String {
    world.provider.ok(&CreateWalletDepositAddress::new(method.to_owned(), waid)).await.address
}

pub(crate) fn withdrawal(waid: Waid, method: &str, currency: &str, text: &str, to: &str) -> WalletWithdraw {
    let new = WalletWithdraw::new(amount(text), code(currency), method.to_owned(), to.to_owned());
    WalletWithdraw { waid: Some(waid), ..new }
}

async fn details(api: &Api, txid: Txid) -> TransactionDetails {
    api.ok(&GetWalletTransactionDetails { txid }).await
}

/// Waits until a withdrawal has ended, and says how.
pub(crate) async fn ended(api: &Api, txid: Txid) -> TransactionDetails {
    until("the end of a withdrawal", async || {
        Some(details(api, txid).await).filter(|found| found.state != TransactionState::Pending)
    })
    .await
}

/// What the sandbox lists of one kind, by a field's value.
async fn listed(api: &Api, path: &str, field: &str, value: &str) -> Vec<Value> {
    let list = sandbox(api, path, Value::Null).await;
    let list = list.as_object().and_then(|map| map.values().next()).and_then(Value::as_array).cloned();
    list.expect("a list").into_iter().filter(|row| row[field] == value).collect()
}

/// What became of something that came in, once it was noticed.
pub(crate) async fn noticed(api: &Api, network: &str, transaction: &str) -> Value {
    let path = format!("{network}/deposits");
    until("a deposit", async || listed(api, &path, "transaction", transaction).await.pop()).await
}

async fn main_address(api: &Api, network: &str) -> String {
    let all = sandbox(api, "networks", Value::Null).await;
    let list = all["networks"].as_array().expect("networks");
    let found = list.iter().find(|row| row["network"] == network).expect("the network");
    found["main"].as_str().expect("an address").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn ripple_pays_in_and_out() {
    let world = World::new().await;
    let World { provider, alice, bob, .. } = &world;
    let api = world.server.api();
    let main = main_address(&api, "ripple").await;
    let hers = address(&world, "ripple", alice.waid).await;
    let his = address(&world, "ripple", bob.waid).await;
    assert!(hers.starts_with(&format!("{main}-")) && his.starts_with(&format!("{main}-")), "{hers} {his}");
    assert_ne!(hers, his);
    let asked = GetWalletDepositAddress::new("ripple".to_owned(), code("XRP"));
    assert_eq!(alice.app.ok(&asked).await.address, hers);

    let paid = pay_in(&api, "ripple", &hers, "100.5", None).await;
    has(provider, alice.waid, "XRP", "100.5").await;
    let row = noticed(&api, "ripple", &paid).await;
    let txid: Txid = row["txid"].as_str().expect("a txid").parse().expect("a txid");
    let seen = details(&alice.app, txid).await;
    assert_eq!(seen.external_transaction_id.as_deref(), Some(paid.as_str()));
    assert_eq!(seen.external_destination_address.as_deref(), Some(hers.as_str()));
    assert_eq!((seen.state, seen.method.as_str()), (TransactionState::Completed, "ripple"));

    // Without a tag, and with one that nobody has: kept for people to look at; nobody is credited.
    for to in [main.clone(), format!("{main}-4294967295")] {
        let lost = pay_in(&api, "ripple", &to, "7", None).await;
        let row = noticed(&api, "ripple", &lost).await;
        assert_eq!((row["status"].as_str(), &row["waid"]), (Some("unassigned"), &Value::Null), "{row}");
    }

    // An operator finds it, and books it once.
    let unassigned =
        ListBridgeDeposits { status: Some("unassigned".to_owned()), ..ListBridgeDeposits::new("ripple".to_owned(), 1) };
    let found = provider.ok(&unassigned).await.deposits;
    assert_eq!(found.len(), 2, "{found:?}");
    let lost = found[0].external_transaction_id.clone();
    let assign = AssignBridgeDeposit::new("ripple".to_owned(), lost, bob.waid);
    provider.ok(&assign).await;
    provider.send(&assign).await.refused(20006, "it is booked already");
    has(provider, bob.waid, "XRP", "7").await;
    assert_eq!(provider.ok(&unassigned).await.deposits.len(), 1);

    let to = "rG1QQv2nh2gr7RCZ1P8YYcBUKCCN633jCn-123456";
    let withdraw = withdrawal(alice.waid, "ripple", "XRP", "10.97", to);
    let first = provider.reference("out-1").send(&withdraw).await;
    let txid = first.ok::<WalletWithdraw>().txid;
    let done = ended(provider, txid).await;
    assert_eq!(done.state, TransactionState::Completed, "{done:?}");
    assert_eq!(done.external_destination_address.as_deref(), Some(to));
    assert_eq!(parts(provider, alice.waid, "XRP").await, two("89.530000", "0.000000"));
    let sent = listed(&api, "ripple/transactions", "id", &txid.to_string()).await;
    assert_eq!(sent.len(), 1);
    assert_eq!((&sent[0]["tag"], sent[0]["amount"].as_str()), (&json!(123_456), Some("10.970000")), "{sent:?}");
    assert_eq!(done.external_transaction_id.as_deref(), sent[0]["transaction"].as_str());
    // The reference stands for what it did.
    let again = provider.reference("out-1").send(&withdraw).await;
    assert!(again.is_replay());
    assert_eq!(again.text(), first.text());

    let orders = provider.ok(&ListBridgeOrders::new("ripple".to_owned(), 1)).await.orders;
    let shown: Vec<_> = orders.iter().map(|o| (o.txid, o.status.as_str(), o.reference_id.as_deref())).collect();
    assert_eq!(shown, [(Some(txid), "done", Some("out-1"))]);

    // Too little to open an account that is not there: it fails, and the money is back.
    let nobody = outside_address(&api, "ripple").await;
    let failed = provider.ok(&withdrawal(alice.waid, "ripple", "XRP", "0.5", &nobody)).await.txid;
    let seen = ended(provider, failed).await;
    assert_eq!(seen.state, TransactionState::Failed);
    assert!(seen.error_message.as_deref().is_some_and(|text| text.contains("tecNO_DST")), "{seen:?}");
    assert_eq!(parts(provider, alice.waid, "XRP").await, two("89.530000", "0.000000"));

    // More than there is, more digits than the network has, a currency that does not go this way.
    provider.send(&withdrawal(alice.waid, "ripple", "XRP", "1000", to)).await.refused(20009, "more than there is");
    for (currency, text) in [("XRP", "1.0000001"), ("EUR", "1"), ("TOK.acme", "1")] {
        provider.send(&withdrawal(alice.waid, "ripple", currency, text, to)).await.refused(20000, currency);
    }
    world.server.home.verify().await.sound();
}

/// A merchant that issues from an address of its own on ripple, with a currency.
async fn issuer(world: &World, name: &str) -> (Merchant, String) {
    let api = world.server.api();
    let address = outside_address(&api, "ripple").await;
    sandbox(&api, "ripple/accounts", json!({ "open": true, "address": address })).await;
    // It must be funded.
    pay_in(&api, "ripple", &address, "1000", None).await;
    until("its funds", async || {
        let account = sandbox(&api, &format!("ripple/accounts/{address}"), Value::Null).await;
        (account["holdings"][0]["amount"] == json!("1000.000000")).then_some(())
    })
    .await;
    world.provider.ok(&account_data(&address, true)).await;
    let mut profile = world::new_merchant(name);
    let attributes = json!({ "rippleissueraddress": address });
    profile.extended = Some(JsonObject(attributes.as_object().cloned().expect("an object")));
    let upid = world.provider.ok(&profile).await.upid;
    let roles = ["ewallet-admin", "merchant-admin", "issuer-rw"];
    let key = world.provider.ok(&world::new_key("Issuer", &roles, Some(upid))).await.api_key.expose().to_owned();
    let own = world.provider.key(&key);
    own.ok(&world::new_currency("GLD", Some(name))).await;
    let waid = own.ok(&GetWallet { waid: None }).await.waid;
    (Merchant { upid, waid, key, api: own }, address)
}

#[tokio::test(flavor = "multi_thread")]
async fn ious_need_trust() {
    let world = World::new().await;
    let api = world.server.api();
    let (gold, from) = issuer(&world, "gold").await;
    let main = main_address(&api, "ripple").await;
    let asset = format!("GLD/{from}");
    let iou = |to: &str, tag: Option<u32>, text: &str| IssueIOU {
        receiver_tag: tag,
        ..IssueIOU::new("ripple".to_owned(), from.clone(), to.to_owned(), code("GLD"), amount(text))
    };
    let deposit = world.provider.ok(&CreateWalletDepositAddress::new("ripple".to_owned(), gold.waid)).await.address;
    let tag: u32 = deposit.rsplit_once('-').expect("a tag").1.parse().expect("a number");

    // Only from an address of its own, and to the platform's own with a tag.
    world.merchant.api.send(&iou(&main, Some(tag), "5")).await.refused(20003, "no right");
    gold.api.send(&iou(&main, None, "5")).await.refused(20000, "the platform's own address without a tag");
    let mut others = iou(&main, Some(tag), "5");
    others.issuer_address = "rvYAfWj5gh67oV6fW32ZzP3Aw4Eubs59B".to_owned();
    gold.api.send(&others).await.refused(20000, "another's address");

    // The platform's account accepts it, so the IOU arrives there, and is a deposit like any other.
    let trust =
        SetAddressTrustline::new("ripple".to_owned(), main.clone(), from.clone(), code("GLD"), amount("100000"));
    gold.api.send(&trust).await.refused(20005, "the platform's own address");
    world.provider.ok(&trust).await;
    let lines = world.provider.ok(&GetTrustLines { network: "ripple".to_owned(), address: main.clone() }).await;
    let lines: Vec<_> = lines.trust_lines.into_iter().map(|l| (l.currency, l.issuer_address, l.issuer_name)).collect();
    assert_eq!(lines, [("GLD".to_owned(), from.clone(), "gold".to_owned())]);
    let issued = gold.api.reference("iou-1").send(&iou(&main, Some(tag), "1000")).await;
    assert_eq!(issued.code(), 10000, "{}", issued.text());
    assert!(gold.api.reference("iou-1").send(&iou(&main, Some(tag), "1000")).await.is_replay());
    gold.api.reference("iou-1").send(&iou(&main, Some(tag), "999")).await.refused(20007, "another request");
    has(&gold.api, gold.waid, "GLD.gold", "1000").await;

    // Whoever does not trust the issuer cannot receive it.
    let receiver = outside_address(&api, "ripple").await;
    sandbox(&api, "ripple/accounts", json!({ "open": true, "address": receiver })).await;
    let out = withdrawal(gold.waid, "ripple", "GLD.gold", "40", &receiver);
    let failed = ended(&gold.api, gold.api.ok(&out).await.txid).await;
    assert_eq!(failed.state, TransactionState::Failed);
    assert!(failed.error_message.as_deref().is_some_and(|text| text.contains("trust line")), "{failed:?}");
    assert_eq!(parts(&gold.api, gold.waid, "GLD.gold").await, two("1000.00", "0.00"));
    sandbox(&api, "ripple/trust", json!({ "address": receiver, "asset": asset, "amount": "50" })).await;
    let done = ended(&gold.api, gold.api.ok(&out).await.txid).await;
    assert_eq!(done.state, TransactionState::Completed, "{done:?}");
    let account = sandbox(&api, &format!("ripple/accounts/{receiver}"), Value::Null).await;
    assert_eq!(account["holdings"][0]["amount"], json!("40.00000000"), "{account}");
    // Beyond what it trusts for.
    let failed = ended(&gold.api, gold.api.ok(&out).await.txid).await;
    assert_eq!(failed.state, TransactionState::Failed);

    // An IOU that the network refuses is in no list of transactions; the platform's own record says it.
    assert_eq!(gold.api.send(&iou("rpmGcKEqTFDHd3tvAWFENNLhy2HMy7Yj89", None, "5")).await.code(), 10000);
    until("the end of the IOU", async || {
        listed(&api, "ripple/orders", "status", "failed").await.into_iter().find(|row| row["txid"] == Value::Null)
    })
    .await;
    world.server.home.verify().await.sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_withdrawal_would_take() {
    let world = World::new().await;
    let World { provider, alice, .. } = &world;
    let api = world.server.api();
    pay_in(&api, "ripple", &address(&world, "ripple", alice.waid).await, "100", None).await;
    has(provider, alice.waid, "XRP", "100").await;
    let receiver = outside_address(&api, "ripple").await;
    let issuer = "rvYAfWj5gh67oV6fW32ZzP3Aw4Eubs59B";
    let asset = format!("USD/{issuer}");
    sandbox(&api, "ripple/trust", json!({ "address": receiver, "asset": asset, "amount": "1000" })).await;
    let test = |text: &str| WalletWithdrawTest {
        destination_amount: Some(amount(text)),
        destination_currency: Some(asset.clone()),
        waid: Some(alice.waid),
        ..WalletWithdrawTest::new("ripple".to_owned(), receiver.clone())
    };
    let before = world.server.tables();
    let paths = provider.ok(&test("10")).await.paths.expect("a path");
    assert_eq!(paths.len(), 1);
    assert_eq!((paths[0].source_amount, &paths[0].source_currency), (amount("20.100000"), &code("XRP")));
    assert_eq!(paths[0].fee.map(Amount::decimal), Some(amount("0").decimal()));
    // More than the wallet has: no path.
    assert_eq!(provider.ok(&test("60")).await.paths, None);
    // More than the receiver takes: the network says no.
    provider.send(&test("1001")).await.refused(20040, "more than it trusts for");
    let neither = WalletWithdrawTest::new("ripple".to_owned(), receiver.clone());
    provider.send(&neither).await.refused(20000, "neither amount");
    assert_eq!(changes(&before, &world.server.tables()), Vec::<String>::new(), "a test changes nothing");
    // What was tested can be done.
    let convert = WalletWithdraw {
        destination_amount: Some(amount("10")),
        destination_currency: Some(asset.clone()),
        ..withdrawal(alice.waid, "ripple", "XRP", "20.1", &receiver)
    };
    let done = ended(provider, provider.ok(&convert).await.txid).await;
    assert_eq!(done.state, TransactionState::Completed, "{done:?}");
    let account = sandbox(&api, &format!("ripple/accounts/{receiver}"), Value::Null).await;
    assert_eq!(account["holdings"][0]["amount"], json!("10.00000000"), "{account}");
    world.server.home.verify().await.sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn bitcoin_counts_confirmations() {
    let world = World::new().await;
    let World { provider, alice, bob, .. } = &world;
    let api = world.server.api();
    sandbox(&api, "bitcoin/settings", json!({ "blockMs": 0 })).await;
    let hers = address(&world, "bitcoin", alice.waid).await;
    assert!(hers.starts_with("bc1q"), "{hers}");
    assert_ne!(hers, address(&world, "bitcoin", bob.waid).await, "an address for each wallet");
    let paid = pay_in(&api, "bitcoin", &hers, "0.5", None).await;
    let little = pay_in(&api, "bitcoin", &hers, "0.000005", None).await;
    for _ in 0..2 {
        sandbox(&api, "bitcoin/mine", json!({})).await;
        // Nobody can wait for nothing to happen; that it is not booked before shows in the block of its row below.
    }
    assert_eq!(balance(provider, alice.waid, "BTC").await, None, "two confirmations are not enough");
    sandbox(&api, "bitcoin/mine", json!({})).await;
    has(provider, alice.waid, "BTC", "0.5").await;
    assert_eq!(noticed(&api, "bitcoin", &paid).await["status"], json!("credited"));
    assert_eq!(noticed(&api, "bitcoin", &little).await["status"], json!("ignored"), "less than the least deposit");

    let to = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4";
    provider.send(&withdrawal(alice.waid, "bitcoin", "BTC", "0.00000545", to)).await.refused(20000, "dust");
    let txid = provider.ok(&withdrawal(alice.waid, "bitcoin", "BTC", "0.1", to)).await.txid;
    assert_eq!(parts(provider, alice.waid, "BTC").await, two("0.40000000", "0.10000000"));
    until("the submission", async || listed(&api, "bitcoin/transactions", "id", &txid.to_string()).await.pop()).await;
    sandbox(&api, "bitcoin/mine", json!({ "blocks": 2 })).await;
    assert_eq!(details(provider, txid).await.state, TransactionState::Pending, "two confirmations are not enough");
    sandbox(&api, "bitcoin/mine", json!({})).await;
    assert_eq!(ended(provider, txid).await.state, TransactionState::Completed);
    assert_eq!(parts(provider, alice.waid, "BTC").await, two("0.40000000", "0.00000000"));
    let bridge = GetSystemBridgeBalances { bridge_name: "bitcoin".to_owned(), instance_id: 1 };
    let balances = provider.ok(&bridge).await.balances;
    assert_eq!(balances[0].internal_balance, amount("0.40000000"), "{balances:?}");
    assert_eq!((balances[0].currency_number, balances[0].precision), (1001, 8));
    // What the network has of it: the first funds, less what was sent and its fee.
    assert_eq!(balances[0].external_balance, amount("999999.89999000"), "{balances:?}");
    world.server.home.verify().await.sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn stellar_has_memos() {
    let world = World::new().await;
    let World { provider, alice, .. } = &world;
    let api = world.server.api();
    let hers = address(&world, "stellar", alice.waid).await;
    pay_in(&api, "stellar", &hers, "25.0000001", None).await;
    has(provider, alice.waid, "XLM", "25.0000001").await;
    // An account that is not there cannot be paid, however much.
    let nobody = outside_address(&api, "stellar").await;
    let failed = provider.ok(&withdrawal(alice.waid, "stellar", "XLM", "20", &nobody)).await.txid;
    let failed = ended(provider, failed).await;
    assert_eq!(failed.state, TransactionState::Failed);
    assert!(failed.error_message.as_deref().is_some_and(|text| text.contains("op_no_destination")), "{failed:?}");
    sandbox(&api, "stellar/accounts", json!({ "open": true, "address": nobody })).await;
    let to = format!("{nobody}-9223372036854775807");
    let done = provider.ok(&withdrawal(alice.waid, "stellar", "XLM", "20", &to)).await.txid;
    assert_eq!(ended(provider, done).await.state, TransactionState::Completed);
    assert_eq!(parts(provider, alice.waid, "XLM").await, two("5.0000001", "0.0000000"));
    world.server.home.verify().await.sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_takes_days() {
    let world = World::new().await;
    let World { provider, alice, .. } = &world;
    let api = world.server.api();
    let hers = address(&world, "iban", alice.waid).await;
    pay_in(&api, "bank", &hers, "500", Some("EUR")).await;
    has(provider, alice.waid, "EUR", "500").await;
    // A bank books what is no currency of the account nowhere: it comes in, and waits for people.
    let odd = pay_in(&api, "bank", &hers, "3", Some("ZZZ")).await;
    assert_eq!(noticed(&api, "bank", &odd).await["status"], json!("unassigned"));

    let out = withdrawal(alice.waid, "iban", "EUR", "120.50", "DE89 3704 0044 0532 0130 00");
    let txid = provider.ok(&out).await.txid;
    until("the submission", async || listed(&api, "bank/transactions", "id", &txid.to_string()).await.pop()).await;
    assert_eq!(parts(provider, alice.waid, "EUR").await, two("379.50", "120.50"));
    assert_eq!(details(provider, txid).await.state, TransactionState::Pending);
    // Over any weekend.
    sandbox(&api, "clock", json!({ "advanceSeconds": 4 * 86_400 })).await;
    assert_eq!(ended(provider, txid).await.state, TransactionState::Completed);

    // An order that the bank takes, and that comes back days later.
    sandbox(&api, "bank/settings", json!({ "mode": "reject", "count": 1 })).await;
    let back = provider.ok(&out).await.txid;
    until("the submission", async || listed(&api, "bank/transactions", "id", &back.to_string()).await.pop()).await;
    assert_eq!(details(provider, back).await.state, TransactionState::Pending);
    sandbox(&api, "clock", json!({ "advanceSeconds": 4 * 86_400 })).await;
    let seen = ended(provider, back).await;
    assert_eq!(seen.state, TransactionState::Failed);
    assert!(seen.error_message.as_deref().is_some_and(|text| text.contains("AC04")), "{seen:?}");
    assert_eq!(parts(provider, alice.waid, "EUR").await, two("379.50", "0.00"));
    world.server.home.verify().await.sound();
}

/// Whatever a network does on the way: each withdrawal is carried out once, or not at all.
#[tokio::test(flavor = "multi_thread")]
async fn networks_that_fail() {
    let world = World::new().await;
    let World { provider, alice, .. } = &world;
    let api = world.server.api();
    pay_in(&api, "ripple", &address(&world, "ripple", alice.waid).await, "1000", None).await;
    has(provider, alice.waid, "XRP", "1000").await;
    let to = "rG1QQv2nh2gr7RCZ1P8YYcBUKCCN633jCn";
    let mut left = 1000;
    for (mode, least_copies, most_copies) in [("drop", 1, 1), ("lost", 1, 1), ("late", 1, 3), ("double", 2, 2)] {
        sandbox(&api, "ripple/settings", json!({ "mode": mode, "count": 1, "lateMs": 700 })).await;
        let txid = provider.ok(&withdrawal(alice.waid, "ripple", "XRP", "10", to)).await.txid;
        let done = ended(provider, txid).await;
        assert_eq!(done.state, TransactionState::Completed, "{mode}: {done:?}");
        let sent = listed(&api, "ripple/transactions", "id", &txid.to_string()).await;
        assert_eq!(sent.len(), 1, "{mode}: {sent:?}");
        let copies = sent[0]["copies"].as_u64().expect("a number");
        assert!((least_copies..=most_copies).contains(&copies), "{mode}: {sent:?}");
        left -= 10;
        assert_eq!(parts(provider, alice.waid, "XRP").await, two(&format!("{left}.000000"), "0.000000"), "{mode}");
    }
    sandbox(&api, "ripple/settings", json!({ "mode": "reject", "count": 1 })).await;
    let txid = provider.ok(&withdrawal(alice.waid, "ripple", "XRP", "10", to)).await.txid;
    assert_eq!(ended(provider, txid).await.state, TransactionState::Failed);
    assert_eq!(parts(provider, alice.waid, "XRP").await, two(&format!("{left}.000000"), "0.000000"));
    // Nobody answers: the money stays set aside, and what only asks says so; then it goes on.
    for mode in ["down", "stuck"] {
        sandbox(&api, "ripple/settings", json!({ "mode": mode })).await;
        let txid = provider.ok(&withdrawal(alice.waid, "ripple", "XRP", "10", to)).await.txid;
        assert_eq!(parts(provider, alice.waid, "XRP").await.1, "10.000000");
        if mode == "down" {
            let question = GetTrustLines { network: "ripple".to_owned(), address: to.to_owned() };
            assert_eq!(provider.send(&question).await.code(), 10002);
        } else {
            let path = "ripple/transactions";
            until("the submission", async || listed(&api, path, "id", &txid.to_string()).await.pop()).await;
        }
        assert_eq!(details(provider, txid).await.state, TransactionState::Pending, "{mode}");
        sandbox(&api, "ripple/settings", json!({ "mode": "ok" })).await;
        assert_eq!(ended(provider, txid).await.state, TransactionState::Completed, "{mode}");
    }
    world.server.home.verify().await.sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn external_accounts_and_their_secrets() {
    let world = World::new().await;
    let api = world.server.api();
    let address = outside_address(&api, "ripple").await;
    let secret = "snoPBrXtMeMyMHUVTgbuqAfg1SUTb";
    let update = |data: Value| {
        let mut request = account_data(&address, false);
        request.account_data.0.0 = data.as_object().cloned().expect("an object");
        request
    };
    world.provider.ok(&update(json!({ "publicaddress": address, "secret": secret, "description": "Cold" }))).await;
    let list = GetSystemBridgeExternalAccountList { bridge_name: "ripple".to_owned(), instance_id: 1 };
    let answer = world.provider.send(&list).await;
    assert!(!answer.text().contains(secret), "{}", answer.text());
    let accounts = answer.ok::<GetSystemBridgeExternalAccountList>();
    assert_eq!((accounts.identifier.as_str(), accounts.accounts.len()), ("publicaddress", 2), "the platform's, and it");
    let cold = &accounts.accounts[1];
    assert_eq!((cold.description.as_str(), cold.issuing), ("Cold", false));
    assert_eq!(cold.attributes.0["secret"], json!("********"));
    // Sending back what was shown changes no secret; what is not named stays.
    world.provider.ok(&update(json!({ "publicaddress": address, "secret": "********", "issuing": true }))).await;
    let accounts = world.provider.ok(&list).await.accounts;
    assert_eq!((accounts.len(), accounts[1].issuing, accounts[1].description.as_str()), (2, true, "Cold"));
    for wrong in [
        json!({ "secret": "x" }),
        json!({ "publicaddress": address, "colour": "red" }),
        json!({ "publicaddress": address, "issuing": "yes" }),
        json!({ "publicaddress": "racZzyXWwvuUT98SsrQP7p65OnmMLkK4j3" }),
        json!({ "publicaddress": address, "secret": "" }),
    ] {
        world.provider.send(&update(wrong.clone())).await.refused(20000, &wrong.to_string());
    }
    let list = world.provider.ok(&GetSystemActiveBridgeList {}).await.bridges;
    let shown: Vec<_> = list.iter().map(|b| (b.bridge_name.as_str(), b.instance_id, b.external_accounts)).collect();
    assert_eq!(shown, [("bank", 1, 1), ("bitcoin", 1, 1), ("manual", 1, 0), ("ripple", 1, 2), ("stellar", 1, 1)]);
    let missing = GetSystemBridgeBalances { bridge_name: "ripple".to_owned(), instance_id: 2 };
    world.provider.send(&missing).await.refused(20005, "no such instance");
    for (name, bytes) in world.server.home.bytes() {
        let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "{name} holds the secret as it is");
    }
    assert!(!world.server.logs().contains(secret));
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_of_profiles() {
    let world = World::new().await;
    let api = world.server.api();
    let (gold, from) = issuer(&world, "gold").await;
    let create = CreateProfileAddress { bridge_name: "ripple".to_owned() };
    let made = gold.api.ok(&create).await;
    gold.api.send(&create).await.refused(20006, "it is written once");
    gold.api.send(&CreateProfileAddress { bridge_name: "bitcoin".to_owned() }).await.refused(20000, "no IOUs there");
    let list = gold.api.ok(&GetProfileAddressList::new()).await.addresses;
    assert_eq!(list.keys().collect::<Vec<_>>(), ["ripple"]);
    assert_eq!(list["ripple"].profile_address, made.profile_address);
    // Its own currency needs a line to its own issuing address.
    let needed: Vec<_> = list["ripple"].trust_lines.iter().map(|l| (&*l.currency, &l.issuer_address)).collect();
    assert_eq!(needed, [("GLD", &from)]);
    // The path that the summary of the page has.
    let other = gold.api.exchange(
        "POST",
        "/api/v1/currency/profileaddress/create",
        Some(json!({ "bridgename": "stellar" }).to_string().into_bytes()),
    );
    assert_eq!(other.await.code(), 10000);

    let flag = SetAddressAttribute {
        destination_tag_required: Some(true),
        ..SetAddressAttribute::new("ripple".to_owned(), made.profile_address.clone())
    };
    world.merchant.api.send(&flag).await.refused(20003, "no right");
    let (silver, _) = issuer(&world, "silver").await;
    silver.api.send(&flag).await.refused(20005, "another's address");
    gold.api.ok(&flag).await;
    // Now the network refuses what comes without a tag.
    let body = json!({ "to": made.profile_address, "amount": "5" }).to_string().into_bytes();
    let refused = api.exchange("POST", "/sandbox/bridge/ripple/send", Some(body)).await;
    assert!(refused.status == 400 && refused.text().contains("tecDST_TAG_NEEDED"), "{}", refused.text());
}

/// Without a sandbox there is no network but people.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_sandbox_people_do_it() {
    let home = Home::new();
    let initialised = home.init().await;
    let server = Server::start(home, Options { sandbox: false, ..Options::default() }).await;
    let world = World::on(server, initialised).await;
    let bridges = world.provider.ok(&GetSystemActiveBridgeList {}).await.bridges;
    assert_eq!(bridges.iter().map(|bridge| bridge.bridge_name.as_str()).collect::<Vec<_>>(), ["manual"]);
    assert_eq!(world.server.api().exchange("GET", "/sandbox/bridge", None).await.status, 404);
    let out = WalletWithdraw::new(amount("25"), world::currency(), "manual".to_owned(), "Cash desk 7".to_owned());
    let txid = world.provider.ok(&out).await.txid;
    assert_eq!(details(&world.provider, txid).await.state, TransactionState::Pending);
    let ripple = CreateWalletDepositAddress::new("ripple".to_owned(), world.alice.waid);
    world.provider.send(&ripple).await.refused(20000, "deposits are booked by hand");
    world.server.home.verify().await.sound();
}
