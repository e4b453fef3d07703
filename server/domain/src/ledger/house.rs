//! The platform's own wallets: those that stand for what is outside the books, and the one that fees go to.
//!
//! What is paid in comes out of a wallet that stands for a network, what is paid out goes into it: so the postings of each
//! currency go on to sum to zero, and what such a wallet has, below zero, is what the platform holds on that network for
//! its users.

use super::wallet::{Wallet, create_house_wallet};
use crate::currency::Currency;
use crate::identity::Profile;
use crate::refusal::Refusal;
use crate::store::{Reader, Record, Writer, record};
use florin_sdk_core::{Upid, Waid};

/// What the wallet that fees go to is for.
pub(super) const FEES: &str = "fees";

/// What begins the purpose of a wallet that stands for a network.
const OUTSIDE: &str = "outside:";

record! {
    /// A wallet of the platform's own, and what it is for.
    HouseWallet in "house_wallet" key {
        /// The currency that it is for; 0: all of them.
        currency: u32,
        /// `fees`, or `outside:` and the name of a network.
        purpose: String,
    } {
        /// The wallet.
        waid: Waid,
    }
}

impl HouseWallet {
    /// Whether it stands for a network, and so may go below zero in its currency.
    #[must_use]
    pub fn is_outside(&self) -> bool {
        self.purpose.starts_with(OUTSIDE)
    }
}

/// The profile of the platform itself.
pub(crate) fn platform(store: &mut dyn Reader) -> Result<Profile, Refusal> {
    let query = Profile::query().eq(Profile::system, true).ascending(Profile::upid);
    store.first::<Profile>(query)?.ok_or_else(Refusal::not_found)
}

/// The wallet that stands for what is outside, on this network, of this currency. Made when it is first needed.
pub(super) fn outside(store: &mut dyn Writer, currency: &Currency, network: &str) -> Result<Wallet, Refusal> {
    let name = format!("Outside: {} by {network}", currency.code);
    of(store, currency.number, &format!("{OUTSIDE}{network}"), &name, true)
}

/// The wallet that fees go to: the platform's, and an ordinary one.
pub(crate) fn fees(store: &mut dyn Writer) -> Result<Wallet, Refusal> {
    of(store, 0, FEES, "Fees", false)
}

fn of(store: &mut dyn Writer, currency: u32, purpose: &str, name: &str, is_outside: bool) -> Result<Wallet, Refusal> {
    if let Some(house) = store.get::<HouseWallet>((currency, purpose))? {
        return store.get::<Wallet>(house.waid)?.ok_or_else(Refusal::not_found);
    }
    let platform: Upid = platform(store.reader())?.upid;
    let wallet = create_house_wallet(store, platform, name, is_outside)?;
    store.insert(&HouseWallet { currency, purpose: purpose.to_owned(), waid: wallet.waid })?;
    Ok(wallet)
}
