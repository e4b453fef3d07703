//! People who sign in, beside their passwords: which profiles they have, and what the platform does with them. Source:
//! spec/omnigate/operations.json, group User.

use super::operation;
use crate::id::{Upid, Uuid};
use crate::model::{ProfileData, ProfileType, Status};
use crate::text::Email;

operation! {
    /// Lists the profiles on which the calling user has a place, with the roles there. A credential that stands for one
    /// profile gets that one.
    pub read struct GetProfileList -> ProfileList;
    Get "/user/profilelist"; callers Both; group "profiles"; timeout Standard; rate Standard;
    rights { own [], child [], any [] }
    required {}
    optional {}
}

wire_record! {
    unexported
    /// The profiles of a user.
    pub struct ProfileList {
        /// The profiles.
        "profilelist" profiles: Vec<ListedProfile>;
    }
}

wire_record! {
    /// A profile of the calling user.
    pub struct ListedProfile {
        /// The profile.
        "upid" upid: Upid;
        /// Individual or organization.
        "type" kind: ProfileType;
        /// Its name.
        "name" name: String;
        /// The user's roles on it.
        "roles" roles: Vec<String>;
        /// Whether it is assigned to this user.
        "masterprofile" is_master: bool;
        /// Whether the user acts for it when none is named.
        "defaultprofile" is_default: bool;
    }
}

operation! {
    /// Reads any user of the platform, with the user's default profile.
    pub read struct GetSystemUser -> SystemUserAnswer;
    Get "/system/user"; callers Provider; group "system_users"; timeout Standard; rate Standard;
    rights { own [], child [], any ["readallprofiles"] }
    required {}
    optional {
        /// E-mail address of the user.
        "email" email: Email = 6..=60;
        /// The user; instead of `email`.
        "uuid" uuid: Uuid = 21..=21;
    }
    check |op, problems| {
        problems.exactly_one(&[("email", op.email.is_some()), ("uuid", op.uuid.is_some())]);
    }
}

wire_record! {
    unexported
    /// A user, in an answer.
    pub struct SystemUserAnswer {
        /// The user.
        "user" user: SystemUser;
    }
}

wire_record! {
    provider
    /// A user of the platform.
    pub struct SystemUser {
        /// The user.
        "uuid" uuid: Uuid;
        /// E-mail address; empty for a provider's end user, who signs in nowhere.
        "email" email: String;
        /// Whether a second factor is asked for.
        "mfaenabled" is_mfa_enabled: bool;
        /// Language: two letters.
        "language" language: String;
        /// Active or inactive; inactive, too, until the e-mail address is confirmed.
        "status" status: Status;
        /// The profile that the user acts for when none is named.
        "defaultprofile" default_profile: DefaultProfile;
    }
}

wire_record! {
    provider
    /// A user's default profile.
    pub struct DefaultProfile {
        /// The profile.
        "upid" upid: Upid;
        /// Individual or organization.
        "type" kind: ProfileType;
        /// Active or inactive.
        "status" status: Status;
        /// The KYC tier of the profile.
        "tierlevel" tier_level: u32;
        /// The user's roles on it.
        "roles" roles: Vec<String>;
        /// Name, address and the like.
        "profile" data: ProfileData;
    }
}

operation! {
    /// Switches any user on or off. An inactive user's sessions and tokens end at once, and stay ended. Switching on vouches
    /// for an e-mail address that was not confirmed yet.
    pub write struct UpdateSystemUser -> super::Done;
    Post "/system/user/update"; callers Provider; group "system_users"; timeout Standard; rate Standard;
    rights { own [], child [], any ["modifyallprofiles"] }
    required {
        /// Which user.
        "uuid" uuid: Uuid = 21..=21;
        /// `active` or `inactive`.
        "status" status: Status = 6..=8;
    }
    optional {}
}
