//! Who belongs to which profile, and what they may do there: the roles sit on the mapping of a user to a profile.
//!
//! A user can belong to several profiles. `User::upid` is the default one, `Profile::master` the user that a profile is
//! assigned to. A provider's end users belong to nobody's team: their apps read with mobile tokens. Source: concepts.md,
//! section 5; ambiguities.

use super::{Profile, User, need_active, need_profile};
use crate::access::{Caller, Grant, grant_roles};
use crate::refusal::Refusal;
use crate::store::{Reader, Record, Writer, record};
use florin_sdk_core::code::Code;
use florin_sdk_core::model::Status;
use florin_sdk_core::{Timestamp, Upid, Uuid};

record! {
    /// A user's place on a profile.
    Membership in "membership" key {
        /// The profile.
        upid: Upid,
        /// The user.
        uuid: Uuid,
    } {
        /// The user's roles there.
        roles: Vec<String>,
        /// Inactive once the user was taken off the profile.
        status: Status,
        /// When the user was put on it first.
        created: Timestamp,
    }
}

/// What a person has on one profile.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The user.
    pub user: User,
    /// The profile.
    pub profile: Profile,
    /// The roles there, and their rights.
    pub grant: Grant,
}

/// The user's place on a profile, unless the user was taken off it.
pub fn membership(store: &mut dyn Reader, upid: Upid, uuid: Uuid) -> Result<Option<Membership>, Refusal> {
    Ok(store.get::<Membership>((upid, uuid))?.filter(|membership| membership.status == Status::Active))
}

/// What the user may do on a profile; `None` without a place there.
pub fn grant_on(store: &mut dyn Reader, upid: Upid, uuid: Uuid) -> Result<Option<Grant>, Refusal> {
    match membership(store, upid, uuid)? {
        Some(membership) => Ok(Some(Grant::of(store, &membership.roles)?)),
        None => Ok(None),
    }
}

/// All places of a user, the oldest profile first.
pub fn memberships_of(store: &mut dyn Reader, uuid: Uuid) -> Result<Vec<Membership>, Refusal> {
    let query = Membership::query().eq(Membership::uuid, uuid).ascending(Membership::upid);
    let mut all = store.list::<Membership>(query)?;
    all.retain(|membership| membership.status == Status::Active);
    Ok(all)
}

/// The profile that a user acts for when none is named: the default one if the user has a place there, else the oldest
/// on which there is one. Inactive profiles do not count.
pub fn default_profile(store: &mut dyn Reader, user: &User) -> Result<Option<Upid>, Refusal> {
    let places = memberships_of(store, user.uuid)?;
    let default = places.iter().filter(|place| place.upid == user.upid);
    let others = places.iter().filter(|place| place.upid != user.upid);
    for place in default.chain(others) {
        if need_working_profile(store, place.upid).is_ok() {
            return Ok(Some(place.upid));
        }
    }
    Ok(None)
}

/// A profile of a user's, with what the user may do there.
#[derive(Debug, Clone)]
pub struct Place {
    /// The profile.
    pub profile: Profile,
    /// The names of the roles there.
    pub roles: Vec<String>,
    /// Whether the profile is assigned to this user.
    pub is_master: bool,
    /// Whether the user acts for it when none is named.
    pub is_default: bool,
}

/// The profiles on which a user has a place, the default one first. Inactive profiles are left out.
pub fn places_of(store: &mut dyn Reader, user: &User) -> Result<Vec<Place>, Refusal> {
    let default = default_profile(store, user)?;
    let mut places = Vec::new();
    for membership in memberships_of(store, user.uuid)? {
        let profile = need_profile(store, membership.upid)?;
        if profile.status != Status::Active {
            continue;
        }
        places.push(Place {
            is_master: profile.master == Some(user.uuid),
            is_default: default == Some(profile.upid),
            roles: Grant::of(store, &membership.roles)?.roles().to_vec(),
            profile,
        });
    }
    places.sort_by_key(|place| !place.is_default);
    Ok(places)
}

/// What a person has on a profile, if user, profile and place all work.
///
/// # Errors
/// `NOT_AUTHENTICATED` whatever is missing: a person without it is nobody here.
pub fn standing(store: &mut dyn Reader, uuid: Uuid, upid: Upid) -> Result<Standing, Refusal> {
    let unknown = || Refusal::new(Code::NOT_AUTHENTICATED);
    let user = store.get::<User>(uuid)?.ok_or_else(unknown)?;
    if user.status != Status::Active || user.confirmed.is_none() {
        return Err(unknown());
    }
    let profile = need_working_profile(store, upid)?;
    let grant = grant_on(store, upid, uuid)?.ok_or_else(unknown)?;
    Ok(Standing { user, profile, grant })
}

