//! What single sign-on keeps in memory: where it stands in the world, and where other providers do.

use florin_domain::sso::StrategyKind;
use std::collections::HashMap;
use std::sync::OnceLock;

/// Where single sign-on stands in the world.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// Scheme, host and port by which people and applications reach it, without a slash at the end: the issuer.
    pub issuer: String,
    /// Issuers that stand in for those of Google, Facebook and LinkedIn: for tests.
    pub issuers: HashMap<String, String>,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct State(OnceLock<Place>);

impl State {
    /// Says where it stands. What was said first counts.
    pub(crate) fn set(&self, place: Place) {
        if self.0.set(place).is_err() {
            tracing::warn!("where single sign-on stands was said twice");
        }
    }

    /// The issuer.
    pub(crate) fn issuer(&self) -> &str {
        self.0.get().map_or("http://127.0.0.1:8040", |place| &place.issuer)
    }

    /// Who signs the id tokens of a strategy.
    pub(crate) fn issuer_of(&self, kind: StrategyKind) -> &str {
        self.0.get().and_then(|place| place.issuers.get(kind.id())).map_or(kind.issuer(), String::as_str)
    }
}
