//! Payment requests: somebody asks to be paid, and the payer accepts or declines once.
//!
//! Source: spec/omnigate/operations.json, group Payment; ambiguities.

use crate::access::{Caller, Side, is_below, reach};
use crate::currency::{self, Currency, need_currency};
use crate::identity::{self, User, default_wallet, need_profile};
use crate::ledger::{self, Leg, NewTransaction, Transaction, Wallet, need_wallet};
use crate::momo;
use crate::notify;
use crate::refusal::Refusal;
use crate::secrets;
use crate::store::{Reader, Record, Writer, record};
use crate::tier::{self, Permission};
use florin_sdk_core::code::Code;
use florin_sdk_core::model::{
    CurrencyType, ListedPayment, PaymentAmount, PaymentDirection, PaymentStatus, TransactionType,
};
use florin_sdk_core::operation::{self, AcceptPayment, CreatePaymentRequest, GetPaymentStatus, RefusePayment};
use florin_sdk_core::qr::PaymentCode;
use florin_sdk_core::{JsonObject, Prid, Timestamp, Txid, Upid, Uuid, Waid};
use serde_json::{Value, json};

/// What the operator has set for payment requests.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// How many minutes a payment request can be paid.
    pub expiry_minutes: u32,
    /// Whether a request from a wallet that its maker may charge is paid at once.
    pub charge_at_once: bool,
}

/// The extended attribute of a merchant that lists the currencies beside the invoice's own that are taken at par.
const ACCEPTED: &str = "merchantacceptedcurrencylist";

/// The method that this version settles by itself: from wallet to wallet.
const WALLET: &str = "wallet";

record! {
    /// A payment request.
    PaymentRequest in "payment_request" key {
        /// The request. Its number is random: whoever holds it may see an open request.
        prid: Prid,
    } {
        /// Later ones are greater.
        number: i64,
        /// The profile that made it.
        creator: Upid,
        /// The wallet to be paid.
        destination: Waid,
        /// The payer's wallet, if it is known.
        source: Option<Waid>,
        /// The payer's profile, if it is known.
        payer: Option<Upid>,
        /// The currency.
        currency: u32,
        /// How much.
        units: i128,
        /// How to pay.
        method: String,
        /// The maker's own reference.
        reference: Option<String>,
        /// The clerk's name.
        clerk_name: Option<String>,
        /// The clerk, as a user.
        clerk: Option<Uuid>,
        /// Whether the payer may add a tip.
        tip: bool,
        /// Where it stands, but for time-out, which the clock decides.
        status: PaymentStatus,
        /// The transaction that paid it.
        txid: Option<Txid>,
        /// Confirmation of the payment.
        confirmation: Option<String>,
        /// When it was made.
        created: Timestamp,
        /// When it can no longer be paid.
        expires: Timestamp,
        /// When it was paid or declined.
        closed: Option<Timestamp>,
        /// The currency that it was paid in, if that is another one, at par.
        paid_currency: Option<u32>,
        /// What was paid, with the tip, in the smallest unit of the currency that it was paid in; none where that is what
        /// was asked.
        paid_units: Option<i128>,
    }
}

record! {
    /// What a merchant's payment processor needs to know of the merchant.
    Merchant in "merchant" key {
        /// The merchant's profile.
        upid: Upid,
    } {
        /// The name of the business, as payers see it.
        business_name: String,
        /// All else, by wire name. Nothing answers it; what identifies a person or the business for the tax office is kept
        /// masked but for its last characters.
        info: JsonObject,
        /// When the terms of service were accepted last.
        accepted: Timestamp,
    }
}

impl PaymentRequest {
    /// What was or is to be paid, in the currency that it was or is to be paid in.
    pub(crate) fn settled_units(&self) -> i128 {
        self.paid_units.unwrap_or(self.units)
    }

    /// The currency of that.
    pub(crate) fn settled_currency(&self) -> u32 {
        self.paid_currency.unwrap_or(self.currency)
    }

