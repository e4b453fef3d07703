//! Holds and refunds.

use super::wallet::other_end;
use crate::exchange::Writing;
use florin_domain::Refusal;
use florin_domain::access::reach;
use florin_domain::currency::need_currency;
use florin_domain::ledger::{self, NewHold};
use florin_domain::reference::Made;
use florin_sdk_core::Txid;
use florin_sdk_core::operation::{CaptureHold, PlaceHold, PlacedHold, RefundTransaction, ReleaseHold, Transferred};

/// Notes the transaction that was made, and answers it.
fn made(call: &mut Writing<'_>, txid: Txid) -> Transferred {
    call.made = Made { txid: Some(txid), prid: None };
    Transferred { txid }
}

pub(super) fn place_hold(call: &mut Writing<'_>, op: PlaceHold) -> Result<PlacedHold, Refusal> {
    let wallet = other_end(call, op.provider_user_id.as_deref(), op.uuid, op.waid)?;
    reach::<PlaceHold>(call.store.reader(), call.caller, wallet.upid)?;
    let currency = need_currency(call.store.reader(), "currency", &op.currency)?;
    let units = currency.units("amount", op.amount)?;
    let seconds = op.expires_in_seconds.unwrap_or(ledger::LIFETIME_S);
    let new = NewHold { wallet: &wallet, currency: &currency, units, seconds, creator: call.caller.upid };
    let hold = ledger::place_hold(call.store, new, call.reference)?;
    made(call, hold.placed);
    Ok(PlacedHold { hoid: hold.hoid, txid: hold.placed })
}

pub(super) fn capture_hold(call: &mut Writing<'_>, op: CaptureHold) -> Result<Transferred, Refusal> {
    let txid = ledger::capture_hold(call.store, call.caller, &op, call.reference)?;
    Ok(made(call, txid))
}

pub(super) fn release_hold(call: &mut Writing<'_>, op: ReleaseHold) -> Result<Transferred, Refusal> {
    let txid = ledger::release_hold(call.store, call.caller, op.hoid, call.reference)?;
    Ok(made(call, txid))
}

pub(super) fn refund_transaction(call: &mut Writing<'_>, op: RefundTransaction) -> Result<Transferred, Refusal> {
    let txid = ledger::refund(call.store, call.caller, &op, call.reference)?;
    Ok(made(call, txid))
}
