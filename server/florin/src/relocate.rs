//! Moving to another database.

use crate::config::{Format, MoveArgs};
use crate::progress::{Line, describe};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::Write;
use std::process::ExitCode;

pub(crate) fn run(args: &MoveArgs) -> anyhow::Result<ExitCode> {
    let mut line = Line::new();
    let moved = florin_storage::relocate(&args.from, &args.to, args.batch.get(), &mut |progress| {
        line.show(|| describe(progress));
    })?;
    drop(line);
    let mut out = std::io::stdout();
    match args.format {
        Format::Json => {
            let tables: Vec<Value> = moved
                .tables
                .iter()
                .map(|copied| json!({"table": copied.table, "rows": copied.rows, "sha256": hex(&copied.digest)}))
                .collect();
            writeln!(out, "{}", json!({"from": moved.from, "to": moved.to, "tables": tables}))?;
        }
        Format::Text if moved.tables.is_empty() => {
            writeln!(out, "the books were moved from {} to {} before already", moved.from, moved.to)?;
        }
        Format::Text => {
            let rows: u64 = moved.tables.iter().map(|copied| copied.rows).sum();
            writeln!(
                out,
                "moved {rows} rows of {} tables from {} to {}, and compared each of them.\n\
                 Serve the new database from now on: the old one is closed.",
                moved.tables.len(),
                moved.from,
                moved.to
            )?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
