//! Money that is set aside, taken, given back; and money that is paid back.

use florin_sdk_core::model::{PaymentStatus, TransactionType};
use florin_sdk_core::operation::{
    AcceptPayment, Balance, CaptureHold, GetOperationOutcome, GetPaymentStatus, GetSettings, GetWallet,
    GetWalletTransactionDetails, GetWalletTransactionList, OutcomeKind, PlaceHold, RefundTransaction, ReleaseHold,
};
use florin_sdk_core::{Hoid, Secret, Timestamp, Txid, Waid};
use florin_sdk_server::{ClientOptions, Fate, FlorinError, Journal, JournalEntry, MemoryJournal, ProviderClient};
use florin_tests::digest::changes;
use florin_tests::http::Api;
use florin_tests::world::{self, World, amount, currency};
use futures_util::future::join_all;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

fn capture(hoid: Hoid, text: Option<&str>) -> CaptureHold {
    CaptureHold { amount: text.map(amount), ..CaptureHold::new(hoid) }
}

fn refund(txid: Txid, text: Option<&str>) -> RefundTransaction {
    RefundTransaction { amount: text.map(amount), ..RefundTransaction::new(txid) }
}

async fn balance(api: &Api, waid: Waid) -> Balance {
    let wallet = api.ok(&GetWallet { waid: Some(waid) }).await;
    wallet.balances.into_iter().find(|balance| balance.currency_code == currency()).expect("a balance")
}

/// What can be spent and what is set aside; the two together are the total.
async fn parts(api: &Api, waid: Waid) -> (String, String) {
    let balance = balance(api, waid).await;
    assert_eq!(balance.total.decimal(), balance.available.decimal() + balance.held.decimal());
    (balance.available.to_string(), balance.held.to_string())
}

