//! Requests to pay, transfers and the like: accepting them, and finding them again.

use super::callback::Method;
use super::sandbox::{self, Mode, Outcome};
use super::user::MomoUser;
use super::words::words;
use super::{Denial, consent, party, settle};
use crate::currency::Currency;
use crate::ledger::Wallet;
use crate::payment::{self, NewPayment};
use crate::refusal::Refusal;
use crate::store::{Reader, Record, Writer, record};
use florin_sdk_core::model::Status as Activity;
use florin_sdk_core::momo::{Party, PartyIdType, Product, ReasonCode, ReferenceId, Status};
use florin_sdk_core::{Amount, JsonObject, Prid, Timestamp, Txid, Upid};

/// How long a payer may take to approve.
pub const APPROVAL_S: i64 = 300;

words! {
    /// What a request asks for.
    Kind {
        /// A payer pays the API user.
        RequestToPay = "requesttopay",
        /// The same, in cash on the payer's side.
        RequestToWithdraw = "requesttowithdraw",
        /// A payer agrees to later requests to pay.
        PreApproval = "preapproval",
        /// A payer pays a bill.
        Invoice = "invoice",
        /// A bill is taken back.
        CancelInvoice = "cancelinvoice",
        /// The API user pays a service provider.
        Payment = "payment",
        /// The API user pays a payee.
        Transfer = "transfer",
        /// The same, in cash on the payee's side.
        Deposit = "deposit",
        /// The API user pays a request to pay back.
        Refund = "refund",
        /// The API user pays a payee abroad.
        CashTransfer = "cashtransfer",
        /// An account holder lets the API user read about them.
        Consent = "consent",
    }
}

impl Kind {
    /// Whether the party pays, and so is asked first.
    #[must_use]
    pub const fn is_pull(self) -> bool {
        matches!(self, Self::RequestToPay | Self::RequestToWithdraw | Self::Invoice)
    }

    /// Whether money of the API user's own wallet moves.
    #[must_use]
    pub const fn is_push(self) -> bool {
        matches!(self, Self::Payment | Self::Transfer | Self::Deposit | Self::Refund | Self::CashTransfer)
    }

    /// Under which name its client reference is kept.
    #[must_use]
    pub const fn operation(self) -> &'static str {
        match self {
            Self::RequestToPay => "MomoRequestToPay",
            Self::RequestToWithdraw => "MomoRequestToWithdraw",
            Self::PreApproval => "MomoPreApproval",
            Self::Invoice => "MomoInvoice",
            Self::CancelInvoice => "MomoCancelInvoice",
            Self::Payment => "MomoPayment",
            Self::Transfer => "MomoTransfer",
            Self::Deposit => "MomoDeposit",
            Self::Refund => "MomoRefund",
            Self::CashTransfer => "MomoCashTransfer",
            Self::Consent => "MomoConsent",
        }
    }
}

record! {
    /// A request that was accepted, and what became of it.
    MomoRequest in "momo_request" key {
        /// The profile that the API user acts for.
        owner: Upid,
        /// The reference: unique over all kinds.
        reference: ReferenceId,
    } {
        /// Later ones are greater.
        number: i64,
        /// The API user.
        api_user: ReferenceId,
        /// What it asks for.
        kind: Kind,
        /// The product that it came through.
        product: Product,
        /// Who pays or is paid: what their id is.
        party_kind: Option<String>,
        /// Who pays or is paid.
        party_id: Option<String>,
        /// The currency.
        currency: Option<u32>,
        /// How much.
        units: i128,
        /// The request as it was read.
        body: JsonObject,
        /// Where it stands.
        status: Status,
        /// Why it failed.
        reason: Option<ReasonCode>,
        /// The payment request that the payer sees.
        prid: Option<Prid>,
        /// The transaction that moved the money.
        txid: Option<Txid>,
        /// What the clock makes of it: success, or failure for this reason.
        plan: Plan,
        /// When the clock does that; none when it is settled.
        due: Option<Timestamp>,
        /// When what was agreed ends: of a pre-approval, an invoice, a consent.
        expires: Option<Timestamp>,
        /// Where to send the callback.
        callback_url: Option<String>,
        /// With which method.
        callback_method: Method,
        /// The event that carries the callback.
        callback: Option<i64>,
        /// When the payer was notified of the delivery; when a pre-approval was cancelled.
        noted: Option<Timestamp>,
        /// When it was accepted.
        created: Timestamp,
        /// When it was settled.
        closed: Option<Timestamp>,
    }
}

/// What the clock makes of a request when it is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// It is carried out.
    Succeed,
    /// It fails, for a reason if there is one.
    Fail(Option<ReasonCode>),
}

impl crate::store::IntoValue for Plan {
    fn value(&self) -> crate::store::Value {
        let text = match self {
            Self::Succeed => Status::Successful.as_str().to_owned(),
            Self::Fail(None) => Status::Failed.as_str().to_owned(),
            Self::Fail(Some(reason)) => format!("{} {}", Status::Failed.as_str(), reason.as_str()),
        };
        crate::store::Value::Text(text)
    }
}

