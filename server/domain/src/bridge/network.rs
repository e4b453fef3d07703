//! What a bridge is: the one trait through which the platform meets an outside network.

use super::address::{AddressKind, Checks, Destination};
use crate::refusal::Refusal;
use florin_sdk_core::code::Code;
use florin_sdk_core::{Amount, Secret};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// An attribute of external accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attribute {
    /// Its name.
    pub name: &'static str,
    /// Its label, for people.
    pub label: &'static str,
    /// `string` or `boolean`.
    pub kind: &'static str,
    /// Whether it is a secret: stored sealed, shown as `********`.
    pub masked: bool,
}

/// A way to pay in and out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Method {
    /// Its name: what `method` in a request says.
    pub name: &'static str,
    /// What its addresses look like.
    pub address: AddressKind,
}

/// What is to be known of a network without asking it.
#[derive(Debug, PartialEq, Eq)]
pub struct Facts {
    /// The bridge's name, such as `ripple`.
    pub name: &'static str,
    /// What it is, for people.
    pub description: &'static str,
    /// The ways to pay that lead over it.
    pub methods: &'static [Method],
    /// The network's own currency; none where every base currency that names the method is one (a bank).
    pub native: Option<&'static str>,
    /// Digits after the point of its own currency.
    pub decimals: u32,
    /// Digits after the point of currencies that others issue on it; none if nobody can.
    pub issued_decimals: Option<u32>,
    /// The greatest destination tag or memo, where it has them: then many wallets share an address.
    pub tags: Option<i64>,
    /// Whether an account says which issuers' currencies it accepts, up to how much.
    pub trust_lines: bool,
    /// Whether it can say beforehand what a withdrawal takes (`WalletWithdrawTest`).
    pub quotes: bool,
    /// How many blocks, the one with the transaction in it included, until it counts as final.
    pub confirmations: i64,
    /// The least deposit of its own currency that is credited, in its smallest unit.
    pub least_deposit: i128,
    /// The least that can be sent of its own currency, in its smallest unit.
    pub least_sent: i128,
    /// The attribute that identifies an external account.
    pub identifier: &'static str,
    /// The attributes of external accounts, the identifier among them.
    pub attributes: &'static [Attribute],
}

impl Facts {
    /// The method of that name.
    #[must_use]
    pub fn method(&self, name: &str) -> Option<Method> {
        self.methods.iter().find(|method| method.name == name).copied()
    }

    /// What its main addresses look like.
    #[must_use]
    pub fn address_kind(&self) -> AddressKind {
        self.methods.first().map_or(AddressKind::Any, |method| method.address)
    }

    /// Reads an address that came in `field`.
    pub fn read(&self, field: &str, kind: AddressKind, text: &str, checks: Checks) -> Result<Destination, Refusal> {
        kind.read(text, self.tags, checks).map_err(|reason| Refusal::field(field, reason))
    }

    /// Reads an address that came in `field` and must not have a tag.
    pub fn read_plain(&self, field: &str, text: &str, checks: Checks) -> Result<String, Refusal> {
        let kind = self.address_kind();
        kind.check(text, checks).map_err(|reason| Refusal::field(field, reason))?;
        Ok(text.to_owned())
    }

    /// Digits after the point of an asset.
    #[must_use]
    pub fn decimals_of(&self, asset: &Asset) -> u32 {
        if asset.issuer.is_some() { self.issued_decimals.unwrap_or(0) } else { self.decimals }
    }
}

/// What moves on a network: its own currency, or a currency of an issuer.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Asset {
    /// Three letters.
    pub code: String,
    /// The issuer's address.
    pub issuer: Option<String>,
}

impl Asset {
    /// As the contract writes it, such as `XRP` or `USD/rvYAfWj5gh67oV6fW32ZzP3Aw4Eubs59B`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (code, issuer) = match text.split_once('/') {
            Some((code, issuer)) if !issuer.is_empty() => (code, Some(issuer.to_owned())),
            Some(_) => return None,
            None => (text, None),
        };
        let three = code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase());
        three.then(|| Self { code: code.to_owned(), issuer })
    }
}

impl fmt::Display for Asset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.issuer {
            Some(issuer) => write!(f, "{}/{issuer}", self.code),
            None => f.write_str(&self.code),
        }
    }
}

/// Why a network did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// No answer, or none that can be understood: nobody knows what it did.
    #[error("the network did not answer: {0}")]
    NoAnswer(String),
    /// It says no. Nothing was done.
    #[error("the network refuses: {0}")]
    Refused(String),
}

impl Trouble {
    /// For who only asked something.
    #[must_use]
    pub fn of_question(&self) -> Refusal {
        match self {
            Self::NoAnswer(reason) => {
                tracing::warn!(reason, "a network does not answer");
                Refusal::because(Code::TOO_BUSY, "The network does not answer now")
            }
            Self::Refused(reason) => Refusal::because(Code::NETWORK_REFUSED, format!("The network says: {reason}")),
        }
    }

