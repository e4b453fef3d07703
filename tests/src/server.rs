//! The `florin` binary: start it, kill it, stop it, start it again on the same port and database, and read its logs.

use crate::database::{Database, Place};
use crate::http::Api;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How long a process may take to get ready or to end before the test gives up. Far more than it needs.
const PATIENCE: Duration = Duration::from_secs(60);

/// The binary: `FLORIN_BIN`, or the one beside the test executable in the target directory.
#[must_use]
pub fn binary() -> PathBuf {
    let path = std::env::var_os("FLORIN_BIN").map_or_else(
        || {
            let test = std::env::current_exe().expect("the test's own path");
            let folder = test.parent().and_then(Path::parent).expect("target/debug/deps/it-…");
            folder.join("florin").with_extension(std::env::consts::EXE_EXTENSION)
        },
        PathBuf::from,
    );
    assert!(
        path.is_file(),
        "there is no {}: run `cargo build -p florin-server` first, or name the binary in FLORIN_BIN",
        path.display()
    );
    path
}

/// The command, behind other words if there are any: such as those that enter a namespace.
fn command(before: &[String]) -> Command {
    let mut command = match before.split_first() {
        None => Command::new(binary()),
        Some((first, rest)) => {
            let mut command = Command::new(first);
            command.args(rest).arg(binary());
            command
        }
    };
    for (name, _) in std::env::vars_os() {
        // What is set around the tests must not configure the server under test.
        if name.to_string_lossy().starts_with("FLORIN_") || name == "RUST_LOG" {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// Runs `florin` with these arguments to its end.
pub async fn florin<I: IntoIterator<Item = S>, S: AsRef<std::ffi::OsStr>>(arguments: I) -> Output {
    florin_behind(&[], arguments).await
}

async fn florin_behind<I: IntoIterator<Item = S>, S: AsRef<std::ffi::OsStr>>(
    before: &[String],
    arguments: I,
) -> Output {
    let mut command = command(before);
    command.args(arguments);
    let what = format!("{:?}", command.as_std());
    timeout(PATIENCE, command.output()).await.unwrap_or_else(|_| panic!("{what} does not end")).expect("it starts")
}

/// Starts `florin` with these arguments, and says nothing of what it prints.
#[must_use]
pub fn start_florin<I: IntoIterator<Item = S>, S: AsRef<std::ffi::OsStr>>(arguments: I) -> Child {
    let mut command = command(&[]);
    command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("the binary starts")
}

/// An address of this machine that no other server of this run has, so that a server can come back to its port:
/// every address in 127.0.0.0/8 is this machine on Linux. Elsewhere there is only 127.0.0.1.
fn loopback() -> Ipv4Addr {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    if !cfg!(target_os = "linux") {
        return Ipv4Addr::LOCALHOST;
    }
    let process = std::process::id() % (200 * 250);
    let server = NEXT.fetch_add(1, Ordering::Relaxed) % 250;
    let octet = |number: u32| u8::try_from(number).expect("below 256");
    Ipv4Addr::new(127, octet(1 + process / 250), octet(process % 250), octet(1 + server))
}

/// What `florin init --format json` prints.
#[derive(Debug, Clone, Deserialize)]
pub struct Initialised {
    /// The provider's profile.
    pub upid: String,
    /// Its first administrator.
    pub uuid: String,
    /// The administrator's e-mail address.
    pub email: String,
    /// The administrator's password.
    pub password: String,
    /// The id of the first API key.
    pub akid: String,
    /// The first API key.
    pub apikey: String,
    /// The subscription key.
    pub subscriptionkey: String,
}

/// What `florin verify` found.
#[derive(Debug)]
pub struct Verified {
    /// How it ended.
    pub status: ExitStatus,
    /// Its report.
    pub report: Value,
    /// All that it printed.
    pub text: String,
}

impl Verified {
    /// Panics unless everything adds up.
    pub fn sound(&self) {
        assert_eq!(self.status.code(), Some(0), "florin verify: {}", self.text);
    }
}

/// A database of its own, on the engine that [`engine`](crate::database::engine) names, and a folder, before or between
/// servers. Both are deleted when the last holder drops them.
#[derive(Debug, Clone)]
pub struct Home {
    place: Arc<Place>,
    /// What stands before the command whenever it is run here.
    before: Vec<String>,
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}

impl Home {
    /// An empty database and an empty folder.
    #[must_use]
    pub fn new() -> Self {
        Self { place: Arc::new(Place::new()), before: Vec::new() }
    }

    /// A home with a copy of the database. Nobody may have it open.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self { place: Arc::new(self.place.copy()), before: self.before.clone() }
    }

    /// The same home, with these words before the command whenever it is run.
    #[must_use]
    pub fn behind(self, before: Vec<String>) -> Self {
        Self { before, ..self }
    }

    /// Runs `florin` with these arguments to its end, behind the words that belong to this home.
    pub async fn florin(&self, arguments: &[&str]) -> Output {
        florin_behind(&self.before, arguments).await
    }

    /// A file in the folder.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.place.folder()
    }

    /// The database as the command line names it.
    #[must_use]
    pub fn url(&self) -> String {
        self.place.url()
    }

    /// The password in the database's address, if there is one.
    #[must_use]
    pub fn password(&self) -> Option<String> {
        self.place.password()
    }

    /// What the database consists of, by name: files, or the rows of tables on a server.
    #[must_use]
    pub fn bytes(&self) -> Vec<(String, Vec<u8>)> {
        self.place.bytes()
    }

    /// Runs `florin init` and gives what it printed, believed or not.
    pub async fn try_init(&self) -> Output {
        self.florin(&["init", "--database", &self.url(), "--format", "json"]).await
    }

    /// Runs `florin init`.
    pub async fn init(&self) -> Initialised {
        let output = self.try_init().await;
        let stdout = String::from_utf8_lossy(&output.stdout);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "florin init: {}\n{stderr}", output.status);
        serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("florin init printed {stdout:?}: {error}"))
    }

    /// Runs `florin verify`.
    pub async fn verify(&self) -> Verified {
        let output = self.florin(&["verify", "--database", &self.url()]).await;
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        let report = serde_json::from_str(&stdout).unwrap_or_else(|error| {
            let stderr = String::from_utf8_lossy(&output.stderr);
            panic!("florin verify ({}) printed {stdout:?}: {error}\n{stderr}", output.status)
        });
        Verified { status: output.status, report, text: stdout }
    }

    /// Opens the database to read it from outside, as it is stored.
    #[must_use]
    pub fn open_read_only(&self) -> Database {
        self.place.open(true)
    }

    /// Opens the database to change it behind the server's back. What the engine has logged is in its place then.
    #[must_use]
    pub fn open_to_tamper(&self) -> Database {
        let database = self.place.open(false);
        if database.tables().iter().any(|table| table == "balance_log") {
            database.execute("INSERT OR REPLACE INTO balance SELECT * FROM balance_now; DELETE FROM balance_log");
        }
        database
    }
}

