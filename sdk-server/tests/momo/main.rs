//! The MoMo client: against a platform in memory, whose clock stands still, and against MTN's odd answers over HTTP.
//!
//! `cfg(test)` tells clippy that the helpers, too, may fail by a panic.

#![allow(clippy::too_many_lines, reason = "a table is shown in one piece")]

#[cfg(test)]
mod callback;
#[cfg(feature = "crash-points")]
#[cfg(test)]
mod crash;
#[cfg(test)]
mod journal;
#[cfg(test)]
mod money;
#[cfg(test)]
mod odd;
#[cfg(test)]
mod platform;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod table;
#[cfg(test)]
mod token;
#[cfg(test)]
mod wait;
