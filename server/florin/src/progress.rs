//! How far long work is: one line on a terminal, nothing anywhere else.

use florin_domain::clock::{Clock, Micros};
use std::io::{IsTerminal, Write};

/// How often the line is written.
const PAUSE: Micros = 100_000;

/// The line.
pub(crate) struct Line {
    watched: bool,
    clock: Clock,
    written: Option<Micros>,
}

impl Line {
    pub(crate) fn new() -> Self {
        Self { watched: std::io::stderr().is_terminal(), clock: Clock::system(), written: None }
    }

    /// Shows a text in place of the last one, unless that is only just there.
    pub(crate) fn show(&mut self, text: impl FnOnce() -> String) {
        if !self.watched {
            return;
        }
        let now = self.clock.micros();
        if self.written.is_none_or(|written| now.saturating_sub(written) >= PAUSE) {
            self.written = Some(now);
            // Whether the progress can be shown changes nothing.
            let _ = write!(std::io::stderr(), "\r\x1b[K{}", text());
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.written.is_some() {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}

/// What a copy says of itself.
pub(crate) fn describe(progress: florin_storage::Progress) -> String {
    let what = match progress.stage {
        florin_storage::Stage::Copying => "copying",
        florin_storage::Stage::Comparing => "comparing",
        florin_storage::Stage::Checking => return "checking the copy".to_owned(),
    };
    let unit = if progress.table.is_empty() { "pages" } else { "rows" };
    format!("{what} {} {} {unit}", progress.table, progress.done)
}
