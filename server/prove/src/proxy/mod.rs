//! A proxy between clients and a server that spoils some of the exchanges. It outlives the server: clients keep their
//! address while the server is killed and comes back elsewhere.

mod fault;
mod message;

pub use fault::{Fault, Tally};

use fastrand::Rng;
use message::Message;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// The longest that a server is waited for: after that nobody is there to hear its answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a broken gateway answers.
const PAGE: &str = "<html><body><h1>502 Bad Gateway</h1></body></html>";

/// A running proxy. It ends when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    listener: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    upstream: Mutex<Option<SocketAddr>>,
    /// Of a hundred exchanges, how many are spoilt.
    percent: AtomicU8,
    rng: Mutex<Rng>,
    tally: Mutex<Tally>,
    /// Copies that are still to come.
    late: Mutex<JoinSet<()>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Proxy {
    /// A proxy to nowhere yet that spoils nothing yet.
    pub async fn start(rng: Rng) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            upstream: Mutex::default(),
            percent: AtomicU8::new(0),
            rng: Mutex::new(rng),
            tally: Mutex::default(),
            late: Mutex::default(),
        });
        let accepting = Arc::clone(&shared);
        let listener = tokio::spawn(async move {
            loop {
                // Too many open files, for example: the clients try again.
                let Ok((client, _)) = listener.accept().await else {
                    tokio::task::yield_now().await;
                    continue;
                };
                let shared = Arc::clone(&accepting);
                tokio::spawn(async move {
                    // A connection that breaks is what this is for.
                    let _ = serve(client, &shared).await;
                });
            }
        });
        Ok(Self { address, shared, listener })
    }

    /// `http://host:port`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on the server is there; or nowhere.
    pub fn lead_to(&self, upstream: Option<SocketAddr>) {
        *lock(&self.shared.upstream) = upstream;
    }

    /// From now on so many percent of the exchanges are spoilt, and what happens is counted.
    pub fn spoil(&self, percent: u8) {
        self.shared.percent.store(percent, Ordering::Relaxed);
        *lock(&self.shared.tally) = Tally::default();
    }

    /// What happened so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        *lock(&self.shared.tally)
    }

    /// Waits for the copies that are still to come.
    pub async fn last_copies(&self) {
        let mut late = std::mem::take(&mut *lock(&self.shared.late));
        while late.join_next().await.is_some() {}
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

type Server = BufReader<TcpStream>;

impl Shared {
    fn choose(&self) -> Option<Fault> {
        let mut rng = lock(&self.rng);
        let fault = (rng.u8(..100) < self.percent.load(Ordering::Relaxed)).then(|| Fault::any(&mut rng));
        lock(&self.tally).count(fault.as_ref());
        fault
    }

    async fn connect(&self) -> io::Result<Server> {
        let upstream = *lock(&self.upstream);
        let upstream = upstream.ok_or(io::ErrorKind::NotConnected)?;
        let server = TcpStream::connect(upstream).await?;
        server.set_nodelay(true)?;
        Ok(BufReader::new(server))
    }

    /// One exchange on a connection of its own, of which nobody hears.
    async fn send_copy(&self, request: &Message) {
        let copy = async { ask(&mut self.connect().await?, request).await };
        // If it gets lost, it is no copy. There are others.
        let _ = tokio::time::timeout(PATIENCE, copy).await;
    }
}

async fn ask(server: &mut Server, request: &Message) -> io::Result<Message> {
    server.get_mut().write_all(&request.bytes).await?;
    message::read(server).await?.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

/// One connection of a client is at most one to the server: what breaks there breaks here.
async fn serve(mut client: TcpStream, shared: &Arc<Shared>) -> io::Result<()> {
    client.set_nodelay(true)?;
    let (from_client, mut to_client) = client.split();
    let mut from_client = BufReader::new(from_client);
    let mut server = None;
    while let Some(request) = message::read(&mut from_client).await? {
        let fault = shared.choose();
        match &fault {
            Some(Fault::DropBefore) => return Ok(()),
            Some(Fault::BadGateway { ran: false }) => return to_client.write_all(&page()).await,
            Some(Fault::DelayBefore(time)) => tokio::time::sleep(*time).await,
            _ => {}
        }
        let server = match &mut server {
            Some(server) => server,
            None => server.insert(shared.connect().await?),
        };
        let asked = tokio::time::timeout(PATIENCE, ask(server, &request));
        let answer = if fault == Some(Fault::Duplicate) {
            tokio::join!(asked, shared.send_copy(&request)).0
        } else {
            asked.await
        };
        let mut answer = answer??;
        match fault {
            Some(Fault::DropAfter) => return Ok(()),
            Some(Fault::BadGateway { .. }) => return to_client.write_all(&page()).await,
            Some(Fault::Cut(at)) => {
                let end = answer.bytes.len() * usize::from(at) / 256;
                return to_client.write_all(answer.bytes.get(..end).unwrap_or_default()).await;
            }
            Some(Fault::Corrupt(places)) => corrupt(&mut answer, places),
            Some(Fault::DelayAfter(time)) => tokio::time::sleep(time).await,
            Some(Fault::LateCopy(time)) => {
                let later = Arc::clone(shared);
                let mut late = lock(&shared.late);
                while late.try_join_next().is_some() {}
                late.spawn(async move {
                    tokio::time::sleep(time).await;
                    later.send_copy(&request).await;
                });
            }
            _ => {}
        }
        to_client.write_all(&answer.bytes).await?;
    }
    Ok(())
}

/// The connection is closed behind it, as gateways do.
fn page() -> Vec<u8> {
    let length = PAGE.len();
    let head = "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nConnection: close";
    format!("{head}\r\nContent-Length: {length}\r\n\r\n{PAGE}").into_bytes()
}

/// Puts a byte that no UTF-8 text has in three places, the first of them in the body. That is as far as it can go: who
/// turns one digit into another can be stopped by TLS only, not by whoever reads the answer.
fn corrupt(answer: &mut Message, places: [u16; 3]) {
    let all = answer.bytes.len();
    for (index, place) in places.into_iter().enumerate() {
        let start = if index == 0 { answer.body } else { 0 };
        let place = start + usize::from(place) % (all - start).max(1);
        if let Some(byte) = answer.bytes.get_mut(place) {
            *byte = 0xFF;
        }
    }
}