/// The most profiles that a credential's own may be below.
const MAX_DEPTH: usize = 32;

/// The profile that a credential acts for, which must work, and all those above it: who is switched off takes those below
/// along.
///
/// # Errors
/// `NOT_AUTHENTICATED`, not `INACTIVE`: that one is a decision about a money request, and would be kept as such by those
/// who sent it, while this credential may well work again.
pub fn need_working_profile(store: &mut dyn Reader, upid: Upid) -> Result<Profile, Refusal> {
    let own = need_profile(store, upid)?;
    let mut above = own.parent;
    let mut works = own.status == Status::Active;
    for _ in 0..MAX_DEPTH {
        let Some(upid) = above.filter(|_| works) else { break };
        let profile = need_profile(store, upid)?;
        works = profile.status == Status::Active;
        above = profile.parent;
    }
    if works { Ok(own) } else { Err(inactive_credential()) }
}

/// What a credential is told whose profile or user is inactive.
pub(super) fn inactive_credential() -> Refusal {
    Refusal::because(Code::NOT_AUTHENTICATED, "The credential does not work now: its profile or user is inactive")
}

/// Puts a user on a profile, with the roles as they are stored.
pub(super) fn place(store: &mut dyn Writer, upid: Upid, uuid: Uuid, roles: Vec<String>) -> Result<(), Refusal> {
    if let Some(was) = store.claim::<Membership>((upid, uuid))? {
        return Ok(store.update(&Membership { roles, status: Status::Active, ..was })?);
    }
    let created = store.now();
    Ok(store.insert(&Membership { upid, uuid, roles, status: Status::Active, created })?)
}

/// The users on a profile, the oldest user first.
pub fn team(store: &mut dyn Reader, upid: Upid) -> Result<Vec<(User, Vec<String>)>, Refusal> {
    let query = Membership::query().eq(Membership::upid, upid).ascending(Membership::uuid);
    let mut team = Vec::new();
    for place in store.list::<Membership>(query)?.into_iter().filter(|place| place.status == Status::Active) {
        if let Some(user) = store.get::<User>(place.uuid)? {
            team.push((user, Grant::of(store, &place.roles)?.roles().to_vec()));
        }
    }
    Ok(team)
}

/// Puts a user on a profile who has no place there.
///
/// # Errors
/// `ALREADY_EXISTS` for one who has; `INACTIVE` for a user who is switched off; see [`grant_roles`] for the roles.
pub fn add_to_team(
    store: &mut dyn Writer,
    granter: &Caller,
    upid: Upid,
    user: &User,
    roles: &[String],
) -> Result<(), Refusal> {
    let roles = grant_roles(store.reader(), Some(granter), upid, roles)?;
    need_active(&user.status, "The user")?;
    if membership(store.reader(), upid, user.uuid)?.is_some() {
        return Err(Refusal::because(Code::ALREADY_EXISTS, "The user is in the team already"));
    }
    place(store, upid, user.uuid, roles)
}

/// A user's place that `changer` may change: nobody takes more away than they have themselves.
fn changeable(store: &mut dyn Writer, changer: &Caller, upid: Upid, uuid: Uuid) -> Result<Membership, Refusal> {
    let place = store.claim::<Membership>((upid, uuid))?.filter(|place| place.status == Status::Active);
    let place = place.ok_or_else(Refusal::not_found)?;
    if changer.grant().covers(&Grant::of(store.reader(), &place.roles)?) {
        return Ok(place);
    }
    Err(Refusal::because(Code::FORBIDDEN, "The user has rights on this profile that you have not"))
}

/// Gives a user of a profile other roles, in place of all those before.
pub fn change_team_roles(
    store: &mut dyn Writer,
    changer: &Caller,
    upid: Upid,
    uuid: Uuid,
    roles: &[String],
) -> Result<(), Refusal> {
    let was = changeable(store, changer, upid, uuid)?;
    let roles = grant_roles(store.reader(), Some(changer), upid, roles)?;
    Ok(store.update(&Membership { roles, ..was })?)
}

/// Takes a user off a profile. The profile's master stays: somebody must be left who can open the door.
pub fn remove_from_team(store: &mut dyn Writer, changer: &Caller, upid: Upid, uuid: Uuid) -> Result<(), Refusal> {
    let was = changeable(store, changer, upid, uuid)?;
    if need_profile(store.reader(), upid)?.master == Some(uuid) {
        return Err(Refusal::because(Code::FORBIDDEN, "The profile's master user cannot be taken off it"));
    }
    Ok(store.update(&Membership { status: Status::Inactive, roles: Vec::new(), ..was })?)
}
