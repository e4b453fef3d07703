//! Whoever makes a request.

use super::{Grant, RightSet};
use crate::session::Scope;
use florin_sdk_core::operation::Access;
use florin_sdk_core::{Akid, Mtid, Timestamp, Upid, Uuid};

/// On which side of the split a credential is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// A provider's server or staff: reads and writes.
    Provider,
    /// An end user's app: reads.
    Mobile,
}

/// Whoever makes a request, as its credential says.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The profile that it acts for; also the owner of its client references.
    pub upid: Upid,
    /// On which side it is.
    pub side: Side,
    /// The user, of a mobile token and of a person who signed in.
    pub uuid: Option<Uuid>,
    /// The API key, if it is one.
    pub akid: Option<Akid>,
    /// The mobile token, if it is one.
    pub mtid: Option<Mtid>,
    /// The session, of a person who signed in.
    pub session: Option<i64>,
    /// Whether the session ends when nobody uses it for a while: the person's own, of `Login`.
    pub rests: bool,
    /// How much of what it may do it may do with this credential.
    pub scope: Scope,
    /// When the credential ends by itself.
    pub expires: Option<Timestamp>,
    grant: Grant,
}

/// What every user may read of their own by an app.
const OF_USERS: [&str; 4] = ["readmyprofile", "readwalletbalances", "listmyswallettx", "managepaymentrequest"];

impl Caller {
    /// The holder of an API key.
    #[must_use]
    pub const fn api_key(upid: Upid, akid: Akid, grant: Grant) -> Self {
        Self {
            upid,
            side: Side::Provider,
            uuid: None,
            akid: Some(akid),
            mtid: None,
            session: None,
            rests: false,
            scope: Scope::ALL,
            expires: None,
            grant,
        }
    }

    /// The app of an end user, with what every user may read of their own.
    #[must_use]
    pub fn mobile(upid: Upid, uuid: Uuid, mtid: Mtid, expires: Timestamp) -> Self {
        let read = RightSet::of(OF_USERS);
        Self {
            upid,
            side: Side::Mobile,
            uuid: Some(uuid),
            akid: None,
            mtid: Some(mtid),
            session: None,
            rests: false,
            scope: Scope { all: false, read: true, openid: false },
            expires: Some(expires),
            grant: Grant::to_read(read),
        }
    }

    /// A person who signed in, acting for the profile `upid` with what their roles on it grant.
    #[must_use]
    pub const fn person(upid: Upid, uuid: Uuid, grant: Grant) -> Self {
        Self {
            upid,
            side: Side::Provider,
            uuid: Some(uuid),
            akid: None,
            mtid: None,
            session: None,
            rests: false,
            scope: Scope::ALL,
            expires: None,
            grant,
        }
    }

    /// Without what its side and its scope take away.
    #[must_use]
    pub(crate) fn narrowed(mut self) -> Self {
        if self.side == Side::Mobile {
            self.grant = self.grant.within(RightSet::of(OF_USERS)).reading();
        }
        if !self.scope.reads() {
            self.grant = self.grant.within(RightSet::NONE);
        }
        if !self.scope.writes() {
            self.grant = self.grant.reading();
        }
        self
    }

    /// What it may do.
    #[must_use]
    pub const fn grant(&self) -> &Grant {
        &self.grant
    }

    /// The names of its roles.
    #[must_use]
    pub fn roles(&self) -> &[String] {
        self.grant.roles()
    }

    /// Whether it may do everything.
    #[must_use]
    pub fn is_superuser(&self) -> bool {
        self.rights(Access::Write).is_superuser()
    }

    /// Its rights in an operation of this access.
    #[must_use]
    pub const fn rights(&self, access: Access) -> RightSet {
        self.grant.rights(access)
    }

    /// Whether it has one of these rights in an operation of this access.
    #[must_use]
    pub fn has_any(&self, names: &[&str], access: Access) -> bool {
        let rights = self.rights(access);
        rights.is_superuser() || names.iter().any(|name| rights.has(name))
    }
}
