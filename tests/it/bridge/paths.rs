//! `WalletWithdrawTest`: what it says of a withdrawal is what the withdrawal then does.

use super::closed::system_currency;
use super::{address, code, ended, has, parts, pay_in, sandbox, two, withdrawal};
use florin_sdk_core::model::{FeeOperation, Status, TransactionState};
use florin_sdk_core::operation::{
    AssignFeeSchedule, AssignTier, ManualDeposit, SetFeeSchedule, SetTier, UpdateUser, WalletWithdraw,
    WalletWithdrawTest, WithdrawPath,
};
use florin_sdk_core::{Amount, Waid};
use florin_tests::digest::changes;
use florin_tests::sample::outside_address;
use florin_tests::world::{World, amount};
use serde_json::json;

/// The world of these tests: Alice has 100 XRP and 100 EUR, EUR is on ripple, and somebody outside takes it.
struct Scene {
    world: World,
    /// Who takes it.
    receiver: String,
    /// Who issues EUR on ripple.
    from: String,
}

async fn scene() -> Scene {
    let world = World::new().await;
    let api = world.server.api();
    let from = system_currency(&world, "EUR", true, true).await;
    let hers = address(&world, "ripple", world.alice.waid).await;
    pay_in(&api, "ripple", &hers, "100", None).await;
    pay_in(&api, "ripple", &hers, "100", Some(&format!("EUR/{from}"))).await;
    has(&world.provider, world.alice.waid, "XRP", "100").await;
    has(&world.provider, world.alice.waid, "EUR", "100").await;
    let receiver = outside_address(&api, "ripple").await;
    let trust = json!({ "address": receiver, "asset": format!("EUR/{from}"), "amount": "1000" });
    sandbox(&api, "ripple/trust", trust).await;
    Scene { world, receiver, from }
}

impl Scene {
    /// So much of a currency of Alice's.
    fn plain(&self, currency: &str, text: &str) -> WalletWithdrawTest {
        WalletWithdrawTest {
            amount: Some(amount(text)),
            currency: Some(code(currency)),
            ..self.test(self.world.alice.waid)
        }
    }

    fn test(&self, waid: Waid) -> WalletWithdrawTest {
        WalletWithdrawTest { waid: Some(waid), ..WalletWithdrawTest::new("ripple".to_owned(), self.receiver.clone()) }
    }

    async fn paths(&self, test: &WalletWithdrawTest) -> Vec<WithdrawPath> {
        self.world.provider.ok(test).await.paths.unwrap_or_default()
    }
}

/// What is paid with, how much, and the fee.
fn shown(paths: &[WithdrawPath]) -> Vec<(String, String, String)> {
    let fee = |path: &WithdrawPath| path.fee.map(|fee: Amount| fee.to_string()).unwrap_or_default();
    let one = |path: &WithdrawPath| (path.source_currency.to_string(), path.source_amount.to_string(), fee(path));
    paths.iter().map(one).collect()
}

fn path(currency: &str, text: &str, fee: &str) -> (String, String, String) {
    (currency.to_owned(), text.to_owned(), fee.to_owned())
}

