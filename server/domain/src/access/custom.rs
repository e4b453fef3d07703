//! Roles that profiles make for themselves, beside the built-in ones.
//!
//! A custom role belongs to the profile that made it, and counts for it and for the profiles below. Keys and memberships
//! hold it by its number, so that a new role of an old name gives nothing to those who had the old one. Source: the
//! eWallet documents ask for roles that can be made and changed; concepts.md, section 5; ambiguities.

use super::grant::stored_form;
use super::{Caller, Grant, MAX_DEPTH, RightSet, Roles};
use crate::identity::Profile;
use crate::refusal::Refusal;
use crate::store::{Reader, Record, Writer, record};
use florin_sdk_core::code::Code;
use florin_sdk_core::{Timestamp, Upid};

record! {
    /// A role that a profile made.
    CustomRole in "custom_role" key {
        /// Its number, by which keys and memberships hold it.
        number: i64,
    } {
        /// The profile that it belongs to.
        upid: Upid,
        /// Its name; unique among the working roles of its profile.
        name: String,
        /// What it is for.
        description: String,
        /// Its rights.
        rights: Vec<String>,
        /// When it was made.
        created: Timestamp,
        /// When it was deleted.
        ended: Option<Timestamp>,
    }
}

/// The most custom roles of one profile.
const MAX_ROLES: usize = 200;

/// Whether a text can be the name of a custom role: 3 to 40 small letters and digits, in parts with `-` between them, the
/// first of which begins with a letter.
fn is_name(text: &str) -> bool {
    let part = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    (3..=40).contains(&text.len()) && text.starts_with(|c: char| c.is_ascii_lowercase()) && text.split('-').all(part)
}

/// The working role of this name that the profile itself made.
fn own_role(store: &mut dyn Reader, upid: Upid, name: &str) -> Result<Option<CustomRole>, Refusal> {
    let query = CustomRole::query().eq(CustomRole::upid, upid).eq(CustomRole::name, name);
    Ok(store.list::<CustomRole>(query)?.into_iter().find(|role| role.ended.is_none()))
}

/// The working roles that the profile itself made, by name.
fn own_roles(store: &mut dyn Reader, upid: Upid) -> Result<Vec<CustomRole>, Refusal> {
    let mut roles = store.list::<CustomRole>(CustomRole::query().eq(CustomRole::upid, upid))?;
    roles.retain(|role| role.ended.is_none());
    roles.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(roles)
}

/// The profile and those above it, the nearest first.
fn upwards(store: &mut dyn Reader, upid: Upid) -> Result<Vec<Upid>, Refusal> {
    let mut chain = vec![upid];
    let mut next = store.get::<Profile>(upid)?.and_then(|profile| profile.parent);
    while let Some(upid) = next.filter(|_| chain.len() < MAX_DEPTH) {
        chain.push(upid);
        next = store.get::<Profile>(upid)?.and_then(|profile| profile.parent);
    }
    Ok(chain)
}

/// The custom roles that count for a profile: its own first, then those of the profiles above.
pub fn list_roles(store: &mut dyn Reader, upid: Upid) -> Result<Vec<CustomRole>, Refusal> {
    let mut roles: Vec<CustomRole> = Vec::new();
    for upid in upwards(store, upid)? {
        for role in own_roles(store, upid)? {
            // A nearer role hides one of the same name.
            if roles.iter().all(|nearer| nearer.name != role.name) {
                roles.push(role);
            }
        }
    }
    Ok(roles)
}

/// The custom role of this name that counts for a profile.
fn find_role(store: &mut dyn Reader, upid: Upid, name: &str) -> Result<Option<CustomRole>, Refusal> {
    for upid in upwards(store, upid)? {
        if let Some(role) = own_role(store, upid, name)? {
            return Ok(Some(role));
        }
    }
    Ok(None)
}

/// A right of this name that `granter` has, so that a role of the name `role` may have it.
fn check_right(granter: &Caller, role: &str, right: &str) -> Result<(), Refusal> {
    if !Roles::get().is_right(right) {
        return Err(Refusal::field("right", format!("{right:?} is not a right")));
    }
    if granter.grant().covers_right(role, right) {
        return Ok(());
    }
    Err(Refusal::because(Code::FORBIDDEN, format!("You cannot give {right} to a role: you have it not")))
}

