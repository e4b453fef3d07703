//! Wallets and transactions.

use super::user::DEFAULT_PAGE;
use crate::exchange::{Reading, Writing};
use florin_domain::Refusal;
use florin_domain::access::{Caller, reach};
use florin_domain::bridge::order;
use florin_domain::currency::{Currency, need_currency};
use florin_domain::identity::{self, Holder, Selector, default_wallet};
use florin_domain::ledger::{
    self, Conversion, HistoryFilter, Leg, NewDeposit, NewTransaction, OutsideResult, Withdrawal, need_wallet,
};
use florin_domain::reference::Made;
use florin_domain::store::Reader;
use florin_domain::tier::{self, Permission};
use florin_sdk_core::code::Code;
use florin_sdk_core::model::{FinalState, NamedWallet, TransactionType, WalletEntry};
use florin_sdk_core::operation::{
    Access, CloseWithdraw, CreateWallet, CreatedWallet, CreditWallet, DebitWallet, GetWallet, GetWalletList,
    GetWalletListByName, GetWalletListByUpid, GetWalletTransactionDetails, GetWalletTransactionList, ManualDeposit,
    Moved, NamedWalletList, Operation, ProfileWalletList, TransactionDetails, TransactionList, Transferred, Wallet,
    WalletList, WalletTransfer,
};
use florin_sdk_core::{Amount, CurrencyCode, Txid, Upid, Uuid, Waid};

pub(super) fn create_wallet(call: &mut Writing<'_>, op: CreateWallet) -> Result<CreatedWallet, Refusal> {
    let upid = op.upid.unwrap_or(call.caller.upid);
    reach::<CreateWallet>(call.store.reader(), call.caller, upid)?;
    let owner = Holder::need(call.store.reader(), upid)?;
    let market = op.market.filter(|_| op.trading == Some(true));
    if market.is_some() {
        tier::need(call.store.reader(), &owner, Permission::Trading)?;
    }
    let wallet = ledger::create_wallet(call.store, upid, &op.wallet_name, market)?;
    Ok(CreatedWallet { wallet_name: wallet.name, waid: wallet.waid })
}

/// The wallet that a request names, or the caller's default one, if the caller reaches it.
pub(super) fn wallet_for<O: Operation>(
    store: &mut dyn Reader,
    caller: &Caller,
    waid: Option<Waid>,
) -> Result<ledger::Wallet, Refusal> {
    let wallet = match waid {
        Some(waid) => need_wallet(store, waid)?,
        None => default_wallet(store, caller.upid)?,
    };
    reach::<O>(store, caller, wallet.upid)?;
    Ok(wallet)
}

pub(super) fn get_wallet(call: &mut Reading<'_>, op: GetWallet) -> Result<Wallet, Refusal> {
    let wallet = wallet_for::<GetWallet>(call.store, call.caller, op.waid)?;
    Ok(Wallet {
        upid: wallet.upid,
        trading: wallet.market.is_some(),
        waid: wallet.waid,
        is_default: wallet.is_default,
        short_code: wallet.short_code,
        wallet_name: wallet.name,
        expert_mode: false,
        balances: ledger::balances(call.store, wallet.waid)?,
        market: wallet.market,
    })
}

fn entries(store: &mut dyn Reader, upid: Upid) -> Result<Vec<WalletEntry>, Refusal> {
    let wallets = ledger::wallets_of(store, upid)?;
    wallets.into_iter().map(|wallet| ledger::entry(store, wallet)).collect()
}

pub(super) fn get_wallet_list(call: &mut Reading<'_>, _: GetWalletList) -> Result<WalletList, Refusal> {
    reach::<GetWalletList>(call.store, call.caller, call.caller.upid)?;
    Ok(WalletList { wallets: entries(call.store, call.caller.upid)? })
}

pub(super) fn get_wallet_list_by_upid(
    call: &mut Reading<'_>,
    op: GetWalletListByUpid,
) -> Result<ProfileWalletList, Refusal> {
    reach::<GetWalletListByUpid>(call.store, call.caller, op.upid)?;
    let default_wallet = default_wallet(call.store, op.upid)?.waid;
    Ok(ProfileWalletList { default_wallet, wallets: entries(call.store, op.upid)? })
}

pub(super) fn get_wallet_transaction_list(
    call: &mut Reading<'_>,
    op: GetWalletTransactionList,
) -> Result<TransactionList, Refusal> {
    let wallet = wallet_for::<GetWalletTransactionList>(call.store, call.caller, op.waid)?;
    let filter = HistoryFilter {
        before: cursor(op.after.as_deref())?,
        reference: op.reference_id.as_deref(),
        from: op.from,
        to: op.to,
        limit: op.limit.unwrap_or(DEFAULT_PAGE) as usize,
    };
    let (transactions, next) = ledger::history(call.store, &wallet, &filter)?;
    Ok(TransactionList { transactions, next: next.map(|number| number.to_string()) })
}