/// How to start a server.
#[derive(Debug, Clone)]
pub struct Options {
    /// `RUST_LOG`.
    pub log: String,
    /// `--sandbox`.
    pub sandbox: bool,
    /// Further arguments.
    pub arguments: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self { log: "info".to_owned(), sandbox: true, arguments: Vec::new() }
    }
}

/// Lines that a process printed, still growing.
#[derive(Debug, Clone, Default)]
struct Lines(Arc<Mutex<String>>);

impl Lines {
    fn text(&self) -> String {
        self.0.lock().expect("no reader panicked").clone()
    }

    /// Gathers lines until the process closes its end; shows each to `seen`.
    fn gather<R: AsyncRead + Unpin + Send + 'static>(
        &self,
        source: R,
        seen: impl Fn(&str) + Send + 'static,
    ) -> JoinHandle<()> {
        let lines = self.clone();
        tokio::spawn(async move {
            let mut source = BufReader::new(source).lines();
            while let Ok(Some(line)) = source.next_line().await {
                seen(&line);
                let mut text = lines.0.lock().expect("no reader panicked");
                text.push_str(&line);
                text.push('\n');
            }
        })
    }
}

struct Running {
    child: Child,
    readers: Vec<JoinHandle<()>>,
}

/// A server process and what belongs to it.
pub struct Server {
    /// Its folder.
    pub home: Home,
    options: Options,
    address: SocketAddr,
    running: Option<Running>,
    stdout: Lines,
    stderr: Lines,
}

impl Server {
    /// A server on a new, initialised database, and what the initialisation printed.
    pub async fn fresh() -> (Self, Initialised) {
        let home = Home::new();
        let initialised = home.init().await;
        (Self::start(home, Options::default()).await, initialised)
    }

    /// A server on this folder's database, on a free port.
    pub async fn start(home: Home, options: Options) -> Self {
        let mut server = Self {
            home,
            options,
            address: SocketAddr::from((loopback(), 0)),
            running: None,
            stdout: Lines::default(),
            stderr: Lines::default(),
        };
        server.run().await;
        server
    }

