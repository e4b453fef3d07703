//! Tables as structs.

use super::{Cells, FromValue, IntoValue, Kind, Query, StoreError, Value};
use std::marker::PhantomData;

/// A table: its name, its columns, and how many of them, from the first on, are its key.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Table {
    /// The name.
    pub name: &'static str,
    /// The columns' names.
    pub columns: &'static [&'static str],
    /// What kind of values each of them holds.
    pub kinds: &'static [Kind],
    /// How many columns make the key.
    pub key: usize,
    /// If not zero: rows of this table come and stay as they are, and are looked for by at least so many of the key's
    /// first columns together. An engine may find them by a hash of these instead of an index.
    pub found_by: usize,
}

impl Table {
    /// The columns to walk all rows by: each row has its own values in them, none of them is empty, and an engine finds
    /// the next row beside the last. That is the key, or, where the key is made of several texts, the row's number.
    #[must_use]
    pub fn order(&self) -> &'static [&'static str] {
        let key = self.columns.get(..self.key).unwrap_or_default();
        if self.kinds.iter().take(self.key).all(|kind| *kind == Kind::Int) {
            return key;
        }
        let number = self.columns.iter().position(|column| *column == "number");
        number.and_then(|place| self.columns.get(place..=place)).unwrap_or(key)
    }

    /// Where a column stands.
    #[must_use]
    pub fn place(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|name| *name == column)
    }
}

/// A row of a table. Made with `record!`.
pub trait Record: Sized {
    /// Its table.
    const TABLE: &'static Table;

    /// Its cells, in the order of the columns.
    fn to_row(&self) -> Vec<Value>;

    /// From its cells.
    fn from_row(cells: Cells) -> Result<Self, StoreError>;

    /// A query over the table.
    #[must_use]
    fn query() -> Query {
        Query::new(Self::TABLE)
    }
}

/// A column of the table of `R`, for values of type `T`.
pub struct Column<R, T> {
    /// The name.
    pub name: &'static str,
    place: usize,
    of: PhantomData<fn() -> (R, T)>,
}

// By hand, as a derive would ask for `R: Copy` and `T: Copy`.
impl<R, T> Clone for Column<R, T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<R, T> Copy for Column<R, T> {}

impl<R: Record, T> Column<R, T> {
    /// The column of that name. Where it stands is worked out by the compiler.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        let mut place = 0;
        while place < R::TABLE.columns.len() {
            #[expect(clippy::indexing_slicing, reason = "below the length; and at worst it does not compile")]
            if same(R::TABLE.columns[place], name) {
                break;
            }
            place += 1;
        }
        Self { name, place, of: PhantomData }
    }

    /// Where it stands in a row.
    #[must_use]
    pub const fn at(self) -> usize {
        self.place
    }
}

/// A row, of which somebody wants to see a few cells.
pub struct Part<'a, R> {
    row: &'a [Value],
    of: PhantomData<fn() -> R>,
}

impl<'a, R: Record> Part<'a, R> {
    pub(super) const fn new(row: &'a [Value]) -> Self {
        Self { row, of: PhantomData }
    }

    /// One of its cells.
    pub fn cell<T: FromValue>(&self, column: Column<R, T>) -> Result<T, StoreError> {
        let corrupt = |reason| StoreError::Corrupt { table: R::TABLE.name, column: column.name, reason };
        let value = self.row.get(column.place).ok_or_else(|| corrupt("the row is too short".to_owned()))?;
        T::from_value(value.clone()).map_err(corrupt)
    }
}

const fn same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut place = 0;
    while place < one.len() && place < other.len() {
        #[expect(clippy::indexing_slicing, reason = "below both lengths; and at worst it does not compile")]
        if one[place] != other[place] {
            return false;
        }
        place += 1;
    }
    one.len() == other.len()
}

/// The value of a table's key.
pub trait Key {
    /// As cells.
    fn values(&self) -> Vec<Value>;
}

impl<T: IntoValue> Key for T {
    fn values(&self) -> Vec<Value> {
        vec![self.value()]
    }
}

impl<A: IntoValue, B: IntoValue> Key for (A, B) {
    fn values(&self) -> Vec<Value> {
        vec![self.0.value(), self.1.value()]
    }
}

impl<A: IntoValue, B: IntoValue, C: IntoValue> Key for (A, B, C) {
    fn values(&self) -> Vec<Value> {
        vec![self.0.value(), self.1.value(), self.2.value()]
    }
}

impl<A: IntoValue, B: IntoValue, C: IntoValue, D: IntoValue> Key for (A, B, C, D) {
    fn values(&self) -> Vec<Value> {
        vec![self.0.value(), self.1.value(), self.2.value(), self.3.value()]
    }
}

/// Declares a table: a struct whose fields are the columns, the key's columns first. For each column there is a
/// constant of the same name, for queries: `Wallet::query().eq(Wallet::upid, upid)`.
macro_rules! record {
    (
        $(#[doc = $doc:literal])+
        $name:ident in $table:literal $(found by $found_by:literal)? key {
            $($(#[doc = $kdoc:literal])+ $key:ident: $kty:ty,)+
        } {
            $($(#[doc = $fdoc:literal])+ $field:ident: $ty:ty,)*
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name {
            $($(#[doc = $kdoc])+ pub $key: $kty,)+
            $($(#[doc = $fdoc])+ pub $field: $ty,)*
        }

        #[expect(non_upper_case_globals, reason = "a column's constant has the column's name")]
        #[allow(dead_code, reason = "not each column is asked for")]
        impl $name {
            $($(#[doc = $kdoc])+ pub const $key: $crate::store::Column<Self, $kty> = $crate::store::Column::new(stringify!($key));)+
            $($(#[doc = $fdoc])+ pub const $field: $crate::store::Column<Self, $ty> = $crate::store::Column::new(stringify!($field));)*
        }

        impl $crate::store::Record for $name {
            const TABLE: &'static $crate::store::Table = &$crate::store::Table {
                name: $table,
                columns: &[$(stringify!($key),)+ $(stringify!($field),)*],
                kinds: &[
                    $(<$kty as $crate::store::FromValue>::KIND,)+
                    $(<$ty as $crate::store::FromValue>::KIND,)*
                ],
                key: [$(stringify!($key)),+].len(),
                found_by: 0 $(+ $found_by)?,
            };

            fn to_row(&self) -> Vec<$crate::store::Value> {
                vec![
                    $($crate::store::IntoValue::value(&self.$key),)+
                    $($crate::store::IntoValue::value(&self.$field),)*
                ]
            }

            fn from_row(mut cells: $crate::store::Cells) -> Result<Self, $crate::store::StoreError> {
                Ok(Self { $($key: cells.take()?,)+ $($field: cells.take()?,)* })
            }
        }
    };
}
pub(crate) use record;
