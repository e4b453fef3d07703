//! The statements that walk over whole tables: the same for both engines, but for how they name a parameter.

use florin_domain::store::{Scan, Table, Value};
use std::fmt::Write as _;

/// A statement and the values of its parameters.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) sql: String,
    pub(crate) values: Vec<Value>,
}

/// How an engine names the parameter of this number, from 1, for this value.
pub(crate) type Mark = fn(usize, &Value) -> String;

impl Asked {
    fn new(what: &[&str], table: &Table, mark: Mark, after: &[Value], until: &[Value]) -> Self {
        let mut asked = Self { sql: format!("SELECT {} FROM {}", what.join(", "), table.name), values: Vec::new() };
        for (sign, place) in [(">", after), ("<=", until)].into_iter().filter(|(_, place)| !place.is_empty()) {
            let word = if asked.values.is_empty() { "WHERE" } else { "AND" };
            let marks: Vec<_> = place.iter().map(|value| asked.parameter(mark, value)).collect();
            // Writing to a String cannot fail.
            let _ = write!(asked.sql, " {word} ({}) {sign} ({})", table.order().join(", "), marks.join(", "));
        }
        asked
    }

    fn parameter(&mut self, mark: Mark, value: &Value) -> String {
        self.values.push(value.clone());
        mark(self.values.len(), value)
    }

    fn ordered(mut self, table: &Table, direction: &str) -> Self {
        let columns: Vec<_> = table.order().iter().map(|column| format!("{column}{direction}")).collect();
        let _ = write!(self.sql, " ORDER BY {}", columns.join(", "));
        self
    }

    fn counted(mut self, word: &str, mark: Mark, count: usize) -> Self {
        let count = Value::Int(i64::try_from(count).unwrap_or(i64::MAX));
        let marked = self.parameter(mark, &count);
        let _ = write!(self.sql, " {word} {marked}");
        self
    }
}

/// All columns of the rows of a scan.
pub(crate) fn rows(scan: &Scan, mark: Mark) -> Asked {
    let asked = Asked::new(scan.table.columns, scan.table, mark, &scan.after, &scan.until).ordered(scan.table, "");
    match scan.limit {
        Some(limit) => asked.counted("LIMIT", mark, limit),
        None => asked,
    }
}

/// The place of the row that is `steps` after this one.
pub(crate) fn step(table: &Table, after: &[Value], steps: usize, mark: Mark) -> Asked {
    let places = Asked::new(table.order(), table, mark, after, &[]).ordered(table, "");
    places.counted("LIMIT 1 OFFSET", mark, steps.saturating_sub(1))
}

/// The place of the last row.
pub(crate) fn last(table: &Table) -> String {
    let mut asked = Asked::new(table.order(), table, |_, _| String::new(), &[], &[]).ordered(table, " DESC");
    asked.sql += " LIMIT 1";
    asked.sql
}

#[cfg(test)]
mod tests {
    use super::*;
    use florin_domain::store::Kind;

    const KINDS: &[Kind] = &[Kind::Int, Kind::Int, Kind::Text];
    const PET: Table = Table { name: "pet", columns: &["owner", "tag", "name"], kinds: KINDS, key: 2, found_by: 0 };

    #[test]
    fn rows_are_walked_from_place_to_place() {
        let mark: Mark = |number, _| format!("?{number}");
        let place = |owner, tag| vec![Value::Int(owner), Value::Int(tag)];
        let scan = Scan { after: place(1, 2), until: place(3, 4), limit: Some(5), ..Scan::new(&PET) };
        let asked = rows(&scan, mark);
        assert_eq!(
            asked.sql,
            "SELECT owner, tag, name FROM pet WHERE (owner, tag) > (?1, ?2) AND (owner, tag) <= (?3, ?4) \
             ORDER BY owner, tag LIMIT ?5"
        );
        assert_eq!(asked.values, (1..=5).map(Value::Int).collect::<Vec<_>>());
        let there = step(&PET, &[], 10, mark);
        assert_eq!(there.sql, "SELECT owner, tag FROM pet ORDER BY owner, tag LIMIT 1 OFFSET ?1");
        assert_eq!(there.values, [Value::Int(9)]);
        assert_eq!(last(&PET), "SELECT owner, tag FROM pet ORDER BY owner DESC, tag DESC LIMIT 1");
    }
}
