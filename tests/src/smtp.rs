//! An SMTP server that takes mails, as far as a client that behaves needs one, and fails when it is told to.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What befalls a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// It is refused for now (451).
    NotNow,
    /// It is refused for good (550).
    Never,
    /// It is taken, and the connection breaks before that is said.
    NoAnswer,
}

/// A mail that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Who sends it, by the envelope.
    pub from: String,
    /// Whom it goes to, by the envelope.
    pub to: Vec<String>,
    /// All of it.
    pub data: String,
}

impl Taken {
    /// A header's value, unfolded.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        let head = self.data.split("\r\n\r\n").next()?.replace("\r\n ", " ");
        let start = format!("{}:", name.to_lowercase());
        head.lines()
            .find(|line| line.to_lowercase().starts_with(&start))
            .map(|line| line[start.len()..].trim().to_owned())
    }

    /// The text, with what quoted-printable did to it undone.
    #[must_use]
    pub fn text(&self) -> String {
        let (_, body) = self.data.split_once("\r\n\r\n").expect("a body");
        match self.header("Content-Transfer-Encoding").as_deref() {
            Some("quoted-printable") => body.replace("=\r\n", "").replace("=3D", "="),
            _ => body.to_owned(),
        }
    }
}

#[derive(Default)]
struct State {
    taken: Mutex<Vec<Taken>>,
    troubles: Mutex<VecDeque<Trouble>>,
    /// What the client proved who it is with, as it came.
    proofs: Mutex<Vec<String>>,
    tries: Mutex<usize>,
}

/// The server. It ends when it is dropped.
pub struct Smtp {
    address: SocketAddr,
    state: Arc<State>,
    listening: JoinHandle<()>,
}

impl Drop for Smtp {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Smtp {
    /// A server on a free port, which the mails that come first get into this trouble with.
    pub async fn new(troubles: impl IntoIterator<Item = Trouble>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let state = Arc::new(State { troubles: Mutex::new(troubles.into_iter().collect()), ..State::default() });
        let shared = state.clone();
        let listening = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = shared.clone();
                // A client that breaks off is its own business.
                tokio::spawn(async move { drop(talk(stream, &state).await) });
            }
        });
        Self { address, state, listening }
    }

    /// As `--smtp-url` names it.
    #[must_use]
    pub fn url(&self, credentials: &str) -> String {
        format!("smtp://{credentials}{}", self.address)
    }

    /// What was taken so far.
    #[must_use]
    pub fn taken(&self) -> Vec<Taken> {
        self.state.taken.lock().expect("no thread panicked").clone()
    }

    /// How many mails were offered so far.
    #[must_use]
    pub fn tries(&self) -> usize {
        *self.state.tries.lock().expect("no thread panicked")
    }

    /// What clients proved who they are with.
    #[must_use]
    pub fn proofs(&self) -> Vec<String> {
        self.state.proofs.lock().expect("no thread panicked").clone()
    }

    /// Waits until so many mails were offered.
    pub async fn wait_for_tries(&self, count: usize) {
        for _ in 0..1200 {
            if self.tries() >= count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("only {} mails were offered", self.tries());
    }
}

fn address(line: &str) -> String {
    line.split_once('<').and_then(|(_, rest)| rest.split_once('>')).expect("an address").0.to_owned()
}

async fn talk(stream: TcpStream, state: &State) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read);
    let (mut from, mut to) = (String::new(), Vec::new());
    write.write_all(b"220 sink\r\n").await?;
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let line = line.trim_end();
        let verb = line.split(' ').next().unwrap_or_default().to_uppercase();
        let answer = match verb.as_str() {
            "EHLO" => "250-sink\r\n250-8BITMIME\r\n250 AUTH PLAIN\r\n",
            "HELO" | "RSET" | "NOOP" => "250 ok\r\n",
            "AUTH" => {
                state.proofs.lock().expect("no thread panicked").push(line.to_owned());
                "235 ok\r\n"
            }
            "MAIL" => {
                from = address(line);
                "250 ok\r\n"
            }
            "RCPT" => {
                to.push(address(line));
                "250 ok\r\n"
            }
            "DATA" => {
                write.write_all(b"354 go on\r\n").await?;
                let mut data = String::new();
                loop {
                    let mut line = String::new();
                    if lines.read_line(&mut line).await? == 0 {
                        return Ok(());
                    }
                    if line == ".\r\n" {
                        break;
                    }
                    data.push_str(line.strip_prefix('.').unwrap_or(&line));
                }
                let mail = Taken { from: from.clone(), to: std::mem::take(&mut to), data };
                let trouble = state.troubles.lock().expect("no thread panicked").pop_front();
                if matches!(trouble, None | Some(Trouble::NoAnswer)) {
                    state.taken.lock().expect("no thread panicked").push(mail);
                }
                *state.tries.lock().expect("no thread panicked") += 1;
                match trouble {
                    None => "250 taken\r\n",
                    Some(Trouble::NotNow) => "451 not now\r\n",
                    Some(Trouble::Never) => "550 never\r\n",
                    Some(Trouble::NoAnswer) => return Ok(()),
                }
            }
            "QUIT" => {
                write.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => "502 what?\r\n",
        };
        write.write_all(answer.as_bytes()).await?;
    }
}
