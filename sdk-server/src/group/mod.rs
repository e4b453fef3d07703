//! The calls, in groups: each group is a file, and each call is one line on top of the operation that it sends.

mod api_key;
mod bridge;
mod component;
mod currency;
mod fee;
mod hold;
mod mobile_token;
mod operation;
mod payment;
mod profile;
mod settings;
mod tier;
mod transaction;
mod user;
mod wallet;

pub use api_key::ApiKeyGroup;
pub use bridge::BridgeGroup;
pub use component::ComponentGroup;
pub use currency::{CurrencyGroup, NamedProfileAddress};
pub use fee::FeeGroup;
pub use hold::HoldGroup;
pub use mobile_token::MobileTokenGroup;
pub use operation::OperationGroup;
pub use payment::PaymentGroup;
pub use profile::ProfileGroup;
pub use settings::SettingsGroup;
pub use tier::TierGroup;
pub use transaction::TransactionGroup;
pub use user::{UserGroup, UserPager};
pub use wallet::WalletGroup;
