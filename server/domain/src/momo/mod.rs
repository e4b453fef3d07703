//! Mobile money: the rules behind the MoMo surface.
//!
//! An API user acts for a profile and its wallet. What it asks for is stored as pending ([`request::accept`]) and
//! settled later ([`settle()`]): by the payer's approval, by the clock, or in a sandbox by the test number. Settling
//! is one write job on the stored request: it moves the money and says so in one transaction, and does nothing to
//! what is settled already, so it survives a kill at any point and may run as often as it likes.
//!
//! | module | what |
//! | --- | --- |
//! | [`key`] | subscription keys |
//! | [`user`] | API users and their keys |
//! | [`token`] | access tokens, and those of consents |
//! | [`party`] | who a phone number, an address or a party code is |
//! | [`request`] | requests to pay, transfers and the like: accepting and finding them |
//! | [`mod@settle`] | what becomes of them |
//! | [`view`] | how answers and callbacks show them |
//! | [`callback`] | telling whoever asked |
//! | [`consent`] | pre-approvals and consents |
//! | [`agreements`] | deciding about them on a user's behalf |
//! | [`sandbox`] | test numbers, and a world in which everybody can pay |
//!
//! Source: spec/momo/contract.md.

pub mod agreements;
pub mod callback;
pub mod consent;
mod denial;
pub mod key;
pub mod party;
pub mod request;
pub mod sandbox;
pub mod settle;
pub mod token;
pub mod user;
pub mod view;
mod words;

pub use denial::Denial;
pub use key::SubscriptionKey;
pub use party::PartyRow;
pub use request::{Kind, MomoRequest, NewRequest};
pub use sandbox::{Mode, Sandbox};
pub use settle::{Verdict, settle};
pub use token::{MomoToken, Purpose};
pub use user::{MomoUser, NewUser};