    /// Where it stands at `now`: one that nobody paid in time has timed out, though nothing was written.
    #[must_use]
    pub fn status_at(&self, now: Timestamp) -> PaymentStatus {
        match self.status {
            PaymentStatus::Waiting if now >= self.expires => PaymentStatus::Timeout,
            status => status,
        }
    }

    fn closed_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.closed.or_else(|| (self.status_at(now) == PaymentStatus::Timeout).then_some(self.expires))
    }
}

fn currency_of(store: &mut dyn Reader, request: &PaymentRequest) -> Result<Currency, Refusal> {
    currency::by_number(store, request.currency)
}

/// The status as answers show it: what was paid back later stays paid, as the contract's 5 is not supported.
const fn shown(status: PaymentStatus) -> PaymentStatus {
    match status {
        PaymentStatus::Refunded => PaymentStatus::Paid,
        PaymentStatus::Partial => PaymentStatus::Waiting,
        PaymentStatus::Canceled => PaymentStatus::Declined,
        other => other,
    }
}

/// The name of a merchant as payers see it.
fn merchant_name(store: &mut dyn Reader, upid: Upid) -> Result<String, Refusal> {
    match store.get::<Merchant>(upid)? {
        Some(merchant) => Ok(merchant.business_name),
        None => Ok(need_profile(store, upid)?.display_name()),
    }
}

/// Whether `caller` may take money out of a wallet without asking: their own, or one of a profile below theirs with the
/// right to charge it.
fn may_charge(store: &mut dyn Reader, caller: &Caller, source: &Wallet) -> Result<bool, Refusal> {
    if source.upid == caller.upid {
        return Ok(true);
    }
    match reach::<AcceptPayment>(store, caller, source.upid) {
        Ok(()) => Ok(true),
        Err(refusal) if refusal.code == Code::SYSTEM_ERROR => Err(refusal),
        Err(_) => Ok(false),
    }
}

/// Makes a payment request. Nothing moves, unless the operator has set that a wallet that the caller may charge is charged
/// at once.
///
/// Says the answer, and the transaction if there is one.
pub fn create(
    store: &mut dyn Writer,
    caller: &Caller,
    new: CreatePaymentRequest,
    rules: Rules,
    reference: Option<&str>,
) -> Result<(operation::CreatedPaymentRequest, Option<Txid>), Refusal> {
    if !matches!(new.method.as_str(), WALLET | "ripple" | "bitcoin" | "applepay") {
        return Err(Refusal::field("method", "must be wallet, ripple, bitcoin or applepay"));
    }
    let currency = need_currency(store.reader(), "currency", &new.currency)?;
    let units = currency.units("amount", new.amount)?;
    let destination = match new.destination_waid {
        Some(waid) => need_wallet(store.reader(), waid)?,
        None => default_wallet(store.reader(), caller.upid)?,
    };
    let merchant = destination.need_active(store.reader())?;
    destination.need_room_for(&currency)?;
    tier::need(store.reader(), &merchant, Permission::CreatePaymentRequest)?;
    if new.method != WALLET {
        tier::need(store.reader(), &merchant, Permission::ProcessPayment)?;
    }
    let source = match new.source_waid {
        Some(waid) => Some(need_wallet(store.reader(), waid)?),
        None => None,
    };
    if source.as_ref().is_some_and(|source| source.waid == destination.waid) {
        return Err(Refusal::field("sourcewaid", "must be another wallet than the one to be paid"));
    }
    if let Some(uuid) = new.creator_uuid {
        let unknown = || Refusal::field("creatoruuid", "names no user");
        store.get::<User>(uuid)?.ok_or_else(unknown)?;
    }
    let charged = match source.as_ref().filter(|_| rules.charge_at_once && new.method == WALLET) {
        Some(source) => may_charge(store.reader(), caller, source)?.then(|| source.clone()),
        None => None,
    };
    let created = store.now();
    let mut request = PaymentRequest {
        // Not looked up: a job that runs again draws another, and so would never have seen the row of its own. One in
        // 10^16 is taken, and then the table's key refuses it.
        prid: ledger::id(Prid::new(secrets::random_id()))?,
        number: store.next_id().cast_signed(),
        creator: caller.upid,
        destination: destination.waid,
        payer: source.as_ref().map(|wallet| wallet.upid),
        source: source.map(|wallet| wallet.waid),
        currency: currency.number,
        units,
        method: new.method,
        reference: reference.or(new.reference_id.as_deref()).map(str::to_owned),
        clerk_name: new.clerk_name,
        clerk: new.creator_uuid,
        tip: new.tip == Some(true),
        status: PaymentStatus::Waiting,
        txid: None,
        confirmation: None,
        created,
        expires: created.plus_seconds(i64::from(rules.expiry_minutes).saturating_mul(60)),
        closed: None,
        paid_currency: None,
        paid_units: None,
    };
    store.insert(&request)?;
    let txid = match charged {
        Some(source) => {
            tier::need(store.reader(), &merchant, Permission::ProcessPayment)?;
            let sum = Paid { currency: &currency, units };
            Some(settle(store, &mut request, &source, &sum, reference)?)
        }
        None => None,
    };
    let answer = operation::CreatedPaymentRequest {
        status: request.status,
        status_message: request.status.words().to_owned(),
        prid: request.prid,
        payment_amounts: Some(vec![PaymentAmount {
            method: request.method.clone(),
            amount: currency.amount(units)?,
            currency: currency.code.clone(),
            payment_address: None,
            payment_url: None,
            expiration: Some(request.expires),
        }]),
        qr_payload: Some(qr_payload(store.reader(), &request, &currency)?),
        method: request.method,
        expires: Some(request.expires),
    };
    Ok((answer, txid))
}

