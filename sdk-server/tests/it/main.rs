//! The provider's SDK against a platform in memory, and its journals on a real disk.

#[cfg(feature = "crash-points")]
mod crash;
mod groups;
mod journal;
mod money;
mod platform;
mod resume;
