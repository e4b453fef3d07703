//! Load over HTTP: connections that are kept open, requests that are there before they are needed, and as little work
//! on answers as finding their end takes, so that what is measured is the server.

use crate::machine::{now, rate};
use anyhow::{Context, bail, ensure};
use hdrhistogram::Histogram;
use std::io::{Read, Write};
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

/// Where a connection goes, and what it sends.
pub(crate) type Sender = (SocketAddr, Box<dyn Requests>);

/// What came of it.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// How many requests were answered, all of them with success.
    pub(crate) answered: u64,
    /// From the first request to the last answer.
    pub(crate) time: Duration,
    /// Microseconds from each request to its answer.
    pub(crate) latency: Histogram<u64>,
    /// How long the server had a core, if it was asked.
    pub(crate) cpu: Duration,
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

    /// Microseconds of a core that the server took for each request.
    pub(crate) fn cpu_us(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.answered as f64
    }

    /// An outcome to which others are added.
    pub(crate) fn none() -> anyhow::Result<Self> {
        let latency = Histogram::new_with_max(LONGEST_US, 3)?;
        Ok(Self { answered: 0, time: Duration::ZERO, latency, cpu: Duration::ZERO })
    }

    fn note(&mut self, since: Instant) {
        self.answered += 1;
        self.latency.saturating_record(u64::try_from(since.elapsed().as_micros()).unwrap_or(LONGEST_US));
    }

    fn add(&mut self, other: &Self) -> anyhow::Result<()> {
        self.answered += other.answered;
        Ok(self.latency.add(&other.latency)?)
    }
}

/// A closed loop: each connection sends its next request when it has the answer to the last, for this long.
pub(crate) fn closed(connections: Vec<Sender>, time: Duration) -> anyhow::Result<Outcome> {
    // One thread: the server has the rest of the machine.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut open = Vec::with_capacity(connections.len());
        for (address, requests) in connections {
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
            sum.add(&task.await??)?;
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

/// An open loop: requests are sent at this rate, in turns by each connection, whether the answers come or not; what a
/// late answer makes wait counts as late, too. Each connection has a thread, because only threads sleep exactly.
pub(crate) fn open(connections: Vec<Sender>, per_second: f64, time: Duration) -> anyhow::Result<Outcome> {
    let step = Duration::from_secs_f64(connections.len() as f64 / per_second);
    let phase = Duration::from_secs_f64(1.0 / per_second);
    // Time for all threads to be there.
    let start = now() + Duration::from_millis(50);
    let outcomes = std::thread::scope(|scope| {
        let threads = connections.into_iter().zip(0_u32..).map(|((address, requests), number)| {
            scope.spawn(move || paced(address, requests, start + phase * number, step, start + time))
        });
        let threads: Vec<_> = threads.collect();
        threads.into_iter().map(std::thread::ScopedJoinHandle::join).collect::<Vec<_>>()
    });
    let mut sum = Outcome::none()?;
    for outcome in outcomes {
        sum.add(&outcome.map_err(|_| anyhow::anyhow!("a sender panicked"))??)?;
    }
    sum.time = start.elapsed();
    Ok(sum)
}

fn paced(
    address: SocketAddr,
    mut requests: Box<dyn Requests>,
    mut due: Instant,
    step: Duration,
    end: Instant,
) -> anyhow::Result<Outcome> {
    let mut stream = std::net::TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let mut outcome = Outcome::none()?;
    let mut room = vec![0; ANSWER_ROOM];
    let mut received = Vec::with_capacity(ANSWER_ROOM);
    while due < end {
        std::thread::sleep(due.saturating_duration_since(now()));
        stream.write_all(requests.next())?;
        received.clear();
        loop {
            let read = stream.read(&mut room)?;
            ensure!(read > 0, "the server closed a connection");
            received.extend_from_slice(room.get(..read).unwrap_or_default());
            if let Some(body) = body_of(&received)? {
                ensure!(requests.accepts(body), "{}", String::from_utf8_lossy(&received));
                break;
            }
        }
        outcome.note(due);
        due += step;
    }
    Ok(outcome)
}

/// The body of an answer that is all there; none if there is more to come.
fn body_of(received: &[u8]) -> anyhow::Result<Option<&[u8]>> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_ends_where_its_length_says() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody";
        for cut in 0..answer.len() {
            assert_eq!(body_of(&answer[..cut]).unwrap(), None, "{cut} bytes");
        }
        assert_eq!(body_of(answer).unwrap(), Some(&b"body"[..]));
        assert!(body_of(b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n").is_err());
    }
}
