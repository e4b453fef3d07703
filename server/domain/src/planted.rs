//! Faults that are planted on purpose: the tests must find each of them, and `scripts/test-teeth` sees to it.
//!
//! Without the feature `planted-faults` there are none, and the compiler leaves nothing of the questions. With it, which
//! one there is says the variable `FLORIN_PLANTED_FAULT`.

#[cfg(all(feature = "planted-faults", not(debug_assertions)))]
compile_error!("planted-faults is for scripts/test-teeth: nothing that is built to be used may have it");

/// A fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// `key-outside-transaction`: whether a client reference was used is asked outside of the transaction that uses it.
    KeyOutsideTransaction,
    /// `answer-before-commit`: the answer is sent before the commit is on disk.
    AnswerBeforeCommit,
    /// `dropped-posting`: postings of some wallets are not written.
    DroppedPosting,
    /// `unlocked-balance`: a balance is read without keeping it from others.
    UnlockedBalance,
}

/// Whether there is this fault.
#[cfg(not(feature = "planted-faults"))]
#[inline]
#[must_use]
pub const fn is(_: Fault) -> bool {
    false
}

/// Whether there is this fault.
#[cfg(feature = "planted-faults")]
#[must_use]
#[expect(clippy::panic, reason = "a fault that is not known must not pass for one that the tests do not find")]
pub fn is(fault: Fault) -> bool {
    static PLANTED: std::sync::LazyLock<Option<Fault>> = std::sync::LazyLock::new(|| {
        Some(match std::env::var("FLORIN_PLANTED_FAULT").ok()?.as_str() {
            "" => return None,
            "key-outside-transaction" => Fault::KeyOutsideTransaction,
            "answer-before-commit" => Fault::AnswerBeforeCommit,
            "dropped-posting" => Fault::DroppedPosting,
            "unlocked-balance" => Fault::UnlockedBalance,
            other => panic!("FLORIN_PLANTED_FAULT={other} is not a fault"),
        })
    });
    *PLANTED == Some(fault)
}

/// Whether rows of this table are read as if by somebody else, who neither sees nor keeps out what is going on.
#[must_use]
pub fn blind_to(table: &str) -> bool {
    (table == "client_reference" && is(Fault::KeyOutsideTransaction))
        || (table == "balance" && is(Fault::UnlockedBalance))
}
