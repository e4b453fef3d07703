//! What every part of a verification shares.

use super::entry::Side;
use super::marks::{Between, Marker, Sums};
use crate::currency::Currency;
use crate::store::{Reader, Record, StoreError};
use std::collections::HashMap;

pub(super) struct Books {
    pub(super) marker: Marker,
    /// By number. They are few, as people make them.
    pub(super) currencies: HashMap<i64, Currency>,
}

impl Books {
    pub(super) fn open(store: &mut dyn Reader) -> Result<Self, StoreError> {
        let currencies = store.list::<Currency>(Currency::query())?;
        let currencies = currencies.into_iter().map(|currency| (currency.number.into(), currency)).collect();
        Ok(Self { marker: Marker::new(), currencies })
    }

    /// What a wallet had of a currency before a posting goes, what it had afterwards comes.
    pub(super) fn step(&self, side: &Side, sums: &mut Sums) {
        let place = self.marker.place(side.waid, side.currency);
        let after = self.state(side.waid, side.currency, side.posting, side.place, side.balance);
        let before = side.balance.wrapping_sub(side.units);
        let previous = side.previous.unwrap_or_default();
        let before = self.state(side.waid, side.currency, previous, side.place.wrapping_sub(1), before);
        sums.add(Between::Steps, place, after.wrapping_sub(before));
        sums.add_units(Between::Held, place, side.held);
    }

    /// What a wallet has of a currency at one moment: its newest posting, how many it has, and what they sum to.
    pub(super) fn state(&self, waid: i64, currency: i64, last: i64, entries: i64, total: i128) -> u128 {
        self.marker.numbers([waid.into(), currency.into(), last.into(), entries.into(), total])
    }
}
