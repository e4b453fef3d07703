//! Whoever owns a wallet, as far as moving its money asks.

use super::Profile;
use crate::refusal::Refusal;
use crate::store::Reader;
use florin_sdk_core::model::Status;
use florin_sdk_core::{Fsid, Upid};

/// What each transfer asks of a wallet's profile. Not the whole profile: most of that is texts, and this is asked twice
/// for each transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The profile.
    pub upid: Upid,
    /// Whether it belongs to the platform itself.
    pub system: bool,
    /// Active or inactive.
    pub status: Status,
    /// Its tier.
    pub tier: u32,
    /// Its fee schedule.
    pub fee_schedule: Option<Fsid>,
}

/// The owner with this profile.
///
/// # Errors
/// `NOT_FOUND` if there is no such profile.
pub fn need_owner(store: &mut dyn Reader, upid: Upid) -> Result<Owner, Refusal> {
    let owner = store.cells::<Profile, _>(upid, |row| {
        Ok(Owner {
            upid,
            system: row.cell(Profile::system)?,
            status: row.cell(Profile::status)?,
            tier: row.cell(Profile::tier)?,
            fee_schedule: row.cell(Profile::fee_schedule)?,
        })
    })?;
    owner.ok_or_else(Refusal::not_found)
}
