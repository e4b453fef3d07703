//! Tiers, kept in memory for the jobs that write: each transfer asks for one, and they change once in a year.
//!
//! Only where this process alone writes the database: of what others change nothing is known here. Who changes a tier
//! forgets all of them before anybody is told of the change.

use florin_domain::store::{Filter, Query, Record, Value};
use florin_domain::tier::Tier;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// The most levels that are kept, those that are not there included.
const MOST: usize = 4096;

/// See the module.
pub(crate) struct Kept {
    shared: bool,
    rows: Mutex<HashMap<i64, Vec<Vec<Value>>>>,
}

impl Kept {
    /// `shared`: whether other processes write the database, too.
    pub(crate) fn new(shared: bool) -> Self {
        Self { shared, rows: Mutex::default() }
    }

    /// The level that a question is about, if it is about one tier.
    pub(crate) fn level(&self, query: &Query) -> Option<i64> {
        if self.shared || query.table != Tier::TABLE || query.walk.is_some() {
            return None;
        }
        match query.filters.as_slice() {
            [Filter::Equal("level", Value::Int(level))] => Some(*level),
            _ => None,
        }
    }

    /// The answer that was given before.
    pub(crate) fn get(&self, level: i64) -> Option<Vec<Vec<Value>>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner).get(&level).cloned()
    }

    /// Keeps an answer.
    pub(crate) fn put(&self, level: i64, rows: &[Vec<Value>]) {
        let mut kept = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < MOST {
            kept.insert(level, rows.to_vec());
        }
    }

    /// Forgets all.
    pub(crate) fn forget(&self) {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_question_for_one_tier_is_answered_and_only_where_nobody_else_writes() {
        let (alone, shared) = (Kept::new(false), Kept::new(true));
        let one = Tier::query().key(&3_u32).limit(1);
        assert_eq!((alone.level(&one), shared.level(&one)), (Some(3), None));
        assert_eq!(alone.level(&Tier::query()), None);
        assert_eq!(alone.level(&Tier::query().key(&3_u32).eq(Tier::open, true)), None);
        assert_eq!(alone.get(3), None);
        alone.put(3, &[]);
        assert_eq!(alone.get(3), Some(Vec::new()), "that there is none is kept, too");
        alone.forget();
        assert_eq!(alone.get(3), None);
    }
}
