//! From what happened to messages for the transports that want to hear of it.
//!
//! One cursor for all transports, moved in the transaction that writes the messages: each is written exactly once,
//! whichever process does it, and whenever that is killed. As long as nobody listens nothing is read.

use super::message::{self, NewMessage};
use super::notice::Notice;
use super::source::{self, Batch, Cursor};
use super::transport::{Transport, listeners};
use crate::refusal::Refusal;
use crate::store::{Reader, Record, Writer, record};
use florin_sdk_core::Upid;
use florin_sdk_core::operation::TransportSettings;

record! {
    /// How far messages were written: one row.
    Dispatched in "notify_cursor" key {
        /// Always 1.
        number: i64,
    } {
        /// Counts the changes.
        version: i64,
        /// So far.
        cursor: String,
    }
}

/// The key of the one row.
const ONLY: i64 = 1;

/// How many transactions are dealt with at a time, and notices as many.
const AT_ONCE: usize = 200;

/// After so many transactions and notices without a message the cursor is written all the same.
const LOOKED_AT_IN_VAIN: i64 = 2000;

/// What is to be written.
#[derive(Debug, Clone)]
pub struct Plan {
    version: i64,
    cursor: Cursor,
    messages: Vec<NewMessage>,
    /// How much was looked at since the cursor was written.
    in_vain: i64,
    /// Whether there is more to be done at once.
    pub more: bool,
}

impl Plan {
    /// Whether it is to be carried out: there is a message in it, or so much was looked at in vain that it must not be
    /// looked at again after a restart.
    #[must_use]
    pub fn is_due(&self) -> bool {
        !self.messages.is_empty() || self.in_vain >= LOOKED_AT_IN_VAIN
    }
}

fn anybody_listens(store: &mut dyn Reader) -> Result<bool, Refusal> {
    Ok(store.first::<Transport>(Transport::query().eq(Transport::open, true))?.is_some())
}

/// Of which notices messages were made, where somebody wants any.
pub(crate) struct Passed(Option<Cursor>);

impl Passed {
    /// Whether this one is no longer waited for.
    pub(crate) fn has(&self, notice: &Notice) -> bool {
        let Self(Some(cursor)) = self else { return true };
        cursor.has_passed(&source::place_of(notice))
    }
}

/// How far messages were made.
pub(crate) fn passed(store: &mut dyn Reader) -> Result<Passed, Refusal> {
    if !anybody_listens(store)? {
        return Ok(Passed(None));
    }
    let row = store.get::<Dispatched>(ONLY)?;
    Ok(Passed(row.map(|row| Cursor::parse(&row.cursor)).transpose()?))
}

/// To be called before a transport is opened: if it is the only one, what happened before is not for it.
pub(super) fn begin(store: &mut dyn Writer) -> Result<(), Refusal> {
    let row = store.claim::<Dispatched>(ONLY)?;
    if row.is_some() && anybody_listens(store.reader())? {
        return Ok(());
    }
    let cursor = source::end(store.reader())?.to_string();
    match row {
        Some(row) => store.update(&Dispatched { version: row.version.wrapping_add(1), cursor, ..row })?,
        None => store.insert(&Dispatched { number: ONLY, version: 1, cursor })?,
    }
    Ok(())
}

/// Looks whether something happened that a transport wants to hear of. `push`: whether there is a way to devices.
/// `looked`: the last plan, if it was empty and not carried out: what it looked at need not be looked at again.
pub fn plan(store: &mut dyn Reader, push: bool, looked: Option<Plan>) -> Result<Option<Plan>, Refusal> {
    if !anybody_listens(store)? {
        return Ok(None);
    }
    let Some(row) = store.get::<Dispatched>(ONLY)? else { return Ok(None) };
    let written = Cursor::parse(&row.cursor)?;
    let from = match looked.filter(|plan| plan.version == row.version && plan.messages.is_empty()) {
        Some(plan) => plan.cursor,
        None => written.clone(),
    };
    let Batch { happenings, cursor, more } = source::read(store, &from, AT_ONCE)?;
    let mut upids: Vec<Upid> = happenings.iter().flat_map(|happening| happening.upids.iter().copied()).collect();
    upids.sort_unstable();
    upids.dedup();
    let mut transports = Vec::<(Transport, TransportSettings)>::new();
    for upids in upids.chunks(AT_ONCE) {
        let query = Transport::query().any_of(Transport::upid, upids).eq(Transport::open, true);
        for transport in store.list::<Transport>(query.ascending(Transport::ntid))? {
            if push || transport.device.is_none() {
                let settings = transport.wishes();
                transports.push((transport, settings));
            }
        }
    }
    let mut messages = Vec::new();
    for happening in &happenings {
        for transport in listeners(&transports, happening) {
            messages.push(NewMessage {
                target: transport.ntid.number().cast_signed(),
                lane: happening.lane(),
                upid: transport.upid,
                transport: Some(transport.ntid),
                kind: happening.event.kind.to_string(),
                payload: message::payload(&happening.event),
            });
        }
    }
    let in_vain = cursor.ahead_of(&written);
    Ok(Some(Plan { version: row.version, cursor, messages, in_vain, more }))
}

/// Writes the messages, unless somebody else did meanwhile; whether it did.
pub fn carry_out(store: &mut dyn Writer, plan: &Plan) -> Result<bool, Refusal> {
    for message in &plan.messages {
        message.expect(store);
    }
    let row = store.claim::<Dispatched>(ONLY)?;
    let Some(row) = row.filter(|row| row.version == plan.version) else { return Ok(false) };
    for message in &plan.messages {
        message::write_new(store, message.clone())?;
    }
    store.update(&Dispatched { version: row.version.wrapping_add(1), cursor: plan.cursor.to_string(), ..row })?;
    Ok(true)
}
