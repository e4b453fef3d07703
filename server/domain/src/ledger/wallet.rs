//! Wallets and their balances.

use super::hold;
use crate::currency::{self, Currency};
use crate::identity::{self, Holder};
use crate::ledger::id;
use crate::refusal::Refusal;
use crate::secrets;
use crate::store::{Reader, Record, Writer, record};
use florin_sdk_core::model::{Status, WalletEntry};
use florin_sdk_core::{CurrencyCode, Timestamp, Upid, Waid, operation};

record! {
    /// A wallet.
    Wallet in "wallet" key {
        /// The wallet.
        waid: Waid,
    } {
        /// The profile that it belongs to.
        upid: Upid,
        /// Its name.
        name: String,
        /// Whether it is the profile's default wallet: its first.
        is_default: bool,
        /// Whether it stands for what is not in the books: units not issued yet, or money on a network. Only such a wallet
        /// may go below zero; it is never shown.
        is_issuance: bool,
        /// The market of a trading wallet.
        market: Option<String>,
        /// A short code for people.
        short_code: String,
        /// Active or inactive.
        status: Status,
        /// When it was made.
        created: Timestamp,
    }
}

record! {
    /// What a wallet has of one currency, in its smallest unit.
    Balance in "balance" key {
        /// The wallet.
        waid: Waid,
        /// The currency.
        currency: u32,
    } {
        /// What can be spent.
        available: i128,
        /// What is set aside.
        held: i128,
        /// The newest posting.
        last: i64,
        /// How many postings there are. Each change adds one, so an engine takes the state with the most for the newest.
        entries: i64,
    }
}

/// Crockford's Base32, which has no letters that look like digits.
const SHORT_CODE_ALPHABET: &[u8] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The number of a wallet as 10 characters: its last 50 bits.
fn short_code(number: u64) -> String {
    secrets::spell(SHORT_CODE_ALPHABET, (0..10).rev().map(|place| number >> (5 * place)))
}

/// Makes a wallet on a profile. The first one is its default.
pub fn create_wallet(
    store: &mut dyn Writer,
    upid: Upid,
    name: &str,
    market: Option<String>,
) -> Result<Wallet, Refusal> {
    let first = store.first::<Wallet>(Wallet::query().eq(Wallet::upid, upid).eq(Wallet::is_default, true))?.is_none();
    insert(store, upid, name, market, first, false)
}

/// Makes the wallet that new units of a currency come from.
pub fn create_issuance_wallet(store: &mut dyn Writer, upid: Upid, code: &CurrencyCode) -> Result<Wallet, Refusal> {
    insert(store, upid, &format!("Issuance of {code}"), None, false, true)
}

/// Makes a wallet of the platform's own.
pub(super) fn create_house_wallet(
    store: &mut dyn Writer,
    platform: Upid,
    name: &str,
    is_issuance: bool,
) -> Result<Wallet, Refusal> {
    insert(store, platform, name, None, false, is_issuance)
}

fn insert(
    store: &mut dyn Writer,
    upid: Upid,
    name: &str,
    market: Option<String>,
    is_default: bool,
    is_issuance: bool,
) -> Result<Wallet, Refusal> {
    let number = store.next_id();
    let wallet = Wallet {
        waid: id(Waid::new(number))?,
        upid,
        name: name.to_owned(),
        is_default,
        is_issuance,
        market,
        short_code: short_code(number),
        status: Status::Active,
        created: store.now(),
    };
    store.insert(&wallet)?;
    Ok(wallet)
}

/// The wallet, or `NOT_FOUND`. A wallet that stands for what is not in the books is not there for anybody.
pub fn need_wallet(store: &mut dyn Reader, waid: Waid) -> Result<Wallet, Refusal> {
    store.get::<Wallet>(waid)?.filter(|wallet| !wallet.is_issuance).ok_or_else(Refusal::not_found)
}

/// The wallets of a profile, the default one first.
pub fn wallets_of(store: &mut dyn Reader, upid: Upid) -> Result<Vec<Wallet>, Refusal> {
    let query = Wallet::query().eq(Wallet::upid, upid).eq(Wallet::is_issuance, false).ascending(Wallet::waid);
    let mut wallets = store.list::<Wallet>(query)?;
    wallets.sort_by_key(|wallet| (!wallet.is_default, wallet.waid));
    Ok(wallets)
}

/// The most wallets of one name that are answered.
const MOST_NAMED: usize = 1000;

/// The wallets of a profile, or of everybody, whose whole name this is, upper and lower case alike.
pub fn wallets_named(store: &mut dyn Reader, upid: Option<Upid>, name: &str) -> Result<Vec<Wallet>, Refusal> {
    let mut query = Wallet::query().eq(Wallet::is_issuance, false).ascending(Wallet::waid);
    query = match upid {
        Some(upid) => query.eq(Wallet::upid, upid),
        // A database folds only ASCII: what it lets through is looked at again, and what it would not is found all the same
        // by the longest part of the name that is ASCII.
        None => query.contains(&["name"], ascii_part(name)),
    };
    let wanted = name.to_lowercase();
    let mut wallets = store.list::<Wallet>(query)?;
    wallets.retain(|wallet| wallet.name.to_lowercase() == wanted);
    wallets.truncate(MOST_NAMED);
    Ok(wallets)
}

/// The longest run of ASCII letters, digits and the like in a name.
fn ascii_part(name: &str) -> &str {
    name.split(|c: char| !c.is_ascii()).max_by_key(|part| part.len()).unwrap_or_default()
}

/// The balances of a wallet, by currency code.
pub fn balances(store: &mut dyn Reader, waid: Waid) -> Result<Vec<operation::Balance>, Refusal> {
    let mut list = Vec::new();
    for balance in store.list::<Balance>(Balance::query().eq(Balance::waid, waid))? {
        let currency = currency::by_number(store, balance.currency)?;
        let expired = hold::expired_units(store, &balance)?;
        list.push(operation::Balance {
            available: currency.amount(balance.available.saturating_add(expired))?,
            held: currency.amount(balance.held.saturating_sub(expired))?,
            total: currency.amount(balance.available.saturating_add(balance.held))?,
            currency_name: currency.name,
            currency_code: currency.code,
        });
    }
    list.sort_by(|a, b| a.currency_code.cmp(&b.currency_code));
    Ok(list)
}

/// A wallet as lists show it.
pub fn entry(store: &mut dyn Reader, wallet: Wallet) -> Result<WalletEntry, Refusal> {
    Ok(WalletEntry {
        trading: wallet.market.is_some(),
        balances: balances(store, wallet.waid)?,
        waid: wallet.waid,
        is_default: Some(wallet.is_default),
        wallet_name: wallet.name,
        market: wallet.market,
    })
}

impl Wallet {
    /// Refuses a wallet that is not active, or whose profile is not. Says whose it is.
    pub fn need_active(&self, store: &mut dyn Reader) -> Result<Holder, Refusal> {
        identity::need_active(&self.status, "The wallet")?;
        let owner = Holder::need(store, self.upid)?;
        identity::need_active(&owner.status, "The profile of the wallet")?;
        Ok(owner)
    }

    /// Refuses a currency that does not belong in a trading wallet: it takes the bridge currencies of its market only.
    pub fn need_room_for(&self, currency: &Currency) -> Result<(), Refusal> {
        match &self.market {
            Some(market) if currency.bridge.as_ref() != Some(market) => Err(Refusal::field(
                "currency",
                format!("must be a bridge currency of {market}, the market of the trading wallet"),
            )),
            _ => Ok(()),
        }
    }
}
