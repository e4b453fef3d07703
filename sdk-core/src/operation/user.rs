//! A provider's end users and their mobile tokens. Source: spec/florin/extensions.md.

use super::operation;
use crate::id::{Mtid, Upid, Uuid, Waid};
use crate::json::JsonObject;
use crate::model::Status;
#[cfg(feature = "write")]
use crate::secret::Secret;
use crate::timestamp::Timestamp;

operation! {
    /// Makes a user of the provider, with a profile and a default wallet of its own.
    pub write struct CreateUser -> CreatedUser;
    Post "/user/create"; callers Provider; group "users"; timeout Standard; rate Standard;
    rights { own [], child ["createchildprofile"], any [] }
    required {
        /// The provider's own name for the user: unique within the provider's profile, and never changed.
        "provideruserid" provider_user_id: String = 1..=255;
    }
    optional {
        /// A name to show.
        "displayname" display_name: String = 1..=60;
        /// Anything the provider wants to keep with the user. Top-level keys that begin with `_` or `private` are
        /// not shown to the user's own app.
        "metadata" metadata: JsonObject = 2..=20000;
    }
}

wire_record! {
    write
    /// The new user.
    pub struct CreatedUser {
        /// The user.
        "uuid" uuid: Uuid;
        /// The user's profile.
        "upid" upid: Upid;
        /// The user's default wallet.
        "waid" waid: Waid;
        /// The provider's own name for the user.
        "provideruserid" provider_user_id: String;
    }
}

operation! {
    /// Reads a user of the provider.
    pub read("uniffi-write") struct GetUser -> UserAnswer;
    Get "/user"; callers Provider; group "users"; timeout Standard; rate Standard;
    rights { own [], child ["readchildprofile"], any [] }
    required {}
    optional {
        /// The provider's own name for the user.
        "provideruserid" provider_user_id: String = 1..=255;
        /// The user; instead of `provideruserid`.
        "uuid" uuid: Uuid = 21..=21;
    }
    check |op, problems| {
        problems.exactly_one(&[("provideruserid", op.provider_user_id.is_some()), ("uuid", op.uuid.is_some())]);
    }
}

wire_record! {
    unexported
    /// A user, in an answer.
    pub struct UserAnswer {
        /// The user.
        "user" user: User;
    }
}

wire_record! {
    /// A provider's end user.
    pub struct User {
        /// The user.
        "uuid" uuid: Uuid;
        /// The user's profile.
        "upid" upid: Upid;
        /// The user's default wallet.
        "waid" waid: Waid;
        /// The provider's own name for the user.
        "provideruserid" provider_user_id: String;
        /// The name to show, if there is one.
        "displayname" display_name: Option<String>;
        /// What the provider keeps with the user, if anything.
        "metadata" metadata: Option<JsonObject>;
        /// Active or inactive.
        "status" status: Status;
        /// When the user was made.
        "created" created: Timestamp;
    }
}

operation! {
    /// Changes a user's display name, metadata or status. What is absent stays. An inactive user's mobile tokens end at once.
    pub write struct UpdateUser -> super::Done;
    Post "/user/update"; callers Provider; group "users"; timeout Standard; rate Standard;
    rights { own [], child ["modifychildprofile"], any [] }
    required {}
    optional {
        /// The provider's own name for the user.
        "provideruserid" provider_user_id: String = 1..=255;
        /// The user; instead of `provideruserid`.
        "uuid" uuid: Uuid = 21..=21;
        /// A new name to show.
        "displayname" display_name: String = 1..=60;
        /// New metadata, in place of the old.
        "metadata" metadata: JsonObject = 2..=20000;
        /// `active` or `inactive`.
        "status" status: Status = 6..=8;
    }
    check |op, problems| {
        problems.exactly_one(&[("provideruserid", op.provider_user_id.is_some()), ("uuid", op.uuid.is_some())]);
    }
}

operation! {
    /// Lists the provider's users, oldest first.
    pub read("uniffi-write") struct ListUsers -> UserList;
    Get "/user/list"; callers Provider; group "users"; timeout Standard; rate Standard;
    rights { own [], child ["readchildprofile"], any [] }
    required {}
    optional {
        /// At most so many, 1 to 200. Default 50.
        "limit" limit: u32 = 1..=200;
        /// Go on after this cursor, from `next` of the page before.
        "after" after: String = 1..=64;
        /// Only users whose provider id or display name holds this text, upper and lower case alike.
        "search" search: String = 1..=255;
    }
}

