//! The calls, in groups: each group is a file, and each call is one line on top of the operation that it sends.

mod api_key;
mod bridge;
mod component;
mod currency;
mod hold;
mod mobile_token;
mod operation;
mod payment;
mod profile;
mod settings;
mod transaction;
mod user;
mod wallet;

pub use api_key::ApiKeyGroup;
pub use bridge::BridgeGroup;
pub use component::ComponentGroup;
pub use currency::{CurrencyGroup, NamedProfileAddress};
pub use hold::HoldGroup;
pub use mobile_token::MobileTokenGroup;
pub use operation::OperationGroup;
pub use payment::PaymentGroup;
pub use profile::ProfileGroup;
pub use settings::SettingsGroup;
pub use transaction::TransactionGroup;
pub use user::{UserGroup, UserPager};
pub use wallet::WalletGroup;
