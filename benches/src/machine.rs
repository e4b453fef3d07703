//! What the machine itself does, and what processes take of it.

use anyhow::Context;
use std::fs::{File, read_to_string};
use std::io::Write;
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

/// How often in a second the disk of a folder takes 4 KiB at the end of a file, for good (fdatasync).
pub(crate) fn flushes(folder: &Path, time: Duration) -> anyhow::Result<f64> {
    let path = folder.join("flushes");
    let mut file = File::create(&path).with_context(|| format!("cannot write in {}", folder.display()))?;
    let block = [0x5a; 4096];
    let (start, mut count) = (now(), 0);
    while start.elapsed() < time {
        file.write_all(&block)?;
        file.sync_data()?;
        count += 1;
    }
    let elapsed = start.elapsed();
    std::fs::remove_file(path)?;
    Ok(rate(count, elapsed))
}

/// Bytes of memory of a process, resident now: what only it has, and what files back.
pub(crate) fn resident(process: u32) -> anyhow::Result<u64> {
    memory(process, "VmRSS:")
}

/// The most bytes of memory that a process had resident.
pub(crate) fn resident_peak(process: u32) -> anyhow::Result<u64> {
    memory(process, "VmHWM:")
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
