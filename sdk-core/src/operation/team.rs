//! The users of a profile: its team. Source: spec/omnigate/operations.json, group Profile.

use super::operation;
use crate::id::{Upid, Uuid};
#[cfg(feature = "write")]
use crate::text::{Email, WebUrl};

operation! {
    /// Gives a user roles on the caller's profile, or on one below it. Who has no user yet gets one, and a link by mail to
    /// choose a password.
    pub write struct AddTeamUser -> AddedTeamUser;
    Post "/profile/team/user"; callers Provider; group "teams"; timeout Standard; rate Standard;
    rights { own ["manageteam"], child ["manageteam"], any ["modifyallprofiles"] }
    required {
        /// E-mail address of the user.
        "email" email: Email = 6..=60;
        /// The user's roles on the profile: built-in ones, or custom ones that count for the profile.
        "roles" roles: Vec<String> = 1..=20;
        /// The page on which a new user chooses a password.
        "callbackurl" callback_url: WebUrl = 10..=100;
    }
    optional {
        /// A profile below the caller's; the caller's own when absent.
        "upid" upid: Upid = 21..=21;
        /// Language of a new user: two letters.
        "language" language: String = 2..=2;
    }
    check |op, problems| {
        if op.language.as_deref().is_some_and(|text| !text.bytes().all(|b| b.is_ascii_alphabetic())) {
            problems.add("language", "must be two letters");
        }
    }
}

wire_record! {
    write
    /// A new member of a team.
    pub struct AddedTeamUser {
        /// The profile.
        "upid" upid: Upid;
        /// The user.
        "uuid" uuid: Uuid;
    }
}

operation! {
    /// Lists the users of the caller's profile, or of another one, with their roles there.
    pub read struct GetTeamList -> TeamList;
    Get "/profile/{upid}/team" "/profile/team"; callers Provider; group "teams"; timeout Standard; rate Standard;
    rights { own ["manageteam"], child ["manageteam"], any ["readallprofiles"] }
    required {}
    optional {
        /// Which profile; the caller's own when absent.
        "upid" upid: Upid = 21..=21;
    }
}

wire_record! {
    unexported
    /// The users of a profile.
    pub struct TeamList {
        /// The users.
        "team" team: Vec<TeamMember>;
    }
}

wire_record! {
    provider
    /// A user of a profile.
    pub struct TeamMember {
        /// The user.
        "uuid" uuid: Uuid;
        /// The user's e-mail address.
        "email" email: String;
        /// The user's roles on the profile.
        "roles" roles: Vec<String>;
    }
}

operation! {
    /// Gives a user of a profile other roles there, in place of all those before.
    pub write struct UpdateTeamUser -> super::Done;
    Post "/profile/team/user/update"; callers Provider; group "teams"; timeout Standard; rate Standard;
    rights { own ["manageteam"], child ["manageteam"], any ["modifyallprofiles"] }
    required {
        /// E-mail address of the user.
        "email" email: Email = 6..=60;
        /// The new roles.
        "roles" roles: Vec<String> = 1..=20;
    }
    optional {
        /// A profile below the caller's; the caller's own when absent.
        "upid" upid: Upid = 21..=21;
    }
}

operation! {
    /// Takes a user off a profile. The user stays, and so do the other profiles of the user. A profile's master user
    /// cannot be taken off it.
    pub write struct DeleteTeamUser -> super::Done;
    Delete "/profile/{upid}/team/{uuid}" "/profile/team/{uuid}"; callers Provider; group "teams"; timeout Standard; rate Standard;
    rights { own ["manageteam"], child ["manageteam"], any ["modifyallprofiles"] }
    required {
        /// Which user.
        "uuid" uuid: Uuid = 21..=21;
    }
    optional {
        /// Which profile; the caller's own when absent.
        "upid" upid: Upid = 21..=21;
    }
}
