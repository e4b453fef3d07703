//! Who may do what: sides, rights, and which profiles a caller reaches.

mod caller;
mod custom;
mod grant;
mod roles;

pub use caller::{Caller, Side};
pub use custom::{CustomRole, assign_right, create_role, delete_role, grant_roles, list_roles, unassign_right};
pub use grant::Grant;
pub use roles::{RightSet, Roles};

use crate::identity::Profile;
use crate::refusal::Refusal;
use crate::store::Reader;
use florin_sdk_core::Upid;
use florin_sdk_core::code::Code;
use florin_sdk_core::operation::{Access, Callers, Operation, Rights};

/// The most profiles between one and the top. A limit, so that a damaged table cannot make a walk without end.
const MAX_DEPTH: usize = 32;

/// Decides whether `caller` may call `O` at all. Nothing of the request has been looked at.
///
/// This is the credential gate of the split: a mobile credential never passes for an operation that writes, whatever
/// rights it has. What the caller then reaches with the operation is for [`reach`] to say.
pub fn admit<O: Operation>(caller: &Caller) -> Result<(), Refusal> {
    admit_by(caller, O::ACCESS, O::CALLERS, O::RIGHTS, O::PARTY)
}

/// The same, by what a call says of itself.
pub fn admit_by(caller: &Caller, access: Access, callers: Callers, rights: Rights, party: bool) -> Result<(), Refusal> {
    match caller.side {
        Side::Mobile if access == Access::Write => {
            return Err(Refusal::new(Code::MOBILE_READ_ONLY));
        }
        Side::Mobile if !callers.admits_mobile() => return Err(Refusal::new(Code::FORBIDDEN)),
        Side::Provider if !callers.admits_provider() => {
            return Err(Refusal::because(Code::FORBIDDEN, "This operation is for an end user's app"));
        }
        Side::Mobile | Side::Provider => {}
    }
    let within = if access == Access::Write { caller.scope.writes() } else { caller.scope.reads() };
    if !within && callers != Callers::Public {
        return Err(Refusal::because(Code::FORBIDDEN, "The scope of the access token does not cover this operation"));
    }
    let some = [rights.own, rights.child, rights.any].iter().any(|names| caller.has_any(names, access));
    if rights.is_none() || some || callers == Callers::Public || party {
        Ok(())
    } else {
        Err(Refusal::new(Code::FORBIDDEN))
    }
}

/// Decides whether `caller` may do `O` to what belongs to the profile `target`.
///
/// # Errors
/// `FORBIDDEN` for the caller's own profile; for another one the same as if it were not there.
pub fn reach<O: Operation>(store: &mut dyn Reader, caller: &Caller, target: Upid) -> Result<(), Refusal> {
    let rights = O::RIGHTS;
    if caller.has_any(rights.any, O::ACCESS) {
        return Ok(());
    }
    if target == caller.upid {
        return if rights.is_none() || caller.has_any(rights.own, O::ACCESS) {
            Ok(())
        } else {
            Err(Refusal::new(Code::FORBIDDEN))
        };
    }
    if caller.side == Side::Provider && caller.has_any(rights.child, O::ACCESS) && is_below(store, target, caller.upid)?
    {
        return Ok(());
    }
    Err(Refusal::not_found())
}

/// Whether the profile `target` is below the profile `above`.
pub fn is_below(store: &mut dyn Reader, target: Upid, above: Upid) -> Result<bool, Refusal> {
    let mut next = Some(target);
    for _ in 0..MAX_DEPTH {
        let Some(upid) = next else { return Ok(false) };
        let parent = store.cell(upid, Profile::parent)?.flatten();
        if parent == Some(above) {
            return Ok(true);
        }
        next = parent;
    }
    Ok(false)
}