/// The payment request, if `caller` may see it: who made it, who is asked to pay, or, while nobody in particular is
/// asked, whoever knows its number (it was in the code that they scanned).
pub fn visible(store: &mut dyn Reader, caller: &Caller, prid: Prid) -> Result<PaymentRequest, Refusal> {
    let request = store.get::<PaymentRequest>(prid)?.ok_or_else(Refusal::not_found)?;
    if request.payer.is_none() || request.payer == Some(caller.upid) || request.creator == caller.upid {
        return Ok(request);
    }
    let provider = caller.side == Side::Provider;
    if provider && identity_above(store, caller, &request)? {
        return Ok(request);
    }
    reach::<GetPaymentStatus>(store, caller, request.creator)?;
    Ok(request)
}

/// Whether the caller is the provider of the payer or of the maker.
fn identity_above(store: &mut dyn Reader, caller: &Caller, request: &PaymentRequest) -> Result<bool, Refusal> {
    for upid in [Some(request.creator), request.payer].into_iter().flatten() {
        if is_below(store, upid, caller.upid)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A payment request as `GetPaymentStatus` answers it.
pub fn describe(store: &mut dyn Reader, request: PaymentRequest) -> Result<operation::Payment, Refusal> {
    let status = shown(request.status_at(store.now()));
    let currency = currency_of(store, &request)?;
    Ok(operation::Payment {
        status,
        status_message: status.words().to_owned(),
        prid: request.prid,
        merchant_name: merchant_name(store, request.creator)?,
        amount: currency.amount(request.units)?,
        currency: currency.code.clone(),
        destination_waid: request.destination,
        qr_payload: Some(qr_payload(store, &request, &currency)?),
        method: request.method,
        tip: request.tip,
        reference_id: request.reference,
        pcid: request.confirmation,
        expires: Some(request.expires),
    })
}

/// The text of a payment request's QR code. What counts is what the server says of the `prid`; the rest is there for
/// people to read.
pub fn qr_payload(store: &mut dyn Reader, request: &PaymentRequest, currency: &Currency) -> Result<String, Refusal> {
    let merchant = merchant_name(store, request.creator)?;
    let amount = currency.amount(request.units)?;
    Ok(PaymentCode::new(request.prid, amount, currency.code.clone(), &merchant).to_string())
}

/// The same, of a request that `caller` may see.
pub fn qr_of(store: &mut dyn Reader, caller: &Caller, prid: Prid) -> Result<String, Refusal> {
    let request = visible(store, caller, prid)?;
    let currency = currency_of(store, &request)?;
    qr_payload(store, &request, &currency)
}

fn not_payable(reason: &str) -> Refusal {
    Refusal::because(Code::NOT_PAYABLE, format!("The payment request cannot be settled: {reason}"))
}

/// The request and the wallet that pays it, if `caller` may decide for that wallet and nothing is decided yet.
fn open_for<O: operation::Operation>(
    store: &mut dyn Writer,
    caller: &Caller,
    prid: Prid,
) -> Result<(PaymentRequest, Wallet), Refusal> {
    visible(store.reader(), caller, prid)?;
    let request = store.claim::<PaymentRequest>(prid)?.ok_or_else(Refusal::not_found)?;
    let now = store.now();
    let store = store.reader();
    let wallet = match request.source {
        Some(waid) => need_wallet(store, waid)?,
        None => default_wallet(store, caller.upid)?,
    };
    match reach::<O>(store, caller, wallet.upid) {
        Err(refusal) if refusal.code == Code::NOT_FOUND => {
            return Err(not_payable("another wallet is asked to pay"));
        }
        other => other?,
    }
    match request.status_at(now) {
        PaymentStatus::Waiting => Ok((request, wallet)),
        PaymentStatus::Paid => Err(not_payable("it is paid already")),
        PaymentStatus::Declined => Err(not_payable("it was declined")),
        PaymentStatus::Timeout => Err(not_payable("its time is over")),
        _ => Err(not_payable("it is closed")),
    }
}

/// What the transaction that pays a request says. Verification finds the two of them by this, so the words are for ever.
pub(crate) fn words(prid: Prid) -> String {
    format!("Payment {prid}")
}

/// Pays a payment request.
pub fn accept(
    store: &mut dyn Writer,
    caller: &Caller,
    accept: &AcceptPayment,
    reference: Option<&str>,
) -> Result<Txid, Refusal> {
    if accept.method != WALLET {
        return Err(Refusal::field("method", "must be wallet: this server settles no other method"));
    }
    let (mut request, wallet) = open_for::<AcceptPayment>(store, caller, accept.prid)?;
    let asked = currency_of(store.reader(), &request)?;
    let (currency, units) = agreed(store.reader(), &request, &asked, accept)?;
    let txid = settle(store, &mut request, &wallet, &Paid { currency: &currency, units }, reference)?;
    momo::settle::payer_decided(store, accept.prid, Some(txid))?;
    Ok(txid)
}

/// What is paid: perhaps in another currency than what is asked for, at par, and with a tip.
struct Paid<'a> {
    currency: &'a Currency,
    units: i128,
}

/// Moves the money of an open request, and says so.
fn settle(
    store: &mut dyn Writer,
    request: &mut PaymentRequest,
    wallet: &Wallet,
    paid: &Paid<'_>,
    reference: Option<&str>,
) -> Result<Txid, Refusal> {
    let destination = need_wallet(store.reader(), request.destination)?;
    let txid = ledger::post(
        store,
        NewTransaction {
            leg: Leg { source: wallet, destination: &destination, currency: paid.currency, units: paid.units },
            kind: TransactionType::Payment,
            method: "internal",
            description: &words(request.prid),
            reference,
        },
    )?;
    request.source = Some(wallet.waid);
    request.payer = Some(wallet.upid);
    request.status = PaymentStatus::Paid;
    request.txid = Some(txid);
    request.confirmation = Some(format!("pcid_{:016}", txid.number()));
    request.closed = Some(store.now());
    let at_par = paid.currency.number != request.currency;
    request.paid_currency = at_par.then_some(paid.currency.number);
    request.paid_units = (at_par || paid.units != request.units).then_some(paid.units);
    store.update(request)?;
    let asked = currency_of(store.reader(), request)?;
    let total = [
        ("paidamount", Value::from(paid.currency.amount(paid.units)?.to_string())),
        ("paidcurrency", Value::from(paid.currency.code.as_str())),
    ];
    tell_more(store, request, &asked, "payment.paid", total)?;
    Ok(txid)
}

/// What another surface asks a payer for.
#[derive(Debug)]
pub(crate) struct NewPayment<'a> {
    pub(crate) creator: Upid,
    pub(crate) source: &'a Wallet,
    pub(crate) destination: &'a Wallet,
    pub(crate) currency: &'a Currency,
    pub(crate) units: i128,
    pub(crate) reference: String,
    pub(crate) expires: Timestamp,
}

