//! Reading transactions.

use super::post::{Posting, Transaction};
use super::refund::Refunded;
use super::wallet::Wallet;
use crate::access::{Caller, reach};
use crate::currency::{self, Currency};
use crate::identity::Profile;
use crate::reference::ClientReference;
use crate::refusal::Refusal;
use crate::store::{Reader, Record};
use florin_sdk_core::model::{Entry, ListedTransaction};
use florin_sdk_core::operation::{GetWalletTransactionDetails, TransactionDetails};
use florin_sdk_core::{Amount, Timestamp, Txid};
use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;

/// Which transactions of a wallet.
#[derive(Debug, Default)]
pub struct HistoryFilter<'a> {
    /// Only postings before this one: the cursor.
    pub before: Option<i64>,
    /// Only those made under this client reference.
    pub reference: Option<&'a str>,
    /// Only those at or after this time.
    pub from: Option<Timestamp>,
    /// Only those before this time.
    pub to: Option<Timestamp>,
    /// At most so many.
    pub limit: usize,
}

/// An hour of ids.
const HOUR_US: i64 = 3_600_000_000;

fn microseconds(time: Timestamp) -> i64 {
    time.millis().saturating_mul(1000)
}

/// A wallet's transactions, newest first, and the cursor of the next page if there is more.
pub fn history(
    store: &mut dyn Reader,
    wallet: &Wallet,
    filter: &HistoryFilter<'_>,
) -> Result<(Vec<ListedTransaction>, Option<i64>), Refusal> {
    let mut query =
        Posting::query().eq(Posting::waid, wallet.waid).descending(Posting::posting).limit(filter.limit + 1);
    if let Some(before) = filter.before {
        query = query.less(Posting::posting, before);
    }
    // A transaction's id is its time in microseconds, and its postings' numbers follow it closely. The bounds on the
    // postings only keep the engine from looking at what is far away.
    if let Some(from) = filter.from.map(microseconds) {
        query = query.greater(Posting::txid, from - 1).greater(Posting::posting, from - 1);
    }
    if let Some(to) = filter.to.map(microseconds) {
        query = query.less(Posting::txid, to).less(Posting::posting, to.saturating_add(HOUR_US));
    }
    if let Some(reference) = filter.reference {
        let txids = transactions_of(store, wallet, reference)?;
        if txids.is_empty() {
            return Ok((Vec::new(), None));
        }
        query = query.any_of(Posting::txid, &txids);
    }
    let mut postings = store.list::<Posting>(query)?;
    let more = postings.len() > filter.limit;
    postings.truncate(filter.limit);
    let next = if more { postings.last().map(|posting| posting.posting) } else { None };

    let txids: Vec<Txid> = postings.iter().map(|posting| posting.txid).collect();
    let found = store.list::<Transaction>(Transaction::query().any_of(Transaction::txid, &txids))?;
    let transactions: HashMap<Txid, Transaction> = found.into_iter().map(|tx| (tx.txid, tx)).collect();
    let mut currencies = HashMap::<u32, Currency>::new();
    let mut list = Vec::with_capacity(postings.len());
    for posting in postings {
        let transaction = transactions.get(&posting.txid).ok_or_else(Refusal::not_found)?;
        let currency = match currencies.entry(posting.currency) {
            Slot::Occupied(known) => known.into_mut(),
            Slot::Vacant(slot) => slot.insert(currency::by_number(store, posting.currency)?),
        };
        list.push(ListedTransaction {
            amount: currency.amount(posting.units)?,
            held: held(currency, &posting)?,
            balance: currency.amount(posting.balance)?,
            fee: currency.amount(transaction.fee)?,
            txid: posting.txid,
            description: transaction.description.clone(),
            currency: currency.code.clone(),
            state: transaction.state.clone(),
            currency_number: currency.number,
            kind: transaction.kind.clone(),
            timestamp: transaction.created,
            reference_id: transaction.reference.clone(),
        });
    }
    Ok((list, next))
}

/// What a posting set aside, or no longer does; absent where it is about no hold.
fn held(currency: &Currency, posting: &Posting) -> Result<Option<Amount>, Refusal> {
    if posting.held == 0 { Ok(None) } else { currency.amount(posting.held).map(Some) }
}

/// The transactions that the wallet's owner, or its provider, made under a client reference.
fn transactions_of(store: &mut dyn Reader, wallet: &Wallet, reference: &str) -> Result<Vec<Txid>, Refusal> {
    let parent = store.get::<Profile>(wallet.upid)?.and_then(|profile| profile.parent);
    let mut txids = Vec::new();
    for owner in [Some(wallet.upid), parent].into_iter().flatten() {
        let rows = store.list::<ClientReference>(ClientReference::of(owner, reference))?;
        txids.extend(rows.into_iter().filter_map(|row| row.txid));
    }
    Ok(txids)
}

/// Whether `caller` may read the transactions of a wallet.
pub fn may_read_wallet(store: &mut dyn Reader, caller: &Caller, wallet: &Wallet) -> Result<bool, Refusal> {
    match reach::<GetWalletTransactionDetails>(store, caller, wallet.upid) {
        Ok(()) => Ok(!wallet.is_issuance),
        Err(refusal) if refusal.code == florin_sdk_core::code::Code::SYSTEM_ERROR => Err(refusal),
        Err(_) => Ok(false),
    }
}

/// Everything about a transaction that `caller` may see: they must be able to read one of its wallets, and see the
/// balances of those wallets only.
pub fn details(store: &mut dyn Reader, caller: &Caller, txid: Txid) -> Result<TransactionDetails, Refusal> {
    let transaction = store.get::<Transaction>(txid)?.ok_or_else(Refusal::not_found)?;
    let currency = currency::by_number(store, transaction.currency)?;
    let mut entries = Vec::new();
    let query = Posting::query().eq(Posting::txid, txid).ascending(Posting::posting);
    for posting in store.list::<Posting>(query)? {
        let wallet = store.get::<Wallet>(posting.waid)?.ok_or_else(Refusal::not_found)?;
        if may_read_wallet(store, caller, &wallet)? {
            entries.push(Entry {
                waid: posting.waid,
                currency_code: currency.code.clone(),
                amount: currency.amount(posting.units)?,
                held: held(&currency, &posting)?,
                balance: currency.amount(posting.balance)?,
            });
        }
    }
    if entries.is_empty() {
        return Err(Refusal::not_found());
    }
    let balance_of = |waid| entries.iter().find(|entry| Some(entry.waid) == waid).map(|entry| entry.balance);
    let source_balance = balance_of(transaction.source);
    let destination_balance = balance_of(transaction.destination);
    let refunded = match store.get::<Refunded>(txid)? {
        Some(refunded) => Some(currency.amount(refunded.units)?),
        None => None,
    };
    Ok(TransactionDetails {
        txid,
        error_code: None,
        error_message: None,
        started: transaction.created,
        finished: Some(transaction.created),
        amount: currency.amount(transaction.units)?,
        fee: currency.amount(transaction.fee)?,
        currency: currency.code,
        state: transaction.state,
        method: transaction.method,
        kind: transaction.kind,
        description: Some(transaction.description).filter(|text| !text.is_empty()),
        currency_number: currency.number,
        source_waid: transaction.source,
        destination_waid: transaction.destination,
        source_balance,
        destination_balance,
        external_transaction_id: None,
        external_source_address: None,
        external_destination_address: None,
        reference_id: transaction.reference,
        hoid: transaction.hold,
        original_txid: transaction.original,
        refunded,
        entries: Some(entries),
    })
}
