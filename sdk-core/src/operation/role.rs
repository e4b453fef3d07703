//! Roles that a profile makes for itself and those below it. Source: spec/florin/extensions.md; the eWallet documents ask
//! for roles that can be made and changed.

use super::operation;
use crate::id::Upid;
use crate::model::RoleRight;

operation! {
    /// Makes a role. It counts for the profile and for those below it, and is given to API keys and users like a built-in
    /// one. Nobody gives a role a right that they have not themselves. A role whose name ends in `-ro` opens only what
    /// reads.
    pub write struct CreateRole -> super::Done;
    Post "/role/create"; callers Provider; group "roles"; timeout Standard; rate Standard;
    rights { own ["manageteam"], child ["manageteam"], any ["modifyallprofiles"] }
    required {
        /// Its name: small letters and digits, in parts with `-` between them; not that of a built-in role, nor that of
        /// one which counts for the profile already.
        "role" role: String = 3..=40;
        /// What it is for.
        "description" description: String = 2..=100;
    }
    optional {
        /// Its rights; more can be given later.
        "rights" rights: Vec<String> = 1..=100;
        /// A profile below the caller's; the caller's own when absent.
        "upid" upid: Upid = 21..=21;
    }
}

operation! {
    /// Lists the roles that profiles made and that count for the caller's profile, or for another one: its own first, then
    /// those of the profiles above.
    pub read struct ListRoles -> CustomRoleList;
    Get "/role/list"; callers Provider; group "roles"; timeout Standard; rate Standard;
    rights { own ["manageteam"], child ["manageteam"], any ["readallprofiles"] }
    required {}
    optional {
        /// Which profile; the caller's own when absent.
        "upid" upid: Upid = 21..=21;
    }
}

wire_record! {
    unexported
    /// Roles that profiles made.
    pub struct CustomRoleList {
        /// The roles.
        "rolelist" roles: Vec<CustomRole>;
    }
}

wire_record! {
    provider
    /// A role that a profile made.
    pub struct CustomRole {
        /// The role's name.
        "roleid" role_id: String;
        /// What it is for.
        "description" description: String;
        /// Its rights.
        "rightlist" rights: Vec<RoleRight>;
        /// The profile that made it.
        "upid" upid: Upid;
    }
}

operation! {
    /// Deletes a role that the profile made. Who has it loses at once what it gave; a new role of the same name is another
    /// one.
    pub write struct DeleteRole -> super::Done;
    Delete "/role/{role}"; callers Provider; group "roles"; timeout Standard; rate Standard;
    rights { own ["manageteam"], child ["manageteam"], any ["modifyallprofiles"] }
    required {
        /// Its name.
        "role" role: String = 3..=40;
    }
    optional {
        /// A profile below the caller's; the caller's own when absent.
        "upid" upid: Upid = 21..=21;
    }
}

operation! {
    /// Gives a right to a role that the profile made. Who has the role has the right at once. Nobody gives a right that
    /// they have not themselves.
    pub write struct AssignRoleRight -> super::Done;
    Post "/role/right/assign"; callers Provider; group "roles"; timeout Standard; rate Standard;
    rights { own ["manageteam"], child ["manageteam"], any ["modifyallprofiles"] }
    required {
        /// The role's name.
        "role" role: String = 3..=40;
        /// The right: see `GetPublicRoleList`.
        "right" right: String = 3..=40;
    }
    optional {
        /// A profile below the caller's; the caller's own when absent.
        "upid" upid: Upid = 21..=21;
    }
}

operation! {
    /// Takes a right from a role that the profile made, and at once from all who have the role.
    pub write struct UnassignRoleRight -> super::Done;
    Post "/role/right/unassign"; callers Provider; group "roles"; timeout Standard; rate Standard;
    rights { own ["manageteam"], child ["manageteam"], any ["modifyallprofiles"] }
    required {
        /// The role's name.
        "role" role: String = 3..=40;
        /// The right.
        "right" right: String = 3..=40;
    }
    optional {
        /// A profile below the caller's; the caller's own when absent.
        "upid" upid: Upid = 21..=21;
    }
}