/// Puts a request into a payer's list. Nothing moves.
pub(crate) fn ask(store: &mut dyn Writer, new: NewPayment<'_>) -> Result<Prid, Refusal> {
    let request = PaymentRequest {
        prid: ledger::id(Prid::new(secrets::random_id()))?,
        number: store.next_id().cast_signed(),
        creator: new.creator,
        destination: new.destination.waid,
        source: Some(new.source.waid),
        payer: Some(new.source.upid),
        currency: new.currency.number,
        units: new.units,
        method: WALLET.to_owned(),
        reference: Some(new.reference),
        clerk_name: None,
        clerk: None,
        tip: false,
        status: PaymentStatus::Waiting,
        txid: None,
        confirmation: None,
        created: store.now(),
        expires: new.expires,
        closed: None,
        paid_currency: None,
        paid_units: None,
    };
    store.insert(&request)?;
    Ok(request.prid)
}

/// The wallet that is asked to pay.
pub(crate) fn source(store: &mut dyn Reader, prid: Prid) -> Result<Wallet, Refusal> {
    let request = store.get::<PaymentRequest>(prid)?.ok_or_else(Refusal::not_found)?;
    need_wallet(store, request.source.ok_or_else(Refusal::not_found)?)
}

/// Pays a request whose payer has agreed to it elsewhere.
pub(crate) fn pay(store: &mut dyn Writer, prid: Prid, reference: &str) -> Result<Txid, Refusal> {
    let mut request = store.claim::<PaymentRequest>(prid)?.ok_or_else(Refusal::not_found)?;
    if request.status_at(store.now()) != PaymentStatus::Waiting {
        return Err(not_payable("it is closed"));
    }
    let wallet = source(store.reader(), prid)?;
    let currency = currency_of(store.reader(), &request)?;
    let units = request.units;
    settle(store, &mut request, &wallet, &Paid { currency: &currency, units }, Some(reference))
}