impl crate::store::FromValue for Plan {
    const KIND: crate::store::Kind = crate::store::Kind::Text;

    fn from_value(value: crate::store::Value) -> Result<Self, String> {
        let text = String::from_value(value)?;
        match text.split_once(' ').unwrap_or((&text, "")) {
            ("SUCCESSFUL", "") => Ok(Self::Succeed),
            ("FAILED", "") => Ok(Self::Fail(None)),
            ("FAILED", reason) => Ok(Self::Fail(Some(ReasonCode::from(reason.to_owned())))),
            _ => Err("no plan".to_owned()),
        }
    }
}

/// What a new request is made from.
#[derive(Debug, Clone)]
pub struct NewRequest {
    /// Its reference.
    pub reference: ReferenceId,
    /// What it asks for.
    pub kind: Kind,
    /// The product that it comes through.
    pub product: Product,
    /// Who pays or is paid.
    pub party: Option<Party>,
    /// The currency.
    pub currency: Option<String>,
    /// How much.
    pub amount: Option<Amount>,
    /// By what a sandbox looks its outcome up, unless by the party.
    pub test_value: Option<String>,
    /// How long what is agreed lasts, in seconds.
    pub lasts_s: Option<u64>,
    /// The request as it was read.
    pub body: JsonObject,
    /// Where to send the callback.
    pub callback: Option<CallbackUrl>,
    /// With which method.
    pub callback_method: Method,
}

/// Where a callback is to go.
#[derive(Debug, Clone)]
pub struct CallbackUrl {
    /// The address.
    pub url: String,
    /// The host name in it, in lower case.
    pub host: String,
}

/// Accepts a request: it is stored as pending. Nothing moves yet.
pub fn accept(store: &mut dyn Writer, user: &MomoUser, new: NewRequest, mode: &Mode) -> Result<MomoRequest, Denial> {
    if new.callback.as_ref().is_some_and(|callback| callback.host != user.host) {
        let message = "The host of X-Callback-Url is not the API user's providerCallbackHost.";
        return Err(Denial::because(ReasonCode::InvalidCallbackUrlHost, message));
    }
    let currency = match &new.currency {
        Some(code) => Some(currency(store.reader(), code)?),
        None => None,
    };
    let units = match (&currency, new.amount) {
        (Some(currency), Some(amount)) => currency.units("amount", amount)?,
        _ => 0,
    };
    if store.claim::<MomoRequest>((user.upid, new.reference))?.is_some() {
        return Err(Denial::exists());
    }
    let created = store.now();
    let agreed = new.lasts_s.map(|seconds| created.plus_seconds(i64::try_from(seconds).unwrap_or(i64::MAX)));
    let mut request = MomoRequest {
        owner: user.upid,
        reference: new.reference,
        number: store.next_id().cast_signed(),
        api_user: user.id,
        kind: new.kind,
        product: new.product,
        party_kind: new.party.as_ref().map(|party| party.party_id_type.as_str().to_owned()),
        party_id: new.party.as_ref().map(Party::canonical_id),
        currency: currency.as_ref().map(|currency| currency.number),
        units,
        body: new.body,
        status: Status::Pending,
        reason: None,
        prid: None,
        txid: None,
        plan: Plan::Fail(Some(ReasonCode::CouldNotPerformTransaction)),
        due: Some(created.plus_seconds(APPROVAL_S)),
        expires: agreed,
        callback_url: new.callback.map(|callback| callback.url),
        callback_method: mode.callback_method().unwrap_or(new.callback_method),
        callback: None,
        noted: None,
        created,
        closed: None,
    };
    plan(store, user, &mut request, currency.as_ref(), new.test_value.as_deref(), mode)?;
    store.insert(&request)?;
    Ok(request)
}

/// The currency of this code, in any letter case.
pub fn currency(store: &mut dyn Reader, code: &str) -> Result<Currency, Denial> {
    let wrong = || Denial::because(ReasonCode::InvalidCurrency, "Currency not supported.");
    let found = match store.get::<Currency>(code)? {
        Some(currency) => Some(currency),
        None => store.get::<Currency>(code.to_ascii_uppercase().as_str())?,
    };
    found.filter(|currency| currency.status == Activity::Active).ok_or_else(wrong)
}

