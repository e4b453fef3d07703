//! Who a phone number, an e-mail address or a party code is: a user of the profile that an API user acts for, or of one
//! above it. A provider says so when it makes or changes its user, in the metadata: `"momo": {"msisdn": "…", "email":
//! "…", "partycode": "…"}`.

use crate::identity::{Profile, User, default_wallet};
use crate::ledger::Wallet;
use crate::refusal::Refusal;
use crate::store::{Reader, Record, Writer, record};
use florin_sdk_core::code::Code;
use florin_sdk_core::momo::{Party, PartyIdType};
use florin_sdk_core::operation::Problems;
use florin_sdk_core::{JsonObject, Timestamp, Upid, Uuid};
use serde_json::Value;

record! {
    /// Whose a number, an address or a code is, as one provider says.
    PartyRow in "momo_party" key {
        /// The provider.
        provider: Upid,
        /// What the id is: `MSISDN` and so on.
        kind: String,
        /// The id.
        id: String,
    } {
        /// The user; nobody, if it was given up.
        uuid: Option<Uuid>,
        /// When it was first named.
        created: Timestamp,
    }
}

/// The most profiles between one and the top; see `access`.
const MAX_DEPTH: usize = 32;

/// The part of a user's metadata that is about mobile money.
const METADATA: &str = "momo";

/// The parties that a user's metadata names.
fn named(metadata: &JsonObject) -> Result<Vec<Party>, Refusal> {
    let wrong = || Refusal::field("metadata", "its `momo` must be an object of msisdn, email and partycode, all texts");
    let Some(part) = metadata.0.get(METADATA) else { return Ok(Vec::new()) };
    let Value::Object(part) = part else { return Err(wrong()) };
    let mut parties = Vec::new();
    for (name, value) in part {
        let party_id_type = match name.as_str() {
            "msisdn" => PartyIdType::Msisdn,
            "email" => PartyIdType::Email,
            "partycode" => PartyIdType::PartyCode,
            _ => return Err(wrong()),
        };
        let party = Party { party_id_type, party_id: value.as_str().ok_or_else(wrong)?.into() };
        let mut problems = Problems::default();
        party.check("metadata.momo", &mut problems);
        if !problems.0.is_empty() {
            return Err(Refusal::fields(problems.0));
        }
        parties.push(party);
    }
    Ok(parties)
}

/// Notes whom the metadata of a user of `provider` says it is. What it no longer says is given up.
pub fn note(store: &mut dyn Writer, provider: Upid, uuid: Uuid, metadata: &JsonObject) -> Result<(), Refusal> {
    let parties = named(metadata)?;
    let keys: Vec<_> =
        parties.iter().map(|party| (party.party_id_type.as_str().to_owned(), party.canonical_id())).collect();
    for old in store.list::<PartyRow>(PartyRow::query().eq(PartyRow::uuid, uuid))? {
        if !keys.iter().any(|(kind, id)| *kind == old.kind && *id == old.id) {
            let key = (old.provider, old.kind.as_str(), old.id.as_str());
            if let Some(mut row) = store.claim::<PartyRow>(key)? {
                row.uuid = None;
                store.update(&row)?;
            }
        }
    }
    for (kind, id) in keys {
        add(store, provider, kind, id, uuid)?;
    }
    Ok(())
}

fn add(store: &mut dyn Writer, provider: Upid, kind: String, id: String, uuid: Uuid) -> Result<(), Refusal> {
    match store.claim::<PartyRow>((provider, kind.as_str(), id.as_str()))? {
        Some(row) if row.uuid == Some(uuid) => Ok(()),
        Some(row) if row.uuid.is_some() => Err(Refusal::because(
            Code::ALREADY_EXISTS,
            format!("Another user has this {} already", kind.to_lowercase()),
        )),
        Some(row) => Ok(store.update(&PartyRow { uuid: Some(uuid), ..row })?),
        None => Ok(store.insert(&PartyRow { provider, kind, id, uuid: Some(uuid), created: store.now() })?),
    }
}

/// The user whom a party names, as seen from the profile `owner`.
pub fn find(store: &mut dyn Reader, owner: Upid, party: &Party) -> Result<Option<User>, Refusal> {
    let (kind, id) = (party.party_id_type.as_str(), party.canonical_id());
    let mut next = Some(owner);
    for _ in 0..MAX_DEPTH {
        let Some(provider) = next else { return Ok(None) };
        let row = store.get::<PartyRow>((provider, kind, id.as_str()))?;
        if let Some(uuid) = row.and_then(|row| row.uuid) {
            return Ok(store.get(uuid)?);
        }
        next = store.get::<Profile>(provider)?.and_then(|profile| profile.parent);
    }
    Ok(None)
}

/// The wallet of the user whom a party names.
pub fn wallet(store: &mut dyn Reader, owner: Upid, party: &Party) -> Result<Option<Wallet>, Refusal> {
    match find(store, owner, party)? {
        Some(user) => default_wallet(store, user.upid).map(Some),
        None => Ok(None),
    }
}
