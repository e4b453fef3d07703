//! From a table and a query to a statement.
//!
//! Rows go in and keys are asked for as one array for each column, so that a statement is the same however many they
//! are, and its plan is made once.

use super::value::{Given, fits, type_of};
use crate::backend::walked;
use florin_domain::store::{Filter, Kind, Query, Table, Value};
use std::borrow::Cow;
use std::fmt::Write as _;
use tokio_postgres::types::Type;

/// A parameter of a query.
#[derive(Debug)]
pub(super) enum Parameter<'q> {
    One(Cow<'q, Value>),
    Many(Vec<Given<'q>>),
}

/// A statement and the values of its parameters.
pub(super) struct Statement<'q> {
    pub(super) sql: String,
    pub(super) parameters: Vec<Parameter<'q>>,
}

/// Orders are by columns that are never empty, as engines differ in where they put nothing.
pub(super) fn select(query: &Query) -> Statement<'_> {
    let mut statement = Statement { sql: String::new(), parameters: Vec::new() };
    let source = match &query.walk {
        None => query.table.name,
        Some(walk) => {
            statement.sql = walked(query.table, walk.link, "$1::int8", "$2::int8");
            let steps = Value::Int(i64::try_from(walk.steps).unwrap_or(i64::MAX));
            statement.parameters = vec![
                Parameter::One(Cow::Borrowed(&walk.start)), //
                Parameter::One(Cow::Owned(steps)),
            ];
            "walk"
        }
    };
    statement.push(&format!("SELECT {} FROM {source}", query.table.columns.join(", ")));
    for (index, filter) in query.filters.iter().enumerate() {
        statement.push(if index == 0 { " WHERE " } else { " AND " });
        statement.condition(filter);
    }
    statement.by_place(query);
    if let Some(column) = query.order {
        statement.push(&format!(" ORDER BY {column}{}", if query.descending { " DESC" } else { "" }));
    }
    if let Some(limit) = query.limit {
        let limit = Value::Int(i64::try_from(limit).unwrap_or(i64::MAX));
        statement.push(" LIMIT ");
        statement.parameter(&Type::INT8, Parameter::One(Cow::Owned(limit)));
    }
    statement
}

impl<'q> Statement<'q> {
    fn push(&mut self, sql: &str) {
        self.sql.push_str(sql);
    }

    fn parameter(&mut self, ty: &Type, parameter: Parameter<'q>) {
        let list = if matches!(parameter, Parameter::Many(_)) { "[]" } else { "" };
        self.parameters.push(parameter);
        // Writing to a String cannot fail.
        let _ = write!(self.sql, "${}::{ty}{list}", self.parameters.len());
    }

    /// Adds where rows stand in the index that they are found by, if the conditions say so.
    fn by_place(&mut self, query: &'q Query) {
        let equal = |column: &&str| {
            query.filters.iter().find_map(|filter| match filter {
                Filter::Equal(of, value) if of == column && fits(value) => Some((value, type_of(value)?)),
                _ => None,
            })
        };
        let columns = place_columns(query.table);
        // All of them, before the first becomes a parameter.
        let Some(values) = columns.iter().map(equal).collect::<Option<Vec<_>>>() else { return };
        let mut given = Vec::with_capacity(values.len());
        for (value, ty) in values {
            self.parameters.push(Parameter::One(Cow::Borrowed(value)));
            given.push(format!("${}::{ty}", self.parameters.len()));
        }
        if let (Some(own), Some(given)) = (place(query.table, columns), place(query.table, &given)) {
            self.push(&format!(" AND {own} = {given}"));
        }
    }