/// Decides when and how the clock settles a request, and asks the payer if there is one.
fn plan(
    store: &mut dyn Writer,
    user: &MomoUser,
    request: &mut MomoRequest,
    currency: Option<&Currency>,
    test_value: Option<&str>,
    mode: &Mode,
) -> Result<(), Denial> {
    let created = request.created;
    if let (Kind::Invoice, Some(expires)) = (request.kind, request.expires) {
        request.plan = Plan::Fail(Some(ReasonCode::Expired));
        request.due = Some(expires);
    }
    if request.kind.is_push() {
        request.plan = Plan::Succeed;
        request.due = Some(created);
    }
    if request.kind == Kind::Refund {
        let paid = settle::original(store.reader(), request, mode).ok();
        // A test value pays back what was never paid.
        let payer = paid.map_or_else(|| mode.test_party(request.kind, test_value), |paid| paid.party());
        request.party_kind = payer.as_ref().map(|payer| payer.party_id_type.as_str().to_owned());
        request.party_id = payer.as_ref().map(Party::canonical_id);
    }
    if let (Mode::Sandbox(settings), Some(currency)) = (mode, currency) {
        sandbox::prepare(store, user, request, currency, settings)?;
    }
    if request.kind.is_pull() {
        ask(store, user, request, currency)?;
    } else if let (Kind::PreApproval | Kind::Consent, Mode::Production, Some(party)) =
        (request.kind, mode, request.party())
        && party::find(store.reader(), user.upid, &party)?.is_none()
    {
        request.settle_as(Plan::Fail(Some(ReasonCode::PayerNotFound)), created);
    }
    if let Mode::Sandbox(settings) = mode {
        match settings.outcome(request, test_value) {
            Outcome::Open if request.kind.is_push() => {
                let plan = Plan::Fail(Some(ReasonCode::CouldNotPerformTransaction));
                request.settle_as(plan, created.plus_seconds(APPROVAL_S));
            }
            Outcome::Open => {}
            Outcome::Settle { plan, after_ms } => {
                request.settle_as(plan, Timestamp::from_millis(created.millis().saturating_add(i64::from(after_ms))));
            }
        }
    }
    Ok(())
}

/// Asks the payer: the request gets into their list of payment requests, unless they agreed to it before.
fn ask(
    store: &mut dyn Writer,
    user: &MomoUser,
    request: &mut MomoRequest,
    currency: Option<&Currency>,
) -> Result<(), Denial> {
    let (Some(currency), Some(payer)) = (currency, request.party()) else { return Ok(()) };
    let created = request.created;
    let Some(source) = party::wallet(store.reader(), user.upid, &payer)? else {
        request.settle_as(Plan::Fail(Some(ReasonCode::PayerNotFound)), created);
        return Ok(());
    };
    let Some(destination) = payee(store.reader(), request)? else {
        request.settle_as(Plan::Fail(Some(ReasonCode::PayeeNotFound)), created);
        return Ok(());
    };
    if source.waid == destination.waid {
        request.settle_as(Plan::Fail(Some(ReasonCode::NotAllowed)), created);
        return Ok(());
    }
    let payment = NewPayment {
        creator: user.upid,
        source: &source,
        destination: &destination,
        currency,
        units: request.units,
        reference: request.reference.to_string(),
        expires: request.due.unwrap_or(created),
    };
    request.prid = Some(payment::ask(store, payment)?);
    if request.kind == Kind::RequestToPay && consent::pre_approved(store.reader(), request)? {
        request.settle_as(Plan::Succeed, created);
    }
    Ok(())
}

/// The wallet that a payer pays into: the API user's, or that of the payee whom an invoice names.
fn payee(store: &mut dyn Reader, request: &MomoRequest) -> Result<Option<Wallet>, Refusal> {
    match request.body.0.get("payee").filter(|_| request.kind == Kind::Invoice) {
        None => crate::identity::default_wallet(store, request.owner).map(Some),
        Some(payee) => match serde_json::from_value::<Party>(payee.clone()) {
            Ok(payee) => party::wallet(store, request.owner, &payee),
            Err(_) => Ok(None),
        },
    }
}

impl MomoRequest {
    /// Who pays or is paid.
    #[must_use]
    pub fn party(&self) -> Option<Party> {
        let kind = PartyIdType::from(self.party_kind.clone()?);
        Some(Party { party_id_type: kind, party_id: self.party_id.clone()?.into() })
    }

    /// When and how the clock settles it.
    pub(super) fn settle_as(&mut self, plan: Plan, due: Timestamp) {
        self.plan = plan;
        self.due = Some(due);
    }
}

/// The request of this kind and reference, or `RESOURCE_NOT_FOUND`.
pub fn need(store: &mut dyn Reader, owner: Upid, kind: Kind, reference: ReferenceId) -> Result<MomoRequest, Denial> {
    store.get::<MomoRequest>((owner, reference))?.filter(|request| request.kind == kind).ok_or_else(Denial::not_found)
}

/// A request to pay of any API user below `root`: in a sandbox a refund may name it.
pub(super) fn of_anybody(
    store: &mut dyn Reader,
    root: Upid,
    reference: ReferenceId,
) -> Result<Option<MomoRequest>, Refusal> {
    let query = MomoRequest::query()
        .eq(MomoRequest::reference, reference)
        .eq(MomoRequest::kind, Kind::RequestToPay)
        .descending(MomoRequest::number);
    for request in store.list::<MomoRequest>(query)? {
        if store.get::<MomoUser>(request.api_user)?.is_some_and(|user| user.root == root && user.upid == request.owner)
        {
            return Ok(Some(request));
        }
    }
    Ok(None)
}
