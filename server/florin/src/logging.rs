//! The log, on standard error.

use crate::config::{Cli, Format};
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Starts it. `RUST_LOG` wins over the option, as everywhere in Rust.
pub(crate) fn start(cli: &Cli) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(&cli.log));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match cli.log_format {
        Format::Json => builder.json().init(),
        Format::Text => builder.init(),
    }
}