    fn condition(&mut self, filter: &'q Filter) {
        match filter {
            Filter::Equal(column, value) => self.compare(column, "=", value),
            Filter::Less(column, value) => self.compare(column, "<", value),
            Filter::Greater(column, value) => self.compare(column, ">", value),
            Filter::In(column, list) => {
                let possible: Vec<_> = list.iter().filter(|value| fits(value)).map(Given).collect();
                match possible.iter().find_map(|given| type_of(given.0)) {
                    Some(ty) => {
                        self.push(&format!("{column} = ANY("));
                        self.parameter(&ty, Parameter::Many(possible));
                        self.push(")");
                    }
                    None => self.push("FALSE"),
                }
            }
            Filter::NotIn(column, list) => {
                let impossible: Vec<_> = list.iter().filter(|value| fits(value)).map(Given).collect();
                match impossible.iter().find_map(|given| type_of(given.0)) {
                    Some(ty) => {
                        self.push(&format!("{column} <> ALL("));
                        self.parameter(&ty, Parameter::Many(impossible));
                        self.push(")");
                    }
                    None => self.push(&format!("{column} IS NOT NULL")),
                }
            }
            Filter::AnyEqual(list) => self.either(list, |this, (column, value)| this.compare(column, "=", value)),
            Filter::Multiple(column, number) => self.push(&format!("{column} % {number} = 0")),
            Filter::Contains(_, text) if text.contains('\0') => self.push("FALSE"),
            Filter::Contains(columns, text) => {
                let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
                let pattern = Value::Text(format!("%{escaped}%"));
                self.either(columns, |this, column| {
                    // By the columns' collation only letters of ASCII have another case.
                    this.push(&format!("{column} ILIKE "));
                    this.parameter(&Type::TEXT, Parameter::One(Cow::Owned(pattern.clone())));
                });
            }
        }
    }

    fn compare(&mut self, column: &str, sign: &str, value: &'q Value) {
        match type_of(value).filter(|_| fits(value)) {
            Some(ty) => {
                self.push(&format!("{column} {sign} "));
                self.parameter(&ty, Parameter::One(Cow::Borrowed(value)));
            }
            None => self.push("FALSE"),
        }
    }

    fn either<T>(&mut self, list: &'q [T], mut one: impl FnMut(&mut Self, &'q T)) {
        self.push("(");
        for (index, item) in list.iter().enumerate() {
            self.push(if index == 0 { "" } else { " OR " });
            one(self, item);
        }
        self.push(")");
    }
}

/// One array for each of these columns, as a table `given`; the parameters before them are others'.
///
/// Each is unnested by itself, side by side: as one function of several arrays they would each be put in a store of their
/// own first.
fn arrays(columns: &[&str], types: &[Type], before: usize) -> String {
    let arrays: Vec<_> = columns
        .iter()
        .zip(types)
        .enumerate()
        .map(|(index, (column, ty))| format!("UNNEST(${}::{ty}[]) AS {column}", before + index + 1))
        .collect();
    format!("(SELECT {}) AS given", arrays.join(", "))
}

/// The condition that a row's key is the given one.
fn by_key(table: &Table) -> String {
    let key = table.columns.iter().take(table.key).map(|name| format!("{0}.{name} = given.{name}", table.name));
    let of = |source: &str| {
        let cells: Vec<_> = place_columns(table).iter().map(|name| format!("{source}.{name}")).collect();
        place(table, &cells)
    };
    let place = of(table.name).zip(of("given")).map(|(own, given)| format!("{own} = {given}"));
    key.chain(place).collect::<Vec<_>>().join(" AND ")
}

/// The columns whose hash says where a row stands in the index that it is found by; none if rows are found by the columns
/// themselves.
fn place_columns(table: &Table) -> &'static [&'static str] {
    table.columns.get(..table.found_by).unwrap_or_default()
}

/// The hash of these cells, those of [`place_columns`], as it is in the index (`0024_references.sql`).
fn place(table: &Table, cells: &[impl AsRef<str>]) -> Option<String> {
    let seed = (table.found_by > 0).then(|| "0".to_owned());
    cells.iter().zip(table.kinds).fold(seed, |hash, (cell, kind)| {
        let function = if *kind == Kind::Int { "hashint8extended" } else { "hashtextextended" };
        hash.map(|hash| format!("{function}({}, {hash})", cell.as_ref()))
    })
}

