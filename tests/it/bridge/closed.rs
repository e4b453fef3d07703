//! What may not come in or go out: currencies that are not open for it, and profiles that may not. What came in all the
//! same is never lost.

use super::{address, balance, code, issuer, main_address, noticed, pay_in, withdrawal};
use florin_sdk_core::JsonObject;
use florin_sdk_core::model::Status;
use florin_sdk_core::operation::{
    AssignBridgeDeposit, AssignTier, CreateBridgeCurrency, CreateSystemBridgeCurrency, CreateWallet,
    GetWalletDepositAddress, IssueIOU, ListBridgeDeposits, ManualDeposit, SetAddressTrustline, SetTier, UpdateProfile,
    UpdateUser, WalletWithdrawTest,
};
use florin_sdk_core::{Amount, Upid};
use florin_tests::http::Api;
use florin_tests::sample::outside_address;
use florin_tests::world::{self, World, amount};
use serde_json::json;

/// A bridge currency of the platform's, and the address that it is issued from on ripple.
pub(super) async fn system_currency(world: &World, parent: &str, deposit: bool, withdraw: bool) -> String {
    let api = world.server.api();
    let from = outside_address(&api, "ripple").await;
    let create = CreateSystemBridgeCurrency {
        enable_deposit: Some(deposit),
        enable_withdraw: Some(withdraw),
        ..CreateSystemBridgeCurrency::new(code(parent), "ripple".to_owned(), "Bigbank".to_owned(), from.clone())
    };
    world.provider.ok(&create).await;
    let main = main_address(&api, "ripple").await;
    let trust = SetAddressTrustline::new("ripple".to_owned(), main, from.clone(), code(parent), amount("100000"));
    world.provider.ok(&trust).await;
    from
}

/// What came in waits, for this reason, and whoever receives it has nothing.
async fn waits(world: &World, transaction: &str, currency: &str, why: &str) {
    let row = noticed(&world.server.api(), "ripple", transaction).await;
    assert_eq!((row["status"].as_str(), row["txid"].is_null()), (Some("unassigned"), true), "{row}");
    assert!(row["reason"].as_str().is_some_and(|reason| reason.contains(why)), "{why}: {row}");
    assert_eq!(balance(&world.provider, world.alice.waid, currency).await, None, "{why}");
}

