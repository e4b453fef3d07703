//! What a credential may do: roles, and the rights that they come to.

use super::{CustomRole, RightSet, Roles};
use crate::refusal::Refusal;
use crate::store::Reader;
use florin_sdk_core::operation::Access;

/// The end of the names of roles that open only what reads.
const READ_ONLY: &str = "-ro";

/// What stands before the number of a custom role where roles are stored. No role's name begins so.
const CUSTOM: char = '#';

/// Roles and their rights, as the store has them at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grant {
    stored: Vec<String>,
    names: Vec<String>,
    read: RightSet,
    write: RightSet,
    /// What the roles came to before anything was taken away.
    whole: (RightSet, RightSet),
}

impl Grant {
    /// The roles that a key or a membership is stored with. A custom role that was deleted counts for nothing.
    pub fn of(store: &mut dyn Reader, stored: &[String]) -> Result<Self, Refusal> {
        let mut grant = Self { stored: stored.to_vec(), ..Self::default() };
        for role in stored {
            if let Some(number) = role.strip_prefix(CUSTOM) {
                let number = number.parse::<i64>().unwrap_or_default();
                let found = store.get::<CustomRole>(number)?.filter(|role| role.ended.is_none());
                if let Some(custom) = found {
                    grant.add(&custom.name, RightSet::of(&custom.rights));
                }
            } else {
                grant.add(role, Roles::get().rights_of(role).unwrap_or_default());
            }
        }
        Ok(grant)
    }

    /// Built-in roles, by their names.
    #[must_use]
    pub fn built_in(names: &[&str]) -> Self {
        let mut grant = Self { stored: names.iter().map(|name| (*name).to_owned()).collect(), ..Self::default() };
        for name in names {
            grant.add(name, Roles::get().rights_of(name).unwrap_or_default());
        }
        grant
    }

    /// Rights without a role, for reading only.
    pub(super) fn to_read(rights: RightSet) -> Self {
        Self { read: rights, ..Self::default() }
    }

    fn add(&mut self, name: &str, rights: RightSet) {
        self.names.push(name.to_owned());
        self.read = self.read.and(rights);
        if !name.ends_with(READ_ONLY) {
            self.write = self.write.and(rights);
        }
        self.whole = (self.read, self.write);
    }

    /// The roles' names.
    #[must_use]
    pub fn roles(&self) -> &[String] {
        &self.names
    }

    /// As a key or a membership stores them: what is compared to see whether they were changed.
    #[must_use]
    pub fn stored(&self) -> &[String] {
        &self.stored
    }

    /// Whether what it comes to may change while the stored roles stay the same.
    #[must_use]
    pub fn has_custom(&self) -> bool {
        self.stored.iter().any(|role| role.starts_with(CUSTOM))
    }

    /// Whether the store still has the same behind its stored roles, as far as these were not narrowed.
    pub fn is_now(&self, store: &mut dyn Reader) -> Result<bool, Refusal> {
        let now = Self::of(store, &self.stored)?;
        Ok(now.names == self.names && now.whole == self.whole)
    }

    /// Its rights in an operation of this access.
    #[must_use]
    pub const fn rights(&self, access: Access) -> RightSet {
        match access {
            Access::Read => self.read,
            Access::Write => self.write,
        }
    }

    /// What of it changes nothing.
    #[must_use]
    pub const fn reading(mut self) -> Self {
        self.write = RightSet::NONE;
        self
    }

    /// What of it is in `rights`, too.
    #[must_use]
    pub fn within(mut self, rights: RightSet) -> Self {
        self.read = self.read.both(rights);
        self.write = self.write.both(rights);
        self
    }

    /// Whether all that `other` may is in it.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.read.covers(other.read) && self.write.covers(other.write)
    }

    /// Whether one right of a role with this name is in it.
    #[must_use]
    pub fn covers_right(&self, role: &str, right: &str) -> bool {
        let rights = if role.ends_with(READ_ONLY) { self.read } else { self.write };
        rights.has(right)
    }
}

/// A custom role where roles are stored.
pub(super) fn stored_form(number: i64) -> String {
    format!("{CUSTOM}{number}")
}
