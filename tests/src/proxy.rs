//! A proxy between an SDK and the server that adds `X-Florin-Fault` to some requests, so that the SDK under test is
//! the one that users have. It also outlives the server: clients keep their address while the server is killed.

use crate::seed;
use fastrand::Rng;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Chooses the fault of the next request, given its request line; none for most.
pub type Choose = dyn Fn(&mut Rng, &str) -> Option<String> + Send + Sync;

/// A running proxy. It ends when it is dropped.
pub struct Proxy {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    listener: JoinHandle<()>,
}

/// What went through a proxy.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// How many requests.
    pub requests: usize,
    /// The faults that were added.
    pub faults: Vec<String>,
}

impl Proxy {
    /// A proxy to `upstream`. `test` names the generator's seed.
    pub async fn start(
        test: &str,
        upstream: SocketAddr,
        choose: impl Fn(&mut Rng, &str) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let seen = Arc::new(Mutex::new(Seen::default()));
        let shared = Arc::new(Shared {
            upstream,
            choose: Box::new(choose),
            rng: Mutex::new(seed::generator(test)),
            seen: Arc::clone(&seen),
        });
        let listener = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let shared = Arc::clone(&shared);
                tokio::spawn(async move {
                    // A connection that breaks is what this is for.
                    let _ = serve(client, &shared).await;
                });
            }
        });
        Self { address, seen, listener }
    }

    /// `http://host:port`.
    #[must_use]
    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What went through so far.
    #[must_use]
    pub fn seen(&self) -> Seen {
        self.seen.lock().expect("not poisoned").clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

struct Shared {
    upstream: SocketAddr,
    choose: Box<Choose>,
    rng: Mutex<Rng>,
    seen: Arc<Mutex<Seen>>,
}

/// One connection of a client is one connection to the server: what breaks there breaks here.
async fn serve(client: TcpStream, shared: &Shared) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    // Where there is no server, the client's connection is closed, as that of a server that dies after accepting it.
    let upstream = TcpStream::connect(shared.upstream).await?;
    upstream.set_nodelay(true)?;
    let (from_client, mut to_client) = client.into_split();
    let (mut from_server, to_server) = upstream.into_split();
    tokio::select! {
        sent = requests(BufReader::new(from_client), to_server, shared) => sent,
        answered = tokio::io::copy(&mut from_server, &mut to_client) => answered.map(|_| ()),
    }
}

/// Passes requests on, with a header more where the generator says so.
async fn requests(
    mut client: BufReader<OwnedReadHalf>,
    mut server: OwnedWriteHalf,
    shared: &Shared,
) -> std::io::Result<()> {
    loop {
        let mut head = Vec::new();
        let mut length = 0;
        loop {
            let start = head.len();
            if client.read_until(b'\n', &mut head).await? == 0 {
                return Ok(());
            }
            let line = String::from_utf8_lossy(&head[start..]).trim().to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().map_err(std::io::Error::other)?;
            }
            assert!(!line.starts_with("transfer-encoding:"), "the SDK sends bodies of known length");
            if line.is_empty() {
                break;
            }
        }
        let request_line = String::from_utf8_lossy(head.split(|byte| *byte == b'\r').next().unwrap_or_default());
        let fault = (shared.choose)(&mut shared.rng.lock().expect("not poisoned"), &request_line);
        {
            let mut seen = shared.seen.lock().expect("not poisoned");
            seen.requests += 1;
            seen.faults.extend(fault.clone());
        }
        if let Some(fault) = fault {
            head.truncate(head.len() - 2);
            head.extend_from_slice(format!("X-Florin-Fault: {fault}\r\n\r\n").as_bytes());
        }
        let mut body = vec![0; length];
        client.read_exact(&mut body).await?;
        head.extend_from_slice(&body);
        server.write_all(&head).await?;
    }
}
