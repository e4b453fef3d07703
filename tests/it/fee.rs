//! Fees: taken on top, shown, and gone with their schedule.

use florin_sdk_core::model::{FeeOperation, FeeRule};
use florin_sdk_core::operation::{
    AcceptPayment, AssignFeeSchedule, DeleteFeeSchedule, GetProfile, GetWallet, GetWalletListByName,
    GetWalletTransactionDetails, GetWalletTransactionList, ListFeeSchedules, RefundTransaction, SetFeeSchedule,
};
use florin_sdk_core::{Fsid, Waid};
use florin_tests::world::{self, World, amount, currency};

fn rule(operation: FeeOperation) -> SetFeeSchedule {
    SetFeeSchedule { fee_operation: Some(operation), fee_currency: Some(currency()), ..SetFeeSchedule::new() }
}

/// A schedule for transfers, 0.10 and 1.5 %, that Alice is on.
async fn charged(world: &World) -> Fsid {
    let transfers = SetFeeSchedule {
        schedule_name: Some("Retail".to_owned()),
        fixed: Some(amount("0.10")),
        basis_points: Some(150),
        ..rule(FeeOperation::Transfer)
    };
    let fsid = world.provider.ok(&transfers).await.fsid;
    world.provider.ok(&AssignFeeSchedule { fsid: Some(fsid), ..AssignFeeSchedule::new(world.alice.upid) }).await;
    fsid
}

