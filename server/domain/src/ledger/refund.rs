//! Refunds: a transaction is paid back, in whole or in part, never more than it moved.

use super::post::{Heading, Leg, Transaction, transfer};
use super::wallet::{Wallet, need_wallet};
use crate::access::{Caller, reach};
use crate::currency;
use crate::identity;
use crate::payment;
use crate::refusal::Refusal;
use crate::store::{Writer, record};
use florin_sdk_core::Txid;
use florin_sdk_core::code::Code;
use florin_sdk_core::model::TransactionType;
use florin_sdk_core::operation::RefundTransaction;

record! {
    /// How much of a transaction was paid back.
    Refunded in "refunded" key {
        /// The transaction.
        txid: Txid,
    } {
        /// How much, in all its refunds together.
        units: i128,
    }
}

/// Whether transactions of this kind moved money from one holder to another, and so can be paid back. A refund itself
/// cannot: whoever wants to undo one pays again.
pub(super) const fn is_refundable(kind: &TransactionType) -> bool {
    matches!(
        kind,
        TransactionType::Transfer
            | TransactionType::Payment
            | TransactionType::Credit
            | TransactionType::Debit
            | TransactionType::Capture
    )
}

/// Pays a transaction back: from the wallet that received it, which the caller must reach, to the one that paid.
pub fn refund(
    store: &mut dyn Writer,
    caller: &Caller,
    refund: &RefundTransaction,
    reference: Option<&str>,
) -> Result<Txid, Refusal> {
    let original = store.get::<Transaction>(refund.txid)?.ok_or_else(Refusal::not_found)?;
    // Of a hold there is one wallet. Who does not reach it must not learn even what kind of transaction it is.
    let reached = original.destination.or(original.source).ok_or_else(Refusal::not_found)?;
    let reached = store.get::<Wallet>(reached)?.ok_or_else(Refusal::not_found)?;
    reach::<RefundTransaction>(store.reader(), caller, reached.upid)?;
    let units = match refund.amount {
        Some(amount) => Some(currency::by_number(store.reader(), original.currency)?.units("amount", amount)?),
        None => None,
    };
    pay_back(store, original.txid, &reached, units, reference)
}

/// Pays a transaction back out of a wallet, all that is left of it or so much.
pub(crate) fn pay_back(
    store: &mut dyn Writer,
    txid: Txid,
    from: &Wallet,
    units: Option<i128>,
    reference: Option<&str>,
) -> Result<Txid, Refusal> {
    let original = store.get::<Transaction>(txid)?.ok_or_else(Refusal::not_found)?;
    let (Some(payer), Some(_), true) = (original.source, original.destination, is_refundable(&original.kind)) else {
        let reason = format!("must be a transfer, payment, credit, debit or capture: this is a {}", original.kind);
        return Err(Refusal::field("txid", reason));
    };
    let currency = currency::by_number(store.reader(), original.currency)?;
    identity::need_active(&currency.status, "The currency")?;
    let before = store.claim::<Refunded>(original.txid)?;
    let done = before.as_ref().map_or(0, |before| before.units);
    let rest = original.units.saturating_sub(done);
    let units = units.unwrap_or(rest);
    if units > rest || rest <= 0 {
        let rest = currency.amount(rest.max(0))?;
        let reason = format!("Of this transaction {rest} {} can still be refunded", currency.code);
        return Err(Refusal::because(Code::LIMIT_EXCEEDED, reason));
    }
    let payer = need_wallet(store.reader(), payer)?;
    let from = need_wallet(store.reader(), from.waid)?;
    if payer.market != from.market {
        return Err(Refusal::field("txid", "went into a trading wallet or out of one: transfer it the other way"));
    }
    let description = format!("Refund of {}", original.txid);
    let heading = Heading {
        description: &description,
        reference,
        original: Some(original.txid),
        ..Heading::new(TransactionType::Refund)
    };
    let leg = Leg { source: &from, destination: &payer, currency: &currency, units };
    let txid = transfer(store, &leg, &heading)?;
    let refunded = Refunded { txid: original.txid, units: done.saturating_add(units) };
    match before {
        Some(_) => store.update(&refunded)?,
        None => store.insert(&refunded)?,
    }
    if original.kind == TransactionType::Payment {
        payment::refunded(store, &original, refunded.units)?;
    }
    Ok(txid)
}
