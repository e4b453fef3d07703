//! The app's SDK against a platform in memory.
//!
//! `cfg(test)` tells clippy that the helpers, too, may fail by a panic.

#[cfg(test)]
mod client;
