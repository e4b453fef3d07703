//! The provider's SDK against a platform in memory, and its journals on a real disk.
//!
//! `cfg(test)` tells clippy that the helpers, too, may fail by a panic.

#[cfg(feature = "crash-points")]
#[cfg(test)]
mod crash;
#[cfg(test)]
mod groups;
#[cfg(test)]
mod journal;
#[cfg(test)]
mod money;
#[cfg(test)]
mod platform;
#[cfg(test)]
mod resume;
#[cfg(test)]
mod token;
