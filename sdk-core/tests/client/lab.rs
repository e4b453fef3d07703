//! A client, a server on a real socket, and a clock that stands still while an exchange is under way.
//!
//! tokio's paused clock jumps to the next timer whenever no task can go on, and one that waits for a socket cannot: a
//! time-out would end every exchange at once. So [`Frozen`] keeps a blocking task running during each exchange, as
//! tokio does not jump while there is one. The delays between exchanges, which are what the tests measure, pass at once
//! and exactly. A server that wants a time-out to happen lets the clock go, see [`Reply::Silence`].

use async_trait::async_trait;
use florin_sdk_core::FlorinError;
use florin_sdk_core::client::transport::{HttpTransport, Lost, WireAnswer, WireRequest};
use florin_sdk_core::client::{Client, ClientOptions, Credential, MoneyCall, Transport};
use florin_sdk_core::operation::{GetWallet, Transferred, WalletTransfer};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

/// What the server does with a request.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// An answer of the platform.
    Json(Value),
    /// These bytes, whatever they are.
    Raw(String),
    /// Reads the request, then closes the connection.
    Cut,
    /// Reads the request, then lets the clock go and says nothing.
    Silence,
}

impl Reply {
    pub(crate) fn code(code: u32) -> Self {
        Self::Json(json!({ "resultcode": code, "resultmessage": format!("code {code}") }))
    }

    pub(crate) fn http(status: &str, kind: &str, body: &str) -> Self {
        Self::Raw(format!(
            "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nx-request-id: req-1\r\n\
             connection: close\r\n\r\n{body}",
            body.len()
        ))
    }
}

/// A request as it came over the socket.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) line: String,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(n, _)| n == name);
        let value = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "two headers {name}");
        value
    }

    /// Whether it asks what became of a reference.
    pub(crate) fn asks(&self) -> bool {
        self.line.starts_with("GET /api/v1/operation/")
    }
}

/// An exchange as the client saw it.
#[derive(Debug)]
pub(crate) struct Seen {
    /// When it began, in tenths of a second after the lab was made.
    pub(crate) at: u128,
    pub(crate) asks: bool,
    /// The time-out it was given, in tenths of a second.
    pub(crate) timeout: u128,
}

type Handler = Box<dyn FnMut(&Request) -> Reply + Send>;

pub(crate) struct Lab {
    pub(crate) address: SocketAddr,
    start: Instant,
    requests: Arc<Mutex<Vec<Request>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
    clock: Holds,
}

/// Those who hold the clock.
type Holds = Arc<Mutex<Vec<Sender<()>>>>;

impl Lab {
    pub(crate) fn new(handler: impl FnMut(&Request) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let lab = Self::at(listener.local_addr().unwrap());
        let handler: Arc<Mutex<Handler>> = Arc::new(Mutex::new(Box::new(handler)));
        let (requests, clock) = (Arc::clone(&lab.requests), Arc::clone(&lab.clock));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (handler, requests, clock) = (Arc::clone(&handler), Arc::clone(&requests), Arc::clone(&clock));
                std::thread::spawn(move || serve(stream.unwrap(), &handler, &requests, &clock));
            }
        });
        lab
    }

    /// Without a server: whatever is, or is not, at that address.
    pub(crate) fn at(address: SocketAddr) -> Self {
        Self { address, start: Instant::now(), requests: Arc::default(), seen: Arc::default(), clock: Arc::default() }
    }

    /// An address that refuses connections.
    pub(crate) fn closed() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Self::at(listener.local_addr().unwrap())
    }

    /// The published table, without the random part.
    pub(crate) fn options(&self) -> ClientOptions {
        ClientOptions { jitter_percent: 0, ..ClientOptions::new(format!("http://{}", self.address)) }
    }

    pub(crate) fn client(&self) -> Client {
        self.client_with(self.options(), Credential::ApiKey("KEY".into()))
    }

    pub(crate) fn client_with(&self, options: ClientOptions, credential: Credential) -> Client {
        let transport = Frozen {
            http: HttpTransport::new(&options).unwrap(),
            start: self.start,
            seen: Arc::clone(&self.seen),
            clock: Arc::clone(&self.clock),
        };
        Client::with_transport(options, credential, Arc::new(transport)).unwrap()
    }

    /// The requests that came.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// When the copies of the call were sent, in tenths of a second.
    pub(crate) fn sent_at(&self) -> Vec<u128> {
        self.times(false)
    }

    /// When the server was asked what became of it, in tenths of a second.
    pub(crate) fn asked_at(&self) -> Vec<u128> {
        self.times(true)
    }

    fn times(&self, asks: bool) -> Vec<u128> {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|s| s.asks == asks).map(|s| s.at).collect()
    }

    pub(crate) fn timeouts(&self) -> Vec<u128> {
        self.seen.lock().unwrap().iter().map(|s| s.timeout).collect()
    }

    /// How long it has been, in tenths of a second.
    pub(crate) fn now(&self) -> u128 {
        tenths(self.start.elapsed())
    }
}

