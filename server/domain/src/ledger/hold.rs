//! Holds: money that is set aside in its wallet, to be captured, or released, or to expire.
//!
//! A hold moves nothing: its units go from what the wallet can spend to what it has set aside, and back. Its status,
//! like that of a payment request, is what the clock makes of what was written: an expired hold frees its money at once
//! for whoever reads or spends, and its release is written by the next transaction in its wallet, or by the sweeper.

use super::post::{Change, Ends, Heading, Sum, enter, moment_of, settle_and_enter};
use super::wallet::{Balance, Wallet, need_wallet};
use crate::access::{Caller, reach};
use crate::currency::{self, Currency};
use crate::identity::{self, default_wallet};
use crate::ledger::id;
use crate::refusal::Refusal;
use crate::store::{IntoValue, Query, Reader, Record, Value, Writer, record};
use crate::words::stored_words;
use florin_sdk_core::code::Code;
use florin_sdk_core::model::TransactionType;
use florin_sdk_core::operation::{CaptureHold, Operation, ReleaseHold};
use florin_sdk_core::{Hoid, Timestamp, Txid, Upid, Waid};

/// How long a hold lasts when nobody says (spec/florin/extensions.md).
pub const LIFETIME_S: u32 = 86_400;

/// The most expired holds of a wallet that a transaction releases before it looks whether there is enough to spend.
const SETTLED_AT_ONCE: usize = 100;

record! {
    /// Money that is, or was, set aside.
    Hold in "hold" key {
        /// The hold.
        hoid: Hoid,
    } {
        /// The wallet that the money is in.
        waid: Waid,
        /// The currency.
        currency: u32,
        /// How much was set aside.
        units: i128,
        /// The profile that placed it.
        creator: Upid,
        /// When it was placed.
        created: Timestamp,
        /// When it expires, or would have.
        expires: Timestamp,
        /// The transaction that placed it.
        placed: Txid,
        /// Where it stands, but for expiry, which the clock decides.
        status: HoldStatus,
        /// How much of it was captured.
        captured: i128,
        /// `expires`, as long as it is open: what expires is found by this.
        due: Option<Timestamp>,
        /// The transaction that captured or released it.
        ended: Option<Txid>,
        /// When that was.
        closed: Option<Timestamp>,
    }
}

stored_words! {
    /// Where a hold stands.
    HoldStatus {
        /// Its money is set aside.
        Open = "open",
        /// Taken, in whole or in part.
        Captured = "captured",
        /// Given back before its time.
        Released = "released",
        /// Its time is over; given back.
        Expired = "expired",
    }
}

/// What was agreed when a hold was placed. It never changes, and the hash of each of its transactions covers it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    pub(super) hoid: Hoid,
    waid: Waid,
    currency: u32,
    units: i128,
    creator: Upid,
    created: Timestamp,
    expires: Timestamp,
}

/// When a hold expires that never does: that of a withdrawal.
const NEVER: Timestamp = Timestamp::from_millis(Timestamp::MAX_MILLIS);

impl Terms {
    /// Those of a withdrawal's hold.
    pub(super) const fn lasting(
        hoid: Hoid,
        waid: Waid,
        currency: u32,
        units: i128,
        creator: Upid,
        created: Timestamp,
    ) -> Self {
        Self { hoid, waid, currency, units, creator, created, expires: NEVER }
    }

    /// As cells, for the hash: their order is for ever.
    pub(super) fn to_row(self) -> Vec<Value> {
        vec![
            self.hoid.value(),
            self.waid.value(),
            self.currency.value(),
            self.units.value(),
            self.creator.value(),
            self.created.value(),
            self.expires.value(),
        ]
    }
}

impl Hold {
    /// Whether it belongs to a withdrawal, which alone ends it.
    #[must_use]
    pub fn is_lasting(&self) -> bool {
        self.expires == NEVER
    }

    pub(super) fn open(terms: Terms, placed: Txid) -> Self {
        Self {
            hoid: terms.hoid,
            waid: terms.waid,
            currency: terms.currency,
            units: terms.units,
            creator: terms.creator,
            created: terms.created,
            expires: terms.expires,
            placed,
            status: HoldStatus::Open,
            captured: 0,
            due: Some(terms.expires),
            ended: None,
            closed: None,
        }
    }

    /// What was agreed.
    pub(super) const fn terms(&self) -> Terms {
        Terms {
            hoid: self.hoid,
            waid: self.waid,
            currency: self.currency,
            units: self.units,
            creator: self.creator,
            created: self.created,
            expires: self.expires,
        }
    }

    /// Where it stands at `now`: one that nobody ended in time has expired, though nothing was written.
    #[must_use]
    pub fn status_at(&self, now: Timestamp) -> HoldStatus {
        match self.status {
            HoldStatus::Open if now >= self.expires => HoldStatus::Expired,
            ref status => status.clone(),
        }
    }

    pub(super) fn end(&mut self, status: HoldStatus, captured: i128, ended: Txid) {
        self.status = status;
        self.captured = captured;
        self.due = None;
        self.ended = Some(ended);
        self.closed = Some(moment_of(ended));
    }