/// The platform's wallet for fees, and what is in it.
async fn fees(world: &World) -> (Waid, String) {
    let found = world.provider.ok(&GetWalletListByName { wallet_name: "fees".to_owned() }).await.wallets;
    assert_eq!(found.len(), 1);
    let waid = found[0].waid;
    (waid, world.balance(waid).await.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fee_comes_on_top_and_goes_to_the_platform() {
    let world = World::new().await;
    let World { provider, alice, bob, .. } = &world;
    charged(&world).await;
    // 1.5 % of 9.99 is 0.14985: rounded down, and 0.10.
    let moved = provider.ok(&world::transfer(alice.waid, bob.waid, "9.99")).await.txid;
    assert_eq!(world.balance(alice.waid).await, amount("989.77"));
    assert_eq!(world.balance(bob.waid).await, amount("1009.99"));
    let (waid, taken) = fees(&world).await;
    assert_eq!(taken, "0.24");

    let history = GetWalletTransactionList { limit: Some(1), ..GetWalletTransactionList::new() };
    let listed = alice.app.ok(&history).await.transactions.remove(0);
    assert_eq!((listed.fee, listed.amount.to_string()), (amount("0.24"), "-10.23".to_owned()));
    let details = alice.app.ok(&GetWalletTransactionDetails { txid: moved }).await;
    assert_eq!((details.amount, details.fee), (amount("9.99"), amount("0.24")));
    let entries = provider.ok(&GetWalletTransactionDetails { txid: moved }).await.entries.expect("entries");
    assert!(entries.iter().any(|entry| entry.waid == waid && entry.amount == amount("0.24")));

    // Amount and fee together must be there. A provider's own credit and debit are free.
    provider.send(&world::transfer(alice.waid, bob.waid, "989.77")).await.refused(20009, "the fee is not there");
    provider.ok(&world::debit_of(alice, "489.77")).await;
    provider.ok(&world::transfer(bob.waid, alice.waid, "1")).await;
    assert_eq!(world.balance(alice.waid).await, amount("501"));
    // What is paid back is the amount, never the fee.
    let refund = RefundTransaction::new(moved);
    provider.ok(&refund).await;
    provider.send(&refund).await.refused(20010, "nothing is left to refund");
    assert_eq!((world.balance(alice.waid).await, fees(&world).await.1), (amount("510.99"), "0.24".to_owned()));
    // To the wallet for fees itself.
    provider.ok(&world::transfer(alice.waid, waid, "100")).await;
    assert_eq!(fees(&world).await.1, "101.84");
    // And out of it, which is the platform's own: free.
    provider.ok(&world::transfer(waid, bob.waid, "101.84")).await;
    assert_eq!(fees(&world).await.1, "0.00");
    world.server.home.verify().await.sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_has_bounds_and_is_of_one_kind_of_operation() {
    let world = World::new().await;
    let World { provider, alice, bob, .. } = &world;
    let fsid = charged(&world).await;
    let payments = SetFeeSchedule {
        fsid: Some(fsid),
        basis_points: Some(1000),
        least: Some(amount("1")),
        most: Some(amount("2")),
        ..rule(FeeOperation::Payment)
    };
    provider.ok(&payments).await;
    for (price, fee) in [("5", "1"), ("15", "1.50"), ("100", "2")] {
        let before = world.balance(alice.waid).await;
        let prid = world.payment_request(alice, price).await;
        provider.ok(&AcceptPayment::new(prid, currency(), "wallet".to_owned(), amount(price))).await;
        let paid = before.decimal() - world.balance(alice.waid).await.decimal();
        assert_eq!(paid, amount(price).decimal() + amount(fee).decimal(), "{price}");
    }
    // A rule for all currencies counts where there is none for the currency.
    let all =
        SetFeeSchedule { fee_currency: None, fixed: None, basis_points: Some(100), ..rule(FeeOperation::Transfer) };
    provider.ok(&SetFeeSchedule { fsid: Some(fsid), ..all.clone() }).await;
    let listed = provider.ok(&ListFeeSchedules {}).await.schedules;
    assert_eq!(listed.iter().map(|schedule| schedule.is_default).collect::<Vec<_>>(), [true, false]);
    assert_eq!(listed[1].rules.len(), 3);
    assert_eq!(listed[0].rules, Vec::<FeeRule>::new());
    let before = world.balance(bob.waid).await;
    provider.ok(&AssignFeeSchedule { fsid: Some(fsid), ..AssignFeeSchedule::new(bob.upid) }).await;
    provider.ok(&world::transfer(bob.waid, alice.waid, "10")).await;
    assert_eq!(before.decimal() - world.balance(bob.waid).await.decimal(), amount("10.25").decimal());

    for (wrong, what) in [
        (SetFeeSchedule { schedule_name: None, ..SetFeeSchedule::new() }, "a new one without a name"),
        (SetFeeSchedule { fsid: Some(fsid), fixed: Some(amount("1")), ..all.clone() }, "an amount of no currency"),
        (SetFeeSchedule { fsid: Some(fsid), basis_points: Some(1), ..SetFeeSchedule::new() }, "a rule for nothing"),
        (
            SetFeeSchedule { fsid: Some(fsid), least: Some(amount("3")), ..payments.clone() },
            "more at least than at most",
        ),
        (SetFeeSchedule { fsid: Some(fsid), most: Some(amount("0.001")), ..payments.clone() }, "too many digits"),
        (SetFeeSchedule { fsid: Fsid::new(0), ..all.clone() }, "the default one"),
    ] {
        provider.send(&wrong).await.refused(20000, what);
    }
    let nobodys = SetFeeSchedule { fsid: Fsid::new(77), ..all };
    provider.send(&nobodys).await.refused(20005, "there is none");
    world.server.home.verify().await.sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn with_its_schedule_a_fee_is_gone() {
    let world = World::new().await;
    let World { provider, alice, bob, .. } = &world;
    let fsid = charged(&world).await;
    let profile = GetProfile { upid: Some(alice.upid), ..GetProfile::new() };
    assert_eq!(provider.ok(&profile).await.fsid, Some(fsid));
    let own = world.merchant.api.send(&DeleteFeeSchedule { fsid }).await;
    own.refused(20003, "a merchant");
    provider.ok(&DeleteFeeSchedule { fsid }).await;
    assert_eq!(provider.ok(&profile).await.fsid, None);
    provider.ok(&world::transfer(alice.waid, bob.waid, "10")).await;
    assert_eq!(world.balance(alice.waid).await, amount("990"));
    provider.send(&DeleteFeeSchedule { fsid }).await.refused(20005, "it is gone");
    let assign = AssignFeeSchedule { fsid: Some(fsid), ..AssignFeeSchedule::new(alice.upid) };
    provider.send(&assign).await.refused(20005, "it is gone");
    let default = provider.ok(&ListFeeSchedules {}).await.schedules;
    assert_eq!(default.len(), 1);
    provider.send(&DeleteFeeSchedule { fsid: default[0].fsid }).await.refused(20000, "the default one");
    // The wallet of a fee that was never taken is not there.
    let none = provider.ok(&GetWalletListByName { wallet_name: "Fees".to_owned() }).await.wallets;
    assert_eq!(none.len(), 0);
    assert!(provider.ok(&GetWallet { waid: Some(alice.waid) }).await.is_default);
}