/// Rounded: tokio's timers end on whole milliseconds.
fn tenths(time: Duration) -> u128 {
    (time.as_millis() + 40) / 100
}

/// Sends over HTTP with the clock held.
struct Frozen {
    http: HttpTransport,
    start: Instant,
    seen: Arc<Mutex<Vec<Seen>>>,
    clock: Holds,
}

#[async_trait]
impl Transport for Frozen {
    async fn exchange(&self, request: WireRequest) -> Result<WireAnswer, Lost> {
        self.seen.lock().unwrap().push(Seen {
            at: tenths(self.start.elapsed()),
            asks: request.target.starts_with("/api/v1/operation/"),
            timeout: tenths(request.timeout),
        });
        let (release, wait) = channel();
        self.clock.lock().unwrap().push(release.clone());
        tokio::task::spawn_blocking(move || wait.recv());
        let _hold = Hold(release);
        self.http.exchange(request).await
    }
}

struct Hold(Sender<()>);

impl Drop for Hold {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

fn serve(
    mut stream: TcpStream,
    handler: &Mutex<Handler>,
    requests: &Mutex<Vec<Request>>,
    clock: &Mutex<Vec<Sender<()>>>,
) {
    let Some(request) = read(&stream) else { return };
    requests.lock().unwrap().push(request.clone());
    let reply = handler.lock().unwrap()(&request);
    let bytes = match reply {
        Reply::Json(value) => {
            let Reply::Raw(bytes) = Reply::http("200 OK", "application/json", &value.to_string()) else {
                unreachable!()
            };
            bytes
        }
        Reply::Raw(bytes) => bytes,
        Reply::Cut => return,
        Reply::Silence => {
            for release in clock.lock().unwrap().drain(..) {
                let _ = release.send(());
            }
            // Until the client has given up.
            let _ = stream.read(&mut [0]);
            return;
        }
    };
    let _ = stream.write_all(bytes.as_bytes());
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    if reader.read_line(&mut line).ok()? == 0 {
        return None;
    }
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(": ") else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let length =
        headers.iter().find(|(name, _)| name == "content-length").map_or(0, |(_, value)| value.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request { line: line.trim_end().to_owned(), headers, body: String::from_utf8(body).unwrap() })
}

// --- What the tests send ---

pub(crate) fn read_call() -> GetWallet {
    GetWallet { waid: None }
}

pub(crate) fn wallet() -> Value {
    json!({
        "resultcode": 10000, "resultmessage": "Ok", "upid": "upid_1234567812345678", "trading": false,
        "waid": "waid_1234567812345678", "default": true, "shortcode": "ABCDEFGHIJ", "walletname": "main",
        "expertmode": false, "balances": [],
    })
}

pub(crate) fn transfer() -> WalletTransfer {
    WalletTransfer {
        amount: "12.50".parse().unwrap(),
        currency: "EUR.acme".parse().unwrap(),
        source_waid: "waid_1111111111111111".parse().unwrap(),
        destination_waid: "waid_2222222222222222".parse().unwrap(),
        bridge_currency: None,
        description: None,
    }
}

pub(crate) fn transferred() -> Value {
    json!({ "resultcode": 10000, "resultmessage": "Ok", "txid": "txid_1234567812345678" })
}

pub(crate) const TXID: &str = "txid_1234567812345678";

/// A transfer under the reference `ref-1`.
pub(crate) async fn send_transfer(client: &Client) -> Result<Transferred, FlorinError> {
    let call = MoneyCall::new(&transfer(), Some("ref-1".to_owned()))?;
    client.send_money(&call).await
}

/// What the server says became of a reference.
pub(crate) fn outcome(outcome: &str) -> Reply {
    Reply::Json(json!({ "resultcode": 10000, "resultmessage": "Ok", "outcome": outcome }))
}

pub(crate) fn outcome_done() -> Reply {
    Reply::Json(json!({
        "resultcode": 10000, "resultmessage": "Ok", "outcome": "done", "operation": "WalletTransfer",
        "txid": TXID, "answer": transferred(),
    }))
}