/// Takes a request back that nobody has paid.
pub(crate) fn withdraw(store: &mut dyn Writer, prid: Prid) -> Result<(), Refusal> {
    let mut request = store.claim::<PaymentRequest>(prid)?.ok_or_else(Refusal::not_found)?;
    if request.status == PaymentStatus::Waiting {
        let timed_out = request.status_at(store.now()) == PaymentStatus::Timeout;
        request.status = if timed_out { PaymentStatus::Timeout } else { PaymentStatus::Declined };
        request.closed = Some(store.now());
        store.update(&request)?;
    }
    Ok(())
}

/// Notes, and tells the maker, that of a payment so much was paid back by now.
pub(crate) fn refunded(store: &mut dyn Writer, payment: &Transaction, units: i128) -> Result<(), Refusal> {
    let query = PaymentRequest::query().eq(PaymentRequest::txid, payment.txid);
    let Some(prid) = store.first::<PaymentRequest>(query)?.map(|request| request.prid) else { return Ok(()) };
    let mut request = store.claim::<PaymentRequest>(prid)?.ok_or_else(Refusal::not_found)?;
    let currency = currency_of(store.reader(), &request)?;
    let paid_in = currency::by_number(store.reader(), request.settled_currency())?;
    if units >= payment.units {
        request.status = PaymentStatus::Refunded;
        store.update(&request)?;
    }
    let more = [("refunded", Value::from(paid_in.amount(units)?.to_string()))];
    tell_more(store, &request, &currency, "payment.refunded", more)
}

/// Tells the maker of a payment request what became of it.
fn tell(store: &mut dyn Writer, request: &PaymentRequest, currency: &Currency, kind: &str) -> Result<(), Refusal> {
    tell_more(store, request, currency, kind, [])
}

