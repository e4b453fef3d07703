//! The operation tables in `sdk-core` against the reference files in `spec/`: server and SDKs share those tables, so
//! nothing else would notice a mistake in them.

mod answers;
mod codes;
mod examples;
mod live;
mod scene;
mod sso;
mod tables;

use florin_tests::reference::{self, Addition, Documented};
use std::cell::RefCell;
use std::collections::BTreeSet;

/// What both reference files say of one operation.
struct Expected {
    documented: Documented,
    additions: Vec<Addition>,
    is_own: bool,
}

/// All documented operations, Omnigate's and Florin's own.
fn expected() -> Vec<Expected> {
    let own = reference::florin();
    let mut additions = own.additions;
    let mut all: Vec<_> = reference::omnigate().into_iter().map(|documented| (documented, false)).collect();
    all.extend(own.operations.into_iter().map(|documented| (documented, true)));
    let all = all
        .into_iter()
        .map(|(documented, is_own)| Expected {
            additions: additions.extract_if(.., |addition| addition.operation == documented.name).collect(),
            documented,
            is_own,
        })
        .collect();
    assert!(additions.is_empty(), "additions to operations that no file has: {additions:?}");
    all
}

/// What the reference files say of one operation that we have.
fn of<'a>(all: &'a [Expected], name: &str) -> &'a Expected {
    all.iter()
        .find(|expected| expected.documented.name == name)
        .unwrap_or_else(|| panic!("{name} is in no reference file"))
}

/// Where we differ from the reference on purpose: operation, what, and why. Each must be met, so that none outlives
/// its reason.
struct Exceptions {
    rows: &'static [(&'static str, &'static str, &'static str)],
    met: RefCell<BTreeSet<usize>>,
}

impl Exceptions {
    const fn new(rows: &'static [(&'static str, &'static str, &'static str)]) -> Self {
        Self { rows, met: RefCell::new(BTreeSet::new()) }
    }

    fn allow(&self, operation: &str, what: &str) -> bool {
        let row = self.rows.iter().position(|(name, exception, _)| (*name, *exception) == (operation, what));
        self.met.borrow_mut().extend(row);
        row.is_some()
    }

    fn all_met(&self) {
        for (index, (operation, what, _)) in self.rows.iter().enumerate() {
            assert!(self.met.borrow().contains(&index), "the exception for {what} of {operation} is not needed");
        }
    }
}

/// Gathers what is wrong, so that one run shows all of it.
#[derive(Default)]
struct Faults(Vec<String>);

impl Faults {
    fn unless(&mut self, right: bool, fault: impl FnOnce() -> String) {
        if !right {
            self.0.push(fault());
        }
    }

    fn equal<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, ours: &T, reference: &T) {
        self.unless(ours == reference, || format!("{what}: ours {ours:?}, reference {reference:?}"));
    }

    fn none(self) {
        assert!(self.0.is_empty(), "{} differences:\n{}", self.0.len(), self.0.join("\n"));
    }
}