    async fn run(&mut self) {
        assert!(self.running.is_none(), "it is running already");
        let mut command = command(&self.home.before);
        command
            .args(["serve", "--listen", &self.address.to_string(), "--database", &self.home.url()])
            .args(self.options.sandbox.then_some("--sandbox"))
            .args(&self.options.arguments)
            .env("RUST_LOG", &self.options.log)
            .env("FLORIN_MAIL_DIR", self.home.file("mail"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary starts");
        let (ready, mut listening) = watch::channel(None::<SocketAddr>);
        let stdout = self.stdout.gather(child.stdout.take().expect("piped"), move |line| {
            if let Some(address) = line.strip_prefix("listening on http://") {
                ready.send_replace(Some(address.trim_end_matches('/').parse().expect("host:port")));
            }
        });
        let stderr = self.stderr.gather(child.stderr.take().expect("piped"), |_| ());
        self.running = Some(Running { child, readers: vec![stdout, stderr] });
        // The channel closes when the process ends before it listens.
        let address = timeout(PATIENCE, listening.wait_for(Option::is_some)).await.ok();
        let address = address.and_then(|address| address.ok().and_then(|address| *address));
        self.address = address.unwrap_or_else(|| {
            panic!("florin serve does not listen. It printed:\n{}\nand logged:\n{}", self.stdout.text(), self.logs())
        });
    }

    /// `http://host:port`.
    #[must_use]
    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.running.as_ref().and_then(|running| running.child.id()).expect("it is running")
    }

    /// A caller without a credential.
    #[must_use]
    pub fn api(&self) -> Api {
        Api::new(&self.base())
    }

    /// All that it logged so far.
    #[must_use]
    pub fn logs(&self) -> String {
        self.stderr.text()
    }

    /// All that it printed so far.
    #[must_use]
    pub fn printed(&self) -> String {
        self.stdout.text()
    }

    async fn ended(&mut self) -> ExitStatus {
        let mut running = self.running.take().expect("it was running");
        let status = timeout(PATIENCE, running.child.wait()).await;
        let status = status.unwrap_or_else(|_| panic!("florin serve does not end. It logged:\n{}", self.logs()));
        for reader in running.readers {
            reader.await.expect("the reader of its output");
        }
        status.expect("its status")
    }

    /// Kills it on the spot (SIGKILL).
    pub async fn kill(&mut self) {
        self.running.as_mut().expect("it was running").child.start_kill().expect("it can be killed");
        self.ended().await;
    }

    /// Asks it to end (SIGTERM) and waits until it has.
    pub async fn terminate(&mut self) -> ExitStatus {
        let id = self.id();
        let signal = Command::new("sh").args(["-c", "kill -TERM \"$0\"", &id.to_string()]).status().await;
        assert!(signal.expect("a shell").success(), "SIGTERM was not sent");
        self.ended().await
    }

    /// Starts it again, on the same port and database.
    pub async fn restart(&mut self) {
        self.run().await;
    }

    /// Ends it, works on the database as nobody else has it open, and starts it again.
    pub async fn while_stopped<T>(&mut self, work: impl FnOnce(&Database) -> T) -> T {
        let status = self.terminate().await;
        assert_eq!(status.code(), Some(0), "SIGTERM: {status}");
        let result = work(&self.home.open_to_tamper());
        self.restart().await;
        result
    }

    /// See [`crate::digest::tables`].
    #[must_use]
    pub fn tables(&self) -> BTreeMap<String, String> {
        let database = self.home.open_read_only();
        // Mails go out by themselves: only what requests do is to be seen.
        crate::mailbox::at_rest(&database);
        crate::digest::tables(&database)
    }
}

/// A test that fails shows what its server was about, and whether it still lived.
impl Drop for Server {
    fn drop(&mut self) {
        /// The end of a log is what counts.
        const SHOWN_LINES: usize = 40;
        if !std::thread::panicking() {
            return;
        }
        let state = match self.running.as_mut().map(|running| running.child.try_wait()) {
            None => "was stopped by the test".to_owned(),
            Some(Ok(None)) => "was alive".to_owned(),
            Some(Ok(Some(status))) => format!("had ended by itself or by another's hand: {status}"),
            Some(Err(error)) => format!("could not be asked: {error}"),
        };
        let logs = self.logs();
        let lines: Vec<_> = logs.lines().collect();
        let shown = lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n");
        eprintln!("the server at {} {state}; the end of its log:\n{shown}", self.address);
    }
}
