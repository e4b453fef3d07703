//! Checking the books.

use crate::config::VerifyArgs;
use crate::progress::Line;
use florin_domain::clock::Clock;
use florin_domain::ledger;
use florin_storage::Mode;
use std::io::Write;
use std::process::ExitCode;

pub(crate) fn run(args: &VerifyArgs) -> anyhow::Result<ExitCode> {
    let store = florin_storage::open(&args.database.database, Mode::Inspect, Clock::system())?;
    let mut line = Line::new();
    let report = ledger::verify(&*store, &mut |done| line.show(|| format!("{done} transactions checked")))?;
    drop(line);
    writeln!(std::io::stdout(), "{}", serde_json::to_string_pretty(&report)?)?;
    Ok(if report.ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
