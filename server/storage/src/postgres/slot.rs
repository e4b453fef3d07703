//! What makes a writing process one of several: a slot of its own, and with it a class of ids and a hash chain.

use super::address::Address;
use super::connect::{Session, failed};
use super::migrate::LOCKS;
use crate::OpenError;
use crate::unit::Numbers;
use florin_domain::clock::{Clock, Micros};
use florin_sdk_core::Timestamp;
use std::cell::Cell;

/// How many processes can write one database.
pub(super) const SLOTS: u8 = 16;

/// Takes the first free slot, for as long as the connection lasts.
///
/// The same connection writes: whoever lost the slot cannot write with it.
pub(super) fn take(session: &Session, address: &Address) -> Result<u8, OpenError> {
    for slot in 0..SLOTS {
        let taken = session.ask::<bool>(&format!("SELECT pg_try_advisory_lock({LOCKS}, {slot})"), &[]);
        if taken.map_err(|e| failed(address, &e))? == Some(true) {
            return Ok(slot);
        }
    }
    Err(OpenError::Full { database: address.to_string(), most: SLOTS })
}

/// Takes all slots, for as long as the connection lasts; says whether they were free.
pub(super) fn take_all(session: &Session, address: &Address) -> Result<bool, OpenError> {
    for slot in 0..SLOTS {
        let taken = session.ask::<bool>(&format!("SELECT pg_try_advisory_lock({LOCKS}, {slot})"), &[]);
        if taken.map_err(|e| failed(address, &e))? != Some(true) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The greatest id of all tables whose ids come from [`Numbers::next_id`]: a clock that was set back, and whoever had
/// the slot before, must not make us give one twice.
pub(super) fn greatest_id(session: &Session, address: &Address) -> Result<Micros, OpenError> {
    let tables = [
        ("profile", "upid"),
        ("app_user", "uuid"),
        ("api_key", "akid"),
        ("mobile_token", "mtid"),
        ("wallet", "waid"),
        ("ledger_transaction", "txid"),
        ("client_reference", "number"),
        ("payment_request", "number"),
        ("subscription_key", "number"),
        ("event", "number"),
        ("hold", "hoid"),
        ("momo_token", "number"),
        ("momo_request", "number"),
        ("transport", "ntid"),
        ("notice", "number"),
    ];
    let greatest = tables.map(|(table, id)| format!("(SELECT MAX({id}) FROM {table})")).join(", ");
    let found: Option<i64> =
        session.ask(&format!("SELECT COALESCE(GREATEST({greatest}), 0)"), &[]).map_err(|e| failed(address, &e))?;
    Ok(found.unwrap_or_default().unsigned_abs())
}

/// The time, and ids of the class of one slot.
pub(super) struct Counter<'a> {
    pub(super) clock: &'a Clock,
    pub(super) slot: u8,
    /// The last id given.
    pub(super) last: &'a Cell<Micros>,
}

impl Numbers for Counter<'_> {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn next_id(&mut self) -> Micros {
        let least = self.clock.micros().max(self.last.get() + 1);
        let (slots, slot) = (u64::from(SLOTS), u64::from(self.slot));
        self.last.set(least + (slot + slots - least % slots) % slots);
        self.last.get()
    }

    fn chain(&self) -> u32 {
        u32::from(self.slot) + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_slots_never_give_the_same_id_and_ids_grow() {
        let clock = Clock::system();
        let start = clock.micros();
        let mut seen = std::collections::HashSet::new();
        for slot in [0, 7, 15] {
            let last = Cell::new(0);
            let mut counter = Counter { clock: &clock, slot, last: &last };
            let ids: Vec<_> = (0..1000).map(|_| counter.next_id()).collect();
            assert!(ids.is_sorted_by(|a, b| a < b));
            assert!(ids.iter().all(|id| id % 16 == u64::from(slot) && *id >= start && seen.insert(*id)));
            assert!(ids[0] < clock.micros() + 16, "near the clock");
            assert_eq!(counter.chain(), u32::from(slot) + 1);
        }
    }
}
