//! What becomes of a request: it is carried out or it fails, once.

use super::callback;
use super::request::{Kind, MomoRequest, Plan, need};
use super::sandbox::{self, Mode};
use super::user::MomoUser;
use super::{party, request};
use crate::currency::{self, Currency};
use crate::identity::{self, default_wallet};
use crate::ledger::{self, Leg, NewTransaction, Wallet};
use crate::payment;
use crate::reference::{self, Identity, Made};
use crate::refusal::Refusal;
use crate::store::{Reader, Record, Writer};
use florin_sdk_core::code::Code;
use florin_sdk_core::model::TransactionType;
use florin_sdk_core::momo::{ReasonCode, ReferenceId, Status};
use florin_sdk_core::{JsonObject, Prid, Timestamp, Txid, Upid};
use serde_json::json;

/// What is to become of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// What the clock says, if it is due.
    AsPlanned,
    /// The payer said yes: it is carried out.
    Approve,
    /// It fails, for a reason if there is one.
    Fail(Option<ReasonCode>),
}

/// How long a request that could not be settled for our own fault waits until it is tried again.
const AGAIN_S: i64 = 5;

/// Settles a request; false if it is settled already, or not due.
///
/// # Errors
/// Storage's only: nothing was written, and it can be tried again.
pub fn settle(
    store: &mut dyn Writer,
    owner: Upid,
    reference: ReferenceId,
    verdict: &Verdict,
    mode: &Mode,
) -> Result<bool, Refusal> {
    let Some(request) = store.claim::<MomoRequest>((owner, reference))? else { return Ok(false) };
    if request.status.is_final() {
        return Ok(false);
    }
    let succeed = match (verdict, &request.plan) {
        (Verdict::AsPlanned, _) if request.due.is_none_or(|due| due > store.now()) => return Ok(false),
        (Verdict::Approve, _) | (Verdict::AsPlanned, Plan::Succeed) => Ok(()),
        (Verdict::Fail(reason), _) | (Verdict::AsPlanned, Plan::Fail(reason)) => Err(reason.clone()),
    };
    let outcome = match succeed {
        Ok(()) => carry_out(store, &request, mode)?.map_err(Some),
        Err(reason) => Err(reason),
    };
    if let (Err(_), Some(prid)) = (&outcome, request.prid) {
        payment::withdraw(store, prid)?;
    }
    finish(store, request, outcome)?;
    Ok(true)
}

/// Writes that a request could not be settled for our own fault: others come first now.
pub fn postpone(store: &mut dyn Writer, owner: Upid, reference: ReferenceId) -> Result<(), Refusal> {
    let found = store.claim::<MomoRequest>((owner, reference))?;
    if let Some(mut request) = found.filter(|request| !request.status.is_final()) {
        request.due = Some(store.now().plus_seconds(AGAIN_S));
        store.update(&request)?;
    }
    Ok(())
}

/// What there is to settle.
#[derive(Debug, Default)]
pub struct Due {
    /// The requests that are due, the longest ago first.
    pub requests: Vec<(Upid, ReferenceId)>,
    /// When the next one will be; none if there is none, or if there may be more of those.
    pub next: Option<Timestamp>,
}

/// The requests that are due, at most so many.
pub fn due(store: &mut dyn Reader, limit: usize) -> Result<Due, Refusal> {
    let now = store.now();
    let end = Timestamp::from_millis(Timestamp::MAX_MILLIS);
    let query = MomoRequest::query().less(MomoRequest::due, end).ascending(MomoRequest::due).limit(limit);
    let mut found = Due::default();
    for request in store.list::<MomoRequest>(query)? {
        if request.due.is_some_and(|due| due > now) {
            found.next = request.due;
            break;
        }
        found.requests.push((request.owner, request.reference));
    }
    Ok(found)
}

/// The payer has decided about a payment request in their own list.
pub(crate) fn payer_decided(store: &mut dyn Writer, prid: Prid, paid: Option<Txid>) -> Result<(), Refusal> {
    let query = MomoRequest::query().eq(MomoRequest::prid, prid);
    let Some(found) = store.first::<MomoRequest>(query)? else { return Ok(()) };
    let request = store.claim::<MomoRequest>((found.owner, found.reference))?.ok_or_else(Refusal::not_found)?;
    if request.status.is_final() {
        return Ok(());
    }
    finish(store, request, paid.map(Some).ok_or(Some(ReasonCode::ApprovalRejected)))
}

/// Writes the outcome and has those told who asked to be.
fn finish(
    store: &mut dyn Writer,
    mut request: MomoRequest,
    outcome: Result<Option<Txid>, Option<ReasonCode>>,
) -> Result<(), Refusal> {
    let now = store.now();
    match outcome {
        Ok(txid) => {
            request.status = Status::Successful;
            request.txid = txid;
            if matches!(request.kind, Kind::PreApproval | Kind::Consent) {
                // What was agreed begins to count now.
                let lasts = request.expires.map(|expires| expires.millis().saturating_sub(request.created.millis()));
                request.expires = lasts.map(|lasts| Timestamp::from_millis(now.millis().saturating_add(lasts)));
            }
        }
        Err(reason) => {
            request.status = Status::Failed;
            request.reason = reason;
        }
    }
    request.due = None;
    request.closed = Some(now);
    request.callback = callback::queue(store, &request)?;
    callback::queue_twin(store, &request)?;
    Ok(store.update(&request)?)
}