fn key_of(table: &Table) -> Vec<&'static str> {
    table.columns.iter().take(table.key).copied().collect()
}

/// The rows with the given keys. Those to be changed are locked in the order of their keys, against changes and not
/// against references to them.
pub(super) fn fetch(table: &Table, types: &[Type], to_change: bool) -> String {
    let key = key_of(table);
    let own = |columns: &[&str]| {
        let own: Vec<_> = columns.iter().map(|name| format!("{}.{name}", table.name)).collect();
        own.join(", ")
    };
    let types: Vec<_> = types.iter().take(table.key).cloned().collect();
    let mut sql = format!(
        "SELECT {} FROM {} JOIN {} ON {}",
        own(table.columns),
        arrays(&key, &types, 0),
        table.name,
        by_key(table)
    );
    if to_change {
        let _ = write!(sql, " ORDER BY {} FOR NO KEY UPDATE OF {}", own(&key), table.name);
    }
    sql
}

/// The rows whose column holds one of the given values.
pub(super) fn fetch_by(table: &Table, column: &str, ty: &Type) -> String {
    format!("SELECT {} FROM {} WHERE {column} = ANY($1::{ty}[])", table.columns.join(", "), table.name)
}

/// The same rows, in no order, each with the number of `settled` behind it. If there are none, there is one of nothing, and
/// the number.
pub(super) fn with_epoch(sql: &str) -> String {
    format!("SELECT found.*, settled.epoch FROM settled LEFT JOIN ({sql}) AS found ON TRUE")
}

/// What is done to rows of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Adds,
    Replaces,
    TakesAway,
}

/// Rows of one table, all to be treated alike.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) table: &'static Table,
    /// Of its columns.
    pub(super) types: &'a [Type],
    pub(super) what: What,
    /// Columns that a row which is replaced must have as they are given, after those of the new row.
    pub(super) witnesses: &'static [&'static str],
}

impl Part<'_> {
    /// Adds to the name of a statement what makes it another one.
    fn name(&self, name: &mut String) {
        name.push(match self.what {
            What::Adds => '+',
            What::Replaces => '=',
            What::TakesAway => '-',
        });
        name.push_str(self.table.name);
    }

    /// How many parameters it takes, each an array.
    pub(super) fn arrays(&self) -> usize {
        match self.what {
            What::TakesAway => self.table.key,
            What::Adds | What::Replaces => self.table.columns.len() + self.witnesses.len(),
        }
    }

    /// What it does, with the parameters after the first `before`.
    fn sql(&self, before: usize) -> String {
        let Self { table, types, what, witnesses } = self;
        let (name, columns) = (table.name, table.columns);
        match what {
            What::Adds => {
                let given = arrays(columns, types, before);
                format!("INSERT INTO {name} ({}) SELECT * FROM {given}", columns.join(", "))
            }
            What::Replaces => {
                let set: Vec<_> =
                    columns.iter().skip(table.key).map(|column| format!("{column} = given.{column}")).collect();
                let was: Vec<_> = witnesses.iter().map(|column| format!("was_{column}")).collect();
                let given: Vec<_> = columns.iter().copied().chain(was.iter().map(String::as_str)).collect();
                let places = witnesses.iter().filter_map(|column| table.place(column));
                let types: Vec<_> = types.iter().chain(places.filter_map(|place| types.get(place))).cloned().collect();
                let mut sql = format!(
                    "UPDATE {name} SET {} FROM {} WHERE {}",
                    set.join(", "),
                    arrays(&given, &types, before),
                    by_key(table)
                );
                for column in *witnesses {
                    let _ = write!(sql, " AND {name}.{column} = given.was_{column}");
                }
                sql + " RETURNING 1"
            }
            What::TakesAway => {
                let types: Vec<_> = types.iter().take(table.key).cloned().collect();
                let given = arrays(&key_of(table), &types, before);
                format!("DELETE FROM {name} USING {given} WHERE {} RETURNING 1", by_key(table))
            }
        }
    }
}

