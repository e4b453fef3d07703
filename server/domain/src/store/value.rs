//! Values of columns, and the types that they stand for.

use super::{StoreError, Table};
use florin_sdk_core::{
    Akid, CurrencyCode, Fsid, Hoid, JsonObject, Mtid, Ntid, Prid, Timestamp, Txid, Upid, Uuid, Waid,
};

/// What a cell can hold.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Value {
    /// Nothing.
    Null,
    /// A 64-bit integer.
    Int(i64),
    /// A text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
    /// A count of a currency's smallest unit: wider than 64 bits, so engines keep it in a type of their own.
    Units(i128),
}

impl Value {
    /// The same, borrowed.
    #[must_use]
    pub fn borrowed(&self) -> ValueRef<'_> {
        match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Int(*number),
            Self::Text(text) => ValueRef::Text(text),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
            Self::Units(units) => ValueRef::Units(*units),
        }
    }
}

/// What a cell holds, as it lies where the engine read it: for those who look at many rows and keep few.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueRef<'a> {
    /// Nothing.
    Null,
    /// A 64-bit integer.
    Int(i64),
    /// A text.
    Text(&'a str),
    /// Bytes.
    Blob(&'a [u8]),
    /// A count of a currency's smallest unit.
    Units(i128),
}

impl ValueRef<'_> {
    /// The same, to be kept.
    #[must_use]
    pub fn to_value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Int(number) => Value::Int(number),
            Self::Text(text) => Value::Text(text.to_owned()),
            Self::Blob(bytes) => Value::Blob(bytes.to_vec()),
            Self::Units(units) => Value::Units(units),
        }
    }

    /// Appends the cell with its kind and length before it, so that no two rows give the same bytes. What is hashed is
    /// hashed in this form, whichever engine it came from: it is for ever.
    pub fn spell(self, out: &mut Vec<u8>) {
        let mut part = |kind: u8, bytes: &[u8]| {
            out.push(kind);
            out.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
            out.extend_from_slice(bytes);
        };
        match self {
            Self::Null => part(0, &[]),
            Self::Int(number) => part(1, &number.to_be_bytes()),
            Self::Text(text) => part(2, text.as_bytes()),
            Self::Blob(bytes) => part(3, bytes),
            Self::Units(units) => part(4, &units.to_be_bytes()),
        }
    }
}

/// What kind of value a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// 64-bit integers.
    Int,
    /// Texts.
    Text,
    /// Bytes.
    Blob,
    /// Counts of a currency's smallest unit.
    Units,
}

/// The cells of one row, taken one after the other.
pub struct Cells {
    table: &'static Table,
    row: std::vec::IntoIter<Value>,
    next: usize,
}

impl Cells {
    /// The cells of a row of `table`.
    #[must_use]
    pub fn new(table: &'static Table, row: Vec<Value>) -> Self {
        Self { table, row: row.into_iter(), next: 0 }
    }

    /// The next cell.
    pub fn take<T: FromValue>(&mut self) -> Result<T, StoreError> {
        let column = self.table.columns.get(self.next).copied().unwrap_or("?");
        self.next += 1;
        let corrupt = |reason: String| StoreError::Corrupt { table: self.table.name, column, reason };
        let value = self.row.next().ok_or_else(|| corrupt("the row is too short".to_owned()))?;
        T::from_value(value).map_err(corrupt)
    }
}

/// A type that a column can hold.
pub trait IntoValue {
    /// As a cell.
    fn value(&self) -> Value;
}

/// A type that a column can hold.
pub trait FromValue: Sized {
    /// The kind of its cells.
    const KIND: Kind;

    /// From a cell; the reason if it holds something else.
    fn from_value(value: Value) -> Result<Self, String>;
}

fn other(want: &str, value: &Value) -> String {
    let have = match value {
        Value::Null => "nothing",
        Value::Int(_) => "an integer",
        Value::Text(_) => "a text",
        Value::Blob(_) => "bytes",
        Value::Units(_) => "units",
    };
    format!("{want} expected, {have} found")
}

macro_rules! ids {
    ($($name:ident)+) => {$(
        impl IntoValue for $name {
            fn value(&self) -> Value {
                // At most 16 digits, so it always fits.
                Value::Int(self.number().cast_signed())
            }
        }
        impl FromValue for $name {
            const KIND: Kind = Kind::Int;

            fn from_value(value: Value) -> Result<Self, String> {
                match value {
                    Value::Int(number) => u64::try_from(number).ok().and_then(Self::new).ok_or_else(|| "an id has 16 digits".to_owned()),
                    value => Err(other("an id", &value)),
                }
            }
        }
    )+};
}
ids!(Upid Uuid Waid Txid Prid Akid Ntid Fsid Mtid Hoid);

macro_rules! integers {
    ($($name:ident)+) => {$(
        impl IntoValue for $name {
            fn value(&self) -> Value {
                Value::Int(i64::from(*self))
            }
        }
        impl FromValue for $name {
            const KIND: Kind = Kind::Int;

            fn from_value(value: Value) -> Result<Self, String> {
                match value {
                    Value::Int(number) => Self::try_from(number).map_err(|_| "the integer is out of range".to_owned()),
                    value => Err(other("an integer", &value)),
                }
            }
        }
    )+};
}
integers!(i64 u32);