/// Does what a request asks for: the transaction if money moved, or why that is not to be.
fn carry_out(
    store: &mut dyn Writer,
    request: &MomoRequest,
    mode: &Mode,
) -> Result<Result<Option<Txid>, ReasonCode>, Refusal> {
    if !request.kind.is_pull() && !request.kind.is_push() {
        return Ok(Ok(None));
    }
    let identity = Identity {
        owner: request.owner,
        operation: request.kind.operation(),
        target: String::new(),
        reference: request.reference.to_string(),
        fingerprint: reference::fingerprint(
            request.kind.operation(),
            &serde_json::Value::Object(request.body.0.clone()),
        ),
    };
    // Under its client reference, as all money moves: once, whatever becomes of the row above it.
    let decided = reference::once(store, &identity, |store| {
        let txid = move_money(store, request, mode)?;
        let answer = json!({ "txid": txid, "financialTransactionId": txid.number().to_string() });
        let serde_json::Value::Object(answer) = answer else { return Err(Refusal::new(Code::SYSTEM_ERROR)) };
        Ok((JsonObject(answer), Made { txid: Some(txid), prid: request.prid }))
    });
    match decided {
        Ok(decided) => {
            let txid = decided.answer.0.get("txid").and_then(|txid| txid.as_str()?.parse().ok());
            Ok(Ok(txid))
        }
        Err(refused) => match refused.refusal.code {
            // Our own fault, or nobody's: later.
            Code::SYSTEM_ERROR | Code::TOO_BUSY => Err(refused.refusal),
            code => Ok(Err(reason_of(code, request.kind))),
        },
    }
}

/// What the contract calls a refusal of the books.
fn reason_of(code: Code, kind: Kind) -> ReasonCode {
    match code {
        Code::INSUFFICIENT_FUNDS => ReasonCode::NotEnoughFunds,
        Code::INACTIVE if kind.is_pull() => ReasonCode::SenderAccountNotActive,
        Code::INACTIVE => ReasonCode::PayeeNotAllowedToReceive,
        Code::NOT_FOUND if kind == Kind::Refund => ReasonCode::TransactionNotFound,
        Code::NOT_FOUND => ReasonCode::PayeeNotFound,
        Code::LIMIT_EXCEEDED if kind == Kind::Refund => ReasonCode::NotAllowed,
        Code::LIMIT_EXCEEDED => ReasonCode::PayeeLimitReached,
        _ => ReasonCode::CouldNotPerformTransaction,
    }
}

fn move_money(store: &mut dyn Writer, request: &MomoRequest, mode: &Mode) -> Result<Txid, Refusal> {
    let currency = currency::by_number(store.reader(), request.currency.ok_or_else(Refusal::not_found)?)?;
    identity::need_active(&currency.status, "The currency")?;
    let reference = request.reference.to_string();
    if request.kind.is_pull() {
        let prid = request.prid.ok_or_else(Refusal::not_found)?;
        if mode.is_sandbox() {
            let root = root_of(store.reader(), request)?;
            let payer = payment::source(store.reader(), prid)?;
            sandbox::top_up(store, root, &payer, &currency, request.units)?;
        }
        return payment::pay(store, prid, &reference);
    }
    let source = default_wallet(store.reader(), request.owner)?;
    if request.kind == Kind::Refund {
        match original(store.reader(), request, mode) {
            Ok(original) => return refund(store, request, &original, &source, &currency),
            // What a test value stands for.
            Err(missing) if missing.code == Code::NOT_FOUND && request.party_id.is_some() => {}
            Err(refusal) => return Err(refusal),
        }
    }
    let party = request.party().ok_or_else(Refusal::not_found)?;
    let destination = party::wallet(store.reader(), request.owner, &party)?.ok_or_else(Refusal::not_found)?;
    let leg = Leg { source: &source, destination: &destination, currency: &currency, units: request.units };
    let description = format!("MoMo {} {reference}", request.kind.as_str());
    let kind = TransactionType::Transfer;
    let reference = Some(reference.as_str());
    ledger::post(store, NewTransaction { leg, kind, method: "internal", description: &description, reference })
}

fn root_of(store: &mut dyn Reader, request: &MomoRequest) -> Result<Upid, Refusal> {
    Ok(store.get::<MomoUser>(request.api_user)?.ok_or_else(Refusal::not_found)?.root)
}

/// Pays a request to pay back: never more than it moved.
fn refund(
    store: &mut dyn Writer,
    request: &MomoRequest,
    original: &MomoRequest,
    source: &Wallet,
    currency: &Currency,
) -> Result<Txid, Refusal> {
    if original.currency != Some(currency.number) {
        return Err(Refusal::because(Code::LIMIT_EXCEEDED, "A refund is in the currency of what it pays back"));
    }
    let txid = original.txid.ok_or_else(Refusal::not_found)?;
    ledger::pay_back(store, txid, source, Some(request.units), Some(&request.reference.to_string()))
}

/// The request to pay that a refund names: the owner's, or in a sandbox anybody's.
pub(super) fn original(store: &mut dyn Reader, refund: &MomoRequest, mode: &Mode) -> Result<MomoRequest, Refusal> {
    let named = refund.body.0.get("referenceIdToRefund").and_then(|text| text.as_str()?.parse::<ReferenceId>().ok());
    let named = named.ok_or_else(Refusal::not_found)?;
    let own = need(store, refund.owner, Kind::RequestToPay, named).ok();
    let other = match (own, mode) {
        (Some(own), _) => return Ok(own),
        (None, Mode::Production) => None,
        (None, Mode::Sandbox(_)) => {
            let root = root_of(store, refund)?;
            request::of_anybody(store, root, named)?
        }
    };
    other.ok_or_else(Refusal::not_found)
}
