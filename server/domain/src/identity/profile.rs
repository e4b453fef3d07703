//! Profiles: whom wallets, keys and currencies belong to.

use crate::ledger::{self, Wallet};
use crate::notify;
use crate::refusal::Refusal;
use crate::store::{Reader, Writer, record};
use florin_sdk_core::model::{ProfileData, ProfileType, Status};
use florin_sdk_core::{Fsid, JsonObject, Timestamp, Upid, Uuid, Waid};

record! {
    /// A profile.
    Profile in "profile" key {
        /// The profile.
        upid: Upid,
    } {
        /// Individual or organization.
        kind: ProfileType,
        /// The profile above, of a sub-profile.
        parent: Option<Upid>,
        /// Whether it belongs to the platform itself.
        system: bool,
        /// Active or inactive.
        status: Status,
        /// Counts the changes.
        version: u32,
        /// Its tier.
        tier: u32,
        /// The user that it is assigned to.
        master: Option<Uuid>,
        /// Its default wallet.
        wallet: Option<Waid>,
        /// Its fee schedule.
        fee_schedule: Option<Fsid>,
        /// The last part of its currencies' codes; written once.
        issuer_name: Option<String>,
        /// Name, address and the like, by wire name.
        details: JsonObject,
        /// Extended attributes.
        extended: JsonObject,
        /// When it was made.
        created: Timestamp,
    }
}

impl Profile {
    /// Name, address and the like.
    #[must_use]
    pub fn data(&self) -> ProfileData {
        // Only `create_profile` writes it, from the same type.
        serde_json::from_value(serde_json::Value::Object(self.details.0.clone())).unwrap_or_default()
    }

    /// The extended attributes as answers show them: what is marked `mask` is there, but not to be read.
    ///
    /// Source: spec/omnigate/concepts.md, "Extended attributes"; ambiguities A-085.
    #[must_use]
    pub fn shown_attributes(&self) -> JsonObject {
        let mut shown = self.extended.clone();
        for name in MASKED {
            if let Some(value) = shown.0.get_mut(*name) {
                *value = MASK.into();
            }
        }
        shown
    }

    /// The name to show to others.
    #[must_use]
    pub fn display_name(&self) -> String {
        let data = self.data();
        let person = || [data.first_name, data.last_name].into_iter().flatten().collect::<Vec<_>>().join(" ");
        data.organization_name.unwrap_or_else(person)
    }
}

/// The extended attributes that are secrets.
const MASKED: &[&str] = &["merchantcallbackpassword", "paymentprocessorsecret"];

/// What stands in a secret's place.
const MASK: &str = "********";

/// What a new profile is made from.
#[derive(Debug)]
pub struct NewProfile {
    /// Individual or organization.
    pub kind: ProfileType,
    /// The profile above.
    pub parent: Option<Upid>,
    /// Whether it belongs to the platform itself.
    pub system: bool,
    /// Name, address and the like.
    pub data: ProfileData,
    /// Extended attributes.
    pub extended: JsonObject,
}

/// Makes a profile with a default wallet, `Main`.
pub fn create_profile(store: &mut dyn Writer, new: NewProfile) -> Result<(Profile, Wallet), Refusal> {
    let number = store.next_id();
    let details = match serde_json::to_value(&new.data) {
        Ok(serde_json::Value::Object(map)) => JsonObject(map),
        _ => JsonObject::default(),
    };
    let mut profile = Profile {
        upid: ledger::id(Upid::new(number))?,
        kind: new.kind,
        parent: new.parent,
        system: new.system,
        status: Status::Active,
        version: 1,
        tier: 1,
        master: None,
        wallet: None,
        fee_schedule: None,
        issuer_name: None,
        details,
        extended: new.extended,
        created: store.now(),
    };
    store.insert(&profile)?;
    let wallet = ledger::create_wallet(store, profile.upid, "Main", None)?;
    profile.wallet = Some(wallet.waid);
    store.update(&profile)?;
    notify::transport::follow_attributes(store, &profile, true)?;
    Ok((profile, wallet))
}

/// The profile, or `NOT_FOUND`.
pub fn need_profile(store: &mut dyn Reader, upid: Upid) -> Result<Profile, Refusal> {
    store.get::<Profile>(upid)?.ok_or_else(Refusal::not_found)
}

/// The default wallet of a profile.
pub fn default_wallet(store: &mut dyn Reader, upid: Upid) -> Result<Wallet, Refusal> {
    let waid = need_profile(store, upid)?.wallet.ok_or_else(Refusal::not_found)?;
    store.get::<Wallet>(waid)?.ok_or_else(Refusal::not_found)
}