    /// What the transaction that ended it says. Verification tells by this that it ended as its status says, so the words
    /// are for ever.
    pub(super) fn last_words(&self, status: &HoldStatus) -> String {
        let what = match status {
            HoldStatus::Open => "Hold",
            HoldStatus::Captured => "Capture of",
            HoldStatus::Released => "Release of",
            HoldStatus::Expired => "Expiry of",
            HoldStatus::Other(other) => other,
        };
        format!("{what} {}", self.hoid)
    }
}

/// What a new hold is made from.
#[derive(Debug)]
pub struct NewHold<'a> {
    /// The wallet that the money is in.
    pub wallet: &'a Wallet,
    /// The currency.
    pub currency: &'a Currency,
    /// How much, in its smallest unit.
    pub units: i128,
    /// How long it lasts.
    pub seconds: u32,
    /// The profile that places it.
    pub creator: Upid,
}

/// Sets money aside.
pub fn place_hold(store: &mut dyn Writer, new: NewHold<'_>, reference: Option<&str>) -> Result<Hold, Refusal> {
    let NewHold { wallet, currency, units, seconds, creator } = new;
    if units <= 0 {
        return Err(Refusal::field("amount", "must be more than zero"));
    }
    wallet.need_active(store.reader())?;
    let created = store.now();
    let terms = Terms {
        hoid: id(Hoid::new(store.next_id()))?,
        waid: wallet.waid,
        currency: currency.number,
        units,
        creator,
        created,
        expires: created.plus_seconds(i64::from(seconds)),
    };
    let description = format!("Hold {}", terms.hoid);
    let heading =
        Heading { description: &description, reference, hold: Some(terms), ..Heading::new(TransactionType::Hold) };
    let sum = Sum { currency, units, fee: 0, ends: Ends { source: Some(wallet.waid), destination: None } };
    let placed = settle_and_enter(store, &heading, &sum, &[Change { wallet, currency, units: 0, held: units }])?;
    let hold = Hold::open(terms, placed);
    store.insert(&hold)?;
    Ok(hold)
}

/// The hold, its wallet and its currency, if `caller` may decide about that wallet and nothing is decided yet.
fn open_for<O: Operation>(
    store: &mut dyn Writer,
    caller: &Caller,
    hoid: Hoid,
) -> Result<(Hold, Wallet, Currency), Refusal> {
    let hold = store.claim::<Hold>(hoid)?.ok_or_else(Refusal::not_found)?;
    let (wallet, currency) = place_of(store.reader(), &hold)?;
    reach::<O>(store.reader(), caller, wallet.upid)?;
    if hold.is_lasting() {
        return Err(Refusal::field("hoid", "is the hold of a withdrawal: it ends with that"));
    }
    let closed = |how: &str| Err(Refusal::because(Code::HOLD_CLOSED, format!("The hold is {how}")));
    match hold.status_at(store.now()) {
        HoldStatus::Open => Ok((hold, wallet, currency)),
        HoldStatus::Captured => closed("captured already"),
        HoldStatus::Released => closed("released already"),
        HoldStatus::Expired => closed("expired"),
        HoldStatus::Other(_) => closed("closed"),
    }
}

fn place_of(store: &mut dyn Reader, hold: &Hold) -> Result<(Wallet, Currency), Refusal> {
    let wallet = need_wallet(store, hold.waid)?;
    let currency = currency::by_number(store, hold.currency)?;
    Ok((wallet, currency))
}

/// Takes money that is set aside into the default wallet of the caller's profile, and gives back the rest.
pub fn capture_hold(
    store: &mut dyn Writer,
    caller: &Caller,
    capture: &CaptureHold,
    reference: Option<&str>,
) -> Result<Txid, Refusal> {
    let (mut hold, wallet, currency) = open_for::<CaptureHold>(store, caller, capture.hoid)?;
    let units = match capture.amount {
        Some(amount) => currency.units("amount", amount)?,
        None => hold.units,
    };
    if units > hold.units {
        let most = currency.amount(hold.units)?;
        let reason = format!("The hold is of {most} {}: no more can be captured", currency.code);
        return Err(Refusal::because(Code::LIMIT_EXCEEDED, reason));
    }
    let destination = default_wallet(store.reader(), caller.upid)?;
    if destination.waid == wallet.waid {
        return Err(Refusal::field("hoid", "is a hold of the wallet that would receive: release it instead"));
    }
    identity::need_active(&currency.status, "The currency")?;
    wallet.need_active(store.reader())?;
    destination.need_active(store.reader())?;
    let description = hold.last_words(&HoldStatus::Captured);
    let heading = Heading {
        description: &description,
        reference,
        hold: Some(hold.terms()),
        ..Heading::new(TransactionType::Capture)
    };
    let ends = Ends { source: Some(wallet.waid), destination: Some(destination.waid) };
    let changes = [
        Change { wallet: &wallet, currency: &currency, units: -units, held: -hold.units },
        Change { wallet: &destination, currency: &currency, units, held: 0 },
    ];
    let txid = settle_and_enter(store, &heading, &Sum { currency: &currency, units, fee: 0, ends }, &changes)?;
    hold.end(HoldStatus::Captured, units, txid);
    store.update(&hold)?;
    Ok(txid)
}

