//! What the machine itself does, and what processes take of it.

use anyhow::Context;
use std::fs::read_to_string;
use std::io::{Seek, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// The time, for measuring how long things take.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "measuring is about the time that really passes")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// How many of a count happened in a second.
pub(crate) fn rate(count: u64, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

/// How a file is written to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Flush {
    /// At its end: the file grows.
    Append,
    /// Over what is there, as a database does with a log that it uses again.
    Over,
}

/// How many blocks are written over before it begins at the front again.
const BLOCKS_OVER: u64 = 1024;

/// How often in a second the disk of a folder takes 4 KiB for good (fdatasync).
pub(crate) fn flushes(folder: &Path, how: Flush, time: Duration) -> anyhow::Result<f64> {
    let mut file = tempfile::tempfile_in(folder).with_context(|| format!("cannot write in {}", folder.display()))?;
    let block = [0x5a; 4096];
    if let Flush::Over = how {
        for _ in 0..BLOCKS_OVER {
            file.write_all(&block)?;
        }
        file.sync_all()?;
    }
    let (start, mut count) = (now(), 0);
    while start.elapsed() < time {
        if matches!(how, Flush::Over) && count % BLOCKS_OVER == 0 {
            file.rewind()?;
        }
        file.write_all(&block)?;
        file.sync_data()?;
        count += 1;
    }
    Ok(rate(count, start.elapsed()))
}

/// Bytes of memory of a process, resident now: what only it has, and what files back.
pub(crate) fn resident(process: u32) -> anyhow::Result<u64> {
    memory(process, "VmRSS:")
}

/// The most bytes of memory that a process had resident.
pub(crate) fn resident_peak(process: u32) -> anyhow::Result<u64> {
    memory(process, "VmHWM:")
}

/// How long a process has had a core so far, all its threads together.
pub(crate) fn cpu(process: u32) -> anyhow::Result<Duration> {
    let folder = format!("/proc/{process}/task");
    let threads = std::fs::read_dir(&folder);
    let threads = threads.with_context(|| format!("cannot read {folder}: CPU time is measured on Linux only"))?;
    let mut sum = Duration::ZERO;
    for thread in threads {
        // A thread may end meanwhile. What it had is small: servers keep their threads.
        let Ok(text) = read_to_string(thread?.path().join("schedstat")) else { continue };
        let nanos = text.split(' ').next().and_then(|nanos| nanos.parse().ok());
        sum += Duration::from_nanos(nanos.with_context(|| format!("{folder}: {text}"))?);
    }
    Ok(sum)
}

fn memory(process: u32, field: &str) -> anyhow::Result<u64> {
    let path = format!("/proc/{process}/status");
    let text =
        read_to_string(&path).with_context(|| format!("cannot read {path}: memory is measured on Linux only"))?;
    let line =
        text.lines().find_map(|line| line.strip_prefix(field)).with_context(|| format!("no {field} in {path}"))?;
    let kib: u64 = line.trim().trim_end_matches(" kB").trim().parse().with_context(|| format!("{path}: {line}"))?;
    Ok(kib * 1024)
}
