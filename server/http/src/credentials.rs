//! Credentials that were found to work: asked of the store once, not with each request.
//!
//! What is remembered counts until this process commits a change to a credential, a user or a profile: then everything
//! is asked again. Where other processes write the same database, it counts for a second at most; a write asks again
//! within its own transaction.

use florin_domain::access::Caller;
use florin_domain::identity::Credential;
use florin_domain::secrets;
use florin_sdk_core::Timestamp;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// The most credentials that are remembered.
const MAX_KNOWN: usize = 100_000;

/// How long a credential is believed while other processes may end it.
const BELIEF_MS: i64 = 1000;

/// What a credential is known by: its kind and its fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Mark(bool, [u8; 32]);

impl Mark {
    pub(crate) fn of(credential: &Credential<'_>) -> Self {
        match credential {
            Credential::ApiKey(key) => Self(true, secrets::fingerprint(key)),
            Credential::Bearer(token) => Self(false, secrets::fingerprint(token)),
        }
    }
}

struct Known {
    caller: Arc<Caller>,
    version: u64,
    since: Timestamp,
}

/// See the module.
pub(crate) struct Credentials {
    /// Whether other processes write the same database.
    shared: bool,
    version: AtomicU64,
    known: RwLock<HashMap<Mark, Known>>,
}

impl Credentials {
    pub(crate) fn new(shared: bool) -> Self {
        Self { shared, version: AtomicU64::new(0), known: RwLock::default() }
    }

    /// Whether a write must ask again.
    pub(crate) const fn shared(&self) -> bool {
        self.shared
    }

    /// The state of the store, as far as it is about credentials. To be taken before the store is asked.
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// A change to a credential, a user or a profile was committed, or may have been.
    pub(crate) fn changed(&self) {
        self.version.fetch_add(1, Ordering::AcqRel);
    }

    /// Whose it is, if that is still known.
    pub(crate) fn find(&self, mark: &Mark, now: Timestamp) -> Option<Arc<Caller>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let found = known.get(mark)?;
        let fresh = !self.shared || (0..BELIEF_MS).contains(&(now.millis() - found.since.millis()));
        let works = found.caller.expires.is_none_or(|expires| expires > now);
        (found.version == self.version() && fresh && works).then(|| found.caller.clone())
    }

    /// Remembers whose it is, as the store said at `since`, when its state was `version`.
    pub(crate) fn remember(&self, mark: Mark, (version, since): (u64, Timestamp), caller: &Arc<Caller>) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_KNOWN {
            known.clear();
        }
        known.insert(mark, Known { caller: caller.clone(), version, since });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use florin_sdk_core::{Mtid, Upid, Uuid};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn a_change_and_an_end_are_seen() {
        let number = 1_700_000_000_000_000;
        let ids = (Upid::new(number).unwrap(), Uuid::new(number).unwrap(), Mtid::new(number).unwrap());
        let caller = Arc::new(Caller::mobile(ids.0, ids.1, ids.2, at(100)));
        let (credentials, mark) = (Credentials::new(false), Mark::of(&Credential::Bearer("a")));
        let version = credentials.version();
        credentials.remember(mark, (version, at(1)), &caller);
        assert!(credentials.find(&mark, at(99)).is_some());
        assert!(credentials.find(&mark, at(100)).is_none(), "it has expired");
        assert!(credentials.find(&Mark::of(&Credential::ApiKey("a")), at(1)).is_none(), "another kind");
        credentials.changed();
        assert!(credentials.find(&mark, at(99)).is_none(), "something was changed");
        credentials.remember(mark, (version, at(1)), &caller);
        assert!(credentials.find(&mark, at(99)).is_none(), "the store was asked before the change");
    }
}
