//! Cells of a row, looked at where they lie. Each is named by its column, whose place the compiler knows.

use crate::store::{StoreError, Table, ValueRef};

fn cell<'a>(cells: &[ValueRef<'a>], at: usize) -> ValueRef<'a> {
    cells.get(at).copied().unwrap_or(ValueRef::Null)
}

#[cold]
fn corrupt(table: &'static Table, at: usize, want: &str) -> StoreError {
    let column = table.columns.get(at).copied().unwrap_or("?");
    StoreError::Corrupt { table: table.name, column, reason: format!("{want} expected") }
}

pub(super) fn int_at(cells: &[ValueRef<'_>], at: usize, table: &'static Table) -> Result<i64, StoreError> {
    match cell(cells, at) {
        ValueRef::Int(number) => Ok(number),
        _ => Err(corrupt(table, at, "an integer")),
    }
}

pub(super) fn maybe_int_at(
    cells: &[ValueRef<'_>],
    at: usize,
    table: &'static Table,
) -> Result<Option<i64>, StoreError> {
    match cell(cells, at) {
        ValueRef::Null => Ok(None),
        ValueRef::Int(number) => Ok(Some(number)),
        _ => Err(corrupt(table, at, "an integer or nothing")),
    }
}

pub(super) fn units_at(cells: &[ValueRef<'_>], at: usize, table: &'static Table) -> Result<i128, StoreError> {
    match cell(cells, at) {
        ValueRef::Units(units) => Ok(units),
        _ => Err(corrupt(table, at, "units")),
    }
}

pub(super) fn text_at<'a>(cells: &[ValueRef<'a>], at: usize, table: &'static Table) -> Result<&'a str, StoreError> {
    match cell(cells, at) {
        ValueRef::Text(text) => Ok(text),
        _ => Err(corrupt(table, at, "a text")),
    }
}

pub(super) fn maybe_text_at<'a>(
    cells: &[ValueRef<'a>],
    at: usize,
    table: &'static Table,
) -> Result<Option<&'a str>, StoreError> {
    match cell(cells, at) {
        ValueRef::Null => Ok(None),
        ValueRef::Text(text) => Ok(Some(text)),
        _ => Err(corrupt(table, at, "a text or nothing")),
    }
}

pub(super) fn hash_at(cells: &[ValueRef<'_>], at: usize, table: &'static Table) -> Result<[u8; 32], StoreError> {
    match cell(cells, at) {
        ValueRef::Blob(bytes) => bytes.try_into().map_err(|_| corrupt(table, at, "32 bytes")),
        _ => Err(corrupt(table, at, "bytes")),
    }
}

/// `look!(int_at, cells, Posting::place)`: what the cell of that column holds.
macro_rules! look {
    ($how:ident, $cells:expr, $record:ident::$column:ident) => {
        $crate::ledger::verify::look::$how(
            $cells,
            const { $record::$column.at() },
            <$record as $crate::store::Record>::TABLE,
        )
    };
}
pub(super) use look;
