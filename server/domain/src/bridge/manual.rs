//! The bridge that every platform has: people.
//!
//! A withdrawal over it waits, its money set aside, until somebody has sent it and closes it, or closes it as failed;
//! deposits are booked by whoever sees them arrive.

use super::facts::MANUAL;
use super::network::{Asset, Bridge, Facts, Holding, Incoming, NewAddress, Progress, Sending, Trouble};
use crate::bridge::address::Destination;
use florin_sdk_core::Amount;

/// See the module.
#[derive(Debug, Clone, Copy)]
pub struct Manual;

fn nobody<T>() -> Result<T, Trouble> {
    Err(Trouble::Refused("this bridge is worked by hand".to_owned()))
}

impl Bridge for Manual {
    fn facts(&self) -> &'static Facts {
        &MANUAL
    }

    fn by_hand(&self) -> bool {
        true
    }

    fn find(&self, _: &str) -> Result<Option<Progress>, Trouble> {
        Ok(None)
    }

    fn submit(&self, _: &Sending) -> Result<Progress, Trouble> {
        nobody()
    }

    fn tip(&self) -> Result<i64, Trouble> {
        Ok(0)
    }

    fn incoming(&self, _: i64, _: i64) -> Result<Vec<Incoming>, Trouble> {
        Ok(Vec::new())
    }

    fn balances(&self, _: &str) -> Result<Vec<Holding>, Trouble> {
        Ok(Vec::new())
    }

    fn trust_lines(&self, _: &str) -> Result<Vec<Asset>, Trouble> {
        nobody()
    }

    fn set_trust_line(&self, _: &str, _: &Asset, _: Amount) -> Result<(), Trouble> {
        nobody()
    }

    fn set_tag_required(&self, _: &str, _: bool) -> Result<(), Trouble> {
        nobody()
    }

    fn new_address(&self) -> Result<NewAddress, Trouble> {
        nobody()
    }

    fn quote(&self, _: &Destination, _: &Asset, _: Amount, _: &Asset) -> Result<Amount, Trouble> {
        nobody()
    }
}
