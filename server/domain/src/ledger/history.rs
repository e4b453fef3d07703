//! Reading transactions.

use super::post::{Posting, SIDES, Transaction, postings_of};
use super::refund::Refunded;
use super::wallet::{Balance, Wallet};
use super::withdraw::{self, Outside, Withdrawal};
use crate::access::{Caller, reach};
use crate::currency::{self, Currency};
use crate::identity::Profile;
use crate::reference::ClientReference;
use crate::refusal::Refusal;
use crate::store::{Reader, Record, StoreError};
use florin_sdk_core::model::{Entry, ListedTransaction, TransactionState, TransactionType};
use florin_sdk_core::operation::{GetWalletTransactionDetails, TransactionDetails};
use florin_sdk_core::{Amount, Hoid, Timestamp, Txid};
use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;

/// Which transactions of a wallet.
#[derive(Debug, Default, Clone, Copy)]
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

/// One posting of so many in a wallet and currency is in an index (`posting_landmark`).
const LANDMARKS: u32 = 64;

/// The first number that a posting made at or after this time can have: a transaction's id is its microsecond.
fn first_posting(time: Timestamp) -> i64 {
    time.millis().saturating_mul(1000).saturating_mul(SIDES)
}

/// A wallet's transactions, newest first, and the cursor of the next page if there is more.
///
/// A withdrawal is one line, that of the transaction that began it, with the state that it has by now: what completed it
/// or gave the money back is not listed.
pub fn history(
    store: &mut dyn Reader,
    wallet: &Wallet,
    filter: &HistoryFilter<'_>,
) -> Result<(Vec<ListedTransaction>, Option<i64>), Refusal> {
    let mut lines = Vec::new();
    let mut before = filter.before;
    let next = loop {
        let (page, next) = page(store, wallet, &HistoryFilter { before, ..*filter })?;
        lines.extend(page);
        if lines.len() > filter.limit {
            lines.truncate(filter.limit);
            break lines.last().map(|line| line.posting.posting);
        }
        if lines.len() == filter.limit || next.is_none() {
            break next;
        }
        before = next;
    };
    let mut currencies = HashMap::<u32, Currency>::new();
    let mut list = Vec::with_capacity(lines.len());
    for Line { posting, transaction, withdrawal } in lines {
        let currency = match currencies.entry(posting.currency) {
            Slot::Occupied(known) => known.into_mut(),
            Slot::Vacant(slot) => slot.insert(currency::by_number(store, posting.currency)?),
        };
        let is_withdrawal = transaction.kind == TransactionType::Withdraw;
        let ended = withdrawal.as_ref().filter(|w| w.state == TransactionState::Completed).and_then(|w| w.ended);
        let balance = match ended {
            Some(ended) => {
                let last = postings_of(store, ended)?.into_iter().find(|last| last.waid == posting.waid);
                last.map_or(posting.balance, |last| last.balance)
            }
            None => posting.balance,
        };
        list.push(ListedTransaction {
            amount: currency.amount(if is_withdrawal { -transaction.units } else { posting.units })?,
            held: held(currency, &posting)?,
            balance: currency.amount(balance)?,
            fee: currency.amount(transaction.fee)?,
            txid: posting.txid,
            description: transaction.description,
            currency: currency.code.clone(),
            state: withdrawal.map_or(transaction.state, |withdrawal| withdrawal.state),
            currency_number: currency.number,
            kind: transaction.kind,
            timestamp: transaction.created,
            reference_id: transaction.reference,
        });
    }
    Ok((list, next))
}

/// One line of a list.
struct Line {
    posting: Posting,
    transaction: Transaction,
    /// The withdrawal that it began.
    withdrawal: Option<Withdrawal>,
}

/// So many postings of a wallet, without those that are not listed, and the cursor of the next page if there is more.
fn page(
    store: &mut dyn Reader,
    wallet: &Wallet,
    filter: &HistoryFilter<'_>,
) -> Result<(Vec<Line>, Option<i64>), Refusal> {
    let least = filter.from.map_or(i64::MIN, first_posting);
    let end = [filter.before, filter.to.map(first_posting)].into_iter().flatten().min();
    let mut postings = Vec::new();
    if let Some(reference) = filter.reference {
        for txid in transactions_of(store, wallet, reference)? {
            postings.extend(postings_of(store, txid)?.into_iter().filter(|posting| posting.waid == wallet.waid));
        }
    } else {
        for balance in store.list::<Balance>(Balance::query().eq(Balance::waid, wallet.waid))? {
            postings.extend(newest(store, &balance, end, filter.limit + 1)?);
        }
    }
    postings.retain(|posting| posting.posting >= least && end.is_none_or(|end| posting.posting < end));
    postings.sort_unstable_by_key(|posting| std::cmp::Reverse(posting.posting));
    let more = postings.len() > filter.limit;
    postings.truncate(filter.limit);
    let next = if more { postings.last().map(|posting| posting.posting) } else { None };

    let txids: Vec<Txid> = postings.iter().map(|posting| posting.txid).collect();
    let found = store.list::<Transaction>(Transaction::query().any_of(Transaction::txid, &txids))?;
    let transactions: HashMap<Txid, Transaction> = found.into_iter().map(|tx| (tx.txid, tx)).collect();
    // Only where a hold was begun or ended this costs a question.
    let hoids: Vec<Hoid> = transactions.values().filter_map(|transaction| transaction.hold).collect();
    let withdrawals = withdraw::of_holds(store, &hoids)?;
    let withdrawals: HashMap<Hoid, Withdrawal> = withdrawals.into_iter().map(|w| (w.hoid, w)).collect();
    let mut lines = Vec::with_capacity(postings.len());
    for posting in postings {
        let transaction = transactions.get(&posting.txid).cloned().ok_or_else(Refusal::not_found)?;
        let begins = transaction.kind == TransactionType::Withdraw;
        if !begins && transaction.hold.is_some_and(|hoid| withdrawals.contains_key(&hoid)) {
            continue;
        }
        let withdrawal = if begins { transaction.hold.and_then(|hoid| withdrawals.get(&hoid).cloned()) } else { None };
        lines.push(Line { posting, transaction, withdrawal });
    }
    Ok((lines, next))
}

