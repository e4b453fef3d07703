//! How much an access token may do.

use std::fmt;

/// The words of a scope. `*` is all that the user may, `read` is what of that changes nothing, `openid` is only who the
/// user is.
///
/// Source: ambiguities A-119; `read` and `openid` are ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scope {
    /// `*`.
    pub all: bool,
    /// `read`.
    pub read: bool,
    /// `openid`.
    pub openid: bool,
}

/// The words that are known.
pub const KNOWN: &[&str] = &["*", "read", "openid"];

impl Scope {
    /// All that the user may.
    pub const ALL: Self = Self { all: true, read: false, openid: false };

    /// Reads a scope; `None` if a word is not known. Nothing is `*`.
    #[must_use]
    pub fn parse(text: Option<&str>) -> Option<Self> {
        let mut scope = Self::default();
        for word in text.unwrap_or("*").split(' ').filter(|word| !word.is_empty()) {
            match word {
                "*" => scope.all = true,
                "read" => scope.read = true,
                "openid" => scope.openid = true,
                _ => return None,
            }
        }
        // Everything holds reading.
        scope.read &= !scope.all;
        (scope != Self::default()).then_some(scope)
    }

    /// What of it an application that keeps no secret gets: nothing that changes anything.
    #[must_use]
    pub const fn for_public(self) -> Self {
        Self { all: false, read: self.all || self.read, openid: self.openid }
    }

    /// Whether it may change anything.
    #[must_use]
    pub const fn writes(self) -> bool {
        self.all
    }

    /// Whether it may call any operation at all.
    #[must_use]
    pub const fn reads(self) -> bool {
        self.all || self.read
    }

    /// Whether all of `other` is in it.
    #[must_use]
    pub const fn covers(self, other: Self) -> bool {
        (self.all || (!other.all && (self.read || !other.read))) && (self.openid || !other.openid)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = [(self.all, "*"), (self.read, "read"), (self.openid, "openid")];
        let words: Vec<_> = words.iter().filter(|(is, _)| *is).map(|(_, word)| *word).collect();
        f.write_str(&words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_what_they_cover() {
        let scope = |text: &str| Scope::parse(Some(text)).unwrap();
        assert_eq!(Scope::parse(None), Some(Scope::ALL));
        assert_eq!(Scope::parse(Some("")), None);
        assert_eq!(Scope::parse(Some("* admin")), None);
        assert_eq!(scope("read  *").to_string(), "*");
        assert_eq!(scope("openid read").to_string(), "read openid");
        assert_eq!(scope("* openid").for_public().to_string(), "read openid");
        assert!(!scope("openid").reads() && scope("read").reads() && !scope("read").writes());
        assert!(scope("*").covers(scope("read")) && !scope("read").covers(scope("*")));
        assert!(!scope("*").covers(scope("openid")) && scope("* openid").covers(scope("read openid")));
    }
}
