//! Client references: the same request runs once, whatever happens in between.

use florin_sdk_core::model::{PaymentStatus, TransactionType};
use florin_sdk_core::operation::{
    self, AcceptPayment, GetOperationOutcome, GetPaymentStatus, GetWalletTransactionList, Operation, OutcomeKind,
    RefusePayment, WalletTransfer,
};
use florin_sdk_core::{Amount, Prid};
use florin_tests::digest::changes;
use florin_tests::http::{Answer, Api, Target};
use florin_tests::sample;
use florin_tests::world::{self, Person, World, amount, currency};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::sync::watch;

fn outcome(reference: &str) -> GetOperationOutcome {
    GetOperationOutcome { reference: reference.to_owned(), operation: None }
}

fn accept(prid: Prid, text: &str) -> AcceptPayment {
    AcceptPayment {
        prid,
        currency: currency(),
        method: "wallet".to_owned(),
        total_amount: amount(text),
        payment_processor_information: None,
    }
}

/// Sends the same money operation twice and says whether the second answer is the first one again.
async fn replayed<O: Operation>(api: &Api, reference: &str, request: &O) -> bool {
    let first = api.reference(reference).send(request).await;
    let second = api.reference(reference).send(request).await;
    assert!(!first.is_replay(), "{}: the first answer is no replay", O::NAME);
    assert_eq!(first.text(), second.text(), "{}", O::NAME);
    second.is_replay()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_money_operation_answers_a_repeat_with_its_first_answer_and_changes_nothing() {
    let world = World::new().await;
    let money: Vec<_> = operation::all().into_iter().filter(|spec| spec.money).collect();
    assert!(money.len() >= 8, "the list of operations has its money operations");
    for spec in money {
        let request = sample::of(&world, spec.name).await.expect("a row in sample.rs");
        let target = Target::of(&spec, &request);
        let api = world.provider.reference(&format!("twice-{}", spec.name));
        let first = api.send_target(&target).await;
        assert_eq!((first.code(), first.is_replay()), (10000, false), "{}: {}", spec.name, first.text());
        let before = world.server.tables();
        let second = api.send_target(&target).await;
        assert!(second.is_replay(), "{}: {:?}", spec.name, second.headers);
        assert_eq!(first.text(), second.text(), "{}", spec.name);
        assert_eq!(changes(&before, &world.server.tables()), Vec::<String>::new(), "{}", spec.name);
        let found = world.provider.ok(&outcome(&format!("twice-{}", spec.name))).await;
        assert_eq!(found.outcome, OutcomeKind::Done, "{}", spec.name);
        assert_eq!(found.operation.as_deref(), Some(spec.name));
        assert!(found.completed.is_some(), "{}", spec.name);
        let json: Value = serde_json::from_slice(&first.bytes).expect("JSON");
        for field in ["txid", "prid"] {
            let told = serde_json::to_value(&found).expect("JSON")[field].clone();
            assert!(json[field].is_null() || json[field] == told, "{}: {field} {told}", spec.name);
        }
        if matches!(spec.name, "AcceptPayment" | "RefusePayment") {
            assert!(found.prid.is_some(), "{}: the answer holds nothing, so the outcome must", spec.name);
        }
    }
    world.server.home.verify().await.sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reference_belongs_to_one_request() {
    let world = World::new().await;
    let first = world::transfer(world.alice.waid, world.bob.waid, "12.34");
    let done = world.provider.reference("one").ok(&first).await;
    let before = world.server.tables();
    let others = [
        WalletTransfer { amount: amount("12.35"), ..first.clone() },
        WalletTransfer { destination_waid: world.merchant.waid, ..first.clone() },
        WalletTransfer { description: Some("another".to_owned()), ..first.clone() },
        WalletTransfer { source_waid: world.bob.waid, destination_waid: world.alice.waid, ..first.clone() },
    ];
    for other in &others {
        let answer = world.provider.reference("one").send(other).await;
        answer.refused(20007, "another request under the same reference");
        assert!(!answer.is_replay());
        for leak in [done.txid.to_string(), "12.34".to_owned(), world.bob.waid.to_string()] {
            assert!(!answer.text().contains(&leak), "it tells of the first: {}", answer.text());
        }
    }
    assert_eq!(changes(&before, &world.server.tables()), Vec::<String>::new());
    // The first can still be had.
    let again = world.provider.reference("one").send(&first).await;
    assert!(again.is_replay());
    assert_eq!(again.ok::<WalletTransfer>(), done);
}

/// The same request in other words is the same request.
#[tokio::test(flavor = "multi_thread")]
async fn spelling_does_not_make_another_request() {
    let world = World::new().await;
    let (source, destination) = (world.alice.waid, world.bob.waid);
    let bodies = [
        format!(
            r#"{{"amount":"5.5","currency":"TOK.acme","sourcewaid":"{source}","destinationwaid":"{destination}"}}"#
        ),
        format!(
            "\n{{ \"destinationwaid\" : \"{destination}\",\t\"sourcewaid\":\"{source}\",\r\n\"currency\":\"TOK\\u002eacme\", \"amount\":\"5.5\" }} "
        ),
        format!(
            r#"{{"amount":"5.50","currency":"TOK.acme","sourcewaid":"{source}","destinationwaid":"{destination}"}}"#
        ),
        format!(
            r#"{{"amount":"5.5","currency":"TOK.acme","sourcewaid":"{source}","destinationwaid":"{destination}","description":null}}"#
        ),
    ];
    let api = world.provider.reference("spelling");
    let mut answers = Vec::new();
    for body in bodies {
        answers.push(api.exchange("POST", "/api/v1/wallet/transfer", Some(body.into_bytes())).await);
    }
    assert_eq!(answers[0].code(), 10000, "{}", answers[0].text());
    for (index, answer) in answers.iter().enumerate().skip(1) {
        assert!(answer.is_replay(), "spelling {index}: {}", answer.text());
        assert_eq!(answer.text(), answers[0].text());
    }
    assert_eq!(world.balance(source).await, amount("994.50"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_corrected_request_runs_under_the_same_reference() {
    let world = World::new().await;
    let good = world::transfer(world.alice.waid, world.bob.waid, "1");
    let api = world.provider.reference("corrected");
    let bad = [
        ("20000", json!({ "amount": "1.001" })),
        ("20000", json!({ "amount": "0" })),
        ("20000", json!({ "currency": "XYZ.nobody" })),
        ("20005", json!({ "destinationwaid": "waid_0000000000000007" })),
    ];
    for (code, wrong) in bad {
        let mut request = serde_json::to_value(&good).expect("JSON");
        request.as_object_mut().expect("an object").extend(wrong.as_object().expect("an object").clone());
        let answer = api.send_json(&WalletTransfer::spec(), &request).await;
        answer.refused(code.parse().expect("a number"), &wrong.to_string());
        assert_eq!(world.provider.ok(&outcome("corrected")).await.outcome, OutcomeKind::Unknown);
    }
    // Not with a credential that may not, either.
    world.reader().reference("corrected").send(&good).await.refused(20003, "a key that only reads");
    let answer = api.send(&good).await;
    assert_eq!((answer.code(), answer.is_replay()), (10000, false), "{}", answer.text());
    assert_eq!(world.balance(world.alice.waid).await, amount("999"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_a_decision_and_is_answered_again() {
    let world = World::new().await;
    let too_much = world::transfer(world.alice.waid, world.bob.waid, "1000.01");
    let api = world.provider.reference("too-much");
    let first = api.send(&too_much).await;
    first.refused(20009, "more than there is");
    assert!(!first.is_replay());
    let found = world.provider.ok(&outcome("too-much")).await;
    assert_eq!(found.outcome, OutcomeKind::Refused);
    assert_eq!(found.refusal_code, Some(20009));
    assert!(found.refusal_message.is_some_and(|message| !message.is_empty()));
    assert_eq!((found.txid, found.prid), (None, None));
    // Also when by now there is enough: the reference stands for that attempt.
    world.provider.ok(&world::credit_of(&world.alice, "100")).await;
    let second = api.send(&too_much).await;
    second.refused(20009, "the same attempt");
    assert!(second.is_replay());
    assert_eq!(world.provider.reference("new-attempt").code(&too_much).await, 10000);
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_two_copies_at_once_move_money_once() {
    let world = World::new().await;
    for (round, text) in ["3.21", "2000"].into_iter().enumerate() {
        let before = world.balance(world.alice.waid).await;
        let request = world::transfer(world.alice.waid, world.bob.waid, text);
        let reference = format!("storm-{round}");
        let answers = join_all((0..32).map(|_| {
            let api = world.provider.reference(&reference);
            let request = &request;
            async move { settled(&api, request).await }
        }))
        .await;
        let firsts = answers.iter().filter(|answer| !answer.is_replay()).count();
        assert_eq!(firsts, 1, "one copy is decided, all others are told");
        for answer in &answers {
            assert_eq!(answer.text(), answers[0].text());
        }
        let moved = if round == 0 { amount(text) } else { Amount::ZERO };
        assert_eq!(answers[0].code(), if round == 0 { 10000 } else { 20009 });
        let left = before.decimal() - moved.decimal();
        assert_eq!(world.balance(world.alice.waid).await.decimal(), left);
    }
    world.server.home.verify().await.sound();
}

/// Sends until it is decided: another copy may be in flight.
async fn settled<O: Operation>(api: &Api, request: &O) -> Answer {
    for _ in 0..1000 {
        let answer = api.send(request).await;
        if answer.code() != 20008 {
            return answer;
        }
        tokio::task::yield_now().await;
    }
    panic!("always in flight");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reference_outlives_the_server() {
    let mut world = World::new().await;
    let request = world::transfer(world.alice.waid, world.bob.waid, "8");
    let done = world.provider.reference("for-ever").ok(&request).await;
    let refused = world::transfer(world.alice.waid, world.bob.waid, "80000");
    world.provider.reference("never").send(&refused).await.refused(20009, "more than there is");
    for round in 0..2 {
        if round == 0 {
            world.server.kill().await;
        } else {
            assert_eq!(world.server.terminate().await.code(), Some(0));
        }
        world.server.restart().await;
        let again = world.provider.reference("for-ever").send(&request).await;
        assert!(again.is_replay(), "round {round}: {}", again.text());
        assert_eq!(again.ok::<WalletTransfer>(), done);
        assert!(world.provider.reference("never").send(&refused).await.is_replay());
        let other = WalletTransfer { amount: amount("9"), ..request.clone() };
        world.provider.reference("for-ever").send(&other).await.refused(20007, "another request");
        assert_eq!(world.balance(world.alice.waid).await, amount("992"));
    }
    world.server.home.verify().await.sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn header_and_field_are_one_reference() {
    let world = World::new().await;
    let with_field = |text: Option<&str>| operation::CreditWallet {
        reference_id: text.map(str::to_owned),
        ..world::credit_of(&world.alice, "1")
    };
    let before = world.server.tables();
    let both = world.provider.reference("header-ref").send(&with_field(Some("field-ref"))).await;
    both.refused(20000, "two different references");
    assert!(both.faults().iter().any(|fault| fault.field.to_lowercase().contains("reference")), "{}", both.text());
    assert_eq!(changes(&before, &world.server.tables()), Vec::<String>::new());

    let first = world.provider.send(&with_field(Some("only-one"))).await;
    assert_eq!((first.code(), first.is_replay()), (10000, false), "{}", first.text());
    let both = world.provider.reference("only-one").send(&with_field(Some("only-one"))).await;
    assert!(both.is_replay(), "the same reference in both places: {}", both.text());
    assert_eq!(world.provider.ok(&outcome("only-one")).await.outcome, OutcomeKind::Done);
    assert_eq!(world.balance(world.alice.waid).await, amount("1001"));

    // It is on the transaction, and the transaction is found by it.
    let history = GetWalletTransactionList {
        waid: Some(world.alice.waid),
        limit: None,
        after: None,
        reference_id: Some("only-one".to_owned()),
        from: None,
        to: None,
    };
    for api in [&world.provider, &world.alice.app] {
        let list = api.ok(&history).await.transactions;
        assert_eq!(list.len(), 1);
        assert_eq!(list[0].reference_id.as_deref(), Some("only-one"));
        assert_eq!(list[0].kind, TransactionType::Credit);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reference_is_short_and_visible() {
    let world = World::new().await;
    let request = world::credit_of(&world.alice, "1");
    let longest = "r".repeat(255);
    for good in ["x", "~!@#$%^&*()_+{}|:\"<>?`-=[]\\;',./", &longest] {
        assert!(replayed(&world.provider, good, &request).await, "{good}");
        assert_eq!(world.provider.ok(&outcome(good)).await.outcome, OutcomeKind::Done, "{good}");
    }
    let before = world.server.tables();
    for bad in ["", " ", "two words", "tab\there", "h\u{e9}", &"r".repeat(256)] {
        let answer = world.provider.reference(bad).send(&request).await;
        answer.refused(20000, &format!("the reference {bad:?}"));
    }
    let twice = world.provider.reference("one").reference("two").send(&request).await;
    twice.refused(20000, "two references");
    assert_eq!(changes(&before, &world.server.tables()), Vec::<String>::new());
    assert_eq!(world.provider.ok(&outcome("never used")).await.outcome, OutcomeKind::Unknown);
}

#[tokio::test(flavor = "multi_thread")]
async fn references_of_two_owners_and_two_operations_do_not_meet() {
    let world = World::new().await;
    let api = |api: &Api| api.reference("shared-name");
    let from_provider = world::transfer(world.waid, world.bob.waid, "1");
    let from_merchant = world::payment_of(&world.alice, "1");
    assert_eq!(api(&world.provider).code(&from_provider).await, 10000);
    assert_eq!(api(&world.merchant.api).code(&from_merchant).await, 10000);
    assert_eq!(api(&world.provider).code(&world::credit_of(&world.bob, "1")).await, 10000);
    // Each owner sees its own only.
    let operation = |outcome: operation::OperationOutcome| outcome.operation;
    assert_eq!(
        operation(world.merchant.api.ok(&outcome("shared-name")).await).as_deref(),
        Some("CreatePaymentRequest")
    );
    let of = |name: &str| GetOperationOutcome { operation: Some(name.to_owned()), ..outcome("shared-name") };
    for name in ["WalletTransfer", "CreditWallet"] {
        assert_eq!(operation(world.provider.ok(&of(name)).await).as_deref(), Some(name));
        assert_eq!(world.merchant.api.ok(&of(name)).await.outcome, OutcomeKind::Unknown);
    }
    assert_eq!(world.provider.ok(&of("CreatePaymentRequest")).await.outcome, OutcomeKind::Unknown);
}

async fn status(api: &Api, prid: Prid) -> operation::Payment {
    api.ok(&GetPaymentStatus { prid }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_request_is_settled_once() {
    let world = World::new().await;
    let World { provider, alice, merchant, .. } = &world;
    let prid = world.payment_request(alice, "20").await;
    assert_eq!(status(&alice.app, prid).await.status, PaymentStatus::Waiting);
    for (text, code) in [("19.99", 20000), ("20.01", 20000), ("0", 20000), ("20.001", 20000)] {
        provider.send(&accept(prid, text)).await.refused(code, text);
    }
    provider.send(&accept(Prid::new(7).expect("an id"), "20")).await.refused(20005, "no such request");
    // Who is asked to pay decides: not the one who asks.
    let own = merchant.api.send(&accept(prid, "20")).await;
    assert!([20003, 20011].contains(&own.code()), "{}", own.text());

    // Thirty-two accepts and refusals, each with a reference of its own: one of them counts.
    let answers = join_all((0..32).map(|index| {
        let api = provider.reference(&format!("settle-{index}"));
        async move {
            if index % 2 == 0 {
                (true, settled(&api, &accept(prid, "20")).await)
            } else {
                (false, settled(&api, &RefusePayment { prid }).await)
            }
        }
    }))
    .await;
    let winners: Vec<_> = answers.iter().filter(|(_, answer)| answer.code() == 10000).collect();
    assert_eq!(winners.len(), 1);
    for (_, answer) in answers.iter().filter(|(_, answer)| answer.code() != 10000) {
        answer.refused(20011, "it is settled");
    }
    let paid = winners[0].0;
    let settled = status(&alice.app, prid).await;
    assert_eq!(settled.status, if paid { PaymentStatus::Paid } else { PaymentStatus::Declined });
    assert_eq!(settled.pcid.is_some(), paid);
    assert_eq!(world.balance(alice.waid).await, amount(if paid { "980" } else { "1000" }));
    assert_eq!(world.balance(merchant.waid).await, if paid { amount("20") } else { Amount::ZERO });

    // A payer without the money is refused, and can try again with another reference when there is some.
    let prid = world.payment_request(alice, "5000").await;
    provider.send(&accept(prid, "5000")).await.refused(20009, "more than there is");
    assert_eq!(status(&alice.app, prid).await.status, PaymentStatus::Waiting);
    provider.ok(&world::credit_of(alice, "5000")).await;
    provider.ok(&accept(prid, "5000")).await;
    assert_eq!(status(&merchant.api, prid).await.status, PaymentStatus::Paid);
    world.server.home.verify().await.sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_request_runs_out_of_time() {
    let mut world = World::new().await;
    let prid = world.payment_request(&world.alice, "20").await;
    let changed = world
        .server
        .while_stopped(|database| database.execute("UPDATE payment_request SET expires = created + 1"))
        .await;
    assert_eq!(changed, 1);
    assert_eq!(status(&world.alice.app, prid).await.status, PaymentStatus::Timeout);
    world.provider.send(&accept(prid, "20")).await.refused(20011, "its time is over");
    world.provider.send(&RefusePayment { prid }).await.refused(20011, "its time is over");
    assert_eq!(world.balance(world.alice.waid).await, amount("1000"));
}

async fn pay(provider: Api, source: Person, destination: Person, text: String) -> u32 {
    provider.code(&world::transfer(source.waid, destination.waid, &text)).await
}

/// Many transfers at once between few wallets: nothing is lost, nothing made, nobody goes below zero.
#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_on_two_wallets() {
    let world = World::new().await;
    let mut rng = florin_tests::seed::generator("a_crowd_on_two_wallets");
    let mut expected = 0_i64; // in hundredths, to bob
    let calls: Vec<_> = (0..400)
        .map(|_| {
            let units = rng.i64(1..=2000);
            let there = rng.bool();
            (there, units, format!("{}.{:02}", units / 100, units % 100))
        })
        .collect();
    let codes = join_all(calls.iter().map(|(there, _, text)| {
        let (from, to) = if *there { (&world.alice, &world.bob) } else { (&world.bob, &world.alice) };
        pay(world.provider.clone(), from.clone(), to.clone(), text.clone())
    }))
    .await;
    for ((there, units, text), code) in calls.iter().zip(codes) {
        match code {
            10000 => expected += if *there { *units } else { -units },
            20009 => {}
            other => panic!("{text}: {other}"),
        }
    }
    let units = |amount: Amount| i64::try_from(amount.units(2).expect("two digits")).expect("it fits");
    assert_eq!(units(world.balance(world.bob.waid).await), 100_000 + expected);
    assert_eq!(units(world.balance(world.alice.waid).await), 100_000 - expected);
    world.server.home.verify().await.sound();
}

/// An answer that says done is on disk: after SIGKILL everything answered is there.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_survives_a_kill() {
    /// How many at once, and how many answers to wait for before the kill.
    const WRITERS: i64 = 8;
    const ANSWERS: i64 = 50;
    let mut world = World::new().await;
    let (answered, mut answers) = watch::channel(0_i64);
    for round in 1..=5 {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let provider = world.provider.clone();
                let target = Target::of(&WalletTransfer::spec(), &json!({}));
                let request = world::transfer(world.alice.waid, world.bob.waid, "0.01");
                let answered = answered.clone();
                tokio::spawn(async move {
                    for index in 0.. {
                        let request =
                            WalletTransfer { description: Some(format!("Number {index}")), ..request.clone() };
                        let api = provider.reference(&format!("kill-{round}-{writer}-{index}"));
                        let body = serde_json::to_vec(&request).expect("JSON");
                        // Until the server is gone.
                        let Ok(answer) = api.try_exchange("POST", &target.path, Some(body)).await else { break };
                        assert_eq!(answer.code(), 10000, "{}", answer.text());
                        answered.send_modify(|count| *count += 1);
                    }
                })
            })
            .collect();
        answers.wait_for(|count| *count >= round * ANSWERS).await.expect("the writers are there");
        world.server.kill().await;
        for writer in writers {
            writer.await.expect("the writer");
        }
        world.server.restart().await;
        let units = world.balance(world.bob.waid).await.units(2).expect("two digits");
        let booked = i64::try_from(units).expect("it fits") - 100_000;
        let done = *answers.borrow();
        // Each writer may have had one request under way whose answer was lost.
        assert!((done..=done + WRITERS * round).contains(&booked), "answered {done}, booked {booked}");
    }
    world.server.home.verify().await.sound();
}
