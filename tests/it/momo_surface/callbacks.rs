//! Callbacks: once, by the method of the contract; and the signed copy, until it is taken.

use florin_tests::momo::{Momo, order, send, uuid};
use florin_tests::receiver::PATIENCE;
use florin_tests::server::Server;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

#[derive(Debug)]
struct Received {
    method: String,
    path: String,
    head: String,
    body: String,
}

impl Received {
    fn header(&self, name: &str) -> &str {
        let line = self.head.lines().find(|line| line.to_lowercase().starts_with(&format!("{name}:")));
        line.and_then(|line| line.split_once(':')).map(|(_, value)| value.trim()).unwrap_or_default()
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// Answers each request with the next of `statuses`, then with 200.
async fn receiver(statuses: &'static [u16]) -> (String, UnboundedReceiver<Received>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (sender, received) = unbounded_channel();
    tokio::spawn(async move {
        let mut statuses = statuses.iter();
        loop {
            let (connection, _) = listener.accept().await.unwrap();
            let mut connection = BufReader::new(connection);
            let (mut head, mut length) = (String::new(), 0);
            while !head.ends_with("\r\n\r\n") && connection.read_line(&mut head).await.is_ok_and(|read| read > 0) {
                let line = head.lines().last().unwrap_or_default().to_lowercase();
                if let Some(value) = line.strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
            }
            let mut body = vec![0; length];
            connection.read_exact(&mut body).await.unwrap();
            let status = statuses.next().unwrap_or(&200);
            let answer = format!("HTTP/1.1 {status} Whatever\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
            connection.write_all(answer.as_bytes()).await.unwrap();
            let mut words = head.split(' ').map(str::to_owned);
            let (method, path) = (words.next().unwrap(), words.next().unwrap());
            let one = Received { method, path, head, body: String::from_utf8(body).unwrap() };
            if sender.send(one).is_err() {
                return;
            }
        }
    });
    (base, received)
}

async fn next(received: &mut UnboundedReceiver<Received>) -> Received {
    timeout(PATIENCE, received.recv()).await.expect("a callback").expect("the receiver")
}

async fn accepted(momo: &Momo, path: &str, callback: &str, body: &Value) -> String {
    let reference = uuid();
    let request = momo.request(Method::POST, path).header("X-Reference-Id", &reference);
    let request = request.header("X-Callback-Url", callback).json(body);
    let _ = send(request).await.unwrap().expect(202);
    reference
}

#[tokio::test(flavor = "multi_thread")]
async fn each_operation_calls_back_once_with_its_method_and_the_answer_of_get() {
    let (server, _) = Server::fresh().await;
    let momo = Momo::provision(&server).await;
    // None is taken; none comes again.
    let (base, mut received) = receiver(&[500; 100]).await;
    let pull = order("2", "payer", "256770000001");
    let push = order("2", "payee", "256770000002");
    let pre = json!({ "payer": pull["payer"], "payerCurrency": "EUR", "payerMessage": "m", "validityTime": 60 });
    let rows = [
        ("PUT", "/collection/v1_0/requesttopay", "/collection/v1_0/requesttopay", &pull),
        ("POST", "/collection/v1_0/requesttowithdraw", "/collection/v1_0/requesttowithdraw", &pull),
        ("PUT", "/collection/v2_0/requesttowithdraw", "/collection/v1_0/requesttowithdraw", &pull),
        ("PUT", "/collection/v2_0/preapproval", "/collection/v2_0/preapproval", &pre),
        ("PUT", "/disbursement/v1_0/transfer", "/disbursement/v1_0/transfer", &push),
        ("PUT", "/remittance/v1_0/transfer", "/remittance/v1_0/transfer", &push),
        ("POST", "/disbursement/v1_0/deposit", "/disbursement/v1_0/deposit", &push),
        ("PUT", "/disbursement/v2_0/deposit", "/disbursement/v1_0/deposit", &push),
        ("POST", "/remittance/v2_0/cashtransfer", "/remittance/v2_0/cashtransfer", &push),
    ];
    for (method, path, read, body) in rows {
        let reference = accepted(&momo, path, &format!("{base}/hook?of={path}"), body).await;
        let got = next(&mut received).await;
        assert_eq!((got.method.as_str(), got.path.as_str()), (method, format!("/hook?of={path}").as_str()));
        assert_eq!(got.header("content-type"), "application/json");
        assert_eq!(got.json(), momo.get(&format!("{read}/{reference}")).await.expect(200).body, "{path}");
        let shown = momo.sandbox(Method::GET, &format!("requests/{reference}"), &Value::Null).await;
        assert_eq!(shown["callback"]["attempts"], 1, "the operator sees it");
        assert_eq!(shown["callback"]["delivered"], Value::Null);
    }
    // A failure calls back, too.
    let body = order("2", "payer", "46733123451");
    accepted(&momo, "/collection/v1_0/requesttopay", &format!("{base}/failed"), &body).await;
    assert_eq!(next(&mut received).await.json()["reason"], "APPROVAL_REJECTED");
    // Long after every retry that there could be, one that is expected comes first.
    momo.advance(600).await;
    accepted(&momo, "/disbursement/v1_0/transfer", &format!("{base}/last"), &push).await;
    assert_eq!(next(&mut received).await.path, "/last", "nothing came twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_force_the_method_and_ask_for_retries() {
    let (server, _) = Server::fresh().await;
    let momo = Momo::provision(&server).await;
    let (base, mut received) = receiver(&[500, 503]).await;
    momo.sandbox(Method::PUT, "settings", &json!({ "callbackMethod": "POST", "callbackAttempts": 3 })).await;
    let body = order("2", "payer", "256770000001");
    accepted(&momo, "/collection/v1_0/requesttopay", &format!("{base}/again"), &body).await;
    for attempt in 0..3 {
        let got = next(&mut received).await;
        assert_eq!((got.method.as_str(), got.path.as_str()), ("POST", "/again"), "{attempt}");
        momo.advance(60).await;
    }
    accepted(&momo, "/collection/v1_0/requesttopay", &format!("{base}/other"), &body).await;
    assert_eq!(next(&mut received).await.path, "/other", "it was taken the third time");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_signed_copy_comes_until_it_is_taken() {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use hmac::{Hmac, KeyInit, Mac};

    let (server, _) = Server::fresh().await;
    let momo = Momo::provision(&server).await;
    let (base, mut received) = receiver(&[500, 500]).await;
    let path = format!("/provisioning/v1_0/apiuser/{}/webhook", momo.user);
    let key = momo.subscription_of("collection");
    let keyed = |method| momo.bare(method, &path).header("Ocp-Apim-Subscription-Key", &key);
    assert_eq!(send(keyed(Method::PUT).json(&json!({ "url": "ftp://x" }))).await.unwrap().status, 400);
    let stranger = momo.bare(Method::PUT, &path).json(&json!({ "url": base }));
    assert_eq!(send(stranger).await.unwrap().status, 401);
    let wanted = json!({ "url": format!("{base}/signed") });
    let secret = send(keyed(Method::PUT).json(&wanted)).await.unwrap().expect(200).body["secret"].clone();
    let secret = secret.as_str().unwrap().to_owned();
    let reference = momo.request_to_pay("256770000001", "2").await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        let got = next(&mut received).await;
        assert_eq!((got.method.as_str(), got.path.as_str()), ("POST", "/signed"));
        let (id, time) = (got.header("webhook-id").to_owned(), got.header("webhook-timestamp"));
        let bytes = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&bytes).unwrap();
        mac.update(format!("{id}.{time}.{}", got.body).as_bytes());
        let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        assert_eq!(got.header("webhook-signature"), signature);
        let body = got.json();
        assert_eq!(body["type"], "momo.requesttopay.successful");
        assert_eq!(body["data"]["referenceId"], reference);
        let result = momo.get(&format!("/collection/v1_0/requesttopay/{reference}")).await.body;
        assert_eq!(body["data"]["result"], result);
        ids.push(id);
        momo.advance(60).await;
    }
    ids.dedup();
    assert_eq!(ids.len(), 1, "the same message each time");
    assert_eq!(send(keyed(Method::DELETE)).await.unwrap().status, 204);
    assert!(!server.logs().contains(&secret));
}