fn two(available: &str, held: &str) -> (String, String) {
    (available.to_owned(), held.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_hold_to_the_capture() {
    let world = World::new().await;
    let World { provider, alice, .. } = &world;
    let before = world.balance(world.waid).await;
    let place = provider.reference("hold-1").send(&world::hold_of(alice, "40")).await;
    let placed = place.ok::<PlaceHold>();
    assert_eq!(parts(&alice.app, alice.waid).await, two("960.00", "40.00"));
    // What is set aside cannot be spent, but by its hold.
    let most = world::transfer(alice.waid, world.bob.waid, "960.01");
    provider.send(&most).await.refused(20009, "what is set aside");
    provider.send(&world::hold_of(alice, "960.01")).await.refused(20009, "what is set aside");
    provider.send(&capture(placed.hoid, Some("40.01"))).await.refused(20010, "more than is held");

    let captured = provider.reference("capture-1").ok(&capture(placed.hoid, Some("25.50"))).await;
    assert_eq!(parts(&alice.app, alice.waid).await, two("974.50", "0.00"));
    let received = world.balance(world.waid).await.decimal() - before.decimal();
    assert_eq!(received, amount("25.50").decimal());
    for (what, answer) in [
        ("again", provider.send(&capture(placed.hoid, None)).await),
        ("and released", provider.send(&ReleaseHold::new(placed.hoid)).await),
    ] {
        answer.refused(20016, what);
    }

    // The user sees both in the history: what moved, and what was set aside.
    let history = GetWalletTransactionList { limit: Some(2), ..GetWalletTransactionList::new() };
    let listed = alice.app.ok(&history).await.transactions;
    let shown: Vec<_> = listed
        .iter()
        .map(|tx| {
            (tx.txid, &tx.kind, tx.amount.to_string(), tx.held.map(|held| held.to_string()), tx.balance.to_string())
        })
        .collect();
    let held = |text: &str| Some(text.to_owned());
    assert_eq!(
        shown,
        [
            (captured.txid, &TransactionType::Capture, "-25.50".into(), held("-40.00"), "974.50".into()),
            (placed.txid, &TransactionType::Hold, "0.00".into(), held("40.00"), "1000.00".into()),
        ]
    );
    let details = alice.app.ok(&GetWalletTransactionDetails { txid: placed.txid }).await;
    assert_eq!((details.hoid, details.amount), (Some(placed.hoid), amount("40")));
    assert_eq!((details.source_waid, details.destination_waid), (Some(alice.waid), None));
    let details = provider.ok(&GetWalletTransactionDetails { txid: captured.txid }).await;
    assert_eq!((details.hoid, details.amount), (Some(placed.hoid), amount("25.50")));
    assert_eq!(details.entries.map(|entries| entries.len()), Some(2));

    // The references stand for what they did.
    let again = provider.reference("hold-1").send(&world::hold_of(alice, "40")).await;
    assert!(again.is_replay());
    assert_eq!(again.text(), place.text());
    assert!(provider.reference("capture-1").send(&capture(placed.hoid, Some("25.5"))).await.is_replay());
    let question = GetOperationOutcome { reference: "capture-1".to_owned(), operation: None };
    let outcome = provider.ok(&question).await;
    assert_eq!((outcome.outcome, outcome.txid), (OutcomeKind::Done, Some(captured.txid)));
    // A reference belongs to the hold that the path names.
    let other = provider.ok(&world::hold_of(alice, "1")).await;
    let of_other = provider.reference("capture-1").send(&capture(other.hoid, None)).await;
    assert_eq!((of_other.code(), of_other.is_replay()), (10000, false), "{}", of_other.text());
    let features = provider.ok(&GetSettings {}).await.features;
    assert!(["holds", "refunds"].iter().all(|name| features.iter().any(|feature| feature == name)), "{features:?}");
    world.server.home.verify().await.sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_released_hold_gives_all_back() {
    let mut world = World::new().await;
    let hoid = world.provider.ok(&world::hold_of(&world.alice, "1000")).await.hoid;
    assert_eq!(parts(&world.alice.app, world.alice.waid).await, two("0.00", "1000.00"));
    // It survives the server.
    world.server.kill().await;
    world.server.restart().await;
    assert_eq!(parts(&world.alice.app, world.alice.waid).await, two("0.00", "1000.00"));
    let released = world.provider.ok(&ReleaseHold::new(hoid)).await;
    assert_eq!(parts(&world.alice.app, world.alice.waid).await, two("1000.00", "0.00"));
    let details = world.alice.app.ok(&GetWalletTransactionDetails { txid: released.txid }).await;
    assert_eq!((details.kind, details.hoid), (TransactionType::Release, Some(hoid)));
    world.provider.send(&capture(hoid, None)).await.refused(20016, "it is released");
    world.server.home.verify().await.sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_hold_it_is() {
    let world = World::new().await;
    let World { provider, alice, merchant, .. } = &world;
    let hoid = provider.ok(&world::hold_of(alice, "10")).await.hoid;
    let before = world.server.tables();
    let by_wallet = PlaceHold { waid: Some(alice.waid), ..PlaceHold::new(currency(), amount("1")) };
    merchant.api.send(&by_wallet).await.refused(20005, "another's wallet");
    merchant.api.send(&world::hold_of(alice, "1")).await.refused(20005, "another's user");
    // What is another's looks like what is not there.
    let nobodys = Hoid::new(7).expect("an id");
    for (theirs, none) in [
        (merchant.api.send(&capture(hoid, None)).await, merchant.api.send(&capture(nobodys, None)).await),
        (merchant.api.send(&ReleaseHold::new(hoid)).await, merchant.api.send(&ReleaseHold::new(nobodys)).await),
    ] {
        theirs.refused(20005, "another's hold");
        assert_eq!(theirs.text(), none.text());
    }
    world.reader().send(&capture(hoid, None)).await.refused(20003, "a key that only reads");
    for wrong in [
        json!({ "currency": "TOK.acme", "amount": "1" }),
        json!({ "currency": "TOK.acme", "amount": "1", "waid": alice.waid, "provideruserid": "alice" }),
        json!({ "currency": "TOK.acme", "amount": "1.001", "waid": alice.waid }),
        json!({ "currency": "TOK.acme", "amount": "1", "waid": alice.waid, "expiresinseconds": 59 }),
        json!({ "currency": "TOK.acme", "amount": "1", "waid": alice.waid, "expiresinseconds": 2_592_001 }),
    ] {
        let answer = provider.exchange("POST", "/api/v1/wallet/hold", Some(wrong.to_string().into_bytes())).await;
        answer.refused(20000, &wrong.to_string());
    }
    assert_eq!(changes(&before, &world.server.tables()), Vec::<String>::new());
    // On its own money a merchant may: but to take it out of its own wallet into the same makes no sense.
    provider.ok(&world::transfer(world.waid, merchant.waid, "5")).await;
    let own = PlaceHold { waid: Some(merchant.waid), ..PlaceHold::new(currency(), amount("5")) };
    let own = merchant.api.ok(&own).await.hoid;
    merchant.api.send(&capture(own, None)).await.refused(20000, "into the same wallet");
    provider.ok(&capture(own, Some("2"))).await;
    assert_eq!(parts(&merchant.api, merchant.waid).await, two("3.00", "0.00"));
    world.server.home.verify().await.sound();
}

/// Sixteen captures and sixteen releases at once, each with a reference of its own: one of them counts.
#[tokio::test(flavor = "multi_thread")]
async fn a_hold_is_ended_once() {
    let world = World::new().await;
    let hoid = world.provider.ok(&world::hold_of(&world.alice, "100")).await.hoid;
    let answers = join_all((0..32).map(|index| {
        let api = world.provider.reference(&format!("end-{index}"));
        async move {
            if index % 2 == 0 { api.send(&capture(hoid, None)).await } else { api.send(&ReleaseHold::new(hoid)).await }
        }
    }))
    .await;
    assert_eq!(answers.iter().filter(|answer| answer.code() == 10000).count(), 1);
    for answer in answers.iter().filter(|answer| answer.code() != 10000) {
        answer.refused(20016, "it is ended");
    }
    let captured = answers.iter().step_by(2).any(|answer| answer.code() == 10000);
    let left = if captured { "900.00" } else { "1000.00" };
    assert_eq!(parts(&world.alice.app, world.alice.waid).await, two(left, "0.00"));
    world.server.home.verify().await.sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_hold_is_free_and_swept() {
    let mut world = World::new().await;
    let hoid = world.provider.ok(&world::hold_of(&world.alice, "400")).await.hoid;
    // Nobody waits for a day: its time is moved into the past while the server is not looking.
    let changed = world
        .server
        .while_stopped(|database| database.execute("UPDATE hold SET expires = created + 1, due = created + 1"))
        .await;
    assert_eq!(changed, 1);
    assert_eq!(parts(&world.alice.app, world.alice.waid).await, two("1000.00", "0.00"));
    world.provider.send(&capture(hoid, None)).await.refused(20016, "its time is over");
    world.provider.send(&ReleaseHold::new(hoid)).await.refused(20016, "its time is over");
    world.provider.ok(&world::transfer(world.alice.waid, world.bob.waid, "1000")).await;
    // Where nobody spends, the sweeper writes it down.
    world.provider.ok(&world::hold_of(&world.bob, "400")).await;
    world
        .server
        .while_stopped(|database| {
            let sql = "UPDATE hold SET expires = created + 1, due = created + 1 WHERE status = 'open'";
            assert_eq!(database.execute(sql), 1);
        })
        .await;
    let database = world.server.home.open_read_only();
    let open = "SELECT count(*) FROM hold WHERE status <> 'expired' OR due IS NOT NULL";
    for _ in 0..200 {
        if database.number(open) == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(database.number(open), 0, "swept");
    assert_eq!(parts(&world.bob.app, world.bob.waid).await, two("2000.00", "0.00"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_is_paid_back_but_not_twice() {
    let world = World::new().await;
    let World { provider, alice, bob, .. } = &world;
    let paid = provider.ok(&world::transfer(alice.waid, bob.waid, "100")).await.txid;
    let first = provider.reference("refund-1").ok(&refund(paid, Some("30"))).await.txid;
    assert!(provider.reference("refund-1").send(&refund(paid, Some("30"))).await.is_replay());
    provider.send(&refund(paid, Some("70.01"))).await.refused(20010, "more than the rest");
    // All at once, each for a third of the rest: three of them get it.
    let answers = join_all((0..12).map(|index| {
        let api = provider.reference(&format!("refund-third-{index}"));
        async move { api.send(&refund(paid, Some("20"))).await }
    }))
    .await;
    assert_eq!(answers.iter().filter(|answer| answer.code() == 10000).count(), 3);
    provider.ok(&refund(paid, None)).await;
    provider.send(&refund(paid, None)).await.refused(20010, "nothing is left");
    assert_eq!(world.balance(alice.waid).await, amount("1000"));
    assert_eq!(world.balance(bob.waid).await, amount("1000"));

    let details = alice.app.ok(&GetWalletTransactionDetails { txid: paid }).await;
    assert_eq!(details.refunded, Some(amount("100")));
    let details = alice.app.ok(&GetWalletTransactionDetails { txid: first }).await;
    assert_eq!((details.kind, details.original_txid), (TransactionType::Refund, Some(paid)));
    assert_eq!(details.refunded, None);

    // What cannot be paid back, and by whom it cannot.
    let issued = GetWalletTransactionList { limit: Some(200), ..GetWalletTransactionList::new() };
    let issued = provider.ok(&issued).await.transactions.into_iter().find(|tx| tx.kind == TransactionType::Issue);
    let hold = provider.ok(&world::hold_of(alice, "1")).await;
    for txid in [first, issued.expect("the issue").txid, hold.txid] {
        let answer = provider.send(&refund(txid, None)).await;
        answer.refused(20000, "no kind to be refunded");
        assert_eq!(answer.faults().first().map(|fault| fault.field.clone()).as_deref(), Some("txid"));
    }
    world.merchant.api.send(&refund(paid, None)).await.refused(20005, "another's transaction");
    provider.send(&refund(Txid::new(7).expect("an id"), None)).await.refused(20005, "no transaction");
    world.server.home.verify().await.sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_is_paid_back_says_so() {
    let world = World::new().await;
    let World { provider, alice, merchant, .. } = &world;
    let prid = world.payment_request(alice, "20").await;
    provider.ok(&AcceptPayment::new(prid, currency(), "wallet".to_owned(), amount("20"))).await;
    let history = GetWalletTransactionList { limit: Some(1), ..GetWalletTransactionList::new() };
    let paid = alice.app.ok(&history).await.transactions[0].txid;
    // The merchant received it, and pays it back with its own key.
    merchant.api.ok(&refund(paid, Some("5"))).await;
    assert_eq!(alice.app.ok(&GetPaymentStatus { prid }).await.status, PaymentStatus::Paid);
    merchant.api.ok(&refund(paid, None)).await;
    // The contract's "refunded" is not emitted: it was paid.
    assert_eq!(alice.app.ok(&GetPaymentStatus { prid }).await.status, PaymentStatus::Paid);
    assert_eq!(world.balance(alice.waid).await, amount("1000"));
    let events = world.server.home.open_read_only();
    let notices = "SELECT count(*) FROM notice WHERE kind = 'payment.refunded' AND upid =";
    for upid in [merchant.upid, alice.upid] {
        assert_eq!(events.number(&format!("{notices} {}", upid.number())), 2, "{upid}");
    }
    world.server.home.verify().await.sound();
}

/// What the provider's process noted before it crashed is gone on with by the name of its operation.
#[tokio::test(flavor = "multi_thread")]
async fn through_the_sdk_and_after_a_crash() {
    let world = World::new().await;
    let journal = Arc::new(MemoryJournal::default());
    let options = ClientOptions { retry_delay_scale_percent: 1, ..ClientOptions::new(world.server.base()) };
    let key = Secret::from(world.initialised.apikey.as_str());
    let client = ProviderClient::new(options, key, journal.clone()).expect("a client");
    let holds = client.holds();

    let placed = holds.place(world::hold_of(&world.alice, "30"), Some("order-1".into())).await.expect("placed");
    let captured = holds.capture(capture(placed.hoid, Some("20")), None).await.expect("captured");
    let refused = holds.release(placed.hoid, None).await.expect_err("it is captured");
    assert!(matches!(&refused, FlorinError::Refused { code: 20016, name, .. } if name == "HOLD_CLOSED"), "{refused}");
    client.wallets().refund(refund(captured.txid, None), None).await.expect("paid back");
    assert_eq!(world.balance(world.alice.waid).await, amount("1000"));

    let place = world::hold_of(&world.alice, "7");
    let hoid = holds.place(world::hold_of(&world.alice, "8"), None).await.expect("placed").hoid;
    let to_release = holds.place(world::hold_of(&world.alice, "9"), None).await.expect("placed").hoid;
    let object = |value: serde_json::Value| serde_json::from_value(value).expect("an object");
    let noted = [
        ("PlaceHold", object(serde_json::to_value(&place).expect("JSON"))),
        ("CaptureHold", object(json!({ "hoid": hoid }))),
        ("ReleaseHold", object(json!({ "hoid": to_release }))),
        ("RefundTransaction", object(json!({ "txid": world.credit, "amount": "1" }))),
    ];
    for (operation, request) in noted {
        let entry = JournalEntry {
            id: operation.to_owned(),
            operation: operation.to_owned(),
            reference: format!("crash-{operation}"),
            request,
            resendable: true,
            recorded: Timestamp::from_millis(1_700_000_000_000),
        };
        journal.record(entry).await.expect("noted");
    }
    let resumed = client.operations().resume_pending().await.expect("gone on with");
    assert_eq!(resumed.len(), 4);
    for one in resumed {
        let Fate::Done { txid, hoid, .. } = one.fate else { panic!("{one:?}") };
        assert!(txid.is_some());
        assert_eq!(hoid.is_some(), one.operation == "PlaceHold");
    }
    assert_eq!(parts(&world.provider, world.alice.waid).await, two("984.00", "7.00"));
    world.server.home.verify().await.sound();
}
