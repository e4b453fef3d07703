//! A journal in a file.

use super::{Journal, JournalEntry, JournalError, Settlement};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// The version of the format: the first line of each file.
const VERSION: u32 = 1;

/// The file is written anew, with only what is not settled, when it has grown by this.
const COMPACT_AFTER_BYTES: u64 = 16 << 20;

/// A journal in a file, for one process at a time.
///
/// An entry is on the disk (`fsync`) before [`record`](Journal::record) returns; calls at the same time share one
/// `fsync`. The file holds one JSON object on each line, only ever grows at its end, and is written anew, without what
/// is settled, when it is opened and when it has become large. It is readable by its owner only (mode 0600), and
/// beside it lies an empty `.lock` file. A last line that a crash cut off is ignored: its call was never sent.
///
/// The work is done on a thread of its own, never on the async runtime. Dropping the journal waits for what that
/// thread is just writing.
#[derive(Debug)]
pub struct FileJournal {
    /// Gone only while the journal is dropped: the thread ends when there is nobody to send it work.
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl FileJournal {
    /// Opens the journal at `path`, or makes it. The directory must be there.
    ///
    /// # Errors
    /// [`JournalError::InUse`], [`JournalError::Damaged`] (it is left as it is), or [`JournalError::Storage`].
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, JournalError> {
        let writer = Writer::open(path.into())?;
        let (jobs, inbox) = mpsc::channel();
        let thread =
            std::thread::Builder::new().name("florin-journal".to_owned()).spawn(move || writer.work(&inbox))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    async fn ask<T>(
        &self,
        job: impl FnOnce(oneshot::Sender<Result<T, JournalError>>) -> Job,
    ) -> Result<T, JournalError> {
        let (reply, answer) = oneshot::channel();
        let sent = self.jobs.as_ref().is_some_and(|jobs| jobs.send(job(reply)).is_ok());
        if sent { answer.await.unwrap_or_else(|_| Err(stopped())) } else { Err(stopped()) }
    }
}

fn stopped() -> JournalError {
    JournalError::Storage { reason: "the journal's thread has ended".to_owned() }
}

impl Drop for FileJournal {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A panic there has already failed the calls that waited.
            let _ = thread.join();
        }
    }
}

#[async_trait]
impl Journal for FileJournal {
    async fn record(&self, entry: JournalEntry) -> Result<(), JournalError> {
        self.ask(|reply| Job::Write(Line::Record(entry), reply)).await
    }

    async fn settle(&self, id: String, settlement: Settlement) -> Result<(), JournalError> {
        let line = Line::Settle { id, settlement };
        self.ask(|reply| Job::Write(line, reply)).await
    }

    async fn pending(&self) -> Result<Vec<JournalEntry>, JournalError> {
        self.ask(Job::Pending).await
    }
}

type Reply<T> = oneshot::Sender<Result<T, JournalError>>;

#[derive(Debug)]
enum Job {
    Write(Line, Reply<()>),
    Pending(Reply<Vec<JournalEntry>>),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    FlorinJournal(u32),
    Record(JournalEntry),
    Settle { id: String, settlement: Settlement },
}

impl Line {
    fn apply(self, live: &mut Vec<JournalEntry>) {
        match self {
            Self::FlorinJournal(_) => {}
            Self::Record(entry) => live.push(entry),
            Self::Settle { id, .. } => live.retain(|entry| entry.id != id),
        }
    }

    fn write(&self, out: &mut Vec<u8>) -> io::Result<()> {
        serde_json::to_writer(&mut *out, self)?;
        out.push(b'\n');
        Ok(())
    }
}

/// The thread's side.
struct Writer {
    path: PathBuf,
    file: File,
    len: u64,
    compact_at: u64,
    live: Vec<JournalEntry>,
    /// Set when the file's state is no longer known, as after a failed `fsync`. Then nothing more is written.
    broken: Option<JournalError>,
    /// A file of its own, as the journal's is replaced.
    lock: File,
}

/// Closing the file is not enough: a process that was just being started still has a copy of it, and with it the lock.
impl Drop for Writer {
    fn drop(&mut self) {
        let _ = self.lock.unlock();
    }
}

impl Writer {
    fn open(path: PathBuf) -> Result<Self, JournalError> {
        let lock = private().open(with_suffix(&path, ".lock"))?;
        lock.try_lock().map_err(|e| match e {
            TryLockError::WouldBlock => JournalError::InUse,
            TryLockError::Error(e) => e.into(),
        })?;
        let live = match std::fs::read(&path) {
            Ok(bytes) => read(&bytes)?,
            Err(e) if e.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(e) => return Err(e.into()),
        };
        let (file, len) = write_beside(&path, &live)?;
        replace(&path)?;
        Ok(Self { path, file, len, compact_at: len + COMPACT_AFTER_BYTES, live, broken: None, lock })
    }