wire_record! {
    provider
    /// A page of users.
    pub struct UserList {
        /// The users.
        "userlist" users: Vec<User>;
        /// The cursor of the next page; absent at the end.
        "next" next: Option<String>;
    }
}

operation! {
    /// Makes a token with which the user's app may read, and only read, as this user.
    pub write struct CreateMobileToken -> CreatedMobileToken;
    Post "/user/mobiletoken"; callers Provider; group "mobile_tokens"; timeout Standard; rate Standard;
    rights { own [], child ["createchildprofileapikey"], any [] }
    required {}
    optional {
        /// The provider's own name for the user.
        "provideruserid" provider_user_id: String = 1..=255;
        /// The user; instead of `provideruserid`.
        "uuid" uuid: Uuid = 21..=21;
        /// Seconds until it ends, 60 to 86400. Default 3600.
        "ttlseconds" ttl_seconds: u32 = 60..=86400;
        /// A name for the device that it is for.
        "device" device: String = 1..=60;
    }
    check |op, problems| {
        problems.exactly_one(&[("provideruserid", op.provider_user_id.is_some()), ("uuid", op.uuid.is_some())]);
    }
}

wire_record! {
    write
    /// The new mobile token.
    pub struct CreatedMobileToken {
        /// The token: send it to the user's app over a safe channel. It is not shown again.
        "token" token: Secret;
        /// Its id.
        "mtid" mtid: Mtid;
        /// When it ends.
        "expires" expires: Timestamp;
        /// What it may do: `read`.
        "scope" scope: String;
    }
}

operation! {
    /// Lists a user's mobile tokens that have not been revoked, newest first; never the tokens themselves.
    pub read("uniffi-write") struct ListMobileTokens -> MobileTokenList;
    Get "/user/mobiletoken"; callers Provider; group "mobile_tokens"; timeout Standard; rate Standard;
    rights { own [], child ["createchildprofileapikey"], any [] }
    required {}
    optional {
        /// The provider's own name for the user.
        "provideruserid" provider_user_id: String = 1..=255;
        /// The user; instead of `provideruserid`.
        "uuid" uuid: Uuid = 21..=21;
    }
    check |op, problems| {
        problems.exactly_one(&[("provideruserid", op.provider_user_id.is_some()), ("uuid", op.uuid.is_some())]);
    }
}

wire_record! {
    unexported
    /// The mobile tokens of a user.
    pub struct MobileTokenList {
        /// The tokens.
        "tokenlist" tokens: Vec<MobileToken>;
    }
}

wire_record! {
    provider
    /// A mobile token in a list.
    pub struct MobileToken {
        /// Its id.
        "mtid" mtid: Mtid;
        /// The name of the device that it is for, if it was given one.
        "device" device: Option<String>;
        /// When it was made.
        "created" created: Timestamp;
        /// When it ends.
        "expires" expires: Timestamp;
        /// When it was last used, as far as this server process has seen: reading with a token writes nothing.
        "lastused" last_used: Option<Timestamp>;
    }
}

operation! {
    /// Ends one mobile token, at once.
    pub write struct RevokeMobileToken -> super::Done;
    Delete "/user/mobiletoken/{mtid}"; callers Provider; group "mobile_tokens"; timeout Standard; rate Standard;
    rights { own [], child ["createchildprofileapikey"], any [] }
    required {
        /// Which token.
        "mtid" mtid: Mtid = 21..=21;
    }
    optional {}
}

operation! {
    /// Ends all mobile tokens of a user, at once.
    pub write struct RevokeMobileTokens -> RevokedMobileTokens;
    Delete "/user/mobiletoken"; callers Provider; group "mobile_tokens"; timeout Standard; rate Standard;
    rights { own [], child ["createchildprofileapikey"], any [] }
    required {}
    optional {
        /// The provider's own name for the user.
        "provideruserid" provider_user_id: String = 1..=255;
        /// The user; instead of `provideruserid`.
        "uuid" uuid: Uuid = 21..=21;
    }
    check |op, problems| {
        problems.exactly_one(&[("provideruserid", op.provider_user_id.is_some()), ("uuid", op.uuid.is_some())]);
    }
}

wire_record! {
    write
    /// How many tokens ended.
    pub struct RevokedMobileTokens {
        /// The count.
        "revoked" revoked: u32;
    }
}

operation! {
    /// Reads the user that the calling app belongs to.
    pub read struct GetMe -> UserAnswer;
    Get "/me"; callers Mobile; group "users"; timeout Standard; rate Standard;
    rights { own [], child [], any [] }
    required {}
    optional {}
}
