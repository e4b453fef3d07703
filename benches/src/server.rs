//! The `florin` command, as its users run it.

use crate::machine;
use anyhow::{Context, bail, ensure};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Where the command is: `FLORIN_BIN`, or beside this program.
pub(crate) fn binary() -> anyhow::Result<PathBuf> {
    let beside = || -> anyhow::Result<PathBuf> { Ok(std::env::current_exe()?.with_file_name("florin")) };
    let path = std::env::var_os("FLORIN_BIN").map_or_else(beside, |path| Ok(path.into()))?;
    ensure!(
        path.is_file(),
        "there is no {}: run `cargo build --release -p florin-server`, or name the binary in FLORIN_BIN",
        path.display()
    );
    Ok(path)
}

fn command(binary: &Path, database: &str) -> Command {
    let mut command = Command::new(binary);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("FLORIN_") || name == "RUST_LOG" {
            command.env_remove(name);
        }
    }
    // Not on the command line, which others can see: it may have a password.
    command.env("FLORIN_DATABASE", database).stdin(Stdio::null());
    command
}

/// A running server. It is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    /// Starts one on this database, on a free port.
    pub(crate) fn start(binary: &Path, database: &str) -> anyhow::Result<Self> {
        let mut command = command(binary, database);
        let mut child = command.args(["serve", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take().context("its output is piped")?;
        let mut server = Self { child, address: SocketAddr::from(([127, 0, 0, 1], 0)) };
        let mut lines = BufReader::new(stdout).lines();
        for line in &mut lines {
            if let Some(address) = line?.strip_prefix("listening on http://") {
                server.address = address.parse()?;
                // It may say more, which must have somewhere to go.
                std::thread::spawn(move || lines.for_each(drop));
                return Ok(server);
            }
        }
        bail!("florin serve ended before it listened; its log is above");
    }

    /// Where it listens.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Bytes of memory, resident now.
    pub(crate) fn resident(&self) -> anyhow::Result<u64> {
        machine::resident(self.child.id())
    }

    /// How long it has had a core so far.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        machine::cpu(self.child.id())
    }

    /// Ends it as an operator does, and waits until it has.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        let sent = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        ensure!(sent.success(), "SIGTERM was not sent");
        let status = self.child.wait()?;
        ensure!(status.success(), "florin serve: {status}");
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What `florin verify` says, and what it took.
#[derive(Debug)]
pub(crate) struct Verified {
    /// Transactions that it checked.
    pub(crate) transactions: u64,
    /// Postings that it checked.
    pub(crate) postings: u64,
    /// How long it took.
    pub(crate) time: Duration,
    /// The most bytes of memory that it had.
    pub(crate) peak: u64,
}

/// Runs `florin verify`; books that do not add up are an error.
pub(crate) fn verify(binary: &Path, database: &str) -> anyhow::Result<Verified> {
    let start = machine::now();
    let mut child = command(binary, database).arg("verify").stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let mut stdout = child.stdout.take().context("its output is piped")?;
    let mut peak = 0;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        // What it was at the last look: a process that ended has no memory left to ask for.
        peak = machine::resident_peak(child.id()).unwrap_or(peak);
        std::thread::sleep(Duration::from_millis(2));
    };
    let time = start.elapsed();
    let mut text = String::new();
    stdout.read_to_string(&mut text)?;
    ensure!(status.success(), "florin verify: {status}: {text}");
    let report: Value = serde_json::from_str(&text)?;
    let count = |name: &str| report.get(name).and_then(Value::as_u64).with_context(|| format!("no {name} in {text}"));
    Ok(Verified { transactions: count("transactions")?, postings: count("postings")?, time, peak })
}
