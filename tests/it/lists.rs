//! Lists: pages, filters, search, and texts as they were written.

use florin_sdk_core::Timestamp;
use florin_sdk_core::model::ListedTransaction;
use florin_sdk_core::operation::{
    self, GetPaymentTransactionList, GetUser, GetWalletTransactionList, ListUsers, TransactionList,
};
use florin_tests::http::Api;
use florin_tests::world::{self, World, amount};
use serde_json::json;
use std::collections::BTreeSet;

fn history(world: &World) -> GetWalletTransactionList {
    GetWalletTransactionList {
        waid: Some(world.alice.waid),
        limit: None,
        after: None,
        reference_id: None,
        from: None,
        to: None,
    }
}

/// All pages of a history, walked by hand.
async fn walk(api: &Api, mut request: GetWalletTransactionList) -> Vec<Vec<ListedTransaction>> {
    let mut pages = Vec::new();
    loop {
        let TransactionList { transactions, next } = api.ok(&request).await;
        pages.push(transactions);
        assert!(pages.len() < 1000, "a walk without end");
        match next {
            Some(next) => request.after = Some(next),
            None => return pages,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_page_by_page() {
    let world = World::new().await;
    let api = &world.provider;
    for index in 1..=24 {
        let (from, to) =
            if index % 3 == 0 { (world.alice.waid, world.bob.waid) } else { (world.waid, world.alice.waid) };
        let transfer = world::transfer(from, to, &format!("{index}"));
        api.reference(&format!("page-{}", index % 12)).code(&transfer).await;
    }
    // References 0 to 11 were used once each, then again for other requests, which were conflicts: 1 + 12 transactions.
    let all = walk(&world.alice.app, history(&world)).await.concat();
    assert_eq!(all.len(), 13);
    assert!(all.is_sorted_by(|newer, older| newer.txid > older.txid), "newest first");
    // Each balance follows from the one before it.
    for pair in all.windows(2) {
        assert_eq!(pair[0].balance.decimal(), pair[1].balance.decimal() + pair[0].amount.decimal());
    }
    for limit in [1, 2, 6, 12, 13, 14, 200] {
        for api in [api, &world.alice.app] {
            let pages = walk(api, GetWalletTransactionList { limit: Some(limit), ..history(&world) }).await;
            assert_eq!(pages.concat(), all, "pages of {limit}");
            let full = usize::try_from(limit).expect("small");
            assert!(pages.iter().rev().skip(1).all(|page| page.len() == full), "pages of {limit}");
            assert!(pages.len() == 1 || !pages.last().expect("a page").is_empty(), "no empty page at the end");
        }
    }
    // What comes while one walks does not shift the pages.
    let first = api.ok(&GetWalletTransactionList { limit: Some(5), ..history(&world) }).await;
    api.ok(&world::credit_of(&world.alice, "1")).await;
    let second = GetWalletTransactionList { limit: Some(5), after: first.next, ..history(&world) };
    assert_eq!(api.ok(&second).await.transactions, all[5..10]);
    for nonsense in ["x", "-1", "999999999999999999999999", "' OR 1=1", "\u{1f600}", "0"] {
        let request = GetWalletTransactionList { after: Some(nonsense.to_owned()), ..history(&world) };
        let answer = api.send(&request).await;
        let empty = answer.code() == 10000 && answer.ok::<GetWalletTransactionList>().transactions.is_empty();
        assert!(answer.code() == 20000 || empty, "the cursor {nonsense}: {}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_by_time_and_reference() {
    let world = World::new().await;
    let api = &world.provider;
    for index in 0..6 {
        let credit = world::credit_of(&world.alice, &format!("{}", index + 1));
        api.reference(&format!("time-{index}")).ok(&credit).await;
    }
    let all = walk(api, history(&world)).await.concat();
    let times: BTreeSet<_> = all.iter().map(|transaction| transaction.timestamp).collect();
    let ends =
        times.iter().copied().flat_map(|time| [time, time.plus_seconds(1), Timestamp::from_millis(time.millis() + 1)]);
    for from in ends.clone().map(Some).chain([None]) {
        for to in ends.clone().map(Some).chain([None]) {
            let request = GetWalletTransactionList { from, to, ..history(&world) };
            let within = |transaction: &&ListedTransaction| {
                from.is_none_or(|from| transaction.timestamp >= from) && to.is_none_or(|to| transaction.timestamp < to)
            };
            let expected: Vec<_> = all.iter().filter(within).cloned().collect();
            assert_eq!(api.ok(&request).await.transactions, expected, "from {from:?} to {to:?}");
            let pages = walk(api, GetWalletTransactionList { limit: Some(2), ..request }).await;
            assert_eq!(pages.concat(), expected, "from {from:?} to {to:?} by pages");
        }
    }
    for transaction in &all {
        let reference = transaction.reference_id.clone().expect("each was made under one");
        let request = GetWalletTransactionList { reference_id: Some(reference), ..history(&world) };
        assert_eq!(api.ok(&request).await.transactions, std::slice::from_ref(transaction));
        assert_eq!(world.alice.app.ok(&request).await.transactions, std::slice::from_ref(transaction));
        let bobs = GetWalletTransactionList { waid: Some(world.bob.waid), ..request };
        assert_eq!(api.ok(&bobs).await.transactions, []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn payments_page_by_page() {
    let world = World::new().await;
    let mut made = Vec::new();
    for index in 0..7 {
        let request = operation::CreatePaymentRequest {
            reference_id: Some(format!("ORDER_{index}")),
            ..world::payment_of(if index % 2 == 0 { &world.alice } else { &world.bob }, "1")
        };
        made.push(world.merchant.api.ok(&request).await.prid);
    }
    let list = async |api: &Api, limit, reference: Option<&str>| {
        let mut request = GetPaymentTransactionList { limit, after: None, reference_id: reference.map(str::to_owned) };
        let mut prids = Vec::new();
        for _ in 0..100 {
            let page = api.ok(&request).await;
            prids.extend(page.payments.into_iter().map(|payment| payment.prid));
            let Some(next) = page.next else { return prids };
            request.after = Some(next);
        }
        panic!("a walk without end");
    };
    let newest_first: Vec<_> = made.iter().rev().copied().collect();
    for limit in [None, Some(1), Some(3), Some(7), Some(8)] {
        assert_eq!(list(&world.merchant.api, limit, None).await, newest_first, "{limit:?}");
    }
    let alices: Vec<_> = made.iter().step_by(2).rev().copied().collect();
    assert_eq!(list(&world.alice.app, Some(2), None).await, alices);
    assert_eq!(list(&world.merchant.api, None, Some("ORDER_3")).await, [made[3]]);
    assert_eq!(list(&world.alice.app, None, Some("ORDER_3")).await, [], "that one is for bob");
}

/// Names that break what does not quote or encode.
const NAMES: [&str; 16] = [
    "plain",
    "with space",
    " leading and trailing ",
    "a+b",
    "a%2Bb",
    "a&b=c",
    "a/b/../c",
    "a?b#c",
    "a%b",
    "a_b",
    "axb",
    "O'Neil; DROP TABLE app_user; --",
    "\"quoted\" \\ back",
    "\u{41b}\u{435}\u{432} \u{4e2d}\u{6587} \u{1f600}",
    "Stra\u{df}e",
    "uuid_1234567812345678",
];

#[tokio::test(flavor = "multi_thread")]
async fn names_come_back_as_they_were_given() {
    let world = World::new().await;
    for name in NAMES {
        let made = world.provider.ok(&world::new_user(name)).await;
        assert_eq!(made.provider_user_id, name);
        let found = world.provider.ok(&GetUser { provider_user_id: Some(name.to_owned()), uuid: None }).await.user;
        assert_eq!((found.uuid, found.provider_user_id.as_str()), (made.uuid, name));
        let credit = operation::CreditWallet {
            provider_user_id: Some(name.to_owned()),
            description: Some(name.trim().to_owned()),
            ..world::credit_of(&world.alice, "1")
        };
        assert_eq!(world.provider.ok(&credit).await.waid, made.waid);
    }
    for other in ["PLAIN", "plain ", "a%", "%", "Strasse"] {
        let request = GetUser { provider_user_id: Some(other.to_owned()), uuid: None };
        world.provider.send(&request).await.refused(20005, other);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn users_by_search_and_page() {
    let world = World::new().await;
    let quiet = |name: &str| operation::CreateUser { display_name: None, ..world::new_user(name) };
    for name in NAMES {
        world.provider.ok(&quiet(name)).await;
    }
    let list = async |search: Option<&str>, limit: Option<u32>| {
        let mut request = ListUsers { limit, after: None, search: search.map(str::to_owned) };
        let mut names = Vec::new();
        for _ in 0..100 {
            let page = world.provider.ok(&request).await;
            names.extend(page.users.into_iter().map(|user| user.provider_user_id));
            let Some(next) = page.next else { return names };
            request.after = Some(next);
        }
        panic!("a walk without end");
    };
    let mut all = vec!["alice".to_owned(), "bob".to_owned()];
    all.extend(NAMES.map(str::to_owned));
    for limit in [None, Some(1), Some(5), Some(18), Some(200)] {
        assert_eq!(list(None, limit).await, all, "oldest first, {limit:?}");
    }
    for search in ["ALICE", "a%b", "%", "_", "a_b", "'", "\\", "user bob", "\u{4e2d}", "x", "nobody at all"] {
        let expected: Vec<_> = all
            .iter()
            .filter(|name| {
                let shown = if all[..2].contains(name) { format!("The user {name}") } else { String::new() };
                [(*name).clone(), shown].iter().any(|text| text.to_lowercase().contains(&search.to_lowercase()))
            })
            .cloned()
            .collect();
        assert_eq!(list(Some(search), Some(2)).await, expected, "search for {search}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_provider_keeps_comes_back_as_it_was_given() {
    let world = World::new().await;
    let metadata = json!({
        "text": "\u{0}\u{1f600} \u{2028} \"quoted\"",
        "big": 72_637_263_762_736_273_u64,
        "negative": -9_007_199_254_740_993_i64,
        "small": 0.1,
        "nested": { "list": [1, [2, [3, {}]], null, true], "": "an empty name" },
        "private": "not for the app",
        "_hidden": 1,
    });
    let user = operation::CreateUser {
        metadata: serde_json::from_value(metadata.clone()).expect("an object"),
        ..world::new_user("keeper")
    };
    let uuid = world.provider.ok(&user).await.uuid;
    let kept = async || {
        let user = world.provider.ok(&GetUser { provider_user_id: None, uuid: Some(uuid) }).await.user;
        serde_json::to_value(user.metadata).expect("JSON")
    };
    assert_eq!(kept().await, metadata);
    let update = |metadata: Option<serde_json::Value>, name: Option<&str>| operation::UpdateUser {
        provider_user_id: None,
        uuid: Some(uuid),
        display_name: name.map(str::to_owned),
        metadata: metadata.map(|metadata| serde_json::from_value(metadata).expect("an object")),
        status: None,
    };
    world.provider.ok(&update(None, Some("New name"))).await;
    assert_eq!(kept().await, metadata, "what is absent stays");
    world.provider.ok(&update(Some(json!({ "only": "this" })), None)).await;
    assert_eq!(kept().await, json!({ "only": "this" }), "new metadata takes the place of the old");
}

#[tokio::test(flavor = "multi_thread")]
async fn currencies_of_every_scale() {
    let world = World::new().await;
    for (letters, decimals, least, too_fine) in
        [("NIL", 0, "1", "0.1"), ("ONE", 1, "0.1", "0.01"), ("EIG", 8, "0.00000001", "0.000000001")]
    {
        let currency = operation::CreateExtendedCurrency {
            currency_decimals: decimals,
            display_decimals: decimals.min(2),
            ..world::new_currency(letters, None)
        };
        world.provider.ok(&currency).await;
        let code: florin_sdk_core::CurrencyCode = format!("{letters}.acme").parse().expect("a code");
        let issue = |text: &str| operation::IssueGatewayCurrency { currency_code: code.clone(), amount: amount(text) };
        world.provider.ok(&issue("1000")).await;
        world.provider.send(&issue(too_fine)).await.refused(20000, too_fine);
        let credit = operation::CreditWallet { currency: code.clone(), ..world::credit_of(&world.alice, least) };
        world.provider.ok(&credit).await;
        let wallet = world.alice.app.ok(&operation::GetWallet { waid: None }).await;
        let balance = wallet.balances.iter().find(|balance| balance.currency_code == code).expect("a balance");
        assert_eq!(balance.available.to_string(), least, "with all its digits");
        let circulation = world.provider.ok(&operation::GetCirculation { currency_code: code }).await;
        assert_eq!(circulation.circulation, amount("1000"));
    }
    world.server.home.verify().await.sound();
}
