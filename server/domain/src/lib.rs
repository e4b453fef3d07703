//! The rules of the Florin wallet platform: who may do what, and what it does to the books.
//!
//! Nothing here knows of HTTP or of SQL. The surfaces call these functions with a [`store::Reader`] or a
//! [`store::Writer`], which a storage engine gives them inside one database transaction.
//!
//! | module | what |
//! | --- | --- |
//! | [`store`] | the boundary to storage: records, queries, reading and writing handles |
//! | [`refusal`] | the one way in which a rule says no |
//! | [`access`] | roles, rights, callers, and what a caller reaches |
//! | [`identity`] | profiles, users, API keys, mobile tokens |
//! | [`credential`] | passwords, second factors, links by mail |
//! | [`mail`] | mails |
//! | [`bridge`] | outside networks: addresses, deposits, the outbox of withdrawals, simulated networks |
//! | [`currency`] | currencies, issuing and redeeming |
//! | [`ledger`] | wallets, balances, transactions, holds, refunds, the hash chain, verification |
//! | [`payment`] | payment requests |
//! | [`fee`] | what the platform takes on top of an amount |
//! | [`tier`] | what a profile may do, and how much of it |
//! | [`momo`] | mobile money: API users, requests to pay, transfers, the sandbox |
//! | [`notify`] | telling those concerned what happened |
//! | [`session`] | sessions of people, access tokens, the keys that sign them |
//! | [`sso`] | applications, consents, codes, refresh tokens, accounts elsewhere |
//! | [`seal`] | secrets at rest, and the application password |
//! | [`settings`] | system attributes: what an operator sets |
//! | [`mod@reference`] | client references: the same request runs once |
//! | [`retention`] | what is deleted when it is over |
//! | [`system`] | first initialisation |
//! | [`clock`] | the only place that reads the time |
//! | [`planted`] | faults that the tests must find, in builds for that only |

pub mod access;
pub mod bridge;
pub mod clock;
pub mod credential;
pub mod currency;
pub mod fee;
pub mod identity;
pub mod ledger;
pub mod mail;
pub mod momo;
pub mod notify;
pub mod payment;
pub mod planted;
pub mod reference;
pub mod refusal;
pub mod retention;
pub mod seal;
pub mod secrets;
pub mod session;
pub mod settings;
pub mod sso;
pub mod store;
pub mod system;
pub mod tier;
mod words;

pub use refusal::Refusal;

use store::{Record, Table};

/// All tables, each after those that it refers to, for those who walk them: writing, migrations' tests, copies.
#[must_use]
pub fn tables() -> Vec<&'static Table> {
    vec![
        identity::Profile::TABLE,
        identity::CustomAttribute::TABLE,
        identity::SealPass::TABLE,
        identity::User::TABLE,
        access::CustomRole::TABLE,
        identity::Membership::TABLE,
        identity::ApiKey::TABLE,
        identity::MobileToken::TABLE,
        session::SigningKey::TABLE,
        sso::Application::TABLE,
        sso::Consent::TABLE,
        session::Session::TABLE,
        sso::Code::TABLE,
        sso::RefreshToken::TABLE,
        sso::SignIn::TABLE,
        sso::Strategy::TABLE,
        sso::ExternalIdentity::TABLE,
        seal::SealKey::TABLE,
        settings::SettingRow::TABLE,
        momo::SubscriptionKey::TABLE,
        ledger::Wallet::TABLE,
        currency::Currency::TABLE,
        ledger::Balance::TABLE,
        ledger::Transaction::TABLE,
        ledger::Posting::TABLE,
        ledger::Hold::TABLE,
        ledger::HouseWallet::TABLE,
        ledger::Withdrawal::TABLE,
        ledger::Outside::TABLE,
        ledger::Refunded::TABLE,
        ledger::Chain::TABLE,
        payment::PaymentRequest::TABLE,
        payment::Merchant::TABLE,
        fee::FeeSchedule::TABLE,
        tier::Tier::TABLE,
        tier::Used::TABLE,
        reference::ClientReference::TABLE,
        notify::Event::TABLE,
        notify::Lane::TABLE,
        notify::Transport::TABLE,
        notify::Notice::TABLE,
        notify::NoticeHead::TABLE,
        notify::dispatch::Dispatched::TABLE,
        credential::LoginGuard::TABLE,
        credential::UserMfa::TABLE,
        credential::Link::TABLE,
        mail::Mail::TABLE,
        momo::PartyRow::TABLE,
        momo::MomoUser::TABLE,
        momo::MomoToken::TABLE,
        momo::MomoRequest::TABLE,
        bridge::ExternalAccount::TABLE,
        bridge::DepositAddress::TABLE,
        bridge::BridgeDeposit::TABLE,
        bridge::Position::TABLE,
        bridge::Order::TABLE,
        bridge::TrustLine::TABLE,
        bridge::sim::SimNetwork::TABLE,
        bridge::sim::SimAccount::TABLE,
        bridge::sim::SimHolding::TABLE,
        bridge::sim::SimTransaction::TABLE,
        bridge::sim::SimLate::TABLE,
    ]
}
