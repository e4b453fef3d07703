//! From a table and a query to a statement.

use crate::backend::walked;
use florin_domain::store::{Filter, Query, Table, Value};
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::rc::Rc;

/// A statement and the values of its parameters.
pub(super) struct Statement {
    pub(super) sql: String,
    pub(super) values: Vec<Value>,
}

// Writing to a String cannot fail.
pub(super) fn select(query: &Query) -> Statement {
    let mut sql = String::new();
    let mut values = Vec::new();
    let source = match &query.walk {
        None => query.table.name,
        Some(walk) => {
            sql = walked(query.table, walk.link, "?", "?");
            values.push(walk.start.clone());
            values.push(Value::Int(i64::try_from(walk.steps).unwrap_or(i64::MAX)));
            "walk"
        }
    };
    let _ = write!(sql, "SELECT {} FROM {source}", query.table.columns.join(", "));
    for (index, filter) in query.filters.iter().enumerate() {
        sql.push_str(if index == 0 { " WHERE " } else { " AND " });
        condition(filter, &mut sql, &mut values);
    }
    if let Some(column) = query.order {
        let _ = write!(sql, " ORDER BY {column}{}", if query.descending { " DESC" } else { "" });
    }
    if let Some(limit) = query.limit {
        sql.push_str(" LIMIT ?");
        values.push(Value::Int(i64::try_from(limit).unwrap_or(i64::MAX)));
    }
    Statement { sql, values }
}

fn condition(filter: &Filter, sql: &mut String, values: &mut Vec<Value>) {
    let mut compare = |sql: &mut String, column: &str, sign: &str, value: &Value| {
        let _ = write!(sql, "{column} {sign} ?");
        values.push(value.clone());
    };
    match filter {
        Filter::Equal(column, value) => compare(sql, column, "=", value),
        Filter::Less(column, value) => compare(sql, column, "<", value),
        Filter::Greater(column, value) => compare(sql, column, ">", value),
        Filter::In(column, list) => {
            let _ = write!(sql, "{column} IN ({})", vec!["?"; list.len()].join(", "));
            values.extend(list.iter().cloned());
        }
        Filter::NotIn(column, list) => {
            let _ = write!(sql, "{column} NOT IN ({})", vec!["?"; list.len()].join(", "));
            values.extend(list.iter().cloned());
        }
        Filter::AnyEqual(list) => {
            either(sql, list.iter(), |sql, (column, value)| {
                compare(sql, column, "=", value);
            });
        }
        Filter::Multiple(column, number) => {
            let _ = write!(sql, "{column} % {number} = 0");
        }
        Filter::Contains(columns, text) => {
            let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
            let pattern = Value::Text(format!("%{escaped}%"));
            either(sql, columns.iter(), |sql, column| {
                compare(sql, column, "LIKE", &pattern);
                sql.push_str(" ESCAPE '\\'");
            });
        }
    }
}

fn either<T>(sql: &mut String, list: impl Iterator<Item = T>, mut one: impl FnMut(&mut String, T)) {
    sql.push('(');
    for (index, item) in list.enumerate() {
        if index > 0 {
            sql.push_str(" OR ");
        }
        one(sql, item);
    }
    sql.push(')');
}

/// The statements of a table, whose text is always the same.
pub(super) struct Fixed {
    pub(super) by_key: String,
    pub(super) by_rowid: String,
    pub(super) insert: String,
    pub(super) update: String,
    pub(super) delete: String,
}

thread_local! {
    static FIXED: RefCell<HashMap<&'static str, Rc<Fixed>>> = RefCell::default();
}

/// The statements of a table. Their text is made once on each thread.
pub(super) fn fixed(table: &'static Table) -> Rc<Fixed> {
    let make = || {
        let (by_key, by_rowid) = (by_key(table), by_rowid(table));
        Rc::new(Fixed { by_key, by_rowid, insert: insert(table), update: update(table), delete: delete(table) })
    };
    FIXED.with_borrow_mut(|tables| tables.entry(table.name).or_insert_with(make).clone())
}

/// The condition on a key, whose cells are the parameters.
fn key(table: &Table) -> String {
    let key: Vec<_> = table.columns.iter().take(table.key).map(|name| format!("{name} = ?")).collect();
    key.join(" AND ")
}

fn by_key(table: &Table) -> String {
    format!("SELECT {} FROM {} WHERE {}", table.columns.join(", "), table.name, key(table))
}

fn delete(table: &Table) -> String {
    format!("DELETE FROM {} WHERE {}", table.name, key(table))
}

/// The row with a number.
fn by_rowid(table: &Table) -> String {
    format!("SELECT {} FROM {} WHERE rowid = ?", table.columns.join(", "), table.name)
}

fn insert(table: &Table) -> String {
    let marks = vec!["?"; table.columns.len()].join(", ");
    format!("INSERT INTO {} ({}) VALUES ({marks})", table.name, table.columns.join(", "))
}

/// Parameters are numbered by column, so that a row's cells fit as they come.
fn update(table: &Table) -> String {
    let numbered: Vec<_> = table.columns.iter().enumerate().map(|(i, name)| format!("{name} = ?{}", i + 1)).collect();
    let (key, rest) = numbered.split_at(table.key);
    format!("UPDATE {} SET {} WHERE {}", table.name, rest.join(", "), key.join(" AND "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use florin_domain::store::Kind;

    const KINDS: &[Kind] = &[Kind::Int, Kind::Text, Kind::Text];
    const PET: Table = Table { name: "pet", columns: &["id", "name", "owner"], kinds: KINDS, key: 1, found_by: 0 };

    #[test]
    fn statements_name_every_value_by_a_parameter() {
        let query = Query {
            filters: vec![
                Filter::Equal("id", Value::Int(7)),
                Filter::AnyEqual(vec![("name", Value::Null), ("owner", Value::Null)]),
                Filter::Contains(&["name", "owner"], "50%_\\".to_owned()),
            ],
            order: Some("id"),
            descending: true,
            limit: Some(3),
            table: &PET,
            walk: None,
        };
        let found = select(&query);
        assert_eq!(
            found.sql,
            "SELECT id, name, owner FROM pet WHERE id = ? AND (name = ? OR owner = ?) AND \
             (name LIKE ? ESCAPE '\\' OR owner LIKE ? ESCAPE '\\') ORDER BY id DESC LIMIT ?"
        );
        assert_eq!(found.values.len(), 6);
        assert_eq!(found.values[3], Value::Text("%50\\%\\_\\\\%".to_owned()));
        assert_eq!(insert(&PET), "INSERT INTO pet (id, name, owner) VALUES (?, ?, ?)");
        assert_eq!(update(&PET), "UPDATE pet SET name = ?2, owner = ?3 WHERE id = ?1");
        assert_eq!(delete(&PET), "DELETE FROM pet WHERE id = ?");
    }
}
