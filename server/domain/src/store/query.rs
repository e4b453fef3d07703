//! Questions to a table, in a form that each engine turns into its own statement.

use super::{Column, IntoValue, Key, Table, Value};

/// A condition on the rows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Filter {
    /// The column holds this value.
    Equal(&'static str, Value),
    /// The column holds one of these values.
    In(&'static str, Vec<Value>),
    /// The column holds none of these values.
    NotIn(&'static str, Vec<Value>),
    /// One of these columns holds its value.
    AnyEqual(Vec<(&'static str, Value)>),
    /// The column is less than this value.
    Less(&'static str, Value),
    /// The column is greater than this value.
    Greater(&'static str, Value),
    /// One of these columns holds this text in it, upper and lower case (of ASCII) alike.
    Contains(&'static [&'static str], String),
    /// The column holds a multiple of this number.
    Multiple(&'static str, u32),
}

/// A list that rows make by naming each the one before it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Walk {
    /// The key of the row that it begins with.
    pub start: Value,
    /// The column that names the next row.
    pub link: &'static str,
    /// How many rows it has at most.
    pub steps: usize,
}

/// Which rows of a table, in which order, and how many at most.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Query {
    /// The table.
    pub table: &'static Table,
    /// Only the rows of this list.
    pub walk: Option<Walk>,
    /// All of these must hold.
    pub filters: Vec<Filter>,
    /// By which column; ascending unless `descending`.
    pub order: Option<&'static str>,
    /// The greatest first.
    pub descending: bool,
    /// At most so many.
    pub limit: Option<usize>,
}

impl Query {
    /// All rows.
    #[must_use]
    pub const fn new(table: &'static Table) -> Self {
        Self { table, walk: None, filters: Vec::new(), order: None, descending: false, limit: None }
    }

    /// The row with this key.
    #[must_use]
    pub fn by_key(table: &'static Table, key: &[Value]) -> Self {
        let columns = table.columns.iter().take(table.key).zip(key);
        let filters = columns.map(|(column, value)| Filter::Equal(column, value.clone())).collect();
        Self { filters, limit: Some(1), ..Self::new(table) }
    }

    fn with(mut self, filter: Filter) -> Self {
        self.filters.push(filter);
        self
    }

    /// Only the row with this key.
    #[must_use]
    pub fn key(mut self, key: &impl Key) -> Self {
        for (column, value) in self.table.columns.iter().take(self.table.key).zip(key.values()) {
            self = self.with(Filter::Equal(column, value));
        }
        self
    }

    /// Only rows whose column holds this value.
    #[must_use]
    pub fn eq<R, T>(self, column: Column<R, T>, value: impl IntoValue) -> Self {
        self.with(Filter::Equal(column.name, value.value()))
    }

    /// Only rows whose column holds one of these values.
    #[must_use]
    pub fn any_of<R, T: IntoValue>(self, column: Column<R, T>, values: &[T]) -> Self {
        self.with(Filter::In(column.name, values.iter().map(T::value).collect()))
    }

    /// Only rows whose column holds none of these values.
    #[must_use]
    pub fn none_of<R, T: IntoValue>(self, column: Column<R, T>, values: &[T]) -> Self {
        self.with(Filter::NotIn(column.name, values.iter().map(T::value).collect()))
    }

    /// Only rows of which one of two columns holds this value.
    #[must_use]
    pub fn either<R, T, U>(self, one: Column<R, T>, two: Column<R, U>, value: &impl IntoValue) -> Self {
        self.with(Filter::AnyEqual(vec![(one.name, value.value()), (two.name, value.value())]))
    }

    /// Only rows whose column is less than this value.
    #[must_use]
    pub fn less<R, T>(self, column: Column<R, T>, value: impl IntoValue) -> Self {
        self.with(Filter::Less(column.name, value.value()))
    }

    /// Only rows whose column is greater than this value.
    #[must_use]
    pub fn greater<R, T>(self, column: Column<R, T>, value: impl IntoValue) -> Self {
        self.with(Filter::Greater(column.name, value.value()))
    }

    /// Only rows whose column holds a multiple of `number`. A partial index may be on just these.
    #[must_use]
    pub fn multiple<R>(self, column: Column<R, i64>, number: u32) -> Self {
        self.with(Filter::Multiple(column.name, number))
    }

    /// Only the row with the key `start`, the one that it names in `link`, and so on, at most `steps` of them. For
    /// reading what is committed: rows that were changed in this transaction are not found by it.
    #[must_use]
    pub fn walk<R, T>(mut self, start: impl IntoValue, link: Column<R, T>, steps: usize) -> Self {
        self.walk = Some(Walk { start: start.value(), link: link.name, steps });
        self
    }

    /// Only rows that hold this text in one of these columns.
    #[must_use]
    pub fn contains(self, columns: &'static [&'static str], text: &str) -> Self {
        self.with(Filter::Contains(columns, text.to_owned()))
    }

    /// The least first.
    #[must_use]
    pub fn ascending<R, T>(mut self, column: Column<R, T>) -> Self {
        self.order = Some(column.name);
        self.descending = false;
        self
    }

    /// The greatest first.
    #[must_use]
    pub fn descending<R, T>(mut self, column: Column<R, T>) -> Self {
        self.order = Some(column.name);
        self.descending = true;
        self
    }

    /// At most so many.
    #[must_use]
    pub fn limit(mut self, rows: usize) -> Self {
        self.limit = Some(rows);
        self
    }
}
