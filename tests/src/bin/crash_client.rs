//! A client of `florin prove`, built with the SDK's crash points: `FLORIN_CRASH_POINT` says where it ends.

use std::io::{BufReader, stdin};
use std::process::ExitCode;

fn main() -> ExitCode {
    match florin_prove::client::main(BufReader::new(stdin())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
