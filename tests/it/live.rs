//! Live events: nothing is missed whatever breaks, and everybody hears of their own only.

use florin_sdk_core::client::{CancelToken, Client, ClientOptions, Credential as Held, EventStream};
use florin_sdk_core::model::LiveEvent;
use florin_sdk_core::operation::{CreditWallet, DeleteAPIKey, GetEvents, RefusePayment, RevokeMobileToken};
use florin_sdk_core::{FlorinError, Secret};
use florin_tests::server::{Options, Server};
use florin_tests::world::{self, World};
use serde_json::Value;
use std::collections::HashSet;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(60);

fn options(server: &Server) -> ClientOptions {
    ClientOptions { retry_delay_scale_percent: 10, ..ClientOptions::new(server.base()) }
}

fn stream(server: &Server, held: Held, after: Option<String>) -> EventStream {
    Client::new(options(server), held).expect("a client").live(after)
}

fn key(text: &str) -> Held {
    Held::ApiKey(Secret::from(text))
}

fn bearer(text: &str) -> Held {
    Held::Bearer(Secret::from(text))
}

/// Opens it: from here on it hears of everything.
async fn begun(stream: &EventStream) {
    // Whoever waits for the first event has opened the stream; the position comes with its first words.
    let opened = async {
        loop {
            tokio::select! {
                event = stream.next() => panic!("nothing has happened yet: {event:?}"),
                () = tokio::time::sleep(Duration::from_millis(50)) => {}
            }
            if stream.position().await.is_some() {
                return;
            }
        }
    };
    timeout(PATIENCE, opened).await.expect("it opens");
}

