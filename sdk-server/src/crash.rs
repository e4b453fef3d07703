//! Places where a test may end the process at once, to see what the journal is worth.

/// Ends the process if the environment variable `FLORIN_CRASH_POINT` names this point.
#[cfg(feature = "crash-points")]
pub(crate) fn point(name: &str) {
    if std::env::var("FLORIN_CRASH_POINT").is_ok_and(|wanted| wanted == name) {
        std::process::abort();
    }
}

#[cfg(not(feature = "crash-points"))]
pub(crate) const fn point(_name: &str) {}