    fn work(mut self, inbox: &Receiver<Job>) {
        while let Ok(first) = inbox.recv() {
            let (mut lines, mut writers, mut readers) = (Vec::new(), Vec::new(), Vec::new());
            // All that has come meanwhile is written at once, and shares one fsync.
            for job in std::iter::once(first).chain(inbox.try_iter()) {
                match job {
                    Job::Write(line, reply) => {
                        lines.push(line);
                        writers.push(reply);
                    }
                    Job::Pending(reply) => readers.push(reply),
                }
            }
            let result = self.append(lines);
            // Whoever has stopped waiting needs no reply.
            for reply in writers {
                let _ = reply.send(result.clone());
            }
            for reply in readers {
                let _ = reply.send(Ok(self.live.clone()));
            }
        }
    }

    fn append(&mut self, lines: Vec<Line>) -> Result<(), JournalError> {
        if let Some(error) = &self.broken {
            return Err(error.clone());
        }
        let mut bytes = Vec::new();
        for line in &lines {
            line.write(&mut bytes)?;
        }
        if let Err(error) = self.file.write_all(&bytes) {
            // A part of it may be there, and must not stand before what comes next.
            if let Err(error) = self.file.set_len(self.len) {
                self.broken = Some(error.into());
            }
            return Err(error.into());
        }
        // Striking off may be lost in a crash; recording may not.
        if lines.iter().any(|line| matches!(line, Line::Record(_)))
            && let Err(error) = self.file.sync_data()
        {
            // What the disk holds now nobody knows, and a second fsync would not say.
            let error = JournalError::from(error);
            self.broken = Some(error.clone());
            // The callers are told that nothing is sent: what is left of the lines must not be sent after a restart.
            let _ = self.file.set_len(self.len);
            return Err(error);
        }
        self.len += bytes.len() as u64;
        for line in lines {
            line.apply(&mut self.live);
        }
        if self.len > self.compact_at {
            self.compact();
        }
        Ok(())
    }

    /// What was asked for is done already: a failure here is for the calls to come.
    fn compact(&mut self) {
        match write_beside(&self.path, &self.live) {
            Ok((file, len)) => match replace(&self.path) {
                Ok(()) => (self.file, self.len) = (file, len),
                // Which of the two files the name stands for is not known.
                Err(error) => self.broken = Some(error.into()),
            },
            Err(error) => tracing::warn!(%error, "the journal could not be made smaller"),
        }
        self.compact_at = self.len + COMPACT_AFTER_BYTES;
    }
}

/// What a journal's bytes leave unsettled.
fn read(bytes: &[u8]) -> Result<Vec<JournalEntry>, JournalError> {
    let damaged = |line: u64, reason: &str| JournalError::Damaged { line, reason: reason.to_owned() };
    let mut live = Vec::new();
    let mut bad = None;
    for (number, text) in (1..).zip(bytes.split(|b| *b == b'\n')) {
        match (number, serde_json::from_slice::<Line>(text), bad) {
            (1, Ok(Line::FlorinJournal(VERSION)), _) => {}
            (1, ..) if bytes.is_empty() => {}
            (1, ..) => return Err(damaged(1, "not a journal, or of another version")),
            (_, Ok(line), None) => line.apply(&mut live),
            // What a crash cut off can only be at the end.
            (_, Ok(_), Some(bad)) => return Err(damaged(bad, "not a line of a journal")),
            (_, Err(_), _) => bad = bad.or(Some(number)),
        }
    }
    Ok(live)
}

/// Writes a journal with these entries beside `path`, down to the disk.
fn write_beside(path: &Path, live: &[JournalEntry]) -> io::Result<(File, u64)> {
    let beside = with_suffix(path, ".new");
    match std::fs::remove_file(&beside) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let mut bytes = Vec::new();
    Line::FlorinJournal(VERSION).write(&mut bytes)?;
    for entry in live {
        Line::Record(entry.clone()).write(&mut bytes)?;
    }
    let mut file = private().open(&beside)?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    Ok((file, bytes.len() as u64))
}

/// Puts what was written beside in the place of `path`, for good.
fn replace(path: &Path) -> io::Result<()> {
    std::fs::rename(with_suffix(path, ".new"), path)?;
    // The new name is on the disk when its directory is.
    #[cfg(unix)]
    {
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        File::open(directory.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}

/// For appending, by its owner only.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
