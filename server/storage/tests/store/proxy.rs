//! Stands between a store and its server, to cut them off from each other at a chosen moment.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex};

/// What is to be done with a commit, or with a statement that is a transaction of its own.
const LET_PASS: u8 = 0;
const CUT_BEFORE: u8 = 1;
const CUT_AFTER: u8 = 2;
/// Nobody gets through at all.
const CLOSED: u8 = 3;
/// What is sent is taken, and goes nowhere.
const SILENT: u8 = 4;

pub(crate) struct Proxy {
    /// The server's address, through this.
    pub(crate) address: String,
    state: Arc<State>,
}

struct State {
    mode: AtomicU8,
    open: Mutex<Vec<TcpStream>>,
}

impl Proxy {
    pub(crate) fn start(address: &str) -> Self {
        let (front, rest) = address.rsplit_once('@').unwrap();
        let (server, database) = rest.split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("{front}@{}/{database}", listener.local_addr().unwrap());
        let state = Arc::new(State { mode: AtomicU8::new(LET_PASS), open: Mutex::default() });
        let (server, shared) = (server.to_owned(), state.clone());
        // It ends with the test's process.
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if shared.mode.load(Ordering::SeqCst) != CLOSED {
                    connect(client, &server, &shared);
                }
            }
        });
        Self { address, state }
    }

    /// Cuts the next commit: after the server has got it, or before.
    pub(crate) fn cut_at_commit(&self, forwarded: bool) {
        self.state.mode.store(if forwarded { CUT_AFTER } else { CUT_BEFORE }, Ordering::SeqCst);
    }

    /// Ends all connections, and lets none through.
    pub(crate) fn close(&self) {
        self.state.mode.store(CLOSED, Ordering::SeqCst);
        for stream in self.state.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Takes what is sent, and passes nothing on.
    pub(crate) fn fall_silent(&self) {
        self.state.mode.store(SILENT, Ordering::SeqCst);
    }

    pub(crate) fn open(&self) {
        self.state.mode.store(LET_PASS, Ordering::SeqCst);
    }
}

/// The name of the statement for a whole batch that is prepared here, if one is, as those who run it say it.
fn batch_in(sent: &[u8]) -> Option<Vec<u8>> {
    let end = sent.windows(11).position(|bytes| bytes == b"\0WITH part0")?;
    let start = sent[..end].iter().rposition(|byte| *byte == b's')?;
    Some([b"\0", &sent[start..end], b"\0"].concat())
}

fn connect(client: TcpStream, server: &str, state: &Arc<State>) {
    let server = TcpStream::connect(server).unwrap();
    state.open.lock().unwrap().extend([client.try_clone().unwrap(), server.try_clone().unwrap()]);
    let (mut answers, mut to_client) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    let (mut questions, mut to_server, state) = (client, server, state.clone());
    let cut = Arc::new(AtomicBool::new(false));
    let silent = cut.clone();
    std::thread::spawn(move || {
        let mut buffer = [0; 8192];
        while let Ok(count @ 1..) = answers.read(&mut buffer) {
            if silent.load(Ordering::SeqCst) || to_client.write_all(&buffer[..count]).is_err() {
                break;
            }
        }
        let _ = to_client.shutdown(Shutdown::Both);
    });
    std::thread::spawn(move || {
        let mut buffer = [0; 8192];
        let mut batches = Vec::new();
        while let Ok(count @ 1..) = questions.read(&mut buffer) {
            if state.mode.load(Ordering::SeqCst) == SILENT {
                continue;
            }
            let has = |part: &[u8]| buffer[..count].windows(part.len()).any(|bytes| bytes == part);
            let commit = has(b"COMMIT\0") || batches.iter().any(|name: &Vec<u8>| has(name));
            batches.extend(batch_in(&buffer[..count]));
            if commit && matches!(state.mode.load(Ordering::SeqCst), CUT_BEFORE | CUT_AFTER) {
                let mode = state.mode.swap(LET_PASS, Ordering::SeqCst);
                cut.store(true, Ordering::SeqCst);
                if mode == CUT_AFTER {
                    let _ = to_server.write_all(&buffer[..count]);
                    std::thread::sleep(std::time::Duration::from_millis(300));
                }
                break;
            }
            if to_server.write_all(&buffer[..count]).is_err() {
                break;
            }
        }
        let _ = questions.shutdown(Shutdown::Both);
        let _ = to_server.shutdown(Shutdown::Both);
    });
}
