//! Roles and rights, as printed by the contract: `roles.json` beside this file.
//!
//! Source: spec/omnigate/roles.json; ambiguities.

use florin_sdk_core::model::{Role, RoleRight};
use serde::Deserialize;
use std::sync::LazyLock;

/// A set of rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RightSet(u128);

impl RightSet {
    /// No right.
    pub const NONE: Self = Self(0);

    /// The rights of these names; names that are no rights count for nothing.
    pub fn of<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Self {
        let catalogue = Roles::get();
        let bits = names.into_iter().filter_map(|name| catalogue.right(name.as_ref()));
        Self(bits.fold(0, |set, bit| set | bit))
    }

    /// Whether it has this right, by name or by `superuser`.
    #[must_use]
    pub fn has(self, name: &str) -> bool {
        self.is_superuser() || Roles::get().right(name).is_some_and(|bit| self.0 & bit != 0)
    }

    /// Whether it holds `superuser`, which stands for every right.
    #[must_use]
    pub fn is_superuser(self) -> bool {
        Roles::get().right("superuser").is_some_and(|bit| self.0 & bit != 0)
    }

    /// Whether all of `other` are in it.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        self.is_superuser() || other.0 & !self.0 == 0
    }

    /// What is in both. Whoever holds `superuser` has all of the other.
    #[must_use]
    pub fn both(self, other: Self) -> Self {
        match (self.is_superuser(), other.is_superuser()) {
            (true, _) => other,
            (_, true) => self,
            _ => Self(self.0 & other.0),
        }
    }

    /// Both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

#[derive(Debug, Deserialize)]
struct RightRow {
    name: String,
    description: String,
}

#[derive(Debug, Deserialize)]
struct RoleRow {
    name: String,
    description: String,
    rights: Vec<String>,
}

/// The catalogue of roles and rights.
#[derive(Debug, Deserialize)]
pub struct Roles {
    rights: Vec<RightRow>,
    roles: Vec<RoleRow>,
}

impl Roles {
    /// The catalogue.
    ///
    /// # Panics
    /// Never in a tested build: the file is part of it.
    #[expect(clippy::expect_used, reason = "the file is compiled in, and a test reads it")]
    pub fn get() -> &'static Self {
        static ROLES: LazyLock<Roles> =
            LazyLock::new(|| serde_json::from_str(include_str!("roles.json")).expect("roles.json is valid"));
        &ROLES
    }

    fn right(&self, name: &str) -> Option<u128> {
        self.rights.iter().position(|right| right.name == name).map(|index| 1 << index)
    }

    /// Whether there is a right of this name.
    #[must_use]
    pub fn is_right(&self, name: &str) -> bool {
        self.right(name).is_some()
    }

    /// The right, as answers describe it.
    #[must_use]
    pub fn describe(&self, name: &str) -> RoleRight {
        let row = self.rights.iter().find(|right| right.name == name);
        RoleRight { right_id: name.to_owned(), description: row.map(|row| row.description.clone()).unwrap_or_default() }
    }

    /// The rights of a role; none if there is no such role.
    #[must_use]
    pub fn rights_of(&self, role: &str) -> Option<RightSet> {
        self.roles
            .iter()
            .find(|row| row.name == role)
            .map(|row| RightSet(row.rights.iter().filter_map(|name| self.right(name)).fold(0, |set, bit| set | bit)))
    }

    /// The roles, as `GetPublicRoleList` answers them.
    #[must_use]
    pub fn public_list(&self) -> Vec<Role> {
        let list = self.roles.iter().map(|role| Role {
            role_id: role.name.clone(),
            description: role.description.clone(),
            rights: role.rights.iter().map(|name| self.describe(name)).collect(),
        });
        list.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_right_fits_the_set_and_each_role_names_known_rights() {
        let roles = Roles::get();
        assert!(roles.rights.len() <= 128);
        for role in &roles.roles {
            for right in &role.rights {
                assert!(roles.right(right).is_some(), "{} has {right}", role.name);
            }
        }
    }

    #[test]
    fn superuser_has_everything() {
        let all = Roles::get().rights_of("system-admin").unwrap();
        assert!(all.has("initiatetransfer") && all.covers(RightSet::of(["createcurrency"])));
        let few = Roles::get().rights_of("profile-ro").unwrap();
        assert!(!few.has("initiatetransfer") && !few.covers(RightSet::of(["createcurrency"])));
    }
}
