//! The `florin` command: serves a wallet platform, sets one up, checks its books, copies and moves them.

mod backup;
mod config;
mod demo;
mod init;
mod logging;
mod maintenance;
mod progress;
mod prove;
mod relocate;
mod seal;
mod serve;
mod verify;

use clap::Parser;
use config::{Cli, Command, Surface};
use std::process::ExitCode;

/// A fifth of the time of a request went into the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    logging::start(&cli);
    let result = match cli.command {
        Command::Serve(args) => serve::run(*args),
        Command::Init(args) => init::run(&args),
        Command::Key(args) => init::make_key(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Seal(args) => seal::run(&args),
        Command::Maintenance(args) => maintenance::run(&args),
        Command::Backup(args) => backup::run(&args),
        Command::Move(args) => relocate::run(&args),
        Command::Demo => demo::run(),
        Command::Prove(args) => prove::run(&args),
        Command::ProveClient => prove::client(),
        Command::Openapi(args) => openapi(args.surface),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            // To people, and to scripts by the exit status.
            eprintln!("florin: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn openapi(surface: Surface) -> anyhow::Result<ExitCode> {
    use std::io::Write as _;
    let document = match surface {
        Surface::Native => florin_http::openapi(),
        Surface::Momo => florin_http::momo_openapi(),
    };
    writeln!(std::io::stdout(), "{document:#}")?;
    Ok(ExitCode::SUCCESS)
}
