//! A request as answers and callbacks show it.

use super::request::{Kind, MomoRequest};
use crate::currency;
use crate::refusal::Refusal;
use crate::store::Reader;
use florin_sdk_core::code::Code;
use florin_sdk_core::momo::{ErrorReason, Party, PartyIdType, Status};
use florin_sdk_core::{Amount, JsonObject, Timestamp};
use serde_json::{Map, Value, json};

/// An amount without zeros at its end, as the contract's live platform writes it.
#[must_use]
pub fn plain(amount: Amount) -> String {
    amount.decimal().normalize().to_string()
}

/// A time as the contract writes it: `YYYY-MM-DDTHH:MM:SS`, in UTC.
#[must_use]
pub fn date_time(time: Timestamp) -> String {
    let text = time.to_string();
    text.get(..19).unwrap_or(&text).to_owned()
}

/// What GET answers for a request, and what its callback carries.
pub fn describe(store: &mut dyn Reader, request: &MomoRequest) -> Result<JsonObject, Refusal> {
    let amount = match request.currency {
        Some(number) if request.units > 0 => Some(currency::by_number(store, number)?.amount(request.units)?),
        _ => None,
    };
    let mut shown = match request.kind {
        Kind::Payment => Map::new(),
        _ => request.body.0.clone(),
    };
    if let Some(amount) = amount.filter(|_| request.kind != Kind::Payment) {
        shown.insert("amount".to_owned(), plain(amount).into());
    }
    match request.kind {
        Kind::PreApproval => {
            shown.remove("validityTime");
            put(&mut shown, "expirationDateTime", request.expires.filter(|_| is_done(request)).map(date_time));
        }
        Kind::Invoice => invoice(&mut shown, request),
        Kind::Payment => {
            shown.insert("referenceId".to_owned(), request.reference.to_string().into());
        }
        Kind::Refund => {
            shown.remove("referenceIdToRefund");
            let payee = request.party().filter(|party| party.party_id_type != PartyIdType::Alias);
            put(&mut shown, "payee", payee.map(|party| json!(party)));
        }
        Kind::CashTransfer => {
            // Misspelt in requests only (K27).
            if let Some(country) = shown.remove("orginatingCountry") {
                shown.insert("originatingCountry".to_owned(), country);
            }
        }
        _ => {}
    }
    let open_invoice = request.kind == Kind::Invoice && !request.status.is_final();
    let status = if open_invoice { &Status::Created } else { &request.status };
    shown.insert("status".to_owned(), status.as_str().into());
    if request.kind != Kind::Invoice {
        put(&mut shown, "financialTransactionId", request.txid.map(|txid| txid.number().to_string()));
    }
    reason(&mut shown, request)?;
    Ok(JsonObject(shown))
}

fn is_done(request: &MomoRequest) -> bool {
    request.status == Status::Successful
}

fn put(shown: &mut Map<String, Value>, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        shown.insert(name.to_owned(), value.into());
    }
}

/// A reason is a text, but for invoices and payments (K8).
fn reason(shown: &mut Map<String, Value>, request: &MomoRequest) -> Result<(), Refusal> {
    let Some(code) = &request.reason else { return Ok(()) };
    let name = if request.kind == Kind::Invoice { "errorReason" } else { "reason" };
    let object = matches!(request.kind, Kind::Invoice | Kind::Payment);
    let whole = ErrorReason { code: code.clone(), message: None };
    let value = if object { serde_json::to_value(whole) } else { Ok(code.as_str().into()) };
    shown.insert(name.to_owned(), value.map_err(|_| Refusal::new(Code::SYSTEM_ERROR))?);
    Ok(())
}

fn invoice(shown: &mut Map<String, Value>, request: &MomoRequest) {
    for name in ["validityDuration", "payee"] {
        shown.remove(name);
    }
    shown.insert("referenceId".to_owned(), request.reference.to_string().into());
    shown.insert("invoiceId".to_owned(), request.number.to_string().into());
    shown.insert("paymentReference".to_owned(), request.number.to_string().into());
    put(shown, "expiryDateTime", request.expires.map(date_time));
}

/// A financial resource identifier.
#[must_use]
pub fn fri(party: &Party) -> String {
    format!("FRI:{}/{}", party.canonical_id(), party.party_id_type.as_str())
}
