//! What is agreed in advance: pre-approvals, and consents to be read about; and taking invoices back.

use super::request::{self, Kind, MomoRequest, NewRequest};
use super::sandbox::Mode;
use super::token::{self, MomoToken, Purpose};
use super::user::MomoUser;
use super::{Denial, Verdict, settle};
use crate::identity::need_profile;
use crate::notify;
use crate::refusal::Refusal;
use crate::store::{Reader, Record, Writer};
use florin_sdk_core::momo::{Party, Product, ReasonCode, ReferenceId, Status};
use florin_sdk_core::{JsonObject, Secret, Upid};
use serde_json::json;

/// How long after a payment a message about it may be sent.
pub const NOTIFICATION_S: i64 = 86_400;

/// The pre-approvals in force that `party` gave to `owner`.
pub fn in_force(store: &mut dyn Reader, owner: Upid, party: &Party) -> Result<Vec<MomoRequest>, Refusal> {
    let now = store.now();
    let query = MomoRequest::query()
        .eq(MomoRequest::owner, owner)
        .eq(MomoRequest::kind, Kind::PreApproval)
        .eq(MomoRequest::party_kind, party.party_id_type.as_str())
        .eq(MomoRequest::party_id, party.canonical_id())
        .ascending(MomoRequest::number);
    let mut rows = store.list::<MomoRequest>(query)?;
    rows.retain(|row| {
        row.status == Status::Successful && row.noted.is_none() && row.expires.is_none_or(|expires| expires > now)
    });
    Ok(rows)
}

/// Whether the payer of a request agreed to it in advance.
pub(super) fn pre_approved(store: &mut dyn Reader, request: &MomoRequest) -> Result<bool, Refusal> {
    let Some(party) = request.party() else { return Ok(false) };
    let given = in_force(store, request.owner, &party)?;
    Ok(given.iter().any(|given| given.currency == request.currency))
}

/// Ends a pre-approval that is in force, named by the platform's number or by its reference (K21).
pub fn cancel_pre_approval(store: &mut dyn Writer, user: &MomoUser, id: &str) -> Result<(), Denial> {
    let by_number = match id.parse::<i64>() {
        Ok(number) => store.first::<MomoRequest>(MomoRequest::query().eq(MomoRequest::number, number))?,
        Err(_) => None,
    };
    let found = match (by_number, id.parse::<ReferenceId>()) {
        (Some(found), _) => found,
        (None, Ok(reference)) => request::need(store.reader(), user.upid, Kind::PreApproval, reference)?,
        (None, Err(_)) => return Err(Denial::not_found()),
    };
    let party = found.party().filter(|_| found.owner == user.upid && found.kind == Kind::PreApproval);
    let party = party.ok_or_else(Denial::not_found)?;
    if !in_force(store.reader(), user.upid, &party)?.iter().any(|given| given.number == found.number) {
        return Err(Denial::not_found());
    }
    let mut row = store.claim::<MomoRequest>((found.owner, found.reference))?.ok_or_else(Denial::not_found)?;
    row.noted = Some(store.now());
    Ok(store.update(&row)?)
}

/// Takes an invoice back that nobody has paid. `new` is the cancellation, which has a reference of its own.
pub fn cancel_invoice(
    store: &mut dyn Writer,
    user: &MomoUser,
    invoice: ReferenceId,
    new: NewRequest,
    mode: &Mode,
) -> Result<(), Denial> {
    let found = request::need(store.reader(), user.upid, Kind::Invoice, invoice)?;
    let mut row = request::accept(store, user, new, mode)?;
    let verdict = Verdict::Fail(Some(ReasonCode::TransactionCanceled));
    if !settle(store, found.owner, found.reference, &verdict, mode)? {
        return Err(Denial::because(ReasonCode::NotAllowed, "The invoice is paid, over or cancelled already."));
    }
    // Its callback tells of the invoice.
    let after = request::need(store.reader(), user.upid, Kind::Invoice, invoice)?;
    let told = MomoRequest {
        callback_url: row.callback_url.clone(),
        callback_method: row.callback_method,
        api_user: row.api_user,
        ..after
    };
    row.callback = super::callback::queue(store, &told)?;
    row.status = Status::Successful;
    row.due = None;
    row.closed = Some(store.now());
    store.claim::<MomoRequest>((row.owner, row.reference))?;
    Ok(store.update(&row)?)
}