/// Gives back what is set aside before its time.
pub fn release_hold(
    store: &mut dyn Writer,
    caller: &Caller,
    hoid: Hoid,
    reference: Option<&str>,
) -> Result<Txid, Refusal> {
    let (hold, wallet, currency) = open_for::<ReleaseHold>(store, caller, hoid)?;
    let balance = settle(store, &wallet, &currency, 0)?;
    give_back(store, hold, (&wallet, &currency), balance, HoldStatus::Released, reference)
}

/// Writes the release of a hold whose time is over; false if that was done already.
pub fn expire_hold(store: &mut dyn Writer, hoid: Hoid) -> Result<bool, Refusal> {
    let hold = store.claim::<Hold>(hoid)?.ok_or_else(Refusal::not_found)?;
    let (wallet, currency) = place_of(store.reader(), &hold)?;
    expire(store, hold, &wallet, &currency)
}

/// Whether there was something to release.
fn expire(store: &mut dyn Writer, hold: Hold, wallet: &Wallet, currency: &Currency) -> Result<bool, Refusal> {
    if hold.status != HoldStatus::Open || hold.status_at(store.now()) != HoldStatus::Expired {
        return Ok(false);
    }
    let balance = store.claim::<Balance>((wallet.waid, currency.number))?;
    give_back(store, hold, (wallet, currency), balance, HoldStatus::Expired, None)?;
    Ok(true)
}

fn give_back(
    store: &mut dyn Writer,
    mut hold: Hold,
    (wallet, currency): (&Wallet, &Currency),
    balance: Option<Balance>,
    status: HoldStatus,
    reference: Option<&str>,
) -> Result<Txid, Refusal> {
    let description = hold.last_words(&status);
    let heading = Heading {
        description: &description,
        reference,
        hold: Some(hold.terms()),
        ..Heading::new(TransactionType::Release)
    };
    let sum = Sum { currency, units: hold.units, fee: 0, ends: Ends { source: None, destination: Some(wallet.waid) } };
    let change = Change { wallet, currency, units: 0, held: -hold.units };
    let txid = enter(store, &heading, &sum, &[change], vec![balance])?;
    hold.end(status, 0, txid);
    store.update(&hold)?;
    Ok(txid)
}

/// The open holds that have expired by now, the longest ago first.
fn due(now: Timestamp) -> Query {
    let after_now = Timestamp::from_millis(now.millis().saturating_add(1));
    Hold::query().less(Hold::due, after_now).ascending(Hold::due)
}

fn due_in(now: Timestamp, waid: Waid, currency: u32) -> Query {
    due(now).eq(Hold::waid, waid).eq(Hold::currency, currency)
}

/// Gives a wallet back what its expired holds still set aside: all of it, unless they are many and there is enough to
/// spend without the others. Says what the wallet has then.
pub(super) fn settle(
    store: &mut dyn Writer,
    wallet: &Wallet,
    currency: &Currency,
    needed: i128,
) -> Result<Option<Balance>, Refusal> {
    let key = (wallet.waid, currency.number);
    let mut balance = store.claim::<Balance>(key)?;
    // Nearly always nothing is set aside: then this costs no question.
    while balance.as_ref().is_some_and(|balance| balance.held > 0) {
        let query = due_in(store.now(), wallet.waid, currency.number).limit(SETTLED_AT_ONCE);
        let due = store.list::<Hold>(query)?;
        // All before the first is looked at: an engine that is far away fetches what was asked for by then at once.
        let claimed: Vec<_> = due.iter().map(|hold| store.claim::<Hold>(hold.hoid)).collect();
        let mut released = 0;
        for hold in claimed {
            if let Some(hold) = hold? {
                released += usize::from(expire(store, hold, wallet, currency)?);
            }
        }
        balance = store.claim::<Balance>(key)?;
        let enough = balance.as_ref().is_some_and(|balance| balance.available >= needed);
        if enough || released < SETTLED_AT_ONCE {
            break;
        }
    }
    Ok(balance)
}

/// What expired holds still set aside in the books, though it can be spent: for whoever reads a balance.
pub(super) fn expired_units(store: &mut dyn Reader, balance: &Balance) -> Result<i128, Refusal> {
    if balance.held == 0 {
        return Ok(0);
    }
    let query = due_in(store.now(), balance.waid, balance.currency);
    let expired = store.list::<Hold>(query)?.iter().fold(0, |sum: i128, hold| sum.saturating_add(hold.units));
    Ok(expired.min(balance.held))
}

/// Holds that have expired and whose release is not written yet, the longest ago first.
pub fn expired_holds(store: &mut dyn Reader, limit: usize) -> Result<Vec<Hoid>, Refusal> {
    let query = due(store.now()).limit(limit);
    Ok(store.list::<Hold>(query)?.into_iter().map(|hold| hold.hoid).collect())
}