    /// For who asked to change something.
    #[must_use]
    pub fn of_change(&self) -> Refusal {
        match self {
            Self::NoAnswer(reason) => {
                tracing::warn!(reason, "a network did not answer a request to change something");
                Refusal::because(Code::SYSTEM_ERROR, "The network did not answer: it may have done it")
            }
            Self::Refused(_) => self.of_question(),
        }
    }
}

/// Something to be sent, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sending {
    /// Names this sending for ever. A network that sees it again does nothing and says how the first one went.
    pub id: String,
    /// The method.
    pub method: String,
    /// From which of the platform's addresses; its main one if none.
    pub source: Option<String>,
    /// Whereto.
    pub destination: Destination,
    /// What leaves.
    pub asset: Asset,
    /// How much, in whole units.
    pub amount: Amount,
    /// What must arrive, if it is another currency.
    pub arrives: Option<(Asset, Amount)>,
    /// For the bridge, as JSON.
    pub extra: Option<String>,
}

/// How a sending stands at the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Taken; not final yet.
    Pending {
        /// The network's own name for it.
        transaction: String,
    },
    /// Carried out, for good.
    Final {
        /// The network's own name for it.
        transaction: String,
    },
    /// Not carried out, and it never will be, under this id.
    Failed {
        /// The network's own name for it, if it has one.
        transaction: Option<String>,
        /// Why.
        reason: String,
    },
}

/// Something that came in, for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// The network's own name for it: the same each time, and of nothing else.
    pub transaction: String,
    /// To which of the platform's addresses, and with which tag.
    pub destination: Destination,
    /// From where, as far as it is known.
    pub sender: String,
    /// What.
    pub asset: Asset,
    /// How much, in whole units.
    pub amount: Amount,
    /// The block that it is in.
    pub height: i64,
}

/// What an account has of one asset on the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// What.
    pub asset: Asset,
    /// How much, in whole units.
    pub amount: Amount,
}

/// A new address that the platform holds the key of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAddress {
    /// The address.
    pub address: String,
    /// Its key.
    pub secret: Secret,
}

/// A bridge: one instance of one kind of network.
///
/// Its methods may wait, so they are called on threads that may. Each must come back within
/// [`Bridge::longest_answer`], if need be with [`Trouble::NoAnswer`].
///
/// # Sending once
/// The platform asks [`find`](Self::find) before each [`submit`](Self::submit), and submits again with the same
/// [`Sending::id`] after an outcome that proves nothing. So whoever implements this must see to it that
/// - an id that the network has taken is taken once, however often and late its copies arrive;
/// - [`Progress::Failed`] is final: no late copy is carried out afterwards.
///
/// A network that has no ids of its own gets there by signing once and keeping what was signed (one sequence number, an
/// expiry).
pub trait Bridge: Send + Sync {
    /// What is to be known of it without asking.
    fn facts(&self) -> &'static Facts;

    /// Which of the bridges of its name.
    fn instance(&self) -> u32 {
        1
    }

    /// Whether its orders are carried out by people: then nothing is ever submitted.
    fn by_hand(&self) -> bool {
        false
    }

    /// The longest that one of its methods takes.
    fn longest_answer(&self) -> Duration {
        Duration::from_secs(20)
    }

    /// `started`, or what its connection does else.
    fn status(&self) -> String {
        "started".to_owned()
    }

    /// How a sending stands; none if the network does not know it (yet).
    fn find(&self, id: &str) -> Result<Option<Progress>, Trouble>;

    /// Sends.
    fn submit(&self, sending: &Sending) -> Result<Progress, Trouble>;

    /// The newest block.
    fn tip(&self) -> Result<i64, Trouble>;

    /// What came in to the platform's addresses in the blocks after `after`, up to and with `to`.
    fn incoming(&self, after: i64, to: i64) -> Result<Vec<Incoming>, Trouble>;

    /// What an account has.
    fn balances(&self, address: &str) -> Result<Vec<Holding>, Trouble>;

    /// What an account accepts, beside the network's own currency.
    fn trust_lines(&self, address: &str) -> Result<Vec<Asset>, Trouble>;

    /// Lets one of the platform's addresses accept an asset, up to an amount.
    fn set_trust_line(&self, address: &str, asset: &Asset, most: Amount) -> Result<(), Trouble>;

    /// Says whether one of the platform's addresses refuses what comes without a tag.
    fn set_tag_required(&self, address: &str, required: bool) -> Result<(), Trouble>;

    /// Makes an address.
    fn new_address(&self) -> Result<NewAddress, Trouble>;

    /// How much of `source` it takes, at most, for `amount` of `wanted` to arrive at the destination.
    fn quote(
        &self,
        destination: &Destination,
        wanted: &Asset,
        amount: Amount,
        source: &Asset,
    ) -> Result<Amount, Trouble>;
}
