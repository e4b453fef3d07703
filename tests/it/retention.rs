//! What is over is deleted after a while, and nothing that is still needed.

use florin_sdk_core::operation::{
    ApplicationType, GetEvents, GetOperationOutcome, ListFailedEvents, Login, RotateTransportSecret,
};
use florin_tests::database::Database;
use florin_tests::mailbox::{at_rest, wait_for};
use florin_tests::momo::Momo;
use florin_tests::oauth;
use florin_tests::receiver::Receiver;
use florin_tests::world::{self, PASSWORD, World};
use std::collections::BTreeMap;
use std::time::Duration;

const TABLES: [&str; 10] = [
    "mail",
    "event",
    "lane",
    "notice",
    "session",
    "sign_in",
    "authorization_code",
    "refresh_token",
    "momo_token",
    "credential_link",
];

const DAY: u32 = 86_400;

fn counts(database: &Database) -> BTreeMap<&'static str, i64> {
    TABLES.map(|table| (table, database.number(&format!("SELECT count(*) FROM {table}")))).into()
}

/// Moves the clock, and gives the sweeper time to see it.
async fn pass(world: &World, seconds: u32) {
    world.server.api().advance(seconds).await;
    tokio::time::sleep(Duration::from_millis(2500)).await;
}

async fn kind(receiver: &mut Receiver) -> String {
    receiver.next().await.json()["type"].as_str().expect("a kind").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_end_at_their_age_and_not_before() {
    let world = World::new().await;
    let database = world.server.home.open_read_only();
    let api = world.server.api();
    // One of each, or more.
    let mut receiver = Receiver::start(|told| if told.json()["data"]["amount"] == "2.00" { 410 } else { 200 }).await;
    let events = ["credit", "payment.*"];
    let set = world.provider.ok(&world::new_transport(&world.alice, &receiver.url(), &events)).await;
    world.provider.reference("kept-for-ever").ok(&world::credit_of(&world.alice, "1")).await;
    receiver.next().await;
    world.payment_request(&world.alice, "1").await;
    receiver.next().await;
    let address = world::staff(&world.provider, "ivy").await;
    let login = Login::new(address.parse().expect("an address"), PASSWORD.into());
    api.ok(&login).await;
    api.ok(&world::reset_of(&address)).await;
    wait_for(&world.server, &address, 1).await;
    // Waits for its confirmation for ever.
    world.provider.ok(&world::registration("late")).await;
    wait_for(&world.server, "late@example.com", 1).await;
    oauth::access_token(&world, ApplicationType::Confidential, "*").await;
    Momo::provision(&world.server).await;
    let begun = api.key(&world.initialised.apikey).ok(&GetEvents::new()).await.next;
    at_rest(&database);
    let full = counts(&database);
    assert!(full.values().all(|count| *count > 0), "{full:?}");

    // Live events can be asked for of a day.
    pass(&world, DAY - 600).await;
    assert_eq!(kind(&mut receiver).await, "payment.timeout");
    world.provider.ok(&world::credit_of(&world.alice, "1")).await;
    world.payment_request(&world.alice, "1").await;
    for _ in 0..2 {
        receiver.next().await;
    }
    let since = world.provider.ok(&GetEvents { after: Some(begun), ..GetEvents::new() }).await;
    assert!(since.events.len() >= 2, "{since:?}");
    pass(&world, 5 * DAY).await;
    assert_eq!(kind(&mut receiver).await, "payment.timeout");
    at_rest(&database);
    let mut young = counts(&database);
    for (table, count) in &full {
        assert!(young[table] >= *count, "{table}: {young:?}");
    }
    // A week: sessions and notices.
    pass(&world, 3 * DAY).await;
    let week = counts(&database);
    assert_eq!(week["session"], 0);
    // Those that nobody wanted to hear of stay until somebody is told of something later.
    assert_eq!(database.number("SELECT count(*) FROM notice WHERE kind = 'payment.created'"), 0);
    for gone in ["session", "notice"] {
        young.remove(gone);
    }
    for (table, count) in young {
        assert_eq!(week[table], count, "{table}");
    }
    // What cannot be told today is on the list for a month.
    world.provider.ok(&world::credit_of(&world.alice, "2")).await;
    assert_eq!(receiver.next().await.status, 410);
    // A month: all but what notices a copy, and the link of somebody who was never confirmed.
    pass(&world, 23 * DAY).await;
    let month = counts(&database);
    for gone in ["mail", "sign_in", "authorization_code", "momo_token"] {
        assert_eq!(month[gone], 0, "{gone}: {month:?}");
    }
    assert_eq!(month["refresh_token"], full["refresh_token"]);
    assert_eq!(month["credential_link"], 1, "the invitation that was not followed");
    let of_alice = ListFailedEvents { upid: Some(world.alice.upid), ..ListFailedEvents::new() };
    assert_eq!(world.provider.ok(&of_alice).await.failures.len(), 1, "given up 23 days ago");
    let taken = "SELECT count(*) FROM event WHERE kind = 'credit' AND delivered IS NOT NULL";
    let left = database.rows("SELECT kind, created, due, delivered, failed FROM event");
    assert_eq!(database.number(taken), 0, "{left:?}");
    pass(&world, 8 * DAY).await;
    assert_eq!(world.provider.ok(&of_alice).await.failures.len(), 0);

    // The books and client references stay, and everything goes on.
    let outcome = GetOperationOutcome { reference: "kept-for-ever".to_owned(), operation: None };
    assert!(world.provider.ok(&outcome).await.txid.is_some());
    world.provider.reference("kept-for-ever").ok(&world::credit_of(&world.alice, "1")).await;
    let rotate = RotateTransportSecret { ntid: Some(set.ntid), ..RotateTransportSecret::new() };
    world.provider.ok(&rotate).await;
    let mut world = world;
    drop(database);
    assert_eq!(world.server.terminate().await.code(), Some(0));
    world.server.home.verify().await.sound();
}
