//! Bridges: how money gets in from outside networks and out to them.
//!
//! | module | what |
//! | --- | --- |
//! | [`network`] | the one trait that a bridge implements, and the words that it speaks in |
//! | [`mod@facts`] | the kinds of networks that are known |
//! | [`address`] | addresses, checked by each network's own checksum |
//! | [`account`] | the platform's accounts on networks, their secrets sealed |
//! | [`asset`] | which currency of the books is which asset of a network |
//! | [`deposit`] | addresses of wallets, and what came in |
//! | [`order`] | the outbox: what is to be sent, written with what it is for, sent once |
//! | [`profile`] | addresses of profiles and their trust lines |
//! | [`sim`] | simulated networks for a sandbox |
//!
//! Source: spec/omnigate/concepts.md, "Bridges"; ambiguities.

pub mod account;
pub mod address;
pub mod asset;
pub mod deposit;
pub mod facts;
pub mod manual;
pub mod network;
pub mod order;
pub mod profile;
pub mod sim;

pub use account::{ExternalAccount, HotAddress};
pub use address::Checks;
pub use deposit::{BridgeDeposit, DepositAddress, Position};
pub use manual::Manual;
pub use network::{Bridge, Facts, Trouble};
pub use order::Order;
pub use profile::TrustLine;

use crate::refusal::Refusal;
use std::sync::Arc;

/// The bridges of a platform.
#[derive(Clone, Default)]
pub struct Bridges(Vec<Arc<dyn Bridge>>);

impl Bridges {
    /// These. Where several have the same method, the first is taken.
    #[must_use]
    pub fn new(bridges: Vec<Arc<dyn Bridge>>) -> Self {
        Self(bridges)
    }

    /// All.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn Bridge>> {
        self.0.iter()
    }

    /// The bridge of that name, whichever instance.
    pub fn named(&self, field: &str, name: &str) -> Result<&Arc<dyn Bridge>, Refusal> {
        let found = self.0.iter().find(|bridge| bridge.facts().name == name);
        found.ok_or_else(|| Refusal::field(field, format!("{} is no bridge of this platform", shown(name))))
    }

    /// The bridge of that name and instance.
    pub fn instance(&self, name: &str, instance: u32) -> Result<&Arc<dyn Bridge>, Refusal> {
        let is_it = |bridge: &&Arc<dyn Bridge>| bridge.facts().name == name && bridge.instance() == instance;
        self.0.iter().find(is_it).ok_or_else(Refusal::not_found)
    }

    /// The bridge that a method leads over.
    pub fn by_method(&self, field: &str, method: &str) -> Result<&Arc<dyn Bridge>, Refusal> {
        let found = self.0.iter().find(|bridge| bridge.facts().method(method).is_some());
        found.ok_or_else(|| Refusal::field(field, format!("{} leads over no bridge of this platform", shown(method))))
    }
}

/// A name as a message may repeat it.
fn shown(name: &str) -> String {
    name.chars().take(25).collect()
}