/// Makes a role for the profile `upid` and those below it.
///
/// # Errors
/// `INVALID_REQUEST` for a name that cannot be one, or is a built-in role's; `ALREADY_EXISTS` for one of this profile or
/// of one above; `FORBIDDEN` for a right that `granter` has not.
pub fn create_role(
    store: &mut dyn Writer,
    granter: &Caller,
    upid: Upid,
    name: &str,
    description: String,
    mut rights: Vec<String>,
) -> Result<CustomRole, Refusal> {
    if !is_name(name) {
        return Err(Refusal::field("role", "must be 3 to 40 small letters and digits, in parts with - between them"));
    }
    if Roles::get().rights_of(name).is_some() {
        return Err(Refusal::field("role", format!("{name} is a built-in role")));
    }
    for right in &rights {
        check_right(granter, name, right)?;
    }
    if find_role(store.reader(), upid, name)?.is_some() {
        return Err(Refusal::because(Code::ALREADY_EXISTS, format!("There is a role {name} already")));
    }
    if own_roles(store.reader(), upid)?.len() >= MAX_ROLES {
        return Err(Refusal::because(Code::LIMIT_EXCEEDED, format!("A profile has at most {MAX_ROLES} roles")));
    }
    rights.sort_unstable();
    rights.dedup();
    let role = CustomRole {
        number: store.next_id().cast_signed(),
        upid,
        name: name.to_owned(),
        description,
        rights,
        created: store.now(),
        ended: None,
    };
    store.insert(&role)?;
    Ok(role)
}

/// A role that the profile itself made, to be changed by somebody who may all that it opens: nobody takes more from others
/// than they have.
fn claim_role(store: &mut dyn Writer, changer: &Caller, upid: Upid, name: &str) -> Result<CustomRole, Refusal> {
    let found = own_role(store.reader(), upid, name)?.ok_or_else(Refusal::not_found)?;
    let claimed = store.claim::<CustomRole>(found.number)?.filter(|role| role.ended.is_none());
    let role = claimed.ok_or_else(Refusal::not_found)?;
    if role.rights.iter().all(|right| changer.grant().covers_right(name, right)) {
        return Ok(role);
    }
    Err(Refusal::because(Code::FORBIDDEN, format!("The role {name} has rights that you have not")))
}

/// Deletes a role of the profile. Whoever has it loses at once what it gave.
pub fn delete_role(store: &mut dyn Writer, changer: &Caller, upid: Upid, name: &str) -> Result<(), Refusal> {
    let mut role = claim_role(store, changer, upid, name)?;
    role.ended = Some(store.now());
    Ok(store.update(&role)?)
}

/// Gives a right to a role of the profile; whoever has the role has it at once. A right that it has stays.
pub fn assign_right(
    store: &mut dyn Writer,
    granter: &Caller,
    upid: Upid,
    name: &str,
    right: &str,
) -> Result<(), Refusal> {
    let mut role = claim_role(store, granter, upid, name)?;
    check_right(granter, name, right)?;
    if !role.rights.iter().any(|have| have == right) {
        role.rights.push(right.to_owned());
        role.rights.sort_unstable();
        store.update(&role)?;
    }
    Ok(())
}

/// Takes a right from a role of the profile, and from all who have the role. One that it has not stays away.
pub fn unassign_right(
    store: &mut dyn Writer,
    changer: &Caller,
    upid: Upid,
    name: &str,
    right: &str,
) -> Result<(), Refusal> {
    let mut role = claim_role(store, changer, upid, name)?;
    if !Roles::get().is_right(right) {
        return Err(Refusal::field("right", format!("{right:?} is not a right")));
    }
    if role.rights.iter().any(|have| have == right) {
        role.rights.retain(|have| have != right);
        store.update(&role)?;
    }
    Ok(())
}

/// Roles that are to be given to a key or a user of the profile `upid`, as they are stored.
///
/// # Errors
/// `INVALID_REQUEST` for a name that is no role's, `FORBIDDEN` for a role that may more than `granter`: nobody gives more
/// than they have. Without a granter, the platform itself gives.
pub fn grant_roles(
    store: &mut dyn Reader,
    granter: Option<&Caller>,
    upid: Upid,
    names: &[String],
) -> Result<Vec<String>, Refusal> {
    let mut stored = Vec::new();
    for name in names {
        let (form, grants_nothing) = if let Some(rights) = Roles::get().rights_of(name) {
            (name.clone(), rights == RightSet::NONE)
        } else {
            let custom = find_role(store, upid, name)?;
            let custom = custom.ok_or_else(|| Refusal::field("roles", format!("{name:?} is not a role")))?;
            (stored_form(custom.number), false)
        };
        if let Some(granter) = granter {
            let grant = Grant::of(store, std::slice::from_ref(&form))?;
            // A built-in role without rights stands for something that is still to come: the platform's to give.
            if !granter.grant().covers(&grant) || (grants_nothing && !granter.is_superuser()) {
                let reason = format!("You cannot grant {name}: it has rights that you have not");
                return Err(Refusal::because(Code::FORBIDDEN, reason));
            }
        }
        stored.push(form);
    }
    stored.sort_unstable();
    stored.dedup();
    Ok(stored)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_roles() {
        for name in ["clerk", "front-desk", "desk-2-ro", "abc"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "ab", "Clerk", "2desk", "-desk", "desk-", "a--b", "desk ro", "desk,ro", "#17", "désk"] {
            assert!(!is_name(name), "{name}");
        }
        assert!(is_name(&"a".repeat(40)) && !is_name(&"a".repeat(41)));
    }
}