/// The place in a list that the page before ended at.
pub(super) fn cursor(after: Option<&str>) -> Result<Option<i64>, Refusal> {
    let wrong = |_| Refusal::field("after", "must be the `next` of the page before");
    after.map(|text| text.parse::<i64>().map_err(wrong)).transpose()
}

pub(super) fn get_wallet_transaction_details(
    call: &mut Reading<'_>,
    op: GetWalletTransactionDetails,
) -> Result<TransactionDetails, Refusal> {
    ledger::details(call.store, call.caller, op.txid)
}

pub(super) fn wallet_transfer(call: &mut Writing<'_>, op: WalletTransfer) -> Result<Transferred, Refusal> {
    ledger::expect(call.store, op.source_waid, op.destination_waid, &op.currency);
    let source = wallet_for::<WalletTransfer>(call.store.reader(), call.caller, Some(op.source_waid))?;
    let destination = need_wallet(call.store.reader(), op.destination_waid)?;
    let description = op.description.clone().unwrap_or_default();
    if source.market.is_some() || destination.market.is_some() {
        let txid = trade(call, &source, &destination, &op, &description)?;
        call.made = Made { txid: Some(txid), prid: None };
        return Ok(Transferred { txid });
    }
    if op.bridge_currency.is_some() {
        return Err(Refusal::field("bridgecurrency", "is for transfers to and from trading wallets only"));
    }
    let txid = post(call, &source, &destination, (&op.currency, op.amount), TransactionType::Transfer, &description)?;
    Ok(Transferred { txid })
}

/// A transfer to, from or between trading wallets.
///
/// Into one, `currency` is what is debited and `bridgecurrency`, a bridge currency of it on the wallet's market, what is
/// credited. Out of one it is the other way round: `currency` is the bridge currency, or, as its code may be too long for
/// that field, `bridgecurrency` is it and `currency` its parent. Source: ambiguity A-108.
fn trade(
    call: &mut Writing<'_>,
    source: &ledger::Wallet,
    destination: &ledger::Wallet,
    op: &WalletTransfer,
    description: &str,
) -> Result<Txid, Refusal> {
    let named = need_currency(call.store.reader(), "currency", &op.currency)?;
    let bridge = match &op.bridge_currency {
        Some(code) => need_currency(call.store.reader(), "bridgecurrency", code)?,
        None if source.market.is_some() && named.bridge.is_some() => named.clone(),
        None => return Err(Refusal::field("bridgecurrency", "is required for a transfer to a trading wallet")),
    };
    let (Some(network), Some(parent)) = (bridge.bridge.clone(), bridge.parent.clone()) else {
        return Err(Refusal::field("bridgecurrency", "must be a bridge currency"));
    };
    if named.code != parent && named.code != bridge.code {
        return Err(Refusal::field("bridgecurrency", format!("must be a bridge currency of {}", named.code)));
    }
    for market in [&source.market, &destination.market].into_iter().flatten() {
        if *market != network {
            let reason = format!("must be one of {market}, the market of the trading wallet");
            return Err(Refusal::field("bridgecurrency", reason));
        }
    }
    let units = bridge.units("amount", op.amount)?;
    if source.market.is_some() && destination.market.is_some() {
        let leg = Leg { source, destination, currency: &bridge, units };
        let kind = TransactionType::Transfer;
        let new = NewTransaction { leg, kind, method: "internal", description, reference: call.reference };
        return ledger::post(call.store, new);
    }
    if destination.market.is_some() && named.code != parent {
        return Err(Refusal::field("currency", format!("must be {parent}, which the bridge currency is made of")));
    }
    let parent = need_currency(call.store.reader(), "currency", &parent)?;
    let (from, into) = if source.market.is_some() { (&bridge, &parent) } else { (&parent, &bridge) };
    let conversion = Conversion { source, destination, from, into, network: &network, units, description };
    ledger::convert(call.store, &conversion, call.reference)
}

pub(super) fn get_wallet_list_by_name(
    call: &mut Reading<'_>,
    op: GetWalletListByName,
) -> Result<NamedWalletList, Refusal> {
    let everybody = call.caller.has_any(GetWalletListByName::RIGHTS.any, Access::Read);
    reach::<GetWalletListByName>(call.store, call.caller, call.caller.upid)?;
    let owner = if everybody { None } else { Some(call.caller.upid) };
    let wallets = ledger::wallets_named(call.store, owner, &op.wallet_name)?;
    let shown = wallets.into_iter().map(|wallet| NamedWallet { wallet_name: wallet.name, waid: wallet.waid });
    Ok(NamedWalletList {
        default_wallet: identity::need_profile(call.store, call.caller.upid)?.wallet,
        wallets: shown.collect(),
    })
}