/// An operator gives it to a wallet, once.
async fn assigned(world: &World, transaction: String, currency: &str, text: &str) {
    let assign = AssignBridgeDeposit::new("ripple".to_owned(), transaction, world.alice.waid);
    world.provider.ok(&assign).await;
    world.provider.send(&assign).await.refused(20006, "it is booked already");
    let has = balance(&world.provider, world.alice.waid, currency).await.map(|balance| balance.available);
    assert_eq!(has.map(Amount::decimal), Some(amount(text).decimal()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_currency_that_takes_no_deposits() {
    let world = World::new().await;
    let World { provider, alice, .. } = &world;
    let api = world.server.api();
    let from = system_currency(&world, "EUR", false, true).await;
    let hers = address(&world, "ripple", alice.waid).await;
    let asked = GetWalletDepositAddress::new("ripple".to_owned(), code("EUR"));
    alice.app.send(&asked).await.refused(20000, "it cannot be paid in there");
    let paid = pay_in(&api, "ripple", &hers, "12.34", Some(&format!("EUR/{from}"))).await;
    waits(&world, &paid, "EUR", "EUR cannot be paid in by ripple").await;
    // It is in the list that operators look at, and one of them decides.
    let unassigned =
        ListBridgeDeposits { status: Some("unassigned".to_owned()), ..ListBridgeDeposits::new("ripple".to_owned(), 1) };
    let listed = provider.ok(&unassigned).await.deposits;
    assert_eq!(listed.iter().map(|row| row.external_transaction_id.as_str()).collect::<Vec<_>>(), [paid.as_str()]);
    assigned(&world, paid, "EUR", "12.34").await;
    // It goes out where it would not come in.
    let out = provider.send(&withdrawal(alice.waid, "ripple", "EUR", "1", &from)).await;
    assert_eq!(out.code(), 10000, "{}", out.text());
    world.server.home.verify().await.sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_currency_that_cannot_be_paid_out() {
    let world = World::new().await;
    let World { provider, alice, .. } = &world;
    let api = world.server.api();
    let from = system_currency(&world, "CAD", true, false).await;
    let hers = address(&world, "ripple", alice.waid).await;
    let paid = pay_in(&api, "ripple", &hers, "50", Some(&format!("CAD/{from}"))).await;
    let row = noticed(&api, "ripple", &paid).await;
    assert_eq!(row["status"], "credited", "{row}");
    let out = provider.send(&withdrawal(alice.waid, "ripple", "CAD", "1", &from)).await;
    out.refused(20000, "not this way");
    assert!(out.text().contains("CAD cannot be paid out by ripple"), "{}", out.text());
    let test = WalletWithdrawTest {
        amount: Some(amount("1")),
        currency: Some(code("CAD")),
        waid: Some(alice.waid),
        ..WalletWithdrawTest::new("ripple".to_owned(), from.clone())
    };
    provider.send(&test).await.refused(20000, "its test says the same");
    // By the bank, which the currency itself names, it goes.
    provider.ok(&withdrawal(alice.waid, "bank", "CAD", "1", "12345678")).await;
    world.server.home.verify().await.sound();
}

/// What a profile issues, closed by its own bridge currency.
#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_closes_its_own_currency() {
    let world = World::new().await;
    let api = world.server.api();
    let (gold, from) = issuer(&world, "gold").await;
    let parent = code("GLD.gold");
    let create = CreateBridgeCurrency::new(parent.clone(), "ripple".to_owned(), from.clone(), false, false);
    gold.api.ok(&create).await;
    let main = main_address(&api, "ripple").await;
    let trust = SetAddressTrustline::new("ripple".to_owned(), main, from.clone(), code("GLD"), amount("1000"));
    world.provider.ok(&trust).await;
    let to = address(&world, "ripple", world.alice.waid).await;
    let (plain, tag) = to.rsplit_once('-').expect("a tag");
    let iou = IssueIOU {
        receiver_tag: Some(tag.parse().expect("a number")),
        ..IssueIOU::new("ripple".to_owned(), from.clone(), plain.to_owned(), code("GLD"), amount("5"))
    };
    gold.api.ok(&iou).await;
    let unassigned =
        ListBridgeDeposits { status: Some("unassigned".to_owned()), ..ListBridgeDeposits::new("ripple".to_owned(), 1) };
    let found = super::until("the IOU", async || world.provider.ok(&unassigned).await.deposits.pop()).await;
    waits(&world, &found.external_transaction_id, "GLD.gold", "GLD.gold cannot be paid in by ripple").await;
    assigned(&world, found.external_transaction_id, "GLD.gold", "5").await;
    world
        .provider
        .send(&withdrawal(world.alice.waid, "ripple", "GLD.gold", "1", &from))
        .await
        .refused(20000, "nor out");
    world.server.home.verify().await.sound();
}

/// Whose owner may not receive: what came in waits until an operator says what becomes of it.
#[tokio::test(flavor = "multi_thread")]
async fn owners_who_may_not_receive() {
    let world = World::new().await;
    let World { provider, alice, .. } = &world;
    let api = world.server.api();
    let hers = address(&world, "ripple", alice.waid).await;
    let terms = SetTier { deposit_crypto: Some(false), ..SetTier::new(5, "Closed".to_owned()) };
    provider.ok(&terms).await;
    provider.ok(&AssignTier { upid: alice.upid, level: 5 }).await;
    let forbidden = pay_in(&api, "ripple", &hers, "7", None).await;
    waits(&world, &forbidden, "XRP", "does not allow to deposit").await;
    let assign = AssignBridgeDeposit::new("ripple".to_owned(), forbidden.clone(), alice.waid);
    provider.send(&assign).await.refused(20010, "not even an operator, while the tier says so");
    provider.ok(&AssignTier { upid: alice.upid, level: 1 }).await;

    let inactive = |status| UpdateUser { uuid: Some(alice.uuid), status: Some(status), ..UpdateUser::new() };
    provider.ok(&inactive(Status::Inactive)).await;
    let late = pay_in(&api, "ripple", &hers, "4", None).await;
    waits(&world, &late, "XRP", "inactive").await;
    provider.ok(&inactive(Status::Active)).await;
    assigned(&world, forbidden, "XRP", "7").await;
    assigned(&world, late, "XRP", "11").await;
    world.server.home.verify().await.sound();
}

/// A trading wallet takes bridge currencies only.
#[tokio::test(flavor = "multi_thread")]
async fn wallets_that_have_no_room() {
    let world = World::new().await;
    let trading = CreateWallet {
        upid: Some(world.alice.upid),
        trading: Some(true),
        market: Some("ripple".to_owned()),
        ..CreateWallet::new("Trade".to_owned())
    };
    let waid = world.provider.ok(&trading).await.waid;
    let paid = pay_in(&world.server.api(), "ripple", &address(&world, "ripple", waid).await, "7", None).await;
    waits(&world, &paid, "XRP", "must be a bridge currency of ripple").await;
    assert_eq!(balance(&world.provider, waid, "XRP").await, None);
    assigned(&world, paid, "XRP", "7").await;
    world.server.home.verify().await.sound();
}

async fn may_withdraw(api: &Api, upid: Upid, value: serde_json::Value) {
    let attributes = json!({ "candowithdraw": value });
    let extended = Some(JsonObject(attributes.as_object().cloned().expect("an object")));
    api.ok(&UpdateProfile { extended, ..UpdateProfile::new(upid) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_that_may_not_withdraw() {
    let world = World::new().await;
    let World { provider, alice, bob, merchant, .. } = &world;
    for (waid, currency) in [(merchant.waid, "XRP"), (merchant.waid, "EUR"), (alice.waid, "XRP")] {
        let deposit = ManualDeposit { waid: Some(waid), ..ManualDeposit::new(code(currency), amount("100")) };
        provider.ok(&deposit).await;
    }
    let to = "rG1QQv2nh2gr7RCZ1P8YYcBUKCCN633jCn";
    let out = |waid| withdrawal(waid, "ripple", "XRP", "10", to);
    let test = WalletWithdrawTest {
        amount: Some(amount("10")),
        currency: Some(code("XRP")),
        waid: Some(merchant.waid),
        ..WalletWithdrawTest::new("ripple".to_owned(), to.to_owned())
    };
    merchant.api.ok(&out(merchant.waid)).await;
    may_withdraw(provider, merchant.upid, json!(false)).await;
    // Whoever asks, by whatever method: it is the wallet's owner who may not.
    for api in [&merchant.api, provider] {
        let refused = api.send(&out(merchant.waid)).await;
        refused.refused(20010, "it may not");
        assert!(refused.text().contains("candowithdraw"), "{}", refused.text());
        api.send(&test).await.refused(20010, "the test says the same");
    }
    provider.send(&withdrawal(merchant.waid, "manual", "EUR", "1", "Desk")).await.refused(20010, "by hand, too");
    // All else goes on, and so do others.
    let transfer = florin_sdk_core::operation::WalletTransfer {
        currency: code("XRP"),
        ..world::transfer(merchant.waid, bob.waid, "5")
    };
    provider.ok(&transfer).await;
    provider.ok(&out(alice.waid)).await;
    let deposit = ManualDeposit { waid: Some(merchant.waid), ..ManualDeposit::new(code("XRP"), amount("1")) };
    provider.ok(&deposit).await;
    for value in [json!(true), json!(null)] {
        may_withdraw(provider, merchant.upid, value).await;
        merchant.api.ok(&out(merchant.waid)).await;
        assert_eq!(merchant.api.ok(&test).await.paths.map(|paths| paths.len()), Some(1));
        may_withdraw(provider, merchant.upid, json!(false)).await;
        merchant.api.send(&out(merchant.waid)).await.refused(20010, "again");
    }
    world.server.home.verify().await.sound();
}
