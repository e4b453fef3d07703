//! How operations are sent: every row of the error table, over real sockets and on a paused clock.
//!
//! `cfg(test)` tells clippy that the helpers, too, may fail by a panic.

#[cfg(test)]
mod credential;
#[cfg(test)]
mod lab;
#[cfg(test)]
mod model;
#[cfg(test)]
mod money;
#[cfg(test)]
mod options;
#[cfg(test)]
mod paging;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod table;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod wire;
