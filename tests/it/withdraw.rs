//! Withdrawals that people send: held until somebody says how they ended.

use florin_sdk_core::model::{FinalState, TransactionState, TransactionType};
use florin_sdk_core::operation::{
    AssignTier, CaptureHold, CloseWithdraw, GetWallet, GetWalletTransactionDetails, GetWalletTransactionList,
    ManualDeposit, ReleaseHold, SetTier, WalletWithdraw,
};
use florin_sdk_core::{Txid, Waid};
use florin_tests::http::{Answer, Api};
use florin_tests::world::{self, World, amount, currency};
use futures_util::future::join_all;

fn withdraw(waid: Waid, text: &str) -> WalletWithdraw {
    WalletWithdraw {
        waid: Some(waid),
        ..WalletWithdraw::new(amount(text), currency(), "manual".to_owned(), "Cash desk 7".to_owned())
    }
}

/// What a wallet can spend, and what it has set aside.
async fn parts(api: &Api, waid: Waid) -> (String, String) {
    let wallet = api.ok(&GetWallet { waid: Some(waid) }).await;
    let balance = wallet.balances.into_iter().find(|balance| balance.currency_code == currency()).expect("a balance");
    (balance.available.to_string(), balance.held.to_string())
}

fn two(available: &str, held: &str) -> (String, String) {
    (available.to_owned(), held.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_request_to_its_end() {
    let world = World::new().await;
    let World { provider, merchant, .. } = &world;
    let deposit = ManualDeposit { waid: Some(merchant.waid), ..ManualDeposit::new(currency(), amount("100")) };
    provider.ok(&deposit).await;
    // A merchant withdraws what it has.
    let begun = merchant.api.reference("out-1").ok(&withdraw(merchant.waid, "40")).await.txid;
    assert_eq!(parts(&merchant.api, merchant.waid).await, two("60.00", "40.00"));
    let details = merchant.api.ok(&GetWalletTransactionDetails { txid: begun }).await;
    assert_eq!((&details.state, details.finished), (&TransactionState::Pending, None));
    let hoid = details.hoid.expect("a hold");
    provider.send(&CaptureHold::new(hoid)).await.refused(20000, "only the withdrawal ends it");
    provider.send(&ReleaseHold::new(hoid)).await.refused(20000, "only the withdrawal ends it");
    // It has not the right to say that it has left.
    let close = CloseWithdraw {
        external_transaction_id: Some("SLIP 9".to_owned()),
        ..CloseWithdraw::new(begun, FinalState::Completed)
    };
    merchant.api.send(&close).await.refused(20003, "a merchant");
    let ended = provider.ok(&close).await.txid;
    assert_eq!(parts(&merchant.api, merchant.waid).await, two("60.00", "0.00"));
    provider.send(&close).await.refused(20017, "it has ended");
    provider.send(&CloseWithdraw::new(begun, FinalState::Failed)).await.refused(20017, "it has ended");
    provider.send(&CloseWithdraw::new(ended, FinalState::Failed)).await.refused(20005, "that is no withdrawal");
    let nobodys = Txid::new(7).expect("an id");
    provider.send(&CloseWithdraw::new(nobodys, FinalState::Failed)).await.refused(20005, "there is none");

    let list = GetWalletTransactionList { limit: Some(2), ..GetWalletTransactionList::new() };
    let listed = merchant.api.ok(&list).await.transactions;
    let shown: Vec<_> =
        listed.iter().map(|tx| (&tx.kind, &tx.state, tx.amount.to_string(), tx.balance.to_string())).collect();
    assert_eq!(
        shown,
        [
            (&TransactionType::Withdraw, &TransactionState::Completed, "-40.00".to_owned(), "60.00".to_owned()),
            (&TransactionType::Deposit, &TransactionState::Completed, "100.00".to_owned(), "100.00".to_owned()),
        ]
    );
    let details = merchant.api.ok(&GetWalletTransactionDetails { txid: begun }).await;
    assert_eq!(
        (details.state, details.external_transaction_id.as_deref()),
        (TransactionState::Completed, Some("SLIP 9"))
    );
    assert_eq!(details.external_destination_address.as_deref(), Some("Cash desk 7"));

    // One that fails comes back.
    let begun = merchant.api.ok(&withdraw(merchant.waid, "60")).await.txid;
    provider
        .ok(&CloseWithdraw {
            error_message: Some("nobody came".to_owned()),
            ..CloseWithdraw::new(begun, FinalState::Failed)
        })
        .await;
    assert_eq!(parts(&merchant.api, merchant.waid).await, two("60.00", "0.00"));
    let details = merchant.api.ok(&GetWalletTransactionDetails { txid: begun }).await;
    assert_eq!((details.state, details.error_message.as_deref()), (TransactionState::Failed, Some("nobody came")));
    world.server.home.verify().await.sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_endings_at_once_one_counts() {
    let world = World::new().await;
    let World { provider, waid, .. } = &world;
    let before = parts(provider, *waid).await;
    let txid = provider.ok(&withdraw(*waid, "10")).await.txid;
    let ends = [FinalState::Failed, FinalState::Completed].map(|state| CloseWithdraw::new(txid, state));
    let answers = join_all((0..32).map(|index| provider.send(&ends[index % 2]))).await;
    let codes: Vec<u32> = answers.iter().map(Answer::code).collect();
    assert_eq!(codes.iter().filter(|code| **code == 10000).count(), 1, "{codes:?}");
    assert_eq!(codes.iter().filter(|code| **code == 20017).count(), 31, "{codes:?}");
    let completed = codes.iter().position(|code| *code == 10000).is_some_and(|index| index % 2 == 1);
    assert_eq!(parts(provider, *waid).await == before, !completed);
    world.server.home.verify().await.sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tier_limits_withdrawals() {
    let world = World::new().await;
    let World { provider, merchant, .. } = &world;
    let deposit = ManualDeposit { waid: Some(merchant.waid), ..ManualDeposit::new(currency(), amount("500")) };
    provider.ok(&deposit).await;
    let terms = SetTier { limit_withdraw_fiat_1: Some(amount("100")), ..SetTier::new(5, "Tried".to_owned()) };
    provider.ok(&terms).await;
    provider.ok(&AssignTier { upid: merchant.upid, level: 5 }).await;
    let answers = join_all((0..32).map(|_| async { merchant.api.send(&withdraw(merchant.waid, "10")).await })).await;
    let codes: Vec<u32> = answers.iter().map(Answer::code).collect();
    assert_eq!(codes.iter().filter(|code| **code == 10000).count(), 10, "{codes:?}");
    assert_eq!(codes.iter().filter(|code| **code == 20010).count(), 22, "{codes:?}");
    let first = answers.iter().find(|answer| answer.code() == 10000).expect("one").ok::<WalletWithdraw>().txid;
    provider.ok(&CloseWithdraw::new(first, FinalState::Failed)).await;
    merchant.api.ok(&withdraw(merchant.waid, "10")).await;
    merchant.api.send(&withdraw(merchant.waid, "0.01")).await.refused(20010, "all is used up again");
    provider.ok(&SetTier { withdraw_fiat: Some(false), ..SetTier::new(5, "Tried".to_owned()) }).await;
    merchant.api.send(&withdraw(merchant.waid, "0.01")).await.refused(20010, "it is forbidden");
    world.server.home.verify().await.sound();
}

/// Whatever rights a caller has, `negativewallet` among them: nobody's wallet goes below zero.
#[tokio::test(flavor = "multi_thread")]
async fn no_right_opens_an_overdraft() {
    let world = World::new().await;
    let World { provider, merchant, alice, .. } = &world;
    let roles = ["adapter-admin", "ewallet-admin", "profile-rw"];
    let key = provider.ok(&world::new_key("Adapter", &roles, Some(merchant.upid))).await;
    let adapter = provider.key(key.api_key.expose());
    for api in [&adapter, provider] {
        api.send(&withdraw(merchant.waid, "0.01")).await.refused(20009, "there is nothing");
        let transfer = world::transfer(merchant.waid, alice.waid, "0.01");
        api.send(&transfer).await.refused(20009, "there is nothing");
    }
    world.server.home.verify().await.sound();
}
