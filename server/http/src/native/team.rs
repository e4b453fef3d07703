//! The users of a profile, and the roles that it makes.

use crate::exchange::{Reading, Writing};
use florin_domain::access::{self, Caller, Roles, reach};
use florin_domain::identity::{self, NewPerson, User};
use florin_domain::store::Reader;
use florin_domain::{Refusal, credential};
use florin_sdk_core::Upid;
use florin_sdk_core::code::Code;
use florin_sdk_core::operation::{
    Access, AddTeamUser, AddedTeamUser, AssignRoleRight, CreateRole, CustomRole, CustomRoleList, DeleteRole,
    DeleteTeamUser, Done, GetTeamList, ListRoles, Operation, TeamList, TeamMember, UnassignRoleRight, UpdateTeamUser,
};

/// The profile that is meant: the caller's, or the given one if the caller reaches it.
fn profile_for<O: Operation>(store: &mut dyn Reader, caller: &Caller, upid: Option<Upid>) -> Result<Upid, Refusal> {
    let upid = upid.unwrap_or(caller.upid);
    reach::<O>(store, caller, upid)?;
    identity::need_profile(store, upid)?;
    Ok(upid)
}

pub(super) fn add_team_user(call: &mut Writing<'_>, op: AddTeamUser) -> Result<AddedTeamUser, Refusal> {
    let upid = profile_for::<AddTeamUser>(call.store.reader(), call.caller, op.upid)?;
    let known = identity::by_email(call.store.reader(), op.email.as_str())?;
    let user = if let Some(user) = known {
        identity::add_to_team(call.store, call.caller, upid, &user, &op.roles)?;
        user
    } else {
        invite(call, upid, &op)?
    };
    let name = identity::need_profile(call.store.reader(), upid)?.display_name();
    credential::invite_to_team(call.store, call.sealer, &user, &name, op.callback_url.as_str())?;
    Ok(AddedTeamUser { upid, uuid: user.uuid })
}

/// A user that is not there yet, who chooses a password by a link.
fn invite(call: &mut Writing<'_>, upid: Upid, op: &AddTeamUser) -> Result<User, Refusal> {
    if !call.caller.has_any(&["createuser"], Access::Write) {
        return Err(Refusal::because(Code::FORBIDDEN, "The credential may not register users"));
    }
    let roles = access::grant_roles(call.store.reader(), Some(call.caller), upid, &op.roles)?;
    let profile = identity::need_profile(call.store.reader(), upid)?;
    let person = NewPerson {
        email: op.email.folded(),
        password: None,
        language: op.language.clone(),
        time_zone: None,
        confirmed: false,
        display_name: None,
    };
    identity::invite_user(call.store, &profile, person, roles)
}

pub(super) fn get_team_list(call: &mut Reading<'_>, op: GetTeamList) -> Result<TeamList, Refusal> {
    let upid = profile_for::<GetTeamList>(call.store, call.caller, op.upid)?;
    let member = |(user, roles): (User, Vec<String>)| TeamMember {
        uuid: user.uuid,
        email: user.email.unwrap_or_default(),
        roles,
    };
    Ok(TeamList { team: identity::team(call.store, upid)?.into_iter().map(member).collect() })
}

pub(super) fn update_team_user(call: &mut Writing<'_>, op: UpdateTeamUser) -> Result<Done, Refusal> {
    let upid = profile_for::<UpdateTeamUser>(call.store.reader(), call.caller, op.upid)?;
    let user = identity::by_email(call.store.reader(), op.email.as_str())?.ok_or_else(Refusal::not_found)?;
    identity::change_team_roles(call.store, call.caller, upid, user.uuid, &op.roles)?;
    Ok(Done {})
}

pub(super) fn delete_team_user(call: &mut Writing<'_>, op: DeleteTeamUser) -> Result<Done, Refusal> {
    let upid = profile_for::<DeleteTeamUser>(call.store.reader(), call.caller, op.upid)?;
    identity::remove_from_team(call.store, call.caller, upid, op.uuid)?;
    Ok(Done {})
}

pub(super) fn create_role(call: &mut Writing<'_>, op: CreateRole) -> Result<Done, Refusal> {
    let upid = profile_for::<CreateRole>(call.store.reader(), call.caller, op.upid)?;
    let rights = op.rights.unwrap_or_default();
    access::create_role(call.store, call.caller, upid, &op.role, op.description, rights)?;
    Ok(Done {})
}

pub(super) fn list_roles(call: &mut Reading<'_>, op: ListRoles) -> Result<CustomRoleList, Refusal> {
    let upid = profile_for::<ListRoles>(call.store, call.caller, op.upid)?;
    let shown = |role: access::CustomRole| CustomRole {
        rights: role.rights.iter().map(|right| Roles::get().describe(right)).collect(),
        role_id: role.name,
        description: role.description,
        upid: role.upid,
    };
    Ok(CustomRoleList { roles: access::list_roles(call.store, upid)?.into_iter().map(shown).collect() })
}

pub(super) fn delete_role(call: &mut Writing<'_>, op: DeleteRole) -> Result<Done, Refusal> {
    let upid = profile_for::<DeleteRole>(call.store.reader(), call.caller, op.upid)?;
    access::delete_role(call.store, call.caller, upid, &op.role)?;
    Ok(Done {})
}

pub(super) fn assign_role_right(call: &mut Writing<'_>, op: AssignRoleRight) -> Result<Done, Refusal> {
    let upid = profile_for::<AssignRoleRight>(call.store.reader(), call.caller, op.upid)?;
    access::assign_right(call.store, call.caller, upid, &op.role, &op.right)?;
    Ok(Done {})
}

pub(super) fn unassign_role_right(call: &mut Writing<'_>, op: UnassignRoleRight) -> Result<Done, Refusal> {
    let upid = profile_for::<UnassignRoleRight>(call.store.reader(), call.caller, op.upid)?;
    access::unassign_right(call.store, call.caller, upid, &op.role, &op.right)?;
    Ok(Done {})
}
