//! The clients' processes: started, killed, started again, each time at the next server.

use crate::ProveError;
use crate::client::Job;
use crate::server::{command, last_words, log};
use fastrand::Rng;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, ChildStdin};
use tokio::sync::watch;

/// How often a client's notes are looked at.
const LOOK: Duration = Duration::from_millis(10);

/// How a client's process is started, and how long it lives.
#[derive(Debug, Clone)]
pub struct Fleet {
    /// The program and its arguments.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Where the servers are, as clients see them.
    pub urls: Vec<String>,
    /// By how many bytes the notes grow before a process is killed: work, not time, so that each life gets on with it
    /// however slow the machine.
    pub life_bytes: RangeInclusive<u64>,
}

/// A client's process, and its standard input: when that is dropped it begins no more stories.
#[derive(Debug)]
pub struct Running {
    child: Child,
    input: Option<ChildStdin>,
}

impl Running {
    /// Has it begin no more stories.
    pub fn stop(&mut self) {
        self.input = None;
    }

    /// Waits until it ends.
    pub async fn wait(&mut self) -> Result<ExitStatus, ProveError> {
        Ok(self.child.wait().await?)
    }
}

impl Fleet {
    /// Starts the process of a client for the `life`th time, with further environment variables.
    pub async fn start(&self, job: &Job, life: usize, variables: &[(&str, &str)]) -> Result<Running, ProveError> {
        let all = self.urls.len().max(1);
        let number = usize::try_from(job.number).unwrap_or_default();
        let url = self.urls.get((number + life) % all).cloned().unwrap_or_default();
        let mut line = serde_json::to_vec(&Job { url, ..job.clone() })?;
        line.push(b'\n');
        let mut command = command(&self.program);
        command.args(&self.arguments).envs(variables.iter().copied());
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(log(&job.folder, &log_name(job))?);
        let mut child = command.spawn()?;
        let mut input = child.stdin.take();
        if let Some(input) = &mut input {
            input.write_all(&line).await?;
        }
        Ok(Running { child, input })
    }

    /// Has a client play to its end, killing its process again and again until `stop`. Counts the kills.
    pub async fn play(
        &self,
        job: &Job,
        mut rng: Rng,
        mut stop: watch::Receiver<bool>,
        kills: &AtomicU64,
    ) -> Result<(), ProveError> {
        for life in 0.. {
            let mut running = self.start(job, life, &[]).await?;
            let enough = notes_grow(job, rng.u64(self.life_bytes.clone()));
            let status = tokio::select! {
                status = running.wait() => status?,
                _ = stop.wait_for(|stop| *stop) => {
                    running.stop();
                    running.wait().await?
                }
                () = enough => {
                    running.child.kill().await?;
                    kills.fetch_add(1, Ordering::Relaxed);
                    continue;
                }
            };
            if status.success() {
                break;
            }
            return Err(gave_up(job, status));
        }
        Ok(())
    }
}

/// Waits until a client has noted so much more.
async fn notes_grow(job: &Job, bytes: u64) {
    let end = job.noted_bytes().saturating_add(bytes);
    while job.noted_bytes() < end {
        tokio::time::sleep(LOOK).await;
    }
}

fn log_name(job: &Job) -> String {
    format!("client-{}.log", job.number)
}

/// What a client says that ended before its work was done.
#[must_use]
pub fn gave_up(job: &Job, status: ExitStatus) -> ProveError {
    let reason = format!("{status}\n{}", last_words(&job.folder, &log_name(job)));
    ProveError::Client { number: job.number, reason }
}