/// The same, and something beside.
fn tell_more<const N: usize>(
    store: &mut dyn Writer,
    request: &PaymentRequest,
    currency: &Currency,
    kind: &str,
    more: [(&str, Value); N],
) -> Result<(), Refusal> {
    let creator = need_profile(store.reader(), request.creator)?;
    let payload = json!({
        "prid": request.prid,
        "statuscode": shown(request.status),
        "statusmessage": shown(request.status).words(),
        "amount": currency.amount(request.units)?,
        "currency": currency.code,
        "referenceid": request.reference,
        "pcid": request.confirmation,
    });
    let Value::Object(mut payload) = payload else { return Ok(()) };
    payload.extend(more.map(|(name, value)| (name.to_owned(), value)));
    notify::happened(store, &creator, kind, JsonObject(payload))
}

/// Checks what the payer agrees to against what is asked: the amount, or more where a tip is allowed, in the request's
/// currency or in one that the merchant takes at par.
fn agreed(
    store: &mut dyn Reader,
    request: &PaymentRequest,
    asked: &Currency,
    accept: &AcceptPayment,
) -> Result<(Currency, i128), Refusal> {
    identity::need_active(&asked.status, "The currency")?;
    let currency = if accept.currency == asked.code { asked.clone() } else { at_par(store, request, asked, accept)? };
    let units = currency.units("totalamount", accept.total_amount)?;
    let amount = asked.amount(request.units)?;
    let least = amount.units(currency.decimals).map_err(|_| {
        Refusal::field("currency", format!("{amount} cannot be said in {}, which has fewer digits", currency.code))
    })?;
    if units < least {
        return Err(Refusal::field("totalamount", format!("must be {amount} at least: a request is not paid in part")));
    }
    if units > least && !request.tip {
        return Err(Refusal::field("totalamount", format!("must be {amount}: this request takes no tip")));
    }
    Ok((currency, units))
}

/// The currency that the payer names in the place of the one that is asked for: one whose reference currency that is, if
/// the merchant says that it takes it.
///
/// Source: `referencecurrency` of CreateExtendedCurrency; the extended attribute `merchantacceptedcurrencylist`.
fn at_par(
    store: &mut dyn Reader,
    request: &PaymentRequest,
    asked: &Currency,
    accept: &AcceptPayment,
) -> Result<Currency, Refusal> {
    let wrong = || Refusal::field("currency", format!("must be {}, the currency of the request", asked.code));
    let currency = store.get::<Currency>(accept.currency.as_str())?.ok_or_else(wrong)?;
    if currency.reference.as_ref() != Some(&asked.code) || currency.kind != CurrencyType::Extended {
        return Err(wrong());
    }
    identity::need_active(&currency.status, "The currency")?;
    let merchant = need_wallet(store, request.destination)?.upid;
    let merchant = need_profile(store, merchant)?;
    let accepted = merchant.extended.0.get(ACCEPTED).and_then(Value::as_array);
    let takes = accepted.is_some_and(|list| list.iter().any(|code| code.as_str() == Some(currency.code.as_str())));
    if takes { Ok(currency) } else { Err(wrong()) }
}

/// Payment requests whose time is over and of which nothing says so yet, the longest ago first.
pub fn timed_out(store: &mut dyn Reader, limit: usize) -> Result<Vec<Prid>, Refusal> {
    let after_now = Timestamp::from_millis(store.now().millis().saturating_add(1));
    let query = PaymentRequest::query().eq(PaymentRequest::status, PaymentStatus::Waiting);
    let query = query.less(PaymentRequest::expires, after_now).ascending(PaymentRequest::expires).limit(limit);
    Ok(store.list::<PaymentRequest>(query)?.into_iter().map(|request| request.prid).collect())
}

/// Writes that a request's time is over, and tells its maker; false if something else became of it.
pub fn time_out(store: &mut dyn Writer, prid: Prid) -> Result<bool, Refusal> {
    let mut request = store.claim::<PaymentRequest>(prid)?.ok_or_else(Refusal::not_found)?;
    if request.status != PaymentStatus::Waiting || request.status_at(store.now()) != PaymentStatus::Timeout {
        return Ok(false);
    }
    request.status = PaymentStatus::Timeout;
    request.closed = Some(request.expires);
    store.update(&request)?;
    let currency = currency_of(store.reader(), &request)?;
    tell(store, &request, &currency, "payment.timeout")?;
    Ok(true)
}