/// A fee of 1 and 2 % for withdrawals of EUR, and of 1 % of anything else.
async fn charge(world: &World) {
    let of_eur = SetFeeSchedule {
        schedule_name: Some("Out".to_owned()),
        fee_operation: Some(FeeOperation::Withdraw),
        fee_currency: Some(code("EUR")),
        fixed: Some(amount("1")),
        basis_points: Some(200),
        ..SetFeeSchedule::new()
    };
    let fsid = world.provider.ok(&of_eur).await.fsid;
    let of_others = SetFeeSchedule {
        fsid: Some(fsid),
        fee_operation: Some(FeeOperation::Withdraw),
        basis_points: Some(100),
        ..SetFeeSchedule::new()
    };
    world.provider.ok(&of_others).await;
    world.provider.ok(&AssignFeeSchedule { upid: world.alice.upid, fsid: Some(fsid) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bridge_currency_and_its_fee() {
    let scene = scene().await;
    let World { provider, alice, server, .. } = &scene.world;
    assert_eq!(shown(&scene.paths(&scene.plain("EUR", "10")).await), [path("EUR", "10.00", "0.00")]);
    charge(&scene.world).await;
    let before = server.tables();
    assert_eq!(shown(&scene.paths(&scene.plain("EUR", "10")).await), [path("EUR", "10.00", "1.20")]);
    assert_eq!(shown(&scene.paths(&scene.plain("XRP", "10")).await), [path("XRP", "10.000000", "0.100000")]);
    // Amount and fee together must be there: 97.06 and 2.94 are, a cent more is not.
    assert_eq!(shown(&scene.paths(&scene.plain("EUR", "97.06")).await), [path("EUR", "97.06", "2.94")]);
    assert_eq!(shown(&scene.paths(&scene.plain("EUR", "97.07")).await), []);
    assert_eq!(changes(&before, &server.tables()), Vec::<String>::new(), "a test changes nothing");

    // What was answered can be done, to the unit.
    let withdraw = |text: &str| withdrawal(alice.waid, "ripple", "EUR", text, &scene.receiver);
    provider.send(&withdraw("97.07")).await.refused(20009, "as the test said");
    let txid = provider.ok(&withdraw("97.06")).await.txid;
    assert_eq!(parts(provider, alice.waid, "EUR").await, two("0.00", "100.00"));
    assert_eq!(ended(provider, txid).await.state, TransactionState::Completed);
    assert_eq!(parts(provider, alice.waid, "EUR").await, two("0.00", "0.00"));
    server.home.verify().await.sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn several_currencies_can_pay_for_one_that_is_elsewhere() {
    let scene = scene().await;
    let World { provider, alice, server, .. } = &scene.world;
    let api = server.api();
    charge(&scene.world).await;
    let dollars = format!("USD/{}", scene.from);
    sandbox(&api, "ripple/trust", json!({ "address": scene.receiver, "asset": dollars, "amount": "1000" })).await;
    // TOK.acme is not on the network, so Alice's thousand of it is no way.
    let test = |text: &str| WalletWithdrawTest {
        destination_amount: Some(amount(text)),
        destination_currency: Some(dollars.clone()),
        ..scene.test(alice.waid)
    };
    let mut both = shown(&scene.paths(&test("22")).await);
    both.sort();
    // 22 USD cost 20 EUR or 44 XRP, and half a percent.
    assert_eq!(both, [path("EUR", "20.10", "1.40"), path("XRP", "44.220000", "0.442200")]);
    // More than one of them has: the other is left.
    assert_eq!(shown(&scene.paths(&test("60")).await), [path("EUR", "54.82", "2.09")]);
    assert_eq!(shown(&scene.paths(&test("500")).await), []);
    let convert = WalletWithdraw {
        destination_amount: Some(amount("22")),
        destination_currency: Some(dollars.clone()),
        ..withdrawal(alice.waid, "ripple", "EUR", "20.10", &scene.receiver)
    };
    let txid = provider.ok(&convert).await.txid;
    assert_eq!(ended(provider, txid).await.state, TransactionState::Completed);
    assert_eq!(parts(provider, alice.waid, "EUR").await, two("78.50", "0.00"));
    server.home.verify().await.sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_be_refused_is_no_path() {
    let scene = scene().await;
    let World { provider, alice, bob, server, .. } = &scene.world;
    // Nobody has any of it.
    let of_bob = WalletWithdrawTest { waid: Some(bob.waid), ..scene.plain("EUR", "1") };
    assert_eq!(shown(&scene.paths(&of_bob).await), []);
    // The tier's limit; what was tested is not counted.
    provider.ok(&SetTier { limit_withdraw_fiat_1: Some(amount("50")), ..SetTier::new(5, "Tried".to_owned()) }).await;
    provider.ok(&AssignTier { upid: alice.upid, level: 5 }).await;
    for _ in 0..3 {
        assert_eq!(scene.paths(&scene.plain("EUR", "50")).await.len(), 1);
    }
    let over = provider.send(&scene.plain("EUR", "50.01")).await;
    over.refused(20010, "over the limit");
    assert!(over.text().contains("50.00 are left"), "{}", over.text());
    provider.ok(&withdrawal(alice.waid, "ripple", "EUR", "50", &scene.receiver)).await;
    provider.send(&scene.plain("EUR", "0.01")).await.refused(20010, "all is used up");
    assert_eq!(scene.paths(&scene.plain("XRP", "20")).await.len(), 1, "that limit is of other money");
    // Forbidden, inactive, not there, too many digits, not this method.
    provider.ok(&SetTier { withdraw_crypto: Some(false), ..SetTier::new(5, "Tried".to_owned()) }).await;
    provider.send(&scene.plain("XRP", "20")).await.refused(20010, "forbidden");
    provider.send(&scene.plain("XRP", "0.0000001")).await.refused(20000, "digits");
    provider.send(&scene.plain("ABC.nobody", "1")).await.refused(20000, "no such currency");
    provider.send(&scene.plain("TOK.acme", "1")).await.refused(20000, "not on this network");
    let by_bank = WalletWithdrawTest {
        amount: Some(amount("1")),
        currency: Some(code("EUR")),
        ..WalletWithdrawTest::new("iban".to_owned(), "MT84MALT011000012345MTLCAST001S".to_owned())
    };
    provider.send(&by_bank).await.refused(20000, "only ripple says beforehand");
    provider.ok(&UpdateUser { uuid: Some(alice.uuid), status: Some(Status::Inactive), ..UpdateUser::new() }).await;
    provider.send(&scene.plain("EUR", "1")).await.refused(20012, "inactive");
    // Of the platform's default wallet when none is named.
    let deposit = ManualDeposit { waid: Some(scene.world.waid), ..ManualDeposit::new(code("XRP"), amount("30")) };
    provider.ok(&deposit).await;
    let own = WalletWithdrawTest { waid: None, ..scene.plain("XRP", "20") };
    assert_eq!(scene.paths(&own).await.len(), 1);
    server.home.verify().await.sound();
}