/// Sends a message to who paid a request to pay: once, and not too late.
pub fn deliver(store: &mut dyn Writer, user: &MomoUser, reference: ReferenceId, message: &str) -> Result<(), Denial> {
    let found = request::need(store.reader(), user.upid, Kind::RequestToPay, reference)?;
    if found.status != Status::Successful {
        let message = "The request to pay is not successfully completed.";
        return Err(Denial::because(ReasonCode::NotSuccessfullyCompleted, message));
    }
    if found.noted.is_some() {
        return Err(Denial::SentBefore);
    }
    if found.closed.is_none_or(|closed| closed.plus_seconds(NOTIFICATION_S) < store.now()) {
        return Err(Denial::TooLate);
    }
    let mut row = store.claim::<MomoRequest>((found.owner, found.reference))?.ok_or_else(Denial::not_found)?;
    row.noted = Some(store.now());
    store.update(&row)?;
    let payer = super::party::find(store.reader(), user.upid, &found.party().ok_or_else(Denial::not_found)?)?;
    if let Some(payer) = payer {
        let profile = need_profile(store.reader(), payer.upid)?;
        let payload = json!({ "message": message, "prid": found.prid, "referenceid": reference });
        if let serde_json::Value::Object(payload) = payload {
            notify::happened(store, &profile, "momo.delivery", JsonObject(payload))?;
        }
    }
    Ok(())
}

/// The tokens of a consent.
#[derive(Debug)]
pub struct Granted {
    /// For reading.
    pub access: Secret,
    /// For the next token; offline only.
    pub refresh: Option<Secret>,
    /// To what.
    pub scope: String,
}

/// The tokens of a consent that was given.
pub fn grant(store: &mut dyn Writer, user: &MomoUser, product: Product, consent: &str) -> Result<Granted, Denial> {
    let wrong = Denial::Grant("invalid_grant");
    let reference: ReferenceId = consent.parse().map_err(|_| wrong.clone())?;
    let row = request::need(store.reader(), user.upid, Kind::Consent, reference).map_err(|_| wrong)?;
    tokens(store, user, product, &row)
}

fn tokens(store: &mut dyn Writer, user: &MomoUser, product: Product, consent: &MomoRequest) -> Result<Granted, Denial> {
    match consent.status {
        Status::Successful => {}
        Status::Failed if consent.reason == Some(ReasonCode::Expired) => return Err(Denial::Grant("expired_token")),
        Status::Failed => return Err(Denial::Grant("access_denied")),
        _ => return Err(Denial::Grant("authorization_pending")),
    }
    if consent.expires.is_some_and(|expires| expires <= store.now()) {
        return Err(Denial::Grant("expired_token"));
    }
    let text = |name: &str| consent.body.0.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    let of = Some(consent.reference);
    let access = token::issue(store, user.id, product, Purpose::Consent, of)?;
    let refresh = match text("access_type").as_str() {
        "offline" => Some(token::issue(store, user.id, product, Purpose::Refresh, of)?),
        _ => None,
    };
    Ok(Granted { access, refresh, scope: text("scope") })
}

/// The next tokens of a consent, for a refresh token.
pub fn refresh(
    store: &mut dyn Writer,
    user: &MomoUser,
    token: &MomoToken,
    product: Product,
    mode: &Mode,
) -> Result<Granted, Denial> {
    let consent = of_token(store.reader(), user, token, mode)?;
    tokens(store, user, product, &consent)
}

/// The consent that a token is of.
pub fn of_token(
    store: &mut dyn Reader,
    user: &MomoUser,
    token: &MomoToken,
    mode: &Mode,
) -> Result<MomoRequest, Denial> {
    let reference = token.consent.ok_or(Denial::Token)?;
    let row = request::need(store, user.upid, Kind::Consent, reference).map_err(|_| Denial::Token)?;
    let party = row.party_id.as_deref().unwrap_or_default();
    match mode {
        Mode::Sandbox(settings) if token.purpose == Purpose::Refresh && settings.flaw(party).is_some() => {
            Err(Denial::Grant("expired_token"))
        }
        _ => Ok(row),
    }
}
