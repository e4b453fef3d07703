//! Requests to pay, transfers and the like: each is accepted and settled later, and asked about by its reference.

use super::asked::Asked;
use florin_domain::Refusal;
use florin_domain::momo::{Denial, Kind, NewRequest, consent, request, view};
use florin_domain::store::{Reader, Writer};
use florin_sdk_core::code::Code;
use florin_sdk_core::momo::{
    ByReference, CallbackMethod, CancelInvoice, CashTransfer, CashTransferResult, CreateInvoice, CreatePayment,
    DeliveryNotification, Empty, InvoiceResult, NoPath, Party, PartyIdType, PaymentResult, ReferenceId, Refund,
    RefundResult, RequestToPay, RequestToPayResult, Transfer, TransferResult,
};
use florin_sdk_core::{Amount, JsonObject};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A request of this kind, with what all have.
pub(super) fn new(asked: &Asked, kind: Kind, body: &impl Serialize) -> Result<NewRequest, Denial> {
    new_under(asked, asked.reference()?, kind, body)
}

/// The same, under a reference that did not come with it.
pub(super) fn new_under(
    asked: &Asked,
    reference: ReferenceId,
    kind: Kind,
    body: &impl Serialize,
) -> Result<NewRequest, Denial> {
    let Ok(Value::Object(body)) = serde_json::to_value(body) else {
        return Err(Refusal::new(Code::SYSTEM_ERROR).into());
    };
    Ok(NewRequest {
        reference,
        kind,
        product: asked.product,
        party: None,
        currency: None,
        amount: None,
        test_value: None,
        lasts_s: None,
        body: JsonObject(body),
        callback: asked.callback.clone(),
        callback_method: asked.spec.callback.unwrap_or(CallbackMethod::Put),
    })
}

/// The same, about money of a party.
fn money(new: NewRequest, party: Option<Party>, currency: &str, amount: Amount) -> NewRequest {
    NewRequest { party, currency: Some(currency.to_owned()), amount: Some(amount), ..new }
}

pub(super) fn accept(store: &mut dyn Writer, asked: &Asked, new: NewRequest) -> Result<Empty, Denial> {
    request::accept(store, asked.user()?, new, &asked.mode)?;
    Ok(Empty {})
}

/// What became of a request of this kind. Only the store is asked.
pub(super) fn result<T: DeserializeOwned>(
    store: &mut dyn Reader,
    asked: &Asked,
    kind: Kind,
    path: ByReference,
) -> Result<T, Denial> {
    let request = request::need(store, asked.user()?.upid, kind, path.reference_id)?;
    let shown = view::describe(store, &request)?;
    // From text, as the contract's types read numbers and texts alike.
    serde_json::from_str(&shown.to_string()).map_err(|error| {
        tracing::error!(kind = kind.as_str(), %error, "a stored request is not what it was");
        Refusal::new(Code::SYSTEM_ERROR).into()
    })
}

fn pull(store: &mut dyn Writer, asked: &Asked, kind: Kind, body: RequestToPay) -> Result<Empty, Denial> {
    let new = new(asked, kind, &body)?;
    accept(store, asked, money(new, Some(body.payer), &body.currency, body.amount))
}

fn push(store: &mut dyn Writer, asked: &Asked, kind: Kind, body: Transfer) -> Result<Empty, Denial> {
    let new = new(asked, kind, &body)?;
    accept(store, asked, money(new, Some(body.payee), &body.currency, body.amount))
}

pub(super) fn request_to_pay(
    store: &mut dyn Writer,
    asked: &Asked,
    _: NoPath,
    body: RequestToPay,
) -> Result<Empty, Denial> {
    pull(store, asked, Kind::RequestToPay, body)
}

pub(super) fn request_to_withdraw(
    store: &mut dyn Writer,
    asked: &Asked,
    _: NoPath,
    body: RequestToPay,
) -> Result<Empty, Denial> {
    pull(store, asked, Kind::RequestToWithdraw, body)
}

pub(super) fn transfer(store: &mut dyn Writer, asked: &Asked, _: NoPath, body: Transfer) -> Result<Empty, Denial> {
    push(store, asked, Kind::Transfer, body)
}

pub(super) fn deposit(store: &mut dyn Writer, asked: &Asked, _: NoPath, body: Transfer) -> Result<Empty, Denial> {
    push(store, asked, Kind::Deposit, body)
}

pub(super) fn refund(store: &mut dyn Writer, asked: &Asked, _: NoPath, body: Refund) -> Result<Empty, Denial> {
    let new = new(asked, Kind::Refund, &body)?;
    let new = money(new, None, &body.currency, body.amount);
    accept(store, asked, NewRequest { test_value: Some(body.reference_id_to_refund), ..new })
}

pub(super) fn cash_transfer(
    store: &mut dyn Writer,
    asked: &Asked,
    _: NoPath,
    body: CashTransfer,
) -> Result<Empty, Denial> {
    let new = new(asked, Kind::CashTransfer, &body)?;
    let new = money(new, Some(body.payee), &body.currency, body.amount);
    accept(store, asked, NewRequest { test_value: Some(body.external_id), ..new })
}

pub(super) fn create_payment(
    store: &mut dyn Writer,
    asked: &Asked,
    _: NoPath,
    body: CreatePayment,
) -> Result<Empty, Denial> {
    let new = new(asked, Kind::Payment, &body)?;
    let provider =
        Party { party_id_type: PartyIdType::Alias, party_id: body.service_provider_user_name.as_str().into() };
    let new = money(new, Some(provider), &body.money.currency, body.money.amount);
    accept(store, asked, NewRequest { test_value: Some(view::plain(body.money.amount)), ..new })
}

pub(super) fn create_invoice(
    store: &mut dyn Writer,
    asked: &Asked,
    _: NoPath,
    body: CreateInvoice,
) -> Result<Empty, Denial> {
    let new = new(asked, Kind::Invoice, &body)?;
    let lasts_s = body.validity_duration.parse().ok();
    let new = money(new, Some(body.intended_payer), &body.currency, body.amount);
    accept(store, asked, NewRequest { lasts_s, ..new })
}

pub(super) fn cancel_invoice(
    store: &mut dyn Writer,
    asked: &Asked,
    path: ByReference,
    body: CancelInvoice,
) -> Result<CancelInvoice, Denial> {
    let new = new(asked, Kind::CancelInvoice, &body)?;
    consent::cancel_invoice(store, asked.user()?, path.reference_id, new, &asked.mode)?;
    Ok(body)
}

pub(super) fn deliver(
    store: &mut dyn Writer,
    asked: &Asked,
    path: ByReference,
    body: DeliveryNotification,
) -> Result<Empty, Denial> {
    consent::deliver(store, asked.user()?, path.reference_id, &body.notification_message)?;
    Ok(Empty {})
}

macro_rules! results {
    ($($name:ident $kind:ident -> $answer:ty;)+) => {$(
        pub(super) fn $name(store: &mut dyn Reader, asked: &Asked, path: ByReference) -> Result<$answer, Denial> {
            result(store, asked, Kind::$kind, path)
        }
    )+};
}

results! {
    get_request_to_pay RequestToPay -> RequestToPayResult;
    get_request_to_withdraw RequestToWithdraw -> RequestToPayResult;
    get_transfer Transfer -> TransferResult;
    get_deposit Deposit -> TransferResult;
    get_refund Refund -> RefundResult;
    get_cash_transfer CashTransfer -> CashTransferResult;
    get_payment Payment -> PaymentResult;
    get_invoice Invoice -> InvoiceResult;
}
