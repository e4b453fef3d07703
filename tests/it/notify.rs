//! Notifications: each event comes at least once, in order for each wallet, signed, whatever is killed; and no address
//! leads into the operator's own network.

use florin_sdk_core::model::Status;
use florin_sdk_core::operation::{
    DeleteAPIKey, DeleteNotificationTransport, GetAllNotificationTransports, GetNotificationTransports,
    ListFailedEvents, RefusePayment, ReplayEvent, RotateTransportSecret, SetNotificationTransport, TransportOwner,
    TransportSettings, TransportStatus, TransportType, UpdateNotificationTransport,
};
use florin_sdk_core::{Ntid, Secret, Waid};
use florin_tests::receiver::{Receiver, Told};
use florin_tests::seed::generator;
use florin_tests::server::{Home, Options, Server};
use florin_tests::world::{self, World, amount};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::timeout;

/// Far longer than it takes.
const PATIENCE: Duration = Duration::from_secs(150);

fn signed(told: &Told, secret: &Secret) {
    let webhook = standardwebhooks::Webhook::new(secret.expose()).expect("a secret as the library takes it");
    webhook.verify(&told.body, &told.headers).unwrap_or_else(|error| panic!("{error}: {told:?}"));
}

/// A transport of the provider's key, of the profile and all below.
fn of_all(world: &World, url: &str, events: &[&str]) -> SetNotificationTransport {
    let transport = TransportSettings { below: Some(true), ..world::transport_to(url, events) };
    SetNotificationTransport {
        akid: world.initialised.akid.parse().ok(),
        ..SetNotificationTransport::new(world.upid, TransportType::Http, transport)
    }
}

async fn failures(world: &World, ntid: Ntid) -> Vec<florin_sdk_core::operation::FailedEvent> {
    let mut list = world.provider.ok(&ListFailedEvents::new()).await.failures;
    list.extend(
        world.provider.ok(&ListFailedEvents { upid: Some(world.alice.upid), ..ListFailedEvents::new() }).await.failures,
    );
    list.retain(|failure| failure.ntid == Some(ntid));
    list
}