fn post(
    call: &mut Writing<'_>,
    source: &ledger::Wallet,
    destination: &ledger::Wallet,
    (code, amount): (&CurrencyCode, Amount),
    kind: TransactionType,
    description: &str,
) -> Result<Txid, Refusal> {
    let currency = need_currency(call.store.reader(), "currency", code)?;
    let units = currency.units("amount", amount)?;
    ledger::expect(call.store, source.waid, destination.waid, code);
    let leg = Leg { source, destination, currency: &currency, units };
    let new = NewTransaction { leg, kind, method: "internal", description, reference: call.reference };
    let txid = ledger::post(call.store, new)?;
    call.made = Made { txid: Some(txid), prid: None };
    Ok(txid)
}

/// The wallet at the other end of a credit, debit or hold: the given one, or the default one of the given user.
pub(super) fn other_end(
    call: &mut Writing<'_>,
    provider_user_id: Option<&str>,
    uuid: Option<Uuid>,
    waid: Option<Waid>,
) -> Result<ledger::Wallet, Refusal> {
    let store = call.store.reader();
    if let Some(waid) = waid {
        return need_wallet(store, waid);
    }
    let user = identity::need_user(store, call.caller.upid, Selector { provider_user_id, uuid })?;
    identity::need_active(&user.status, "The user")?;
    default_wallet(store, user.upid)
}

pub(super) fn credit_wallet(call: &mut Writing<'_>, op: CreditWallet) -> Result<Moved, Refusal> {
    let source = wallet_for::<CreditWallet>(call.store.reader(), call.caller, None)?;
    let destination = other_end(call, op.provider_user_id.as_deref(), op.uuid, op.waid)?;
    let description = op.description.unwrap_or_default();
    let txid = post(call, &source, &destination, (&op.currency, op.amount), TransactionType::Credit, &description)?;
    Ok(Moved { txid, waid: destination.waid })
}

pub(super) fn debit_wallet(call: &mut Writing<'_>, op: DebitWallet) -> Result<Moved, Refusal> {
    let source = other_end(call, op.provider_user_id.as_deref(), op.uuid, op.waid)?;
    reach::<DebitWallet>(call.store.reader(), call.caller, source.upid)?;
    let destination = default_wallet(call.store.reader(), call.caller.upid)?;
    let description = op.description.unwrap_or_default();
    let txid = post(call, &source, &destination, (&op.currency, op.amount), TransactionType::Debit, &description)?;
    Ok(Moved { txid, waid: source.waid })
}

/// How money came in when nobody says.
const BANK: &str = "bank";

pub(super) fn manual_deposit(call: &mut Writing<'_>, op: ManualDeposit) -> Result<Moved, Refusal> {
    let wallet = other_end(call, op.provider_user_id.as_deref(), op.uuid, op.waid)?;
    reach::<ManualDeposit>(call.store.reader(), call.caller, wallet.upid)?;
    let currency = need_currency(call.store.reader(), "currency", &op.currency)?;
    may_enter(call, &currency)?;
    let method = op.method.as_deref().unwrap_or(BANK);
    let new = NewDeposit {
        wallet: &wallet,
        currency: &currency,
        units: currency.units("amount", op.amount)?,
        method,
        network: method,
        description: op.description.as_deref().unwrap_or_default(),
        network_id: op.external_transaction_id.as_deref(),
        source: op.external_source_address.as_deref(),
        destination: None,
    };
    let txid = ledger::deposit(call.store, &new, call.reference)?;
    call.made = Made { txid: Some(txid), prid: None };
    Ok(Moved { txid, waid: wallet.waid })
}

/// Whether the caller may say that money of this currency came in. Of a currency that a profile issues, that profile and
/// those above it may; of the platform's own currencies only the platform: whoever else could would make money.
fn may_enter(call: &mut Writing<'_>, currency: &Currency) -> Result<(), Refusal> {
    match currency.issuer {
        Some(issuer) => reach::<ManualDeposit>(call.store.reader(), call.caller, issuer),
        None if call.caller.has_any(&[], Access::Write) => Ok(()),
        None if identity::need_profile(call.store.reader(), call.caller.upid)?.system => Ok(()),
        None => Err(Refusal::because(Code::FORBIDDEN, "Only the platform enters money of its own currencies")),
    }
}

pub(super) fn close_withdraw(call: &mut Writing<'_>, op: CloseWithdraw) -> Result<Transferred, Refusal> {
    let withdrawal = call.store.get::<Withdrawal>(op.txid)?.ok_or_else(Refusal::not_found)?;
    let wallet = need_wallet(call.store.reader(), withdrawal.waid)?;
    reach::<CloseWithdraw>(call.store.reader(), call.caller, wallet.upid)?;
    let result = OutsideResult {
        network_id: op.external_transaction_id.as_deref(),
        source: None,
        code: op.error_code,
        message: op.error_message.as_deref(),
        reference: call.reference,
    };
    let done = op.state == FinalState::Completed;
    let txid = order::close_by_hand(call.store, call.bridges, op.txid, done, result)?;
    call.made = Made { txid: Some(txid), prid: None };
    Ok(Transferred { txid })
}
