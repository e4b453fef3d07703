//! Load over HTTP: connections that are kept open, requests that are there before they are needed, and as little work
//! on answers as finding their end takes, so that what is measured is the server.

use crate::machine::{now, rate};
use anyhow::{Context, bail, ensure};
use hdrhistogram::Histogram;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The longest time that the histogram tells apart, in microseconds.
const LONGEST_US: u64 = 60_000_000;

/// Room for an answer; more is made when one needs it.
const ANSWER_ROOM: usize = 16 * 1024;

/// How the answers of the native surface begin when all is well.
pub(crate) const SUCCESS: &[u8] = br#"{"resultcode":10000,"#;

/// What one connection sends.
pub(crate) trait Requests: Send {
    /// The next request, head and body.
    fn next(&mut self) -> &[u8];

    /// Whether this is what is to be answered to it. The status is looked at already.
    fn accepts(&self, body: &[u8]) -> bool {
        body.starts_with(SUCCESS)
    }
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// How many requests were answered, all of them with success.
    pub(crate) answered: u64,
    /// From the first request to the last answer.
    pub(crate) time: Duration,
    /// Microseconds from each request to its answer.
    pub(crate) latency: Histogram<u64>,
}

impl Outcome {
    /// Requests in a second.
    pub(crate) fn rate(&self) -> f64 {
        rate(self.answered, self.time)
    }

    /// Milliseconds that this part of the answers took at most.
    pub(crate) fn millis(&self, quantile: f64) -> f64 {
        self.latency.value_at_quantile(quantile) as f64 / 1000.0
    }

    /// An outcome to which others are added.
    pub(crate) fn none() -> anyhow::Result<Self> {
        Ok(Self { answered: 0, time: Duration::ZERO, latency: Histogram::new_with_max(LONGEST_US, 3)? })
    }

    fn note(&mut self, since: Instant) {
        self.answered += 1;
        self.latency.saturating_record(u64::try_from(since.elapsed().as_micros()).unwrap_or(LONGEST_US));
    }
}

/// A closed loop: each connection sends its next request when it has the answer to the last, for this long.
pub(crate) fn closed(
    address: SocketAddr,
    connections: Vec<Box<dyn Requests>>,
    time: Duration,
) -> anyhow::Result<Outcome> {
    // One thread: the server has the rest of the machine.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut open = Vec::with_capacity(connections.len());
        for requests in connections {
            open.push((Connection::open(address).await?, requests));
        }
        let start = now();
        let tasks = open.into_iter().map(|(mut connection, mut requests)| {
            tokio::spawn(async move {
                let mut outcome = Outcome::none()?;
                while start.elapsed() < time {
                    let sent = now();
                    connection.exchange(requests.as_mut()).await?;
                    outcome.note(sent);
                }
                anyhow::Ok(outcome)
            })
        });
        let mut sum = Outcome::none()?;
        for task in tasks.collect::<Vec<_>>() {
            let outcome = task.await??;
            sum.answered += outcome.answered;
            sum.latency.add(outcome.latency)?;
        }
        sum.time = start.elapsed();
        Ok(sum)
    })
}

/// A connection that is kept open.
struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Connection {
    async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::with_capacity(ANSWER_ROOM) })
    }

    async fn exchange(&mut self, requests: &mut dyn Requests) -> anyhow::Result<()> {
        self.stream.write_all(requests.next()).await?;
        self.received.clear();
        loop {
            // Without this it would ask the system once more for each answer, only to be told to wait.
            self.stream.readable().await?;
            let read = self.stream.read_buf(&mut self.received).await?;
            ensure!(read > 0, "the server closed a connection");
            if let Some(body) = body_of(&self.received)? {
                ensure!(requests.accepts(body), "{}", String::from_utf8_lossy(&self.received));
                return Ok(());
            }
        }
    }
}

/// The body of an answer that is all there; none if there is more to come.
pub(crate) fn body_of(received: &[u8]) -> anyhow::Result<Option<&[u8]>> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut answer = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(head) = answer.parse(received)? else { return Ok(None) };
    if !answer.code.is_some_and(|code| (200..300).contains(&code)) {
        bail!("{}", String::from_utf8_lossy(received));
    }
    let length = answer.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let length: usize = std::str::from_utf8(length.context("an answer without a length")?.value)?.parse()?;
    Ok(received.get(head..head + length))
}