/// The newest postings of a wallet and currency, at least `count` of those before `end`, if there are so many.
fn newest(
    store: &mut dyn Reader,
    balance: &Balance,
    end: Option<i64>,
    count: usize,
) -> Result<Vec<Posting>, StoreError> {
    let mut start = balance.last;
    let mut steps = count;
    if let Some(end) = end.filter(|end| *end <= balance.last) {
        // The list is entered at the landmark after the end; what lies between the two is walked through.
        let landmarks = Posting::query().eq(Posting::waid, balance.waid).eq(Posting::currency, balance.currency);
        let landmarks = landmarks.greater(Posting::posting, end - 1).multiple(Posting::place, LANDMARKS);
        let landmark = store.first::<Posting>(landmarks.ascending(Posting::posting))?;
        start = landmark.map_or(start, |posting| posting.posting);
        steps = steps.saturating_add(LANDMARKS as usize);
    }
    store.list::<Posting>(Posting::query().walk(start, Posting::previous, steps))
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

/// The postings of a transaction that `caller` may see.
fn seen(store: &mut dyn Reader, caller: &Caller, txid: Txid) -> Result<Vec<Entry>, Refusal> {
    let mut entries = Vec::new();
    for posting in postings_of(store, txid)? {
        let wallet = store.get::<Wallet>(posting.waid)?.ok_or_else(Refusal::not_found)?;
        if may_read_wallet(store, caller, &wallet)? {
            let currency = currency::by_number(store, posting.currency)?;
            entries.push(Entry {
                waid: posting.waid,
                amount: currency.amount(posting.units)?,
                held: held(&currency, &posting)?,
                balance: currency.amount(posting.balance)?,
                currency_code: currency.code,
            });
        }
    }
    Ok(entries)
}

/// Everything about a transaction that `caller` may see: they must be able to read one of its wallets, and see the
/// balances of those wallets only. Of a withdrawal that has ended, how it ended is part of it.
pub fn details(store: &mut dyn Reader, caller: &Caller, txid: Txid) -> Result<TransactionDetails, Refusal> {
    let transaction = store.get::<Transaction>(txid)?.ok_or_else(Refusal::not_found)?;
    let currency = currency::by_number(store, transaction.currency)?;
    let mut entries = seen(store, caller, txid)?;
    if entries.is_empty() {
        return Err(Refusal::not_found());
    }
    let (mut state, mut finished) = (transaction.state, Some(transaction.created));
    if transaction.kind == TransactionType::Withdraw
        && let Some(withdrawal) = store.get::<Withdrawal>(txid)?
    {
        (state, finished) = (withdrawal.state, withdrawal.closed);
        if let Some(ended) = withdrawal.ended {
            entries.extend(seen(store, caller, ended)?);
        }
    }
    let outside = match transaction.kind {
        TransactionType::Withdraw | TransactionType::Deposit => store.get::<Outside>(txid)?,
        _ => None,
    };
    let (mut code, mut message) = (None, None);
    let (mut external, mut external_source, mut external_destination) = (None, None, None);
    if let Some(outside) = outside {
        (code, message, external) = (outside.code, outside.message, outside.network_id);
        (external_source, external_destination) = (outside.source, outside.destination);
    }
    let balance_of = |waid| entries.iter().rev().find(|entry| Some(entry.waid) == waid).map(|entry| entry.balance);
    let source_balance = balance_of(transaction.source);
    let destination_balance = balance_of(transaction.destination);
    let refunded = match store.get::<Refunded>(txid)? {
        Some(refunded) => Some(currency.amount(refunded.units)?),
        None => None,
    };
    Ok(TransactionDetails {
        txid,
        error_code: code,
        error_message: message,
        started: transaction.created,
        finished,
        amount: currency.amount(transaction.units)?,
        fee: currency.amount(transaction.fee)?,
        currency: currency.code,
        state,
        method: transaction.method,
        kind: transaction.kind,
        description: Some(transaction.description).filter(|text| !text.is_empty()),
        currency_number: currency.number,
        source_waid: transaction.source,
        destination_waid: transaction.destination,
        source_balance,
        destination_balance,
        external_transaction_id: external,
        external_source_address: external_source,
        external_destination_address: external_destination,
        reference_id: transaction.reference,
        hoid: transaction.hold,
        original_txid: transaction.original,
        refunded,
        entries: Some(entries),
    })
}
