//! Showing that money moves exactly once.

use crate::config::{Format, ProveArgs};
use anyhow::{bail, ensure};
use florin_prove::run::Progress;
use florin_prove::{Extent, Options};
use std::io::{BufReader, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

pub(crate) fn run(args: &ProveArgs) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(prove(args))
}

/// One of the clients: it is told on its standard input what to do.
pub(crate) fn client() -> anyhow::Result<ExitCode> {
    florin_prove::client::main(BufReader::new(std::io::stdin()))?;
    Ok(ExitCode::SUCCESS)
}

async fn prove(args: &ProveArgs) -> anyhow::Result<ExitCode> {
    let on_postgresql = args.database.as_ref().is_some_and(|database| !database.starts_with("sqlite"));
    ensure!(
        args.processes == 1 || on_postgresql,
        "several server processes need PostgreSQL: name an empty database with --database"
    );
    let minutes = Extent::Time(Duration::from_secs(u64::from(args.minutes) * 60));
    let extent = args.operations.map_or(minutes, Extent::Operations);
    let seed = args.seed.unwrap_or_else(|| fastrand::u64(..));
    let options = Options {
        database: args.database.clone(),
        servers: args.processes,
        clients: args.clients,
        ..Options::new(std::env::current_exe()?, seed, extent)
    };
    let watched = std::io::stderr().is_terminal();
    // Shown first: a run that is broken off can be repeated, too.
    writeln!(std::io::stderr(), "seed {seed}")?;
    let mut show = |progress: Progress| {
        if watched {
            // Whether the progress can be shown changes nothing.
            let _ = write!(std::io::stderr(), "\r{}\x1b[K", line(progress));
        }
    };
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let report = tokio::select! {
        report = florin_prove::run(&options, &mut show) => report,
        // Then all that was started is killed, too, and the folder removed.
        _ = interrupt.recv() => bail!("stopped; nothing is proven"),
        _ = terminate.recv() => bail!("stopped; nothing is proven"),
    };
    if watched {
        let _ = writeln!(std::io::stderr());
    }
    let report = report?;
    let mut out = std::io::stdout();
    match args.format {
        Format::Text => writeln!(out, "{report}")?,
        Format::Json => writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?,
    }
    Ok(if report.ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn line(progress: Progress) -> String {
    let Progress { elapsed, tally, server_kills, client_kills } = progress;
    format!(
        "{} s: {} exchanges, {} spoilt; killed {server_kills} servers, {client_kills} clients",
        elapsed.as_secs(),
        tally.exchanges,
        tally.faults(),
    )
}