/// What stands in the place of what is not kept.
const MASK: char = '*';

/// A text of which only the last characters are kept.
fn masked(text: &str, kept: usize) -> String {
    let hidden = text.chars().count().saturating_sub(kept);
    text.chars().enumerate().map(|(place, c)| if place < hidden { MASK } else { c }).collect()
}

/// Keeps what a payment processor needs to know of a merchant. The four digits of a social security number are checked and
/// not kept; of the tax id only the end is.
///
/// Source: UpdateMerchantInfo; ambiguities. There is no processor to send it to: the name is what
/// payers see.
pub fn set_merchant(store: &mut dyn Writer, upid: Upid, info: operation::UpdateMerchantInfo) -> Result<(), Refusal> {
    need_profile(store.reader(), upid)?;
    let kept = json!({
        "firstname": info.first_name,
        "lastname": info.last_name,
        "dateofbirth": info.date_of_birth,
        "city": info.city,
        "address": info.address,
        "postalcode": info.postal_code,
        "state": info.state,
        "entitytype": info.entity_type,
        "businesstaxid": masked(&info.business_tax_id, 4),
    });
    let Value::Object(kept) = kept else { return Ok(()) };
    let merchant = Merchant { upid, business_name: info.business_name, info: JsonObject(kept), accepted: store.now() };
    match store.claim::<Merchant>(upid)? {
        Some(_) => store.update(&merchant)?,
        None => store.insert(&merchant)?,
    }
    Ok(())
}

/// Declines a payment request.
pub fn refuse(store: &mut dyn Writer, caller: &Caller, prid: Prid) -> Result<(), Refusal> {
    let (mut request, _) = open_for::<RefusePayment>(store, caller, prid)?;
    if request.payer.is_none()
        && request.creator != caller.upid
        && !is_below(store.reader(), request.creator, caller.upid)?
    {
        return Err(not_payable("nobody in particular is asked to pay it, so only its maker can take it back"));
    }
    request.status = PaymentStatus::Declined;
    request.closed = Some(store.now());
    store.update(&request)?;
    let currency = currency_of(store.reader(), &request)?;
    tell(store, &request, &currency, "payment.declined")?;
    momo::settle::payer_decided(store, prid, None)
}

/// The payment requests that a profile made or is asked to pay, newest first, and the cursor of the next page.
pub fn list(
    store: &mut dyn Reader,
    upid: Upid,
    before: Option<i64>,
    reference: Option<&str>,
    limit: usize,
) -> Result<(Vec<ListedPayment>, Option<i64>), Refusal> {
    let mut query = PaymentRequest::query()
        .either(PaymentRequest::creator, PaymentRequest::payer, &upid)
        .descending(PaymentRequest::number)
        .limit(limit + 1);
    if let Some(before) = before {
        query = query.less(PaymentRequest::number, before);
    }
    if let Some(reference) = reference {
        query = query.eq(PaymentRequest::reference, reference);
    }
    let mut requests = store.list::<PaymentRequest>(query)?;
    let more = requests.len() > limit;
    requests.truncate(limit);
    let next = if more { requests.last().map(|request| request.number) } else { None };
    let now = store.now();
    let mut listed = Vec::with_capacity(requests.len());
    for request in requests {
        let currency = currency_of(store, &request)?;
        listed.push(ListedPayment {
            amount: currency.amount(request.units)?,
            currency: currency.code,
            kind: "charge".to_owned(),
            opened: request.created,
            closed: request.closed_at(now),
            status_message: shown(request.status_at(now)).words().to_owned(),
            prid: request.prid,
            direction: if request.creator == upid { PaymentDirection::Outgoing } else { PaymentDirection::Incoming },
            method: request.method,
            processor_token: None,
            reference_id: request.reference,
        });
    }
    Ok((listed, next))
}
