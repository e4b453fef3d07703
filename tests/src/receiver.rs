//! A server that is told of events, and answers as the test wants it to.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use axum::routing::any;
use http::{HeaderMap, StatusCode, Uri};
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// How long a message is waited for: longer than the first waits between attempts, and than a claim of a server that was
/// killed lasts, half a minute.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// What came.
#[derive(Debug, Clone)]
pub struct Told {
    /// Path and query.
    pub path: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, as it came.
    pub body: Vec<u8>,
    /// What it was answered.
    pub status: u16,
}

impl Told {
    /// The body.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("an event is JSON")
    }

    /// A header; empty if it is not there.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The message's id.
    #[must_use]
    pub fn id(&self) -> String {
        self.header("webhook-id").to_owned()
    }
}

type Answer = dyn Fn(&Told) -> u16 + Send + Sync;

#[derive(Clone)]
struct Answering {
    answer: Arc<Answer>,
    told: UnboundedSender<Told>,
}

/// A receiver on a free port.
pub struct Receiver {
    /// Where it listens.
    pub address: SocketAddr,
    /// What came, and was answered.
    pub told: UnboundedReceiver<Told>,
}

impl Receiver {
    /// A receiver that answers each message with the status that `answer` says.
    pub async fn start(answer: impl Fn(&Told) -> u16 + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (sender, told) = unbounded_channel();
        let state = Answering { answer: Arc::new(answer), told: sender };
        let router = Router::new().fallback(any(receive)).with_state(state);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, told }
    }

    /// Where to tell it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/told", self.address)
    }

    /// The next that comes.
    pub async fn next(&mut self) -> Told {
        tokio::time::timeout(PATIENCE, self.told.recv()).await.expect("a message comes").expect("the receiver lives")
    }
}

async fn receive(State(state): State<Answering>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let mut told = Told { path: uri.to_string(), headers, body: body.to_vec(), status: 0 };
    told.status = (state.answer)(&told);
    let mut response = Response::new(axum::body::Body::empty());
    *response.status_mut() = StatusCode::from_u16(told.status).expect("a status");
    if response.status().is_redirection() {
        response.headers_mut().insert("location", "http://127.0.0.1:1/".parse().expect("a header"));
    }
    // A test that has ended listens no more.
    let _ = state.told.send(told);
    response
}
