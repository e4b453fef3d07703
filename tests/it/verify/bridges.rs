//! What was changed of deposits and withdrawals over bridges.

use super::{Forgery, all_named};
use crate::bridge::{address, ended, has, noticed, pay_in, sandbox, until, withdrawal};
use florin_sdk_core::model::{FinalState, TransactionState};
use florin_sdk_core::operation::{AssignBridgeDeposit, CloseWithdraw};
use florin_tests::server::Home;
use florin_tests::world::World;
use serde_json::{Value, json};

const TO: &str = "rG1QQv2nh2gr7RCZ1P8YYcBUKCCN633jCn-77";

/// Books with two deposits that were booked, one that nobody has; withdrawals that were completed, that failed and that are
/// on their way, over a network and by hand.
async fn books() -> Home {
    let mut world = World::new().await;
    let World { provider, alice, bob, .. } = &world;
    let api = world.server.api();
    let hers = address(&world, "ripple", alice.waid).await;
    pay_in(&api, "ripple", &hers, "100.5", None).await;
    has(provider, alice.waid, "XRP", "100.5").await;
    let (main, _) = hers.rsplit_once('-').expect("a tag");
    for text in ["7", "8"] {
        let lost = pay_in(&api, "ripple", main, text, None).await;
        noticed(&api, "ripple", &lost).await;
        if text == "7" {
            provider.ok(&AssignBridgeDeposit::new("ripple".to_owned(), lost, bob.waid)).await;
        }
    }
    let out = |text: &str| withdrawal(alice.waid, "ripple", "XRP", text, TO);
    let done = provider.ok(&out("20")).await.txid;
    assert_eq!(ended(provider, done).await.state, TransactionState::Completed);
    sandbox(&api, "ripple/settings", json!({ "mode": "reject", "count": 1 })).await;
    let failed = provider.ok(&out("10")).await.txid;
    assert_eq!(ended(provider, failed).await.state, TransactionState::Failed);
    let by_hand = provider.ok(&withdrawal(bob.waid, "manual", "XRP", "2", "Desk")).await.txid;
    provider.ok(&CloseWithdraw::new(by_hand, FinalState::Completed)).await;
    provider.ok(&withdrawal(bob.waid, "manual", "XRP", "1", "Desk")).await;
    // One that the network has and no block takes.
    sandbox(&api, "ripple/settings", json!({ "mode": "stuck" })).await;
    let stuck = provider.ok(&out("5")).await.txid;
    until("the submission", async || {
        let all = sandbox(&api, "ripple/orders", Value::Null).await;
        let of = |row: &&Value| row["id"] == json!(stuck) && row["status"] == "sent";
        all["orders"].as_array().expect("a list").iter().find(of).map(|_| ())
    })
    .await;
    assert_eq!(world.server.terminate().await.code(), Some(0));
    let home = world.server.home.clone();
    let verified = home.verify().await;
    verified.sound();
    assert_eq!((&verified.report["orders"], &verified.report["deposits"]), (&json!(5), &json!(3)), "{}", verified.text);
    home
}

