//! Whoever makes a request.

use super::{RightSet, Roles};
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
    /// When the credential ends by itself.
    pub expires: Option<Timestamp>,
    /// The roles of the credential.
    pub roles: Vec<String>,
    read: RightSet,
    write: RightSet,
}

impl Caller {
    /// The holder of an API key.
    #[must_use]
    pub fn api_key(upid: Upid, akid: Akid, roles: Vec<String>) -> Self {
        let rights = |writing: bool| {
            // What comes through a -ro role opens only operations that read.
            let counted = roles.iter().filter(|role| !(writing && role.ends_with("-ro")));
            counted.filter_map(|role| Roles::get().rights_of(role)).fold(RightSet::NONE, RightSet::and)
        };
        let (read, write) = (rights(false), rights(true));
        Self { upid, side: Side::Provider, uuid: None, akid: Some(akid), mtid: None, expires: None, roles, read, write }
    }

    /// The app of an end user, with what every user may read of their own.
    #[must_use]
    pub fn mobile(upid: Upid, uuid: Uuid, mtid: Mtid, expires: Timestamp) -> Self {
        let read = RightSet::of(["readmyprofile", "readwalletbalances", "listmyswallettx", "managepaymentrequest"]);
        Self {
            upid,
            side: Side::Mobile,
            uuid: Some(uuid),
            akid: None,
            mtid: Some(mtid),
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
