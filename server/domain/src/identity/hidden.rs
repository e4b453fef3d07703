//! Extended attributes that are not shown (`mask`): secrets, such as the password for a merchant's address. Their values
//! lie sealed, as one JSON object, in a column of the profile; among the other attributes stars stand in their place.
//!
//! What was set before its attribute was hidden, or by an older version, is sealed afterwards: for each such attribute a
//! [`SealPass`] goes through the profiles, some at a time.
//!
//! Source: ADR 15; spec/omnigate/concepts.md, "Extended attributes of a profile"; A-085.

use super::Profile;
use crate::refusal::Refusal;
use crate::seal::{Component, Purpose, Sealer};
use crate::store::{Reader, Record, Writer, record};
use florin_sdk_core::code::Code;
use florin_sdk_core::{JsonObject, Upid};
use serde_json::Value;
use zeroize::Zeroizing;

/// What stands in the place of what is not shown.
pub(super) const HIDDEN: &str = "********";

/// How many profiles are sealed in one go.
const AT_ONCE: usize = 100;

record! {
    /// How far the values of an attribute that is hidden by now were sealed.
    SealPass in "seal_pass" key {
        /// The attribute.
        name: String,
    } {
        /// Counts how often it began.
        version: i64,
        /// Of the profiles up to this one.
        upid: i64,
        /// Whether it has nothing more to do.
        done: bool,
    }
}

fn place(upid: Upid) -> Purpose {
    Purpose::of(Component::Omnipass, Profile::secrets, upid)
}

/// The values of all that is hidden.
pub(super) fn open(profile: &Profile, sealer: &Sealer) -> Result<JsonObject, Refusal> {
    let Some(sealed) = &profile.secrets else { return Ok(JsonObject::default()) };
    let text = sealer.unseal_text(&place(profile.upid), sealed)?;
    text.expose().parse().map_err(|_| Refusal::new(Code::SYSTEM_ERROR))
}

/// Puts them back.
pub(super) fn close(profile: &mut Profile, sealer: &Sealer, values: &JsonObject) -> Result<(), Refusal> {
    profile.secrets = if values.is_empty() {
        None
    } else {
        let text = Zeroizing::new(values.to_string());
        Some(sealer.seal(&place(profile.upid), text.as_bytes())?)
    };
    Ok(())
}

/// The value of an attribute that may be hidden.
pub fn attribute_value(profile: &Profile, sealer: &Sealer, name: &str) -> Result<Option<Value>, Refusal> {
    match profile.extended.0.get(name) {
        Some(shown) if shown == HIDDEN => Ok(open(profile, sealer)?.0.remove(name)),
        // Never hidden, or not sealed yet.
        shown => Ok(shown.cloned()),
    }
}

/// Has the values of an attribute sealed, which is hidden from now on.
pub(super) fn begin_pass(store: &mut dyn Writer, name: &str) -> Result<(), Refusal> {
    let was = store.claim::<SealPass>(name)?;
    let version = was.as_ref().map_or(1, |was| was.version.wrapping_add(1));
    let pass = SealPass { name: name.to_owned(), version, upid: -1, done: false };
    if was.is_some() { Ok(store.update(&pass)?) } else { Ok(store.insert(&pass)?) }
}

/// Profiles that may have a value that is not sealed.
#[derive(Debug, Clone)]
pub struct ToSeal {
    pass: SealPass,
    upids: Vec<Upid>,
}

/// Looks for the next ones; none if everything is sealed.
pub fn find_unsealed(store: &mut dyn Reader) -> Result<Option<ToSeal>, Refusal> {
    let Some(pass) = store.first::<SealPass>(SealPass::query().eq(SealPass::done, false))? else { return Ok(None) };
    let query = Profile::query().greater(Profile::upid, pass.upid).contains(&["extended"], &pass.name);
    let found = store.list::<Profile>(query.ascending(Profile::upid).limit(AT_ONCE))?;
    Ok(Some(ToSeal { upids: found.into_iter().map(|profile| profile.upid).collect(), pass }))
}

/// Seals them.
pub fn seal_found(store: &mut dyn Writer, sealer: &Sealer, found: &ToSeal) -> Result<(), Refusal> {
    for upid in &found.upids {
        store.expect_claim::<Profile>(*upid);
    }
    let pass = store.claim::<SealPass>(found.pass.name.as_str())?;
    let Some(mut pass) = pass.filter(|pass| *pass == found.pass) else { return Ok(()) };
    for upid in &found.upids {
        let Some(mut profile) = store.claim::<Profile>(*upid)? else { continue };
        let Some(value) = profile.extended.0.get_mut(&pass.name).filter(|value| **value != HIDDEN) else { continue };
        let value = std::mem::replace(value, HIDDEN.into());
        let mut values = open(&profile, sealer)?;
        values.0.insert(pass.name.clone(), value);
        close(&mut profile, sealer, &values)?;
        store.update(&profile)?;
    }
    match found.upids.last() {
        Some(last) if found.upids.len() == AT_ONCE => pass.upid = last.number().cast_signed(),
        _ => pass.done = true,
    }
    Ok(store.update(&pass)?)
}