impl IntoValue for bool {
    fn value(&self) -> Value {
        Value::Int(i64::from(*self))
    }
}
impl FromValue for bool {
    const KIND: Kind = Kind::Int;

    fn from_value(value: Value) -> Result<Self, String> {
        match value {
            Value::Int(0) => Ok(false),
            Value::Int(1) => Ok(true),
            value => Err(other("0 or 1", &value)),
        }
    }
}

impl IntoValue for i128 {
    fn value(&self) -> Value {
        Value::Units(*self)
    }
}
impl FromValue for i128 {
    const KIND: Kind = Kind::Units;

    fn from_value(value: Value) -> Result<Self, String> {
        match value {
            Value::Units(units) => Ok(units),
            Value::Int(units) => Ok(i128::from(units)),
            Value::Text(text) => text.parse().map_err(|_| "units expected".to_owned()),
            value => Err(other("units", &value)),
        }
    }
}

impl IntoValue for Timestamp {
    fn value(&self) -> Value {
        Value::Int(self.millis())
    }
}
impl FromValue for Timestamp {
    const KIND: Kind = Kind::Int;

    fn from_value(value: Value) -> Result<Self, String> {
        i64::from_value(value).map(Self::from_millis)
    }
}

impl IntoValue for String {
    fn value(&self) -> Value {
        Value::Text(self.clone())
    }
}
impl IntoValue for &str {
    fn value(&self) -> Value {
        Value::Text((*self).to_owned())
    }
}
impl FromValue for String {
    const KIND: Kind = Kind::Text;

    fn from_value(value: Value) -> Result<Self, String> {
        match value {
            Value::Text(text) => Ok(text),
            value => Err(other("a text", &value)),
        }
    }
}

impl IntoValue for CurrencyCode {
    fn value(&self) -> Value {
        Value::Text(self.to_string())
    }
}
impl FromValue for CurrencyCode {
    const KIND: Kind = Kind::Text;

    fn from_value(value: Value) -> Result<Self, String> {
        String::from_value(value)?.parse().map_err(|e| format!("{e}"))
    }
}

impl IntoValue for JsonObject {
    fn value(&self) -> Value {
        Value::Text(self.to_string())
    }
}
impl FromValue for JsonObject {
    const KIND: Kind = Kind::Text;

    fn from_value(value: Value) -> Result<Self, String> {
        String::from_value(value)?.parse().map_err(|e| format!("{e}"))
    }
}

/// A list of names, kept with a comma between them: no name holds one.
impl IntoValue for Vec<String> {
    fn value(&self) -> Value {
        Value::Text(self.join(","))
    }
}
impl FromValue for Vec<String> {
    const KIND: Kind = Kind::Text;

    fn from_value(value: Value) -> Result<Self, String> {
        let text = String::from_value(value)?;
        Ok(text.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect())
    }
}

impl IntoValue for [u8; 32] {
    fn value(&self) -> Value {
        Value::Blob(self.to_vec())
    }
}
impl FromValue for [u8; 32] {
    const KIND: Kind = Kind::Blob;

    fn from_value(value: Value) -> Result<Self, String> {
        match value {
            Value::Blob(bytes) => bytes.try_into().map_err(|_| "32 bytes expected".to_owned()),
            value => Err(other("bytes", &value)),
        }
    }
}

impl IntoValue for Vec<u8> {
    fn value(&self) -> Value {
        Value::Blob(self.clone())
    }
}
impl FromValue for Vec<u8> {
    const KIND: Kind = Kind::Blob;

    fn from_value(value: Value) -> Result<Self, String> {
        match value {
            Value::Blob(bytes) => Ok(bytes),
            value => Err(other("bytes", &value)),
        }
    }
}

impl<T: IntoValue> IntoValue for Option<T> {
    fn value(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::value)
    }
}
impl<T: FromValue> FromValue for Option<T> {
    const KIND: Kind = T::KIND;

    fn from_value(value: Value) -> Result<Self, String> {
        match value {
            Value::Null => Ok(None),
            value => T::from_value(value).map(Some),
        }
    }
}

/// A type whose values are stored as words.
macro_rules! stored_as_text {
    ($name:ty) => {
        impl $crate::store::IntoValue for $name {
            fn value(&self) -> $crate::store::Value {
                $crate::store::Value::Text(self.as_str().to_owned())
            }
        }
        impl $crate::store::FromValue for $name {
            const KIND: $crate::store::Kind = $crate::store::Kind::Text;

            fn from_value(value: $crate::store::Value) -> Result<Self, String> {
                String::from_value(value).map(Self::from)
            }
        }
    };
}
stored_as_text!(florin_sdk_core::model::ProfileType);
stored_as_text!(florin_sdk_core::model::Status);
stored_as_text!(florin_sdk_core::model::TransactionState);
stored_as_text!(florin_sdk_core::model::TransactionType);
stored_as_text!(florin_sdk_core::model::CurrencyType);

impl IntoValue for florin_sdk_core::model::PaymentStatus {
    fn value(&self) -> Value {
        Value::Int(i64::from(u32::from(*self)))
    }
}
impl FromValue for florin_sdk_core::model::PaymentStatus {
    const KIND: Kind = Kind::Int;

    fn from_value(value: Value) -> Result<Self, String> {
        u32::from_value(value).map(Self::from)
    }
}
