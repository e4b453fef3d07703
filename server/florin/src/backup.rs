//! Keeping a copy.

use crate::config::BackupArgs;
use crate::progress::{Line, describe};
use std::io::Write;
use std::process::ExitCode;

pub(crate) fn run(args: &BackupArgs) -> anyhow::Result<ExitCode> {
    let mut line = Line::new();
    florin_storage::backup(&args.database.database, &args.to, &mut |progress| line.show(|| describe(progress)))?;
    drop(line);
    writeln!(std::io::stdout(), "copied to {}", args.to.display())?;
    Ok(ExitCode::SUCCESS)
}