const ORDERS: &[Forgery] = &[
    (
        "what is to be sent",
        "UPDATE bridge_order SET amount = '21' WHERE status = 'done' AND bridge = 'ripple'",
        "order",
        "txid_",
    ),
    (
        "to whom",
        "UPDATE bridge_order SET tag = 78 WHERE status = 'sent'",
        "order",
        "is not what its withdrawal is to send",
    ),
    (
        "to whom, by hand",
        "UPDATE bridge_order SET address = 'Mine' WHERE status = 'waiting'",
        "order",
        "is not what its withdrawal",
    ),
    (
        "over which network",
        "UPDATE bridge_order SET bridge = 'stellar' WHERE status = 'done' AND bridge = 'ripple'",
        "order",
        "txid_",
    ),
    (
        "under another id",
        "UPDATE bridge_order SET id = 'txid_0000000000000007' WHERE status = 'sent'",
        "order",
        "txid_0000000000000007",
    ),
    (
        "done, and still held",
        "UPDATE bridge_order SET status = 'done', due = NULL, closed = created WHERE status = 'sent'",
        "order",
        "is done, and its withdrawal is Pending",
    ),
    (
        "failed, and it left",
        "UPDATE bridge_order SET status = 'failed' WHERE status = 'done' AND bridge = 'ripple'",
        "order",
        "is failed, and its withdrawal is Completed",
    ),
    (
        "done, and the money is back",
        "UPDATE bridge_order SET status = 'done' WHERE status = 'failed'",
        "order",
        "is done, and its withdrawal is Failed",
    ),
    (
        "to be sent again",
        "UPDATE bridge_order SET status = 'waiting', due = created, closed = NULL WHERE status = 'done' AND bridge = 'ripple'",
        "order",
        "is waiting, and its withdrawal is Completed",
    ),
    ("never to be sent", "UPDATE bridge_order SET due = NULL WHERE status = 'sent'", "order", "nobody works on it"),
    (
        "another name of the network's",
        "UPDATE bridge_order SET network_id = 'ABCD' WHERE status = 'done' AND bridge = 'ripple'",
        "order",
        "txid_",
    ),
    ("an order that is gone", "DELETE FROM bridge_order WHERE status = 'sent'", "withdrawal", "has no order"),
    (
        "an order of nothing",
        "UPDATE bridge_order SET txid = 7 WHERE status = 'sent'",
        "order",
        "txid_0000000000000007, which is no withdrawal",
    ),
    (
        "an order that forgot its withdrawal",
        "UPDATE bridge_order SET txid = NULL WHERE status = 'sent'",
        "withdrawal",
        "has no order",
    ),
    ("a withdrawal that is gone", "DELETE FROM withdrawal WHERE state = 'Pending'", "order", "which is no withdrawal"),
    ("a withdrawal without its hold", "DELETE FROM hold WHERE status = 'open'", "withdrawal", "which is not there"),
    (
        "a hold that was released",
        "UPDATE hold SET status = 'released' WHERE status = 'open'",
        "withdrawal",
        "does not go with its hold",
    ),
];

const DEPOSITS: &[Forgery] = &[
    (
        "how much came in",
        "UPDATE bridge_deposit SET amount = '7000' WHERE amount LIKE '7%'",
        "deposit",
        "is not what txid_",
    ),
    (
        "for whom",
        "UPDATE bridge_deposit SET waid = (SELECT max(waid) FROM wallet) WHERE amount LIKE '100%'",
        "deposit",
        "is not what txid_",
    ),
    ("what", "UPDATE bridge_deposit SET asset = 'EUR' WHERE amount LIKE '100%'", "deposit", "is not what txid_"),
    (
        "by another transaction",
        "UPDATE bridge_deposit SET txid = (SELECT txid FROM bridge_deposit WHERE amount LIKE '7%') WHERE amount LIKE '100%'",
        "deposit",
        "txid_",
    ),
    (
        "by no transaction",
        "UPDATE bridge_deposit SET txid = 7 WHERE amount LIKE '100%'",
        "deposit",
        "txid_0000000000000007, which is not there",
    ),
    (
        "by a transaction that is none",
        "UPDATE bridge_deposit SET txid = (SELECT txid FROM bridge_order WHERE status = 'done' AND bridge = 'ripple') WHERE amount LIKE '100%'",
        "deposit",
        "is not what txid_",
    ),
    (
        "booked and not booked",
        "UPDATE bridge_deposit SET status = 'unassigned' WHERE amount LIKE '100%'",
        "deposit",
        "is booked and names",
    ),
    (
        "to be booked again",
        "UPDATE bridge_deposit SET status = 'unassigned', txid = NULL, waid = NULL WHERE amount LIKE '100%'",
        "deposit",
        "could be booked twice",
    ),
    ("to come in again", "DELETE FROM bridge_deposit WHERE amount LIKE '100%'", "deposit", "could be booked twice"),
    (
        "never booked",
        "UPDATE bridge_deposit SET status = 'credited' WHERE status = 'unassigned'",
        "deposit",
        "is booked and names",
    ),
    (
        "under another name",
        "UPDATE bridge_deposit SET network_id = 'ABCD' WHERE amount LIKE '100%'",
        "deposit",
        "ripple ABCD",
    ),
    (
        "its transaction forgot where it came from",
        "UPDATE outside SET network_id = 'ABCD' WHERE source IS NOT NULL",
        "deposit",
        "booked something else",
    ),
    (
        "a state that there is not",
        "UPDATE bridge_deposit SET status = 'spent' WHERE amount LIKE '100%'",
        "deposit",
        "is booked and names",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_bridges_did_is_compared_with_the_books() {
    let home = books().await;
    all_named(&home, ORDERS).await;
    all_named(&home, DEPOSITS).await;
}
