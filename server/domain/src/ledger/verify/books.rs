//! What every part of a verification shares.

use super::entry::Side;
use super::marks::{Between, Marker, Sums};
use crate::currency::Currency;
use crate::ledger::house::{self, HouseWallet};
use crate::store::{Reader, Record, StoreError};
use florin_sdk_core::Waid;
use std::collections::{HashMap, HashSet};

fn number(waid: Waid) -> i64 {
    waid.number().cast_signed()
}

pub(super) struct Books {
    pub(super) marker: Marker,
    /// By number. They are few, as people make them.
    pub(super) currencies: HashMap<i64, Currency>,
    /// What may be below zero, as wallet and currency: units not issued yet, and money on a network.
    pub(super) below: HashSet<(i64, i64)>,
    /// The wallet that fees go to.
    pub(super) fees: Option<i64>,
}

impl Books {
    pub(super) fn open(store: &mut dyn Reader) -> Result<Self, StoreError> {
        let currencies = store.list::<Currency>(Currency::query())?;
        let houses = store.list::<HouseWallet>(HouseWallet::query())?;
        let issuance = currencies.iter().filter_map(|currency| Some((currency.issuance?, currency.number)));
        let outside = houses.iter().filter(|house| house.is_outside()).map(|house| (house.waid, house.currency));
        let below = issuance.chain(outside).map(|(waid, currency)| (number(waid), currency.into())).collect();
        let fees = houses.iter().find(|house| house.purpose == house::FEES).map(|house| number(house.waid));
        let currencies = currencies.into_iter().map(|currency| (currency.number.into(), currency)).collect();
        Ok(Self { marker: Marker::new(), currencies, below, fees })
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
