//! Whoever makes a request.

use super::{RightSet, Roles};
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
    /// The user, of a mobile credential.
    pub uuid: Option<Uuid>,
    /// The API key, if it is one.
    pub akid: Option<Akid>,
    /// The mobile token, if it is one.
    pub mtid: Option<Mtid>,
    /// The session, of a person's access token.
    pub session: Option<i64>,
    /// How much of what it may do it may do with this credential.
    pub scope: Scope,
    /// When the credential ends by itself.
    pub expires: Option<Timestamp>,
    /// The roles of the credential.
    pub roles: Vec<String>,
    read: RightSet,
    write: RightSet,
}

/// What every user may read of their own by an app.
const OF_USERS: [&str; 4] = ["readmyprofile", "readwalletbalances", "listmyswallettx", "managepaymentrequest"];

/// The rights of these roles, for operations that read and for those that write.
fn rights_of(roles: &[String]) -> (RightSet, RightSet) {
    let rights = |writing: bool| {
        // What comes through a -ro role opens only operations that read.
        let counted = roles.iter().filter(|role| !(writing && role.ends_with("-ro")));
        counted.filter_map(|role| Roles::get().rights_of(role)).fold(RightSet::NONE, RightSet::and)
    };
    (rights(false), rights(true))
}

impl Caller {
    /// The holder of an API key.
    #[must_use]
    pub fn api_key(upid: Upid, akid: Akid, roles: Vec<String>) -> Self {
        let (read, write) = rights_of(&roles);
        Self {
            upid,
            side: Side::Provider,
            uuid: None,
            akid: Some(akid),
            mtid: None,
            session: None,
            scope: Scope::ALL,
            expires: None,
            roles,
            read,
            write,
        }
    }

    /// A person who signed in, with roles on the profile `upid`.
    #[must_use]
    pub fn person(upid: Upid, uuid: Uuid, roles: Vec<String>) -> Self {
        let (read, write) = rights_of(&roles);
        Self {
            upid,
            side: Side::Provider,
            uuid: Some(uuid),
            akid: None,
            mtid: None,
            session: None,
            scope: Scope::ALL,
            expires: None,
            roles,
            read,
            write,
        }
    }

    /// Without what its side and its scope take away.
    #[must_use]
    pub(crate) fn narrowed(mut self) -> Self {
        if self.side == Side::Mobile {
            self.read = self.read.both(RightSet::of(OF_USERS));
        }
        if !self.scope.reads() {
            self.read = RightSet::NONE;
        }
        if !self.scope.writes() || self.side == Side::Mobile {
            self.write = RightSet::NONE;
        }
        self
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
            scope: Scope { all: false, read: true, openid: false },
            expires: Some(expires),
            roles: Vec::new(),
            read,
            write: RightSet::NONE,
        }
    }

    /// Its rights in an operation of this access.
    #[must_use]
    pub const fn rights(&self, access: Access) -> RightSet {
        match access {
            Access::Read => self.read,
            Access::Write => self.write,
        }
    }

    /// Whether it has one of these rights in an operation of this access.
    #[must_use]
    pub fn has_any(&self, names: &[&str], access: Access) -> bool {
        let rights = self.rights(access);
        rights.is_superuser() || names.iter().any(|name| rights.has(name))
    }
}