/// A name for the statement for all of these: what is to be done says which it is.
pub(super) fn name_of_whole(parts: &[Part<'_>]) -> String {
    let mut name = String::with_capacity(128);
    for part in parts {
        part.name(&mut name);
    }
    name
}

/// One statement for all of these. It fails by a division by zero unless each row that is replaced or taken away is there,
/// as its witnesses say, and unless the number of `settled` is the given one, if one is given: the commit is on its way
/// already when this is answered.
///
/// The first parameter is that number; then come those of the parts.
pub(super) fn whole(parts: &[Part<'_>]) -> String {
    let mut sql = String::new();
    let mut holds = "($1::int8 IS NULL OR (SELECT epoch FROM settled) = $1)".to_owned();
    let mut before = 1;
    for (index, part) in parts.iter().enumerate() {
        let begin = if index == 0 { "WITH" } else { "," };
        // Writing to a String cannot fail.
        let _ = write!(sql, "{begin} part{index} AS ({}) ", part.sql(before));
        if part.what != What::Adds {
            let _ = write!(holds, " AND (SELECT COUNT(*) FROM part{index}) = CARDINALITY(${})", before + 1);
        }
        before += part.arrays();
    }
    format!("{sql}SELECT 1 / COALESCE({holds}, FALSE)::int")
}

#[cfg(test)]
mod tests {
    use super::*;
    use florin_domain::store::Kind;

    const KINDS: &[Kind] = &[Kind::Int, Kind::Text, Kind::Text];
    const PET: Table = Table { name: "pet", columns: &["id", "name", "owner"], kinds: KINDS, key: 1, found_by: 0 };

    fn types() -> [Type; 3] {
        [Type::INT8, Type::TEXT, Type::NUMERIC]
    }

    #[test]
    fn queries_name_every_value_by_a_parameter() {
        let query = Query {
            filters: vec![
                Filter::Greater("id", Value::Int(7)),
                Filter::AnyEqual(vec![("name", Value::Text("a".to_owned())), ("owner", Value::Units(1))]),
                Filter::Contains(&["name", "owner"], "50%_\\".to_owned()),
                Filter::In("id", vec![Value::Int(1), Value::Int(2)]),
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
            "SELECT id, name, owner FROM pet WHERE id > $1::int8 AND (name = $2::text OR owner = $3::numeric) AND \
             (name ILIKE $4::text OR owner ILIKE $5::text) AND id = ANY($6::int8[]) ORDER BY id DESC LIMIT $7::int8"
        );
        assert_eq!(found.parameters.len(), 7);
        let Some(Parameter::One(pattern)) = found.parameters.get(3) else { panic!("a pattern") };
        assert_eq!(**pattern, Value::Text("%50\\%\\_\\\\%".to_owned()));
    }

    #[test]
    fn rows_that_come_and_stay_are_found_by_a_hash() {
        const KINDS: &[Kind] = &[Kind::Int, Kind::Text, Kind::Text, Kind::Int];
        const TAG: Table =
            Table { name: "tag", columns: &["owner", "text", "kind", "number"], kinds: KINDS, key: 3, found_by: 2 };
        let types = [Type::INT8, Type::TEXT, Type::TEXT, Type::INT8];
        let by_key = "tag.owner = given.owner AND tag.text = given.text AND tag.kind = given.kind \
             AND hashtextextended(tag.text, hashint8extended(tag.owner, 0)) = \
             hashtextextended(given.text, hashint8extended(given.owner, 0))";
        let fetched = fetch(&TAG, &types, false);
        assert!(fetched.ends_with(by_key), "{fetched}");
        let of = |filters| Query { filters, ..Query::new(&TAG) };
        let equal = |column, value: &str| Filter::Equal(column, Value::Text(value.to_owned()));
        let both = of(vec![equal("text", "a"), Filter::Equal("owner", Value::Int(7))]);
        let found = select(&both);
        assert_eq!(
            found.sql,
            "SELECT owner, text, kind, number FROM tag WHERE text = $1::text AND owner = $2::int8 \
             AND hashtextextended(text, hashint8extended(owner, 0)) = hashtextextended($4::text, hashint8extended($3::int8, 0))"
        );
        assert_eq!(found.parameters.len(), 4);
        let owner = || Filter::Equal("owner", Value::Int(7));
        for filters in [
            vec![equal("text", "a")],
            vec![owner(), equal("text", "\0")],
            vec![owner(), Filter::Equal("text", Value::Null)],
        ] {
            let one = of(filters);
            let found = select(&one);
            assert!(!found.sql.contains("hash"), "{}", found.sql);
            assert_eq!(found.parameters.len(), 1, "{}", found.sql);
        }
    }

    #[test]
    fn what_no_row_holds_is_not_asked_for() {
        let odd = || Value::Text("a\0b".to_owned());
        let query = Query {
            filters: vec![
                Filter::Equal("name", odd()),
                Filter::Equal("name", Value::Null),
                Filter::In("name", vec![odd(), Value::Null]),
                Filter::In("name", vec![]),
                Filter::Contains(&["name"], "\0".to_owned()),
            ],
            ..Query::new(&PET)
        };
        let found = select(&query);
        assert_eq!(found.sql, "SELECT id, name, owner FROM pet WHERE FALSE AND FALSE AND FALSE AND FALSE AND FALSE");
        assert!(found.parameters.is_empty());
    }

    #[test]
    fn rows_go_in_by_columns() {
        assert_eq!(
            fetch(&PET, &types(), true),
            "SELECT pet.id, pet.name, pet.owner FROM (SELECT UNNEST($1::int8[]) AS id) AS given \
             JOIN pet ON pet.id = given.id ORDER BY pet.id FOR NO KEY UPDATE OF pet"
        );
        assert!(!fetch(&PET, &types(), false).contains("FOR"));
        let types = types();
        let part = |what, witnesses| Part { table: &PET, types: &types, what, witnesses };
        assert_eq!(
            whole(&[part(What::Adds, &[]), part(What::Replaces, &["owner"]), part(What::TakesAway, &[])]),
            "WITH part0 AS (INSERT INTO pet (id, name, owner) SELECT * FROM \
             (SELECT UNNEST($2::int8[]) AS id, UNNEST($3::text[]) AS name, UNNEST($4::numeric[]) AS owner) AS given) \
             , part1 AS (UPDATE pet SET name = given.name, owner = given.owner FROM \
             (SELECT UNNEST($5::int8[]) AS id, UNNEST($6::text[]) AS name, UNNEST($7::numeric[]) AS owner, \
             UNNEST($8::numeric[]) AS was_owner) AS given \
             WHERE pet.id = given.id AND pet.owner = given.was_owner RETURNING 1) \
             , part2 AS (DELETE FROM pet USING (SELECT UNNEST($9::int8[]) AS id) AS given WHERE pet.id = given.id RETURNING 1) \
             SELECT 1 / COALESCE(($1::int8 IS NULL OR (SELECT epoch FROM settled) = $1) \
             AND (SELECT COUNT(*) FROM part1) = CARDINALITY($5) AND (SELECT COUNT(*) FROM part2) = CARDINALITY($9), \
             FALSE)::int"
        );
        assert_eq!([What::Adds, What::Replaces, What::TakesAway].map(|what| part(what, &[]).arrays()), [3, 3, 1]);
        let all = [part(What::Adds, &[]), part(What::Replaces, &["owner"]), part(What::TakesAway, &[])];
        assert_eq!(name_of_whole(&all), "+pet=pet-pet");
    }
}
