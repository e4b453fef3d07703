//! Payment requests.

use super::user::DEFAULT_PAGE;
use super::wallet::cursor;
use crate::exchange::{Reading, Writing};
use florin_domain::access::reach;
use florin_domain::ledger::need_wallet;
use florin_domain::payment::{self, Rules};
use florin_domain::reference::Made;
use florin_domain::{Refusal, settings};
use florin_sdk_core::operation::{
    AcceptPayment, CreatePaymentRequest, CreatedPaymentRequest, Done, GetPaymentStatus, GetPaymentTransactionList,
    Payment, PaymentList, RefusePayment, UpdateMerchantInfo,
};

pub(super) fn create_payment_request(
    call: &mut Writing<'_>,
    op: CreatePaymentRequest,
) -> Result<CreatedPaymentRequest, Refusal> {
    reach::<CreatePaymentRequest>(call.store.reader(), call.caller, call.caller.upid)?;
    if let Some(waid) = op.destination_waid {
        // Whoever names another wallet to be paid must at least be over it.
        let wallet = need_wallet(call.store.reader(), waid)?;
        if wallet.upid != call.caller.upid {
            reach::<CreatePaymentRequest>(call.store.reader(), call.caller, wallet.upid)?;
        }
    }
    let rules = Rules {
        expiry_minutes: call.settings.get(settings::PAYMENT_EXPIRY_MINUTES),
        charge_at_once: call.settings.get(settings::CHARGE_AT_ONCE),
    };
    let (answer, txid) = payment::create(call.store, call.caller, op, rules, call.reference)?;
    call.made = Made { txid, prid: Some(answer.prid) };
    Ok(answer)
}

pub(super) fn get_payment_status(call: &mut Reading<'_>, op: GetPaymentStatus) -> Result<Payment, Refusal> {
    let request = payment::visible(call.store, call.caller, op.prid)?;
    payment::describe(call.store, request)
}

pub(super) fn accept_payment(call: &mut Writing<'_>, op: AcceptPayment) -> Result<Done, Refusal> {
    let txid = payment::accept(call.store, call.caller, &op, call.reference)?;
    call.made = Made { txid: Some(txid), prid: Some(op.prid) };
    Ok(Done {})
}

pub(super) fn refuse_payment(call: &mut Writing<'_>, op: RefusePayment) -> Result<Done, Refusal> {
    payment::refuse(call.store, call.caller, op.prid)?;
    call.made = Made { txid: None, prid: Some(op.prid) };
    Ok(Done {})
}

pub(super) fn get_payment_transaction_list(
    call: &mut Reading<'_>,
    op: GetPaymentTransactionList,
) -> Result<PaymentList, Refusal> {
    let before = cursor(op.after.as_deref())?;
    let limit = op.limit.unwrap_or(DEFAULT_PAGE) as usize;
    let (payments, next) = payment::list(call.store, call.caller.upid, before, op.reference_id.as_deref(), limit)?;
    Ok(PaymentList { payments, next: next.map(|number| number.to_string()) })
}

pub(super) fn update_merchant_info(call: &mut Writing<'_>, op: UpdateMerchantInfo) -> Result<Done, Refusal> {
    reach::<UpdateMerchantInfo>(call.store.reader(), call.caller, call.caller.upid)?;
    payment::set_merchant(call.store, call.caller.upid, op)?;
    Ok(Done {})
}