async fn next(stream: &EventStream) -> LiveEvent {
    timeout(PATIENCE, stream.next()).await.expect("an event comes").expect("an event")
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_hears_of_their_own_and_a_provider_of_those_below() {
    let world = World::new().await;
    let alice = stream(&world.server, bearer(&world.alice.token), None);
    let bob = stream(&world.server, bearer(&world.bob.token), None);
    let merchant = stream(&world.server, key(&world.merchant.key), None);
    let provider = stream(&world.server, key(&world.read_only), None);
    for one in [&alice, &bob, &merchant, &provider] {
        begun(one).await;
    }
    world.provider.ok(&world::credit_of(&world.bob, "1")).await;
    world.provider.ok(&world::credit_of(&world.alice, "2")).await;
    let prid = world.payment_request(&world.alice, "3").await;
    let (credit, asked) = (next(&alice).await, next(&alice).await);
    assert_eq!((credit.kind.as_str(), credit.data.waid), ("credit", Some(world.alice.waid)), "not what bob got");
    assert_eq!(credit.data.balance, Some(world::amount("1002.00")));
    assert_eq!(
        (asked.kind.as_str(), asked.data.prid, asked.data.upid),
        ("payment.created", Some(prid), world.alice.upid)
    );
    assert_eq!(next(&bob).await.data.amount, Some(world::amount("1.00")));
    world.provider.ok(&RefusePayment { prid }).await;
    let refused = next(&merchant).await;
    assert_eq!((refused.kind.as_str(), refused.data.upid), ("payment.declined", world.merchant.upid));
    // A key that only reads of the provider's: its own wallet and its users', as far as its rights go.
    let mut heard = HashSet::new();
    for _ in 0..2 {
        heard.insert(next(&provider).await.data.upid);
    }
    assert!(heard.iter().all(|upid| [world.upid, world.bob.upid, world.alice.upid].contains(upid)), "{heard:?}");

    // The same as pages.
    let begin = world.alice.app.ok(&GetEvents::new()).await;
    assert_eq!((begin.events.len(), begin.more), (0, false));
    let page = world.alice.app.ok(&GetEvents { after: Some(credit.id.clone()), ..GetEvents::new() }).await;
    assert_eq!(page.events.first(), Some(&asked));
    let none = world.bob.app.ok(&GetEvents { after: Some(credit.id), ..GetEvents::new() }).await;
    assert_eq!(none.events, [], "a place in the stream is no key to what others hear");
    for bad in ["x", "1~~~", "2~~"] {
        world.alice.app.fails(&GetEvents { after: Some(bad.to_owned()), ..GetEvents::new() }, 20000).await;
    }
}

/// The server is killed again and again; the stream goes on by itself, and each event comes once and in order.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_outlives_the_server_and_misses_nothing() {
    const EVENTS: usize = 300;
    let mut world = World::new().await;
    let alice = stream(&world.server, bearer(&world.alice.token), None);
    begun(&alice).await;
    let provider = world.provider.clone();
    let person = world.alice.clone();
    let maker = tokio::spawn(async move {
        let mut txids = Vec::new();
        for event in 0..EVENTS {
            let api = provider.reference(&format!("live-{event}"));
            txids.push(loop {
                match api.try_ok(&world::credit_of(&person, "0.01")).await {
                    Some(answer) => break answer.txid,
                    None => tokio::time::sleep(Duration::from_millis(20)).await,
                }
            });
        }
        txids
    });
    let mut heard = Vec::new();
    let mut kills = 0;
    let mut kill = tokio::time::Instant::now() + Duration::from_millis(400);
    let all = async {
        while heard.len() < EVENTS {
            tokio::select! {
                event = alice.next() => heard.push(event.expect("an event").data.txid.expect("a transaction")),
                () = tokio::time::sleep_until(kill) => {
                    if kills < 6 {
                        world.server.kill().await;
                        world.server.restart().await;
                        kills += 1;
                    }
                    kill = tokio::time::Instant::now() + Duration::from_millis(400);
                }
            }
        }
    };
    timeout(PATIENCE, all).await.expect("all come");
    assert_eq!(heard, maker.await.expect("the maker"), "each once, in order, after {kills} kills");
    assert!(kills > 0);
    // An app that starts again goes on where it was.
    let position = alice.position().await;
    drop(alice);
    world.provider.ok(&world::credit_of(&world.alice, "7")).await;
    let again = stream(&world.server, bearer(&world.alice.token), position);
    assert_eq!(next(&again).await.data.amount, Some(world::amount("7.00")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_that_ends_ends_its_stream() {
    let world = World::new().await;
    let spare = world.provider.ok(&world::new_token(world.alice.uuid)).await;
    let phone = stream(&world.server, bearer(spare.token.expose()), None);
    begun(&phone).await;
    world.provider.ok(&RevokeMobileToken { mtid: spare.mtid }).await;
    world.provider.ok(&world::credit_of(&world.alice, "1")).await;
    let ended = timeout(PATIENCE, phone.next()).await.expect("it ends");
    assert!(matches!(ended, Err(FlorinError::Unauthorized { .. })), "{ended:?}");
    let made = world.provider.ok(&world::new_key("Ends", &["ewallet-ro"], None)).await;
    let server = stream(&world.server, key(made.api_key.expose()), None);
    begun(&server).await;
    world.provider.ok(&DeleteAPIKey { akid: made.akid, upid: None }).await;
    let ended = timeout(PATIENCE, server.next()).await.expect("it ends");
    assert!(matches!(ended, Err(FlorinError::Unauthorized { .. })), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_cancelled_and_a_server_that_stops_does_not_wait_for_it() {
    let mut world = World::new().await;
    let token = CancelToken::new();
    let client = Client::new(options(&world.server), bearer(&world.alice.token)).expect("a client");
    let phone = client.cancelled_by(token.clone()).live(None);
    begun(&phone).await;
    token.cancel();
    assert!(matches!(phone.next().await, Err(FlorinError::Cancelled)));
    let other = stream(&world.server, bearer(&world.alice.token), None);
    begun(&other).await;
    assert_eq!(timeout(Duration::from_secs(8), world.server.terminate()).await.expect("at once").code(), Some(0));
}

/// A client that does not read: what waits for it is bounded, others go on, and when it comes back it misses nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_holds_up_nobody_and_can_go_on() {
    let world = World::new().await;
    let mut deaf = TcpStream::connect(world.server.address()).await.expect("a connection");
    let request = format!(
        "GET /api/v1/events HTTP/1.1\r\nHost: florin\r\nAccept: text/event-stream\r\nAuthorization: Bearer {}\r\n\r\n",
        world.alice.token
    );
    deaf.write_all(request.as_bytes()).await.expect("sent");
    let mut head = vec![0; 2048];
    let read = deaf.read(&mut head).await.expect("the head");
    let mut text = String::from_utf8_lossy(&head[..read]).into_owned();
    while !text.contains("\nid: ") {
        let read = deaf.read(&mut head).await.expect("the beginning");
        text.push_str(&String::from_utf8_lossy(&head[..read]));
    }
    let lower = text.to_lowercase();
    assert!(lower.contains("content-type: text/event-stream") && lower.contains("cache-control: no-store"), "{text}");
    let begin = text.split("\nid: ").nth(1).and_then(|rest| rest.split_whitespace().next()).expect("an id").to_owned();
    let listener = stream(&world.server, bearer(&world.alice.token), Some(begin.clone()));
    for _ in 0..200 {
        world.provider.ok(&world::credit_of(&world.alice, "0.01")).await;
    }
    for _ in 0..200 {
        next(&listener).await;
    }
    drop(deaf);
    let again = stream(&world.server, bearer(&world.alice.token), Some(begin));
    for _ in 0..200 {
        next(&again).await;
    }
}

/// A client that reads nothing at all, while far more happens than any buffer holds: the server keeps little for it, tells
/// the others in time, and lets it go; where it was it goes on.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_reads_nothing_costs_little_and_is_let_go() {
    /// Seven megabytes of events: more than the two ends of a connection hold.
    const EVENTS: usize = 16_000;
    let world = World::new().await;
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4096).expect("a small buffer");
    let mut deaf = socket.connect(world.server.address()).await.expect("a connection");
    let request = format!(
        "GET /api/v1/events HTTP/1.1\r\nHost: florin\r\nAccept: text/event-stream\r\nAuthorization: Bearer {}\r\n\r\n",
        world.alice.token
    );
    deaf.write_all(request.as_bytes()).await.expect("sent");
    // It has begun when there is something to read.
    deaf.readable().await.expect("an answer");
    tokio::time::sleep(Duration::from_millis(300)).await;
    let listener = stream(&world.server, bearer(&world.alice.token), None);
    begun(&listener).await;
    let memory = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", world.server.id())).expect("a process");
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("its size").to_owned();
        line.split_whitespace().nth(1).and_then(|kb| kb.parse::<usize>().ok()).expect("a number") / 1024
    };
    let before = memory();
    let makers = (0..16).map(|_| {
        let (provider, alice) = (world.provider.clone(), world.alice.clone());
        tokio::spawn(async move {
            for _ in 0..EVENTS / 16 {
                let description = Some("x".repeat(40));
                provider.ok(&CreditWallet { description, ..world::credit_of(&alice, "0.01") }).await;
            }
        })
    });
    let makers: Vec<_> = makers.collect();
    // Whoever reads hears of all of it, as it happens.
    for _ in 0..EVENTS {
        next(&listener).await;
    }
    for maker in makers {
        maker.await.expect("a maker");
    }
    let grown = memory().saturating_sub(before);
    assert!(grown < 150, "{grown} MiB more");
    eprintln!("{grown} MiB more");
    // Given up after a time: what it reads now is what stood in buffers, and then the end.
    tokio::time::sleep(Duration::from_secs(22)).await;
    let mut text = Vec::new();
    let end = timeout(PATIENCE, deaf.read_to_end(&mut text)).await.expect("it ends");
    eprintln!("{} bytes waited for it; {end:?}", text.len());
    let text = String::from_utf8_lossy(&text).into_owned();
    // Up to the last whole event.
    let whole = text.rsplit_once("\n\n").expect("an event").0;
    let last = whole.rsplit("\nid: ").next().and_then(|rest| rest.split_whitespace().next()).expect("an id").to_owned();
    let heard = whole.matches("\nevent: credit").count();
    assert!(heard < EVENTS * 3 / 4, "{heard} of them waited for it");
    let again = stream(&world.server, bearer(&world.alice.token), Some(last));
    for _ in heard..EVENTS {
        next(&again).await;
    }
    world.provider.ok(&world::credit_of(&world.alice, "7")).await;
    assert_eq!(next(&again).await.data.amount, Some(world::amount("7.00")), "and nothing twice");
}

/// Writes through both processes, read through one: nothing is skipped, though their numbers interleave.
#[tokio::test(flavor = "multi_thread")]
async fn two_processes_are_one_stream() {
    if florin_tests::database::engine() == florin_tests::database::Engine::Sqlite {
        return;
    }
    let world = World::new().await;
    let second = Server::start(world.server.home.clone(), Options::default()).await;
    let there = second.api().key(&world.initialised.apikey);
    let one = stream(&world.server, key(&world.initialised.apikey), None);
    let two = stream(&second, key(&world.initialised.apikey), None);
    begun(&one).await;
    begun(&two).await;
    let mut booked = HashSet::new();
    for _ in 0..40 {
        let (a, b) = (world::credit_of(&world.alice, "0.01"), world::credit_of(&world.bob, "0.01"));
        let (a, b) = tokio::join!(world.provider.ok(&a), there.ok(&b));
        booked.extend([a.txid, b.txid]);
    }
    for heard in [&one, &two] {
        let mut seen = HashSet::new();
        // The provider hears of its own side of each transaction, too: it may come before the other one.
        while seen.len() < booked.len() {
            let heard = next(heard).await.data;
            if [Some(world.alice.waid), Some(world.bob.waid)].contains(&heard.waid) {
                seen.insert(heard.txid.expect("a transaction"));
            }
        }
        assert_eq!(seen, booked);
    }
    // A place of one process is a place of the other.
    let position = one.position().await;
    world.provider.ok(&world::credit_of(&world.alice, "9")).await;
    let moved = stream(&second, bearer(&world.alice.token), position);
    assert_eq!(next(&moved).await.data.amount, Some(world::amount("9.00")));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documents_know_of_the_stream() {
    let world = World::new().await;
    let text = world.server.api().exchange("GET", "/openapi/native.json", None).await;
    let document: Value = serde_json::from_slice(&text.bytes).expect("JSON");
    let content = &document["paths"]["/api/v1/events"]["get"]["responses"]["200"]["content"];
    assert!(content["text/event-stream"].is_object() && content["application/json"].is_object(), "{content}");
}