async fn until_failed(world: &World, ntid: Ntid) -> florin_sdk_core::operation::FailedEvent {
    let found = async {
        loop {
            if let Some(failure) = failures(world, ntid).await.pop() {
                return failure;
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    };
    timeout(PATIENCE, found).await.expect("it is given up")
}

/// The proof that the issue asks for. The receiver refuses half of all; the server is killed again and again while
/// messages are under way; each transfer is told, in order for each wallet, and the public library takes each signature.
#[tokio::test(flavor = "multi_thread")]
async fn five_thousand_events_through_a_receiver_that_fails_and_a_server_that_is_killed() {
    const WALLETS: usize = 25;
    const EVENTS: usize = 5000;
    let mut random = generator("five_thousand_events");
    let seed = random.get_seed();
    random.seed(seed);
    let random = Mutex::new(random);
    let home = Home::new();
    let initialised = home.init().await;
    let options = Options {
        log: "warn".to_owned(),
        arguments: vec!["--notify-retry-percent".to_owned(), "0".to_owned()],
        ..Options::default()
    };
    let mut world = World::on(Server::start(home, options).await, initialised).await;
    let mut receiver = Receiver::start(move |_| if random.lock().unwrap().bool() { 200 } else { 503 }).await;
    let (mut people, mut secrets) = (Vec::new(), HashMap::new());
    for index in 0..WALLETS {
        let person = world::person(&world.provider, &format!("person {index}")).await;
        let set = world.provider.ok(&world::new_transport(&person, &receiver.url(), &["credit"])).await;
        secrets.insert(person.waid.to_string(), set.secret.expect("an http transport has one"));
        people.push(person);
    }

    // Credits under references, so that one whose answer a kill swallowed is made once all the same.
    let provider = world.provider.clone();
    let done = Arc::new(AtomicBool::new(false));
    let makers = people.clone().into_iter().enumerate().map(|(index, person)| {
        let provider = provider.clone();
        tokio::spawn(async move {
            let mut txids = Vec::new();
            for event in 0..EVENTS / WALLETS {
                let credit = world::credit_of(&person, "0.01");
                let api = provider.reference(&format!("credit-{index}-{event}"));
                let txid = loop {
                    match api.try_ok(&credit).await {
                        Some(answer) => break answer.txid,
                        None => tokio::time::sleep(Duration::from_millis(20)).await,
                    }
                };
                txids.push(txid.to_string());
            }
            (person.waid, txids)
        })
    });
    let makers: Vec<_> = makers.collect();
    let making = {
        let done = done.clone();
        tokio::spawn(async move {
            let made = join_all(makers).await;
            done.store(true, Ordering::Release);
            made.into_iter().map(|made| made.expect("a maker")).collect::<HashMap<Waid, Vec<String>>>()
        })
    };

    // What was taken, by wallet: the first time that each came through.
    let mut taken = HashMap::<String, Vec<String>>::new();
    let (mut seen, mut refused, mut again, mut ids) = (HashSet::new(), 0, 0, HashMap::<String, String>::new());
    let mut kills = 0;
    let mut next_kill = tokio::time::Instant::now() + Duration::from_secs(1);
    let all = async {
        while seen.len() < EVENTS {
            tokio::select! {
                Some(told) = receiver.told.recv() => {
                    let event = told.json();
                    assert_eq!(event["type"], "credit");
                    let text = |name: &str| event["data"][name].as_str().expect("a text").to_owned();
                    let (waid, txid) = (text("waid"), text("txid"));
                    signed(&told, &secrets[&waid]);
                    let known = ids.entry(txid.clone()).or_insert_with(|| told.id());
                    assert_eq!(*known, told.id(), "the same message whenever it comes");
                    if told.status != 200 {
                        refused += 1;
                    } else if seen.insert(txid.clone()) {
                        taken.entry(waid).or_default().push(txid);
                    } else {
                        again += 1;
                    }
                }
                () = tokio::time::sleep_until(next_kill) => {
                    // In the middle of whatever it does; when all is made twice more, while the rest is told.
                    if !done.load(Ordering::Acquire) || kills < 8 {
                        world.server.kill().await;
                        world.server.restart().await;
                        kills += 1;
                    }
                    next_kill = tokio::time::Instant::now() + Duration::from_millis(1500);
                }
            }
        }
    };
    timeout(PATIENCE, all).await.unwrap_or_else(|_| panic!("seed {seed}: {} of {EVENTS} came", ids.len()));
    let made = timeout(PATIENCE, making).await.expect("made").expect("the makers");
    assert!(kills >= 3, "seed {seed}: only {kills} kills");
    assert!(refused > EVENTS / 4, "seed {seed}: the receiver refused only {refused}");
    for (waid, txids) in made {
        // The books number them as they were booked, and each wallet has one maker: in order.
        assert_eq!(taken.get(&waid.to_string()), Some(&txids), "seed {seed}: {waid}");
    }
    eprintln!("{kills} kills, {refused} refused, {again} taken again");
    world.server.terminate().await;
    world.server.home.verify().await.sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn transports_are_kept_listed_changed_and_deleted() {
    let world = World::new().await;
    let device = |name: &str| SetNotificationTransport {
        device_id: Some(name.to_owned()),
        ..world::new_transport(&world.alice, "mobile", &["deposit"])
    };
    let mobile = world
        .provider
        .ok(&SetNotificationTransport {
            transport: TransportSettings {
                platform: Some("iOS".to_owned()),
                name: Some("Alice's iPhone".to_owned()),
                ..device("phone").transport
            },
            ..device("phone")
        })
        .await;
    assert_eq!(mobile.secret, None, "a push message is not signed");
    world.provider.fails(&device("phone"), 20006).await;
    let http = world
        .provider
        .ok(&of_all(&world, "https://shop.example.com/told", &["deposit", "payment.*", "of later"]))
        .await;
    let secret = http.secret.expect("shown once");
    assert!(secret.expose().starts_with("whsec_"));

    let all = world.provider.ok(&GetAllNotificationTransports::new(world.upid)).await.results;
    assert_eq!((all.len(), &all[0].kind, all[0].uuid), (1, &TransportOwner::Akid, None));
    let shown = &all[0].transports[0];
    assert_eq!((shown.ntid, &shown.status), (http.ntid, &Some(TransportStatus::On)));
    assert_eq!(shown.transport.events.as_ref().map(Vec::len), Some(3), "names that nobody knows are kept (A-103)");
    assert!(!serde_json::to_string(&all).unwrap().contains("whsec_"));
    let of =
        GetNotificationTransports { uuid: Some(world.alice.uuid), ..GetNotificationTransports::new(world.alice.upid) };
    let hers = world.provider.ok(&of).await.results;
    assert_eq!(hers[0].transports[0].device_id.as_deref(), Some("phone"));
    assert_eq!(hers[0].transports[0].transport.platform.as_deref(), Some("iOS"), "as it came (A-077)");
    let of = GetNotificationTransports { uuid: Some(world.bob.uuid), ..GetNotificationTransports::new(world.bob.upid) };
    assert_eq!(world.provider.ok(&of).await.results, [], "A-065");

    let set = |json: Value| {
        let mut base = json!({ "upid": world.alice.upid, "uuid": world.alice.uuid, "transporttype": "http",
            "transport": { "url": "https://shop.example.com/", "eventlist": [] } });
        for (name, value) in json.as_object().unwrap() {
            base[name] = value.clone();
        }
        base
    };
    let before = world.server.tables();
    for bad in [
        set(json!({ "akid": world.initialised.akid })),
        set(json!({ "uuid": null })),
        set(json!({ "transporttype": "fax" })),
        set(json!({ "transport": { "eventlist": [] } })),
        set(json!({ "transport": { "url": "ftp://shop.example.com/" } })),
        set(json!({ "transport": { "url": "https://user:secret@shop.example.com/" } })),
        set(json!({ "transport": { "url": format!("https://shop.example.com/{}", "x".repeat(80)) } })),
        set(json!({ "transport": { "url": "https://shop.example.com/", "surprise": 1 } })),
        set(json!({ "transport": { "url": "https://shop.example.com/", "platform": "iOS" } })),
        set(json!({ "transport": { "url": "https://shop.example.com/", "eventlist": vec!["x"; 201] } })),
        set(json!({ "transport": { "url": "https://shop.example.com/", "eventlist": [""] } })),
        set(json!({ "transporttype": "mobile", "transport": {} })),
        set(json!({ "transporttype": "mobile", "deviceid": "d", "transport": { "name": "x".repeat(31) } })),
        set(json!({ "transporttype": "mobile", "deviceid": "d", "transport": { "url": "https://shop.example.com/" } })),
    ] {
        let spec = spec("SetNotificationTransport");
        world.provider.send_json(&spec, &bad).await.refused(20000, &bad.to_string());
    }
    let strangers = set(json!({ "uuid": world.bob.uuid }));
    world.provider.send_json(&spec("SetNotificationTransport"), &strangers).await.refused(20005, "another's user");
    assert_eq!(florin_tests::digest::changes(&before, &world.server.tables()), Vec::<String>::new());

    // A device that begins like an id, and one that is in two pairs.
    world.provider.ok(&device("ntid_phone")).await;
    world
        .provider
        .ok(&DeleteNotificationTransport {
            device_id: Some("ntid_phone".to_owned()),
            ..DeleteNotificationTransport::new()
        })
        .await;
    let bobs = SetNotificationTransport {
        device_id: Some("phone".to_owned()),
        ..world::new_transport(&world.bob, "mobile", &[])
    };
    world.provider.ok(&bobs).await;
    let delete =
        DeleteNotificationTransport { device_id: Some("phone".to_owned()), ..DeleteNotificationTransport::new() };
    world.merchant.api.fails(&delete, 20005).await;
    world.provider.ok(&delete).await;
    world.provider.fails(&delete, 20005).await;
    for person in [&world.alice, &world.bob] {
        assert_eq!(world.provider.ok(&GetAllNotificationTransports::new(person.upid)).await.results, [], "A-102");
    }
    let update =
        UpdateNotificationTransport { ntid: http.ntid, transport: world::transport_to("https://x.example.com/", &[]) };
    world.merchant.api.fails(&update, 20005).await;
    world.provider.ok(&update).await;
    world
        .provider
        .ok(&DeleteNotificationTransport { ntid: Some(http.ntid), ..DeleteNotificationTransport::new() })
        .await;
    world.provider.fails(&update, 20005).await;
    assert!(!world.server.logs().contains(secret.expose()));
}

fn spec(name: &str) -> florin_sdk_core::operation::Spec {
    florin_sdk_core::operation::all().into_iter().find(|spec| spec.name == name).expect("an operation")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_hears_of_what_it_wants_and_of_its_own() {
    let world = World::new().await;
    let mut hers = Receiver::start(|_| 200).await;
    let mut all = Receiver::start(|_| 200).await;
    let of_alice =
        world.provider.ok(&world::new_transport(&world.alice, &hers.url(), &["transfer", "payment.*"])).await;
    world.provider.ok(&of_all(&world, &all.url(), &["debit", "payment.paid"])).await;
    world.provider.ok(&world::credit_of(&world.alice, "1")).await;
    world.provider.ok(&world::debit_of(&world.bob, "2")).await;
    world.provider.ok(&world::transfer(world.waid, world.alice.waid, "3")).await;
    let told = hers.next().await;
    signed(&told, &of_alice.secret.unwrap());
    let event = told.json();
    assert_eq!(
        (&event["type"], &event["data"]["amount"]),
        (&json!("transfer"), &json!("3.00")),
        "not the credit before"
    );
    assert_eq!(event["data"]["waid"], json!(world.alice.waid));
    assert_eq!(event["data"]["balance"], json!("1004.00"));
    // A debit moves from the user to the provider: both wallets, as the provider hears of those below.
    let debits = [all.next().await.json(), all.next().await.json()];
    let amounts: BTreeMap<_, _> =
        debits.iter().map(|event| (event["data"]["waid"].to_string(), event["data"]["amount"].to_string())).collect();
    assert_eq!(amounts[&json!(world.bob.waid).to_string()], "\"-2.00\"");
    assert_eq!(amounts.len(), 2);
    let prid = world.payment_request(&world.alice, "4").await;
    let asked = hers.next().await.json();
    assert_eq!((&asked["type"], &asked["data"]["prid"]), (&json!("payment.created"), &json!(prid)));
    assert_eq!(asked["data"]["upid"], json!(world.alice.upid));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_gone_is_switched_off_and_what_failed_is_sent_again() {
    let world = World::new().await;
    let status = Arc::new(AtomicU32::new(503));
    let says = status.clone();
    let mut receiver = Receiver::start(move |_| u16::try_from(says.load(Ordering::Acquire)).unwrap()).await;
    let ntid = world.provider.ok(&world::new_transport(&world.alice, &receiver.url(), &["credit"])).await.ntid;
    for text in ["1", "2", "3"] {
        world.provider.ok(&world::credit_of(&world.alice, text)).await;
    }
    // Each is on its way before the receiver is gone: what happens after that is for nobody.
    let database = world.server.home.open_read_only();
    while database.number("SELECT count(*) FROM event") < 3 {
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    status.store(410, Ordering::Release);
    receiver.next().await;
    let failure = until_failed(&world, ntid).await;
    assert!(failure.reason == "HTTP 410" || failure.reason == "the transport is off", "{failure:?}");
    let shown = || async {
        let lists = world.provider.ok(&GetAllNotificationTransports::new(world.alice.upid)).await.results;
        lists[0].transports[0].clone()
    };
    let off = shown().await;
    assert_eq!(off.status, Some(TransportStatus::Off));
    assert!(off.status_reason.unwrap().contains("410"));
    let replay = ReplayEvent { ntid: Some(ntid), ..ReplayEvent::new() };
    let all_failed = async {
        while failures(&world, ntid).await.len() < 3 {
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    };
    timeout(PATIENCE, all_failed).await.expect("what waited behind it is given up, too");
    world.provider.fails(&replay, 20012).await;
    status.store(200, Ordering::Release);
    let transport = world::transport_to(&receiver.url(), &["credit"]);
    world.provider.ok(&UpdateNotificationTransport { ntid, transport }).await;
    assert_eq!(shown().await.status, Some(TransportStatus::On));
    world.merchant.api.fails(&replay, 20005).await;
    assert_eq!(world.provider.ok(&replay).await.replayed, 3);
    let mut amounts = Vec::new();
    while amounts.len() < 3 {
        let told = receiver.next().await;
        if told.status == 200 {
            amounts.push(told.json()["data"]["amount"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(amounts, ["1.00", "2.00", "3.00"], "in their order");
    let none_left = async {
        while !failures(&world, ntid).await.is_empty() {
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    };
    timeout(PATIENCE, none_left).await.expect("the list is empty");
    let gone_by_now = ReplayEvent { event_id: Some(failure.event_id), ..ReplayEvent::new() };
    world.provider.fails(&gone_by_now, 20005).await;
}

/// Days pass by the sandbox's clock.
#[tokio::test(flavor = "multi_thread")]
async fn after_three_days_a_message_is_given_up_and_after_five_the_transport_is_off() {
    let world = World::new().await;
    let mut receiver = Receiver::start(|_| 500).await;
    let ntid = world.provider.ok(&world::new_transport(&world.alice, &receiver.url(), &["credit"])).await.ntid;
    world.provider.ok(&world::credit_of(&world.alice, "1")).await;
    // The waits as they are documented, and the most that jitter adds.
    let waits = [
        2, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 21_600, 28_800, 43_200, 43_200, 43_200, 43_200,
    ];
    receiver.next().await;
    for wait in waits {
        // Noted first: else it is the lease that is waited for.
        tokio::time::sleep(Duration::from_millis(200)).await;
        world.server.api().advance(wait * 5 / 4 + 1).await;
        receiver.next().await;
    }
    let failure = until_failed(&world, ntid).await;
    assert_eq!((failure.attempts, failure.reason.as_str()), (20, "HTTP 500"));
    let shown = || async {
        let lists = world.provider.ok(&GetAllNotificationTransports::new(world.alice.upid)).await.results;
        lists[0].transports[0].clone()
    };
    let on = shown().await;
    assert_eq!(on.status, Some(TransportStatus::On), "three days and a half");
    assert!(on.failing_since.is_some());
    world.server.api().advance(2 * 86_400).await;
    world.provider.ok(&world::credit_of(&world.alice, "2")).await;
    let off = async {
        loop {
            let shown = shown().await;
            if shown.status == Some(TransportStatus::Off) {
                return shown;
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    };
    let off = timeout(PATIENCE, off).await.expect("it is off");
    assert!(off.status_reason.unwrap().contains("since"));
    assert!(world.server.logs().contains("switched off"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_changed_without_a_gap() {
    let world = World::new().await;
    let mut receiver = Receiver::start(|_| 200).await;
    let set = world.provider.ok(&world::new_transport(&world.alice, &receiver.url(), &["credit"])).await;
    let old = set.secret.unwrap();
    let rotate = RotateTransportSecret { ntid: Some(set.ntid), ..RotateTransportSecret::new() };
    world.merchant.api.fails(&rotate, 20005).await;
    let new = world.provider.ok(&rotate).await.secret;
    assert_ne!(old, new);
    world.provider.ok(&world::credit_of(&world.alice, "1")).await;
    let told = receiver.next().await;
    signed(&told, &old);
    signed(&told, &new);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merchants_address_is_told_with_its_password_and_signed_from_the_first_on() {
    let world = World::new().await;
    let mut receiver = Receiver::start(|_| 200).await;
    let attributes = json!({
        "merchantnotificationurl": receiver.url(),
        "merchantcallbackuser": "shop",
        "merchantcallbackpassword": "Secret#1",
        "walletnotificationenabled": true,
    });
    let profile = florin_sdk_core::operation::CreateProfile {
        extended: serde_json::from_value(attributes).unwrap(),
        ..world::new_merchant("told")
    };
    let upid = world.provider.ok(&profile).await.upid;
    let key = world.provider.ok(&world::new_key("Till", &["merchant-rw", "profile-rw"], Some(upid))).await;
    let till = world.provider.key(key.api_key.expose());
    let refused = till.ok(&world::payment_of(&world.alice, "2")).await.prid;
    world.provider.ok(&RefusePayment { prid: refused }).await;
    let declined = receiver.next().await;
    assert_eq!(declined.json()["type"], "payment.declined");
    let signatures = |told: &Told| told.header("webhook-signature").split(' ').filter(|s| s.starts_with("v1,")).count();
    assert_eq!(signatures(&declined), 1, "nobody has asked for a secret yet");
    let prid = till.ok(&world::payment_of(&world.alice, "3")).await.prid;
    let rotate = RotateTransportSecret { upid: Some(upid), ..RotateTransportSecret::new() };
    let secret = till.ok(&rotate).await.secret;
    let accept =
        florin_sdk_core::operation::AcceptPayment::new(prid, world::currency(), "wallet".to_owned(), amount("3"));
    world.provider.ok(&accept).await;
    let mut kinds = BTreeSet::new();
    for _ in 0..2 {
        let told = receiver.next().await;
        signed(&told, &secret);
        assert_eq!(signatures(&told), 2, "for a day with the first one, too");
        assert_eq!(told.header("authorization"), "Basic c2hvcDpTZWNyZXQjMQ==");
        kinds.insert(told.json()["type"].as_str().unwrap().to_owned());
    }
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["payment", "payment.paid"]);
    assert_eq!(
        till.ok(&GetAllNotificationTransports::new(upid)).await.results,
        [],
        "it is no transport of a user or key"
    );
    assert!(!world.server.logs().contains("Secret#1"));
}

/// The transport of a merchant follows the profile's attributes, whenever they are written.
#[tokio::test(flavor = "multi_thread")]
async fn a_merchants_transport_follows_the_attributes() {
    let world = World::new().await;
    let (mut first, mut second) = (Receiver::start(|_| 200).await, Receiver::start(|_| 200).await);
    let upid = world.merchant.upid;
    let set = |attributes: Value| {
        let extended = serde_json::from_value(attributes).expect("an object");
        let update = florin_sdk_core::operation::UpdateProfile {
            extended: Some(extended),
            ..florin_sdk_core::operation::UpdateProfile::new(upid)
        };
        let provider = world.provider.clone();
        async move { provider.ok(&update).await }
    };
    let declined = |text: &'static str| {
        let (world, provider) = (&world, world.provider.clone());
        async move {
            let prid = world.payment_request(&world.alice, text).await;
            provider.ok(&RefusePayment { prid }).await;
            prid
        }
    };
    let kind = |told: Told| told.json()["type"].as_str().expect("a kind").to_owned();
    declined("1").await;
    set(json!({ "merchantnotificationurl": first.url() })).await;
    let prid = declined("2").await;
    let told = first.next().await;
    assert_eq!(told.json()["data"]["prid"], json!(prid), "not what happened before");
    let secret =
        world.merchant.api.ok(&RotateTransportSecret { upid: Some(upid), ..RotateTransportSecret::new() }).await.secret;
    // Another address, and the wallet's events, too: with the same secret.
    set(json!({ "merchantnotificationurl": second.url(), "walletnotificationenabled": true })).await;
    world.provider.ok(&world::transfer(world.waid, world.merchant.waid, "3")).await;
    let told = second.next().await;
    signed(&told, &secret);
    assert_eq!(kind(told), "transfer");
    // No payments, only the wallet.
    set(json!({ "paymentnotificationenabled": false })).await;
    declined("4").await;
    world.provider.ok(&world::transfer(world.waid, world.merchant.waid, "5")).await;
    assert_eq!(kind(second.next().await), "transfer");
    // Nothing at all, nowhere, and on again.
    set(json!({ "walletnotificationenabled": false })).await;
    declined("6").await;
    set(json!({ "merchantnotificationurl": null, "paymentnotificationenabled": null })).await;
    declined("7").await;
    set(json!({ "merchantnotificationurl": second.url() })).await;
    let prid = declined("8").await;
    let told = second.next().await;
    signed(&told, &secret);
    assert_eq!(told.json()["data"]["prid"], json!(prid), "and nothing of what happened meanwhile");
    assert!(first.told.try_recv().is_err() && second.told.try_recv().is_err());
}

/// The operator's gateway to devices: each message comes as it is documented, again until it is taken, and to a device
/// that is gone no more.
#[tokio::test(flavor = "multi_thread")]
async fn a_push_gateway_gets_each_message_until_it_takes_it_and_none_for_a_device_that_is_gone() {
    let home = Home::new();
    let initialised = home.init().await;
    let answers = Arc::new(Mutex::new(vec![410, 200, 500, 503]));
    let mut gateway = Receiver::start(move |_| answers.lock().unwrap().pop().unwrap_or(200)).await;
    // A production server: the gateway is the operator's own, and may be anywhere.
    let arguments = ["--push-gateway", &gateway.url(), "--notify-retry-percent", "1"].map(str::to_owned).to_vec();
    let options = Options { sandbox: false, arguments, ..Options::default() };
    let world = World::on(Server::start(home, options).await, initialised).await;
    let transport = TransportSettings {
        platform: Some("iOS".to_owned()),
        name: Some("Alice's phone".to_owned()),
        events: Some(vec!["credit".to_owned()]),
        ..TransportSettings::default()
    };
    let device = SetNotificationTransport {
        uuid: Some(world.alice.uuid),
        device_id: Some("apns-token-1".to_owned()),
        ..SetNotificationTransport::new(world.alice.upid, TransportType::Mobile, transport)
    };
    let ntid = world.provider.ok(&device).await.ntid;
    world.provider.ok(&world::credit_of(&world.alice, "5")).await;
    let mut bodies = Vec::new();
    for status in [503, 500, 200] {
        let told = gateway.next().await;
        assert_eq!((told.status, told.header("content-type")), (status, "application/json"));
        assert_eq!(told.header("webhook-signature"), "", "the gateway knows us");
        bodies.push(told.json());
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]), "the same, id and all: {bodies:?}");
    let body = bodies[0].as_object().unwrap();
    assert_eq!(body.keys().collect::<Vec<_>>(), ["deviceid", "event", "id", "name", "platform"]);
    assert!(body["id"].as_str().is_some_and(|id| id.starts_with("evt_")));
    assert_eq!(
        (&body["deviceid"], &body["platform"], &body["name"]),
        (&json!("apns-token-1"), &json!("iOS"), &json!("Alice's phone"))
    );
    assert_eq!((&body["event"]["type"], &body["event"]["data"]["amount"]), (&json!("credit"), &json!("5.00")));

    // The next one is for a device that is gone: that is said once, and then nothing is sent there.
    world.provider.ok(&world::credit_of(&world.alice, "6")).await;
    assert_eq!(gateway.next().await.status, 410);
    let failure = until_failed(&world, ntid).await;
    assert_eq!(failure.attempts, 1);
    let shown = world.provider.ok(&GetAllNotificationTransports::new(world.alice.upid)).await.results;
    assert_eq!(shown[0].transports[0].status, Some(TransportStatus::Off));
    world.provider.ok(&world::credit_of(&world.alice, "7")).await;
    // Another device of hers hears of what comes then.
    let other = SetNotificationTransport { device_id: Some("apns-token-2".to_owned()), ..device };
    world.provider.ok(&other).await;
    world.provider.ok(&world::credit_of(&world.alice, "8")).await;
    let told = gateway.next().await.json();
    assert_eq!((&told["deviceid"], &told["event"]["data"]["amount"]), (&json!("apns-token-2"), &json!("8.00")));
    assert!(gateway.told.try_recv().is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_lists_what_it_pushes_and_a_key_that_ended_hears_nothing() {
    let world = World::new().await;
    let set = SetNotificationTransport {
        device_id: Some("da39a3ee".to_owned()),
        ..world::new_transport(&world.alice, "mobile", &["credit"])
    };
    world.provider.ok(&set).await;
    world.provider.ok(&world::credit_of(&world.alice, "5")).await;
    let pushed = async {
        loop {
            let list = world.server.api().exchange("GET", "/sandbox/push", None).await.json().expect("JSON");
            if let Some(first) = list["messages"].get(0) {
                return first.clone();
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    };
    let pushed = timeout(PATIENCE, pushed).await.expect("it is pushed");
    assert_eq!((&pushed["deviceid"], &pushed["event"]["data"]["amount"]), (&json!("da39a3ee"), &json!("5.00")));

    let receiver = Receiver::start(|_| 200).await;
    let key = world.provider.ok(&world::new_key("Ends", &["ewallet-ro"], None)).await;
    let transport = of_all(&world, &receiver.url(), &["debit"]);
    let ntid = world.provider.ok(&SetNotificationTransport { akid: Some(key.akid), ..transport }).await.ntid;
    world.provider.ok(&DeleteAPIKey { akid: key.akid, upid: None }).await;
    world.provider.ok(&world::debit_of(&world.alice, "1")).await;
    assert!(until_failed(&world, ntid).await.reason.contains("API key"));
    drop(receiver);
}

/// A production server and addresses that lead inside: no connection is made.
#[tokio::test(flavor = "multi_thread")]
async fn no_address_leads_into_the_operators_network() {
    let home = Home::new();
    let initialised = home.init().await;
    let options = Options {
        sandbox: false,
        arguments: vec!["--notify-retry-percent".to_owned(), "1".to_owned()],
        ..Options::default()
    };
    let world = World::on(Server::start(home, options).await, initialised).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let connected = Arc::new(AtomicU32::new(0));
    let counted = connected.clone();
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    let hosts = [
        "127.0.0.1",
        "localhost",
        "LOCALHOST",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "0.0.0.0",
        "169.254.169.254",
        "10.0.0.1",
        "[fd00::1]",
        "[fe80::1]",
    ];
    let mut transports = Vec::new();
    for host in hosts {
        let set = world::new_transport(&world.alice, &format!("https://{host}:{port}/"), &["credit"]);
        transports.push((host, world.provider.ok(&set).await.ntid));
    }
    let plain = world::new_transport(&world.alice, "http://example.com/told", &["credit"]);
    transports.push(("http", world.provider.ok(&plain).await.ntid));
    world.provider.ok(&world::credit_of(&world.alice, "1")).await;
    let database = world.server.home.open_read_only();
    let refused = async {
        for (host, ntid) in &transports {
            let number = ntid.number();
            loop {
                let sql = format!(
                    "SELECT count(*) FROM event WHERE transport = {number} AND attempts > 0 AND reason LIKE '%not allowed%'"
                );
                if database.number(&sql) > 0 {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            eprintln!("{host} is refused");
        }
    };
    timeout(PATIENCE, refused).await.expect("each is refused");
    assert_eq!(connected.load(Ordering::Relaxed), 0, "nobody was called");
}

/// A public receiver that sends us elsewhere is not followed; nor is an answer without end read to its end.
#[tokio::test(flavor = "multi_thread")]
async fn redirects_are_not_followed() {
    let world = World::new().await;
    let mut receiver = Receiver::start(|_| 302).await;
    let ntid = world.provider.ok(&world::new_transport(&world.alice, &receiver.url(), &["credit"])).await.ntid;
    world.provider.ok(&world::credit_of(&world.alice, "1")).await;
    receiver.next().await;
    let database = world.server.home.open_read_only();
    let noted = async {
        let sql = format!("SELECT count(*) FROM event WHERE transport = {} AND reason LIKE 'HTTP 302%'", ntid.number());
        while database.number(&sql) == 0 {
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    };
    timeout(PATIENCE, noted).await.expect("it counts as a failure");
}

/// One receiver that never answers, and a hundred wallets that have something for it: others are told meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn one_slow_receiver_holds_up_nobody() {
    let world = World::new().await;
    let deaf = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let deaf = format!("http://{}/", deaf.local_addr().unwrap());
    world.provider.ok(&of_all(&world, &deaf, &["credit"])).await;
    for index in 0..100 {
        let person = world::person(&world.provider, &format!("person {index}")).await;
        world.provider.ok(&world::credit_of(&person, "1")).await;
    }
    let mut receiver = Receiver::start(|_| 200).await;
    world.provider.ok(&world::new_transport(&world.alice, &receiver.url(), &["credit"])).await;
    world.provider.ok(&world::credit_of(&world.alice, "7")).await;
    let told = timeout(Duration::from_secs(8), receiver.told.recv()).await;
    let told = told.expect("a hundred messages that nobody takes are no reason to wait").expect("the receiver lives");
    assert_eq!(told.json()["data"]["amount"], "7.00");
}

/// Two processes on one database: each message is sent by one of them, in order, and by the other if the first is killed.
#[tokio::test(flavor = "multi_thread")]
async fn two_processes_share_the_work() {
    if florin_tests::database::engine() == florin_tests::database::Engine::Sqlite {
        return; // One process has the file to itself.
    }
    let world = World::new().await;
    let mut second = Server::start(world.server.home.clone(), Options::default()).await;
    let mut receiver = Receiver::start(|_| 200).await;
    world.provider.ok(&of_all(&world, &receiver.url(), &["credit"])).await;
    let apis = [world.provider.clone(), second.api().key(&world.initialised.apikey)];
    let mut people = Vec::new();
    for index in 0..8 {
        people.push(world::person(&world.provider, &format!("person {index}")).await);
    }
    let rounds = 25;
    let mut booked = HashMap::<String, Vec<String>>::new();
    for round in 0..rounds {
        if round == 15 {
            second.kill().await;
        }
        let credits = people.iter().enumerate().map(|(index, person)| {
            let api = if round < 15 { &apis[(index + round) % 2] } else { &apis[0] };
            let credit = world::credit_of(person, "1");
            async move { (person.waid.to_string(), api.ok(&credit).await.txid.to_string()) }
        });
        for (waid, txid) in join_all(credits).await {
            booked.entry(waid).or_default().push(txid);
        }
    }
    let (mut taken, mut seen) = (HashMap::<String, Vec<String>>::new(), HashSet::new());
    let all = async {
        let mut came = 0;
        while seen.len() < rounds * people.len() {
            let event = receiver.next().await.json();
            let text = |name: &str| event["data"][name].as_str().unwrap().to_owned();
            // The provider's own wallet pays, and is heard of, too.
            if !booked.contains_key(&text("waid")) {
                continue;
            }
            came += 1;
            if seen.insert(text("txid")) {
                taken.entry(text("waid")).or_default().push(text("txid"));
            }
        }
        came
    };
    let came = timeout(PATIENCE, all).await.expect("all come");
    assert_eq!(taken, booked);
    assert!(came <= rounds * people.len() + 64, "{came} came: both processes sent everything");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inactive_profile_still_hears_of_nothing_new() {
    let world = World::new().await;
    let mut receiver = Receiver::start(|_| 200).await;
    world.provider.ok(&world::new_transport(&world.alice, &receiver.url(), &["credit"])).await;
    let update = florin_sdk_core::operation::UpdateUser {
        uuid: Some(world.alice.uuid),
        status: Some(Status::Inactive),
        ..florin_sdk_core::operation::UpdateUser::new()
    };
    world.provider.ok(&update).await;
    world.provider.fails(&world::credit_of(&world.alice, "1"), 20012).await;
    world.provider.ok(&florin_sdk_core::operation::UpdateUser { status: Some(Status::Active), ..update }).await;
    world.provider.ok(&world::credit_of(&world.alice, "2")).await;
    assert_eq!(receiver.next().await.json()["data"]["amount"], "2.00", "a refusal is no event");
}
