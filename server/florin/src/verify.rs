//! Checking the books.

use crate::config::VerifyArgs;
use florin_domain::Refusal;
use florin_domain::clock::Clock;
use florin_domain::ledger;
use florin_http::App;
use florin_storage::Mode;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

pub(crate) fn run(args: &VerifyArgs) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let store = florin_storage::open(&args.database.database, Mode::Inspect, Clock::system())?;
    let app = App::new(store, Clock::system(), false);
    let watched = std::io::stderr().is_terminal();
    let report = runtime.block_on(app.read(move |store| {
        let mut progress = |done: u64| {
            if watched {
                // Whether the progress can be shown changes nothing.
                let _ = write!(std::io::stderr(), "\r{done} transactions checked");
            }
        };
        let report = ledger::verify(store, &mut progress).map_err(Refusal::from);
        if watched {
            let _ = writeln!(std::io::stderr());
        }
        report
    }))?;
    writeln!(std::io::stdout(), "{}", serde_json::to_string_pretty(&report)?)?;
    Ok(if report.ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
