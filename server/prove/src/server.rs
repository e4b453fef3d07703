//! `florin` processes: `init`, `serve`, `verify`.

use crate::ProveError;
use crate::proxy::Proxy;
use florin_sdk_core::Secret;
use serde::Deserialize;
use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// How long a server may take until it listens.
const PATIENCE: Duration = Duration::from_secs(120);

/// A program and the database it works on.
#[derive(Debug, Clone)]
pub struct Florin {
    /// The program.
    pub binary: PathBuf,
    /// The database's address. It may hold a password, so it is never an argument.
    pub database: String,
    /// Where the logs go.
    pub folder: PathBuf,
}

/// What `init` printed, as far as it is needed.
#[derive(Debug, Deserialize)]
struct Initialised {
    apikey: Secret,
}

/// What `verify` found.
#[derive(Debug)]
pub struct Verified {
    /// Whether everything adds up.
    pub ok: bool,
    /// All that it printed.
    pub text: String,
}

/// A command of the program. What is set around us must not configure it.
pub(crate) fn command(binary: &Path) -> Command {
    let mut command = Command::new(binary);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("FLORIN_") {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// A file that a process logs to.
pub(crate) fn log(folder: &Path, name: &str) -> io::Result<std::fs::File> {
    OpenOptions::new().create(true).append(true).open(folder.join(name))
}

/// The end of a log, for people.
pub(crate) fn last_words(folder: &Path, name: &str) -> String {
    let text = std::fs::read(folder.join(name)).unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    let lines: Vec<_> = text.lines().rev().take(5).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}

impl Florin {
    fn command<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(&self, arguments: I) -> Command {
        let mut command = command(&self.binary);
        command.args(arguments).env("FLORIN_DATABASE", &self.database);
        command
    }

    /// Sets the database up, which must be empty, and gives the first key.
    pub async fn init(&self) -> Result<Secret, ProveError> {
        let output = self.command(["init", "--format", "json"]).output().await?;
        if !output.status.success() {
            let reason = String::from_utf8_lossy(&output.stderr);
            let reason = reason.trim().trim_start_matches("florin: ").to_owned();
            return Err(ProveError::Database(reason));
        }
        let initialised: Initialised = serde_json::from_slice(&output.stdout)?;
        Ok(initialised.apikey)
    }

    /// Checks the books.
    pub async fn verify(&self) -> Result<Verified, ProveError> {
        let output = self.command(["verify"]).output().await?;
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.push_str(&String::from_utf8_lossy(&output.stderr));
        Ok(Verified { ok: output.status.success(), text })
    }
}

/// A server behind a proxy of its own.
#[derive(Debug)]
pub struct Server {
    florin: Florin,
    log: String,
    proxy: Arc<Proxy>,
    child: Option<Child>,
}

impl Server {
    /// Starts a server. `number` names its log.
    pub async fn start(florin: &Florin, number: u32, proxy: Arc<Proxy>) -> Result<Self, ProveError> {
        let mut server = Self { florin: florin.clone(), log: format!("server-{number}.log"), proxy, child: None };
        server.run().await?;
        Ok(server)
    }

    /// What stands before it.
    #[must_use]
    pub fn proxy(&self) -> &Arc<Proxy> {
        &self.proxy
    }

    /// Kills it on the spot.
    pub async fn kill(&mut self) -> Result<(), ProveError> {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        if let Some(status) = child.try_wait()? {
            return Err(self.failed(&format!("it ended by itself: {status}")));
        }
        child.kill().await?;
        self.proxy.lead_to(None);
        Ok(())
    }

    /// Kills it and starts it again.
    pub async fn kill_and_restart(&mut self) -> Result<(), ProveError> {
        self.kill().await?;
        self.run().await
    }

    async fn run(&mut self) -> Result<(), ProveError> {
        let log = log(&self.florin.folder, &self.log)?;
        let mut command = self.florin.command(["serve", "--listen", "127.0.0.1:0"]);
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn()?;
        let stdout = child.stdout.take().map(BufReader::new);
        self.child = Some(child);
        let listening = async {
            let mut lines = stdout?.lines();
            while let Ok(Some(line)) = lines.next_line().await {
                if let Some(address) = line.strip_prefix("listening on http://") {
                    return address.parse::<SocketAddr>().ok();
                }
            }
            None
        };
        match tokio::time::timeout(PATIENCE, listening).await {
            Ok(Some(address)) => self.proxy.lead_to(Some(address)),
            Ok(None) => return Err(self.failed("it ended before it listened")),
            Err(_) => return Err(self.failed("it does not listen")),
        }
        Ok(())
    }

    fn failed(&self, reason: &str) -> ProveError {
        ProveError::Server(format!("{reason}\n{}", last_words(&self.florin.folder, &self.log)))
    }
}
