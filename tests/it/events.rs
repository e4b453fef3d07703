//! Events: whoever wants to be told of a payment is told, also when nobody listened at first.

use florin_sdk_core::operation::{AcceptPayment, CreateProfile, RefusePayment};
use florin_sdk_core::{Prid, Upid};
use florin_tests::http::Api;
use florin_tests::receiver::PATIENCE;
use florin_tests::world::{self, World, amount, currency};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

/// What a receiver got.
struct Received {
    head: String,
    body: Value,
}

/// Answers each request with the next of `statuses`, then with 200.
fn receiver(listener: TcpListener, statuses: &'static [u16]) -> UnboundedReceiver<Received> {
    let (sender, received) = unbounded_channel();
    tokio::spawn(async move {
        let mut statuses = statuses.iter();
        loop {
            let (connection, _) = listener.accept().await.expect("a connection");
            let mut connection = BufReader::new(connection);
            let (mut head, mut length) = (String::new(), 0);
            while !head.ends_with("\r\n\r\n") && connection.read_line(&mut head).await.is_ok_and(|read| read > 0) {
                let line = head.lines().last().unwrap_or_default().to_lowercase();
                if let Some(value) = line.strip_prefix("content-length:") {
                    length = value.trim().parse().expect("a length");
                }
            }
            let mut body = vec![0; length];
            if connection.read_exact(&mut body).await.is_err() || head.is_empty() {
                continue; // from a server that was killed
            }
            let status = statuses.next().unwrap_or(&200);
            let answer = format!("HTTP/1.1 {status} Whatever\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
            connection.write_all(answer.as_bytes()).await.expect("answered");
            let body = serde_json::from_slice(&body).expect("an event is JSON");
            if sender.send(Received { head: head.to_lowercase(), body }).is_err() {
                return;
            }
        }
    });
    received
}

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    (listener, address)
}

/// A merchant that wants to be told.
async fn shop(world: &World, name: &str, address: SocketAddr) -> (Upid, Api) {
    let attributes = json!({
        "merchantnotificationurl": format!("http://{address}/told?shop=1"),
        "merchantcallbackuser": "shop",
        "merchantcallbackpassword": "Secret#1",
    });
    let profile =
        CreateProfile { extended: serde_json::from_value(attributes).expect("an object"), ..world::new_merchant(name) };
    let upid = world.provider.ok(&profile).await.upid;
    let key = world.provider.ok(&world::new_key("Till", &["merchant-rw"], Some(upid))).await;
    (upid, world.provider.key(key.api_key.expose()))
}

async fn asked(world: &World, till: &Api, text: &str) -> Prid {
    till.ok(&world::payment_of(&world.alice, text)).await.prid
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

async fn next(received: &mut UnboundedReceiver<Received>) -> Received {
    timeout(PATIENCE, received.recv()).await.expect("an event comes").expect("the receiver lives")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merchant_is_told_of_payments_and_told_again_until_it_listens() {
    let world = World::new().await;
    let (listener, address) = listen().await;
    let mut received = receiver(listener, &[500]);
    let (_, till) = shop(&world, "shop", address).await;
    let prid = asked(&world, &till, "3").await;
    world.provider.ok(&accept(prid, "3")).await;
    let (first, second) = (next(&mut received).await, next(&mut received).await);
    assert_eq!(first.body, second.body, "the same again, as it was not taken");
    assert_eq!((&first.body["type"], &first.body["data"]["prid"]), (&json!("payment.paid"), &json!(prid)));
    let id = |head: &str| head.lines().find(|line| line.starts_with("webhook-id:")).map(str::to_owned);
    assert!(id(&first.head).is_some() && id(&first.head) == id(&second.head), "{}", first.head);
    assert!(first.head.starts_with("post /told?shop=1 http/1.1"), "{}", first.head);
    // "shop:Secret#1" in Base64; in lower case, as the whole head is here.
    assert!(first.head.contains("authorization: basic c2hvcdptzwnyzxqjmq==\r\n"), "{}", first.head);
    let prid = asked(&world, &till, "4").await;
    world.provider.ok(&RefusePayment { prid }).await;
    let declined = next(&mut received).await;
    assert_eq!((&declined.body["type"], &declined.body["data"]["prid"]), (&json!("payment.declined"), &json!(prid)));
    world.server.home.verify().await.sound();
}

/// An event is written with what it tells of: a server that is killed right after tells it when it is back.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_outlives_the_server() {
    let mut world = World::new().await;
    let (listener, address) = listen().await;
    let (_, till) = shop(&world, "shop", address).await;
    let prid = asked(&world, &till, "3").await;
    world.provider.ok(&accept(prid, "3")).await;
    world.server.kill().await;
    let mut received = receiver(listener, &[]);
    world.server.restart().await;
    // One that was on its way at the kill may come twice, so another may come before; it is of the same payment.
    assert_eq!(next(&mut received).await.body["data"]["prid"], json!(prid));
}

/// A slow or dead receiver holds up nobody else.
#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_never_answers_holds_up_nobody() {
    let world = World::new().await;
    // It takes connections (the system does), and never answers.
    let (_deaf, deaf_address) = listen().await;
    let (_, deaf) = shop(&world, "deaf", deaf_address).await;
    for _ in 0..20 {
        let prid = asked(&world, &deaf, "1").await;
        world.provider.ok(&accept(prid, "1")).await;
    }
    let (listener, address) = listen().await;
    let mut received = receiver(listener, &[]);
    let (_, till) = shop(&world, "shop", address).await;
    let prid = asked(&world, &till, "3").await;
    world.provider.ok(&accept(prid, "3")).await;
    let told = timeout(Duration::from_secs(5), received.recv()).await;
    let told = told.expect("twenty events that nobody takes are no reason to wait").expect("the receiver lives");
    assert_eq!(told.body["data"]["prid"], json!(prid));
}
