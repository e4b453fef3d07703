//! Counters, in the text form that Prometheus reads.

use florin_domain::secrets::passwords_hashed;
use florin_sdk_core::code::Code;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

/// How many requests of each operation ended with each code.
#[derive(Debug, Default)]
pub(crate) struct Metrics(Mutex<BTreeMap<(&'static str, u32), u64>>);

impl Metrics {
    pub(crate) fn count(&self, operation: &'static str, code: Code) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry((operation, code.0)).or_default() += 1;
    }

    pub(crate) fn text(&self, in_flight: u32) -> String {
        let mut text = format!(
            "# HELP florin_requests_in_flight Requests that are not answered yet.\n# TYPE florin_requests_in_flight gauge\nflorin_requests_in_flight {in_flight}\n\
            # HELP florin_requests_total Requests answered, by operation and result code.\n# TYPE florin_requests_total counter\n",
        );
        for ((operation, code), count) in self.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "florin_requests_total{{operation=\"{operation}\",code=\"{code}\"}} {count}");
        }
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "# HELP florin_passwords_hashed_total Passwords hashed, to keep their hash or to compare with one.\n# TYPE florin_passwords_hashed_total counter\nflorin_passwords_hashed_total {}\n",
            passwords_hashed(),
        );
        text
    }
}
